"""What the command line says to a person: Spanish, in number, with the reason and the remedy."""

from pathlib import Path

import pytest

from tests.archivo.conftest import Command

ENGLISH = ("usage", "argument", "unrecognized", "required", "expected", "invalid", "options", "show this", "ambiguous", "choose", "ignored")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("search", "--foo"), "no se conoce: --foo"),
        (("search", "--limit", "doce"), "--limit: «doce» no es un número entero"),
        (("search", "--limit"), "--limit: falta su valor"),
        (("show",), "falta: ID"),
        (("publish",), "falta: ID"),
        (("rebuild", "--index", "--catalogue"), "no puede ir con --index"),
        (("copy-store",), "falta una de estas: --to --from"),
        (("user", "borrar"), "«borrar» no está entre 'create', 'list'"),
        (("user",), "falta: ACCIÓN"),
        (("search", "--json=si"), "--json: no lleva valor, y se le dio 'si'"),
    ],
)
def test_misuse_is_told_in_spanish(archivo: Command, words: tuple[str, ...], said: str) -> None:
    ran = archivo(*words)
    assert ran.status == 2
    assert said in ran.err
    assert "Uso: archivo" in ran.err
    assert not [word for word in ENGLISH if word in ran.err.replace("--", "").lower()]


@pytest.mark.parametrize("words", [("deposit",), ("user",), ("user", "create"), ("copy-store",)])
def test_help_is_in_spanish(archivo: Command, words: tuple[str, ...], capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        archivo(*words, "--help")
    said = capfd.readouterr().out
    assert ended.value.code == 0
    assert said.startswith("Uso: archivo")
    assert "mostrar esta ayuda" in said
    assert not [word for word in ENGLISH if word in said.lower()]


@pytest.fixture
def one(archivo: Command, tmp_path: Path) -> str:
    note = tmp_path / "acta.txt"
    note.write_text("Acta de la junta de aguas", "utf-8")
    (deposited,) = archivo("deposit", note, "--wait", "--json").lines
    return str(deposited["id"])


def test_one_is_told_as_one(archivo: Command, one: str, tmp_path: Path) -> None:
    assert archivo("publish", one).out == "1 documento publicado.\n"
    assert archivo("publish", one, "--withdraw").out == "1 documento retirado.\n"
    assert archivo("verify").out == "1 documento leído: 1 íntegro.\n"
    assert archivo("rebuild").out == "1 fondo, 0 tablas de retención, 1 documento, 2 entradas.\n"
    assert archivo("deposit", tmp_path / "acta.txt", "--dry-run").out == "1 fila revisada, 0 con problemas.\n"


@pytest.mark.usefixtures("embedded")
def test_the_doctor_tells_of_one_document(archivo: Command, one: str) -> None:
    assert "Responde; 1 documento." in archivo("doctor").out


def test_a_record_is_shown_in_words_of_the_archive(archivo: Command, one: str, tmp_path: Path) -> None:
    second = archivo("show", one).out.splitlines()[1]
    assert second == f"{one} · disponible para búsqueda · sin fecha · 1 parte · acceso: Pública"
    again = archivo("deposit", tmp_path / "acta.txt").out
    assert "disponible para búsqueda" in again
    assert "findable" not in again


def test_why_a_file_cannot_be_used_is_told_in_spanish(archivo: Command, one: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ran = archivo("export", one, tmp_path / "acta.txt" / "dentro")
    assert "(ya hay ahí otra cosa)" in ran.err
    monkeypatch.setenv("ARCHIVO_HOME", "/dev/null/casa")
    ran = archivo("jobs")
    assert "(una parte de la ruta no es una carpeta)" in ran.err
    ran = archivo("serve", "--host", "nadie.invalid")
    assert "no se conoce esa máquina" in ran.err


def test_exporting_over_a_file_says_that_it_is_one(archivo: Command, one: str, tmp_path: Path) -> None:
    ran = archivo("export", one, tmp_path / "acta.txt")
    assert ran.status == 2
    assert "es un archivo" in ran.err
    assert "vacía" not in ran.err.split("No se copió")[0]


def test_damage_is_told_with_its_remedy(archivo: Command, home: Path, one: str) -> None:
    (data,) = [path for path in (home / "store").rglob("data") if path.is_file()]
    data.chmod(0o644)
    data.write_bytes(b"X")
    ran = archivo("verify")
    assert ran.status == 1
    assert "copia de seguridad" in ran.out.splitlines()[-1]
    (data.parent / "intruso").touch()
    data.unlink()
    assert "no pertenece a ningún documento" in archivo("verify").out
