"""What is built as its standard asks leaves no finding; each breach is told by its name, and keeps nothing from being read."""

import io
import random
import shutil
import struct
import wave
import zipfile
import zlib
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, ClassVar

import pikepdf
import pytest
from pikepdf import pdfa

from ingest.limits import Limits
from ingest.pipeline import run
from ingest.step import Programs, Workspace
from ingest.steps.conform import Conform
from ingest.steps.extract import Extract
from ingest.steps.identify import Identify
from ingest.steps.validate import Validate
from ingest.tools.process import ToolBox
from tests.ingest import made
from tests.ingest.conftest import Taken, named
from tests.ingest.test_validate import with_entry

XMP = b"""<?xpacket begin="" id="W5M0MpCehiHzreSzNTczkc9d"?><x:xmpmeta xmlns:x="adobe:ns:meta/">
<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Description rdf:about="" xmlns:dc="http://purl.org/dc/elements/1.1/"
xmlns:pdfaid="http://www.aiim.org/pdfa/ns/id/">%s</rdf:Description></rdf:RDF></x:xmpmeta><?xpacket end="w"?>"""
STEPS = (Identify(), Validate(), Conform(), Extract())
Compare = Callable[..., Taken]


@pytest.fixture
def compare(tools: ToolBox, tmp_path: Path) -> Compare:
    """Take bytes through identify, validate, conform and extract, with the programs given."""

    def compare(content: bytes, filename: str, programs: Programs | None = None) -> Taken:
        original = tmp_path / "original"
        original.write_bytes(content)
        work = Workspace(tmp_path, original, filename, tools, Limits(seconds_per_call=60), programs=programs or Programs())
        return Taken(work, run(work, STEPS, clock=lambda: datetime(2026, 1, 2, tzinfo=UTC)))

    return compare


def breaches(taken: Taken) -> set[str]:
    return {
        code for code in taken.codes if code.split(".")[0] in ("conform", "pdfa", "jpeg", "png", "tiff", "jp2", "ooxml", "odf", "media")
    }


def pdf_a(change: Callable[[pikepdf.Pdf], None] = lambda document: None) -> bytes:
    """A PDF/A-2b of one empty page, then changed."""
    written = io.BytesIO()
    with pikepdf.new() as document:
        document.add_blank_page(page_size=(595, 842))
        pdfa.save(document, written, "2b")
    written.seek(0)
    out = io.BytesIO()
    with pikepdf.open(written) as document:
        change(document)
        document.save(out, object_stream_mode=pikepdf.ObjectStreamMode.disable)
    return out.getvalue()


def jp2() -> bytes:
    out = io.BytesIO()
    made.picture().save(out, "JPEG2000")
    return out.getvalue()


def wav() -> bytes:
    out = io.BytesIO()
    with wave.open(out, "wb") as sound:
        sound.setnchannels(1)
        sound.setsampwidth(2)
        sound.setframerate(8000)
        sound.writeframes(bytes(16000))
    return out.getvalue()


def png_chunk(name: bytes, body: bytes) -> bytes:
    return len(body).to_bytes(4, "big") + name + body + zlib.crc32(name + body).to_bytes(4, "big")


def tiff_entries(content: bytes) -> tuple[int, list[bytes]]:
    """(place of the first directory, its entries) of a little-endian TIFF."""
    place = struct.unpack("<I", content[4:8])[0]
    count = struct.unpack("<H", content[place : place + 2])[0]
    return place, [content[place + 2 + 12 * n : place + 14 + 12 * n] for n in range(count)]


def tiff_with(change: Callable[[list[bytes]], list[bytes]], odd: bool = False) -> bytes:
    """A TIFF whose directory, moved to the end, was changed."""
    content = made.tiff(1)
    entries = change(tiff_entries(content)[1])
    padding = bytes(1 if (len(content) % 2 == 0) is odd else 0)
    directory = struct.pack("<H", len(entries)) + b"".join(entries) + bytes(4)
    return content[:4] + struct.pack("<I", len(content + padding)) + content[8:] + padding + directory


