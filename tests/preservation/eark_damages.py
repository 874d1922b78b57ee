"""For every rule of E-ARK, a way to break it: what a package that is valid but for that looks like."""

import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from preservation.validation.eark_rules import ATTRIBUTES, FILES
from tests.preservation.eark_made import NAMES, add, both, drop, edit, edit_text, one, put, remove, write

Break = Callable[[Path], None]
WRONG = {"text": "", "content": "nada", "status": "NUEVO"}
MAP = "//m:structMap[@LABEL='CSIP']"
MAIN = f"{MAP}/m:div"
CREATOR = "//m:agent[@OTHERTYPE='SOFTWARE']"
ORIGINAL = f"{MAIN}/m:div[@LABEL='Representations/original']"
PROFILE = "https://eark{0}.dilcis.eu/profile/E-ARK-{1}.xml"


def _no_pointers(package: Path) -> None:
    edit(lambda root: [pointer.attrib.pop(f"{{{NAMES['xlink']}}}title") for pointer in root.iter(f"{{{NAMES['m']}}}mptr")])(package)


def _later(package: Path) -> None:
    put("//m:mets", PROFILE="https://earksip.dilcis.eu/profile/E-ARK-SIP-v2-2-0.xml")(package)


def _data_alone(package: Path) -> None:
    for use in ("original", "access"):
        put(f"//m:fileGrp[@USE='Representations/{use}']", USE="Datos")(package)


def _xpath(element: str) -> str:
    """The place of a row of a table, in a METS of the package."""
    plain = element.replace("[@LABEL='CSIP']", "").replace("/div/div/mptr", "/div/div[mptr]/mptr")
    return "/" + "".join(f"/m:{part}".replace("[mptr]", "[m:mptr]") for part in plain.split("/"))


def _attribute_breaks() -> Mapping[str, Break]:
    breaks: dict[str, Break] = {}
    for code, element, attribute, _, kind, _ in ATTRIBUTES:
        key, place = attribute.replace(":", "_"), _xpath(element)
        breaks[f"{code}.absent"] = put(place, **{key: None})
        if kind != "text":
            breaks[f"{code}.value"] = put(place, **{key: WRONG.get(kind, "no vale")})
        if kind == "id":
            breaks[f"{code}.twice"] = both(put("//m:metsHdr", ID="repetido"), put(place, ID="repetido"))
    breaks["CSIP4.required"] = edit(
        lambda root: root.attrib.pop(f"{{{NAMES['csip']}}}CONTENTINFORMATIONTYPE"), "representations/access/METS.xml"
    )
    return breaks


def _file_breaks() -> Mapping[str, Break]:
    breaks: dict[str, Break] = {}
    for element, place, size, digest in FILES:
        xpath = _xpath(element)
        described = f"{xpath}/.." if element.endswith("FLocat") else xpath
        breaks[f"{place}.missing"] = put(xpath, xlink_href="no/está.txt")
        breaks[f"{place}.schema"] = put(xpath, xlink_href="schemas/no-está.xsd")
        breaks[f"{place}.twin"] = both(put(xpath, xlink_href="documentation/an%CC%83o.txt"), write("documentation/a\u00f1o.txt"))
        breaks[f"{place}.outside"] = put(xpath, xlink_href="../fuera.txt")
        if not size:
            continue
        breaks[f"{size}.differs"] = put(described, SIZE="7")
        breaks[f"{digest}.differs"] = put(described, CHECKSUM="0" * 64)
    return breaks


