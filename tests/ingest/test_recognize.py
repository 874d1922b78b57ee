"""Pages that are images become text with places, whatever state they come in; what cannot be read is said, never made up."""

import os
import signal
import threading
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pikepdf
import pytest
from numpy.typing import NDArray
from PIL import Image

from ingest.limits import Limits
from ingest.step import Done, Failed, Format, Part, PartKind, Skipped, TextSource, Workspace
from ingest.steps import recognize
from ingest.steps.recognize import Recognize
from ingest.tools.process import ChildLimits, ToolBox
from tests.corpus.pages import Page, make_page
from tests.corpus.renderings import draw, render
from tests.corpus.scans import MIMES, character_errors, pdf_of, scan, tiff_of
from tests.processes import children


@pytest.fixture(scope="module")
def tools() -> Iterator[ToolBox]:
    box = ToolBox(size=1)
    yield box
    box.close()


def workspace(path: Path, tools: ToolBox, pages: int = 1, limits: Limits | None = None) -> Workspace:
    kind = Format(None, MIMES[path.suffix], "")
    return Workspace(path.parent, path, path.name, tools, format=kind, pending=list(range(1, pages + 1)), limits=limits or Limits())


def read(path: Path, tools: ToolBox) -> Part:
    work = workspace(path, tools)
    assert isinstance(Recognize()(work), Done)
    (part,) = work.parts
    return part


@pytest.mark.parametrize(
    ("template", "rendering", "turn"),
    [
        ("oficio", "sesgo2", 0),
        ("resolucion", "girado180", 180),
        ("memorando", "girado90", 270),
        ("acta", "fax200", 0),
        ("tabla", "foto150", 0),
    ],
)
def test_a_page_keeps_its_text_however_it_lies(tmp_path: Path, tools: ToolBox, template: str, rendering: str, turn: int) -> None:
    page = make_page(template, 3)
    part = read(scan(tmp_path, page, rendering), tools)
    assert character_errors(page.text, part.text) < 0.03
    assert part.turn == turn
    assert (part.width, part.height) == pytest.approx((612, 792), abs=1)
    assert part.source is TextSource.RECOGNISED
    assert part.engine.startswith("Tesseract")
    assert [word.text for word in part.words] == part.text.split()


def placed(page: Page, part: Part, dpi: int, shift: NDArray[np.float64] | None = None) -> list[float]:
    """How far each edge of each word that occurs once on the page lies from where its ink is."""
    unique = {text for text, count in Counter(box[0] for box in page.word_boxes(dpi)).items() if count == 1}
    found = {word.text: word for word in part.words if word.text in unique}
    distances: list[float] = []
    for text, *box in page.word_boxes(dpi):
        if text in found:
            word = found[text]
            truth = np.array(box)
            if shift is not None:
                corners = shift @ np.array([truth[[0, 2, 2, 0]], truth[[1, 1, 3, 3]], [1, 1, 1, 1]])
                truth = np.array([*corners.min(axis=1), *corners.max(axis=1)])
            distances += list(np.abs(truth - np.array([word.x0, word.y0, word.x1, word.y1])))
    assert len(distances) > 4 * len(unique) * 0.9
    return distances


def test_boxes_lie_on_the_words_ink(tmp_path: Path, tools: ToolBox) -> None:
    page = make_page("contrato", 1)
    path = tmp_path / "recto.png"
    Image.fromarray(draw(page, 300)).save(path, dpi=(300, 300))
    distances = placed(page, read(path, tools), 300)
    assert np.median(distances) < 0.5
    assert max(distances) < 4


def test_boxes_follow_the_words_of_a_leaning_page(tmp_path: Path, tools: ToolBox) -> None:
    page = make_page("oficio", 5)
    shift = np.asarray(cv2.getRotationMatrix2D((page.width / 2, page.height / 2), -5.0, 1), dtype=np.float64)
    distances = placed(page, read(scan(tmp_path, page, "sesgo5"), tools), 200, shift)
    assert np.percentile(distances, 95) < 3
    assert max(distances) < 6


