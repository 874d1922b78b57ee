"""How the invented pages look when they reach an archive: clean or damaged, always the same for the same seed."""

import io
from collections.abc import Callable, Mapping
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from tests.corpus.pages import Page, font

Grey = NDArray[np.uint8]
Chance = np.random.Generator


def render(page: Page, rendering: str = "limpio300", seed: int = 0) -> Image.Image:
    """The page as an image, its resolution in `info["dpi"]`. `rendering` is a key of RENDERINGS."""
    draw, dpi = RENDERINGS[rendering]
    kind = sum(ord(letter) * (index + 1) for index, letter in enumerate(rendering))
    image = draw(page, np.random.default_rng([page.seed, seed, kind]))
    image.info["dpi"] = (dpi, dpi)
    return image


def encode(image: Image.Image, kind: str | None = None) -> tuple[bytes, str]:
    """The bytes of a file of the image and its suffix: TIFF G4 for two tones, PNG for grey, JPEG for colour unless `kind` says."""
    kind = kind or {"1": "TIFF", "L": "PNG"}.get(image.mode, "JPEG")
    options: dict[str, int | str] = {"quality": 72} if kind == "JPEG" else {"compression": "group4"} if image.mode == "1" else {}
    stream = io.BytesIO()
    image.save(stream, kind, dpi=image.info["dpi"], **options)
    return stream.getvalue(), {"TIFF": ".tif", "PNG": ".png", "JPEG": ".jpg"}[kind]


def draw(page: Page, dpi: int) -> Grey:
    """Black on white, exact."""
    scale = dpi / 72
    image = Image.new("L", (round(page.width * scale), round(page.height * scale)), 255)
    pen = ImageDraw.Draw(image)
    for line in page.lines:
        pen.text((line.x * scale, line.y * scale), line.text, fill=0, font=font(line.face, round(line.size * scale)), anchor="ls")
    for rule in page.rules:
        pen.line((rule.x0 * scale, rule.y0 * scale, rule.x1 * scale, rule.y1 * scale), fill=0, width=max(1, round(0.6 * scale)))
    return np.asarray(image)


def turn(image: Grey, clockwise_degrees: float, border: int = 255) -> Grey:
    height, width = image.shape[:2]
    matrix = cv2.getRotationMatrix2D((width / 2, height / 2), -clockwise_degrees, 1)
    return _grey(cv2.warpAffine(image, matrix, (width, height), flags=cv2.INTER_LINEAR, borderValue=(border,) * 3))


def _clean(page: Page, chance: Chance) -> Image.Image:
    image = cv2.GaussianBlur(draw(page, 300), (0, 0), 0.7)
    return Image.fromarray(_noise(turn(_grey(image), chance.uniform(-0.3, 0.3)), 2, chance))


def _fax(dpi: int) -> Callable[[Page, Chance], Image.Image]:
    def send(page: Page, chance: Chance) -> Image.Image:
        image = _noise(cv2.GaussianBlur(turn(draw(page, dpi), chance.uniform(-0.8, 0.8)), (0, 0), 0.5), 14, chance).astype(np.int16)
        image[chance.random(image.shape) < 0.0006] = 0
        return Image.fromarray(_grey(np.where(image < 150, 0, 255))).convert("1", dither=Image.Dither.NONE)

    return send


def _photo(page: Page, chance: Chance) -> Image.Image:
    return _photograph(page, chance, chance.choice((-1, 1)) * chance.uniform(1.2, 2.3), 0.78)


def _shadow(page: Page, chance: Chance) -> Image.Image:
    return _photograph(page, chance, chance.uniform(-1, 1), 0.42)


def _photograph(page: Page, chance: Chance, skew: float, darkest: float) -> Image.Image:
    """A telephone's picture at about 150 dpi: turned a little, softly focused, lit from one side."""
    image = turn(_grey(cv2.GaussianBlur(draw(page, 150), (0, 0), 0.55)), skew, 235)
    height, width = image.shape
    across, down = np.meshgrid(np.linspace(0, 1, width), np.linspace(0, 1, height))
    way = chance.uniform(0, 1)
    light = darkest + (1 - darkest) * (way * across + (1 - way) * down)
    paper = (image * 0.86 + 25) * light
    colour = np.stack([paper, paper * 0.975, paper * 0.93], axis=-1) + chance.normal(0, 4, (height, width, 1))
    return Image.fromarray(_grey(np.clip(colour, 0, 255)))


