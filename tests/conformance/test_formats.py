"""Others' files of known formats: how many are told as their makers say. Each test prints its figure."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from ingest.limits import Limits
from ingest.pipeline import run
from ingest.step import Workspace
from ingest.steps.authenticate import Authenticate
from ingest.steps.identify import Identify
from ingest.steps.validate import Validate
from ingest.tools import verapdf
from ingest.tools.process import ToolBox
from tests.ingest.conftest import AT, Take, take, tools

__all__ = ["take", "tools"]

LEAST = 0.95


def told(capsys: pytest.CaptureFixture[str], what: str, right: int, total: int) -> float:
    """Print a figure, also where the test passes; the share that is right."""
    with capsys.disabled():
        print(f"\n{what}: {right} of {total} ({100 * right / total:.1f} %)")
    return right / total


def test_the_skeletons_of_pronom_are_identified(take: Take, reference: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The identifier stands in each name. Seven follow signatures that PRONOM has since given up, for those of containers."""
    folder = reference / "data" / "conf_pronom_skeleton"
    files = sorted(path for path in folder.rglob("*") if path.name.startswith(("fmt-", "x-fmt-")))
    if not files:
        pytest.skip("not run: no skeletons in the reference data")
    right = 0
    for path in files:
        words = path.name.split("-")
        expected = "x-fmt/" + words[2] if path.name.startswith("x-") else "fmt/" + words[1]
        known = take(path, path.name).work.format
        right += known is not None and known.puid == expected
    assert told(capsys, "PRONOM skeletons with the identifier of their name", right, len(files)) >= LEAST


def verdicts(folder: Path, judge: Callable[[Path, str], str]) -> tuple[int, int]:
    """(how many of the PDF files are judged as their names say, how many there are)."""
    right = total = 0
    for path in sorted(folder.rglob("*.pdf")):
        expected = "conforms" if "-pass-" in path.name else "violates"
        right += judge(path, "1b" if "PDF_A-1b" in path.parts else "2b") == expected
        total += 1
    if not total:
        pytest.skip("not run: no PDF/A files in the reference data")
    return right, total


def test_pdf_a_is_judged_as_verapdf_judges_it(tools: ToolBox, reference: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """By our own validator alone. What it cannot tell counts as wrong; nothing is wrongly approved."""

    def judge(path: Path, flavour: str) -> str:
        verdict = str(tools.call("pdfa", "judge", timeout=60, path=str(path), flavour=flavour)["verdict"])
        assert verdict != "conforms" or "-pass-" in path.name, path
        return verdict

    right, total = verdicts(reference / "data" / "pdf_verapdf", judge)
    assert told(capsys, "PDF/A verdicts of our own validator equal to veraPDF's", right, total) >= LEAST


def test_verapdf_is_asked_where_it_is(reference: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A file in ten, because each asks for a Java machine of its own."""
    command = os.environ.get("ARCHIVO_TEST_VERAPDF")
    if not command:
        pytest.skip("not run: ARCHIVO_TEST_VERAPDF names no veraPDF")
    files = sorted((reference / "data" / "pdf_verapdf").rglob("*.pdf"))[::10]
    right = 0
    for path in files:
        answer = verapdf.judge(Path(command), path, "1b" if "PDF_A-1b" in path.parts else "2b", 60)
        right += answer["verdict"] == ("conforms" if "-pass-" in path.name else "violates")
    assert told(capsys, "PDF/A verdicts through veraPDF", right, len(files)) == 1


SIGNED = {
    "pades-with-old-style-signing-cert-attr.pdf": {"signature.no_roots"},
    "sig-no-signed-attrs.pdf": {"signature.no_roots"},
    "minimal-two-fields-tagged.pdf": set(),
    "minimal-two-pages.pdf": set(),
    "minimal-two-fields-aes256.pdf": {"pdf.encrypted"},
    "minimal-two-fields-pubkey-rc4.pdf": {"pdf.encrypted"},
    "minimal-two-fields-pubkey-aes256.pdf": {"pdf.encrypted"},
    "signed-encrypted-pubkey-with-catalog-ref.pdf": {"pdf.encrypted"},
}


def test_the_signed_files_of_pyhanko(tools: ToolBox, reference: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Their authority is of their own tests, so that no chain is known; one byte changed and they are altered; locked ones are told so."""
    folder = reference / "data" / "pdf_firmados_pyhanko" / "pdf"
    if not folder.is_dir():
        pytest.skip("not run: no signed files in the reference data")

    def found(path: Path) -> set[str]:
        work = Workspace(tmp_path, path, path.name, tools, Limits(seconds_per_call=60))
        run(work, (Identify(), Validate(), Authenticate()), clock=lambda: AT)
        return {one.code for one in work.findings if one.code.startswith("signature.") or one.code == "pdf.encrypted"}

    right = sum(found(folder / name) == expected for name, expected in SIGNED.items())
    assert told(capsys, "Signed files of pyHanko told as they are", right, len(SIGNED)) == 1
    changed = tmp_path / "changed.pdf"
    for name in ("pades-with-old-style-signing-cert-attr.pdf", "sig-no-signed-attrs.pdf"):
        content = bytearray((folder / name).read_bytes())
        content[content.index(b"/MediaBox") + 1] ^= 32
        changed.write_bytes(content)
        assert found(changed) == {"signature.altered"}
