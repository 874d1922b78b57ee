"""Signed envelopes: a CMS message with the document inside or beside, and a zip of documents and their signatures (P7Z)."""

import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import asdict
from importlib.metadata import version
from pathlib import Path, PurePosixPath
from types import MappingProxyType
from typing import Any, Final

from asn1crypto import cms

from ingest.tools.answers import Examined, Reading, Refused, plain
from ingest.tools.attaching import Attaching
from ingest.tools.cms_message import content_of, signed_data
from ingest.tools.cms_signatures import judged
from ingest.tools.package import Package, is_unsafe, opened
from ingest.tools.signed import BROKEN, Signed, Trust

_MESSAGE: Final = "mensaje.eml"
_HEADER: Final = re.compile(rb"(Content-Type|MIME-Version):", re.I)
_LEFT_OUT: Final = "cms.left_out"
SIGNATURES: Final = (".p7s", ".p7m", ".p7b", ".pkcs7")
"""How the names of CMS messages end."""


def examine_cms(path: str) -> dict[str, object]:
    """Examine a CMS message: whether it can be opened, is signed, and holds its document."""
    found = Examined()
    try:
        signed = signed_data(Path(path).read_bytes())
        count = len(signed["signer_infos"])
        holds = content_of(signed) is not None
    except Refused as refusal:
        found.refuse(refusal.code)
        return plain(found)
    except BROKEN:
        found.refuse("cms.damaged")
        return plain(found)
    found.signed = count > 0
    if not count:
        found.note("cms.no_signers")
    elif holds:
        found.note("cms.signed", count=count)
    if not holds:
        found.note("cms.detached")
    return plain(found)


def examine_p7z(path: str, max_expanded: int) -> dict[str, object]:
    """Examine a zip of signed documents, within `max_expanded` bytes."""
    found = Examined()
    try:
        with opened(path, max_expanded) as package:
            names = _files(package)
            found.signed = any(name.lower().endswith(SIGNATURES) for _, name in names)
            found.note("package.contents", count=len(names))
            if any(is_unsafe(name) for _, name in names):
                found.note("package.unsafe_names")
    except Refused as refusal:
        found.refuse(refusal.code)
    return plain(found)


def take_out_cms(path: str, folder: str, max_bytes: int) -> dict[str, object]:
    """Write what a message holds into `folder`, as the thing of number 1, if it has at most `max_bytes`."""
    reading = Reading()
    content = content_of(signed_data(Path(path).read_bytes()))
    if content is not None:
        Attaching(reading, Path(folder), _LEFT_OUT, max_bytes).add(1, _MESSAGE if _HEADER.match(content) else "contenido", content)
    return plain(reading)


def take_out_p7z(path: str, folder: str, max_bytes: int, max_expanded: int) -> dict[str, object]:
    """Write the documents of a zip into `folder`, under their numbers in it; signatures of what lies beside them stay where they are."""
    reading = Reading()
    attaching = Attaching(reading, Path(folder), _LEFT_OUT, max_bytes)
    with opened(path, max_expanded) as package:
        for number, name in _files(package):
            if _detached(package, name) is None:
                attaching.add(number, PurePosixPath(name.replace("\\", "/")).name, package.read(name))
    return plain(reading)


def verify_cms(path: str, roots: str | None, document: str | None = None) -> dict[str, Any]:
    """The signatures of a message, of what it holds or else of the file `document`. Answers as signatures.verify does."""
    signed = signed_data(Path(path).read_bytes())
    content = content_of(signed)
    if content is None and document is not None:
        content = Path(document).read_bytes()
    trust = Trust.of(roots)
    return _answer(judged(signed, content, trust), trust)


def verify_p7z(path: str, roots: str | None, max_expanded: int) -> dict[str, Any]:
    """The signatures of a zip that are of what lies beside them. Answers as signatures.verify does."""
    trust, found = Trust.of(roots), list[Signed]()
    with opened(path, max_expanded) as package:
        for _, name in _files(package):
            if (signed := _detached(package, name)) is not None:
                document = signed_by(name, [other for _, other in _files(package)])
                found.extend(judged(signed, None if document is None else package.read(document), trust))
    return _answer(found, trust)


def _answer(found: list[Signed], trust: Trust) -> dict[str, Any]:
    return {"signatures": [asdict(one) for one in found], "roots": len(trust.roots), "agent": f"pyHanko {version('pyhanko')}"}


def _files(package: Package) -> list[tuple[int, str]]:
    """The files of a package by their number, from 1."""
    return [(number, entry.filename) for number, entry in enumerate(package.zip.infolist(), 1) if not entry.is_dir()]


def _detached(package: Package, name: str) -> cms.SignedData | None:
    """The message at `name`, where it is a signature of something beside it."""
    if name.lower().endswith(SIGNATURES):
        with suppress(Refused):
            signed = signed_data(package.read(name))
            return signed if content_of(signed) is None else None
    return None


def signed_by(signature: str, names: list[str]) -> str | None:
    """The name, of these, that a signature beside them is of: its own without the ending, one of its stem, or the only one."""
    others = [name for name in names if not name.lower().endswith(SIGNATURES)]
    return next(_candidates(signature, others), None)


def _candidates(signature: str, others: list[str]) -> Iterator[str]:
    base = signature.rsplit(".", 1)[0]
    yield from (name for name in others if name == base)
    yield from (name for name in others if name.rsplit(".", 1)[0] == base)
    yield from others if len(others) == 1 else ()


CALLS: Final[Mapping[str, Callable[..., Any]]] = MappingProxyType(
    {
        "examine_cms": examine_cms,
        "examine_p7z": examine_p7z,
        "take_out_cms": take_out_cms,
        "take_out_p7z": take_out_p7z,
        "verify_cms": verify_cms,
        "verify_p7z": verify_p7z,
    }
)