def test_boxes_of_a_page_on_its_side_are_those_of_the_upright_page(tmp_path: Path, tools: ToolBox) -> None:
    page = make_page("acta", 2)
    path = tmp_path / "girada.png"
    Image.fromarray(np.ascontiguousarray(np.rot90(draw(page, 200)))).save(path, dpi=(200, 200))
    part = read(path, tools)
    assert part.turn == 90
    assert np.percentile(placed(page, part, 200), 95) < 1.5


def test_a_page_that_cannot_be_drawn_does_not_cost_the_others(tmp_path: Path, tools: ToolBox) -> None:
    pages = [make_page("memorando", seed) for seed in range(3)]
    path = pdf_of([scan(tmp_path, page, "fax200") for page in pages], tmp_path / "tres.pdf")
    with pikepdf.open(path, allow_overwriting_input=True) as document:
        document.Root.Pages.Kids[1] = document.make_indirect(pikepdf.Dictionary(Type=pikepdf.Name.Font))
        document.save(path)
    work = workspace(path, tools, 3)
    outcome = Recognize()(work)
    assert outcome == Done("ocr.done", {"pages": 3, "failed": 1, "doubtful": outcome.params["doubtful"]}, warning=True)
    assert [finding.params["page"] for finding in work.findings if finding.code == "ocr.page_failed"] == [2]
    assert [part.number for part in work.parts] == [1, 2, 3]
    assert work.parts[1].source is TextSource.NONE
    for page, part in zip(pages[::2], work.parts[::2], strict=True):
        assert character_errors(page.text, part.text) < 0.05


def test_a_child_killed_at_work_costs_no_page(tmp_path: Path) -> None:
    box = ToolBox(size=1)
    page = make_page("memorando", 7)
    work = workspace(tiff_of([render(page, "fax200")] * 2, tmp_path / "dos.tif"), box, 2)
    done: dict[int, Part] = {}
    runner = threading.Thread(target=lambda: done.update(recognize.pages(work, [1, 2])))
    others = recognisers()
    runner.start()
    while not (started := recognisers() - others):
        time.sleep(0.01)
    os.kill(started.pop(), signal.SIGKILL)
    runner.join()
    box.close()
    assert [finding.code for finding in work.findings if finding.code != "ocr.doubtful"] == []
    assert all(character_errors(page.text, done[number].text) < 0.05 for number in (1, 2))


def recognisers() -> set[int]:
    """The processes that recognise for this one."""
    return set(children(os.getpid(), b"ingest.tools.child\0ocr\0"))


def test_a_page_that_takes_too_long_is_left_and_the_next_one_read(tmp_path: Path, tools: ToolBox) -> None:
    path = scan(tmp_path, make_page("columnas", 2), "fax200")
    hurried = workspace(path, tools, limits=Limits(seconds_per_page=0.01))
    assert isinstance(Recognize()(hurried), Failed)
    assert [finding.code for finding in hurried.findings] == ["ocr.page_slow"]
    assert character_errors(make_page("columnas", 2).text, read(path, tools).text) < 0.05


def test_a_child_that_grows_too_much_is_ended(tmp_path: Path) -> None:
    box = ToolBox(size=1, limits={"ocr": ChildLimits(memory=900 << 20)})
    path = tmp_path / "grande.png"
    Image.new("L", (12_000, 15_000), 255).save(path, dpi=(1000, 1000))
    work = workspace(path, box)
    assert isinstance(Recognize()(work), Failed)
    box.close()
    assert {finding.code for finding in work.findings} <= {"ocr.page_too_large", "ocr.page_failed"}


def test_an_image_larger_than_allowed_is_not_decoded(tmp_path: Path, tools: ToolBox) -> None:
    work = workspace(scan(tmp_path, make_page("oficio", 1), "fax100"), tools, limits=Limits(max_pixels=500_000))
    assert isinstance(Recognize()(work), Failed)
    (finding,) = work.findings
    assert finding.code == "ocr.page_too_large"
    assert "página 1" in finding.message


