"""What an examination finds: encryption, active content, attachments, signatures, metadata."""

import io
import zipfile
from pathlib import Path

import pytest
from pypdf import PdfWriter

from tests.ingest import hostile, made
from tests.ingest.conftest import Take

_PAGES = (b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>", b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] >>")


def with_entry(content: bytes, name: str, entry: bytes | str) -> bytes:
    """The package with one entry more, or in place of one."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as source, zipfile.ZipFile(out, "w") as target:
        for kept in source.namelist():
            if kept != name:
                target.writestr(kept, source.read(kept))
        target.writestr(name, entry)
    return out.getvalue()


def test_a_pdf_that_opens_without_a_password_is_read(take: Take) -> None:
    taken = take(made.encrypted_pdf(""), "a.pdf")
    assert taken.codes == {"pdf.restricted"}
    assert taken.text == made.SPANISH


def test_a_pdf_with_a_password_is_kept_unread(take: Take) -> None:
    taken = take(made.encrypted_pdf("secreto"), "a.pdf")
    assert taken.errors == {"pdf.encrypted"}
    assert taken.outcomes[2:] == ["validate.unreadable", "extract.not_readable"]


def test_active_content_is_told_and_not_run(take: Take) -> None:
    assert {"pdf.javascript", "pdf.launch"} <= take(hostile.active_pdf(), "a.pdf").codes
    form = [b"<< /Type /Catalog /Pages 2 0 R /AcroForm << /XFA [] /Fields [] >> /AA << /WC << /S /SubmitForm >> >> >>", *_PAGES]
    assert {"pdf.xfa", "pdf.sends_data"} <= take(made.raw_pdf(form), "b.pdf").codes


def test_a_signature_is_noted_and_an_empty_field_is_not_one(take: Take) -> None:
    catalogue = b"<< /Type /Catalog /Pages 2 0 R /AcroForm << /Fields [4 0 R] >> >>"
    field = b"<< /FT /Sig /T (Firma) %s >>"
    signed = take(made.raw_pdf([catalogue, *_PAGES, field % b"/V << /Type /Sig /Filter /Adobe.PPKLite >>"]), "a.pdf")
    assert signed.work.signed
    assert "pdf.signed" in signed.codes
    unsigned = take(made.raw_pdf([catalogue, *_PAGES, field % b""]), "b.pdf")
    assert not unsigned.work.signed


def test_signed_pdfs_of_others(take: Take, reference: Path) -> None:
    path = reference / "data" / "pdf_firmados_pyhanko" / "pdf" / "sig-no-signed-attrs.pdf"
    if not path.exists():
        pytest.skip("not run: the file is not in the reference data")
    assert take(path, path.name).work.signed


def test_attachments_of_a_pdf_are_listed(take: Take) -> None:
    def attach(writer: PdfWriter) -> None:
        writer.add_attachment("anexo técnico.txt", b"Hola")

    taken = take(made.changed_pdf(made.pdf(["Hola"]), attach), "a.pdf")
    assert taken.codes == {"pdf.attachments"}
    assert "anexo técnico.txt" in taken.work.findings[0].message


def test_an_office_document_with_macros_or_parts_from_outside_is_told(take: Take) -> None:
    assert "office.macros" in take(with_entry(made.docx(), "word/vbaProject.bin", b"x"), "a.docx").codes
    relation = (
        '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="r1" TargetMode="External" '
        'Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/attachedTemplate" Target="http://example.org/x.dotm"/>'
        "</Relationships>"
    )
    taken = take(with_entry(made.docx(), "word/_rels/settings.xml.rels", relation), "b.docx")
    assert "office.external" in taken.codes
    assert made.SPANISH in taken.text


def test_an_encrypted_open_document_is_kept_unread(take: Take) -> None:
    manifest = (
        '<manifest:manifest xmlns:manifest="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0">'
        '<manifest:file-entry manifest:full-path="content.xml"><manifest:encryption-data/></manifest:file-entry></manifest:manifest>'
    )
    taken = take(with_entry(made.odf("text", "<text:p>Hola</text:p>"), "META-INF/manifest.xml", manifest), "a.odt")
    assert taken.errors == {"office.encrypted"}


def test_malformed_xml_is_read_as_it_stands(take: Take) -> None:
    taken = take(b'<?xml version="1.0"?><a>Hola<b></a>', "a.xml")
    assert taken.codes == {"xml.malformed"}
    assert "Hola" in taken.text


def test_the_same_step_twice_gives_the_same(take: Take) -> None:
    from ingest.steps.extract import Extract
    from ingest.steps.validate import Validate

    taken = take(made.eml([("a.pdf", "application/pdf", made.pdf(["Hola"]))]), "a.eml")
    parts, findings = list(taken.work.parts), list(taken.work.findings)
    Validate()(taken.work)
    Extract()(taken.work)
    assert (taken.work.parts, taken.work.findings) == (parts, findings)
