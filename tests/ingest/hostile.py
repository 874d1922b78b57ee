"""Files made to harm, by name, each with the finding that must tell of it (None: it is harmless, it only must not hang)."""

import io
import struct
import zipfile
import zlib
from collections.abc import Callable, Mapping

from tests.ingest import made

_CATALOGUE = b"<< /Type /Catalog /Pages 2 0 R >>"
_PAGE = b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] >>"


def truncated_pdf() -> bytes:
    content = made.pdf([made.SPANISH] * 5)
    return content[: len(content) // 2]


def a_million_pages() -> bytes:
    return made.raw_pdf([_CATALOGUE, b"<< /Type /Pages /Kids [3 0 R] /Count 1000000 >>", _PAGE])


def too_many_pages() -> bytes:
    """25,000 pages that are one page object, referred to by way of as many distinct small ones."""
    kids = b" ".join(b"%d 0 R" % number for number in range(3, 25_003))
    return made.raw_pdf([_CATALOGUE, b"<< /Type /Pages /Kids [%s] /Count 25000 >>" % kids, *[_PAGE] * 25_000])


def circular_pages() -> bytes:
    return made.raw_pdf(
        [_CATALOGUE, b"<< /Type /Pages /Kids [3 0 R 2 0 R] /Count 2 >>", b"<< /Type /Pages /Parent 2 0 R /Kids [2 0 R] /Count 1 >>"]
    )


def nested_arrays() -> bytes:
    deep = b"[" * 200_000 + b"]" * 200_000
    return made.raw_pdf([b"<< /Type /Catalog /Pages 2 0 R /Deep %s >>" % deep, b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>", _PAGE])


def flate_bomb() -> bytes:
    """A page whose content is 2 GB of spaces, packed twice."""
    packer = zlib.compressobj(9, wbits=-15)
    block = packer.compress(b" " * (1 << 20)) + packer.flush(zlib.Z_FULL_FLUSH)  # stands on its own, so it can be repeated
    twice = zlib.compress(b"\x78\xda" + block * 2048 + packer.flush(), 9)
    page = b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R >>"
    stream = b"<< /Length %d /Filter [/FlateDecode /FlateDecode] >>\nstream\n%s\nendstream" % (len(twice), twice)
    return made.raw_pdf([_CATALOGUE, b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>", page, stream])


def active_pdf() -> bytes:
    return made.raw_pdf(
        [
            b"<< /Type /Catalog /Pages 2 0 R /OpenAction << /S /JavaScript /JS (app.alert(1)) >> >>",
            b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
            b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Annots [<< /Subtype /Link /Rect [0 0 9 9] "
            b"/A << /S /Launch /F (cmd.exe) >> >>] >>",
        ]
    )


def image_bomb() -> bytes:
    """A PNG whose header declares 60,000 by 60,000 pixels."""

    def chunk(kind: bytes, content: bytes) -> bytes:
        return struct.pack("!I", len(content)) + kind + content + struct.pack("!I", zlib.crc32(kind + content))

    header = struct.pack("!IIBBBBB", 60_000, 60_000, 8, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"\0" * 1000)) + chunk(b"IEND", b"")


def truncated_jpeg() -> bytes:
    content = made.image("JPEG")
    return content[: len(content) // 2]


def looping_tiff() -> bytes:
    """A TIFF whose second directory follows itself for ever."""
    content = bytearray(made.tiff(2))
    first = struct.unpack_from("<I", content, 4)[0]
    entries = struct.unpack_from("<H", content, first)[0]
    struct.pack_into("<I", content, first + 2 + 12 * entries, first)
    return bytes(content)


def billion_laughs() -> bytes:
    entities = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))
    return f'<?xml version="1.0"?><!DOCTYPE l [<!ENTITY l0 "jajaja">{entities}]><l>&l9;</l>'.encode()


def external_entity() -> bytes:
    return b'<?xml version="1.0"?><!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><a>Hola &x;</a>'


def docx_bomb() -> bytes:
    """A document whose body is 64 MB of spaces."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(made.docx())) as source, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as target:
        for entry in source.infolist():
            if entry.filename != "word/document.xml":
                target.writestr(entry, source.read(entry))
        with target.open("word/document.xml", "w") as body:
            for _ in range(64):
                body.write(b" " * (1 << 20))
    return out.getvalue()


def docx_with_entity() -> bytes:
    document = '<?xml version="1.0"?><!DOCTYPE d [<!ENTITY x SYSTEM "file:///etc/passwd">]>'
    document += '<w:document xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main">'
    document += "<w:body><w:p><w:r><w:t>&x;</w:t></w:r></w:p></w:body></w:document>"
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(made.docx())) as source, zipfile.ZipFile(out, "w") as target:
        for entry in source.infolist():
            target.writestr(entry.filename, document if entry.filename == "word/document.xml" else source.read(entry))
    return out.getvalue()


def xlsx_with_entity() -> bytes:
    """The document type stands behind a comment longer than anyone looks at."""
    sheet = "<?xml version='1.0'?><!--" + " " * (2 << 20) + "--><!DOCTYPE w [<!ENTITY x 'jajaja'>]>"
    sheet += '<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData/></worksheet>'
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(made.xlsx())) as source, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as target:
        for entry in source.infolist():
            target.writestr(entry.filename, sheet if entry.filename == "xl/worksheets/sheet1.xml" else source.read(entry))
    return out.getvalue()


def truncated_docx() -> bytes:
    content = made.docx()
    return content[: len(content) // 2]


def nested_mail() -> bytes:
    """A message within a message, fifty deep."""
    content = made.eml(body="El fondo")
    for level in range(50):
        content = (
            b"From: a@example.org\nTo: b@example.org\nSubject: Nivel %d\nMIME-Version: 1.0\n"
            b"Content-Type: multipart/mixed; boundary=b%d\n\n--b%d\nContent-Type: text/plain\n\nNivel %d\n"
            b"--b%d\nContent-Type: message/rfc822\n\n%s\n--b%d--\n" % (level, level, level, level, level, content, level)
        )
    return content


def deep_mail() -> bytes:
    """Parts within parts, two thousand deep."""
    head = b"From: a@example.org\nTo: b@example.org\nSubject: x\nMIME-Version: 1.0\n"
    return head + b"".join(b"Content-Type: multipart/mixed; boundary=b%d\n\n--b%d\n" % (n, n) for n in range(2000)) + b"\nfin\n"


def slipping_zip() -> bytes:
    return made.package({"../../fuera.txt": "hola", "dentro.zip": made.package({"a": "b"})})


def deep_html() -> bytes:
    return b"<html><body>" + b"<div>" * 100_000 + b"Hola" + b"</div>" * 100_000


def deep_json() -> bytes:
    return b"[" * 1_000_000


def deep_rtf() -> bytes:
    return rb"{\rtf1 " + b"{" * 500_000 + b"Hola"


def lying_workbook() -> bytes:
    """A workbook whose only cell stands in the last row of all."""
    out = io.BytesIO()
    sheet = (
        '<?xml version="1.0"?><worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><dimension ref="A1:XFD1048576"/>'
        '<sheetData><row r="1048576"><c r="XFD1048576" t="inlineStr"><is><t>Lejos</t></is></c></row></sheetData></worksheet>'
    )
    with zipfile.ZipFile(io.BytesIO(made.xlsx())) as source, zipfile.ZipFile(out, "w") as target:
        for entry in source.infolist():
            target.writestr(entry.filename, sheet if entry.filename == "xl/worksheets/sheet1.xml" else source.read(entry))
    return out.getvalue()


FILES: Mapping[str, tuple[Callable[[], bytes], str | None]] = {
    "vacio.pdf": (bytes, "file.empty"),
    "truncado.pdf": (truncated_pdf, "pdf.truncated"),
    "cifrado.pdf": (lambda: made.encrypted_pdf("secreto"), "pdf.encrypted"),
    "restringido.pdf": (lambda: made.encrypted_pdf(""), "pdf.restricted"),
    "un_millon_de_paginas.pdf": (a_million_pages, "pdf.page_count"),
    "demasiadas_paginas.pdf": (too_many_pages, "pdf.too_many_pages"),
    "arbol_circular.pdf": (circular_pages, "pdf.no_pages"),
    "listas_anidadas.pdf": (nested_arrays, None),
    "bomba_flate.pdf": (flate_bomb, None),
    "activo.pdf": (active_pdf, "pdf.launch"),
    "bomba.png": (image_bomb, "image.bomb"),
    "truncada.jpg": (truncated_jpeg, "image.truncated"),
    "en_circulo.tif": (looping_tiff, None),
    "risas.xml": (billion_laughs, "xml.entities"),
    "ajeno.xml": (external_entity, "xml.entities"),
    "bomba.docx": (docx_bomb, "package.bomb"),
    "ajeno.docx": (docx_with_entity, "office.entities"),
    "ajeno.xlsx": (xlsx_with_entity, "office.entities"),
    "truncado.docx": (truncated_docx, "package.damaged"),
    "anidado.eml": (nested_mail, "mail.nesting"),
    "hondo.eml": (deep_mail, None),
    "resbala.zip": (slipping_zip, "package.unsafe_names"),
    "hondo.html": (deep_html, None),
    "hondo.json": (deep_json, None),
    "hondo.rtf": (deep_rtf, None),
    "lejos.xlsx": (lying_workbook, None),
}
