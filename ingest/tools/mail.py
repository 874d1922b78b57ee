"""E-mail: EML (RFC 5322, MIME), mailboxes of many and Outlook MSG. Each attachment goes to the scratch folder, for a reading of its own."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from email import policy
from email.message import MIMEPart
from email.parser import BytesParser
from email.utils import parsedate_to_datetime
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

from ingest.tools.answers import Passage, Reading, Refused, note, plain, properties
from ingest.tools.attaching import MOST, Attaching
from ingest.tools.decoding import decode
from ingest.tools.markup import html_text
from ingest.tools.passages import clean

_HEADERS: Final = (("From", "De"), ("To", "Para"), ("Cc", "Copia"), ("Date", "Fecha"), ("Subject", "Asunto"))
_LEFT_OUT: Final = "mail.attachments_left_out"
_SMIME: Final = frozenset(f"application/{prefix}pkcs7-{kind}" for prefix in ("", "x-") for kind in ("mime", "signature"))
_MOST_ENVELOPES: Final = 5
_QUOTED: Final = re.compile(rb">+From ")


def read_eml(path: str, folder: str, max_chars: int, max_bytes: int) -> dict[str, object]:
    """Read an Internet message; its attachments are written into `folder`, as far as they have `max_bytes` in all."""
    content = Path(path).read_bytes()
    if content.startswith((b"\xff\xfe", b"\xfe\xff", b"\xef\xbb\xbf")):
        content = decode(content)[0].encode()
    message = BytesParser(policy=policy.default).parsebytes(content.lstrip())
    if not message.keys():
        raise Refused("mail.damaged")
    headers = [(label, _header(message, name)) for name, label in _HEADERS]
    reading = Reading(properties=_properties(_header(message, "Subject"), _header(message, "From"), _date(_header(message, "Date"))))
    if any(part.defects for part in _walk(message)):
        reading.notes.append(note("mail.irregular"))
    said = _opened(message, reading)
    _add_message(reading, headers, _body(said), max_chars)
    attaching = Attaching(reading, Path(folder), _LEFT_OUT, max_bytes)
    for index, part in enumerate(attachments(said), 1):
        name = filename(part) or f"anexo-{index}{_extension(part.get_content_type())}"
        attaching.add(index, name, payload(part))
    return plain(reading)


def _opened(message: MIMEPart, reading: Reading) -> MIMEPart:
    """What a message says that was signed as a whole, with its text inside its signature (RFC 8551, 3.5.2); any other as it is."""
    said = message
    for _ in range(_MOST_ENVELOPES):
        if not is_smime(said):
            break
        from ingest.tools.cms_message import content_of, signed_data  # a second of imports that few messages need

        try:
            content = content_of(signed_data(payload(said)))
        except Refused as refusal:
            reading.notes.append(note(refusal.code))
            break
        if content is None:
            break
        said = BytesParser(policy=policy.default).parsebytes(content)
    return said


def read_msg(path: str, folder: str, max_chars: int, max_bytes: int) -> dict[str, object]:
    """Read an Outlook message (MS-OXMSG); its attachments are written into `folder`, as far as they have `max_bytes` in all."""
    from oxmsg import Message  # a twentieth of a second of imports that few messages need

    try:
        message = Message.load(path)
        sent = message.sent_date
        recipients = ", ".join(f"{person.name} <{person.email_address}>" for person in message.recipients)
        headers = [
            ("De", message.sender or ""),
            ("Para", recipients),
            ("Fecha", sent.isoformat(" ") if sent else ""),
            ("Asunto", message.subject or ""),
        ]
        body = _said(message.body or "", html_text(message.html_body or "")[0])
        reading = Reading(properties=_properties(message.subject or "", message.sender or "", sent.isoformat() if sent else ""))
        _add_message(reading, headers, body, max_chars)
        attaching = Attaching(reading, Path(folder), _LEFT_OUT, max_bytes)
        for index, attached in enumerate(message.attachments, 1):
            name = attached.file_name or f"anexo-{index}"
            attaching.add(index, name, attached.file_bytes or b"")
    except Refused:
        raise
    except Exception as fault:  # the library documents no errors of its own; whatever it meets, the message is damaged
        raise Refused("mail.damaged") from fault
    return plain(reading)


def read_mbox(path: str, folder: str, max_chars: int, max_bytes: int) -> dict[str, object]:
    """Read a mailbox of many messages (RFC 4155): each is written into `folder`, and read with `max_chars` of its own."""
    reading = Reading()
    attaching = Attaching(reading, Path(folder), _LEFT_OUT, max_bytes)
    with Path(path).open("rb") as stream:
        for index, message in enumerate(_messages(stream), 1):
            attaching.add(index, f"mensaje-{index}.eml", message)
            if index > MOST:
                break
    if not reading.attachments:
        raise Refused("mail.damaged")
    return plain(reading)


def _messages(lines: Iterable[bytes]) -> Iterator[bytes]:
    """The messages of a mailbox: a line that begins with "From " after an empty one separates them, one that was quoted is given back."""
    message: list[bytes] = []
    after_empty = True
    for line in lines:
        if after_empty and line.startswith(b"From "):
            if message:
                yield b"".join(message)
            message = []
        else:
            message.append(line[1:] if _QUOTED.match(line) else line)
        after_empty = not line.strip()
    if message:
        yield b"".join(message)


def _add_message(reading: Reading, headers: list[tuple[str, str]], body: str, max_chars: int) -> None:
    lines = [f"{label}: {value}" for label, value in headers if value]
    text = clean("\n".join(lines) + "\n\n" + body)
    if len(text) > max_chars:
        text = text[:max_chars]
        reading.notes.append(note("text.truncated", characters=max_chars))
    subject = next((value for label, value in headers if label == "Asunto"), "")
    reading.passages.append(Passage("message", text, clean(subject)[:200]))


def _walk(message: MIMEPart) -> Iterator[MIMEPart]:
    """The message's own parts; an attached message is one part, whatever it holds."""
    waiting = [message]
    while waiting:
        part = waiting.pop()
        yield part
        if part.get_content_maintype() == "multipart" and part.is_multipart():
            waiting.extend(reversed(list(part.iter_parts())))


