"""Mail that says little in its plain part, comes many messages to a file, or arrives cut; and a document whose body is cut."""

import io
import zipfile
from email.message import EmailMessage

import pytest

from ingest.limits import Limits
from ingest.step import PartKind
from tests.ingest import made
from tests.ingest.conftest import Take

OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"


def alternative(plain: str, page: str) -> bytes:
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = "ana@example.org", "archivo@example.org", "Aviso"
    message.set_content(plain)
    message.add_alternative(page, subtype="html")
    return message.as_bytes()


def test_a_plain_part_that_only_sends_to_the_page_gives_both(take: Take) -> None:
    taken = take(alternative("Vea este mensaje en HTML", f"<html><body><p>{made.SPANISH}</p></body></html>"), "aviso.eml")
    assert "Vea este mensaje en HTML" in taken.text
    assert made.SPANISH in taken.text


def test_a_plain_part_that_says_what_the_page_says_is_enough(take: Take) -> None:
    taken = take(alternative(made.SPANISH, f"<html><body><p>{made.SPANISH}</p><p>Pie</p></body></html>"), "aviso.eml")
    assert taken.text.count(made.SPANISH) == 1


@pytest.mark.parametrize("content", [OLE, OLE + bytes(600), OLE + bytes(range(256)) * 20])
def test_a_cut_outlook_message_is_a_damaged_message(take: Take, content: bytes) -> None:
    taken = take(content, "correo.msg")
    assert taken.errors == {"mail.damaged"}
    assert "format.extension_mismatch" not in taken.codes


def cut_docx(share: float, entry: str = "word/document.xml") -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(made.docx())) as source, zipfile.ZipFile(out, "w") as target:
        for name in source.namelist():
            content = source.read(name)
            target.writestr(name, content[: int(len(content) * share)] if name == entry else content)
    return out.getvalue()


def test_a_document_whose_body_is_cut_gives_what_is_left_and_says_so(take: Take) -> None:
    taken = take(cut_docx(0.98), "informe.docx")
    assert made.SPANISH in taken.text
    assert "Encabezado del informe" in taken.text
    assert "package.entry_damaged" in taken.codes
    assert take(made.docx(), "informe.docx").codes == set()


def test_a_document_of_which_nothing_is_left_is_damaged(take: Take) -> None:
    body = b'<?xml version="1.0"?><w:document xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"><w:body><w:p><w:r'
    taken = take(made.package({"[Content_Types].xml": "<Types/>", "word/document.xml": body}), "informe.docx")
    assert taken.errors == {"package.damaged"}


def mailbox(*messages: bytes) -> bytes:
    return b"\n".join(b"From ana@example.org Tue May  5 10:00:00 2020\n" + message.rstrip(b"\n") + b"\n" for message in messages)


@pytest.mark.parametrize("ends", [b"\n", b"\r\n"])
def test_a_mailbox_gives_each_of_its_messages(take: Take, ends: bytes) -> None:
    first = made.eml([("acta.pdf", "application/pdf", made.pdf(["Texto del acta"]))], body="El primero\n\n>From aquí no empieza otro")
    second = made.eml(body="El segundo", subject="Respuesta")
    taken = take(mailbox(first, second).replace(b"\n", ends), "correos.mbox")
    assert taken.work.format is not None
    assert taken.work.format.mime == "application/mbox"
    assert [(part.kind, part.label) for part in taken.work.parts] == [
        (PartKind.ATTACHMENT, "mensaje-1.eml"),
        (PartKind.ATTACHMENT, "mensaje-2.eml"),
    ]
    one, other = taken.work.parts
    assert "El primero" in one.text
    assert "From aquí no empieza otro" in one.text
    assert "Texto del acta" in one.text
    assert "Asunto: Respuesta" in other.text
    assert "El segundo" in other.text
    assert taken.errors == set()
    assert "format.extension_mismatch" not in taken.codes


def test_a_mailbox_has_the_limits_of_messages_within_messages(take: Take) -> None:
    inner = made.eml([("b.eml", "application/octet-stream", made.eml(body="Hondo"))])
    assert "mail.nesting" in take(mailbox(inner), "correos.mbox", limits=Limits(max_nesting=1)).codes
    many = take(mailbox(*[b"From: a@example.org\nSubject: x\n\nhola"] * 510), "correos.mbox", limits=Limits(max_nesting=0))
    assert len(many.work.parts) == 500
    assert {"mail.attachments_left_out", "mail.nesting"} <= many.codes


def test_a_mailbox_without_its_name_is_told_by_its_content(take: Take) -> None:
    taken = take(mailbox(made.eml(body="El primero"), made.eml(body="El segundo")), "Inbox")
    assert [part.text.split("\n")[-1] for part in taken.work.parts] == ["El primero", "El segundo"]
