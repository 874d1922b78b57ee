"""Validate the signatures of an Internet message: S/MIME (RFC 8551; RFC 1847), and those that its attachments carry or are."""

import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import asdict, replace
from email import policy
from email.message import MIMEPart
from email.parser import BytesParser
from importlib.metadata import version
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

from asn1crypto import cms

from ingest.tools.answers import Refused, note
from ingest.tools.cms_message import content_of, signed_data
from ingest.tools.cms_signatures import judged
from ingest.tools.envelopes import SIGNATURES, signed_by
from ingest.tools.mail import attachments, filename, is_smime, payload
from ingest.tools.signed import MOST, Signed, State, Trust

_NEW_LINE: Final = re.compile(rb"\r?\n")
_FIRST_LINE: Final = re.compile(rb"\A\r?\n")
_SIGNED: Final = "multipart/signed"


def verify(path: str, roots: str | None) -> dict[str, Any]:
    """The signatures of the message at `path`, of those inside it, and of its attachments. Answers as signatures.verify
    does, with notes.
    """
    content = Path(path).read_bytes().lstrip()
    message = BytesParser(policy=policy.default).parsebytes(content)
    trust, found = Trust.of(roots), list[Signed]()
    for part in message.walk():
        if len(found) < MOST:
            inside = "" if part is message else "el mensaje que viene dentro"
            found.extend(replace(one, covers=inside or one.covers) for one in _of_message(content, part, trust))
    found.extend(_of_attachments(message, trust))
    notes = [asdict(note("mail.signed"))] if any(not one.covers for one in found) else []
    told = [asdict(one) for one in found[:MOST]]
    return {"signatures": told, "roots": len(trust.roots), "agent": f"pyHanko {version('pyhanko')}", "notes": notes}


def _of_message(content: bytes, part: MIMEPart, trust: Trust) -> Iterator[Signed]:
    """The signatures of an entity that is a signed message, beside what it signs or around it."""
    if is_smime(part) and (filename(part) or "smime.p7m").lower() == "smime.p7m":
        with suppress(Refused):
            signed = signed_data(payload(part))
            held = content_of(signed)
            yield from judged(signed, held, trust) if held is not None else ()
    elif part.get_content_type() == _SIGNED and part.is_multipart():
        yield from _of_parts(content, part, list(part.iter_parts()), trust)


def _of_parts(content: bytes, part: MIMEPart, inside: list[MIMEPart], trust: Trust) -> Iterator[Signed]:
    """The signatures of a message of two parts, the first of which the second signs; a reader shows others too, which nobody signed."""
    signature = next((one for one in inside[1:] if is_smime(one)), None)
    if signature is None:
        return
    try:
        signed = signed_data(payload(signature))
    except Refused:
        yield Signed("1", "signature", State.UNREADABLE)
        return
    first = _first(content, str(part.get_boundary() or ""))
    covers = "" if len(inside) == 2 and first is not None and _is_same(first, inside[0]) else "la primera parte del mensaje"
    yield from (replace(one, covers=covers) for one in _of_first(first, signed, trust))


def _is_same(first: bytes, shown: MIMEPart) -> bool:
    """Whether the part that is signed is the one that a reader shows first."""
    with suppress(ValueError, LookupError, TypeError, AttributeError, UnicodeError):
        return BytesParser(policy=policy.default).parsebytes(first).as_bytes() == shown.as_bytes()
    return False


def _first(content: bytes, boundary: str) -> bytes | None:
    """The first part between delimiters, byte for byte (RFC 2046, 5.1.1)."""
    delimiter = re.compile(rb"(?:^|\r?\n)--" + re.escape(boundary.encode("ascii", "replace")) + rb"(?:--)?[ \t]*(?=\r?\n|$)")
    places = [match.span() for match, _ in zip(delimiter.finditer(content), range(2), strict=False)]
    return _FIRST_LINE.sub(b"", content[places[0][1] : places[1][0]]) if len(places) == 2 else None


def _of_first(first: bytes | None, signed: cms.SignedData, trust: Trust) -> list[Signed]:
    """The signatures of a part, its lines ended as in transit (RFC 8551, 3.1.1) or else as they are."""
    in_transit = judged(signed, None if first is None else _NEW_LINE.sub(b"\r\n", first), trust)
    is_altered = any(one.state is State.ALTERED for one in in_transit)
    return judged(signed, first, trust) if is_altered else in_transit


def _of_attachments(message: MIMEPart, trust: Trust) -> Iterator[Signed]:
    """The signatures that attachments hold, or are of another attachment."""
    named = {filename(part) or f"anexo-{number}": part for number, part in enumerate(attachments(message), 1)}
    for name, part in named.items():
        if not name.lower().endswith(SIGNATURES) or name.lower().startswith("smime."):
            continue
        with suppress(Refused):
            signed = signed_data(payload(part))
            content = content_of(signed)
            if content is None and (document := signed_by(name, list(named))) is not None:
                content = payload(named[document])
            yield from (replace(one, covers=f"el anexo «{name}»") for one in judged(signed, content, trust))


CALLS: Final[Mapping[str, Callable[..., Any]]] = MappingProxyType({"verify": verify})
