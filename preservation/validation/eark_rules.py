"""The rules of E-ARK CSIP, SIP, AIP and DIP (2.0 to 2.2) by their own codes; those about attributes and files are made from tables."""

from collections.abc import Mapping
from typing import Final

from preservation.findings import Finding, Rule, Severity
from preservation.validation.eark_rules_folders import FOLDERS
from preservation.validation.eark_rules_profiles import PROFILES
from preservation.validation.eark_rules_structure import DIVISIONS, HEADER
from preservation.validation.eark_vocabularies import KINDS
from preservation.validation.mets_rules import given

_E, _W = Severity.ERROR, Severity.WARNING
_METADATA_ROWS: Final = (
    ("LOCTYPE", "url", "la clase de localizador"),
    ("xlink:type", "simple", "la clase de enlace"),
    ("xlink:href", "text", "dónde está el archivo de metadatos"),
    ("MDTYPE", "metadata", "la clase de metadatos"),
    ("MIMETYPE", "media", "el tipo de medio del archivo de metadatos"),
    ("SIZE", "size", "el tamaño del archivo de metadatos"),
    ("CREATED", "dateTime", "cuándo se creó el archivo de metadatos"),
    ("CHECKSUM", "checksum", "el resumen del archivo de metadatos"),
    ("CHECKSUMTYPE", "algorithm", "el algoritmo del resumen"),
)
"""The nine attributes of an mdRef, in the order of their codes; they begin at CSIP22, CSIP36 and CSIP49."""
_SECTIONS: Final = (("mets/dmdSec", 22), ("mets/amdSec/digiprovMD", 36), ("mets/amdSec/rightsMD", 49))
_FILE: Final = "mets/fileSec/fileGrp/file"
_REPRESENTATION: Final = "mets/structMap[@LABEL='CSIP']/div/div/mptr"

ATTRIBUTES: Final = (
    ("CSIP1", "mets", "OBJID", _E, "text", "el identificador del paquete"),
    ("CSIP2", "mets", "TYPE", _E, "category", "la categoría del contenido"),
    ("CSIP4", "mets", "csip:CONTENTINFORMATIONTYPE", _W, "content", "con qué especificación de contenido se hizo"),
    ("CSIP6", "mets", "PROFILE", _E, "address", "el perfil METS que cumple el paquete"),
    ("CSIP7", "mets/metsHdr", "CREATEDATE", _E, "dateTime", "cuándo se creó el paquete"),
    ("CSIP8", "mets/metsHdr", "LASTMODDATE", _W, "dateTime", "cuándo se modificó el paquete por última vez"),
    ("CSIP9", "mets/metsHdr", "csip:OAISPACKAGETYPE", _E, "package", "la clase de paquete según OAIS"),
    ("CSIP18", "mets/dmdSec", "ID", _E, "id", "el identificador de la descripción"),
    ("CSIP19", "mets/dmdSec", "CREATED", _E, "dateTime", "cuándo se hizo la descripción"),
    ("CSIP20", "mets/dmdSec", "STATUS", _W, "status", "si la descripción está vigente"),
    ("CSIP33", "mets/amdSec/digiprovMD", "ID", _E, "id", "el identificador de los metadatos de procedencia"),
    ("CSIP34", "mets/amdSec/digiprovMD", "STATUS", _W, "status", "si los metadatos de procedencia están vigentes"),
    ("CSIP46", "mets/amdSec/rightsMD", "ID", _E, "id", "el identificador de los metadatos de derechos"),
    ("CSIP47", "mets/amdSec/rightsMD", "STATUS", _W, "status", "si los metadatos de derechos están vigentes"),
    *(
        (f"CSIP{first + number}", f"{section}/mdRef", name, _E, kind, what)
        for section, first in _SECTIONS
        for number, (name, kind, what) in enumerate(_METADATA_ROWS)
    ),
    ("CSIP59", "mets/fileSec", "ID", _E, "id", "el identificador de la sección de archivos"),
    ("CSIP64", "mets/fileSec/fileGrp", "USE", _E, "text", "para qué son los archivos del grupo"),
    ("CSIP65", "mets/fileSec/fileGrp", "ID", _E, "id", "el identificador del grupo de archivos"),
    ("CSIP67", _FILE, "ID", _E, "id", "el identificador del archivo"),
    ("CSIP68", _FILE, "MIMETYPE", _E, "media", "el tipo de medio del archivo"),
    ("CSIP69", _FILE, "SIZE", _E, "size", "el tamaño del archivo"),
    ("CSIP70", _FILE, "CREATED", _E, "dateTime", "cuándo se creó el archivo"),
    ("CSIP71", _FILE, "CHECKSUM", _E, "checksum", "el resumen del archivo"),
    ("CSIP72", _FILE, "CHECKSUMTYPE", _E, "algorithm", "el algoritmo del resumen"),
    ("CSIP77", f"{_FILE}/FLocat", "LOCTYPE", _E, "url", "la clase de localizador"),
    ("CSIP78", f"{_FILE}/FLocat", "xlink:type", _E, "simple", "la clase de enlace"),
    ("CSIP79", f"{_FILE}/FLocat", "xlink:href", _E, "text", "dónde está el archivo"),
    ("CSIP108", _REPRESENTATION, "xlink:title", _E, "text", "el identificador del grupo de archivos de la representación"),
    ("CSIP110", _REPRESENTATION, "xlink:href", _E, "text", "dónde está el METS de la representación"),
    ("CSIP111", _REPRESENTATION, "xlink:type", _E, "simple", "la clase de enlace"),
    ("CSIP112", _REPRESENTATION, "LOCTYPE", _E, "url", "la clase de localizador"),
)
"""Code, element, attribute, severity of its absence, kind of its value, what it says. A value of another kind is always an error."""
FILES: Final = (
    ("mets/dmdSec/mdRef", "CSIP24", "CSIP27", "CSIP29"),
    ("mets/amdSec/digiprovMD/mdRef", "CSIP38", "CSIP41", "CSIP43"),
    ("mets/amdSec/rightsMD/mdRef", "CSIP51", "CSIP54", "CSIP56"),
    (f"{_FILE}/FLocat", "CSIP79", "CSIP69", "CSIP71"),
    (_REPRESENTATION, "CSIP110", "", ""),
)
"""Element, and the codes of its location, its size and its digest; a pointer to a METS gives neither of these."""
_COPY: Final = "Pida otra copia del paquete a quien lo entregó; si el paquete es así de origen, corríjalo y vuelva a generarlo."
_PROGRAM: Final = "Corrija el programa que escribió el METS y pida que lo genere de nuevo."


