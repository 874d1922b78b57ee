"""Scanned pages inside messages and office documents are read as those of a document are, and say where they come from."""

import io
import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from docx import Document
from docx.shared import Cm
from PIL import Image
from pptx import Presentation
from pptx.util import Cm as SlideCm

from ingest.limits import Limits
from ingest.step import Done, Failed, Part, PartKind, Skipped, TextSource, Workspace
from ingest.steps import recognize
from ingest.steps.derive import Derive
from ingest.steps.recognize import Recognize
from ingest.tools.process import ToolBox
from tests.corpus.pages import Page, make_page
from tests.corpus.renderings import encode, render
from tests.corpus.scans import character_errors, pdf_of, scan, tiff_of
from tests.ingest import compound, made
from tests.ingest.conftest import Take, Taken

PETITION, LETTER, MINUTES = (make_page(template, 3) for template in ("oficio", "memorando", "acta"))


@pytest.fixture(scope="module")
def tools() -> Iterator[ToolBox]:
    box = ToolBox(size=1)
    yield box
    box.close()


def recognised(taken: Taken) -> list[Part]:
    """The parts after recognition."""
    assert isinstance(Recognize()(taken.work), Done)
    return taken.work.parts


def jpeg(page: Page = PETITION) -> bytes:
    return encode(render(page, "foto150"), "JPEG")[0]