@pytest.mark.parametrize(
    ("content", "filename"),
    [
        (pdf_a(), "acta.pdf"),
        (made.pdf(["Hola"]), "acta.pdf"),
        (made.image("JPEG"), "foto.jpg"),
        (made.image("PNG"), "foto.png"),
        (made.tiff(3), "folio.tif"),
        (jp2(), "plano.jp2"),
        (made.docx(), "informe.docx"),
        (b"Hola", "nota.txt"),
    ],
    ids=named,
)
def test_what_meets_its_standard_leaves_no_finding(compare: Compare, content: bytes, filename: str) -> None:
    assert breaches(compare(content, filename)) == set()


def test_a_pdf_a_is_told_to_be_what_it_says(compare: Compare) -> None:
    taken = compare(pdf_a(), "acta.pdf")
    assert taken.outcomes[2] == "conform.pdfa"
    assert taken.work.properties["pdfa"] == "2b conforms"
    assert compare(made.pdf(["Hola"]), "acta.pdf").outcomes[2] == "conform.no_claim"


class Asked(ToolBox):
    """Remembers which modules were asked."""

    modules: ClassVar[set[str]] = set()

    def call(self, module: str, function: str, *, timeout: float, **arguments: Any) -> Any:
        self.modules.add(module)
        return super().call(module, function, timeout=timeout, **arguments)


def with_metadata(packet: bytes) -> bytes:
    def describe(document: pikepdf.Pdf) -> None:
        document.Root.Metadata = document.make_stream(packet, Type=pikepdf.Name.Metadata, Subtype=pikepdf.Name.XML)

    return pdf_a(describe)


@pytest.mark.parametrize(
    ("content", "is_asked"),
    [
        (made.pdf(["Hola"]), False),
        (with_metadata(XMP % b"<dc:format>application/pdf</dc:format>"), False),
        (pdf_a(), True),
        (with_metadata(XMP % b"<pdfaid:part>4</pdfaid:part>"), True),
        (with_metadata((XMP % b"<pdfaid:part>2</pdfaid:part>").decode().encode("utf-16")), True),
        (pdf_a()[:-200], True),
    ],
    ids=["no-metadata", "metadata-of-another-thing", "pdf-a", "part-4", "utf-16", "cut"],
)
def test_the_validator_is_asked_only_of_a_pdf_that_may_say_to_be_pdf_a(tmp_path: Path, content: bytes, is_asked: bool) -> None:
    original = tmp_path / "original"
    original.write_bytes(content)
    tools = Asked(size=1)
    tools.modules.clear()
    try:
        work = Workspace(tmp_path, original, "acta.pdf", tools, Limits(seconds_per_call=60))
        run(work, STEPS, clock=lambda: datetime(2026, 1, 2, tzinfo=UTC))
    finally:
        tools.close()
    assert ("pdfa" in tools.modules) is is_asked


def test_a_pdf_that_says_to_be_pdf_a_and_is_not_is_told_with_the_clause(compare: Compare) -> None:
    def annotated(document: pikepdf.Pdf) -> None:
        note = pikepdf.Dictionary(Type=pikepdf.Name.Annot, Subtype=pikepdf.Name.Text, Rect=[10, 10, 30, 30], Contents="Hola")
        document.pages[0].Annots = pikepdf.Array([document.make_indirect(note)])

    def claim(document: pikepdf.Pdf) -> None:
        packet = document.Root.Metadata.read_bytes()
        document.Root.Metadata = document.make_stream(packet.replace(b"<pdfaid:part>2<", b"<dc:nothing>x</dc:nothing><pdfaid:part>2<"))

    taken = compare(pdf_a(annotated), "acta.pdf")
    assert breaches(taken) == {"pdfa.violates"}
    assert "6.3" in next(finding.message for finding in taken.work.findings if finding.code == "pdfa.violates")
    assert taken.work.readable
    (told,) = (finding for finding in compare(pdf_a(claim), "acta.pdf").work.findings if finding.code == "pdfa.violates")
    assert "6.6.2.3.1" in told.message


