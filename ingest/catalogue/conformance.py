"""Findings about what a file's format asks of how it is built."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from ingest.catalogue.entry import Entry, Severity

_LOOK: Final = "Ábralo y compruebe que se ve completo; si va a conservarse a largo plazo, pida una copia guardada de nuevo por su programa."
_SCAN: Final = "Mírela completa y, si algo falta o se ve mal, pida que la digitalicen o la envíen de nuevo."
_JPEG, _PNG, _TIFF, _JP2 = "ITU-T T.81", "ISO/IEC 15948", "TIFF 6.0", "ISO/IEC 15444-1"
_OPC, _ODF = "ISO/IEC 29500-2", "ISO/IEC 26300-1, part 3"


def _warning(source: str, message: str, remedy: str) -> Entry:
    return Entry(Severity.WARNING, source, message, remedy)


CONFORMANCE: Final[Mapping[str, Entry]] = MappingProxyType(
    {
        "pdfa.violates": _warning(
            "ISO 19005-1, ISO 19005-2, ISO 19005-3: the clauses named",
            "El PDF dice ser PDF/A-{flavour} y no lo es: no cumple los apartados {clauses} de su norma (incumplimientos: {count}, según "
            "{by}). Se conserva y se lee como cualquier PDF.",
            "No lo cuente como copia de preservación; pida a quien lo produjo que lo guarde de nuevo como PDF/A-2b.",
        ),
        "pdfa.undecided": Entry(
            Severity.INFO,
            "ISO 19005: what the validator does not judge (levels A and U, part 4, some fonts and colours)",
            "El PDF dice ser PDF/A-{flavour} y no se pudo comprobar del todo: contiene algo que el validador ({by}) no juzga. "
            "No se encontró ningún incumplimiento.",
            "Si necesita certeza, pida a quien opera el sistema que instale veraPDF y lo indique en ARCHIVO_VERAPDF.",
        ),
        "conform.failed": Entry(
            Severity.WARNING,
            "A reader ended by itself",
            "No se pudo terminar de comparar el archivo con la norma de su formato. El original se conserva.",
            "Reintente el trabajo; si vuelve a fallar, ábralo y compruebe que se ve completo.",
        ),
        "conform.no_verapdf": Entry(
            Severity.INFO,
            "ARCHIVO_VERAPDF names a program that gave no verdict",
            "Está configurado veraPDF y no dio un veredicto sobre este PDF; se usó el validador propio.",
            "Compruebe con «archivo doctor» que veraPDF se puede ejecutar.",
        ),
        "jpeg.markers": _warning(
            f"{_JPEG}, B.1.1",
            "La imagen JPEG tiene un segmento mal formado (byte {at}): lo que sigue puede no verse bien.",
            _SCAN,
        ),
        "jpeg.frame": _warning(
            f"{_JPEG}, B.2.2", "A la imagen JPEG le falta la descripción de su tamaño y sus colores antes de los datos, o está mal.", _SCAN
        ),
        "jpeg.tables": _warning(
            f"{_JPEG}, B.2.3 and B.2.4", "La imagen JPEG usa tablas que no trae: algunos programas no podrán abrirla.", _SCAN
        ),
        "png.chunks": _warning(
            f"{_PNG}, 5.3", "La imagen PNG tiene una parte mal formada (byte {at}): lo que sigue no se puede leer.", _SCAN
        ),
        "png.check": _warning(
            f"{_PNG}, 5.3: CRC-32", "La parte {name} de la imagen PNG no coincide con su suma de comprobación: sus datos cambiaron.", _SCAN
        ),
        "png.header": _warning(f"{_PNG}, 11.2.2", "La cabecera de la imagen PNG falta, o dice un tamaño o unos colores imposibles.", _SCAN),
        "png.order": _warning(f"{_PNG}, 5.6", "Las partes de la imagen PNG no están en el orden que pide su norma, o falta alguna.", _SCAN),
        "png.unknown_chunk": _warning(
            f"{_PNG}, 5.4",
            "La imagen PNG trae una parte obligatoria que la norma no conoce ({name}): otros programas no la abrirán.",
            _SCAN,
        ),
        "tiff.no_directory": _warning(
            f"{_TIFF}, section 2", "La imagen TIFF no tiene ningún directorio: no describe ninguna página.", _SCAN
        ),
        "tiff.loop": _warning(
            f"{_TIFF}, section 2: image file directory",
            "Los directorios de la imagen TIFF se repiten en círculo: no se sabe cuántas páginas tiene.",
            _SCAN,
        ),
        "tiff.outside": _warning(
            f"{_TIFF}, section 2", "El directorio {directory} de la imagen TIFF queda fuera del archivo: le falta una parte.", _SCAN
        ),
        "tiff.value_outside": _warning(
            f"{_TIFF}, section 2", "Un dato de la imagen TIFF (campo {tag}) queda fuera del archivo: le falta una parte.", _SCAN
        ),
        "tiff.required": _warning(
            f"{_TIFF}, sections 3 to 6", "A la imagen TIFF le faltan campos que toda imagen debe tener ({tags}).", _SCAN
        ),
        "tiff.order": Entry(
            Severity.INFO,
            f"{_TIFF}, section 2: sort order",
            "Los campos de la imagen TIFF no van en orden; casi todos los programas la abren igual.",
            "No hace falta hacer nada; téngalo en cuenta si algún programa no la abre.",
        ),
        "tiff.word": Entry(
            Severity.INFO,
            f"{_TIFF}, section 2: word boundary",
            "Un directorio de la imagen TIFF comienza en un byte impar; casi todos los programas la abren igual.",
            "No hace falta hacer nada; téngalo en cuenta si algún programa no la abre.",
        ),
        "jp2.boxes": _warning(
            f"{_JP2}, annex I", "A la imagen JPEG 2000 le falta una de sus partes, o una queda fuera del archivo.", _SCAN
        ),
        "jp2.header": _warning(
            f"{_JP2}, I.5.3", "La cabecera de la imagen JPEG 2000 no comienza por su tamaño o no dice cuáles son sus colores.", _SCAN
        ),
        "jp2.codestream": _warning(f"{_JP2}, annex A", "Los datos de la imagen JPEG 2000 no comienzan como pide su norma.", _SCAN),
        "jp2.size": _warning(f"{_JP2}, I.5.3.1", "La imagen JPEG 2000 dice un tamaño en su cabecera y otro en sus datos.", _SCAN),
        "ooxml.types": _warning(
            f"{_OPC}, media types stream",
            "El documento no dice de qué tipo es una de sus partes ({name}): otros programas pueden no abrirlo.",
            _LOOK,
        ),
        "ooxml.main": _warning(
            f"{_OPC}, package relationships", "El documento no dice cuál es su parte principal, o esa parte no está.", _LOOK
        ),
        "ooxml.relation": _warning(
            f"{_OPC}, relationships",
            "El documento se refiere a una parte que no lleva dentro ({name}): puede faltar una imagen u otro objeto.",
            _LOOK,
        ),
        "office.part_malformed": _warning(
            "XML 1.0, 2.1: well-formed documents",
            "Una parte del documento no es XML bien formado ({name}): puede faltar lo que contiene.",
            _LOOK,
        ),
        "odf.mimetype": Entry(
            Severity.INFO,
            f"{_ODF}, 3.3",
            "El tipo del documento OpenDocument no está al comienzo, sin comprimir, como pide su norma; casi todos los programas lo abren.",
            "No hace falta hacer nada; téngalo en cuenta si algún programa no lo abre.",
        ),
        "odf.manifest": _warning(
            f"{_ODF}, 3.2", "La lista de partes del documento OpenDocument no corresponde a lo que lleva dentro ({name}).", _LOOK
        ),
        "odf.type": _warning(f"{_ODF}, 3.3 and 4.8.9", "El documento OpenDocument dice ser de dos tipos distintos.", _LOOK),
        "media.unreadable": _warning(
            "The container's own rules, as ffprobe reads them",
            "El archivo de audio o video no se puede abrir: está dañado o no es lo que su nombre dice. Se conserva tal como llegó.",
            "Reprodúzcalo completo y, si no se puede, pida una copia nueva.",
        ),
        "media.no_streams": _warning(
            "The container's own rules, as ffprobe reads them",
            "El archivo de audio o video no contiene sonido ni imagen.",
            "Reprodúzcalo y, si no se oye ni se ve nada, pida una copia nueva.",
        ),
    }
)
