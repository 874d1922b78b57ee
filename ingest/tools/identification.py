"""Identify a file by PRONOM's signatures, through pygfried (Siegfried). Its Go runtime lives only here, in a child started by exec."""

import re
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

import pygfried

from ingest.tools.sniff import declared_package, sniff
from preservation.formats import Certainty


@dataclass(frozen=True, slots=True)
class Identity:
    """What a file is. `mismatch`: its extension promises another format; `puid` None: no PRONOM signature matched.

    `certainty` is a value of preservation.formats.Certainty, "" where nothing is known; `signatures` names the signature files asked.
    """

    puid: str | None
    mime: str
    name: str
    version: str
    basis: str
    mismatch: bool
    certainty: str = ""
    signatures: str = ""


def identify(path: str, folder: str, extension: str) -> dict[str, object]:
    """Identify `path`; a link with `extension` is made in `folder`, because PRONOM also looks at the name."""
    suffix = re.sub(r"[^a-z0-9]", "", extension.lower())[:12]
    link = Path(folder) / (f"named.{suffix}" if suffix else "named")
    link.unlink(missing_ok=True)
    link.symlink_to(Path(path).absolute())
    try:
        answer = pygfried.identify(str(link), detailed=True)
    finally:
        link.unlink()
    match = _narrowed(_best(answer["files"][0]["matches"]), Path(path))
    known = _reconcile(match, *sniff(Path(path), suffix), suffix)
    return asdict(replace(known, certainty=_certainty(known), signatures=answer["identifiers"][0]["details"]))


def _certainty(known: Identity) -> str:
    """What the identity rests on, from its basis as PRONOM's identifier words it."""
    if known.puid is None:
        return Certainty.CONTENT if known.basis else ""
    if "container" in known.basis:
        return Certainty.CONTAINER
    if "byte match" in known.basis or "xml match" in known.basis:
        return Certainty.SIGNATURE
    return Certainty.CONTENT if "text match" in known.basis else Certainty.EXTENSION


def _narrowed(match: "pygfried.Match", path: Path) -> "pygfried.Match":
    """OpenDocument 1.0 of a package that does not open, told apart by the type that stands at byte 38 (ISO/IEC 26300-1, part 3, 3.3)."""
    narrower = _OPEN_DOCUMENT.get(declared_package(path)) if match["id"] == _ANY_OPEN_DOCUMENT else None
    if narrower is None:
        return match
    puid, name, mime = narrower
    return {**match, "id": puid, "format": name, "mime": mime, "basis": f"{match['basis']}; type at 38"}


def _best(matches: list["pygfried.Match"]) -> "pygfried.Match":
    """The first match of a signature in the bytes, else the first."""
    by_bytes = [match for match in matches if "byte match" in match["basis"] or "container" in match["basis"]]
    return (by_bytes or matches)[0]


def _reconcile(match: "pygfried.Match", mime: str, name: str, extension: str) -> Identity:
    """PRONOM's word where a signature matched bytes; else what the content looks like, keeping PRONOM's identifier where they agree.

    `mime` and `name` are what the content looks like, "" for nothing known.
    """
    puid = match["id"]
    named = match["mime"].split(",")[0].strip() or _UNNAMED.get(puid, "")
    if puid == "UNKNOWN":
        return _by_content(mime, name, extension)
    if "on extension only" in match["warning"] or puid == _PLAIN_TEXT:
        if mime and mime != named and not (mime == "text/plain" and (named.startswith("text/") or named in _TEXTUAL)):
            return _by_content(mime, name, extension)
        if not mime and extension in _EXPECTED:
            return _by_content(mime, name, extension)
        return Identity(
            puid, named or "application/octet-stream", match["format"], match["version"], match["basis"], _broken(mime, extension)
        )
    if named == "text/html" and mime == "message/rfc822":
        return _by_content(mime, name, extension)  # a message with a page inside
    packed = named in ("application/zip", "") and mime not in ("", "application/zip")
    if packed or (named.startswith(_OOXML) and mime.startswith(_OOXML)):
        named = mime  # a package that PRONOM does not know closer, or of whose strict kind it names another; the identifier stays
    mismatch = "extension mismatch" in match["warning"] and bool(extension) and named not in _EXPECTED.get(extension, ())
    return Identity(puid, named or "application/octet-stream", match["format"], match["version"], match["basis"], mismatch)


