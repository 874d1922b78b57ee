"""Pages of Spanish administrative documents made from a seed, with their exact text; people, places and bodies are invented.

`make_page` composes a page in points; `tests.corpus.renderings.render` draws it clean or damaged. Fonts come from an installed package, so
the same seed gives the same page on every machine.
"""

import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

import reportlab
from PIL import ImageFont

from tests.corpus import wording

WIDTH: Final = 612.0
HEIGHT: Final = 792.0
MARGIN: Final = 72.0
FACES: Final[Mapping[str, str]] = {
    "serif": "_er_____.pfb",
    "serif-bold": "_eb_____.pfb",
    "serif-italic": "_ei_____.pfb",
    "sans": "_a______.pfb",
    "sans-bold": "_ab_____.pfb",
    "mono": "com_____.pfb",
    "mono-bold": "cob_____.pfb",
    "vera": "Vera.ttf",
    "vera-bold": "VeraBd.ttf",
}
FAMILIES: Final = ("serif", "sans", "mono", "vera")


@dataclass(frozen=True, slots=True)
class Line:
    """A line of text: left end and baseline in points from the top left."""

    text: str
    x: float
    y: float
    size: float
    face: str


@dataclass(frozen=True, slots=True)
class Rule:
    """A ruled line, in points."""

    x0: float
    y0: float
    x1: float
    y1: float


@dataclass(frozen=True, slots=True)
class Page:
    """A composed page. `lines` stand in reading order."""

    template: str
    seed: int
    lines: tuple[Line, ...]
    rules: tuple[Rule, ...] = ()
    width: float = WIDTH
    height: float = HEIGHT

    @property
    def text(self) -> str:
        return "\n".join(line.text for line in self.lines)

    def word_boxes(self, dpi: int = 300) -> list[tuple[str, float, float, float, float]]:
        """Each word with the box of its ink when drawn at `dpi`, in points from the top left, in reading order."""
        boxes = []
        for line in self.lines:
            face, scale, start = font(line.face, round(line.size * dpi / 72)), 72 / dpi, 0
            for word in line.text.split():
                start = line.text.index(word, start)
                x0, y0, x1, y1 = face.getbbox(word, anchor="ls")
                left = line.x + face.getlength(line.text[:start]) * scale
                boxes.append((word, left + x0 * scale, line.y + y0 * scale, left + x1 * scale, line.y + y1 * scale))
                start += len(word)
        return boxes


@cache
def font(face: str, pixels: int) -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(str(Path(reportlab.__file__).parent / "fonts" / FACES[face]), pixels)


def make_page(template: str, seed: int) -> Page:
    """Compose a page of one of TEMPLATES; the same seed gives the same page."""
    return TEMPLATES[template](_Sheet(template, seed))


