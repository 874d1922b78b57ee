"""METS 1.11 to 1.12.1 as a model: what the schema of the Library of Congress allows, told again as data of our own."""

from collections.abc import Mapping
from typing import Final

from preservation.validation.xml_model import ANY, SOME, Kind, Model, Values

NAMESPACE: Final = "http://www.loc.gov/METS/"
NAMESPACE_2: Final = "http://www.loc.gov/METS/v2"
XLINK: Final = "http://www.w3.org/1999/xlink"
MDTYPES: Final = (
    *("MARC", "MODS", "EAD", "DC", "NISOIMG", "LC-AV", "VRA", "TEIHDR", "DDI", "FGDC", "LOM", "PREMIS", "PREMIS:OBJECT", "PREMIS:AGENT"),
    *("PREMIS:RIGHTS", "PREMIS:EVENT", "TEXTMD", "METSRIGHTS", "ISO 19115:2003 NAP", "EAC-CPF", "LIDO", "OTHER"),
)
CHECKSUM_ALGORITHMS: Final[Mapping[str, str | None]] = {
    **{"MD5": "md5", "SHA-1": "sha1", "SHA-256": "sha256", "SHA-384": "sha384", "SHA-512": "sha512", "CRC32": None, "Adler-32": None},
    **{"HAVAL": None, "MNP": None, "TIGER": None, "WHIRLPOOL": None},
}
"""CHECKSUMTYPE of METS, and hashlib's name for those that this software computes."""
_BETYPES: Final = (
    *("BYTE", "IDREF", "SMIL", "MIDI", "SMPTE-25", "SMPTE-24", "SMPTE-DF30", "SMPTE-NDF30", "SMPTE-DF29.97", "SMPTE-NDF29.97"),
    *("TIME", "TCF", "XPTR"),
)
_ID: Final[Mapping[str, Values]] = {"ID": "id"}
_LABELS: Final[Mapping[str, Values]] = {"ORDER": "int", "ORDERLABEL": "string", "LABEL": "string"}
_METADATA: Final[Mapping[str, Values]] = {"MDTYPE!": MDTYPES, "OTHERMDTYPE": "string", "MDTYPEVERSION": "string"}
_LOCATION: Final[Mapping[str, Values]] = {
    "LOCTYPE!": ("ARK", "URN", "URL", "PURL", "HANDLE", "DOI", "OTHER"),
    "OTHERLOCTYPE": "string",
}
_LINK: Final[Mapping[str, Values]] = {
    **{f"xlink:{name}": "string" for name in ("role", "arcrole", "title")},
    "xlink:href": "uri",
    "xlink:type": ("simple",),
    "xlink:show": ("new", "replace", "embed", "other", "none"),
    "xlink:actuate": ("onLoad", "onRequest", "other", "none"),
}
_FILE: Final[Mapping[str, Values]] = {
    **{"MIMETYPE": "string", "SIZE": "int", "CREATED": "dateTime", "CHECKSUM": "string"},
    "CHECKSUMTYPE": tuple(CHECKSUM_ALGORITHMS),
}
_TRACE: Final[Mapping[str, Values]] = {"OWNERID": "string", "ADMID": "idrefs", "DMDID": "idrefs", "BEGIN": "string", "END": "string"}
_MDSEC: Final = Kind(
    "(mdRef? mdWrap?|mdWrap mdRef)", {"ID!": "id", "GROUPID": "string", "ADMID": "idrefs", "CREATED": "dateTime", "STATUS": "string"}
)
_IDENTIFIER: Final = Kind(attributes={**_ID, "TYPE": "string"}, text="string")
_PAR_OR_SEQ: Final[Mapping[str, Values]] = {**_ID, **_LABELS}
_WRAP: Final = "(binData|xmlData)?"
_OBJECT: Final = Kind(attributes={**_ID, "LABEL": "string", **_LOCATION, **_LINK})

