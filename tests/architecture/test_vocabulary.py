"""The instruments know nothing of the institution that uses them: its words appear in none of their files, data included."""

import re
from pathlib import Path

from tests.architecture.source import INSTRUMENTS, ROOT

WORDS = re.compile(
    r"(?<![a-z])(expedientes?|radicad[oa]s?|trd|tvd|fuid|secretar[ií]as?|colombian?[oa]?s?|bogot[aá])(?![a-z])", re.IGNORECASE
)


def offences(path: Path, text: str) -> list[str]:
    found = [f"{path.name}: {WORDS.search(path.stem.replace('_', ' '))}"] if WORDS.search(path.stem.replace("_", " ")) else []
    return found + [
        f"{path.name}:{number} {line.strip()}" for number, line in enumerate(text.splitlines(), 1) if WORDS.search(line.replace("_", " "))
    ]


def test_no_word_of_the_institution_in_the_instruments() -> None:
    found = []
    for package in INSTRUMENTS:
        for path in sorted((ROOT / package).rglob("*")):
            if path.is_file() and "__pycache__" not in path.parts:
                found += offences(path, path.read_text(encoding="utf-8", errors="replace"))
    assert found == []


def test_the_words_are_caught_however_they_are_written() -> None:
    for text in (
        "un expediente",
        "TRD_VERSION = 1",
        "the trd of",
        "radicados",
        "Bogotá, D. C.",
        "BOGOTA",
        "Secretaria",
        "open_expediente()",
        "colombiana",
    ):
        assert offences(Path("x.py"), text), text
    assert offences(Path("trd_rows.py"), "")


def test_other_words_are_not() -> None:
    for text in ("erradicado", "patrd", "secretarial", "expedir", "colombofilia"):
        assert not offences(Path("x.py"), text), text
