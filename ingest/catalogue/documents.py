"""Findings about office documents, XML and e-mail."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from ingest.catalogue.entry import Entry, Severity

DOCUMENTS: Final[Mapping[str, Entry]] = MappingProxyType(
    {
        "office.encrypted": Entry(
            Severity.ERROR,
            "MS-OFFCRYPTO; ISO/IEC 26300-1, part 3, 4",
            "El documento está cifrado y pide una contraseña para abrirse. Se conserva, pero no se puede leer ni buscar su texto.",
            "Pida una copia sin contraseña a quien lo entregó: un documento cifrado puede perderse para siempre.",
        ),
        "office.entities": Entry(
            Severity.ERROR,
            "ECMA-376, part 2: no document type declaration",
            "El documento contiene definiciones que un documento de oficina no lleva y que sirven para atacar a quien lo "
            "abre. Se conserva, pero no se lee.",
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
            "El documento trae partes de fuera (plantillas, imágenes u objetos enlazados) que aquí no se descargan; puede que"
            " no se vea completo.",
            "Pida una copia que lleve todo dentro o en PDF.",
        ),
        "office.old_format": Entry(
            Severity.ERROR,
            "Of the binary formats, those of Word, Excel and PowerPoint since 1995 have a reader here",
            "El documento está en un formato antiguo de oficina, anterior a 1995 o de otro programa, cuyo texto no se puede leer "
            "aquí. Se conserva tal como llegó.",
            "Guárdelo como DOCX, XLSX, PPTX o PDF y entregue también esa copia.",
        ),
        "office.pictures_left_out": Entry(
            Severity.WARNING,
            "Limits of one document",
            "El documento lleva más imágenes, o más grandes, de las que se pueden leer; de algunas no se leyó el texto. El original las "
            "conserva todas.",
            "Pida que entreguen por separado las páginas digitalizadas que necesite buscar.",
        ),
        "pages.left_out": Entry(
            Severity.WARNING,
            "Limits.max_pages",
            "Los anexos e imágenes suman más de {limit} páginas, el máximo que se procesa en un documento; las demás no se leyeron.",
            "Pida que entreguen por separado los anexos más largos.",
        ),
        "xml.entities": Entry(
            Severity.ERROR,
            "XML 1.0, 4.4; CWE-611, CWE-776",
            "El documento XML define abreviaturas (entidades) que podrían traer archivos ajenos o crecer sin medida. No se "
            "desarrollaron: esa parte del texto puede faltar.",
            "Compruebe de dónde viene y pida una copia sin definiciones de entidades.",
        ),
        "xml.signed": Entry(
            Severity.INFO,
            "XML Signature Syntax and Processing 1.1 (W3C); ETSI EN 319 132-1",
            "El documento XML está firmado digitalmente (firmas: {count}). El original se conserva sin ningún cambio, para que sigan "
            "siendo válidas.",
            "No hace falta hacer nada.",
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
        "mail.signed": Entry(
            Severity.INFO,
            "RFC 8551, 3.5 (S/MIME); RFC 8550, 3",
            "El mensaje está firmado (S/MIME). La firma cubre lo que dice y sus anexos, pero no sus encabezados: de, para, fecha ni "
            "asunto.",
            "No hace falta hacer nada; para saber quién lo envió, tenga en cuenta quién lo firmó.",
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
            "No se pudo leer el texto de estos anexos o imágenes del documento: {names}. El original los conserva.",
            "Ábralos desde el documento o pida que los entreguen por separado.",
        ),
        "mail.attachments_as_images": Entry(
            Severity.INFO,
            "Contract: what gives no text says so; ingest.tools.page_like: smaller than a page at 100 dots an inch, or a banner",
            "No se leyó el texto de las imágenes de estos anexos, por su tamaño o su forma: {names}.",
            "Si son páginas de un documento, entréguelas por separado, digitalizadas a 300 puntos por pulgada.",
        ),
    }
)
