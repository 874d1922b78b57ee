"""What is committed holds no address of a package registry, no path of one machine, no code of others, nothing large."""

import re
from pathlib import Path

import pytest

from tests.architecture.source import ROOT, committed

REGISTRY = re.compile(
    r'"resolved":\s*"https?:|--(extra-)?index-url|^\s*(index-url|index_url|registry|source)\s*=.*https?:|registry\.npmjs|pypi\.org/simple|pythonhosted',
    re.MULTILINE,
)
MACHINE = re.compile(r"(?<![A-Za-z0-9_.-])/(work|root|farm|home/[a-z]+)/[A-Za-z.]")
OTHERS = re.compile(r"\.min\.(js|css)$|(^|/)(node_modules|vendor|vendored|third_party)/")
LARGEST = 1 << 20
TEXT = {".py", ".md", ".toml", ".json", ".lock", ".txt", ".csv", ".html", ".css", ".js", ".yml", ".yaml", ".sh", ".cfg", ".ini", "", ".xml"}
THIS = Path(__file__).resolve()


def texts() -> list[tuple[str, str]]:
    files = [path for path in committed() if path.suffix in TEXT and path != THIS]
    return [(path.relative_to(ROOT).as_posix(), path.read_text(encoding="utf-8", errors="replace")) for path in files]


@pytest.mark.parametrize("what", [REGISTRY, MACHINE], ids=["registry", "machine"])
def test_no_committed_text_names(what: re.Pattern[str]) -> None:
    assert [f"{name}: {found.group()}" for name, text in texts() if (found := what.search(text))] == []


def test_no_code_of_others_and_nothing_large() -> None:
    names = [path.relative_to(ROOT).as_posix() for path in committed()]
    assert [name for name in names if OTHERS.search(name)] == []
    assert [path.name for path in committed() if path.stat().st_size > LARGEST] == []


@pytest.mark.parametrize(
    ("what", "text"),
    [
        (REGISTRY, '"resolved": "' + 'https://example.invalid/a.tgz"'),
        (REGISTRY, "--extra-" + "index-url x"),
        (REGISTRY, "registry=https://example.invalid"),
        (MACHINE, "open('/" + "work/main/x')"),
        (MACHINE, "see /" + "root/.cache"),
        (MACHINE, "/home/ana/archivo"),
        (OTHERS, "archivo/web/static/vendor/htmx.js"),
        (OTHERS, "static/htmx.min.js"),
    ],
)
def test_each_is_caught(what: re.Pattern[str], text: str) -> None:
    assert what.search(text)


@pytest.mark.parametrize(("what", "text"), [(MACHINE, "a/work/b"), (MACHINE, "https://host/root/x"), (OTHERS, "archivo/vendors.py")])
def test_other_things_are_not(what: re.Pattern[str], text: str) -> None:
    assert not what.search(text)
