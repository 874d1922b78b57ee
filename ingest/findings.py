"""Findings: what was found in one document, by code. The words are in ingest.catalogue, a module a kind of document.

A finding is kept as code and parameters and worded when shown.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from ingest.catalogue.conformance import CONFORMANCE
from ingest.catalogue.documents import DOCUMENTS
from ingest.catalogue.entry import Entry, Severity
from ingest.catalogue.files import FILES
from ingest.catalogue.pdf import PDF
from ingest.catalogue.signatures import SIGNATURES

__all__ = ["CATALOGUE", "Entry", "Finding", "Severity"]


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


CATALOGUE: Mapping[str, Entry] = {
    **FILES,
    **PDF,
    **DOCUMENTS,
    **CONFORMANCE,
    **SIGNATURES,
    "ocr.unavailable": Entry(
        Severity.ERROR,
        "The engine needs the data of the language and of orientation",
        "No se pudo leer el texto de las imágenes: en este equipo faltan los datos de reconocimiento del idioma «{language}».",
        "Pida que se instalen tesseract-ocr, tesseract-ocr-{language} y tesseract-ocr-osd; después, léalo de nuevo desde su «Integridad».",
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
        "Léalo de nuevo desde su «Integridad» cuando el equipo esté menos ocupado; si se repite, digitalice otra vez esa página.",
    ),
    "ocr.page_too_large": Entry(
        Severity.ERROR,
        "Limits.max_pixels and the memory of one child",
        "No se pudo leer el texto de la página {page}: su imagen es demasiado grande. Las demás páginas sí se procesaron.",
        "Digitalice de nuevo esa página a 300 puntos por pulgada.",
    ),
    "ocr.image_spoiled": Entry(
        Severity.ERROR,
        "ISO 32000-1, 8.9.5: the data of an image are as long as its width, height and bits say, and can be decoded",
        "La página {page} se ve en blanco porque su imagen está dañada: tiene menos datos de los que anuncia, o no se puede descomprimir.",
        "Mire esa página en el original y, si puede, digitalícela de nuevo.",
    ),
    "ocr.doubtful": Entry(
        Severity.WARNING,
        "Confidence under 85, over 2 % of the letters outside the words read, or a reading of last resort (decision 2026-11-24)",
        "El texto de la página {page} se leyó con dudas: puede tener errores o faltarle palabras.",
        "Compare el texto con la imagen de la página antes de confiar en él.",
    ),
    "ocr.unreadable": Entry(
        Severity.WARNING,
        "Mean confidence under 50: handwriting or a picture (decision 2026-11-24)",
        "La página {page} no se puede leer automáticamente: parece manuscrita o muy deteriorada. Solo se guardaron las palabras seguras.",
        "Describa el documento a mano o transcriba la página para que se pueda encontrar por su contenido.",
    ),
    "ocr.picture_without_text": Entry(
        Severity.INFO,
        "Mean confidence under 50 in a picture of an office document: most are photographs",
        "La imagen de la página {page} no tiene texto que se pueda leer: parece una fotografía o algo manuscrito.",
        "Si es un escrito, transcríbalo en la descripción para que se pueda encontrar por su contenido.",
    ),
    "derivative.failed": Entry(
        Severity.WARNING,
        "The original and its recognised text do not depend on the copy",
        "No se pudo crear la copia PDF en la que se busca texto. El original y el texto leído sí se conservan.",
        "No hace falta hacer nada para consultar el documento; si necesita la copia, lea de nuevo el documento desde su «Integridad».",
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
