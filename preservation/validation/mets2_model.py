"""METS 2 as a model: what the schema of the Library of Congress allows, told again as data of our own."""

from collections.abc import Mapping
from typing import Final

from preservation.validation.mets_model import NAMESPACE_2
from preservation.validation.xml_model import ANY, SOME, Kind, Model, Values

_ID: Final[Mapping[str, Values]] = {"ID": "id"}
_OPEN: Final[Mapping[str, Values]] = {"xlink:*": "string"}
"""Of the elements that take attributes of any other vocabulary."""
_LABELS: Final[Mapping[str, Values]] = {"ORDER": "int", "ORDERLABEL": "string", "LABEL": "string"}
_METADATA: Final[Mapping[str, Values]] = {"MDTYPE!": "string", "MDTYPEVERSION": "string"}
_LOCATION: Final[Mapping[str, Values]] = {"LOCREF!": "string", "LOCTYPE!": "string"}
_FILE: Final[Mapping[str, Values]] = {
    **{"MIMETYPE": "string", "SIZE": "int", "CREATED": "dateTime", "CHECKSUM": "string", "CHECKSUMTYPE": "string"},
}
_TRACE: Final[Mapping[str, Values]] = {"OWNERID": "string", "MDID": "idrefs", "BEGIN": "string", "END": "string", "BETYPE": "string"}
_IDENTIFIER: Final = Kind(attributes={**_ID, "TYPE": "string"}, text="string", is_closed=True)
_WRAP: Final = "(binData|xmlData)?"
_PAR_OR_SEQ: Final[Mapping[str, Values]] = {**_ID, **_LABELS, **_OPEN}

MODEL_2: Final = Model.of(
    NAMESPACE_2,
    {
        "mets": Kind(
            "metsHdr? mdSec? fileSec? structSec?",
            {**_ID, **_OPEN, "OBJID": "string", "LABEL": "string", "TYPE": "string", "PROFILE": "string"},
        ),
        "metsHdr": Kind(
            "agent* altRecordID* metsDocumentID?",
            {**_ID, **_OPEN, "MDID": "idrefs", "CREATEDATE": "dateTime", "LASTMODDATE": "dateTime", "RECORDSTATUS": "string"},
        ),
        "agent": Kind("name note*", {**_ID, "ROLE!": "string", "TYPE": "string"}, is_closed=True),
        "name": Kind(text="string", is_closed=True),
        "note": Kind(attributes=_OPEN, text="string"),
        "altRecordID": _IDENTIFIER,
        "metsDocumentID": _IDENTIFIER,
        "mdSec": Kind("(mdGrp+|md+)", {**_ID, **_OPEN}),
        "mdGrp": Kind("md+", {**_ID, "USE": "string", "STATUS": "string"}, is_closed=True),
        "md": Kind(
            "(mdRef? mdWrap?|mdWrap mdRef)",
            {
                **_OPEN,
                **{"ID!": "id", "MDID": "idrefs", "CREATED": "dateTime"},
                **{name: "string" for name in ("USE", "GROUPID", "STATUS")},
            },
        ),
        "mdRef": Kind(attributes={**_ID, **_LOCATION, **_METADATA, **_FILE, "LABEL": "string"}, is_closed=True),
        "mdWrap": Kind(_WRAP, {**_ID, **_METADATA, **_FILE, "LABEL": "string"}, is_closed=True),
        "binData": Kind(text="base64", is_closed=True),
        "xmlData": Kind(SOME, is_closed=True),
        "fileSec": Kind("(fileGrp+|file+)", {**_ID, **_OPEN}),
        "fileGrp": Kind("file+", {**_ID, **_OPEN, "VERSDATE": "dateTime", "MDID": "idrefs", "USE": "string"}),
        "file": Kind(
            "FLocat* FContent? stream* transformFile* file*",
            {**_FILE, **_TRACE, **_OPEN, "ID!": "id", "SEQ": "int", "GROUPID": "string", "USE": "string"},
        ),
        "FLocat": Kind(attributes={**_ID, **_LOCATION, "USE": "string"}, is_closed=True),
        "FContent": Kind(_WRAP, {**_ID, "USE": "string"}, is_closed=True),
        "stream": Kind(ANY, {**_ID, **_TRACE, "streamType": "string"}),
        "transformFile": Kind(
            ANY,
            {
                **_ID,
                **{"TRANSFORMTYPE!": "string", "TRANSFORMALGORITHM!": "string", "TRANSFORMKEY": "string", "TRANSFORMORDER!": "positive"},
            },
        ),
        "structSec": Kind("structMap+", _ID, is_closed=True),
        "structMap": Kind("div", {**_ID, **_OPEN, "TYPE": "string", "LABEL": "string"}),
        "div": Kind("mptr* fptr* div*", {**_ID, **_LABELS, "MDID": "idrefs", "TYPE": "string", "CONTENTIDS": "string"}, is_closed=True),
        "mptr": Kind(attributes={**_ID, **_LOCATION, "CONTENTIDS": "string"}, is_closed=True),
        "fptr": Kind("(par|seq|area)?", {**_ID, **_OPEN, "FILEID": "idref", "CONTENTIDS": "string"}),
        "par": Kind("(area|seq)*", _PAR_OR_SEQ),
        "seq": Kind("(area|par)*", _PAR_OR_SEQ),
        "area": Kind(
            attributes={
                **_ID,
                **_LABELS,
                **_OPEN,
                **{"FILEID!": "idref", "MDID": "idrefs"},
                **{name: "string" for name in ("SHAPE", "COORDS", "BEGIN", "END", "BETYPE", "EXTENT", "EXTTYPE", "CONTENTIDS")},
            }
        ),
    },
)
