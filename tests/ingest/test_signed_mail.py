"""The signatures of messages (S/MIME) are checked as they come, and what a signed message says is read."""

import base64

from tests.ingest import made
from tests.ingest.conftest import Take, checking, said, signatures
from tests.ingest.enveloping import encrypted, enveloped
from tests.ingest.signing import AUTHORITY

ANA, BRUNO = AUTHORITY.signer("Ana María Ñustes"), AUTHORITY.signer("Bruno Peña")
PDF = made.pdf(["Se aprueba el cronograma"])
HEAD = b"From: ana@ejemplo.gov.co\r\nTo: bruno@ejemplo.gov.co\r\nSubject: Citaci=?utf-8?q?=C3=B3n?=\r\nMIME-Version: 1.0\r\n"
BODY = (
    b'Content-Type: multipart/mixed; boundary="dentro"\r\n\r\n--dentro\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n'
    + "Se cita a la reunión del martes".encode()
    + b'\r\n--dentro\r\nContent-Type: text/plain; name="orden.txt"\r\nContent-Disposition: attachment; filename="orden.txt"\r\n\r\n'
    b"Orden del dia\r\n--dentro--\r\n"
)
FILENAME = "citacion.eml"


def beside(body: bytes, signature: bytes) -> bytes:
    """A message with its signature beside what it signs (RFC 8551, 3.5.3)."""
    return (
        HEAD
        + b'Content-Type: multipart/signed; protocol="application/pkcs7-signature"; micalg=sha-256; boundary="fuera"\r\n\r\n'
        + b"Esto es un mensaje firmado\r\n--fuera\r\n"
        + body
        + b'\r\n--fuera\r\nContent-Type: application/pkcs7-signature; name="smime.p7s"\r\nContent-Transfer-Encoding: base64\r\n'
        + b'Content-Disposition: attachment; filename="smime.p7s"\r\n\r\n'
        + base64.encodebytes(signature)
        + b"\r\n--fuera--\r\n"
    )


def around(signature: bytes) -> bytes:
    """A message that is inside its signature (RFC 8551, 3.5.2)."""
    return (
        HEAD
        + b'Content-Type: application/pkcs7-mime; smime-type=signed-data; name="smime.p7m"\r\nContent-Transfer-Encoding: base64\r\n'
        + b'Content-Disposition: attachment; filename="smime.p7m"\r\n\r\n'
        + base64.encodebytes(signature)
    )


def test_a_message_with_its_signature_beside_is_valid_and_read(check: Take) -> None:
    taken = check(beside(BODY, enveloped(BODY, ANA, attached=False)))
    assert signatures(taken) == ["signature.valid"]
    assert "Se cita a la reunión" in taken.text
    assert "Orden del dia" in taken.text
    assert "mail.attachments_unread" not in taken.codes
    assert "mail.signed" in taken.codes


def test_the_lines_of_a_message_may_be_kept_as_another_system_ends_them(check: Take) -> None:
    whole = beside(BODY, enveloped(BODY, ANA, attached=False))
    assert signatures(check(whole.replace(b"\r\n", b"\n"))) == ["signature.valid"]


def test_a_message_changed_after_it_was_signed_is_altered(check: Take) -> None:
    whole = beside(BODY, enveloped(BODY, ANA, attached=False))
    taken = check(whole.replace(b"martes", b"jueves"))
    assert signatures(taken) == ["signature.altered"]
    assert "jueves" in taken.text


def test_a_message_inside_its_signature_is_opened_and_read(check: Take) -> None:
    taken = check(around(enveloped(BODY, ANA)))
    assert signatures(taken) == ["signature.valid"]
    assert "Se cita a la reunión" in taken.text
    assert "De: ana@ejemplo.gov.co" in taken.text
    assert [part.label for part in taken.work.parts[1:]] == ["orden.txt"]
    assert "Orden del dia" in taken.text


