"""The signatures of a PDF are checked as it comes, without a network: valid, altered, expired, or of nobody known."""

from collections.abc import Callable
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import Encoding
from pypdf import PdfReader, PdfWriter

from ingest.limits import Limits
from ingest.pipeline import run
from ingest.step import Programs, Workspace
from ingest.steps.authenticate import Authenticate
from ingest.steps.identify import Identify
from ingest.steps.validate import Validate
from ingest.tools.process import ToolBox
from preservation.premis import EventType, Outcome
from tests.ingest import made
from tests.ingest.conftest import Taken
from tests.ingest.signing import AUTHORITY, Authority, signed

PERSON = "Brunilda Etayo Cifuentes"
Check = Callable[..., Taken]


@pytest.fixture
def check(tools: ToolBox, tmp_path: Path) -> Check:
    """Take a PDF through identify, validate and authenticate, trusting the certificates of a folder."""

    def check(content: bytes, roots: Path | None = None, filename: str = "acta.pdf") -> Taken:
        original = tmp_path / "original"
        original.write_bytes(content)
        work = Workspace(tmp_path, original, filename, tools, Limits(seconds_per_call=60), programs=Programs(trust_roots=roots))
        report = run(work, (Identify(), Validate(), Authenticate()), clock=lambda: datetime(2026, 1, 2, tzinfo=UTC))
        assert original.read_bytes() == content
        return Taken(work, report)

    return check


def found(taken: Taken) -> set[str]:
    return {code for code in taken.codes if code.startswith("signature.")}


@pytest.mark.parametrize("encoding", [Encoding.PEM, Encoding.DER])
def test_a_signature_that_leads_to_a_trusted_root_is_valid(check: Check, tmp_path: Path, encoding: Encoding) -> None:
    taken = check(signed(made.pdf(["Hola"]), AUTHORITY.signer(PERSON)), AUTHORITY.trusted_in(tmp_path / "raices", encoding))
    assert found(taken) == {"signature.valid"}
    assert PERSON in next(finding.message for finding in taken.work.findings if finding.code == "signature.valid")
    event = taken.report.events[2]
    assert (event.type, event.outcome) == (EventType.DIGITAL_SIGNATURE_VALIDATION, Outcome.SUCCESS)
    assert (event.params["valid"], event.params["altered"], event.params["roots"]) == (1, 0, 1)


def test_a_document_changed_after_it_was_signed_is_altered(check: Check, tmp_path: Path) -> None:
    content = signed(made.pdf(["Hola"]), AUTHORITY.signer(PERSON))
    place = content.index(b"/MediaBox")
    changed = content[:place] + content[place:].replace(b"595", b"596", 1)
    assert changed != content
    taken = check(changed, AUTHORITY.trusted_in(tmp_path / "raices"))
    assert found(taken) == {"signature.altered"}
    assert taken.report.events[2].outcome is Outcome.WARNING


def test_a_page_added_after_the_signature_alters_it(check: Check, tmp_path: Path) -> None:
    writer = PdfWriter(PdfReader(BytesIO(signed(made.pdf(["Hola"]), AUTHORITY.signer(PERSON)))), incremental=True)
    writer.add_blank_page(100, 100)
    out = BytesIO()
    writer.write(out)
    assert found(check(out.getvalue(), AUTHORITY.trusted_in(tmp_path / "raices"))) == {"signature.altered"}


def test_a_certificate_that_ended_is_told(check: Check, tmp_path: Path) -> None:
    ended = datetime(2021, 1, 1, tzinfo=UTC)
    content = signed(made.pdf(["Hola"]), AUTHORITY.signer(PERSON, until=ended))
    taken = check(content, AUTHORITY.trusted_in(tmp_path / "raices"))
    assert found(taken) == {"signature.expired"}
    assert "2021-01-01" in next(finding.message for finding in taken.work.findings if finding.code == "signature.expired")


def test_a_chain_that_leads_nowhere_is_told_apart_from_having_no_roots(check: Check, tmp_path: Path) -> None:
    content = signed(made.pdf(["Hola"]), AUTHORITY.signer(PERSON))
    other = Authority("Otra entidad").trusted_in(tmp_path / "otras")
    assert found(check(content, other)) == {"signature.unknown_chain"}
    assert found(check(content)) == {"signature.no_roots"}
    (tmp_path / "vacia").mkdir()
    (tmp_path / "vacia" / "LEAME.txt").write_text("aquí no hay nada")
    assert found(check(content, tmp_path / "vacia")) == {"signature.no_roots"}


def test_each_signature_of_several_is_told(check: Check, tmp_path: Path) -> None:
    once = signed(made.pdf(["Hola"]), AUTHORITY.signer("Uno"), "Primera")
    twice = signed(once, Authority("Desconocida").signer("Dos"), "Segunda")
    taken = check(twice, AUTHORITY.trusted_in(tmp_path / "raices"))
    assert found(taken) == {"signature.valid", "signature.unknown_chain"}
    assert taken.report.events[2].params["unknown_chain"] == 1


def test_a_signature_that_cannot_be_read_is_told(check: Check) -> None:
    catalogue = b"<< /Type /Catalog /Pages 2 0 R /AcroForm << /Fields [4 0 R] /SigFlags 3 >> >>"
    pages = (b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>", b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] >>")
    value = b"<< /Type /Sig /Filter /Adobe.PPKLite /SubFilter /adbe.pkcs7.detached /ByteRange [0 1 2 3] /Contents <00> >>"
    field = b"<< /FT /Sig /T (Firma) /V " + value + b" >>"
    assert found(check(made.raw_pdf([catalogue, *pages, field]))) <= {"signature.unreadable", "signature.failed"}
    assert found(check(made.raw_pdf([catalogue, *pages, field])))


def test_what_is_not_signed_has_nothing_to_check(check: Check) -> None:
    taken = check(made.pdf(["Hola"]))
    assert taken.outcomes[2] == "signature.none"
    assert found(taken) == set()


def test_a_stamp_proves_that_a_certificate_that_ended_signed_before(check: Check, tmp_path: Path) -> None:
    ended = AUTHORITY.signer(PERSON, until=datetime(2021, 1, 1, tzinfo=UTC))
    stamper = AUTHORITY.stamper(datetime(2020, 6, 5, tzinfo=UTC))
    content = signed(made.pdf(["Hola"]), ended, stamper=stamper)
    assert found(check(content, AUTHORITY.trusted_in(tmp_path / "raices"))) == {"signature.valid"}
    late = signed(made.pdf(["Hola"]), ended, stamper=AUTHORITY.stamper(datetime(2021, 6, 5, tzinfo=UTC)))
    assert found(check(late, tmp_path / "raices")) == {"signature.expired"}
