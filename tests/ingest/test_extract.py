"""What each format gives: parts, text, boxes, and the finding that says why there is none."""

import io

import pytest
from pypdf import PdfWriter

from ingest.step import PartKind, TextSource
from tests.ingest import compound, made
from tests.ingest.conftest import Take, named


def test_a_pdf_gives_its_pages_with_the_box_of_each_word(take: Take) -> None:
    taken = take(made.pdf([made.SPANISH, "Segunda página"]), "acta.pdf")
    assert taken.outcomes == ["scan.not_configured", "identify.identified", "validate.valid", "extract.done"]
    first, second = taken.work.parts
    assert (first.text, second.text) == (made.SPANISH, "Segunda página")
    assert (first.kind, first.source, first.width, first.height) == (PartKind.PAGE, TextSource.EMBEDDED, 595, 842)
    assert [word.text for word in first.words] == made.SPANISH.split()
    word = first.words[0]
    assert word.x0 == pytest.approx(72, abs=1)
    assert word.confidence == 100
    assert word.y0 < 72 < word.y1 + 1
    assert taken.work.properties["title"] == "Acta de prueba"
    assert not taken.work.pending


@pytest.mark.parametrize(
    ("rotate", "corner"),
    [(0, (72, 72)), (90, (842 - 72, 72)), (180, (595 - 72, 842 - 72)), (270, (72, 595 - 72))],
)
def test_boxes_are_those_of_the_page_as_shown(take: Take, rotate: int, corner: tuple[float, float]) -> None:
    """The first letter's base line starts at `corner`, from the top left of the page after its own rotation."""
    turned = made.changed_pdf(made.pdf([made.SPANISH]), lambda writer: writer.pages[0].rotate(rotate))
    part = take(turned, "girado.pdf").work.parts[0]
    assert (part.width, part.height) == ((595, 842) if rotate in (0, 180) else (842, 595))
    word = part.words[0]
    assert word.x0 - 12 <= corner[0] <= word.x1 + 12
    assert word.y0 - 12 <= corner[1] <= word.y1 + 12


def test_the_crop_box_moves_the_boxes(take: Take) -> None:
    def crop(writer: PdfWriter) -> None:
        writer.pages[0].cropbox.lower_left = (50, 42)
        writer.pages[0].cropbox.upper_right = (550, 822)

    part = take(made.changed_pdf(made.pdf([made.SPANISH]), crop), "recortado.pdf").work.parts[0]
    assert (part.width, part.height) == (500, 780)
    assert part.words[0].x0 == pytest.approx(22, abs=1)
    assert part.words[0].y1 == pytest.approx(55, abs=6)


def test_a_page_that_is_an_image_is_left_to_recognition(take: Take) -> None:
    taken = take(made.scanned_pdf(), "escaneado.pdf")
    assert taken.work.pending == [1]
    assert taken.work.parts[0].source is TextSource.NONE
    assert not taken.errors


def test_a_stamp_over_an_image_does_not_make_it_read(take: Take) -> None:
    stamp = "Documento firmado electrónicamente. Verifique su validez en la dirección indicada. " * 3
    assert take(made.scanned_pdf(stamp), "con_sello.pdf").work.pending == [1]


def test_a_text_layer_without_letters_is_left_to_recognition(take: Take) -> None:
    nonsense = b"BT /F1 12 Tf 72 700 Td <%s> Tj ET" % (b"E000" * 40)
    unicode_map = b"/CIDInit /ProcSet findresource begin begincmap 1 begincodespacerange <0000> <FFFF> endcodespacerange "
    unicode_map += b"1 beginbfrange <E000> <E0FF> <E000> endbfrange endcmap end"
    content = made.raw_pdf(
        [
            b"<< /Type /Catalog /Pages 2 0 R >>",
            b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
            b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R /Resources << /Font << /F1 5 0 R >> >> >>",
            b"<< /Length %d >>\nstream\n%s\nendstream" % (len(nonsense), nonsense),
            b"<< /Type /Font /Subtype /Type0 /BaseFont /X /Encoding /Identity-H /DescendantFonts [6 0 R] /ToUnicode 7 0 R >>",
            b"<< /Type /Font /Subtype /CIDFontType2 /BaseFont /X /CIDSystemInfo "
            b"<< /Registry (Adobe) /Ordering (Identity) /Supplement 0 >> >>",
            b"<< /Length %d >>\nstream\n%s\nendstream" % (len(unicode_map), unicode_map),
        ]
    )
    taken = take(content, "letras_perdidas.pdf")
    assert taken.work.pending == [1]
    assert "pdf.text_layer_unusable" in taken.codes


