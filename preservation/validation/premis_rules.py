"""The rules of PREMIS 3: what its schema asks, and what the schema cannot: links that resolve, digests that can be, terms that exist."""

from collections.abc import Mapping
from typing import Final

from preservation.findings import Finding, Rule, Severity
from preservation.validation.mets_rules import ROWS, catalogue, given

_E, _W, _I = Severity.ERROR, Severity.WARNING, Severity.INFO
_SHARED: Final = (
    "xml",
    "doctype",
    "size",
    "element",
    "missing",
    "order",
    "attribute",
    "required",
    "value",
    "text",
    "schema",
    "schema_absent",
)
_PROGRAM: Final = "Corrija el programa que escribió el PREMIS y pida que lo genere de nuevo."

_OWN: Final = (
    ("root", _E, "PREMIS", "Su elemento raíz es «{found}», no uno de PREMIS 3.", _PROGRAM),
    (
        "version2",
        _I,
        "PREMIS",
        "Es PREMIS 2: se reconoció y es XML bien formado; esta versión no se juzgó más.",
        "Conviértalo a PREMIS 3 cuando pueda: la versión 2 ya no se mantiene.",
    ),
    (
        "unjudged",
        _E,
        "PREMIS",
        "Es PREMIS 2, y este programa solo sabe juzgar PREMIS 3: no se juzgó, y no se sabe si cumple.",
        "Conviértalo a PREMIS 3, o entregue el esquema de PREMIS 2 a la validación.",
    ),
    ("id", _E, "XML 1.0, ID", "El xmlID «{found}» está repetido.", _PROGRAM),
    ("reference", _E, "XML 1.0, IDREF", "«{what}» remite al xmlID «{found}», que no existe en el documento.", _PROGRAM),
    (
        "identifier",
        _E,
        "PREMIS 3, 1.1, 2.1, 3.1, 4.1.1",
        "Hay dos «{what}» con el identificador «{found}»: no se sabe de cuál se habla.",
        _PROGRAM,
    ),
    (
        "link",
        _W,
        "PREMIS 3, linkingIdentifier",
        "«{what}» remite a «{found}», que este documento no describe.",
        "Compruebe que esté descrito en otro documento del paquete; si no, añádalo.",
    ),
    ("digest", _E, "PREMIS 3, 1.5.2", "«{found}» no es un resumen {algorithm}.", _PROGRAM),
    ("bytes", _E, "PREMIS 3, 1.5.3", "«{found}» no es un tamaño en bytes.", _PROGRAM),
    (
        "date",
        _W,
        "PREMIS 3, 2.3",
        "«{found}» no es una fecha de ISO 8601 o EDTF: no se sabe cuándo ocurrió.",
        "Escríbala como 2026-03-02T15:04:05Z.",
    ),
    (
        "term",
        _E,
        "id.loc.gov",
        "«{found}» no es el URI de ningún término de «{what}» de la Biblioteca del Congreso.",
        "Corrija el URI, o quítelo si el término es propio.",
    ),
    (
        "label",
        _W,
        "id.loc.gov",
        "El texto «{found}» y su URI no dicen lo mismo: el URI es de «{expected}».",
        "Corrija el que esté mal.",
    ),
    (
        "own_term",
        _I,
        "id.loc.gov",
        "«{found}» no es de «{what}» de la Biblioteca del Congreso: es un término propio.",
        "Documente sus términos propios para que otros los entiendan.",
    ),
    (
        "basis",
        _W,
        "PREMIS 3, 4.1.2",
        "El derecho se funda en «{found}», pero no está la información que lo explica («{what}»).",
        "Añada esa información.",
    ),
)
PREMIS: Final[Mapping[str, Rule]] = catalogue(
    "premis",
    [
        *(
            (name, severity, paragraph.replace("METS", "PREMIS 3"), message.replace("METS", "PREMIS"), remedy.replace("METS", "PREMIS"))
            for name, severity, paragraph, message, remedy in ROWS
            if name in _SHARED
        ),
        *_OWN,
    ],
)


def found(name: str, where: str = "", **params: object) -> Finding:
    """A finding by its name in PREMIS."""
    return Finding(PREMIS[name], where, given(params))