MODEL: Final = Model.of(
    NAMESPACE,
    {
        "mets": Kind(
            "metsHdr? dmdSec* amdSec* fileSec? structMap+ structLink? behaviorSec*",
            {**_ID, "OBJID": "string", "LABEL": "string", "TYPE": "string", "PROFILE": "string"},
        ),
        "metsHdr": Kind(
            "agent* altRecordID* metsDocumentID?",
            {**_ID, "ADMID": "idrefs", "CREATEDATE": "dateTime", "LASTMODDATE": "dateTime", "RECORDSTATUS": "string"},
        ),
        "agent": Kind(
            "name note*",
            {
                **_ID,
                "ROLE!": ("CREATOR", "EDITOR", "ARCHIVIST", "PRESERVATION", "DISSEMINATOR", "CUSTODIAN", "IPOWNER", "OTHER"),
                "OTHERROLE": "string",
                "TYPE": ("INDIVIDUAL", "ORGANIZATION", "OTHER"),
                "OTHERTYPE": "string",
            },
        ),
        "name": Kind(text="string"),
        "note": Kind(text="string"),
        "altRecordID": _IDENTIFIER,
        "metsDocumentID": _IDENTIFIER,
        "dmdSec": _MDSEC,
        "amdSec": Kind("techMD* rightsMD* sourceMD* digiprovMD*", _ID),
        **dict.fromkeys(("techMD", "rightsMD", "sourceMD", "digiprovMD"), _MDSEC),
        "mdRef": Kind(attributes={**_ID, **_LOCATION, **_LINK, **_METADATA, **_FILE, "LABEL": "string", "XPTR": "string"}),
        "mdWrap": Kind(_WRAP, {**_ID, **_METADATA, **_FILE, "LABEL": "string"}),
        "binData": Kind(text="base64"),
        "xmlData": Kind(SOME),
        "fileSec": Kind("fileGrp+", _ID),
        "fileGrp": Kind("(fileGrp*|file*)", {**_ID, "VERSDATE": "dateTime", "ADMID": "idrefs", "USE": "string"}),
        "file": Kind(
            "FLocat* FContent? stream* transformFile* file*",
            {**_FILE, **_TRACE, "ID!": "id", "SEQ": "int", "GROUPID": "string", "USE": "string", "BETYPE": ("BYTE",)},
        ),
        "FLocat": Kind(attributes={**_ID, **_LOCATION, **_LINK, "USE": "string"}),
        "FContent": Kind(_WRAP, {**_ID, "USE": "string"}),
        "stream": Kind(ANY, {**_ID, **_TRACE, "streamType": "string", "BETYPE": ("BYTE",)}),
        "transformFile": Kind(
            ANY,
            {
                **_ID,
                "TRANSFORMTYPE!": ("decompression", "decryption"),
                "TRANSFORMALGORITHM!": "string",
                "TRANSFORMKEY": "string",
                "TRANSFORMBEHAVIOR": "idref",
                "TRANSFORMORDER!": "positive",
            },
        ),
        "structMap": Kind("div", {**_ID, "TYPE": "string", "LABEL": "string"}),
        "div": Kind(
            "mptr* fptr* div*",
            {**_ID, **_LABELS, "DMDID": "idrefs", "ADMID": "idrefs", "TYPE": "string", "CONTENTIDS": "string", "xlink:label": "string"},
        ),
        "mptr": Kind(attributes={**_ID, **_LOCATION, **_LINK, "CONTENTIDS": "string"}),
        "fptr": Kind("(par|seq|area)?", {**_ID, "FILEID": "idref", "CONTENTIDS": "string"}),
        "par": Kind("(area|seq)*", _PAR_OR_SEQ),
        "seq": Kind("(area|par)*", _PAR_OR_SEQ),
        "area": Kind(
            attributes={
                **_ID,
                **_LABELS,
                "FILEID!": "idref",
                "SHAPE": ("RECT", "CIRCLE", "POLY"),
                "BETYPE": _BETYPES,
                "EXTTYPE": tuple(kind for kind in _BETYPES if kind not in ("IDREF", "XPTR")),
                "ADMID": "idrefs",
                **{name: "string" for name in ("COORDS", "BEGIN", "END", "EXTENT", "CONTENTIDS")},
            }
        ),
        "structLink": Kind("(smLink|smLinkGrp)+", _ID),
        "smLink": Kind(
            attributes={
                **_ID,
                **{f"xlink:{name}": _LINK.get(f"xlink:{name}", "string") for name in ("arcrole", "title", "show", "actuate")},
                "xlink:to!": "string",
                "xlink:from!": "string",
            }
        ),
        "smLinkGrp": Kind(
            "smLocatorLink smLocatorLink+ smArcLink+", {**_ID, "ARCLINKORDER": ("ordered", "unordered"), "xlink:*": "string"}
        ),
        "smLocatorLink": Kind(attributes={**_ID, "xlink:href!": "uri", "xlink:*": "string"}),
        "smArcLink": Kind(attributes={**_ID, "ARCTYPE": "string", "ADMID": "idrefs", "xlink:*": "string"}),
        "behaviorSec": Kind("behaviorSec* behavior*", {**_ID, "CREATED": "dateTime", "LABEL": "string"}),
        "behavior": Kind(
            "interfaceDef? mechanism",
            {
                **_ID,
                "STRUCTID": "idrefs",
                "CREATED": "dateTime",
                "ADMID": "idrefs",
                **{name: "string" for name in ("BTYPE", "LABEL", "GROUPID")},
            },
        ),
        "interfaceDef": _OBJECT,
        "mechanism": _OBJECT,
    },
)
