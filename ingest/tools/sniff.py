"""Tell a format from its first bytes, for what PRONOM's signatures leave open: mail, marked-up and plain text, damaged files."""

import base64
import re
import zipfile
from contextlib import suppress
from pathlib import Path
from typing import Final

from ingest.tools import decoding

HEAD: Final = 65_536

_OLE: Final = "application/x-ole-storage"
_MAGIC: Final = (
    (b"%PDF-", "application/pdf", "Portable Document Format"),
    (b"\xff\xd8\xff", "image/jpeg", "JPEG"),
    (b"\x89PNG\r\n\x1a\n", "image/png", "Portable Network Graphics"),
    (b"II*\0", "image/tiff", "Tagged Image File Format"),
    (b"MM\0*", "image/tiff", "Tagged Image File Format"),
    (b"II+\0", "image/tiff", "BigTIFF"),
    (b"MM\0+", "image/tiff", "BigTIFF"),
    (b"GIF8", "image/gif", "Graphics Interchange Format"),
    (b"{\\rtf", "application/rtf", "Rich Text Format"),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", _OLE, "OLE2 Compound Document"),
    (b"PK\x03\x04", "application/zip", "ZIP Format"),
    (b"PK\x05\x06", "application/zip", "ZIP Format"),
    (b"\x7fELF", "application/x-executable", "Executable and Linkable Format"),
    (b"MZ", "application/x-msdownload", "Windows executable"),
)
_MAIL_HEADER: Final = re.compile(
    rb"^(From|To|Cc|Subject|Date|Received|MIME-Version|Message-ID|Return-Path|Delivered-To|Reply-To|Content-Type|X-[\w-]+):", re.M | re.I
)
_MAILBOX: Final = re.compile(rb"From \S+ .*\d{4}\b.*\r?\n(>?From )?[\w-]+:")
_HTML: Final = re.compile(rb"^\s*(<!--.{0,2000}?-->\s*)*(<!doctype html|<html|<head|<body)", re.I | re.S)
_XML: Final = re.compile(rb"^\s*(<\?xml\s|<!DOCTYPE\s|<[A-Za-z_][\w.:-]*(\s[^<>]*)?/?>)")
_ARMOUR: Final = re.compile(rb"\s*-----BEGIN (?:PKCS7|PKCS #7 SIGNED DATA|CMS)-----")
_BASE64: Final = re.compile(rb"\s*MI[0-9A-Za-z+/\s]{58}")
_CMS: Final = re.compile(
    rb"\x30(?:[\x00-\x80]|\x81.|\x82..|\x83...|\x84....)\x06[\x09\x0b]\x2a\x86\x48\x86\xf7\x0d\x01(\x07[\x02-\x06]|\x09\x10\x01[\x02\x09\x17])",
    re.S,
)
_CMS_NAMES: Final = {b"\x07\x02": "PKCS #7 Cryptographic Message File", b"\x07\x03": "CMS EnvelopedData"}
_BY_EXTENSION: Final = {
    "csv": ("text/csv", "Comma Separated Values"),
    "tsv": ("text/csv", "Tab Separated Values"),
    "json": ("application/json", "JSON"),
    "html": ("text/html", "Hypertext Markup Language"),
    "htm": ("text/html", "Hypertext Markup Language"),
    "xml": ("application/xml", "Extensible Markup Language"),
    "eml": ("message/rfc822", "Internet Message Format"),
}
_OOXML: Final = (
    ("word/", "application/vnd.openxmlformats-officedocument.wordprocessingml.document", "Office Open XML document"),
    ("xl/", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", "Office Open XML workbook"),
    ("ppt/", "application/vnd.openxmlformats-officedocument.presentationml.presentation", "Office Open XML presentation"),
)


def sniff(path: Path, extension: str) -> tuple[str, str]:
    """(MIME type, name) by content; plain text is refined by `extension`. ("", "") for bytes that mean nothing."""
    with path.open("rb") as stream:
        head = stream.read(HEAD)
    for magic, mime, name in _MAGIC:
        if head.startswith(magic):
            if mime == _OLE and extension == "msg":
                return (
                    "application/vnd.ms-outlook",
                    "Microsoft Outlook message",
                )  # one that is cut: its reader tells what is left
            return _package(path, mime, name, extension) if mime == "application/zip" else (mime, name)
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return "image/webp", "WebP"
    if head[:2] == b"BM" and head[6:10] == b"\0\0\0\0":
        return "image/bmp", "Windows Bitmap"
    if b"%PDF-" in head[:1024]:
        return "application/pdf", "Portable Document Format"
    return _text(head, extension)


def _text(head: bytes, extension: str) -> tuple[str, str]:
    marked = _as_utf8(head)
    if (message := _cms(head)) is not None:
        return message
    if not is_text(marked):
        return "", ""
    if extension != "eml" and _MAILBOX.match(marked):
        return "application/mbox", "MBOX"
    headers = {match.group(1).lower() for match in _MAIL_HEADER.finditer(marked[:8192])}
    if (len(headers) >= 3 and _starts_with_header(marked)) or (extension == "eml" and headers):
        return "message/rfc822", "Internet Message Format"
    if _HTML.match(marked):
        return "text/html", "Hypertext Markup Language"
    if _XML.match(marked):
        return _BY_EXTENSION["html" if extension in ("html", "htm") else "xml"]
    if extension == "json" and marked.lstrip()[:1] not in (b"{", b"["):
        return "text/plain", "Plain Text File"
    if extension in _BY_EXTENSION and extension not in ("xml", "eml"):
        return _BY_EXTENSION[extension]
    return "text/plain", "Plain Text File"


def _cms(head: bytes) -> tuple[str, str] | None:
    """A CMS message (RFC 5652, 3) in DER or BER, in base64 or with the armour of PEM, by the type of content that it says at its head."""
    start = head
    if armoured := _ARMOUR.match(head):
        start = head[armoured.end() :]
    if armoured or _BASE64.match(start):
        with suppress(ValueError):
            start = base64.b64decode(b"".join(start[:120].split())[:60])
    found = _CMS.match(start)
    return ("application/pkcs7-mime", _CMS_NAMES.get(found[1], "CMS")) if found else None


def _as_utf8(head: bytes) -> bytes:
    """Text of two or four bytes a letter as UTF-8; anything else as it is."""
    if (text := decoding.marked(head)) is not None:
        return text.encode()
    if encoding := decoding.without_mark(head):
        with suppress(UnicodeDecodeError):
            return head[: len(head) // 2 * 2].decode(encoding).encode()
    return head


def is_text(head: bytes) -> bool:
    """Hardly any control characters: text in UTF-8 or in an encoding of one byte a character."""
    if not head:
        return False
    controls = sum(head.count(bytes([code])) for code in range(32) if code not in (7, 9, 10, 12, 13, 27))
    return b"\0" not in head and controls <= len(head) // 200


def _starts_with_header(head: bytes) -> bool:
    first = head.lstrip().split(b"\n", 1)[0]
    return re.match(rb"[\w-]+:|From ", first) is not None


def declared_package(path: Path) -> str:
    """The type that an OpenDocument package says at byte 38 that it is, also one that is cut; "" for none."""
    with path.open("rb") as stream:
        head = stream.read(200)
    found = re.match(rb"PK\x03\x04.{26}mimetype(application/[a-z.]+)", head, re.S)
    return found[1].decode("ascii") if found else ""


def _package(path: Path, mime: str, name: str, extension: str) -> tuple[str, str]:
    """A zip is often a package of something better known."""
    try:
        with zipfile.ZipFile(path) as package:
            names = package.namelist()[:5000]
            declared = package.read("mimetype")[:100].decode("ascii", "replace") if "mimetype" in names[:1] else ""
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError, RuntimeError):
        names, declared = [], ""
    if declared.startswith("application/vnd.oasis.opendocument"):
        return declared.strip(), "OpenDocument"
    if "[Content_Types].xml" in names:
        for folder, office, title in _OOXML:
            if any(entry.startswith(folder) for entry in names):
                return office, title
    return ("application/x-p7z", "P7Z") if extension == "p7z" else (mime, name)