def noise(width: int, height: int, kind: str = "JPEG") -> bytes:
    """A picture of nothing, lighter and darker as a photograph is."""
    chance = np.random.default_rng(7)
    image = Image.fromarray(chance.integers(0, 255, (height // 20, width // 20, 3), dtype=np.uint8)).resize((width, height))
    out = io.BytesIO()
    image.save(out, kind)
    return out.getvalue()


def flat(width: int, height: int) -> bytes:
    out = io.BytesIO()
    Image.new("1", (width, height), 1).save(out, "PNG")
    return out.getvalue()


def docx_with(*pictures: tuple[bytes, float]) -> bytes:
    """A document that shows each picture so many centimetres wide."""
    document = Document()
    document.add_paragraph(made.SPANISH)
    for content, width in pictures:
        document.add_picture(io.BytesIO(content), width=Cm(width))
    out = io.BytesIO()
    document.save(out)
    return out.getvalue()


def pptx_with(*pictures: bytes) -> bytes:
    presentation = Presentation()
    for content in pictures:
        slide = presentation.slides.add_slide(presentation.slide_layouts[5])
        slide.shapes.title.text = "Anexo"
        slide.shapes.add_picture(io.BytesIO(content), SlideCm(1), SlideCm(1), height=SlideCm(17))
    out = io.BytesIO()
    presentation.save(out)
    return out.getvalue()


def odt_with(picture: bytes, width: str, height: str) -> bytes:
    frame = (
        f'<text:p><draw:frame svg:width="{width}" svg:height="{height}" '
        'xmlns:svg="urn:oasis:names:tc:opendocument:xmlns:svg-compatible:1.0">'
        '<draw:image xlink:href="Pictures/1.jpg" xmlns:xlink="http://www.w3.org/1999/xlink"/></draw:frame></text:p>'
    )
    return made.package({**made.entries(made.odf("text", f"<text:p>Se anexa</text:p>{frame}")), "Pictures/1.jpg": picture})


def test_what_is_scanned_in_a_message_is_read_and_named(take: Take, tmp_path: Path) -> None:
    pages = [scan(tmp_path, page, "fax200") for page in (PETITION, LETTER)]
    attachments = [
        ("peticion.pdf", "application/pdf", pdf_of(pages, tmp_path / "peticion.pdf").read_bytes()),
        ("acta.pdf", "application/pdf", made.pdf(["Texto del acta"])),
        ("foto.jpg", "image/jpeg", jpeg(MINUTES)),
        ("escudo.png", "image/png", flat(300, 90)),
    ]
    taken = take(made.eml(attachments), "correo.eml")
    assert taken.outcomes[-1] == "extract.pending"
    assert taken.work.pending == [2, 3, 5]
    message, first, second, born, photograph, arms = recognised(taken)
    assert [part.label for part in (first, second, born, photograph, arms)] == [
        "peticion.pdf, página 1",
        "peticion.pdf, página 2",
        "acta.pdf",
        "foto.jpg",
        "escudo.png",
    ]
    assert {part.kind for part in (first, second, born, photograph, arms)} == {PartKind.ATTACHMENT}
    assert message.kind is PartKind.MESSAGE
    for page, part in ((PETITION, first), (LETTER, second), (MINUTES, photograph)):
        assert character_errors(page.text, part.text) < 0.05
        assert part.source is TextSource.RECOGNISED
        assert part.confidence is not None
        assert (part.width, part.height) == pytest.approx((612, 792), abs=1)
        assert [word.text for word in part.words] == part.text.split()
    assert (born.text, born.width, arms.text) == ("Texto del acta", None, "")
    assert "mail.attachments_as_images" in taken.codes
    assert not taken.errors
    assert Derive()(taken.work) == Skipped("derivative.only_inside")


def test_what_is_deep_inside_says_its_whole_way(take: Take, tmp_path: Path) -> None:
    """A message in a message, with a page of two tones in several frames, in a mailbox."""
    frames = tiff_of([render(PETITION, "fax200"), render(LETTER, "fax200")], tmp_path / "dos.tif").read_bytes()
    inner = made.eml([("dos.tif", "image/tiff", frames)], body="Mensaje reenviado")
    outer = made.eml([("reenviado.eml", "application/octet-stream", inner)])
    taken = take(b"From ana@example.org Tue May  5 10:00:00 2020\n" + outer, "correos.mbox")
    text, first, second = recognised(taken)
    assert "Mensaje reenviado" in text.text
    assert [part.label for part in (first, second)] == [f"mensaje-1.eml, reenviado.eml, dos.tif, página {number}" for number in (1, 2)]
    assert character_errors(LETTER.text, second.text) < 0.05
    assert taken.work.places[3].steps == (("mbox", 1), ("eml", 1), ("eml", 1))


def test_what_is_scanned_in_a_message_of_outlook_is_read(take: Take, tmp_path: Path) -> None:
    content = compound.msg("Remisión", "Va la carta", [("carta.tif", scan(tmp_path, LETTER, "fax200").read_bytes())])
    message, letter = recognised(take(content, "correo.msg"))
    assert "Va la carta" in message.text
    assert (letter.label, letter.kind) == ("carta.tif", PartKind.ATTACHMENT)
    assert character_errors(LETTER.text, letter.text) < 0.05


def test_a_pdf_whose_pages_are_of_both_kinds_keeps_their_order(take: Take, tmp_path: Path) -> None:
    import pikepdf

    with pikepdf.open(io.BytesIO(made.pdf(["Oficio remisorio", "Firma"]))) as document:
        with pikepdf.open(pdf_of([scan(tmp_path, PETITION, "fax200")], tmp_path / "una.pdf")) as scanned:
            document.pages.insert(1, scanned.pages[0])
        document.save(tmp_path / "mixto.pdf")
    taken = take(made.eml([("mixto.pdf", "application/pdf", (tmp_path / "mixto.pdf").read_bytes())]), "correo.eml")
    _, *pages = recognised(taken)
    assert [part.text for part in pages[::2]] == ["Oficio remisorio", "Firma"]
    assert [part.source for part in pages] == [TextSource.EMBEDDED, TextSource.RECOGNISED, TextSource.EMBEDDED]
    assert character_errors(PETITION.text, pages[1].text) < 0.05


def test_a_page_pasted_in_an_office_document_is_read_and_a_coat_of_arms_is_not(take: Take) -> None:
    arms = noise(1200, 1200, "PNG")
    pasted = take(docx_with((arms, 2.5), (jpeg(), 15)), "informe.docx")
    section, page = recognised(pasted)
    assert (section.text, page.label, page.kind) == (made.SPANISH, "imagen-2.jpg", PartKind.ATTACHMENT)
    assert pasted.work.places[2].steps == (("document", 2),)
    assert character_errors(PETITION.text, page.text) < 0.05
    *slides, page = recognised(take(pptx_with(flat(300, 300), jpeg(LETTER)), "plan.pptx"))
    assert [part.kind for part in slides] == [PartKind.SLIDE] * 2
    assert page.label == "diapositiva-2-imagen-2.jpg"
    assert character_errors(LETTER.text, page.text) < 0.05
    section, page = recognised(take(odt_with(jpeg(), "16cm", "20.7cm"), "carta.odt"))
    assert (section.text, page.label) == ("Se anexa", "imagen-1.jpg")
    assert character_errors(PETITION.text, page.text) < 0.05
    assert len(take(odt_with(jpeg(), "2cm", "2.6cm"), "carta.odt").work.parts) == 1


def test_pictures_are_found_however_a_document_shows_them(take: Take) -> None:
    """In the markup of years ago, without a size; on a page of an OpenDocument presentation; a background that no slide shows is none."""
    main = (
        '<w:document xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main" xmlns:v="urn:schemas-microsoft-com:vml" '
        'xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"><w:body><w:p><w:r><w:pict><v:shape>'
        '<v:imagedata r:id="rId9"/></v:shape></w:pict></w:r></w:p></w:body></w:document>'
    )
    types = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    related = '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">{}</Relationships>'
    entries: dict[str, bytes | str] = {
        "[Content_Types].xml": "<Types/>",
        "word/document.xml": main,
        "word/_rels/document.xml.rels": related.format(f'<Relationship Id="rId9" Type="{types}/image" Target="media/a.jpg"/>'),
        "word/media/a.jpg": jpeg(),
        "word/media/suelta.jpg": jpeg(LETTER),
    }
    old = take(made.package(entries), "antiguo.docx").work
    assert [(part.label, part.number) for part in old.parts if part.number in old.pending] == [("imagen-1.jpg", 1)]
    frame = (
        '<draw:page draw:name="Anexo"><draw:frame svg:width="17cm" svg:height="22cm" '
        'xmlns:svg="urn:oasis:names:tc:opendocument:xmlns:svg-compatible:1.0">'
        '<draw:image xlink:href="./Pictures/1.jpg" xmlns:xlink="http://www.w3.org/1999/xlink"/></draw:frame></draw:page>'
    )
    show = take(made.package({**made.entries(made.odf("presentation", frame)), "Pictures/1.jpg": jpeg()}), "plan.odp").work
    assert [show.parts[number - 1].label for number in show.pending] == ["diapositiva-1-imagen-1.jpg"]


def test_a_picture_too_large_to_look_at_is_said(take: Take) -> None:
    entries = made.entries(docx_with((jpeg(), 15)))
    (name,) = [name for name in entries if name.startswith("word/media/")]
    large = np.random.default_rng(5).bytes(30_000) * 9000  # 270 MB that pack a little over a hundred times: no bomb yet
    taken = take(made.package({**entries, name: large}), "informe.docx")
    assert taken.text == made.SPANISH
    assert "office.pictures_left_out" in taken.codes


@pytest.mark.parametrize("size", ["²", "9" * 400, "9" * 5000, "-3", ""], ids=["superscript", "endless", "longer", "negative", "none"])
def test_an_odd_size_costs_no_text(take: Take, size: str) -> None:
    entries = made.entries(docx_with((jpeg(), 15)))
    main = entries["word/document.xml"]
    assert isinstance(main, bytes)
    odd = re.sub(rb'cx="[0-9]+"', f'cx="{size}"'.encode(), main)
    taken = take(made.package({**entries, "word/document.xml": odd}), "informe.docx")
    assert taken.work.parts[0].text == made.SPANISH
    assert taken.work.pending == [2]


@pytest.mark.parametrize("size", ["1.2.3cm", ".cm", "²cm", "9" * 400 + "cm", "١٦cm"])
def test_an_odd_length_costs_no_text(take: Take, size: str) -> None:
    taken = take(odt_with(jpeg(), size, "20.7cm"), "carta.odt")
    assert taken.work.parts[0].text == "Se anexa"
    assert taken.work.pending == [2]


def test_an_odd_count_of_spaces_costs_no_text(take: Take) -> None:
    content = made.odf("text", '<text:p>Se<text:s text:c="²"/>anexa<text:s text:c="' + "9" * 5000 + '"/>todo</text:p>')
    assert take(content, "carta.odt").text == "Se anexa todo"


def test_a_photograph_in_an_office_document_asks_nobody_to_look(take: Take) -> None:
    taken = take(docx_with((noise(1600, 1200), 16)), "informe.docx")
    *_, picture = recognised(taken)
    assert picture.text == ""
    assert not any(part.doubtful for part in taken.work.parts)
    assert "ocr.unreadable" not in taken.codes
    in_mail = take(made.eml([("manuscrito.jpg", "image/jpeg", noise(1600, 1200))]), "correo.eml")
    recognised(in_mail)
    assert in_mail.codes & {"ocr.unreadable", "ocr.doubtful"}


def test_a_document_that_is_only_a_pasted_scan_has_its_text(take: Take) -> None:
    document = Document()
    document.add_picture(io.BytesIO(jpeg()), width=Cm(16))
    out = io.BytesIO()
    document.save(out)
    taken = take(out.getvalue(), "escaneado.docx")
    assert taken.work.pending == [1]
    (page,) = recognised(taken)
    assert character_errors(PETITION.text, page.text) < 0.05
    assert not taken.errors


def test_what_is_hostile_inside_costs_nothing_else(take: Take, tmp_path: Path) -> None:
    attachments = [
        ("bomba.png", "image/png", flat(30_000, 30_000)),
        ("cortada.jpg", "image/jpeg", jpeg()[:300]),
        ("nada.jpg", "image/jpeg", b""),
        ("carta.tif", "image/tiff", scan(tmp_path, LETTER, "fax200").read_bytes()),
    ]
    taken = take(made.eml(attachments), "correo.eml")
    *_, letter = recognised(taken)
    assert character_errors(LETTER.text, letter.text) < 0.05
    assert [finding.params["page"] for finding in taken.work.findings if finding.code == "ocr.page_too_large"] == [2]
    assert "mail.attachments_unread" in taken.codes
    within = take(docx_with((flat(30_000, 30_000), 16)), "informe.docx")
    assert isinstance(Recognize()(within.work), Failed)
    assert within.work.parts[0].text == made.SPANISH
    assert "ocr.page_too_large" in within.codes


def test_bytes_inside_are_counted_for_the_whole_document(take: Take) -> None:
    """Pictures without compression pack a hundred times and more; what lies unpacked keeps within the limit, however many hold them."""
    out = io.BytesIO()
    Image.new("L", (1240, 1754), 255).save(out, "BMP")
    document = docx_with((out.getvalue(), 16))
    inner = made.eml([("segundo.docx", made.DOCX, document)], body="Mensaje reenviado")
    outer = made.eml([("primero.docx", made.DOCX, document), ("reenviado.eml", "application/octet-stream", inner)])
    limit = 3 * out.tell() // 2
    taken = take(outer, "correo.eml", limits=Limits(max_expanded_bytes=limit))
    _, first, picture, forwarded = taken.work.parts
    assert [part.label for part in (first, picture, forwarded)] == ["primero.docx", "primero.docx, imagen-1.bmp", "reenviado.eml"]
    assert first.text == made.SPANISH
    assert made.SPANISH in forwarded.text
    assert taken.work.pending == [3]
    assert "office.pictures_left_out" in taken.codes
    assert sum(path.stat().st_size for path in taken.work.folder.glob("inside*/*")) <= limit


def test_pages_inside_are_counted_for_the_whole_document(take: Take, tmp_path: Path) -> None:
    frames = tiff_of([render(LETTER, "fax200").resize((850, 1100))] * 3, tmp_path / "tres.tif").read_bytes()
    attachments = [(f"{name}.tif", "image/tiff", frames) for name in ("uno", "dos", "tres")]
    taken = take(made.eml(attachments), "correo.eml", limits=Limits(max_pages=4))
    assert [part.label for part in taken.work.parts[1:]] == [
        "uno.tif, página 1",
        "uno.tif, página 2",
        "uno.tif, página 3",
        "dos.tif",
        "tres.tif",
    ]
    assert len(taken.work.pending) == 4
    assert "pages.left_out" in taken.codes
    assert "mail.attachments_as_images" not in taken.codes
    deep = made.eml([("b.eml", "application/octet-stream", made.eml([("carta.tif", "image/tiff", frames)]))])
    assert not take(deep, "correo.eml", limits=Limits(max_nesting=1)).work.pending


def test_a_later_run_finds_the_pages_again_by_where_they_are(take: Take, tools: ToolBox, tmp_path: Path) -> None:
    inner = made.eml([("carta.tif", "image/tiff", scan(tmp_path, LETTER, "fax200").read_bytes())])
    content = made.eml(
        [
            ("reenviado.eml", "application/octet-stream", inner),
            ("informe.docx", made.DOCX, docx_with((noise(1200, 1200), 2.5), (jpeg(), 15))),
        ]
    )
    before = take(content, "correo.eml").work
    folder = tmp_path / "otra"
    folder.mkdir()
    later = Workspace(folder, before.original, "correo.eml", tools, places=before.places)
    done = recognize.pages(later, before.pending)
    assert [character_errors(page.text, done[n].text) < 0.05 for page, n in zip((LETTER, PETITION), before.pending, strict=True)] == [
        True
    ] * 2
    other = tmp_path / "otro.eml"
    other.write_bytes(made.eml())
    lost = Workspace(tmp_path / "otra-mas", other, "correo.eml", tools, places=before.places)
    lost.folder.mkdir()
    assert [part.text for part in recognize.pages(lost, before.pending).values()] == ["", ""]
    assert {finding.code for finding in lost.findings} == {"ocr.page_failed"}
