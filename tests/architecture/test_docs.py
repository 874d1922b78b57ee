"""The documentation says what the code does: generated pages are fresh, nothing is left out, every link and target exists."""

import ast
import re
from pathlib import Path

import pytest

from archivo.cli import FAMILIES
from archivo.jobs import Queue
from archivo.settings import KNOWN
from archivo.web.layout import PLACES
from ingest.findings import CATALOGUE
from tests.architecture import pages
from tests.architecture.source import PACKAGES, ROOT, committed, modules

LINK = re.compile(r"\]\(([^)#\s]+)(?:#[^)]*)?\)")
SHOWN = r"(?:^|`|\d |! )make ([a-z][a-z-]+)"
WRITTEN = sorted(path for path in committed() if path.suffix == ".md")


def text_of(*folders: str) -> str:
    found = [path for folder in folders for path in sorted((ROOT / folder).rglob("*.md"))]
    return "\n".join(path.read_text(encoding="utf-8") for path in found)


@pytest.mark.parametrize("name", pages.GENERATED)
def test_generated_pages_are_fresh(name: str) -> None:
    assert (ROOT / name).read_text(encoding="utf-8") == pages.GENERATED[name](), f"{name} is behind the code: run `make docs`"


@pytest.mark.parametrize("path", WRITTEN, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_links_lead_somewhere(path: Path) -> None:
    targets = [target for target in LINK.findall(path.read_text(encoding="utf-8")) if "://" not in target]
    assert [target for target in targets if not (path.parent / target).exists()] == []


def test_every_command_is_explained_to_archivists_or_engineers() -> None:
    written = text_of("docs") + (ROOT / "README.md").read_text(encoding="utf-8")
    by_hand = written.replace((ROOT / "docs/archivistas/ordenes.md").read_text(encoding="utf-8"), "")
    assert [name for name in FAMILIES if f"archivo {name}" not in by_hand and f"make {name}" not in by_hand] == []


def test_every_command_shown_exists() -> None:
    written = text_of("docs") + (ROOT / "README.md").read_text(encoding="utf-8")
    shown = set(re.findall(r"^(?:\.venv/bin/)?archivo ([a-z-]+)", written, re.MULTILINE)) | set(re.findall(r"`archivo ([a-z-]+)", written))
    assert shown - set(FAMILIES) == set()


def test_every_make_target_shown_exists() -> None:
    targets = set(re.findall(r"^([a-z][a-z-]*):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    readers = [*WRITTEN, ROOT / ".ci/run", ROOT / ".ci/setup"]
    shown = {name for path in readers for name in re.findall(SHOWN, path.read_text(encoding="utf-8"), re.MULTILINE)}
    assert {"demo", "test", "test-kill"} <= shown
    assert shown - targets == set()


def test_every_place_of_the_navigation_is_told_in_the_readme() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert [place.label for place in PLACES if f"**{place.label}**" not in readme and f"[{place.label}]" not in readme] == []


def test_every_queue_is_told_and_has_hands_in_the_split_that_is_shown() -> None:
    written = (ROOT / "docs/ingenieria/jobs.md").read_text(encoding="utf-8")
    assert set(re.findall(r"`(?:archivo)?\.([a-z]+)`", written)) == set(Queue)
    assert sorted(name for names in re.findall(r"--queues ([a-z,]+)", written) for name in names.split(",")) == sorted(Queue)


def test_settings_and_findings_are_complete() -> None:
    assert [name for name in KNOWN if name not in text_of("docs/ingenieria")] == []
    assert [code for code in CATALOGUE if f"`{code}`" not in text_of("docs/archivistas")] == []


def test_archivists_are_told_findings_without_the_words_of_the_program() -> None:
    rows = [line for line in pages.findings().splitlines() if line.startswith("| `")]
    assert len(rows) == len(CATALOGUE)
    assert [row for row in rows if re.search(r"Limits\.|\(decision|Contract", row)] == []


def test_every_finding_says_what_it_means_and_what_to_do() -> None:
    for code, entry in CATALOGUE.items():
        assert entry.message.endswith((".", "»")), code
        assert entry.remedy.endswith("."), code
        assert entry.source, code


def test_one_word_is_used_for_one_thing() -> None:
    """«Bitácora» for what people did, «ficha» for what a program signs in with, and «solo» without its old accent."""
    other = re.compile(r"\b(sólo|auditoría|(la|una) traza|[\"“]traza[\"”]|tokens? de acceso|(los|sus|un) tokens?)\b", re.IGNORECASE)
    read = [*(ROOT / "docs/archivistas").glob("*.md"), *(ROOT / "archivo").rglob("*.html")]
    read += [path for package in PACKAGES for path in (ROOT / package).rglob("*.py")]
    assert [f"{path.name}: {found[0]}" for path in read for found in other.finditer(path.read_text(encoding="utf-8"))] == []


def test_retired_words_name_nothing() -> None:
    glossary = (ROOT / "docs/ingenieria/glossary.md").read_text(encoding="utf-8")
    rows = [line.strip("|").split("|") for line in glossary.splitlines() if line.startswith("| ") and not line.startswith("| In Spanish")]
    retired = {word.strip() for row in rows for word in row[3].split(",") if word.strip()}
    assert len(retired) > 10
    names = {
        node.name.lstrip("_").lower(): module.path
        for module in modules()
        for node in ast.walk(module.tree)
        if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef)
    }
    assert {word: names[word] for word in retired & set(names)} == {}


def test_the_readme_tells_the_two_commands_and_what_was_not_run() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert "git clone" in readme
    assert "make demo" in readme
    assert "make test" in readme
    assert "no se han ejecutado" in readme
