"""What is told of a zip or a tar, whatever package it holds: entries that are not read, and archives that are not opened."""

from collections.abc import Mapping
from typing import Final

from preservation.findings import Finding, Rule, Severity, by_code
from preservation.validation.mets_rules import given

_OURS: Final = ("Este programa", "límites de lectura")
"""Archives may do so by their standards; this program does not follow them there."""
_ZIP: Final = "ZIP"
_BOTH: Final = "ZIP, TAR"
_ROWS: Final = (
    (
        "unreadable",
        (_BOTH, "APPNOTE 4.3; POSIX ustar"),
        "No se pudo abrir: no es una carpeta, un ZIP ni un TAR, o está dañado ({found}).",
        "Pida otra copia.",
    ),
    (
        "bomb",
        _OURS,
        "Al abrirlo ocuparía mucho más de lo que pesa: no se abrió, para no llenar el disco.",
        "Pida el paquete en una carpeta.",
    ),
    ("too_many", _OURS, "Tiene más de dos millones de archivos, o dice tenerlos: no se abrió.", "Divida el paquete en varios."),
    (
        "escape",
        (_BOTH, "APPNOTE 4.4.17; POSIX pax, path"),
        "La entrada «{path}» lleva fuera de la carpeta: no se leyó.",
        "Desconfíe del paquete y pida otro.",
    ),
    (
        "link",
        _OURS,
        "«{path}» es un enlace: no se siguió, y fuera de este equipo no llevaría a nada.",
        "Ponga el archivo en su lugar.",
    ),
    ("special", _OURS, "«{path}» no es un archivo ni una carpeta (dispositivo o tubería): no se leyó.", "Retírelo."),
    ("twice", _OURS, "«{path}» está dos veces: no se sabe cuál vale.", "Pida un paquete sin entradas repetidas."),
    ("encrypted", (_ZIP, "APPNOTE 4.4.4"), "«{path}» está cifrado: no se pudo leer.", "Pida el paquete sin cifrar."),
)

ARCHIVE: Final[Mapping[str, Rule]] = by_code(
    Rule(f"archive.{name}", Severity.ERROR, standard, paragraph, message, remedy) for name, (standard, paragraph), message, remedy in _ROWS
)


def told(name: str, where: str = "", **params: object) -> Finding:
    """A finding by its name without `archive.`."""
    return Finding(ARCHIVE[f"archive.{name}"], where, given(params))
