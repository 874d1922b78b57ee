"""Office documents become PDF/A where LibreOffice is, or are told why not. What a program makes that is not the original is not kept.

Those that need the real program are in tests/conformance; here is one that does what a test asks of it.
"""

from pathlib import Path

import pytest

from tests.ingest import made

from .conftest import Command
from .test_migrating import deposit, of, scan


def program(folder: Path, patch: pytest.MonkeyPatch, act: str, beside: bytes = b"") -> None:
    """A program in the place of LibreOffice's: `$out` is the folder that it is to write in."""
    folder.mkdir()
    (folder / "hecho.pdf").write_bytes(beside)
    path = folder / "soffice"
    lines = ('here=$(dirname "$0")', 'while [ "$1" != --outdir ]; do shift; done', "out=$2", act)
    path.write_text("#!/bin/sh\n" + "\n".join(lines) + "\n")
    path.chmod(0o755)
    patch.setenv("ARCHIVO_SOFFICE", str(path))


def tried(archivo: Command, identifier: str) -> str:
    """What is told of a copy that is not kept."""
    told = archivo("migrate-formats", identifier, "--json")
    assert (told.status, told.value["failed"]) == (1, [identifier]), told.err
    assert "preservation" not in of(archivo, identifier)
    (detail,) = (event["detail"] for event in archivo("show", identifier, "--json").value["events"] if event["type"] == "migration")
    return str(detail)


def test_without_the_program_it_is_told_what_is_missing(archivo: Command, tmp_path: Path) -> None:
    word = deposit(archivo, tmp_path / "informe.docx", made.docx())
    told = archivo("migrate-formats", word, "--json")
    assert told.value["documents"][0] | {"size": 0, "id": "", "puid": ""} == {
        "id": "",
        "puid": "",
        "mime": made.DOCX,
        "size": 0,
        "target": "PDF/A-2b",
        "why": "no_program",
    }
    assert told.value["made"] == []
    assert "LibreOffice" in archivo("migrate-formats", word).out
    (check,) = (one for one in archivo("doctor", "--json").value["checks"] if one["name"] == "LibreOffice")
    assert "libreoffice-writer-nogui" in check["message"]
    assert check["status"] == "ok"


def test_a_program_that_is_not_there_is_a_misuse(archivo: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ARCHIVO_SOFFICE", str(tmp_path / "nada"))
    assert archivo("doctor").status == 2


def test_a_copy_that_says_another_thing_is_thrown_away(archivo: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    word = deposit(archivo, tmp_path / "informe.docx", made.docx())
    program(tmp_path / "otro", monkeypatch, 'cp "$here/hecho.pdf" "$out/document.pdf"', scan())
    detail = tried(archivo, word)
    assert "no dice lo mismo que el original (de 25 palabras, faltan 25" in detail
    assert detail.endswith("El original sigue igual.")


def test_slides_of_which_one_lacks_are_another_show(archivo: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    show = deposit(archivo, tmp_path / "plan.pptx", made.pptx())
    program(tmp_path / "otro", monkeypatch, 'cp "$here/hecho.pdf" "$out/document.pdf"', scan())
    assert "las páginas son 1 y las diapositivas 2" in tried(archivo, show)


@pytest.mark.parametrize(
    ("act", "beside", "reason"),
    [
        ("exit 0", b"", "LibreOffice no lo abre; puede estar dañado o pedir una contraseña"),
        ("exit 1", b"", "el original no se puede reescribir así"),
        ('cp "$here/hecho.pdf" "$out/document.pdf"', made.pdf([made.SPANISH]), "lo que LibreOffice hace de él no cumple PDF/A-2b"),
        ('cp "$here/hecho.pdf" "$out/document.pdf"', b"nada", "lo que LibreOffice hace de él no cumple PDF/A-2b"),
    ],
    ids=["opens nothing", "breaks", "other letters", "no PDF"],
)
def test_what_cannot_be_made_is_told(
    archivo: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, act: str, beside: bytes, reason: str
) -> None:
    word = deposit(archivo, tmp_path / "informe.docx", made.docx())
    program(tmp_path / "otro", monkeypatch, act, beside)
    assert tried(archivo, word) == f"No se pudo hacer una copia en PDF/A-2b: {reason}. El original sigue igual."


def test_a_document_without_words_cannot_be_compared(archivo: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    word = deposit(archivo, tmp_path / "vacia.odt", made.odf("text", "<text:p/>"))
    program(tmp_path / "otro", monkeypatch, "exit 0")
    assert "no tiene palabras con que comparar la copia" in tried(archivo, word)


def test_the_program_sees_nothing_of_the_archive(archivo: Command, home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It has its own folder, and neither the secrets nor the documents of others, nor the environment of the archive."""
    from ingest.tools.confinement import possible

    if not possible()["files"]:
        pytest.skip("not run: the kernel of this machine cannot keep a program from other files")
    word = deposit(archivo, tmp_path / "informe.docx", made.docx())
    monkeypatch.setenv("ARCHIVO_SECRET", "x" * 40)
    key = home / "audit.key"
    assert key.exists()
    sees = f'[ -n "$ARCHIVO_SECRET$ARCHIVO_HOME" ] || cat "{key}" || cp "$0" "{tmp_path}/otro/suyo"'
    program(tmp_path / "otro", monkeypatch, f'if {sees}; then cp "$here/hecho.pdf" "$out/document.pdf"; fi', scan())
    assert "LibreOffice no lo abre" in tried(archivo, word)  # it made nothing, for it saw nothing