class _Sheet:
    """A page being composed: a pen that goes down the sheet, and the choices its seed makes."""

    def __init__(self, template: str, seed: int) -> None:
        self.template, self.seed = template, seed
        self.chance = random.Random(f"{template}-{seed}")
        self.family = self.chance.choice(FAMILIES)
        self.size = 9.5 if self.family in ("mono", "vera") else self.chance.choice((10.5, 11.0, 11.5))
        self.facts = wording.facts(self.chance)
        self.y = MARGIN + 10
        self.left, self.right = MARGIN, WIDTH - MARGIN
        self.lines: list[Line] = []
        self.rules: list[Rule] = []

    def say(self, sentence: str) -> str:
        return sentence.format_map(self.facts)

    def write(self, text: str, *, bold: bool = False, centred: bool = False, size: float | None = None, after: float = 0) -> None:
        """A paragraph, wrapped between the margins; what would pass the foot of the page is left out, whole lines at a time."""
        face, size = self.family + ("-bold" if bold else ""), size or self.size
        for row in self._wrap(self.say(text), face, size):
            if self.y > HEIGHT - MARGIN:
                return
            width = font(face, 100).getlength(row) * size / 100
            x = (self.left + self.right - width) / 2 if centred else self.left
            self.lines.append(Line(row, x, self.y, size, face))
            self.y += size * 1.3
        self.y += after

    def paragraphs(self, pool: tuple[str, ...], count: int, number: Callable[[int], str] = lambda _: "") -> None:
        for index, sentence in enumerate(self.chance.sample(pool, min(count, len(pool)))):
            self.write(number(index) + sentence, after=self.size * 0.7)

    def table(self, header: tuple[str, ...], rows: Sequence[tuple[str, ...]], widths: tuple[float, ...]) -> None:
        """A ruled table, read row by row."""
        top, height = self.y - self.size, self.size * 2
        edges = [self.left + sum(widths[:index]) for index in range(len(widths) + 1)]
        for index, row in enumerate([header, *rows]):
            for x, cell in zip(edges, row, strict=False):
                face = self.family + ("-bold" if index == 0 else "")
                self.lines.append(Line(cell, x + 5, self.y + 2, self.size, face))
            self.y += height
        bottom = top + height * (len(rows) + 1)
        self.rules += [Rule(x, top, x, bottom) for x in edges]
        self.rules += [Rule(edges[0], top + height * row, edges[-1], top + height * row) for row in range(len(rows) + 2)]
        self.y += self.size

    def sign(self) -> None:
        self.y += self.size * 2
        self.write("{firmante}", bold=True)
        self.write("{cargo}")

    def page(self) -> Page:
        return Page(self.template, self.seed, tuple(self.lines), tuple(self.rules))

    def _wrap(self, text: str, face: str, size: float) -> list[str]:
        rows, limit = [""], (self.right - self.left) * 100 / size
        for word in text.split():
            longer = f"{rows[-1]} {word}".strip()
            if rows[-1] and font(face, 100).getlength(longer) > limit:
                rows.append(word)
            else:
                rows[-1] = longer
        return rows


def _resolution(sheet: _Sheet) -> Page:
    sheet.write("{entidad}", bold=True, centred=True, size=13, after=4)
    sheet.write("RESOLUCIÓN No. {numero} DE {anio}", bold=True, centred=True, after=2)
    sheet.write("({fecha})", centred=True, after=6)
    sheet.write("«Por la cual se {asunto}»", centred=True, after=12)
    sheet.write("EL {cargo_mayusculas}", bold=True, centred=True, after=8)
    sheet.write("En uso de sus facultades legales y reglamentarias, y", after=8)
    sheet.write("CONSIDERANDO:", bold=True, centred=True, after=6)
    sheet.paragraphs(wording.RECITALS, 7)
    sheet.write("RESUELVE:", bold=True, centred=True, after=6)
    sheet.paragraphs(wording.ORDERS, 5, lambda index: f"ARTÍCULO {index + 1}.º ")
    sheet.write("PUBLÍQUESE, NOTIFÍQUESE Y CÚMPLASE", bold=True, centred=True)
    sheet.sign()
    return sheet.page()


def _letter(sheet: _Sheet) -> Page:
    sheet.write("{entidad}", bold=True, size=13, after=16)
    sheet.write("{ciudad}, {fecha}", after=14)
    sheet.write("Señor(a)")
    sheet.write("{destinatario}", bold=True)
    sheet.write("{direccion}")
    sheet.write("{ciudad}", after=14)
    sheet.write("Asunto: respuesta a su petición No. {numero} de {anio}, sobre {asunto_nombre}.", bold=True, after=12)
    sheet.write("Respetado(a) señor(a) {destinatario}:", after=8)
    sheet.paragraphs(wording.ANSWERS, 6)
    sheet.paragraphs(wording.RECITALS, 4)
    sheet.write("Cordialmente,", after=12)
    sheet.sign()
    return sheet.page()


