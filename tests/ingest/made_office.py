"""Office documents made for the tests of copies: what offices write, and what is made to do harm when it is opened."""

from collections.abc import Sequence

from docx import Document
from docx.oxml import parse_xml
from docx.shared import Pt
from openpyxl import Workbook
from openpyxl.comments import Comment
from pptx import Presentation

from tests.ingest.made import SPANISH, entries, odf, package, saved

_W = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'
_XLINK = "http://www.w3.org/1999/xlink"
_MANIFEST = "META-INF/manifest.xml"


def letter(paragraphs: int = 40, fonts: Sequence[str] = ("Calibri",)) -> bytes:
    """A text of some pages: heads, feet, a list, a table over a page end, a comment, and what was changed and is still marked."""
    document = Document()
    section = document.sections[0]
    section.header.paragraphs[0].text = "Secretaría General · Dirección Distrital de Archivo"
    section.footer.paragraphs[0].text = "Carrera 8 número 10-65"
    document.add_heading("Informe de gestión del año 2026", 1)
    for number in range(paragraphs):
        run = document.add_paragraph().add_run(f"{number + 1}. {SPANISH} Así consta en el folio {number * 7 + 3} del libro de actas.")
        run.font.name, run.font.size = fonts[number % len(fonts)], Pt(11)
        document.add_paragraph(f"Compromiso {number}: entregar el inventario", style="List Number")
    table = document.add_table(rows=0, cols=3)
    for number in range(paragraphs):
        for cell, text in zip(table.add_row().cells, (f"Caja {number}", "Contratos de obra", f"${number}.450.000"), strict=True):
            cell.text = text
    return saved(document)


def marked() -> bytes:
    """A text with a comment, and with what a tracked change takes out and puts in."""
    document = Document()
    paragraph = document.add_paragraph(f"{SPANISH} ")
    for kind, text in (("del", "tachado por la oficina"), ("ins", "escrito por la oficina")):
        tag = "delText" if kind == "del" else "t"
        run = f"<w:r><w:{tag}>{text}</w:{tag}></w:r>"
        paragraph._p.append(parse_xml(f'<w:{kind} {_W} w:id="1" w:author="Ana" w:date="2020-01-01T00:00:00Z">{run}</w:{kind}>'))
    document.add_comment(document.add_paragraph("Se comenta esto").runs[0], "Comentario que queda al margen", "Ana")
    return saved(document)


def sheets(*, narrow: bool = False, formula: bool = False, hidden_column: bool = False) -> bytes:
    """Two sheets with text, amounts and dates; `narrow`: as a program leaves them whose user has not pulled the columns."""
    workbook = Workbook()
    sheet = workbook.active
    assert sheet is not None
    sheet.title = "Contratos"
    sheet.append(["Contratista con todo su nombre", "Objeto del contrato que se firmó", "Valor"])
    for number in range(30):
        sheet.append([f"Consorcio Vías del Norte {number}", "Mantenimiento de andenes y de fuentes públicas", 1250000000 + number])
        sheet.cell(number + 2, 3).number_format = '"$" #,##0.00'
    if not narrow:
        for column, width in (("A", 40), ("B", 60), ("C", 30)):
            sheet.column_dimensions[column].width = width
    if formula:
        sheet["C40"] = "=SUM(C2:C31)"
        sheet["A2"].comment = Comment("Revisar con el supervisor", "Ana")
    if hidden_column:
        sheet.column_dimensions["B"].hidden = True
    workbook.create_sheet("Vacía")
    balance = workbook.create_sheet("Saldos")
    balance.append(["Saldo sin ejecutar", 125000])
    balance.column_dimensions["A"].width = 30
    return saved(workbook)


def show(*, notes: bool = True) -> bytes:
    """Three slides, one of them hidden; with notes of who speaks."""
    presentation = Presentation()
    for title in ("Plan de trabajo", "Resultados obtenidos", "Compromisos"):
        slide = presentation.slides.add_slide(presentation.slide_layouts[1])
        slide.shapes.title.text = title
        slide.placeholders[1].text = f"Se entregaron los inventarios de {title.lower()}"
    presentation.slides[1]._element.set("show", "0")
    if notes:
        presentation.slides[2].notes_slide.notes_text_frame.text = "Recordar a la audiencia la fecha de entrega"
    return saved(presentation)