def _by_content(mime: str, name: str, extension: str) -> Identity:
    if not mime:
        return Identity(None, "application/octet-stream", "", "", "", extension in _EXPECTED)
    return Identity(None, mime, name, "", "content", _broken(mime, extension))


def _broken(mime: str, extension: str) -> bool:
    """Whether `extension` promises something else than content that looks like `mime`."""
    return extension in _EXPECTED and mime not in _EXPECTED[extension]


_PLAIN_TEXT: Final = "x-fmt/111"
_ANY_OPEN_DOCUMENT: Final = "fmt/135"
_ODF: Final = "application/vnd.oasis.opendocument."
_OPEN_DOCUMENT: Final = MappingProxyType(
    {
        _ODF + "text": ("fmt/136", "OpenDocument Text", _ODF + "text"),
        _ODF + "spreadsheet": ("fmt/137", "OpenDocument Spreadsheet", _ODF + "spreadsheet"),
        _ODF + "presentation": ("fmt/138", "OpenDocument Presentation", _ODF + "presentation"),
        _ODF + "graphics": ("fmt/139", "OpenDocument Drawing", _ODF + "graphics"),
    }
)
_TEXTUAL: Final = frozenset({"application/json", "application/xml", "application/rtf", "application/javascript", "application/sql"})
_OOXML: Final = "application/vnd.openxmlformats-officedocument."
_UNNAMED: Final = MappingProxyType({"fmt/494": "application/x-encrypted-office"})
_EXPECTED: Final[Mapping[str, frozenset[str]]] = MappingProxyType(
    {
        "pdf": frozenset({"application/pdf"}),
        "jpg": frozenset({"image/jpeg"}),
        "jpeg": frozenset({"image/jpeg"}),
        "png": frozenset({"image/png"}),
        "tif": frozenset({"image/tiff"}),
        "tiff": frozenset({"image/tiff"}),
        "gif": frozenset({"image/gif"}),
        "docx": frozenset({_OOXML + "wordprocessingml.document"}),
        "xlsx": frozenset({_OOXML + "spreadsheetml.sheet"}),
        "pptx": frozenset({_OOXML + "presentationml.presentation"}),
        "odt": frozenset({"application/vnd.oasis.opendocument.text"}),
        "ods": frozenset({"application/vnd.oasis.opendocument.spreadsheet"}),
        "odp": frozenset({"application/vnd.oasis.opendocument.presentation"}),
        "doc": frozenset({"application/x-ole-storage"}),
        "xls": frozenset({"application/x-ole-storage"}),
        "ppt": frozenset({"application/x-ole-storage"}),
        "msg": frozenset({"application/vnd.ms-outlook"}),
        "mbox": frozenset({"application/mbox"}),
        "rtf": frozenset({"application/rtf"}),
        "zip": frozenset({"application/zip"}),
        "p7m": frozenset({"application/pkcs7-mime"}),
        "p7s": frozenset({"application/pkcs7-mime"}),
        "p7z": frozenset({"application/x-p7z", "application/pkcs7-mime"}),
        "eml": frozenset({"message/rfc822"}),
        "html": frozenset({"text/html"}),
        "htm": frozenset({"text/html"}),
        "xhtml": frozenset({"application/xhtml+xml", "application/xml", "text/html"}),
        "xml": frozenset({"application/xml"}),
        "fodt": frozenset({"application/xml"}),
        "fods": frozenset({"application/xml"}),
        "fodp": frozenset({"application/xml"}),
    }
)

CALLS: Final[Mapping[str, Callable[..., Any]]] = MappingProxyType({"identify": identify})
