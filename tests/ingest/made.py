"""Documents made for the tests, each with what it should say."""

import io
import zipfile
from collections.abc import Callable, Mapping, Sequence
from email.message import EmailMessage
from typing import Protocol

from docx import Document
from openpyxl import Workbook
from PIL import Image
from pptx import Presentation
from pypdf import PdfReader, PdfWriter
from reportlab.lib.utils import ImageReader
from reportlab.pdfgen.canvas import Canvas

SPANISH = "La Junta aprobó la adquisición del predio El Encanto, según el acta número 14 del año 1936."
DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"


def pdf(pages: Sequence[str], *, size: tuple[float, float] = (595, 842)) -> bytes:
    """A born-digital PDF: a page for each text, a line for each line."""
    out = io.BytesIO()
    canvas = Canvas(out, pagesize=size, invariant=1)
    canvas.setTitle("Acta de prueba")
    canvas.setAuthor("Oficina de prueba")
    for text in pages:
        for index, line in enumerate(text.split("\n")):
            canvas.drawString(72, size[1] - 72 - 16 * index, line)
        canvas.showPage()
    canvas.save()
    return out.getvalue()


def picture(width: int = 600, height: int = 840) -> Image.Image:
    image = Image.new("L", (width, height), 255)
    image.paste(0, (50, 50, width - 50, 90))
    return image


def scanned_pdf(stamp: str = "") -> bytes:
    """A page that is one picture, with a line of text at its foot if `stamp` is given."""
    out = io.BytesIO()
    canvas = Canvas(out, pagesize=(595, 842), invariant=1)
    canvas.drawImage(ImageReader(picture()), 0, 0, 595, 842)
    canvas.setFont("Helvetica", 6)
    canvas.drawString(20, 10, stamp)
    canvas.save()
    return out.getvalue()


def changed_pdf(content: bytes, change: Callable[[PdfWriter], object]) -> bytes:
    """The PDF after `change(writer)`."""
    writer = PdfWriter(clone_from=PdfReader(io.BytesIO(content)))
    change(writer)
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()


def encrypted_pdf(user: str) -> bytes:
    return changed_pdf(pdf([SPANISH]), lambda writer: writer.encrypt(user, "dueño", algorithm="AES-256"))


def raw_pdf(objects: Sequence[bytes]) -> bytes:
    """A PDF of these objects, numbered from 1; the first is the catalogue."""
    out = b"%PDF-1.7\n"
    offsets = []
    for number, content in enumerate(objects, 1):
        offsets.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, content)
    table = b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    return out + (
        b"xref\n0 %d\n0000000000 65535 f \n%strailer\n<< /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n"
        % (len(objects) + 1, table, len(objects) + 1, len(out))
    )


def docx() -> bytes:
    document = Document()
    document.core_properties.title = "Informe de gestión"
    document.core_properties.author = "Ana Pérez"
    document.add_paragraph(SPANISH)
    table = document.add_table(rows=1, cols=2)
    table.cell(0, 0).text, table.cell(0, 1).text = "Concepto", "Valor"
    document.sections[0].header.paragraphs[0].text = "Encabezado del informe"
    document.sections[0].footer.paragraphs[0].text = "Pie del informe"
    return saved(document)


def xlsx() -> bytes:
    workbook = Workbook()
    sheet = workbook.active
    assert sheet is not None
    sheet.title = "Inventario"
    sheet.append(["Caja", "Carpeta", "Asunto"])
    sheet.append([1, 2.0, "Nómina de 1987"])
    workbook.create_sheet("Préstamos").append(["Préstamo vigente"])
    return saved(workbook)


def pptx() -> bytes:
    presentation = Presentation()
    for title in ("Plan de trabajo", "Resultados obtenidos"):
        slide = presentation.slides.add_slide(presentation.slide_layouts[5])
        slide.shapes.title.text = title
    presentation.slides[1].notes_slide.notes_text_frame.text = "Decir que se cumplió"
    return saved(presentation)


def package(entries: Mapping[str, bytes | str]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in entries.items():
            archive.writestr(name, content)
    return out.getvalue()


def entries(content: bytes) -> dict[str, bytes]:
    """What a package holds, by name."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def odf(kind: str, body: str) -> bytes:
    """An OpenDocument file of `kind` text, spreadsheet or presentation."""
    spaces = " ".join(f'xmlns:{name}="urn:oasis:names:tc:opendocument:xmlns:{uri}:1.0"' for name, uri in _ODF_SPACES.items())
    mime = f"application/vnd.oasis.opendocument.{kind}"
    manifest = f'<manifest:manifest {spaces}><manifest:file-entry manifest:full-path="/" manifest:media-type="{mime}"/></manifest:manifest>'
    content = (
        f'<?xml version="1.0" encoding="UTF-8"?><office:document-content {spaces} office:version="1.2">'
        f"<office:body><office:{kind}>{body}</office:{kind}></office:body></office:document-content>"
    )
    return package({"mimetype": mime, "content.xml": content, "META-INF/manifest.xml": manifest})


_ODF_SPACES = {"office": "office", "text": "text", "table": "table", "draw": "drawing", "manifest": "manifest"}


def tiff(frames: int) -> bytes:
    out = io.BytesIO()
    images = [picture() for _ in range(frames)]
    images[0].save(out, "TIFF", save_all=True, append_images=images[1:], dpi=(72, 72), compression="tiff_lzw")
    return out.getvalue()


def image(kind: str) -> bytes:
    out = io.BytesIO()
    picture().save(out, kind)
    return out.getvalue()


def eml(attachments: Sequence[tuple[str, str, bytes]] = (), body: str = SPANISH, subject: str = "Citación a reunión") -> bytes:
    """A message; attachments are (name, MIME type, bytes)."""
    message = EmailMessage()
    message["From"], message["To"] = "Ana Pérez <ana@example.org>", "archivo@example.org"
    message["Subject"], message["Date"] = subject, "Tue, 05 May 2020 10:00:00 -0500"
    message["Message-ID"] = "<1@example.org>"
    message.set_content(body)
    for name, mime, content in attachments:
        kind, _, subtype = mime.partition("/")
        message.add_attachment(content, maintype=kind, subtype=subtype, filename=name)
    return message.as_bytes()


class Savable(Protocol):
    """What the libraries of office documents have in common."""

    def save(self, target: io.BytesIO, /) -> object: ...


def saved(document: Savable) -> bytes:
    out = io.BytesIO()
    document.save(out)
    return out.getvalue()
