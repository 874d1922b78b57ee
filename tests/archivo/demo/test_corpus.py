"""The demonstration corpus says what its truth says, and its manifest and schedule agree with it."""

import csv
from collections import Counter
from pathlib import Path

import pypdf
import pytest
from PIL import Image, ImageChops, ImageStat
from PIL.TiffImagePlugin import TiffImageFile

from archivo import demo
from tests.corpus import make_demo


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as source:
        return list(csv.DictReader(source))


def words(text: str) -> list[str]:
    return text.replace("\f", " ").split()


def test_manifest_truth_and_folder_name_the_same_documents() -> None:
    documents = {path.name for path in demo.CORPUS.iterdir() if path.suffix not in {".csv", ".md", ""}}
    assert documents == {row["path"] for row in rows(demo.MANIFEST)} == {row["path"] for row in rows(demo.TRUTH)}
    assert documents == {*make_demo.DOCUMENTS, make_demo.SIGNED}


def test_every_class_stands_in_the_schedule_and_under_its_office() -> None:
    schedule = {row["subserie_codigo"]: row for row in rows(demo.TRD)}
    truth = {row["path"]: row for row in rows(demo.TRUTH)}
    for row in rows(demo.MANIFEST):
        code = truth[row["path"]]["class"]
        assert row["series"] in {"", code}
        assert schedule[code]["dependencia_codigo"] == row["office"]


def test_the_schedule_is_whole() -> None:
    schedule = rows(demo.TRD)
    assert len({row["dependencia_codigo"] for row in schedule}) == 6
    assert max(Counter(row["subserie_codigo"] for row in schedule).values()) == 1
    for row in schedule:
        assert row["disposicion_final"] in {"CT", "E", "S"}
        assert row["subserie_codigo"].startswith(row["serie_codigo"] + "-")
        assert int(row["retencion_archivo_gestion"]) + int(row["retencion_archivo_central"]) > 0
        assert row["tipos_documentales"]
        assert row["procedimiento"]


def test_access_of_manifest_and_truth_agree_and_nothing_restricted_is_published() -> None:
    truth = {row["path"]: row["access"] for row in rows(demo.TRUTH)}
    for row in rows(demo.MANIFEST):
        assert row["access"] == truth[row["path"]]
        assert row["access"] == "publica" or row["published"] == "no"


@pytest.mark.parametrize("row", rows(demo.TRUTH), ids=lambda row: row["path"])
def test_truth_has_the_pages_and_words_it_promises(row: dict[str, str]) -> None:
    pages = make_demo.texts(row["path"])
    assert len(pages) == int(row["pages"])
    assert set(row["words"].casefold().split()) <= {word.strip(".,:;()").casefold() for page in pages for word in page.split()}


@pytest.mark.parametrize("name", [row["path"] for row in rows(demo.TRUTH) if row["kind"] in {"digital", "signed"}])
def test_digital_documents_hold_their_truth(name: str) -> None:
    reader = pypdf.PdfReader(demo.CORPUS / name)
    assert [words(page.extract_text()) for page in reader.pages] == [words(page) for page in make_demo.texts(name)]


def test_the_signature_covers_the_whole_document() -> None:
    reader = pypdf.PdfReader(demo.CORPUS / make_demo.SIGNED)
    fields = reader.get_fields()
    assert fields
    signature = fields["Firma"]["/V"]
    start, first, second, last = signature["/ByteRange"]
    assert (start, second + last) == (0, (demo.CORPUS / make_demo.SIGNED).stat().st_size)
    assert second - first == len(signature["/Contents"]) * 2 + 2


def test_the_facsimile_has_every_page_in_two_tones() -> None:
    with Image.open(demo.CORPUS / "01-acta-acueducto-1936.tif") as image:
        assert isinstance(image, TiffImageFile)
        assert (image.n_frames, image.mode, image.info["compression"]) == (3, "1", "group4")


def test_drawing_it_again_changes_nothing_a_reader_would_see(tmp_path: Path) -> None:
    (tmp_path / make_demo.SIGNED).write_bytes((demo.CORPUS / make_demo.SIGNED).read_bytes())
    make_demo.make(tmp_path)
    scans = {row["path"] for row in rows(demo.TRUTH) if row["kind"] == "scan"}
    for name in make_demo.DOCUMENTS:
        made, kept = tmp_path / name, demo.CORPUS / name
        if name not in scans:
            assert made.read_bytes() == kept.read_bytes(), name
        elif kept.suffix in {".tif", ".jpg"}:
            with Image.open(made) as one, Image.open(kept) as other:
                difference = ImageChops.difference(one.convert("L"), other.convert("L"))
                assert one.size == other.size
                assert ImageStat.Stat(difference).mean[0] < 1, name