def test_a_message_altered_inside_its_signature_is_told(check: Take) -> None:
    assert signatures(check(around(enveloped(BODY, ANA).replace(b"martes", b"jueves")))) == ["signature.altered"]


def test_a_part_put_before_the_signed_one_is_not_taken_for_signed(check: Take) -> None:
    whole = beside(BODY, enveloped(BODY, ANA, attached=False))
    forged = whole.replace(b"--fuera\r\n", b"--fuera\r\nContent-Type: text/plain\r\n\r\nPague a otra cuenta\r\n--fuera\r\n", 1)
    assert signatures(check(forged)) == ["signature.altered"]


def test_a_part_put_after_the_signature_is_not_taken_for_signed(check: Take) -> None:
    whole = beside(BODY, enveloped(BODY, ANA, attached=False))
    forged = whole.replace(b"--fuera--", b"--fuera\r\nContent-Type: text/plain\r\n\r\nPague a otra cuenta\r\n--fuera--")
    taken = check(forged)
    assert signatures(taken) == ["signature.partial"]
    assert "la primera parte del mensaje" in said(taken, "signature.partial")


def test_what_is_signed_must_be_what_a_reader_shows(check: Take) -> None:
    """A delimiter where no part begins, in the headers: a search for it finds what was signed, and a reader shows another part."""
    signed = b"--fuera\r\n" + BODY + b"\r\n--fuera\r\n"
    whole = beside(b"Content-Type: text/plain\r\n\r\nPague a otra cuenta", enveloped(BODY, ANA, attached=False))
    forged = whole.replace(
        b"Content-Type: multipart/signed", b"X-Nota: a\r\n" + signed.replace(b"\r\n", b"\r\n ") + b"\r\nContent-Type: multipart/signed"
    )
    assert "signature.valid" not in signatures(check(forged))


def test_a_signed_message_inside_another_is_only_a_part(check: Take) -> None:
    inner = beside(BODY, enveloped(BODY, ANA, attached=False))
    outer = HEAD + b'Content-Type: multipart/mixed; boundary="otra"\r\n\r\n--otra\r\nContent-Type: text/plain\r\n\r\nReenvio\r\n'
    taken = check(outer + b"--otra\r\nContent-Type: message/rfc822\r\n\r\n" + inner + b"\r\n--otra--\r\n")
    assert signatures(taken) == ["signature.partial"]
    assert "mensaje que viene dentro" in said(taken, "signature.partial")


def test_a_signature_among_the_attachments_is_checked_against_its_document(check: Take) -> None:
    files = [("acta.pdf", "application/pdf", PDF), ("acta.pdf.p7s", "application/pkcs7-signature", enveloped(PDF, BRUNO, attached=False))]
    taken = check(made.eml(files))
    assert signatures(taken) == ["signature.partial"]
    message = said(taken, "signature.partial")
    assert "el anexo «acta.pdf.p7s»" in message
    assert "es válida" in message
    assert "cronograma" in taken.text
    assert "mail.attachments_unread" not in taken.codes


def test_an_envelope_among_the_attachments_is_opened_and_checked(check: Take) -> None:
    taken = check(made.eml([("acta.pdf.p7m", "application/octet-stream", enveloped(PDF, BRUNO))]))
    assert signatures(taken) == ["signature.partial"]
    assert "cronograma" in taken.text


def test_an_encrypted_message_says_so(check: Take) -> None:
    taken = check(around(encrypted()))
    assert "cms.encrypted" in taken.errors
    assert signatures(taken) == []


def test_a_message_kept_as_its_envelope_alone_is_read(check: Take) -> None:
    taken = check(enveloped(BODY, ANA), "smime.p7m")
    assert signatures(taken) == ["signature.valid"]
    assert "Se cita a la reunión" in taken.text


def test_a_message_that_is_not_signed_has_nothing_to_check(check: Take) -> None:
    taken = check(made.eml([("pkcs7-mime.txt", "text/plain", b"nada")]))
    assert checking(taken).code == "signature.none"
