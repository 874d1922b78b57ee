"""Text recognition of one page at a time, with the Tesseract library kept warm in the child."""

import math
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final

import cv2
import numpy as np
import tesserocr

from ingest.recognition.policy import Result, recognise
from ingest.recognition.raster import Grey, PageImage, as_grey
from ingest.recognition.reading import Reading, text_of
from ingest.tools.raster import SourcePage, open_page

DPI: Final = 240
MOST_PIXELS: Final = 45_000_000
"""Pages larger than this at 240 dpi (above A2) are drawn smaller."""
FOLDERS: Final = (
    "/usr/share/tesseract-ocr/5/tessdata",
    "/usr/share/tesseract-ocr/4.00/tessdata",
    "/usr/share/tessdata",
    "/usr/share/tesseract/tessdata",
    "/usr/local/share/tessdata",
    "/opt/homebrew/share/tessdata",
)

cv2.setNumThreads(1)


class NoLanguageData(Exception):
    """The data of a language, or those of orientation, are not installed."""

    code = "no_language_data"


def page(path: str, mime: str, number: int, max_pixels: int, language: str) -> dict[str, Any]:
    """Recognise page `number` of a PDF or image file. Boxes are points of the page as shown after `turn`, to a hundredth.

    Raises Refused (`page_missing`, `too_large`, `damaged`, `encrypted`) and NoLanguageData.
    """
    engine = _Tesseract(language)
    with open_page(Path(path), mime, number, max_pixels) as source:
        dpi = _working_dpi(source)
        image = _page_image(source, dpi)
        result = recognise(image, engine)
        width, height = (source.width, source.height) if result.quarters % 2 == 0 else (source.height, source.width)
        is_spoiled = result.quality is None and source.is_spoiled
        return _answer(result, 72 / image.dpi, width, height) | {"engine": engine.name, "spoiled": is_spoiled}


def describe(language: str) -> str:
    """The engine, its version and its language, as texts name it. Raises NoLanguageData."""
    return _Tesseract(language).name


def _working_dpi(source: SourcePage) -> float:
    most = math.sqrt(MOST_PIXELS / (source.width * source.height)) * 72
    return min(source.own_dpi or DPI, most)


def _page_image(source: SourcePage, dpi: float) -> PageImage:
    grey = as_grey(np.asarray(source.draw(dpi, colour=False)))

    def brightest() -> Grey:
        channels = np.asarray(source.draw(dpi, colour=True)).max(axis=-1)
        return as_grey(cv2.resize(channels, grey.shape[::-1], interpolation=cv2.INTER_AREA) if channels.shape != grey.shape else channels)

    return PageImage(grey, grey.shape[1] * 72 / source.width, source.two_tone, brightest)


def _answer(result: Result, points: float, width: float, height: float) -> dict[str, Any]:
    quality = result.quality
    words = [
        [word.text, round(word.confidence, 1), *(round(edge * points, 2) for edge in (word.x0, word.y0, word.x1, word.y1))]
        for word in result.words
    ]
    return {
        "text": text_of(result.words),
        "words": words,
        "width": round(width, 2),
        "height": round(height, 2),
        "turn": -90 * result.quarters % 360,
        "confidence": None if quality is None else round(quality.confidence, 1),
        "coverage": None if quality is None else round(quality.coverage, 3),
        "doubtful": result.doubtful,
        "unreadable": result.unreadable,
    }


class _Tesseract:
    """An Engine (ingest.recognition.policy) over the warm library objects."""

    def __init__(self, language: str) -> None:
        self._language = language
        self._folder = _data_folder(language)
        number = tesserocr.tesseract_version().split("\n")[0].removeprefix("tesseract ")
        self.name = f"Tesseract {number} (tesserocr {version('tesserocr')}), {language}"

    def read(self, image: Grey, dpi: int, *, one_block: bool, adaptive: bool) -> tuple[Reading, ...]:
        library = _reader(self._folder, self._language, one_block, adaptive)
        height, width = image.shape
        try:
            library.SetImageBytes(image.tobytes(), width, height, 1, width)
            library.SetSourceResolution(dpi)
            library.Recognize()
            rows = [row.split("\t") for row in library.GetTSVText(0).splitlines()]
        finally:
            library.Clear()
        return tuple(_word(row) for row in rows if row[0] == "5" and row[11].strip())

    def orientation(self, image: Grey, dpi: int) -> tuple[int, float]:
        library = _orienter(self._folder)
        height, width = image.shape
        try:
            library.SetImageBytes(image.tobytes(), width, height, 1, width)
            library.SetSourceResolution(dpi)
            found = library.DetectOrientationScript()
        except RuntimeError:
            found = None
        finally:
            library.Clear()
        return (found["orient_deg"] // 90, found["orient_conf"]) if found else (0, 0.0)


def _word(row: list[str]) -> Reading:
    """A word of the TSV: level, page, block, paragraph, line, word, left, top, width, height, confidence, text."""
    left, top, width, height = (float(value) for value in row[6:10])
    place = (int(row[2]), int(row[3]))
    return Reading(row[11].strip(), float(row[10]), left, top, left + width, top + height, place, int(row[4]))


@cache
def _data_folder(language: str) -> str:
    """The first folder that holds the data of the language and of orientation; TESSDATA_PREFIX, read by the library, goes first."""
    for folder in (tesserocr.get_languages()[0], *FOLDERS):
        if folder and all((Path(folder) / f"{name}.traineddata").is_file() for name in (language, "osd")):
            return str(folder)
    raise NoLanguageData(language)


@cache
def _reader(folder: str, language: str, one_block: bool, adaptive: bool) -> tesserocr.PyTessBaseAPI:
    mode = tesserocr.PSM.SINGLE_BLOCK if one_block else tesserocr.PSM.AUTO
    library = tesserocr.PyTessBaseAPI(path=folder, lang=language, psm=mode, oem=tesserocr.OEM.LSTM_ONLY)
    if adaptive:
        library.SetVariable("thresholding_method", "2")
    return library


@cache
def _orienter(folder: str) -> tesserocr.PyTessBaseAPI:
    return tesserocr.PyTessBaseAPI(path=folder, lang="osd", psm=tesserocr.PSM.OSD_ONLY)


CALLS = {"page": page, "describe": describe}