def _body(message: MIMEPart) -> str:
    """The plain body, and the HTML one where the plain is missing or a stub; all texts shown inline when there are several."""
    plain_texts, marked = [], []
    for part in _walk(message):
        if part.get_content_maintype() == "text" and not _is_attachment(part):
            text = _text(part)
            if part.get_content_subtype() == "html":
                marked.append(html_text(text)[0])
            else:
                plain_texts.append(text)
    return _said("\n\n".join(text for text in plain_texts if text.strip()), "\n\n".join(marked))


def _said(written: str, page: str) -> str:
    """The plain text; with the page's where that says over twice as much, because the plain one then only sends the reader to it."""
    return f"{written}\n\n{page}".strip() if _letters(page) > 2 * _letters(written) else written


def _letters(text: str) -> int:
    return sum(sign.isalnum() for sign in text)


def attachments(message: MIMEPart) -> Iterator[MIMEPart]:
    """What a message holds that is not said in its body, in its order."""
    for part in _walk(message):
        if part.get_content_maintype() not in ("multipart", "text") or (part.get_content_maintype() == "text" and _is_attachment(part)):
            yield part


def _is_attachment(part: MIMEPart) -> bool:
    return part.get_content_disposition() == "attachment" or (filename(part) is not None and part.get_content_disposition() != "inline")


def filename(part: MIMEPart) -> str | None:
    """The name that a part says it has, None where it says none that can be read."""
    try:
        return part.get_filename()
    except (ValueError, TypeError, LookupError, AttributeError, IndexError):
        return None


def _text(part: MIMEPart) -> str:
    payload = part.get_payload(decode=True)
    content = payload if isinstance(payload, bytes) else str(part.get_payload()).encode("utf-8", "replace")
    try:
        return content.decode(str(part.get_content_charset() or ""), "strict")
    except (LookupError, ValueError):
        return decode(content)[0]


def is_smime(part: MIMEPart) -> bool:
    """Whether a part is a CMS message or a signature (RFC 8551, 3.2)."""
    return part.get_content_type() in _SMIME


def payload(part: MIMEPart) -> bytes:
    """The bytes that a part carries; of an attached message, the message."""
    if part.get_content_maintype() == "message" and part.is_multipart():
        inner = part.get_payload(0)
        return inner.as_bytes() if isinstance(inner, MIMEPart) else b""
    payload = part.get_payload(decode=True)
    return payload if isinstance(payload, bytes) else b""


def _header(message: MIMEPart, name: str) -> str:
    """A header decoded; the parser raises many things on headers that break the rules, and then it is given as it stands.

    Bytes that no header may hold (RFC 5322, 2.2) are letters in an encoding that nobody declared.
    """
    raw = str(next((value for key, value in message.raw_items() if key.lower() == name.lower()), ""))
    if not raw.isascii():
        return " ".join(decode(raw.encode("utf-8", "surrogateescape"))[0].split())
    try:
        return " ".join(str(message.get(name, "")).split())
    except Exception:
        return " ".join(raw.split())


def _date(header: str) -> str:
    try:
        return parsedate_to_datetime(header).isoformat()
    except (ValueError, TypeError, IndexError, OverflowError):
        return ""


def _extension(mime: str) -> str:
    return {"message/rfc822": ".eml", "application/pdf": ".pdf", "image/jpeg": ".jpg", "image/png": ".png", "text/html": ".html"}.get(
        mime, ""
    )


def _properties(subject: str, sender: str, sent: str) -> dict[str, str]:
    return properties((("title", subject), ("author", sender), ("created", sent)))


CALLS: Final[Mapping[str, Callable[..., Any]]] = MappingProxyType({"read_eml": read_eml, "read_mbox": read_mbox, "read_msg": read_msg})