def _minutes(sheet: _Sheet) -> Page:
    sheet.write("{entidad}", bold=True, centred=True, size=13, after=4)
    sheet.write("ACTA No. {numero} DE {anio}", bold=True, centred=True, after=10)
    sheet.write("Fecha: {fecha}. Hora: {hora}. Lugar: sala de juntas, {direccion}.", after=8)
    sheet.write("ASISTENTES", bold=True, after=2)
    for index in range(4):
        sheet.write(f"{{persona{index}}}, {{oficio{index}}}")
    sheet.y += sheet.size
    sheet.write("ORDEN DEL DÍA", bold=True, after=2)
    for index, point in enumerate(wording.AGENDA, 1):
        sheet.write(f"{index}. {point}")
    sheet.y += sheet.size
    sheet.write("DESARROLLO", bold=True, after=2)
    sheet.paragraphs(wording.DEBATES, 6)
    sheet.paragraphs(wording.RECITALS, 3)
    sheet.sign()
    return sheet.page()


def _contract(sheet: _Sheet) -> Page:
    sheet.write("CONTRATO DE PRESTACIÓN DE SERVICIOS No. {numero} DE {anio}", bold=True, centred=True, after=8)
    sheet.write("CELEBRADO ENTRE {entidad_mayusculas} Y {destinatario_mayusculas}", bold=True, centred=True, after=10)
    sheet.write(wording.PARTIES, after=8)
    ordinals = ("PRIMERA", "SEGUNDA", "TERCERA", "CUARTA", "QUINTA", "SEXTA", "SÉPTIMA")
    sheet.paragraphs(wording.CLAUSES, 7, lambda index: f"CLÁUSULA {ordinals[index]}. ")
    sheet.write("Para constancia se firma en {ciudad}, el {fecha}.", after=8)
    sheet.sign()
    return sheet.page()


def _memorandum(sheet: _Sheet) -> Page:
    sheet.write("{entidad}", bold=True, size=13, after=4)
    sheet.write("MEMORANDO INTERNO {numero}-{anio}", bold=True, after=10)
    for row in ("PARA: {persona0}, {oficio0}", "DE: {firmante}, {cargo}", "FECHA: {fecha}", "ASUNTO: {asunto_nombre}"):
        sheet.write(row, after=2)
    sheet.rules.append(Rule(sheet.left, sheet.y, sheet.right, sheet.y))
    sheet.y += sheet.size * 2
    sheet.paragraphs(wording.ANSWERS, 4)
    sheet.paragraphs(wording.DEBATES, 4)
    sheet.sign()
    return sheet.page()


def _table(sheet: _Sheet) -> Page:
    sheet.family, sheet.size = "sans", 10.0
    sheet.write("{entidad}", bold=True, size=13, after=4)
    sheet.write("Relación de bienes entregados por la dependencia en {anio}", bold=True, after=10)
    sheet.paragraphs(wording.ANSWERS, 1)
    rows = [
        (str(sheet.chance.randint(1001, 9899)), item, str(sheet.chance.randint(2, 90)), wording.money(sheet.chance))
        for item in sheet.chance.sample(wording.GOODS, 9)
    ]
    sheet.table(("Código", "Descripción", "Cantidad", "Valor"), rows, (70, 220, 78, 100))
    sheet.paragraphs(wording.DEBATES, 2)
    sheet.sign()
    return sheet.page()


def _columns(sheet: _Sheet) -> Page:
    sheet.family, sheet.size = "serif", 10.5
    sheet.write("GACETA DE {entidad_mayusculas}", bold=True, centred=True, size=13, after=4)
    sheet.write("Número {numero}, {fecha}", centred=True, after=12)
    top = sheet.y
    middle = (MARGIN + WIDTH - MARGIN) / 2
    for left, right, pool in ((MARGIN, middle - 14, wording.RECITALS), (middle + 14, WIDTH - MARGIN, wording.DEBATES)):
        sheet.left, sheet.right, sheet.y = left, right, top
        sheet.paragraphs(pool, 6)
    return sheet.page()


TEMPLATES: Final[Mapping[str, Callable[[_Sheet], Page]]] = {
    "resolucion": _resolution,
    "oficio": _letter,
    "acta": _minutes,
    "contrato": _contract,
    "memorando": _memorandum,
    "tabla": _table,
    "columnas": _columns,
}