HEADER: Mapping[str, Break] = {
    "CSIP1.name": put("//m:mets", OBJID="otro"),
    "CSIP2.other": put("//m:mets", TYPE="OTHER"),
    "CSIP3.absent": put("//m:mets", TYPE="OTHER", csip_OTHERTYPE=" "),
    "CSIP5.absent": put("//m:mets", csip_CONTENTINFORMATIONTYPE="OTHER"),
    "CSIP117.absent": drop("//m:metsHdr"),
    "CSIP10.absent": both(drop("//m:agent"), drop("//m:agent"), drop("//m:agent")),
    "CSIP11.value": put(CREATOR, ROLE="EDITOR"),
    "CSIP12.value": put(CREATOR, TYPE="INDIVIDUAL"),
    "CSIP13.value": put(CREATOR, OTHERTYPE="MÁQUINA"),
    "CSIP14.absent": drop(f"{CREATOR}/m:name"),
    "CSIP15.absent": drop(f"{CREATOR}/m:note"),
    "CSIP16.value": put(f"{CREATOR}/m:note", csip_NOTETYPE=None),
    "CSIP17.unlisted": write("metadata/descriptive/otra.xml"),
    "CSIP21.absent": drop("//m:dmdSec/m:mdRef"),
    "CSIP31.several": add("//m:mets", "<m:amdSec ID='otra'/>"),
    "CSIP32.absent": drop("//m:digiprovMD"),
    "CSIP32.unlisted": write("metadata/preservation/otra.xml"),
    "CSIP35.absent": drop("//m:digiprovMD/m:mdRef"),
    "CSIP48.absent": drop("//m:rightsMD/m:mdRef"),
    "CSIP58.absent": drop("//m:fileSec"),
    "CSIP58.unlisted": write("documentation/suelto.txt"),
    "CSIP60.absent": drop("//m:fileGrp[@USE='Documentation']"),
    "CSIP113.absent": put("//m:fileGrp[@USE='Schemas']", USE="Esquemas"),
    "CSIP114.absent": _data_alone,
    "CSIP61.reference": put("//m:fileGrp", ADMID="nada"),
    "CSIP62.absent": put("//m:fileGrp[starts-with(@USE,'Representations')]", csip_CONTENTINFORMATIONTYPE=None),
    "CSIP62.value": put("//m:fileGrp", csip_CONTENTINFORMATIONTYPE="nada"),
    "CSIP63.absent": put("//m:fileGrp", csip_OTHERCONTENTINFORMATIONTYPE=None),
    "CSIP63.idle": put("//m:fileGrp", csip_CONTENTINFORMATIONTYPE="ERMS", csip_OTHERCONTENTINFORMATIONTYPE="Otro"),
    "CSIP63.value": put("//m:fileGrp", csip_CONTENTINFORMATIONTYPE="OTHER", csip_OTHERCONTENTINFORMATIONTYPE="MIXED"),
    "CSIP64.value": put("//m:fileGrp[@USE='Documentation']", USE="Documentos"),
    "CSIP64.folder": put("//m:fileGrp[@USE='Representations/original']", USE="Representations/otra"),
    "CSIP66.absent": drop("//m:fileGrp/m:file"),
    "CSIP74.reference": put("//m:file", ADMID="nada"),
    "CSIP75.reference": put("//m:file", DMDID="nada"),
    "CSIP76.absent": drop("//m:FLocat"),
}

OF_A_DIVISION: Sequence[tuple[int, str, Callable[[str], Break]]] = (
    (0, "absent", lambda place: both(_no_pointers, drop(place))),
    (0, "several", lambda place: add(MAIN, f"<m:div ID='otra' LABEL='{place.split(chr(39))[-2]}'/>")),
    (1, "absent", lambda place: put(place, ID=None)),
    (2, "value", lambda place: put(place, LABEL="otro nombre")),
    (3, "unlisted", lambda place: both(put(f"{place}/m:fptr", FILEID="files"), _no_pointers)),
    (3, "later", lambda place: both(put(f"{place}/m:fptr", FILEID="files"), _no_pointers, _later)),
    (4, "value", lambda place: put(f"{place}/m:fptr", FILEID="files")),
)
"""Which of the five rules of a division is broken, in what, and how."""

DIVISIONS: Mapping[str, Break] = {
    "CSIP80.absent": drop("//m:structMap"),
    "CSIP81.value": put(MAP, TYPE="LOGICAL"),
    "CSIP82.value": put(MAP, LABEL="Mi mapa"),
    "CSIP83.absent": put(MAP, ID=None),
    "CSIP84.absent": drop(MAIN),
    "CSIP85.absent": put(MAIN, ID="1 no"),
    "CSIP86.differs": put(MAIN, LABEL="otro"),
    "CSIP86.first": both(put("//m:mets", PROFILE="https://earkcsip.dilcis.eu/profile/E-ARK-CSIP-v2-0-4.xml"), put(MAIN, LABEL=None)),
    "CSIP88.absent": drop(f"{MAIN}/m:div[@LABEL='Metadata']"),
    "CSIP89.absent": put(f"{MAIN}/m:div[@LABEL='Metadata']", ID=None),
    "CSIP90.absent": drop(f"{MAIN}/m:div[@LABEL='Metadata']"),
    "CSIP90.value": put(f"{MAIN}/m:div[@LABEL='Metadata']", LABEL="metadatos"),
    "CSIP91.unlisted": put(f"{MAIN}/m:div[@LABEL='Metadata']", ADMID=None),
    "CSIP91.reference": put(f"{MAIN}/m:div[@LABEL='Metadata']", ADMID="nada"),
    "CSIP92.unlisted": put(f"{MAIN}/m:div[@LABEL='Metadata']", DMDID=None),
    "CSIP92.reference": put(f"{MAIN}/m:div[@LABEL='Metadata']", DMDID="nada"),
    **{
        f"CSIP{codes[rule]}.{what}": make(f"{MAIN}/m:div[@LABEL='{label}']")
        for label, codes in (
            ("Documentation", (93, 94, 95, 96, 116)),
            ("Schemas", (97, 98, 99, 100, 118)),
            ("Representations", (101, 102, 103, 104, 119)),
        )
        for rule, what, make in OF_A_DIVISION
    },
    "CSIP105.absent": drop(ORIGINAL),
    "CSIP106.absent": put(ORIGINAL, ID=None),
    "CSIP107.value": put(ORIGINAL, LABEL="original"),
    "CSIP108.group": put(f"{ORIGINAL}/m:mptr", xlink_title="files"),
    "CSIP109.absent": drop(f"{ORIGINAL}/m:mptr"),
}


def _lower(package: Path) -> None:
    (package / "METS.xml").rename(package / "mets.xml")


def _loose(package: Path) -> None:
    for name in ("original", "access"):
        remove(f"representations/{name}")(package)


