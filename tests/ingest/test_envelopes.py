"""A signed envelope (P7M, P7Z) is opened: its signatures are checked as it comes, and the document inside is what is read."""

from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from asn1crypto import cms
from cryptography.hazmat.primitives.asymmetric import rsa

from ingest.limits import Limits
from ingest.pipeline import run
from ingest.step import PartKind, Place
from ingest.steps.derive import Derive
from ingest.steps.recognize import Recognize
from preservation.premis import Outcome
from tests.ingest import made
from tests.ingest.conftest import Take, checking, said, signatures
from tests.ingest.enveloping import (
    armoured,
    countersigned,
    encrypted,
    enveloped,
    indefinite,
    message,
    tlv,
    with_revocation,
    without_certificates,
    zipped,
)
from tests.ingest.signing import AUTHORITY, Authority, signed

ANA, BRUNO = AUTHORITY.signer("Ana María Ñustes"), AUTHORITY.signer("Bruno Peña")
PDF = made.pdf(["Acta de la reunión número siete", "Se aprueba el cronograma"])
AT = datetime(2026, 1, 2, tzinfo=UTC)
FILENAME = "acta.pdf.p7m"


def test_the_document_inside_is_read_as_if_it_had_come_without_its_envelope(check: Take) -> None:
    taken = check(enveloped(PDF, ANA))
    assert taken.work.format is not None
    assert (taken.work.format.puid, taken.work.format.mime) == ("fmt/670", "application/pkcs7-mime")
    assert signatures(taken) == ["signature.valid"]
    assert "Ana María Ñustes" in said(taken, "signature.valid")
    assert "Fecha: sin fecha (quien firmó no dijo cuándo)" in said(taken, "signature.valid")
    assert [part.kind for part in taken.work.parts] == [PartKind.PAGE, PartKind.PAGE]
    assert "cronograma" in taken.work.parts[1].text
    assert taken.work.parts[1].words
    assert taken.work.places == {number: Place((("cms", 1),), "application/pdf", number) for number in (1, 2)}
    assert taken.codes == {"signature.valid", "cms.signed"}
    assert checking(taken).params["valid"] == 1
    assert checking(taken).outcome is Outcome.SUCCESS


def test_the_copy_to_be_consulted_is_the_document_without_its_envelope(check: Take) -> None:
    taken = check(enveloped(PDF, ANA))
    run(taken.work, (Recognize(), Derive()), clock=lambda: AT)
    copy = taken.work.derivative
    assert copy is not None
    assert (copy.role, copy.format.mime, copy.path.read_bytes()) == ("access", "application/pdf", PDF)


@pytest.mark.parametrize("written", [indefinite, armoured, lambda der: armoured(der, "CMS"), lambda der: armoured(der)[22:-20]])
def test_a_message_is_opened_however_it_is_written(check: Take, written: Callable[[bytes], bytes]) -> None:
    taken = check(written(enveloped(PDF, ANA)))
    assert taken.work.format is not None
    assert taken.work.format.mime == "application/pkcs7-mime"
    assert signatures(taken) == ["signature.valid"]
    assert "cronograma" in taken.text


def test_a_document_changed_inside_its_envelope_is_altered_and_read_all_the_same(check: Take) -> None:
    whole = enveloped(PDF, ANA)
    assert whole.count(b"/MediaBox") == 2
    taken = check(whole.replace(b"595", b"596", 1))
    assert signatures(taken) == ["signature.altered"]
    assert "cronograma" in taken.text


def test_each_of_several_signers_is_told(check: Take) -> None:
    stranger = Authority("Desconocida").signer("Carlos")
    taken = check(enveloped(PDF, ANA, BRUNO, stranger))
    assert signatures(taken) == ["signature.unknown_chain", "signature.valid", "signature.valid"]
    assert checking(taken).params["valid"] == 2


def test_a_signature_of_the_signature_is_checked_too(check: Take) -> None:
    assert signatures(check(countersigned(PDF, ANA, BRUNO))) == ["signature.valid", "signature.valid"]


def test_a_countersignature_of_something_else_is_altered(check: Take) -> None:
    taken = check(countersigned(PDF, ANA, BRUNO, of=b"otra cosa"))
    assert signatures(taken) == ["signature.altered", "signature.valid"]
    assert "Bruno Peña" in said(taken, "signature.altered")


@pytest.mark.parametrize("digest", ["sha1", "md5"])
def test_an_algorithm_that_can_be_imitated_is_told(check: Take, digest: str) -> None:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    signer = AUTHORITY.signer("Ana", key=key)
    taken = check(enveloped(PDF, signer, digest=digest))
    assert signatures(taken) == ["signature.weak"]
    assert digest in said(taken, "signature.weak")
    assert "cronograma" in taken.text