def test_a_blank_page_is_neither_read_nor_doubted(tmp_path: Path, tools: ToolBox) -> None:
    part = read(scan(tmp_path, Page("blanco", 1, ()), "fax200"), tools)
    assert (part.text, part.source, part.doubtful, part.confidence) == ("", TextSource.NONE, False, None)


def test_handwriting_is_flagged_and_nothing_is_made_up(tmp_path: Path, tools: ToolBox) -> None:
    part = read(_scrawl(tmp_path / "manuscrito.png"), tools)
    assert part.doubtful
    assert len(part.text) < 40


def _scrawl(path: Path) -> Path:
    """Lines of loops, as a pen leaves them."""
    chance = np.random.default_rng(4)
    image = np.full((2200, 1700), 235, np.uint8)
    for top in range(250, 1950, 85):
        x = np.arange(200, 1500, 2.0)
        beat = np.cumsum(chance.uniform(0.05, 0.22, x.size))
        tall = 1 + 1.6 * (np.convolve(chance.random(x.size), np.ones(9) / 9, "same") > 0.58)
        points = np.stack([x + 7 * np.cos(beat * 1.7), top + 13 * tall * np.sin(beat * 1.3)], axis=1)
        cv2.polylines(image, [points.astype(np.int32)], False, 40, 3, cv2.LINE_AA)
    Image.fromarray(image).save(path, dpi=(200, 200))
    return path


def test_ranges_done_before_are_not_done_again(tmp_path: Path, tools: ToolBox) -> None:
    page = make_page("memorando", 4)
    work = workspace(tiff_of([render(page, "fax200")] * 2, tmp_path / "dos.tif"), tools, 2)
    earlier = Part(1, PartKind.PAGE, "leído antes", TextSource.RECOGNISED, width=612, height=792, confidence=95.0, engine="otro")
    work.range_files.append(recognize.save(tmp_path, {1: earlier}))
    assert isinstance(Recognize()(work), Done)
    assert work.parts[0] == earlier
    assert character_errors(page.text, work.parts[1].text) < 0.05
    assert work.pending == []
    assert len(work.range_files) == 2
    again = workspace(work.original, tools, 2)
    again.range_files = list(work.range_files)
    again.limits = replace(again.limits, seconds_per_page=0)
    assert isinstance(Recognize()(again), Done)
    assert again.parts == work.parts


def test_an_embedded_text_that_says_more_is_kept(tmp_path: Path, tools: ToolBox) -> None:
    work = workspace(scan(tmp_path, Page("vacía", 1, ()), "limpio300"), tools)
    work.parts = [Part(1, PartKind.PAGE, "Sello digital", TextSource.EMBEDDED, label="iv")]
    Recognize()(work)
    assert (work.parts[0].text, work.parts[0].label) == ("Sello digital", "iv")


def test_without_the_data_of_the_language_it_says_what_to_install(tmp_path: Path, tools: ToolBox) -> None:
    work = workspace(scan(tmp_path, make_page("oficio", 1), "fax100"), tools)
    assert isinstance(Recognize(language="zzz")(work), Failed)
    (finding,) = work.findings
    assert "tesseract-ocr-zzz" in finding.remedy
    assert work.pending == [1]


def test_nothing_pending_is_nothing_to_do(tmp_path: Path, tools: ToolBox) -> None:
    work = workspace(tmp_path / "x.pdf", tools, 0)
    assert Recognize()(work) == Skipped("ocr.nothing_pending")


@pytest.mark.parametrize(("numbers", "text"), [([], ""), ([4], "4"), ([3, 1, 2, 7, 9, 8], "1-3, 7-9")])
def test_page_numbers_are_written_as_people_do(numbers: list[int], text: str) -> None:
    assert recognize.page_ranges(numbers) == text