def test_a_blank_page_is_not_left_to_recognition(take: Take) -> None:
    taken = take(made.pdf(["Con texto", ""]), "con_blanco.pdf")
    assert [part.text for part in taken.work.parts] == ["Con texto", ""]
    assert not taken.work.pending


def test_zeros_after_the_end_do_not_make_a_pdf_truncated(take: Take) -> None:
    assert not take(made.pdf(["Hola"]) + bytes(5000), "relleno.pdf").errors


def test_many_pages_are_read_by_ranges_in_order(take: Take) -> None:
    taken = take(made.pdf([f"Folio {number}" for number in range(1, 131)]), "tomo.pdf")
    assert [part.text for part in taken.work.parts] == [f"Folio {number}" for number in range(1, 131)]
    assert [part.number for part in taken.work.parts] == list(range(1, 131))


def test_text_is_composed_and_joined_over_line_ends(take: Take) -> None:
    taken = take("La accio\u0301n continu\u0301a.\r\nOtra lí\u00adnea".encode(), "notas.txt")
    assert taken.text == "La acción continúa.\nOtra lí\u00adnea"


def test_docx_gives_body_tables_headers_and_footers(take: Take) -> None:
    taken = take(made.docx(), "informe.docx")
    for expected in (made.SPANISH, "Concepto", "Valor", "Encabezado del informe", "Pie del informe"):
        assert expected in taken.text
    assert taken.work.parts[0].kind is PartKind.SECTION
    assert taken.work.properties["author"] == "Ana Pérez"


def test_xlsx_gives_a_part_a_sheet(take: Take) -> None:
    parts = take(made.xlsx(), "inventario.xlsx").work.parts
    assert [(part.kind, part.label) for part in parts] == [(PartKind.SHEET, "Inventario"), (PartKind.SHEET, "Préstamos")]
    assert parts[0].text == "Caja\tCarpeta\tAsunto\n1\t2\tNómina de 1987"


def test_pptx_gives_a_part_a_slide_with_its_notes(take: Take) -> None:
    parts = take(made.pptx(), "plan.pptx").work.parts
    assert [(part.kind, part.label) for part in parts] == [(PartKind.SLIDE, "Plan de trabajo"), (PartKind.SLIDE, "Resultados obtenidos")]
    assert "Decir que se cumplió" in parts[1].text


def test_open_documents_give_their_text(take: Take) -> None:
    text = "<text:h>Título</text:h><text:p>Uno<text:s text:c='2'/>dos<text:tab/><text:span>tres</text:span> cuatro</text:p>"
    assert take(made.odf("text", text), "nota.odt").text == "Título\nUno  dos\ttres cuatro"
    cell = "<table:table-cell><text:p>{}</text:p></table:table-cell>"
    table = f"<table:table table:name='Hoja'><table:table-row>{cell.format('Año')}{cell.format('1987')}</table:table-row></table:table>"
    sheets = take(made.odf("spreadsheet", table), "tabla.ods").work.parts
    assert [(part.kind, part.label, part.text) for part in sheets] == [(PartKind.SHEET, "Hoja", "Año\t1987")]
    pages = "<draw:page draw:name='Uno'><draw:frame><draw:text-box><text:p>Hola</text:p></draw:text-box></draw:frame></draw:page>"
    slides = take(made.odf("presentation", pages), "charla.odp").work.parts
    assert [(part.kind, part.label, part.text) for part in slides] == [(PartKind.SLIDE, "Uno", "Hola")]
    foot = "<text:p>Página <text:page-number>&lt;number&gt;</text:page-number> de <text:page-number>3</text:page-number></text:p>"
    assert take(made.odf("text", foot), "pie.odt").text == "Página  de 3"  # a name that stands for each page's own number


def test_images_give_a_page_a_frame_for_recognition(take: Take) -> None:
    taken = take(made.tiff(3), "carpeta.tif")
    assert taken.work.pending == [1, 2, 3]
    assert {(part.kind, part.width, part.height) for part in taken.work.parts} == {(PartKind.PAGE, 600, 840)}
    for kind in ("JPEG", "PNG", "GIF", "BMP", "WEBP"):
        assert take(made.image(kind), f"foto.{kind.lower()}").work.pending == [1]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252", "cp850"])
