"""Nothing that runs inside the process obliges more than the LGPL or the MPL; each of those is named here, with why it may be used."""

import re
from importlib.metadata import PackageNotFoundError, metadata

import pytest

from tests.architecture.source import ROOT

REQUIREMENT = re.compile(r"^([A-Za-z0-9._-]+)==([^\s;\\]+)\s*(;[^\\]*)?", re.MULTILINE)
STRONG = re.compile(r"\bA?GPL(?!.*exception)|(?<!lesser )general public|affero", re.IGNORECASE)
WEAK = re.compile(r"\bLGPL|lesser general public|\bMPL\b|mozilla public", re.IGNORECASE)
PERMISSIVE = re.compile(
    r"\bMIT\b|\bBSD\b|\d-clause|apache|\bISC\b|\bPSF\b|python software foundation|\bHPND\b|\bZlib\b|unlicense|public domain|0BSD|CC0",
    re.IGNORECASE,
)
ALLOWED = {
    "certifi": "MPL-2.0: a list of certificates, used unmodified",
    "fpdf2": "LGPL-3.0: used unmodified by OCRmyPDF to place text; can be replaced by its user",
    "img2pdf": "LGPL-3.0: used unmodified by OCRmyPDF; can be replaced by its user",
    "ocrmypdf": "MPL-2.0: used unmodified",
    "orjson": "MPL-2.0: used unmodified by the Elasticsearch client",
    "pikepdf": "MPL-2.0: used unmodified",
    "psycopg": "LGPL-3.0: the PostgreSQL driver, used unmodified; can be replaced by its user",
    "psycopg-binary": "LGPL-3.0: as psycopg, with libpq (PostgreSQL licence)",
}


def licence_of(name: str) -> str:
    """What the distribution says its licence is: expression, else classifiers, else the first line of the text."""
    said = metadata(name)
    classifiers = [line for line in said.get_all("Classifier") or [] if line.startswith("License ::")]
    expression, text = (" ".join(said.get_all(name) or []) for name in ("License-Expression", "License"))
    return expression or " ".join(classifiers) or text.strip().partition("\n")[0]


def verdict(name: str, licence: str) -> str | None:
    """Why a licence is not accepted, or None."""
    if WEAK.search(licence):
        return None if name in ALLOWED else f"{name}: {licence} is not in the list of those allowed, with its reason"
    if STRONG.search(licence):
        return f"{name}: {licence} may not be in the process"
    return None if PERMISSIVE.search(licence) else f"{name}: «{licence}» is not known to be permissive"


def locked() -> list[tuple[str, bool]]:
    """Names in the lock, and whether the name is needed on every machine."""
    text = (ROOT / "requirements-trazas.lock").read_text(encoding="utf-8")
    return [(match[1].lower(), match[3] is None) for match in REQUIREMENT.finditer(text)]


def test_every_locked_distribution_has_an_accepted_licence() -> None:
    problems = []
    for name, everywhere in locked():
        try:
            problems.append(verdict(name, licence_of(name)))
        except PackageNotFoundError:
            problems.append(f"{name} is locked and not installed" if everywhere else None)
    assert [problem for problem in problems if problem] == []


def test_every_allowed_one_is_still_used() -> None:
    assert set(ALLOWED) - {name for name, _ in locked()} == set()


@pytest.mark.parametrize(
    "licence",
    [
        "GPL-3.0-or-later",
        "AGPL-3.0-only",
        "License :: OSI Approved :: GNU Affero General Public License v3",
        "License :: OSI Approved :: GNU General Public License v2 (GPLv2)",
        "LGPL-3.0-only",
        "MPL-2.0",
        "Proprietary",
        "",
    ],
)
def test_what_is_not_accepted_is_caught(licence: str) -> None:
    assert verdict("some-package", licence)


@pytest.mark.parametrize("licence", ["MIT", "BSD-3-Clause", "Apache-2.0 OR BSD-2-Clause", "License :: OSI Approved :: ISC License (ISCL)"])
def test_permissive_ones_are_accepted(licence: str) -> None:
    assert verdict("some-package", licence) is None
