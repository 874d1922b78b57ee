"""The rules of METS: what its schema asks, and what the schema cannot: references that resolve, digests and sizes that are true."""

from collections.abc import Iterable, Mapping
from typing import Final

from preservation.findings import Finding, Param, Rule, Severity, shown

_E, _W, _I = Severity.ERROR, Severity.WARNING, Severity.INFO
_PROGRAM: Final = "Corrija el programa que escribió el METS y pida que lo genere de nuevo."
_COPY: Final = "Pida otra copia del paquete a quien lo entregó y compare."

ROWS: Final = (
    ("xml", _E, "XML 1.0", "No es XML bien formado ({detail}), así que no se puede leer.", _COPY),
    (
        "doctype",
        _E,
        "METS",
        "Declara un DOCTYPE. Por ahí entran entidades que pueden llenar la memoria o leer otros archivos: no se leyó.",
        "Quite la declaración DOCTYPE y valide de nuevo.",
    ),
    ("size", _E, "METS", "Es demasiado grande para validarlo ({detail} bytes como máximo).", "Divida el paquete en varios."),
    ("root", _E, "METS", "Su elemento raíz es «{found}», no «mets» de METS.", _PROGRAM),
    ("element", _E, "METS", "«{element}» contiene «{what}», que METS no admite ahí.", _PROGRAM),
    ("missing", _E, "METS", "A «{element}» le falta «{what}», que es obligatorio.", _PROGRAM),
    ("order", _E, "METS", "Lo que contiene «{element}» no está en el orden o el número que pide METS: {what}.", _PROGRAM),
    ("attribute", _E, "METS", "«{element}» lleva el atributo «{what}», que METS no conoce.", _PROGRAM),
    ("required", _E, "METS", "A «{element}» le falta el atributo obligatorio «{what}».", _PROGRAM),
    ("value", _E, "METS", "«{found}» no es un valor posible de «{element}/{what}».", _PROGRAM),
    ("text", _E, "METS", "«{element}» contiene texto suelto: «{found}».", _PROGRAM),
    ("schema", _E, "METS (XSD)", "El esquema lo rechaza: {detail}", _PROGRAM),
    (
        "id",
        _E,
        "XML 1.0, ID",
        "El identificador «{found}» está repetido: una referencia a él no dice a cuál de los dos se refiere.",
        _PROGRAM,
    ),
    ("reference", _E, "XML 1.0, IDREF", "«{what}» remite a «{found}», que no existe en el documento.", _PROGRAM),
    (
        "reference_kind",
        _W,
        "METS Primer",
        "«{what}» remite a «{found}», que es «{target}» y no lo que ese atributo debe señalar.",
        "Revise a qué debía remitir.",
    ),
    ("checksum", _E, "METS", "«{found}» no es un resumen {algorithm}.", _PROGRAM),
    ("checksum_type", _W, "METS", "Da un resumen sin decir con qué algoritmo se calculó: no se puede comprobar.", "Añada CHECKSUMTYPE."),
    ("unchecked", _I, "METS", "Este programa no calcula {algorithm}: el resumen de «{path}» no se comprobó.", "Añada también un SHA-256."),
    (
        "outside",
        _E,
        "METS",
        "La ruta «{found}» lleva fuera del paquete: no se siguió.",
        "Ponga una ruta relativa a un archivo del propio paquete.",
    ),
    (
        "external",
        _I,
        "METS",
        "«{found}» está en la red: el paquete no lo contiene y no se fue a buscar.",
        "Si debe conservarse, incluya una copia en el paquete.",
    ),
    (
        "twin",
        _W,
        "Unicode 15, NFC",
        "«{path}» está, pero su nombre se escribe de otra forma en Unicode (letras con tilde compuestas o separadas).",
        "Dele el nombre tal como lo escribe el METS, para que todo programa lo encuentre.",
    ),
    (
        "absent",
        _W,
        "METS",
        "«{path}» no está junto al METS: su tamaño y su resumen no se comprobaron.",
        "Valide el paquete entero, con sus archivos.",
    ),
    ("unreadable", _E, "METS", "«{path}» no se pudo leer ({detail}).", "Revise los permisos y el disco, y valide de nuevo."),
    ("file_size", _E, "METS, SIZE", "«{path}» pesa {found} bytes y el METS dice {expected}: se truncó o se cambió.", _COPY),
    ("digest", _E, "METS, CHECKSUM", "«{path}» no es el que describe el METS: su {algorithm} es {found} y debía ser {expected}.", _COPY),
    ("schema_absent", _W, "METS (XSD)", "Entre los esquemas entregados no está el de «{found}»: no se usó ninguno.", "Añada el esquema."),
    ("more", _I, "METS", "Hay {count} hallazgos más de esta clase ({what}), que no se listan.", "Corrija los primeros y valide de nuevo."),
)


def catalogue(prefix: str, rows: Iterable[tuple[str, Severity, str, str, str]]) -> Mapping[str, Rule]:
    """Rules by name; the code of each is `prefix.name`. ValueError if two have one name."""
    rules: dict[str, Rule] = {}
    for name, severity, paragraph, message, remedy in rows:
        if name in rules:
            raise ValueError(f"two rules have the name {name}")
        rules[name] = Rule(f"{prefix}.{name}", severity, prefix.upper(), paragraph, message, remedy)
    return rules


METS: Final[Mapping[str, Rule]] = catalogue("mets", ROWS)


def given(params: Mapping[str, object]) -> Mapping[str, Param]:
    """Parameters as a finding keeps them: texts cut where they are long."""
    return {key: value if isinstance(value, int) else shown(value) for key, value in params.items()}


def found(name: str, where: str = "", **params: object) -> Finding:
    """A finding by its name in METS."""
    return Finding(METS[name], where, given(params))
