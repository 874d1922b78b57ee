"""Findings about PDF documents (ISO 32000-1)."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from ingest.catalogue.entry import Entry, Severity

PDF: Final[Mapping[str, Entry]] = MappingProxyType(
    {
        "pdf.encrypted": Entry(
            Severity.ERROR,
            "ISO 32000-1, 7.6; ISO 19005: encryption forbidden",
            "El PDF está cifrado y pide una contraseña o un certificado para abrirse. Se conserva, pero no se puede leer, "
            "mostrar ni buscar su texto.",
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
            Severity.ERROR,
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
            "No se pudieron leer algunas páginas del PDF: {pages}. Las demás sí.",
            "Abra esas páginas y, si no se ven, pida una copia nueva.",
        ),
        "pdf.text_layer_unusable": Entry(
            Severity.INFO,
            "ISO 32000-1, 9.10: extraction of text",
            "El texto que trae el PDF no corresponde a letras reales en estas páginas: {pages}. Se leerá de su imagen.",
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
            "El PDF lleva archivos adjuntos ({count}): {names}. Se conservan dentro de él; su texto no se busca.",
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
            "El PDF está firmado digitalmente (firmas: {count}). El original se conserva sin ningún cambio, para que sigan siendo válidas.",
            "No hace falta hacer nada; las copias de consulta no conservan la firma.",
        ),
    }
)
