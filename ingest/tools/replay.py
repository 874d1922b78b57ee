"""OCRmyPDF plugin that recognises nothing: it replays the words recognised before, read from ALTO files.

The words are already where the page shows them, so the page is never drawn: an empty picture of 72 dots an inch stands in for it, and one
of its pixels is one point.
"""

import json
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

from ocrmypdf import hookimpl
from ocrmypdf.builtin_plugins.tesseract_ocr import TesseractOptions
from ocrmypdf.models.ocr_element import BoundingBox, OcrElement
from ocrmypdf.pluginspec import OcrEngine, OrientationConfidence
from PIL import Image
from pluggy import PluginManager
from pydantic import BaseModel

from ingest import alto
from ingest.step import Part, Word
from ingest.words import lines_of, missing_lines

INDEX: Final = "alto.json"
"""Beside the input: which ALTO file holds each page."""
UNSEEN: Final = "unseen.json"
"""Beside the input: the words that each page holds unseen, which OCRmyPDF takes out, where the upright page has them."""


class ReplayEngine(OcrEngine):
    """An OcrEngine in OCRmyPDF's sense."""

    @staticmethod
    def version() -> str:
        return "1"

    @staticmethod
    def creator_tag(options: Any) -> str:
        return "Archivo"

    def __str__(self) -> str:
        return "recognised before"

    @staticmethod
    def languages(options: Any) -> set[str]:
        return set(options.languages)

    @staticmethod
    def get_orientation(input_file: Path, options: Any) -> OrientationConfidence:
        return OrientationConfidence(angle=0, confidence=0.0)

    @staticmethod
    def get_deskew(input_file: Path, options: Any) -> float:
        return 0.0

    @staticmethod
    def supports_generate_ocr() -> bool:
        return True

    @staticmethod
    def generate_ocr(input_file: Path, options: Any, page_number: int = 0) -> tuple[OcrElement, str]:
        part = _part(options, page_number + 1)
        with Image.open(input_file) as image:
            width, height = image.size
        page = OcrElement("ocr_page", BoundingBox(0, 0, width, height), dpi=72.0, page_number=page_number)
        if part is not None and part.words:
            lines = [*lines_of(part.words), *missing_lines(_unseen(options, page_number + 1), part.words)]
            page.children = [OcrElement("ocr_par", _around(part.words), children=[_line(line) for line in lines])]
        return page, "" if part is None else part.text

    @staticmethod
    def generate_hocr(input_file: Path, output_hocr: Path, output_text: Path, options: Any) -> None:
        raise NotImplementedError

    @staticmethod
    def generate_pdf(input_file: Path, output_pdf: Path, output_text: Path, options: Any) -> None:
        raise NotImplementedError


@hookimpl
def initialize(plugin_manager: PluginManager) -> None:
    """Leave out OCRmyPDF's own engine, which starts the `tesseract` program three times a document only to ask its version."""
    plugin_manager.set_blocked("ocrmypdf.builtin_plugins.tesseract_ocr")


@hookimpl
def register_options() -> dict[str, type[BaseModel]]:
    """OCRmyPDF looks at the options of its own engine, whichever reads."""
    return {"tesseract": TesseractOptions}


@hookimpl
def get_ocr_engine(options: Any) -> OcrEngine:
    return ReplayEngine()


@hookimpl
def rasterize_pdf_page(output_file: Path, options: Any, pageno: int) -> Path:
    part = _part(options, pageno)
    size = (612, 792) if part is None or not part.width or not part.height else (round(part.width), round(part.height))
    Image.new("L", size, 255).save(output_file, dpi=(72, 72))
    return output_file


def forget() -> None:
    """Read every file anew: another document is next."""
    _index.cache_clear()
    _all_unseen.cache_clear()
    _range.cache_clear()


def _line(words: list[Word]) -> OcrElement:
    children = [OcrElement("ocrx_word", _around((word,)), text=word.text, confidence=word.confidence / 100) for word in words]
    return OcrElement("ocr_line", _around(tuple(words)), children=children)


def _around(words: tuple[Word, ...]) -> BoundingBox:
    left, top = min(word.x0 for word in words), min(word.y0 for word in words)
    right, bottom = max(word.x1 for word in words), max(word.y1 for word in words)
    return BoundingBox(left, top, max(right, left + 0.1), max(bottom, top + 0.1))


def _part(options: Any, number: int) -> Part | None:
    path = _index(Path(options.input_file).with_name(INDEX)).get(number)
    return None if path is None else _range(path).get(number)


def _unseen(options: Any, number: int) -> list[Word]:
    return _all_unseen(Path(options.input_file).with_name(UNSEEN)).get(number, [])


@lru_cache(maxsize=1)
def _all_unseen(path: Path) -> dict[int, list[Word]]:
    return {int(number): [Word(*word) for word in words] for number, words in json.loads(path.read_text()).items()}


@lru_cache(maxsize=1)
def _index(path: Path) -> dict[int, Path]:
    return {int(number): Path(file) for number, file in json.loads(path.read_text()).items()}


@lru_cache(maxsize=2)
def _range(path: Path) -> dict[int, Part]:
    return {part.number: part for part in alto.load(path.read_bytes())}
