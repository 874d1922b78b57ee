"""`archivo demo` as a newcomer runs it: everything is found by who may see it, where it says what was asked, and by nobody else."""

import contextlib
import csv
import io
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from archivo import demo
from archivo.cli import run
from tests.archivo.conftest import Ran

Archivo = Callable[..., Ran]


def command(*words: str) -> Ran:
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        status = run(words)
    return Ran(status, out.getvalue(), err.getvalue())


@pytest.fixture(scope="module")
def archivo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Archivo]:
    """The command line over a home that holds the demonstration, from a folder that is not the checkout."""
    with pytest.MonkeyPatch.context() as environment:
        environment.chdir(tmp_path_factory.mktemp("otra carpeta"))
        environment.setenv("ARCHIVO_HOME", str(tmp_path_factory.mktemp("casa")))
        made = command("demo", "--no-serve")
        assert made.status == 0, made.out + made.err
        yield command


@pytest.fixture(scope="module")
def reads_scans(archivo: Archivo) -> bool:
    return "No se leen escaneos" not in archivo("doctor").out


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as source:
        return list(csv.DictReader(source))


def found(archivo: Archivo, *words: str) -> dict[str, Any]:
    answer: dict[str, Any] = json.loads(archivo("search", "--json", "--limit", "20", *words).out)
    return answer


def titles() -> dict[str, str]:
    return {row["path"]: row["title"] for row in rows(demo.MANIFEST)}


def published() -> set[str]:
    return {row["path"] for row in rows(demo.MANIFEST) if row["published"] == "si"}


@pytest.mark.parametrize("truth", rows(demo.TRUTH), ids=lambda row: row["path"])
def test_each_is_found_by_what_it_says_by_who_may_see_it_only(archivo: Archivo, reads_scans: bool, truth: dict[str, str]) -> None:
    if truth["kind"] == "scan" and not reads_scans:
        pytest.skip("not run: there is no Tesseract with Spanish here")
    title = titles()[truth["path"]]
    inside = found(archivo, truth["words"], "--as", "archivista")["hits"]
    outside = {hit["title"] for hit in found(archivo, truth["words"])["hits"]}
    assert inside[0]["title"] == title
    assert (title in outside) == (truth["path"] in published())


def test_words_of_restricted_documents_alone_are_nothing_to_a_citizen(archivo: Archivo) -> None:
    for word in ("Quelbarión", "Quelbarion", "altavoces", "encuadernación"):
        answer = found(archivo, word)
        assert (answer["total"], answer["hits"], answer["did_you_mean"]) == (0, [], None), word
        assert all(not values for values in answer["facets"].values()), word


def test_what_was_given_no_series_has_a_proposal_with_reasons_near_the_truth(archivo: Archivo) -> None:
    truth = {row["path"]: row["class"] for row in rows(demo.TRUTH)}
    blank = [row["path"] for row in rows(demo.MANIFEST) if not row["series"] and truth[row["path"]]]
    near = 0
    for name in blank:
        title = titles()[name]
        hits = [hit for hit in found(archivo, title, "--as", "archivista")["hits"] if hit["title"] == title]
        proposal = json.loads(archivo("classify", hits[0]["id"], "--json").out)
        assert proposal["status"] in ("suggested", "abstained"), name
        assert proposal["reasons"], name
        near += truth[name] in [proposal["code"], *(other["code"] for other in proposal["alternatives"][:2])]
    assert near >= len(blank) * 2 // 3


def test_everything_kept_is_whole_and_the_installation_has_no_error(archivo: Archivo) -> None:
    report = json.loads(archivo("verify", "--json").out)
    assert (report["checked"], report["ok"], report["damaged"], report["missing"], report["unexpected"]) == (18, 18, [], [], [])
    assert "error" not in archivo("doctor").out.split()


def test_making_it_again_changes_nothing(archivo: Archivo) -> None:
    again = archivo("demo", "--no-serve")
    assert again.status == 0
    assert json.loads(archivo("verify", "--json").out)["checked"] == 18


def test_a_home_with_documents_of_its_own_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ARCHIVO_HOME", str(tmp_path))
    assert command("deposit", str(demo.CORPUS / "13-nota-tranvia-1929.txt")).status == 0
    refused = command("demo", "--no-serve")
    assert refused.status == 1
    assert "no son de la muestra" in refused.err
    assert json.loads(command("verify", "--json").out)["checked"] == 1