@pytest.mark.parametrize(
    ("change", "clause"),
    [
        (lambda content: b"\n" + content, "6.1.2"),
        (lambda content: content + b"more", "6.1.3"),
        (lambda content: content.replace(b"xref\n0", b"xref \n0", 1), "6.1.4"),
        (lambda content: content.replace(b"\nendobj", b" endobj", 1), "6.1.9"),
    ],
    ids=["header", "end", "xref", "object"],
)
def test_what_a_parser_forgives_is_told_of_a_pdf_a(compare: Compare, change: Callable[[bytes], bytes], clause: str) -> None:
    taken = compare(change(pdf_a()), "acta.pdf")
    assert clause in next(finding.message for finding in taken.work.findings if finding.code == "pdfa.violates")


def test_what_the_validator_does_not_judge_is_left_open(compare: Compare) -> None:
    def higher(document: pikepdf.Pdf) -> None:
        packet = document.Root.Metadata.read_bytes()
        document.Root.Metadata = document.make_stream(packet.replace(b">B</pdfaid:conformance>", b">U</pdfaid:conformance>"))

    taken = compare(pdf_a(higher), "acta.pdf")
    assert breaches(taken) == {"pdfa.undecided"}
    assert taken.work.properties["pdfa"] == "2u undecided"


def test_metadata_may_define_their_own_properties(compare: Compare) -> None:
    schema = b"""<rdf:Description rdf:about="" xmlns:pdfaExtension="http://www.aiim.org/pdfa/ns/extension/"
      xmlns:pdfaSchema="http://www.aiim.org/pdfa/ns/schema#" xmlns:pdfaProperty="http://www.aiim.org/pdfa/ns/property#"
      xmlns:own="http://example.org/own/"><own:number>7</own:number><pdfaExtension:schemas><rdf:Bag><rdf:li rdf:parseType="Resource">
      <pdfaSchema:schema>Own</pdfaSchema:schema><pdfaSchema:namespaceURI>http://example.org/own/</pdfaSchema:namespaceURI>
      <pdfaSchema:prefix>own</pdfaSchema:prefix><pdfaSchema:property><rdf:Seq><rdf:li rdf:parseType="Resource">
      <pdfaProperty:name>number</pdfaProperty:name><pdfaProperty:valueType>Integer</pdfaProperty:valueType>
      <pdfaProperty:category>external</pdfaProperty:category><pdfaProperty:description>A number</pdfaProperty:description>
      </rdf:li></rdf:Seq></pdfaSchema:property></rdf:li></rdf:Bag></pdfaExtension:schemas></rdf:Description></rdf:RDF>"""

    def described(packet: bytes) -> Callable[[pikepdf.Pdf], None]:
        def change(document: pikepdf.Pdf) -> None:
            whole = document.Root.Metadata.read_bytes().replace(b"</rdf:RDF>", packet)
            document.Root.Metadata = document.make_stream(whole)

        return change

    assert breaches(compare(pdf_a(described(schema)), "acta.pdf")) == set()
    for wrong in (
        schema.replace(b"<own:number>7<", b"<own:number>seven<"),
        schema.replace(b">external<", b">elsewhere<"),
        schema.replace(b"<pdfaProperty:name>number<", b"<pdfaProperty:name>other<"),
        schema.replace(b"<pdfaSchema:prefix>own</pdfaSchema:prefix>", b""),
    ):
        assert breaches(compare(pdf_a(described(wrong)), "acta.pdf")) == {"pdfa.violates"}


JPEG, PNG, TIFF, JP2 = "image/jpeg", "image/png", "image/tiff", "image/jp2"


