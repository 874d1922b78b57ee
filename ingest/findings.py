"""The catalogue of findings: code, severity, where it comes from, Spanish message, remedy.

A finding is kept as code and parameters and worded when shown. Messages say what happened and what it means for the document;
remedies say what to do. `{name}` stands for a parameter.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class Severity(StrEnum):
    """`error`: the document could not be read as it should; `warning`: a person should look; `info`: worth knowing."""

    ERROR = "error"
    WARNING = "warning"
    INFO = "info"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing found in one document. `code` is a key of CATALOGUE."""

    code: str
    params: Mapping[str, str | int | float | bool | None] = field(default_factory=dict)

    @property
    def severity(self) -> Severity:
        return CATALOGUE[self.code].severity

    @property
    def message(self) -> str:
        return CATALOGUE[self.code].message.format_map(dict(self.params))

    @property
    def remedy(self) -> str:
        return CATALOGUE[self.code].remedy.format_map(dict(self.params))


@dataclass(frozen=True, slots=True)
class Entry:
    """How a finding is worded. `source`: the standard and paragraph, or the reason, that makes it a finding."""

    severity: Severity
    source: str
    message: str
    remedy: str


CATALOGUE: Mapping[str, Entry] = {
    "file.empty": Entry(
        Severity.ERROR,
        "A record needs content (ISO 15489-1, 5.2.2)",
        "El archivo está vacío: mide cero bytes. Se conserva tal como llegó.",
        "Pida a quien lo entregó que lo envíe de nuevo.",
    ),
    "file.too_slow": Entry(
        Severity.ERROR,
        "Limits.seconds_per_call",
        "El archivo no se terminó de leer en {seconds} segundos, que es el tiempo permitido. Se conserva, pero su texto no se puede buscar.",
        "Ábralo en un equipo aislado y, si es legítimo, pida una versión más sencilla o en PDF.",
    ),
    "file.too_large_in_memory": Entry(
        Severity.ERROR,
        "ChildLimits.memory",
        "Leer el archivo exige más memoria de la permitida, como ocurre con los archivos hechos para agotar un sistema. Se conserva, pero su texto no se puede buscar.",
        "Compruebe de dónde viene; si es legítimo, pida que lo entreguen dividido o en PDF.",
    ),
    "file.crashes_reader": Entry(
        Severity.ERROR,
        "A reader ended by itself",
        "El programa que lee este formato se cerró al abrir el archivo, señal de que está dañado o hecho para dañar. Se conserva, pero su texto no se puede buscar.",
        "Compruebe de dónde viene y pida una copia nueva.",
    ),
    "file.damaged": Entry(
        Severity.ERROR,
        "The format's own rules",
        "El archivo está dañado y no se pudo leer. Se conserva tal como llegó, pero su texto no se puede buscar.",
        "Pida una copia nueva a quien lo entregó.",
    ),
    "file.irregular": Entry(
        Severity.WARNING,
        "The format's own rules",
        "El archivo no cumple del todo las reglas de su formato; su revisión no se pudo completar.",
        "Ábralo y compruebe que se ve completo.",
    ),
    "scan.virus": Entry(
        Severity.ERROR,
        "ISO 16363, 5.1.1.2: threats to the collection",
        "El antivirus encontró «{signature}» en el archivo. El original se conserva en cuarentena: no se lee ni se muestra.",
        "No lo abra. Pida a quien lo entregó una copia limpia y avise a seguridad de la información.",
    ),
    "scan.unavailable": Entry(
        Severity.ERROR,
        "ISO 16363, 5.1.1.2",
        "El antivirus está configurado pero no respondió; el archivo no se ha revisado.",
        "Compruebe que el servicio ClamAV está en marcha y reintente el trabajo.",
    ),
    "scan.too_large": Entry(
        Severity.WARNING,
        "clamd.conf(5), StreamMaxLength",
        "El archivo supera el tamaño que el antivirus acepta; no se revisó.",
        "Aumente StreamMaxLength en la configuración de ClamAV o revise el archivo aparte.",
    ),
    "format.unknown": Entry(
        Severity.WARNING,
        "PREMIS 3, 1.5.4: format",
        "No se reconoce el formato del archivo: ni su contenido ni su nombre corresponden a uno conocido.",
        "Pregunte a quien lo entregó con qué programa se abre y regístrelo en la descripción.",
    ),
    "format.unregistered": Entry(
        Severity.INFO,
        "PREMIS 3, 1.5.4.2: format registry",
        "El formato se reconoce por su contenido ({name}), pero ninguna firma del registro PRONOM coincide con el archivo.",
        "No hace falta hacer nada; si el archivo se abre mal, pida una copia nueva.",
    ),
    "format.extension_mismatch": Entry(
        Severity.WARNING,
        "PRONOM signature against the file name",
        "El nombre del archivo termina en «.{extension}», pero su contenido es otro: {name}. Se trata según su contenido.",
        "Compruebe que es el documento que se quería entregar.",
    ),
    "format.failed": Entry(
        Severity.ERROR,
        "A reader ended by itself",
        "No se pudo identificar el formato del archivo. Se conserva tal como llegó, pero su texto no se puede buscar.",
        "Reintente el trabajo; si vuelve a fallar, compruebe de dónde viene el archivo.",
    ),
    "pdf.encrypted": Entry(
        Severity.ERROR,
        "ISO 32000-1, 7.6; ISO 19005: encryption forbidden",
        "El PDF está cifrado y pide una contraseña o un certificado para abrirse. Se conserva, pero no se puede leer, mostrar ni buscar su texto.",
        "Pida una copia sin contraseña a quien lo entregó: un documento cifrado puede perderse para siempre.",
    ),
    "pdf.restricted": Entry(
        Severity.INFO,
        "ISO 32000-1, 7.6.3.2",
        "El PDF se abre sin contraseña, pero está cifrado y declara restricciones de uso.",
        "Para conservarlo a largo plazo, pida una copia sin cifrar.",
    ),
    "pdf.damaged": Entry(
        Severity.ERROR,
        "ISO 32000-1, 7.5",
        "El PDF está dañado y no se puede abrir. Se conserva tal como llegó, pero su texto no se puede buscar.",
        "Pida una copia nueva a quien lo entregó.",
    ),
    "pdf.truncated": Entry(
        Severity.WARNING,
        "ISO 32000-1, 7.5.5",
        "Al PDF le falta el final: es posible que la transferencia se haya cortado.",
        "Compare el número de páginas con el original y, si faltan, pida que lo envíen de nuevo.",
    ),
    "pdf.irregular": Entry(
        Severity.WARNING,
        "ISO 32000-1, 7",
        "La estructura interna del PDF tiene errores; parte de su revisión no se pudo hacer.",
        "Ábralo y compruebe que se ve completo.",
    ),
    "pdf.no_pages": Entry(
        Severity.WARNING,
        "ISO 32000-1, 7.7.3",
        "El PDF no tiene un árbol de páginas que se pueda recorrer.",
        "Ábralo y compruebe que se ve completo; si no, pida una copia nueva.",
    ),
    "pdf.page_count": Entry(
        Severity.WARNING,
        "ISO 32000-1, 7.7.3.2: Count",
        "El PDF declara {declared} páginas, pero se encontraron {found}.",
        "Compare con el original en papel o pida que confirmen el número de páginas.",
    ),
    "pdf.too_many_pages": Entry(
        Severity.ERROR,
        "Limits.max_pages",
        "El PDF tiene más de {limit} páginas, el máximo que se procesa. Se conserva, pero su texto no se puede buscar.",
        "Pida que lo entreguen dividido en tomos.",
    ),
    "pdf.pages_unreadable": Entry(
        Severity.WARNING,
        "ISO 32000-1, 7.7.3.3",
        "No se pudieron leer {count} páginas del PDF ({pages}). Las demás sí.",
        "Abra esas páginas y, si no se ven, pida una copia nueva.",
    ),
    "pdf.text_layer_unusable": Entry(
        Severity.INFO,
        "ISO 32000-1, 9.10: extraction of text",
        "El texto que trae el PDF no corresponde a letras reales en {count} páginas ({pages}); se leerá de su imagen.",
        "No hace falta hacer nada; revise el texto reconocido si la búsqueda no lo encuentra.",
    ),
    "pdf.javascript": Entry(
        Severity.WARNING,
        "ISO 32000-1, 12.6.4.16; ISO 19005-2, 6.5.1",
        "El PDF contiene programas (JavaScript). Aquí no se ejecutan, pero pueden cambiar lo que se ve en otro lector.",
        "Compruebe que el contenido no depende de ellos y, si puede, pida una copia en PDF/A.",
    ),
    "pdf.launch": Entry(
        Severity.WARNING,
        "ISO 32000-1, 12.6.4.5; ISO 19005-2, 6.5.1",
        "El PDF puede pedir que se abra otro programa o archivo. Aquí no se ejecuta.",
        "No lo descargue en equipos sin antivirus; pida una copia en PDF/A.",
    ),
    "pdf.sends_data": Entry(
        Severity.WARNING,
        "ISO 32000-1, 12.7.5; ISO 19005-2, 6.5.1",
        "El PDF puede enviar o importar datos de un formulario. Aquí no se ejecuta.",
        "Pida una copia en PDF/A, sin acciones.",
    ),
    "pdf.xfa": Entry(
        Severity.WARNING,
        "ISO 32000-1, 12.7.8; ISO 19005-2, 6.4.2",
        "El PDF contiene un formulario XFA, que muchos lectores no muestran.",
        "Compruebe que se ve lo diligenciado y, si no, pida una copia impresa a PDF.",
    ),
    "pdf.attachments": Entry(
        Severity.INFO,
        "ISO 32000-1, 7.11.4",
        "El PDF lleva {count} archivos adjuntos dentro: {names}. Se conservan dentro de él; su texto no se busca.",
        "Si son documentos por sí mismos, entréguelos también por separado.",
    ),
    "pdf.file_annotation": Entry(
        Severity.INFO,
        "ISO 32000-1, 12.5.6.15",
        "El PDF lleva un archivo adjunto en una de sus páginas. Se conserva dentro de él; su texto no se busca.",
        "Si es un documento por sí mismo, entréguelo también por separado.",
    ),
    "pdf.signed": Entry(
        Severity.INFO,
        "ISO 32000-1, 12.8",
        "El PDF lleva {count} firmas digitales. El original se conserva sin ningún cambio, para que sigan siendo válidas.",
        "No hace falta hacer nada; las copias de consulta no conservan la firma.",
    ),
    "image.damaged": Entry(
        Severity.ERROR,
        "The format's own rules",
        "La imagen está dañada y no se puede abrir. Se conserva tal como llegó.",
        "Pida que la digitalicen o la envíen de nuevo.",
    ),
    "image.truncated": Entry(
        Severity.WARNING,
        "The format's own rules",
        "A la imagen le falta una parte: el archivo termina antes de lo que anuncia.",
        "Mírela y, si está cortada, pida que la digitalicen o la envíen de nuevo.",
    ),
    "image.bomb": Entry(
        Severity.ERROR,
        "Limits.max_pixels",
        "La imagen mide {width} × {height} píxeles, más de lo que se puede abrir sin riesgo. Se conserva, pero no se muestra ni se lee.",
        "Pida una copia con una resolución de 300 puntos por pulgada.",
    ),
    "image.too_many_frames": Entry(
        Severity.ERROR,
        "Limits.max_pages",
        "La imagen tiene más de {limit} páginas, el máximo que se procesa. Se conserva, pero no se lee.",
        "Pida que la entreguen dividida en tomos.",
    ),
    "package.damaged": Entry(
        Severity.ERROR,
        "APPNOTE.TXT 6.3 (zip); ISO/IEC 21320-1",
        "El archivo comprimido que forma el documento está dañado y no se puede abrir. Se conserva tal como llegó, pero su texto no se puede buscar.",
        "Pida una copia nueva a quien lo entregó.",
    ),
    "package.entry_damaged": Entry(
        Severity.WARNING,
        "APPNOTE.TXT 6.3: CRC-32",
        "Una parte del documento está dañada: {name}. Lo demás se leyó.",
        "Ábralo y compruebe que se ve completo.",
    ),
    "package.bomb": Entry(
        Severity.ERROR,
        "Limits.max_expanded_bytes",
        "El archivo, al descomprimirse, ocuparía mucho más de lo razonable, como los hechos para agotar un sistema. Se conserva sin descomprimir.",
        "Compruebe de dónde viene y pida que entreguen los documentos por separado.",
    ),
    "package.unsafe_names": Entry(
        Severity.WARNING,
        "APPNOTE.TXT 6.3, 4.4.17",
        "El archivo comprimido contiene nombres que, al descomprimirlo sin cuidado, escribirían fuera de su carpeta. Aquí no se descomprime.",
        "No lo descomprima en su equipo; pida que entreguen los documentos por separado.",
    ),
    "package.nested": Entry(
        Severity.INFO,
        "Nothing inside is unpacked",
        "El archivo comprimido contiene otros archivos comprimidos.",
        "Pida que entreguen los documentos por separado para poder buscarlos.",
    ),
    "package.contents": Entry(
        Severity.INFO,
        "Nothing inside is unpacked",
        "El archivo comprimido contiene {count} elementos. Se conserva entero y no se descomprime.",
        "Si son documentos, entréguelos por separado para poder buscarlos y describirlos.",
    ),
    "office.encrypted": Entry(
        Severity.ERROR,
        "MS-OFFCRYPTO; ISO/IEC 26300-1, part 3, 4",
        "El documento está cifrado y pide una contraseña para abrirse. Se conserva, pero no se puede leer ni buscar su texto.",
        "Pida una copia sin contraseña a quien lo entregó: un documento cifrado puede perderse para siempre.",
    ),
    "office.entities": Entry(
        Severity.ERROR,
        "ECMA-376, part 2: no document type declaration",
        "El documento contiene definiciones que un documento de oficina no lleva y que sirven para atacar a quien lo abre. Se conserva, pero no se lee.",
        "No lo abra. Compruebe de dónde viene y pida una copia nueva o en PDF.",
    ),
    "office.macros": Entry(
        Severity.WARNING,
        "ISO/IEC 29500: no macros in DOCX, XLSX, PPTX",
        "El documento contiene macros, que son programas. Aquí no se ejecutan.",
        "No habilite las macros al abrirlo; si puede, pida una copia sin ellas o en PDF.",
    ),
    "office.external": Entry(
        Severity.WARNING,
        "ECMA-376, part 2: external relationships",
        "El documento trae partes de fuera (plantillas, imágenes u objetos enlazados) que aquí no se descargan; puede que no se vea completo.",
        "Pida una copia que lleve todo dentro o en PDF.",
    ),
    "office.old_format": Entry(
        Severity.ERROR,
        "Binary formats before 2007 have no reader here",
        "El documento está en un formato antiguo de oficina (.doc, .xls, .ppt o parecido) cuyo texto no se puede leer aquí. Se conserva tal como llegó.",
        "Guárdelo como DOCX, XLSX, PPTX o PDF y entregue también esa copia.",
    ),
    "xml.entities": Entry(
        Severity.WARNING,
        "XML 1.0, 4.4; CWE-611, CWE-776",
        "El documento XML define abreviaturas (entidades) que podrían traer archivos ajenos o crecer sin medida. No se desarrollaron: esa parte del texto puede faltar.",
        "Compruebe de dónde viene y pida una copia sin definiciones de entidades.",
    ),
    "xml.malformed": Entry(
        Severity.WARNING,
        "XML 1.0, 2.1: well-formed documents",
        "El documento XML no está bien formado; su texto se tomó tal cual.",
        "Pida una copia nueva si va a usarse como datos.",
    ),
    "mail.damaged": Entry(
        Severity.ERROR,
        "RFC 5322; MS-OXMSG",
        "El mensaje de correo está dañado y no se puede leer. Se conserva tal como llegó.",
        "Pida que lo exporten de nuevo desde el programa de correo.",
    ),
    "mail.irregular": Entry(
        Severity.INFO,
        "RFC 5322; RFC 2045",
        "El mensaje no cumple del todo las reglas del correo; puede faltar alguna parte.",
        "Compárelo con el mensaje en el programa de correo si algo parece faltar.",
    ),
    "mail.nesting": Entry(
        Severity.WARNING,
        "Limits.max_nesting",
        "Hay mensajes dentro de mensajes más allá de {limit} niveles; los más profundos no se leyeron.",
        "Pida que entreguen por separado los mensajes más profundos.",
    ),
    "mail.attachments_left_out": Entry(
        Severity.WARNING,
        "Limits of one message",
        "El mensaje lleva más anexos de los que se pueden leer; de algunos no se leyó el texto. El original los conserva todos.",
        "Pida que entreguen por separado los anexos que necesite buscar.",
    ),
    "mail.attachments_unread": Entry(
        Severity.WARNING,
        "Contract: what gives no text says so",
        "No se pudo leer el texto de estos anexos: {names}. El original los conserva.",
        "Ábralos desde el mensaje o pida que los entreguen por separado.",
    ),
    "mail.attachments_as_images": Entry(
        Severity.INFO,
        "Contract: what gives no text says so",
        "Estos anexos son imágenes o contienen páginas escaneadas, y su texto no se leyó: {names}.",
        "Si son documentos, entréguelos por separado para que se reconozca su texto.",
    ),
    "text.none": Entry(
        Severity.ERROR,
        "Contract: what gives no text says so",
        "El archivo no tiene texto que se pueda leer. Se conserva tal como llegó y se encuentra por su nombre.",
        "Describa en el título y el asunto de qué trata, para que se pueda encontrar.",
    ),
    "text.truncated": Entry(
        Severity.WARNING,
        "Limits.max_text_chars",
        "El texto es tan largo que solo se tomaron sus primeros {characters} caracteres para la búsqueda. El original se conserva completo.",
        "Si necesita buscar en el resto, entréguelo dividido.",
    ),
    "text.encoding_guessed": Entry(
        Severity.INFO,
        "Unicode: no declared encoding",
        "El archivo de texto no dice con qué codificación se escribió; se dedujo de sus letras.",
        "Si ve letras extrañas, pida una copia en UTF-8.",
    ),
    "ocr.unavailable": Entry(
        Severity.ERROR,
        "The engine needs the data of the language and of orientation",
        "No se pudo leer el texto de las imágenes: en este equipo faltan los datos de reconocimiento del idioma «{language}».",
        "Pida al administrador que instale tesseract-ocr, tesseract-ocr-{language} y tesseract-ocr-osd, y procese de nuevo el documento.",
    ),
    "ocr.page_failed": Entry(
        Severity.ERROR,
        "A page that cannot be drawn cannot be recognised; its original is kept",
        "No se pudo leer el texto de la página {page}: su imagen está dañada o falta. Las demás páginas sí se procesaron.",
        "Revise esa página en el original y, si puede, digitalícela de nuevo.",
    ),
    "ocr.page_slow": Entry(
        Severity.ERROR,
        "Limits.seconds_per_page",
        "No se pudo leer el texto de la página {page}: tardó más de lo permitido. Las demás páginas sí se procesaron.",
        "Procese de nuevo el documento cuando el equipo esté menos ocupado; si se repite, digitalice otra vez esa página.",
    ),
    "ocr.page_too_large": Entry(
        Severity.ERROR,
        "Limits.max_pixels and the memory of one child",
        "No se pudo leer el texto de la página {page}: su imagen es demasiado grande. Las demás páginas sí se procesaron.",
        "Digitalice de nuevo esa página a 300 puntos por pulgada.",
    ),
    "ocr.doubtful": Entry(
        Severity.WARNING,
        "Confidence under 85, letters outside the words read, or a reading of last resort (decision 2026-11-24)",
        "El texto de la página {page} se leyó con dudas: puede tener errores o faltarle palabras.",
        "Compare el texto con la imagen de la página antes de confiar en él.",
    ),
    "ocr.unreadable": Entry(
        Severity.WARNING,
        "Mean confidence under 50: handwriting or a picture (decision 2026-11-24)",
        "La página {page} no se puede leer automáticamente: parece manuscrita o muy deteriorada. Solo se guardaron las palabras seguras.",
        "Describa el documento a mano o transcriba la página para que se pueda encontrar por su contenido.",
    ),
    "derivative.failed": Entry(
        Severity.WARNING,
        "The original and its recognised text do not depend on the copy",
        "No se pudo crear la copia PDF en la que se busca texto. El original y el texto leído sí se conservan.",
        "No hace falta hacer nada para consultar el documento; si necesita la copia, procese de nuevo el documento.",
    ),
    "derivative.lost_text": Entry(
        Severity.WARNING,
        "A copy must hold all the text of its original",
        "La copia PDF perdía texto del original en las páginas {pages}, así que se descartó. El original se conserva intacto.",
        "No hace falta hacer nada para consultar el documento; si necesita la copia, informe al administrador.",
    ),
    "derivative.not_pdfa": Entry(
        Severity.INFO,
        "ISO 19005-2: the copy holds something that the standard does not allow, or that the checker does not know",
        "La copia en la que se busca texto es un PDF común, no un PDF/A. El original se conserva intacto.",
        "No hace falta hacer nada; tenga en cuenta que esa copia no sirve como copia de preservación.",
    ),
}