def test_a_signature_without_its_certificate_is_left_undecided(check: Take) -> None:
    taken = check(without_certificates(PDF, ANA))
    assert signatures(taken) == ["signature.undecided"]
    assert "no trae el certificado" in said(taken, "signature.undecided")
    assert AUTHORITY.name in said(taken, "signature.undecided")
    assert "cronograma" in taken.text


def test_a_certificate_that_is_not_for_signing_leaves_the_signature_undecided(check: Take) -> None:
    taken = check(enveloped(PDF, AUTHORITY.signer("Servidor", is_for_signing=False)))
    assert signatures(taken) == ["signature.undecided"]
    assert "no se expidió para firmar" in said(taken, "signature.undecided")


def test_a_certificate_that_ended_is_told_unless_a_stamp_proves_that_it_signed_before(check: Take) -> None:
    ended = AUTHORITY.signer("Ana", until=datetime(2021, 1, 1, tzinfo=UTC))
    assert signatures(check(enveloped(PDF, ended))) == ["signature.expired"]
    taken = check(enveloped(PDF, ended, stamper=AUTHORITY.stamper(datetime(2020, 6, 5, tzinfo=UTC))))
    assert signatures(taken) == ["signature.valid"]
    assert "2020-06-05 (probada por un sello de tiempo)" in said(taken, "signature.valid")


@pytest.mark.parametrize("at", [datetime(2021, 6, 5, tzinfo=UTC), datetime(2019, 6, 5, tzinfo=UTC)])
def test_a_stamp_of_when_the_certificate_did_not_hold_proves_nothing(check: Take, at: datetime) -> None:
    ended = AUTHORITY.signer("Ana", until=datetime(2021, 1, 1, tzinfo=UTC))
    assert signatures(check(enveloped(PDF, ended, stamper=AUTHORITY.stamper(at)))) == ["signature.expired"]


def test_a_stamp_of_nobody_known_proves_nothing(check: Take) -> None:
    ended = AUTHORITY.signer("Ana", until=datetime(2021, 1, 1, tzinfo=UTC))
    stamper = Authority("Desconocida").stamper(datetime(2020, 6, 5, tzinfo=UTC))
    assert signatures(check(enveloped(PDF, ended, stamper=stamper))) == ["signature.expired"]


def test_a_certificate_that_was_revoked_is_told_by_what_the_envelope_carries(check: Take) -> None:
    revoked = AUTHORITY.revoking(ANA, datetime(2021, 1, 1, tzinfo=UTC))
    assert signatures(check(with_revocation(message(PDF, ANA), revoked))) == ["signature.revoked"]


@pytest.mark.parametrize(("stamped", "state"), [(2020, "valid"), (2022, "revoked")])
def test_a_certificate_revoked_since_is_judged_by_when_a_stamp_proves_the_signature(check: Take, stamped: int, state: str) -> None:
    revoked = AUTHORITY.revoking(ANA, datetime(2021, 1, 1, tzinfo=UTC))
    whole = message(PDF, ANA, stamper=AUTHORITY.stamper(datetime(stamped, 6, 5, tzinfo=UTC)))
    assert signatures(check(with_revocation(whole, revoked))) == [f"signature.{state}"]


def test_a_signature_alone_says_that_its_document_is_missing(check: Take) -> None:
    taken = check(enveloped(PDF, ANA, attached=False), "acta.pdf.p7s")
    assert signatures(taken) == ["signature.undecided"]
    assert "el documento que firma no vino con ella" in said(taken, "signature.undecided")
    assert "Ana María Ñustes" in said(taken, "signature.undecided")
    assert "cms.detached" in taken.codes


def test_envelopes_inside_envelopes_are_opened_and_the_signatures_of_each_checked(check: Take) -> None:
    inner = signed(PDF, AUTHORITY.signer("Zoila"))
    taken = check(enveloped(enveloped(inner, ANA), BRUNO), "acta.pdf.p7m.p7m")
    assert signatures(taken) == ["signature.valid"] * 3
    assert "cronograma" in taken.text
    assert taken.work.places[1].steps == (("cms", 1), ("cms", 1))


def test_envelopes_too_deep_are_left_closed(check: Take) -> None:
    content = PDF
    for _ in range(4):
        content = enveloped(content, ANA)
    taken = check(content, limits=Limits(seconds_per_call=60, max_nesting=3))
    assert "cms.nesting" in taken.codes
    assert taken.text == ""