@pytest.mark.parametrize(
    ("content", "mime", "code"),
    [
        (made.image("JPEG").replace(b"\xff\xdb", b"\xff\xfe", 1), JPEG, "jpeg.tables"),
        (made.image("JPEG").replace(b"\xff\xc4", b"\0\xff\xc4", 1), JPEG, "jpeg.markers"),
        (made.image("JPEG").replace(b"\xff\xc0", b"\xff\xfe", 1), JPEG, "jpeg.frame"),
        (made.image("PNG")[:-16] + b"\0\0\0\0" + made.image("PNG")[-12:], PNG, "png.check"),
        (made.image("PNG")[:-12] + png_chunk(b"ABCD", b"") + made.image("PNG")[-12:], PNG, "png.unknown_chunk"),
        (made.image("PNG")[:33] + png_chunk(b"IHDR", made.image("PNG")[16:29]) + made.image("PNG")[33:], PNG, "png.order"),
        (made.image("PNG")[:-12], PNG, "png.order"),
        (made.image("PNG")[:8] + png_chunk(b"IHDR", made.image("PNG")[16:24] + b"\x03\x02\0\0\0"), PNG, "png.header"),
        (made.image("PNG")[:-12] + b"\x7f\xff\xff\xffIDAT" + made.image("PNG")[-12:], PNG, "png.chunks"),
        (tiff_with(lambda entries: [e for e in entries if e[:2] != b"\x06\x01"]), TIFF, "tiff.required"),
        (tiff_with(lambda entries: entries[::-1]), TIFF, "tiff.order"),
        (tiff_with(lambda entries: [*entries, struct.pack("<HHII", 65000, 4, 900, 1 << 20)]), TIFF, "tiff.value_outside"),
        (tiff_with(lambda entries: entries, odd=True), TIFF, "tiff.word"),
        (tiff_with(lambda entries: entries)[:-20], TIFF, "tiff.outside"),
        (b"II*\0\0\0\0\0", TIFF, "tiff.no_directory"),
        (jp2().replace(b"ihdr", b"xhdr", 1), JP2, "jp2.header"),
        (jp2().replace(b"jp2c", b"xp2c", 1), JP2, "jp2.boxes"),
        (jp2()[:-2], JP2, "jp2.boxes"),
        (jp2().replace(b"\xff\x4f\xff\x51", b"\xff\x4f\xff\x52", 1), JP2, "jp2.codestream"),
        (jp2().replace(b"ihdr\0\0", b"ihdr\0\1", 1), JP2, "jp2.size"),
        (jp2()[:-2] + b"\0\0", JP2, "image.truncated"),
    ],
    ids=named,
)
def test_each_breach_of_an_image_is_told_by_its_name(tools: ToolBox, tmp_path: Path, content: bytes, mime: str, code: str) -> None:
    original = tmp_path / "original"
    original.write_bytes(content)
    answer = tools.call("structure", "image", timeout=30, path=str(original), mime=mime)
    assert code in [note["code"] for note in answer["notes"]]


NO_RELATIONS = '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"/>'


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (with_entry(made.docx(), "word/extraño.zzz", b"x"), "ooxml.types"),
        (with_entry(made.docx(), "_rels/.rels", NO_RELATIONS), "ooxml.main"),
        (with_entry(made.docx(), "word/comments.xml", "<a><b></a>"), "office.part_malformed"),
    ],
    ids=named,
)
def test_each_breach_of_a_package_is_told_by_its_name(compare: Compare, content: bytes, code: str) -> None:
    taken = compare(content, "a.docx")
    assert code in taken.codes
    assert taken.work.readable


def test_a_part_that_is_pointed_to_and_is_not_there_is_told(compare: Compare) -> None:
    relations = (
        '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="r1" '
        'Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/image" Target="media/falta.png"/></Relationships>'
    )
    taken = compare(with_entry(made.docx(), "word/_rels/extra.xml.rels", relations), "a.docx")
    assert "word/media/falta.png" in next(finding.message for finding in taken.work.findings if finding.code == "ooxml.relation")
    assert taken.text


def test_directories_that_lead_in_a_circle_are_told_and_end(compare: Compare) -> None:
    content = bytearray(made.tiff(1))
    place, entries = tiff_entries(bytes(content))
    end = place + 2 + 12 * len(entries)
    content[end : end + 4] = struct.pack("<I", place)
    assert "tiff.loop" in compare(bytes(content), "a.tif").codes


