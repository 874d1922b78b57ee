"""Office documents, messages and web pages of the demonstration, the same bytes each time."""

import io
import re
import zipfile
from email.message import EmailMessage
from email.policy import SMTP
from html import escape

import docx as word
import openpyxl
import pptx as slides

Pages = list[str]
INSTANT = "2024-01-15T12:00:00Z"
_CREATED = re.compile(rb"(<dcterms:(created|modified)[^>]*>)[^<]*(<)")
_ODT_CONTENT = """<?xml version="1.0" encoding="UTF-8"?>
<office:document-content xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0"
 xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0" office:version="1.3"><office:body><office:text>
{paragraphs}
</office:text></office:body></office:document-content>
"""
_ODT_META = """<?xml version="1.0" encoding="UTF-8"?>
<office:document-meta xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0" xmlns:dc="http://purl.org/dc/elements/1.1/"
 office:version="1.3"><office:meta><dc:title>{title}</dc:title><dc:language>es-CO</dc:language></office:meta></office:document-meta>
"""
_ODT_MANIFEST = """<?xml version="1.0" encoding="UTF-8"?>
<manifest:manifest xmlns:manifest="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0" manifest:version="1.3">
<manifest:file-entry manifest:full-path="/" manifest:version="1.3" manifest:media-type="application/vnd.oasis.opendocument.text"/>
<manifest:file-entry manifest:full-path="content.xml" manifest:media-type="text/xml"/>
<manifest:file-entry manifest:full-path="meta.xml" manifest:media-type="text/xml"/>
</manifest:manifest>
"""


def docx(pages: Pages, title: str) -> bytes:
    heading, *paragraphs = pages[0].strip().split("\n")
    document = word.Document()
    document.core_properties.title, document.core_properties.author = title, "Secretaría General"
    document.add_heading(heading, level=1)
    for paragraph in paragraphs:
        document.add_paragraph(paragraph)
    stream = io.BytesIO()
    document.save(stream)
    return _fixed(stream.getvalue())


def odt(pages: Pages, title: str) -> bytes:
    rows = [escape(row) for row in pages[0].strip().split("\n")]
    body = "\n".join(_odt_paragraph(row) for row in rows)
    parts = {
        "mimetype": "application/vnd.oasis.opendocument.text",
        "content.xml": _ODT_CONTENT.format(paragraphs=body),
        "meta.xml": _ODT_META.format(title=escape(title)),
        "META-INF/manifest.xml": _ODT_MANIFEST,
    }
    return _zipped({name: text.encode() for name, text in parts.items()})


def _odt_paragraph(row: str) -> str:
    return f'<text:h text:outline-level="1">{row}</text:h>' if len(row) < 40 and not row.endswith(".") else f"<text:p>{row}</text:p>"


def xlsx(pages: Pages) -> bytes:
    """One sheet a page: its name on the first line, then rows of cells parted by tabs."""
    book = openpyxl.Workbook()
    book.remove(book["Sheet"])
    for page in pages:
        name, *rows = page.strip("\n").split("\n")
        sheet = book.create_sheet(name)
        for row in rows:
            sheet.append([int(cell) if cell.isdigit() else cell for cell in row.split("\t")])
    stream = io.BytesIO()
    book.save(stream)
    return _fixed(stream.getvalue())


def pptx(pages: Pages) -> bytes:
    """One slide a page: its title on the first line, then its points."""
    show = slides.Presentation()
    for page in pages:
        title, *points = page.strip().split("\n")
        slide = show.slides.add_slide(show.slide_layouts[1])
        slide.shapes.title.text = title
        slide.placeholders[1].text_frame.text = "\n".join(points)
    stream = io.BytesIO()
    show.save(stream)
    return _fixed(stream.getvalue())


def eml(text: str, attachment: str, content: bytes) -> bytes:
    """A message: its subject on the first line; the rest is its body; one PDF is attached."""
    subject, _, body = text.partition("\n")
    message = EmailMessage(policy=SMTP)
    message["From"] = "Casilda Ordúz Peñaranda <casilda@ejemplo.invalid>"
    message["To"] = "Atención a la Ciudadanía <atencion@valdeluz.invalid>"
    message["Subject"] = subject
    message["Date"] = "Fri, 19 Jul 2024 08:12:00 -0500"
    message["Message-ID"] = "<demostracion-11@ejemplo.invalid>"
    message.set_content(body, cte="quoted-printable")
    message.add_attachment(content, maintype="application", subtype="pdf", filename=attachment)
    message.set_boundary("demostracion-11")
    return message.as_bytes()


def html(pages: Pages) -> bytes:
    title, *paragraphs = pages[0].strip().split("\n")
    body = "\n".join(f"<p>{escape(paragraph)}</p>" for paragraph in paragraphs)
    head = f'<meta charset="utf-8">\n<title>{escape(title)}</title>'
    return (
        f'<!doctype html>\n<html lang="es">\n<head>\n{head}\n</head>\n<body>\n<h1>{escape(title)}</h1>\n{body}\n</body>\n</html>\n'.encode()
    )


def _fixed(package: bytes) -> bytes:
    """An office package with one instant everywhere."""
    with zipfile.ZipFile(io.BytesIO(package)) as source:
        parts = {name: source.read(name) for name in source.namelist()}
    core = "docProps/core.xml"
    if core in parts:
        parts[core] = _CREATED.sub(rb"\g<1>" + INSTANT.encode() + rb"\g<3>", parts[core])
    return _zipped(parts)


def _zipped(parts: dict[str, bytes]) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as target:
        for name, content in parts.items():
            entry = zipfile.ZipInfo(name, (2024, 1, 15, 12, 0, 0))
            entry.compress_type = zipfile.ZIP_STORED if name == "mimetype" else zipfile.ZIP_DEFLATED
            target.writestr(entry, content)
    return stream.getvalue()