def _old(page: Page, chance: Chance) -> Image.Image:
    """Yellowed paper with stains, faded ink and the other side showing through."""
    ink = 255 - turn(_grey(cv2.GaussianBlur(draw(page, 300), (0, 0), 1.0)), chance.uniform(-0.9, 0.9)).astype(np.float32)
    height, width = ink.shape
    fade = cv2.resize(chance.uniform(0.55, 0.9, (12, 9)).astype(np.float32), (width, height), interpolation=cv2.INTER_CUBIC)
    paper = np.full((height, width), 222, np.float32)
    for _ in range(5):
        spot = np.zeros((height // 10, width // 10), np.float32)
        place = (int(chance.integers(0, width // 10)), int(chance.integers(0, height // 10)))
        cv2.circle(spot, place, int(chance.integers(8, 28)), 1, -1)
        paper -= cv2.resize(cv2.GaussianBlur(spot, (0, 0), 6), (width, height)) * chance.uniform(15, 45)
    through = cv2.GaussianBlur(ink[:, ::-1], (0, 0), 4) * 0.06
    grey = paper - ink * fade * 0.75 - through + cv2.resize(chance.normal(0, 6, (height // 2, width // 2)), (width, height))
    return Image.fromarray(_grey(np.clip(np.stack([grey, grey * 0.96, grey * 0.84], axis=-1), 0, 255)))


def _skewed(degrees: float) -> Callable[[Page, Chance], Image.Image]:
    def scan(page: Page, chance: Chance) -> Image.Image:
        return Image.fromarray(_noise(turn(_grey(cv2.GaussianBlur(draw(page, 200), (0, 0), 0.5)), degrees), 3, chance))

    return scan


def _turned(quarters: int) -> Callable[[Page, Chance], Image.Image]:
    def scan(page: Page, chance: Chance) -> Image.Image:
        image = turn(_grey(cv2.GaussianBlur(draw(page, 200), (0, 0), 0.5)), chance.uniform(-0.5, 0.5))
        return Image.fromarray(np.ascontiguousarray(np.rot90(_noise(image, 3, chance), -quarters)))

    return scan


def _stamped(page: Page, chance: Chance) -> Image.Image:
    """A blue rubber stamp over the text."""
    grey = np.asarray(_clean(page, chance))
    ink = np.full(grey.shape, 255, np.uint8)
    centre = (int(grey.shape[1] * chance.uniform(0.35, 0.65)), int(grey.shape[0] * chance.uniform(0.35, 0.6)))
    for radius in (330, 300, 170):
        cv2.circle(ink, centre, radius, 0, 9)
    cv2.putText(ink, "RECIBIDO", (centre[0] - 250, centre[1] + 30), cv2.FONT_HERSHEY_DUPLEX, 3.2, 0, 9)
    stamp = (255 - turn(ink, chance.uniform(-20, 20)).astype(np.float32)) / 255
    channels = [np.minimum(grey, 255 - stamp * strength) for strength in (185, 150, 60)]
    return Image.fromarray(_grey(np.stack(channels, axis=-1)))


def _noise(image: NDArray[np.generic], deviation: float, chance: Chance) -> Grey:
    return _grey(np.clip(image + chance.normal(0, deviation, image.shape[:2]).astype(np.float32), 0, 255))


def _grey(image: object) -> Grey:
    return np.asarray(image).astype(np.uint8)


RENDERINGS: Final[Mapping[str, tuple[Callable[[Page, Chance], Image.Image], int]]] = {
    "limpio300": (_clean, 300),
    "fax200": (_fax(200), 200),
    "foto150": (_photo, 150),
    "antiguo300": (_old, 300),
    "girado90": (_turned(1), 200),
    "girado180": (_turned(2), 200),
    "girado270": (_turned(3), 200),
    "sesgo2": (_skewed(2.1), 200),
    "sesgo5": (_skewed(5.0), 200),
    "sombra": (_shadow, 150),
    "sello": (_stamped, 300),
    "fax100": (_fax(100), 100),
}
BASE: Final = ("limpio300", "fax200", "foto150", "antiguo300")
SPECIAL: Final = ("girado90", "girado180", "girado270", "sesgo2", "sesgo5", "sombra", "sello", "fax100")
