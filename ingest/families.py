"""Which formats are read alike: MIME type → family. What is in no family is kept without text."""

from enum import StrEnum
from types import MappingProxyType
from typing import Final

from ingest.step import Format


class Family(StrEnum):
    """Formats read by one function of ingest.tools."""

    PDF = "pdf"
    IMAGE = "image"
    DOCUMENT = "document"
    WORKBOOK = "workbook"
    PRESENTATION = "presentation"
    ODT = "odt"
    ODS = "ods"
    ODP = "odp"
    TEXT = "text"
    JSON = "json"
    XML = "xml"
    HTML = "html"
    RTF = "rtf"
    EML = "eml"
    MBOX = "mbox"
    MSG = "msg"
    ZIP = "zip"
    CMS = "cms"
    P7Z = "p7z"
    ENCRYPTED_OFFICE = "encrypted office"
    OLD_OFFICE = "old office"
    OTHER = "other"


OFFICE: Final = frozenset({Family.DOCUMENT, Family.WORKBOOK, Family.PRESENTATION, Family.ODT, Family.ODS, Family.ODP})
MARKUP: Final = frozenset({Family.TEXT, Family.JSON, Family.XML, Family.HTML, Family.RTF})
MAIL: Final = frozenset({Family.EML, Family.MBOX, Family.MSG})
ENVELOPES: Final = frozenset({Family.CMS, Family.P7Z})
"""What holds documents only to sign them: the document inside is what is read."""

_OOXML: Final = "application/vnd.openxmlformats-officedocument."
_ODF: Final = "application/vnd.oasis.opendocument."
_BY_MIME: Final = MappingProxyType(
    {
        "application/pdf": Family.PDF,
        "image/jpeg": Family.IMAGE,
        "image/png": Family.IMAGE,
        "image/tiff": Family.IMAGE,
        "image/gif": Family.IMAGE,
        "image/bmp": Family.IMAGE,
        "image/x-bmp": Family.IMAGE,
        "image/x-ms-bmp": Family.IMAGE,
        "image/webp": Family.IMAGE,
        _OOXML + "wordprocessingml.document": Family.DOCUMENT,
        _OOXML + "wordprocessingml.template": Family.DOCUMENT,
        "application/vnd.ms-word.document.macroenabled.12": Family.DOCUMENT,
        _OOXML + "spreadsheetml.sheet": Family.WORKBOOK,
        _OOXML + "spreadsheetml.template": Family.WORKBOOK,
        "application/vnd.ms-excel.sheet.macroenabled.12": Family.WORKBOOK,
        _OOXML + "presentationml.presentation": Family.PRESENTATION,
        _OOXML + "presentationml.slideshow": Family.PRESENTATION,
        "application/vnd.ms-powerpoint.presentation.macroenabled.12": Family.PRESENTATION,
        _ODF + "text": Family.ODT,
        _ODF + "text-template": Family.ODT,
        _ODF + "spreadsheet": Family.ODS,
        _ODF + "presentation": Family.ODP,
        "application/json": Family.JSON,
        "application/geo+json": Family.JSON,
        "application/xml": Family.XML,
        "text/xml": Family.XML,
        "text/html": Family.HTML,
        "application/xhtml+xml": Family.HTML,
        "application/rtf": Family.RTF,
        "text/rtf": Family.RTF,
        "message/rfc822": Family.EML,
        "multipart/related": Family.EML,
        "application/mbox": Family.MBOX,
        "application/vnd.ms-outlook": Family.MSG,
        "application/zip": Family.ZIP,
        "application/pkcs7-mime": Family.CMS,
        "application/x-pkcs7-mime": Family.CMS,
        "application/pkcs7-signature": Family.CMS,
        "application/x-pkcs7-signature": Family.CMS,
        "application/x-p7z": Family.P7Z,
        "application/x-encrypted-office": Family.ENCRYPTED_OFFICE,
        "application/msword": Family.OLD_OFFICE,
        "application/vnd.ms-excel": Family.OLD_OFFICE,
        "application/vnd.ms-powerpoint": Family.OLD_OFFICE,
        "application/x-ole-storage": Family.OLD_OFFICE,
    }
)
_TEXTUAL: Final = frozenset({"application/javascript", "application/sql", "application/x-yaml"})


def family_of(known: Format | None) -> Family:
    """The family of a format; OTHER for what nothing here reads."""
    if known is None:
        return Family.OTHER
    mime = known.mime.lower()
    if mime in _BY_MIME:
        return _BY_MIME[mime]
    if mime.endswith("+xml"):
        return Family.XML
    return Family.TEXT if mime.startswith("text/") or mime in _TEXTUAL else Family.OTHER