def test_an_open_document_is_compared_with_its_list_of_parts(compare: Compare) -> None:
    head = '<manifest:manifest xmlns:manifest="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0">'
    entry = '<manifest:file-entry manifest:full-path="{}" manifest:media-type="{}"/>'
    kind = "application/vnd.oasis.opendocument.text"
    plain = made.odf("text", "<text:p>Hola</text:p>")
    with zipfile.ZipFile(io.BytesIO(plain)) as package:
        held = [name for name in package.namelist() if name != "mimetype" and not name.startswith("META-INF/")]
    whole = head + entry.format("/", kind) + "".join(entry.format(name, "text/xml") for name in held) + "</manifest:manifest>"
    manifest = "META-INF/manifest.xml"
    assert breaches(compare(with_entry(plain, manifest, whole), "a.odt")) == set()
    assert "odf.manifest" in compare(with_entry(plain, manifest, whole.replace(entry.format(held[0], "text/xml"), "")), "a.odt").codes
    assert "odf.type" in compare(with_entry(plain, manifest, whole.replace(kind, f"{kind}-template")), "a.odt").codes
    moved = with_entry(with_entry(plain, manifest, whole), "mimetype", kind)
    assert "odf.mimetype" in compare(moved, "a.odt").codes


def test_media_are_asked_of_ffprobe_where_it_is(compare: Compare) -> None:
    program = shutil.which("ffprobe")
    if program is None:
        pytest.skip("not run: ffprobe is not installed")
    programs = Programs(ffprobe=Path(program))
    sound = compare(wav(), "a.wav", programs)
    assert breaches(sound) == set()
    assert float(sound.work.properties["duration"]) == 1.0
    assert "media.unreadable" in compare(wav()[:20], "a.wav", programs).codes


def test_media_without_ffprobe_are_told_not_to_be_compared(compare: Compare) -> None:
    assert compare(wav(), "a.wav").outcomes[2] == "conform.no_program"


def test_what_verapdf_writes_stands_in_the_folder_of_the_run_and_goes(compare: Compare, tmp_path: Path) -> None:
    """It writes what it takes out of a document, and is killed when it takes long."""
    program, told = tmp_path / "verapdf", tmp_path / "told"
    program.write_text(f'#!/bin/sh\nprintf %s "$JAVA_TOOL_OPTIONS" >{told}\n')
    program.chmod(0o755)
    compare(pdf_a(), "acta.pdf", Programs(verapdf=program))
    folder = Path(told.read_text("utf-8").removeprefix('-Djava.io.tmpdir="').removesuffix('"'))
    assert folder.parent == tmp_path
    assert not folder.exists()


def test_a_program_that_gives_no_verdict_is_told_and_ours_stands(compare: Compare, tmp_path: Path) -> None:
    program = tmp_path / "verapdf"
    program.write_text("#!/bin/sh\necho nothing\n")
    program.chmod(0o755)
    taken = compare(pdf_a(), "acta.pdf", Programs(verapdf=program))
    assert breaches(taken) == {"conform.no_verapdf"}
    assert taken.work.properties["pdfa"] == "2b conforms"


@pytest.mark.parametrize(
    ("content", "function", "arguments"),
    [
        (made.image("JPEG"), "image", {"mime": JPEG}),
        (made.image("PNG"), "image", {"mime": PNG}),
        (made.tiff(2), "image", {"mime": TIFF}),
        (jp2(), "image", {"mime": JP2}),
        (made.docx(), "conform", {"max_expanded": 1 << 28}),
    ],
    ids=["jpeg", "png", "tiff", "jp2", "docx"],
)
def test_what_was_spoiled_at_random_is_judged_all_the_same(
    tools: ToolBox, tmp_path: Path, content: bytes, function: str, arguments: dict[str, object]
) -> None:
    chance = random.Random(5)
    original = tmp_path / "original"
    told = 0
    for _ in range(60):
        spoiled = bytearray(content[: chance.randrange(20, len(content))] if chance.random() < 0.3 else content)
        for _ in range(chance.choice((1, 3, 20))):
            spoiled[chance.randrange(len(spoiled))] = chance.randrange(256)
        original.write_bytes(spoiled)
        module = "office" if function == "conform" else "structure"
        told += bool(tools.call(module, function, timeout=30, path=str(original), **arguments)["notes"])
    assert told or function == "conform"
