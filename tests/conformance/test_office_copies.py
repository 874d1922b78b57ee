"""LibreOffice makes PDF/A of office documents, confined: what offices write is kept, what is made to do harm does none."""

import shutil
import socket
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from archivo.data import office_copies
from ingest.limits import Limits
from ingest.office_copy import NotMade, OfficeCopy, make
from ingest.step import Workspace
from ingest.steps.identify import identified
from ingest.tools.confinement import possible
from ingest.tools.libreoffice import KINDS, Kind, LibreOffice
from ingest.tools.process import ToolBox
from tests.archivo.conftest import Command, archivo, home, server
from tests.archivo.test_migrating import deposit, of
from tests.ingest import made, made_office
from tests.ingest.conftest import tools

__all__ = ["archivo", "home", "server", "tools"]

PROGRAM = shutil.which("soffice")
pytestmark = pytest.mark.skipif(PROGRAM is None, reason="not run: LibreOffice (soffice) is not installed")
TOLERANCE = {
    kind: {name: share for name, share in rule.items() if name != "says"} for kind, rule in office_copies().items() if kind != "language"
}
Copy = Callable[[bytes, str], OfficeCopy]


def copied(tools: ToolBox, folder: Path, content: bytes, name: str) -> OfficeCopy:
    """The copy of a document, left in `folder` as copy.pdf."""
    folder.mkdir()
    original = folder / "original"
    original.write_bytes(content)
    work = Workspace(folder, original, name, tools, Limits(seconds_per_call=60))
    work.format = identified(work, original, name)[0]
    found = make(work, Path(str(PROGRAM)), folder / "copy.pdf", tolerance=TOLERANCE, language="es-CO", seconds=120)
    assert original.read_bytes() == content
    return found


@pytest.fixture
def copy(tools: ToolBox, tmp_path: Path) -> Copy:
    count = 0

    def copy(content: bytes, name: str) -> OfficeCopy:
        nonlocal count
        count += 1
        return copied(tools, tmp_path / f"copia-{count}", content, name)

    return copy


def saved_as(tmp_path: Path, content: bytes, name: str, extension: str) -> bytes:
    """The document in another format, as the program itself writes it."""
    original = tmp_path / name
    original.write_bytes(content)
    first = Kind(name.rpartition(".")[2], "", "")
    return (
        LibreOffice(Path(str(PROGRAM)), tmp_path / "otro", "es-CO", 120)._convert(original, first, extension, extension).path.read_bytes()
    )


def text_of(pdf: Path) -> str:
    from pypdf import PdfReader

    return " ".join(" ".join(page.extract_text().split()) for page in PdfReader(pdf).pages)