def test_plain_text_in_the_encodings_of_spanish(take: Take, encoding: str) -> None:
    text = "Resolución número 5 del año 1950: la señora Muñoz pidió la copia."
    assert take(text.encode(encoding), "oficio.txt").text == text


def test_marked_up_text_gives_what_a_reader_sees(take: Take) -> None:
    page = "<html><head><title>Aviso</title><style>p{}</style></head><body><h1>Aviso</h1>"
    page += "<p>Se cita a <b>todos</b>.</p><script>mal()</script></body></html>"
    taken = take(page.encode(), "aviso.html")
    assert taken.text == "Aviso\n\nSe cita a todos."
    assert taken.work.properties["title"] == "Aviso"
    rtf = r"{\rtf1\ansi\ansicpg1252{\fonttbl{\f0 Arial;}}\f0 Acci\'f3n y a\u241?o\par {\*\generator X;}Fin}"
    assert take(rtf.encode(), "nota.rtf").text == "Acción y año\nFin"
    assert take(b'<?xml version="1.0"?><a><b>Uno</b> y <c>dos</c></a>', "datos.xml").text == "Uno\ny\ndos"
    assert take(b'{"asunto": "Resoluci\\u00f3n"}', "datos.json").text == '{"asunto": "Resolución"}'
    assert take("nombre;año\nAna;1987".encode(), "datos.csv").text == "nombre;año\nAna;1987"


def test_long_text_is_cut_at_paragraph_ends(take: Take) -> None:
    paragraphs = [f"Párrafo {number}. " + "palabra " * 60 for number in range(40)]
    parts = take("\n\n".join(paragraphs).encode(), "largo.txt").work.parts
    assert all(1200 <= len(part.text) <= 3100 for part in parts[:-1])
    assert all(part.text.startswith("Párrafo") for part in parts)
    assert "".join("".join(part.text for part in parts).split()) == "".join("".join(paragraphs).split())


def test_a_message_and_its_attachments_are_parts_of_one_document(take: Take) -> None:
    inner = made.eml([("dentro.txt", "text/plain", b"Texto del fondo")], body="Mensaje reenviado", subject="Reenvío")
    attachments = [
        ("acta.pdf", "application/pdf", made.pdf(["Texto del acta"])),
        ("informe.docx", made.DOCX, made.docx()),
        ("reenviado.eml", "application/octet-stream", inner),
        ("foto.png", "image/png", made.image("PNG")),
        ("raro.bin", "application/octet-stream", b"\0\1\2" * 50),
    ]
    taken = take(made.eml(attachments), "correo.eml")
    message, *rest = taken.work.parts
    assert message.kind is PartKind.MESSAGE
    assert message.label == "Citación a reunión"
    assert "De: Ana Pérez <ana@example.org>" in message.text
    assert made.SPANISH in message.text
    assert [part.kind for part in rest] == [PartKind.ATTACHMENT] * 5
    assert [part.label for part in rest] == [name for name, _, _ in attachments]
    assert rest[0].text == "Texto del acta"
    assert made.SPANISH in rest[1].text
    assert "Mensaje reenviado" in rest[2].text
    assert "Texto del fondo" in rest[2].text
    assert {"mail.attachments_as_images", "mail.attachments_unread"} <= taken.codes
    assert taken.work.properties["created"] == "2020-05-05T10:00:00-05:00"


def test_filled_fields_of_a_form_are_found(take: Take) -> None:
    from reportlab.pdfgen.canvas import Canvas

    out = io.BytesIO()
    canvas = Canvas(out, invariant=1)
    canvas.drawString(72, 700, "Nombre del solicitante")
    canvas.acroForm.textfield(name="nombre", x=72, y=650, width=200, height=20, value="Berta Quintana")
    canvas.save()
    assert "Berta Quintana" in take(out.getvalue(), "formulario.pdf").text


@pytest.mark.parametrize(
    ("content", "filename", "code"),
    [
        (b"\0\1\2\3" * 100, "datos.bin", "text.none"),
        (made.package({"a.txt": "hola"}), "paquete.zip", "text.none"),
        (made.pdf([""]), "en_blanco.pdf", "text.none"),
        (compound.compound({"VisioDocument": bytes(64)}), "plano.vsd", "office.old_format"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(2048), "viejo.doc", "file.damaged"),
    ],
    ids=named,
)
def test_what_gives_no_text_says_so(take: Take, content: bytes, filename: str, code: str) -> None:
    taken = take(content, filename)
    assert taken.errors == {code}
    assert taken.outcomes[-1] == ("extract.failed" if code == "file.damaged" else "extract.none")
