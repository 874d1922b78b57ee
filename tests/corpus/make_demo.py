"""Draws the demonstration corpus from its own true texts: `python -m tests.corpus.make_demo [FOLDER]`.

Every document of archivo/demo/corpus is made here from archivo/demo/corpus/truth/<stem>.txt (pages, sheets and slides are parted by form
feeds), so what a reader should find in it is known exactly. The same texts give the same bytes, except the signed one: a signature
carries its instant and a key made for it, so it is drawn only when absent or when its text is newer.
"""

import io
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path

from PIL import Image
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.pdfgen.canvas import Canvas

from archivo import demo
from tests.corpus import demo_office, demo_signed
from tests.corpus.pages import FACES, HEIGHT, MARGIN, WIDTH, Line, Page, font
from tests.corpus.renderings import render

Pages = list[str]
SCANNED_DPI = 200
SCANNED_AT = 1_705_320_000
QUALITY = 55


def compose(text: str, face: str, size: float, seed: int) -> Page:
    """A page of the text: capitals are centred when short, a blank line leaves a blank line."""
    lines: list[Line] = []
    y = MARGIN
    for paragraph in text.strip("\n").split("\n"):
        heading = paragraph.isupper() and len(paragraph) < 60
        for row in _wrap(paragraph, face, size):
            width = font(face, 100).getlength(row) * size / 100
            if row:
                lines.append(Line(row, (WIDTH - width) / 2 if heading else MARGIN, y, size, face))
            y += size * (1.45 if row else 0.8)
    if y > HEIGHT - MARGIN / 2:
        raise ValueError(f"the text does not fit its page: {text[:40]!r}")
    return Page("demo", seed, tuple(lines))


def _wrap(text: str, face: str, size: float) -> list[str]:
    rows, limit = [""], (WIDTH - 2 * MARGIN) * 100 / size
    for word in text.split():
        longer = f"{rows[-1]} {word}".strip()
        if rows[-1] and font(face, 100).getlength(longer) > limit:
            rows.append(word)
        else:
            rows[-1] = longer
    return rows


def digital(pages: Pages, title: str) -> bytes:
    """A born-digital PDF, its fonts embedded."""
    pdfmetrics.registerFont(TTFont("vera", FACES["vera"]))
    stream = io.BytesIO()
    canvas = Canvas(stream, pagesize=(WIDTH, HEIGHT), invariant=1, lang="es-CO")
    canvas.setTitle(title)
    for number, text in enumerate(pages):
        for line in compose(text, "vera", 10, number).lines:
            canvas.setFont("vera", line.size)
            canvas.drawString(line.x, HEIGHT - line.y, line.text)
        canvas.showPage()
    canvas.save()
    return stream.getvalue()


def _scan(*renderings: str, face: str = "serif", size: float = 12) -> Callable[[Pages], list[Image.Image]]:
    def scan(pages: Pages) -> list[Image.Image]:
        composed = [compose(text, face, size, seed=index + 7) for index, text in enumerate(pages)]
        return [render(page, kind) for page, kind in zip(composed, renderings, strict=True)]

    return scan


def _tiff(images: list[Image.Image]) -> bytes:
    stream = io.BytesIO()
    images[0].save(stream, "TIFF", compression="group4", dpi=images[0].info["dpi"], save_all=True, append_images=images[1:])
    return stream.getvalue()


def _jpeg(image: Image.Image) -> bytes:
    stream = io.BytesIO()
    image = _reduced(image)
    image.save(stream, "JPEG", quality=QUALITY, dpi=image.info["dpi"])
    return stream.getvalue()


def _reduced(image: Image.Image) -> Image.Image:
    """The scan at SCANNED_DPI at most, so that the corpus stays small."""
    dpi = image.info["dpi"][0]
    if dpi > SCANNED_DPI:
        size = (round(image.width * SCANNED_DPI / dpi), round(image.height * SCANNED_DPI / dpi))
        image = image.resize(size, Image.Resampling.LANCZOS)
        image.info["dpi"] = (SCANNED_DPI, SCANNED_DPI)
    return image