def _rules() -> Mapping[str, Rule]:
    rules: dict[str, Rule] = {}

    def add(name: str, severity: Severity, paragraph: str, message: str, remedy: str) -> None:
        code = name.partition(".")[0] if name[0].isupper() else f"eark.{name}"
        rules[name] = Rule(code, severity, standard_of(code), paragraph, message, remedy)

    for code, element, attribute, severity, kind, what in ATTRIBUTES:
        xpath, expected = f"{element}/@{attribute}", KINDS[kind][0]
        add(f"{code}.absent", severity, xpath, f"Falta «{xpath}» ({what}), o está vacío.", f"Añada «{attribute}» con {expected}.")
        if kind == "content":
            add(f"{code}.required", _E, xpath, f"Falta «{xpath}» ({what}), o está vacío.", f"Añada «{attribute}» con {expected}.")
        if kind != "text":
            add(f"{code}.value", _E, xpath, f"«{xpath}» vale «{{found}}»; debe ser {expected}.", _PROGRAM)
        if kind == "id":
            add(f"{code}.twice", _E, xpath, f"«{xpath}» vale «{{found}}», que ya es el identificador de otro elemento.", _PROGRAM)
    for element, place, size, digest in FILES:
        add(f"{place}.missing", _E, element, "«{path}» no está en el paquete, aunque el METS dice que sí: falta contenido.", _COPY)
        add(
            f"{place}.schema",
            _W,
            element,
            "«{path}» no está en el paquete, aunque el METS dice que sí. Es un esquema: falta ayuda para leer, no contenido.",
            "Añada el esquema o quítelo del METS.",
        )
        add(f"{place}.outside", _E, element, "La ruta «{path}» lleva fuera del paquete: no se siguió.", "Ponga una ruta relativa.")
        add(
            f"{place}.twin",
            _W,
            element,
            "«{path}» está, pero su nombre se escribe de otra forma en Unicode (letras con tilde compuestas o separadas).",
            "Dele el nombre tal como lo escribe el METS, para que todo programa lo encuentre.",
        )
        add(f"{place}.unreadable", _E, element, "«{path}» no se pudo leer ({found}).", _COPY)
        if not size:
            continue
        add(f"{size}.differs", _E, element, "«{path}» pesa {found} bytes y el METS dice {expected}: se truncó o se cambió.", _COPY)
        add(
            f"{digest}.differs",
            _E,
            element,
            "«{path}» no es el que describe el METS: su {algorithm} es {found} y debía ser {expected}.",
            _COPY,
        )
    for name, severity, paragraph, message, remedy in (*HEADER, *DIVISIONS, *FOLDERS, *PROFILES):
        if name in rules:
            raise ValueError(f"two rules have the name {name}")
        add(name, severity, paragraph, message, remedy)
    return rules


def standard_of(code: str) -> str:
    """The specification that a code belongs to."""
    for prefix, standard in (("CSIP", "E-ARK CSIP 2"), ("SIP", "E-ARK SIP 2"), ("AIP", "E-ARK AIP 2"), ("DIP", "E-ARK DIP 2")):
        if code.startswith(prefix):
            return standard
    return "E-ARK"


EARK: Final[Mapping[str, Rule]] = _rules()


def found(name: str, where: str = "", **params: object) -> Finding:
    """A finding by its name in EARK."""
    return Finding(EARK[name], where, given(params))