FOLDERS: Mapping[str, Break] = {
    "CSIPSTR2.name": put("//m:mets", OBJID="otro"),
    "CSIPSTR4.absent": remove("METS.xml"),
    "CSIPSTR4.case": _lower,
    "CSIPSTR5.absent": remove("metadata"),
    "CSIPSTR6.absent": remove("metadata/preservation"),
    "CSIPSTR7.absent": remove("metadata/descriptive"),
    "CSIPSTR9.absent": remove("representations"),
    "CSIPSTR10.absent": _loose,
    "CSIPSTR10.loose": write("representations/suelto.txt"),
    "CSIPSTR11.absent": remove("representations/original/data"),
    "CSIPSTR12.absent": remove("representations/original/METS.xml"),
    "CSIPSTR13.absent": remove("representations/original/metadata"),
    "CSIPSTR14.extra": write("propio/nota.txt"),
    "CSIPSTR15.absent": remove("schemas"),
    "CSIPSTR16.absent": remove("documentation"),
    "CSIPSTR1.link": lambda package: (package / "documentation/enlace").symlink_to("/etc/hostname"),
    "CSIPSTR1.special": lambda package: os.mkfifo(package / "documentation/tubería"),
}

SUBMITTER = "//m:agent[@ROLE='CREATOR' and @TYPE='ORGANIZATION']"
ARCHIVIST = "//m:agent[@ROLE='ARCHIVIST']"
KEEPER = "<m:agent ROLE='PRESERVATION' TYPE='{0}'><m:name>{1}</m:name>{2}</m:agent>"


def _first(text: str) -> Break:
    """Add an agent where METS wants it, before what follows the agents."""
    return both(add("//m:metsHdr", text))


PROFILES: Mapping[str, Break] = {
    "profile.common": put("//m:mets", PROFILE="https://earkcsip.dilcis.eu/profile/E-ARK-CSIP.xml"),
    "SIP2.value": put("//m:mets", PROFILE="https://example.org/propio.xml"),
    "SIP3.value": put("//m:metsHdr", RECORDSTATUS="NUEVO"),
    "SIP4.value": put("//m:metsHdr", csip_OAISPACKAGETYPE="AIP"),
    "SIP5.several": both(*[add("//m:metsHdr", "<m:altRecordID TYPE='SUBMISSIONAGREEMENT'>1</m:altRecordID>")] * 2),
    "SIP7.several": both(*[add("//m:metsHdr", "<m:altRecordID TYPE='REFERENCECODE'>1</m:altRecordID>")] * 2),
    "SIP11.value": put(ARCHIVIST, TYPE="OTHER"),
    "SIP12.absent": edit(lambda root: setattr(one(root, f"{ARCHIVIST}/m:name"), "text", "")),
    "SIP14.value": add(ARCHIVIST, "<m:note>123</m:note>"),
    "SIP15.absent": drop(SUBMITTER),
    "SIP17.value": put(SUBMITTER, TYPE="OTHER"),
    "SIP18.absent": edit(lambda root: setattr(one(root, f"{SUBMITTER}/m:name"), "text", "")),
    "SIP20.value": add(SUBMITTER, "<m:note csip:NOTETYPE='SOFTWARE VERSION'>123</m:note>"),
    "SIP28.value": _first(KEEPER.format("INDIVIDUAL", "Ana", "")),
    "SIP29.absent": _first(KEEPER.format("ORGANIZATION", "", "")),
    "SIP31.value": _first(KEEPER.format("ORGANIZATION", "Ana", "<m:note>123</m:note>")),
    "AIPM1.absent": put("//m:mets", OBJID=None),
    "AIPM2.value": put("//m:mets", PROFILE="https://example.org/propio.xml"),
    "AIPM3.value": put("//m:metsHdr", csip_OAISPACKAGETYPE="SIP"),
    "AIPM4.absent": put("//m:dmdSec", STATUS="SUPERSEDED"),
    "AIPM5.absent": drop("//m:digiprovMD"),
    "AIPM6.absent": put("//m:digiprovMD/m:mdRef", MDTYPE="OTHER"),
    "AIPM7.value": put("//m:digiprovMD/m:mdRef", MDTYPEVERSION="2.2"),
    "mets2": edit_text("http://www.loc.gov/METS/", "http://www.loc.gov/METS/v2"),
    "DIP1.absent": put("//m:mets", OBJID=None),
    "DIP2.value": put("//m:mets", PROFILE="https://example.org/propio.xml"),
    "DIP3.value": put("//m:metsHdr", csip_OAISPACKAGETYPE="SIP"),
    "DIP4.value": put("//m:dmdSec", STATUS="SUPERSEDED"),
}

DAMAGES: Mapping[str, Break] = {**_attribute_breaks(), **_file_breaks(), **HEADER, **DIVISIONS, **FOLDERS, **PROFILES}
ELSEWHERE = {
    "CSIP8.future",
    "CSIPSTR1.several",
    *(f"{place}.unreadable" for _, place, _, _ in FILES),
}
"""Broken in other tests: they need an archive, a file that cannot be read, or to know what day it is."""