def _pdf_of_images(images: list[Image.Image], title: str) -> bytes:
    first, *others = [_reduced(image) for image in images]
    stream = io.BytesIO()
    dates = {"creationDate": time.gmtime(SCANNED_AT), "modDate": time.gmtime(SCANNED_AT)}
    first.save(stream, "PDF", save_all=True, append_images=others, resolution=SCANNED_DPI, quality=QUALITY, title=title, **dates)
    return stream.getvalue()


def _draw(pages: Pages, scan: Callable[[Pages], list[Image.Image]], title: str) -> bytes:
    return _pdf_of_images(scan(pages), title)


DOCUMENTS: Mapping[str, Callable[[Pages], bytes]] = {
    "01-acta-acueducto-1936.tif": lambda pages: _tiff(_scan("fax200", "fax200", "fax200", face="mono", size=11)(pages)),
    "02-resolucion-alumbrado-1948.pdf": lambda pages: _draw(pages, _scan("antiguo300", size=13), "Resolución 87 de 1948"),
    "03-oficio-puente-1952.jpg": lambda pages: _jpeg(_scan("sesgo2", face="mono", size=11)(pages)[0]),
    "04-informe-visita-archivo-1974.pdf": lambda pages: _draw(pages, _scan("limpio300", "girado90", face="mono", size=11), "Visita"),
    "05-contrato-mantenimiento-2021.pdf": lambda pages: digital(pages, "Contrato 058 de 2021"),
    "07-circular-horario-2024.docx": lambda pages: demo_office.docx(pages, "Circular 009 de 2024"),
    "08-politica-gestion-documental-2020.odt": lambda pages: demo_office.odt(pages, "Política de gestión documental"),
    "09-inventario-cajas-2023.xlsx": demo_office.xlsx,
    "10-rendicion-cuentas-2023.pptx": demo_office.pptx,
    "11-peticion-ruido-2024.eml": lambda pages: demo_office.eml(pages[0], "registro-de-ruido.pdf", digital(pages[1:], "Registro de ruido")),
    "12-aviso-eliminacion-2025.html": demo_office.html,
    "13-nota-tranvia-1929.txt": lambda pages: pages[0].encode(),
    "14-auto-disciplinario-2024.pdf": lambda pages: digital(pages, "Auto 031 de 2024"),
    "15-historia-laboral-1988.pdf": lambda pages: _draw(pages, _scan("sello", face="serif", size=12), "Hoja de vida"),
    "16-ejecucion-presupuestal-2022.pdf": lambda pages: digital(pages, "Ejecución presupuestal 2022"),
    "17-memorando-vacaciones-2025.docx": lambda pages: demo_office.docx(pages, "Memorando"),
    "18-acta-comite-archivo-2024.pdf": lambda pages: digital(pages, "Acta 05 de 2024"),
}
SIGNED = "06-resolucion-inventario-2023.pdf"


def texts(name: str) -> Pages:
    """The true text of a document, one string a page."""
    return (demo.CORPUS / "truth" / f"{Path(name).stem}.txt").read_text(encoding="utf-8").split("\f")


def make(folder: Path) -> None:
    """Draw every document into the folder."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, draw in DOCUMENTS.items():
        (folder / name).write_bytes(draw(texts(name)))
    signed, source = folder / SIGNED, demo.CORPUS / "truth" / f"{Path(SIGNED).stem}.txt"
    if not signed.exists() or signed.stat().st_mtime < source.stat().st_mtime:
        signed.write_bytes(demo_signed.sign(digital(texts(SIGNED), "Resolución 0412 de 2023")))


if __name__ == "__main__":
    make(Path(sys.argv[1]) if len(sys.argv) > 1 else demo.CORPUS)