def test_a_zip_of_an_envelope_is_opened(check: Take) -> None:
    taken = check(zipped([("acta.pdf.p7m", enveloped(PDF, ANA))]), "acta.p7z")
    assert taken.work.format is not None
    assert taken.work.format.mime == "application/x-p7z"
    assert "format.extension_mismatch" not in taken.codes
    assert signatures(taken) == ["signature.valid"]
    assert "cronograma" in taken.text
    assert taken.work.places[2] == Place((("p7z", 1), ("cms", 1)), "application/pdf", 2)


@pytest.mark.parametrize("name", ["acta.pdf.p7s", "acta.p7s", "firma.p7s"])
def test_a_zip_of_a_document_and_its_signature_is_checked_one_against_the_other(check: Take, name: str) -> None:
    taken = check(zipped([("acta.pdf", PDF), (name, enveloped(PDF, ANA, attached=False))]), "acta.p7z")
    assert signatures(taken) == ["signature.valid"]
    assert [part.kind for part in taken.work.parts] == [PartKind.PAGE, PartKind.PAGE]
    assert "cronograma" in taken.text


def test_a_signature_in_a_zip_that_is_of_another_document_is_altered(check: Take) -> None:
    taken = check(zipped([("acta.pdf", PDF), ("acta.pdf.p7s", enveloped(b"otro", ANA, attached=False))]), "acta.p7z")
    assert signatures(taken) == ["signature.altered"]


def test_several_documents_of_a_zip_are_read_one_after_the_other(check: Take) -> None:
    files = [
        ("uno.pdf.p7m", enveloped(PDF, ANA)),
        ("dos.txt", b"Segundo documento"),
        ("dos.txt.p7s", enveloped(b"Otro", BRUNO, attached=False)),
    ]
    taken = check(zipped(files), "varios.p7z")
    assert signatures(taken) == ["signature.altered", "signature.valid"]
    assert [(part.kind, part.label) for part in taken.work.parts] == [
        (PartKind.ATTACHMENT, "uno.pdf.p7m"),
        (PartKind.ATTACHMENT, "dos.txt"),
    ]
    assert "cronograma" in taken.text
    assert "Segundo documento" in taken.text


def test_a_bomb_inside_is_not_unpacked(check: Take) -> None:
    bomb = zipped([("uno.txt", bytes(80 << 20))])
    taken = check(bomb, "bomba.p7z")
    assert "package.bomb" in taken.codes
    assert taken.text == ""


def test_what_holds_more_than_may_be_taken_out_is_left_inside(check: Take) -> None:
    taken = check(enveloped(PDF, ANA), limits=Limits(seconds_per_call=60, max_expanded_bytes=100))
    assert "cms.left_out" in taken.codes
    assert signatures(taken) == ["signature.valid"]


@pytest.mark.parametrize("part", [0.2, 0.5, 0.9])
def test_an_envelope_that_is_cut_is_told_and_kept(check: Take, part: float) -> None:
    whole = enveloped(PDF, ANA)
    taken = check(whole[: int(len(whole) * part)])
    assert "cms.damaged" in taken.errors
    assert taken.text == ""


def test_an_encrypted_message_is_told(check: Take) -> None:
    taken = check(encrypted())
    assert taken.errors == {"cms.encrypted"}


def test_a_message_that_nobody_signed_is_told_and_read(check: Take) -> None:
    whole = message(PDF, ANA)
    whole["content"]["signer_infos"] = []
    taken = check(whole.dump(force=True))
    assert "cms.no_signers" in taken.codes
    assert signatures(taken) == []
    assert "cronograma" in taken.text


def test_lengths_without_end_inside_one_another_cost_no_more_than_the_file(check: Take) -> None:
    head = tlv(0x06, bytes.fromhex("2a864886f70d010702"))
    taken = check(b"\x30\x80" + head + b"\xa0\x80" + b"\x30\x80" * 20_000)
    assert taken.errors <= {"cms.damaged", "file.too_slow", "file.crashes_reader"}
    assert taken.errors


def test_a_signer_that_is_not_built_as_it_should_is_unreadable(check: Take) -> None:
    whole = message(PDF, ANA)
    (signer,) = whole["content"]["signer_infos"]
    signer["signed_attrs"] = cms.CMSAttributes([one for one in signer["signed_attrs"] if one["type"].native != "message_digest"])
    whole["content"]["signer_infos"] = [signer]
    taken = check(whole.dump(force=True))
    assert signatures(taken) == ["signature.unreadable"]
    assert "cronograma" in taken.text