def linked_picture(address: str) -> bytes:
    """A DOCX whose only picture is to be fetched from `address` when it is opened."""
    document = Document()
    document.add_paragraph(SPANISH)
    found = entries(saved(document))
    kind = "http://schemas.openxmlformats.org/officeDocument/2006/relationships/image"
    relation = f'<Relationship Id="rId900" Type="{kind}" Target="{address}" TargetMode="External"/></Relationships>'
    relations = found["word/_rels/document.xml.rels"]
    found["word/_rels/document.xml.rels"] = relations.replace(b"</Relationships>", relation.encode())
    drawing = (
        b'<w:p><w:r><w:pict><v:shape xmlns:v="urn:schemas-microsoft-com:vml" style="width:100pt;height:100pt">'
        b'<v:imagedata xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships" r:id="rId900"/>'
        b"</v:shape></w:pict></w:r></w:p><w:sectPr"
    )
    found["word/document.xml"] = found["word/document.xml"].replace(b"<w:sectPr", drawing, 1)
    return package(found)


def linked_section(address: str) -> bytes:
    """An ODT with a section whose text is that of another file."""
    source = f'<text:section-source xlink:href="{address}" xmlns:xlink="{_XLINK}"/>'
    return _odf("text", f'<text:p>{SPANISH}</text:p><text:section text:name="a">{source}<text:p>Texto de antes</text:p></text:section>')


def asking_sheet(address: str) -> bytes:
    """An ODS whose cell asks a server for what it shows, and last showed «sin red»."""
    cell = (
        f'<table:table-cell table:formula="of:=WEBSERVICE(&quot;{address}&quot;)" office:value-type="string" '
        'office:string-value="sin red"><text:p>sin red</text:p></table:table-cell>'
    )
    return _odf("spreadsheet", f'<table:table table:name="Hoja"><table:table-row>{cell}</table:table-row></table:table>')


def with_macro() -> bytes:
    """An ODT with a macro that writes over its text as soon as it is opened."""
    found = entries(odf("text", f"<text:p>{SPANISH}</text:p>"))
    script = "vnd.sun.star.script:Standard.Uno.Abrir?language=Basic&amp;location=document"
    listener = (
        '<office:scripts><office:event-listeners><script:event-listener xmlns:script="urn:oasis:names:tc:opendocument:xmlns:script:1.0" '
        f'script:language="ooo:script" script:event-name="dom:load" xmlns:xlink="{_XLINK}" xlink:href="{script}"/>'
        "</office:event-listeners></office:scripts><office:body>"
    )
    found["content.xml"] = found["content.xml"].replace(b"<office:body>", listener.encode())
    library = 'xmlns:library="http://openoffice.org/2000/library"'
    named = 'library:name="Standard" library:readonly="false" library:passwordprotected="false"'
    libraries = (
        f'<library:libraries {library} xmlns:xlink="{_XLINK}"><library:library library:name="Standard" '
        'library:link="false"/></library:libraries>'
    )
    standard = f'<library:library {library} {named}><library:element library:name="Uno"/></library:library>'
    macro = (
        '<script:module xmlns:script="http://openoffice.org/2000/script" script:name="Uno" script:language="StarBasic">'
        'Sub Abrir\nThisComponent.Text.setString("La macro se ejecutó y cambió el documento")\nEnd Sub</script:module>'
    )
    for name, text in (("script-lc", libraries), ("Standard/script-lb", standard), ("Standard/Uno", macro)):
        found[f"Basic/{name}.xml"] = text.encode()
    return package(_listed(found))


def _odf(kind: str, body: str) -> bytes:
    return package(_listed(entries(odf(kind, body))))


def _listed(found: dict[str, bytes]) -> dict[str, bytes]:
    """The entries of an OpenDocument package, each named in its manifest: without that LibreOffice does not open it."""
    files = "".join(
        f'<manifest:file-entry manifest:full-path="{name}" manifest:media-type="text/xml"/>' for name in found if name.endswith(".xml")
    )
    end = "</manifest:manifest>"
    return found | {_MANIFEST: found[_MANIFEST].replace(end.encode(), f"{files}{end}".encode())}