def test_every_format_is_copied_beside_its_original(archivo: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ARCHIVO_SOFFICE", str(PROGRAM))
    letter, sheets, show = made_office.letter(8), made_office.sheets(), made_office.show()
    written = {"informe.docx": letter, "contratos.xlsx": sheets, "plan.pptx": show}
    for name, content, extensions in (
        ("a.docx", letter, ("odt", "rtf", "doc")),
        ("a.xlsx", sheets, ("ods", "xls")),
        ("a.pptx", show, ("odp", "ppt")),
    ):
        written |= {f"viejo.{extension}": saved_as(tmp_path, content, name, extension) for extension in extensions}
    ids = {name: deposit(archivo, tmp_path / name, content) for name, content in written.items()}
    told = archivo("migrate-formats", *ids.values(), "--json")
    details = {name: archivo("show", identifier, "--json").value["events"] for name, identifier in ids.items()}
    said = {name: [event["detail"] for event in events if event["type"] == "migration"] for name, events in details.items()}
    assert told.value["failed"] == [], said
    for name, identifier in ids.items():
        assert of(archivo, identifier)["preservation"]["puid"] == "fmt/477"
        assert "se comparó con el original palabra por palabra" in said[name][0]
    assert "3 páginas para 3 diapositivas" in said["plan.pptx"][0] or "con sus notas al final" in said["plan.pptx"][0]
    assert archivo("verify", "--json").value["damaged"] == []
    assert archivo("migrate-formats", *ids.values(), "--dry-run", "--json").value["documents"][0]["why"] == "done"


def test_fonts_that_are_not_here_are_told_with_those_that_took_their_place(copy: Copy) -> None:
    found = copy(made_office.letter(6, ("Fuente Inventada", "Calibri", "Arial")), "a.docx")
    assert found.same
    asked = dict(found.fonts)
    assert "Fuente Inventada" in asked
    assert asked.get("Calibri", "Carlito") == "Carlito"
    assert not {"Segoe UI", "Tahoma"} & set(asked)  # the program's own, which the document does not name


def test_comments_and_what_is_crossed_out_pass_to_the_copy(copy: Copy, tmp_path: Path) -> None:
    found = copy(made_office.marked(), "a.docx")
    assert found.same
    assert "tachado por la oficina" in text_of(tmp_path / "copia-1" / "copy.pdf")
    assert b"Comentario que queda al margen".decode() in str([*_annotations(tmp_path / "copia-1" / "copy.pdf")])


def _annotations(pdf: Path) -> list[str]:
    from pypdf import PdfReader

    return [str(one.get_object().get("/Contents")) for page in PdfReader(pdf).pages for one in page.get("/Annots", [])]


def test_sheets_are_shown_whole_and_widened_where_they_would_not_be(copy: Copy) -> None:
    wide = copy(made_office.sheets(), "a.xlsx")
    assert (wide.same, wide.way, wide.pages) == (True, "whole", 2)
    narrow = copy(made_office.sheets(narrow=True), "a.xlsx")
    assert (narrow.same, narrow.way) == (True, "wide")
    assert narrow.likeness["no_room"] == 0


def test_a_hidden_column_keeps_the_copy_from_being_kept(copy: Copy) -> None:
    found = copy(made_office.sheets(hidden_column=True), "a.xlsx")
    assert not found.same
    assert found.likeness["parts"] == [1]


def test_notes_of_slides_pass_each_on_its_page(copy: Copy) -> None:
    spoken = copy(made_office.show(), "a.pptx")
    assert (spoken.same, spoken.way, spoken.parts, spoken.pages) == (True, "notes", 3, 6)
    silent = copy(made_office.show(notes=False), "a.pptx")
    assert (silent.same, silent.way, silent.pages) == (True, "slides", 3)


@pytest.mark.parametrize(
    ("make_one", "name"),
    [(made_office.linked_picture, "a.docx"), (made_office.linked_section, "a.odt"), (made_office.asking_sheet, "a.ods")],
)
def test_nobody_is_asked_for_what_a_document_names(copy: Copy, make_one: Callable[[str], bytes], name: str) -> None:
    if not possible()["network"]:
        pytest.skip("not run: the kernel of this machine cannot keep a program from the network")
    with socket.create_server(("127.0.0.1", 0)) as listening:
        listening.settimeout(0.1)
        copy(make_one(f"http://127.0.0.1:{listening.getsockname()[1]}/a.png"), name)
        with pytest.raises(TimeoutError):
            listening.accept()


def test_no_file_of_the_machine_gets_into_a_copy(copy: Copy, tmp_path: Path) -> None:
    secret = tmp_path / "secreto.txt"
    secret.write_text("contraseña de la base de datos")
    found = copy(made_office.linked_section(secret.as_uri()), "a.odt")
    assert "contraseña" not in text_of(tmp_path / "copia-1" / "copy.pdf")
    assert found.same


def test_no_macro_runs(copy: Copy, tmp_path: Path) -> None:
    found = copy(made_office.with_macro(), "a.odt")
    assert found.same
    assert "La macro se ejecutó" not in text_of(tmp_path / "copia-1" / "copy.pdf")


def test_what_the_program_does_not_open_is_told(copy: Copy) -> None:
    broken = made.docx()
    for content in (broken[: len(broken) // 2], made.package({"word/document.xml": "<w:document"})):
        with pytest.raises(NotMade):
            copy(content, "a.docx")


def test_two_are_made_at_once(tools: ToolBox, tmp_path: Path) -> None:
    with ThreadPoolExecutor(2) as pool:
        both = list(pool.map(lambda name: copied(tools, tmp_path / name, made.docx(), "a.docx"), ("uno", "dos")))
    assert [one.same for one in both] == [True, True]


def test_every_media_type_has_what_the_program_calls_it() -> None:
    assert {kind.part for kind in KINDS.values()} == {"writer", "calc", "impress"}
