"""The command line, as its contract promises it."""

import hashlib
import json
import os
import re
import socket
from pathlib import Path

import pytest
from sqlalchemy import select

from archivo.archive import Archive
from archivo.audit.models import AuditEntry
from archivo.commands.running import _listening
from archivo.demo import CORPUS, TRD

from .conftest import Command

UUID7 = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")
NOTE = "El tranvía de mulas llegó hasta la plazuela de San Victorino.\n"


@pytest.fixture
def note(tmp_path: Path) -> Path:
    path = tmp_path / "nota del tranvía.txt"
    path.write_text(NOTE, "utf-8")
    return path


def test_every_command_works_on_a_new_home(archivo: Command) -> None:
    assert archivo("search", "nada", "--json").value["hits"] == []
    assert archivo("verify", "--json").value["checked"] == 0
    assert archivo("trd", "list", "--json").value == []
    assert archivo("jobs", "--json").value == []
    assert archivo("rebuild", "--json").value["documents"] == 0
    assert archivo("doctor", "--json").status in (0, 1)


def test_deposit_answers_once_the_file_is_safe(archivo: Command, home: Path, note: Path) -> None:
    ran = archivo("deposit", note, "--json")
    (one,) = ran.lines
    assert ran.status == 0
    assert UUID7.fullmatch(one["id"])
    assert one == {
        "id": one["id"],
        "filename": "nota del tranvía.txt",
        "sha256": hashlib.sha256(NOTE.encode()).hexdigest(),
        "size": len(NOTE.encode()),
        "state": "received",
        "duplicate_of": None,
        "findings": [],
    }
    assert archivo("verify", "--json").value == {
        "checked": 1,
        "ok": 1,
        "damaged": [],
        "missing": [],
        "unexpected": [],
        "other_checked": 0,
        "ahead": [],
    }
    assert archivo("search", "tranvía", "--json").value["total"] == 0


def test_deposit_with_wait_ends_when_it_can_be_found(archivo: Command, note: Path) -> None:
    (one,) = archivo("deposit", note, "--wait", "--json").lines
    assert one["state"] == "findable"
    archivo("publish", one["id"])
    found = archivo("search", "mulas plazuela", "--json").value
    assert found["total"] == 1
    assert found["total_is_exact"] is True
    (hit,) = found["hits"]
    assert (hit["id"], hit["page"]) == (one["id"], 1)
    marked = [hit["snippet"][h["start"] : h["end"]] for h in hit["highlights"]]
    assert marked == ["mulas", "plazuela"]


def test_the_same_bytes_twice_are_kept_once(archivo: Command, note: Path, tmp_path: Path) -> None:
    (first,) = archivo("deposit", note, "--json").lines
    again = tmp_path / "otro nombre.txt"
    again.write_text(NOTE, "utf-8")
    ran = archivo("deposit", again, "--wait", "--json")
    (second,) = ran.lines
    assert ran.status == 0
    assert second["id"] == second["duplicate_of"] == first["id"]
    assert second["filename"] == "otro nombre.txt"
    details = [event["detail"] for event in archivo("show", first["id"], "--json").value["events"]]
    assert any("otro nombre.txt" in detail for detail in details)
    assert archivo("verify", "--json").value["checked"] == 1


def test_each_use_at_the_command_line_is_in_the_trail_once(archivo: Command, note: Path, archive: Archive) -> None:
    (one,) = archivo("deposit", note, "--wait", "--json").lines
    assert archivo("show", one["id"]).status == archivo("text", one["id"]).status == 0
    with archive.reading() as session:
        acts = session.scalars(select(AuditEntry.act).where(AuditEntry.object_id == one["id"]).order_by(AuditEntry.sequence)).all()
    assert [act for act in acts if act in ("document.view", "document.text")] == ["document.view", "document.text"]


def test_show_has_the_keys_of_the_contract(archivo: Command, note: Path) -> None:
    (one,) = archivo("deposit", note, "--wait", "--json").lines
    shown = archivo("show", one["id"], "--json").value
    keys = [
        "id",
        "state",
        "title",
        "date",
        "fonds",
        "access",
        "published",
        "version",
        "original",
        "representations",
        "pages",
        "classification",
        "events",
        "findings",
    ]
    assert set(keys) <= set(shown)
    assert shown["original"] == {
        "sha256": one["sha256"],
        "size": one["size"],
        "puid": "x-fmt/111",
        "mime": "text/plain",
        "filename": "nota del tranvía.txt",
        "format": shown["representations"][0]["format"],
    }
    assert shown["original"]["format"]["name"] == "Plain Text File"
    assert shown["original"]["format"]["certainty"] == "content"
    assert "DROID_SignatureFile_V" in shown["original"]["format"]["signatures"]
    assert shown["title"] == "nota del tranvía"
    assert (shown["state"], shown["access"], shown["published"], shown["classification"]) == ("findable", "publica", False, None)
    assert {"ingestion start", "format identification", "fixity check"} <= {event["type"] for event in shown["events"]}
    assert all(event["at"].endswith("Z") for event in shown["events"])


def test_text_is_told_by_part(archivo: Command, note: Path) -> None:
    (one,) = archivo("deposit", note, "--wait", "--json").lines
    assert archivo("text", one["id"]).out.strip() == NOTE.strip()
    assert archivo("text", one["id"], "--json").value == {"pages": [{"page": 1, "text": NOTE.strip()}]}
    words = archivo("text", one["id"], "--words", "--json").value
    assert words == [{"page": 1, "width": None, "height": None, "words": []}]
    assert archivo("text", one["id"], "--page", "2", "--json").status == 1


def test_words_of_a_digital_pdf_stand_on_the_page_as_shown(archivo: Command) -> None:
    pdf = CORPUS / "16-ejecucion-presupuestal-2022.pdf"
    (one,) = archivo("deposit", pdf, "--wait", "--json").lines
    page = archivo("text", one["id"], "--page", "1", "--words", "--json").value
    assert set(page) == {"page", "width", "height", "words"}
    assert page["words"]
    for word in page["words"]:
        assert 0 <= word["x0"] < word["x1"] <= page["width"]
        assert 0 <= word["y0"] < word["y1"] <= page["height"]
        assert word["confidence"] == 100


@pytest.mark.parametrize(
    "words", [("show",), ("nada",), ("deposit",), ("search", "--limit", "x"), ("show", "no-es-un-id"), ("trd", "borrar")]
)
def test_misuse_exits_with_2_and_says_why_as_json(archivo: Command, words: tuple[str, ...]) -> None:
    ran = archivo(*words, "--json")
    assert ran.status == 2
    assert set(ran.value["error"]) == {"code", "message", "remedy"}


def test_an_unknown_document_exits_with_1(archivo: Command) -> None:
    unknown = "01900000-0000-7000-8000-000000000000"
    for words in (("show", unknown), ("text", unknown), ("classify", unknown), ("export", unknown, "nada")):
        ran = archivo(*words, "--json")
        assert ran.status == 1
        assert ran.value["error"]["code"] == "document.unknown"
    assert archivo("verify", unknown, "--json").value["missing"] == [unknown]


def test_a_missing_path_stores_nothing(archivo: Command, note: Path) -> None:
    ran = archivo("deposit", note, "no-existe.txt", "--json")
    assert ran.status == 2
    assert ran.value["error"]["code"] == "path.missing"
    assert archivo("verify", "--json").value["checked"] == 0


def test_a_folder_is_deposited_whole_and_in_order(archivo: Command, tmp_path: Path) -> None:
    folder = tmp_path / "carpeta"
    (folder / "dentro").mkdir(parents=True)
    for name in ("b.txt", "a.txt", "dentro/c.txt", ".oculto"):
        (folder / name).write_text(f"contenido de {name}", "utf-8")
    (folder / "enlace.txt").symlink_to(folder / "a.txt")
    ran = archivo("deposit", folder, "--json")
    assert [one["filename"] for one in ran.lines] == ["a.txt", "b.txt", "c.txt"]
    assert ".oculto" in ran.err
    assert "enlace.txt" in ran.err


def test_a_folder_too_deep_to_be_read_fails_alone(archivo: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "raíz").mkdir()
    (tmp_path / "raíz" / "z.txt").write_text("lo que sí se puede leer", "utf-8")
    monkeypatch.chdir(tmp_path / "raíz")
    for _ in range(20):
        Path("d" * 250).mkdir()
        os.chdir("d" * 250)
    monkeypatch.chdir(tmp_path)
    ran = archivo("deposit", tmp_path / "raíz", "--json")
    assert ran.status == 1
    failed, kept = ran.lines
    assert (failed["id"], failed["state"], failed["findings"][0]["code"]) == (None, "failed", "file.unreadable")
    assert (kept["filename"], kept["state"]) == ("z.txt", "received")


def test_names_are_kept_as_given(archivo: Command, tmp_path: Path) -> None:
    names = [b"latin\xe1.txt", "nfc-\u00e1.txt".encode(), "nfd-a\u0301.txt".encode(), b"con\ttab\x1b[31m.txt"]
    for number, name in enumerate(names):
        Path(f"{tmp_path}/".encode().decode() + name.decode("utf-8", "surrogateescape")).write_text(f"texto {number}", "utf-8")
    ran = archivo("deposit", tmp_path, "--wait", "--json")
    told = {one["filename"] for one in ran.lines if "texto" not in one["filename"]}
    assert "latin\\xe1.txt" in told
    assert "nfc-\u00e1.txt" in told
    assert "nfd-a\u0301.txt" in told
    assert "con\ttab\x1b[31m.txt" in told
    plain = archivo("deposit", tmp_path)
    assert "\x1b" not in plain.out
    assert "\\x1b[31m" in plain.out


def test_an_empty_file_is_kept_and_said(archivo: Command, tmp_path: Path) -> None:
    empty = tmp_path / "vacío.pdf"
    empty.touch()
    ran = archivo("deposit", empty, "--wait", "--json")
    (one,) = ran.lines
    assert ran.status == 1
    assert (one["state"], one["size"]) == ("findable", 0)
    assert one["findings"][0]["severity"] == "error"
    assert one["findings"][0]["remedy"]
    assert archivo("search", "vacío", "--json").value["total"] == 0
    assert archivo("publish", one["id"], "--json").status == 0
    assert archivo("search", "vacío", "--json").value["hits"][0]["page"] is None


def test_serving_where_another_program_listens_is_refused_before_it_is_announced(archivo: Command) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        ran = archivo("serve", "--port", str(taken.getsockname()[1]))
    assert ran.status == 1
    assert ran.out == ""
    assert "puerto" in ran.err
    assert archivo("serve", "--port", "70000").status == 2


class TestManifest:
    def write(self, folder: Path, *rows: str, heading: str = "path,title,date,access,published") -> Path:
        (folder / "uno.txt").write_text("primer documento del manifiesto", "utf-8")
        (folder / "dos.txt").write_text("segundo documento del manifiesto", "utf-8")
        path = folder / "manifiesto.csv"
        path.write_text("\n".join([heading, *rows]) + "\n", "utf-8-sig")
        return path

    def test_a_good_one_is_loaded(self, archivo: Command, tmp_path: Path) -> None:
        path = self.write(tmp_path, "uno.txt,El primero,1936-05,Pública,si", "dos.txt,,,RESERVADA,no")
        assert archivo("deposit", "--manifest", path, "--dry-run", "--json").value == {"rows": 2, "ok": 2, "problems": []}
        assert archivo("verify", "--json").value["checked"] == 0
        first, second = archivo("deposit", "--manifest", path, "--wait", "--json").lines
        shown = archivo("show", first["id"], "--json").value
        assert (shown["title"], shown["date"], shown["access"], shown["published"]) == ("El primero", "1936-05", "publica", True)
        assert archivo("show", second["id"], "--json").value["access"] == "reservada"

    @pytest.mark.parametrize("semicolons", [True, False])
    def test_a_bad_one_stores_nothing_and_names_each_cell(self, archivo: Command, tmp_path: Path, semicolons: bool) -> None:
        rows = [
            "uno.txt,Uno,1936-13,publica,si",
            "tres.txt,Tres,1936,publica,si",
            "dos.txt,Dos,1936,secreta,quizá",
            "uno.txt,U,1936,reservada,si",
        ]
        heading = "path,title,date,access,published"
        if semicolons:
            rows, heading = [row.replace(",", ";") for row in rows], heading.replace(",", ";")
        path = self.write(tmp_path, *rows, heading=heading)
        for words in (("--dry-run",), ()):
            ran = archivo("deposit", "--manifest", path, *words, "--json")
            assert ran.status == 1
            cells = {(problem["line"], problem["column"]) for problem in ran.value["problems"]}
            assert cells == {(2, "date"), (3, "path"), (4, "access"), (4, "published"), (5, "published")}
            assert ran.value["rows"] == 4
            assert all(problem["message"] and problem["remedy"] for problem in ran.value["problems"])
        assert archivo("verify", "--json").value["checked"] == 0

    def test_lines_count_from_where_a_row_begins_and_faults_are_told_in_spanish(self, archivo: Command, tmp_path: Path) -> None:
        path = self.write(tmp_path, 'uno.txt,"De dos', 'líneas",1936-13,,', "dos.txt,Dos,\u0661\u0669\u0663\u0666,,")
        problems = archivo("deposit", "--manifest", path, "--dry-run", "--json").value["problems"]
        assert [(problem["line"], problem["column"]) for problem in problems] == [(2, "date"), (4, "date")]
        path = self.write(tmp_path, "uno.txt,Uno,,,", 'dos.txt,"sin cerrar,,,', "uno.txt,Uno,,,")
        (problem,) = archivo("deposit", "--manifest", path, "--dry-run", "--json").value["problems"]
        assert problem["line"] == 3
        assert "comillas" in problem["message"]
        assert "unexpected" not in problem["message"]

    def test_a_row_wrong_in_many_cells_names_them_all_at_once(self, archivo: Command, tmp_path: Path) -> None:
        assert archivo("trd", "import", TRD).status == 0
        row = "no está.txt,1936-13,999-99,NADIE,secreta,quizá"
        path = self.write(tmp_path, row, heading="path,date,series,office,access,published")
        ran = archivo("deposit", "--manifest", path, "--dry-run", "--json")
        columns = [problem["column"] for problem in ran.value["problems"]]
        assert sorted(columns) == ["access", "date", "office", "path", "published", "series"]
        assert (ran.value["rows"], ran.value["ok"]) == (1, 0)

    def test_a_file_outside_the_folder_of_the_manifest_is_refused_for_what_it_is(self, archivo: Command, tmp_path: Path) -> None:
        (tmp_path / "fuera.txt").write_text(NOTE, "utf-8")
        inside = tmp_path / "lote"
        inside.mkdir()
        (problem,) = archivo("deposit", "--manifest", self.write(inside, "../fuera.txt", heading="path"), "--json").value["problems"]
        assert (problem["line"], problem["column"], problem["value"]) == (2, "path", "../fuera.txt")
        assert "está fuera de la carpeta" in problem["message"]
        assert archivo("verify", "--json").value["checked"] == 0

    def test_an_unknown_column_is_an_error(self, archivo: Command, tmp_path: Path) -> None:
        path = self.write(tmp_path, "uno.txt,x", heading="path,color")
        ran = archivo("deposit", "--manifest", path, "--json")
        assert ran.status == 1
        assert ran.value["problems"][0]["column"] == "color"

    def test_a_series_given_is_a_confirmed_class(self, archivo: Command, tmp_path: Path) -> None:
        assert archivo("trd", "import", TRD).status == 0
        path = self.write(tmp_path, "uno.txt,100-02-01", heading="path,series")
        (one,) = archivo("deposit", "--manifest", path, "--wait", "--json").lines
        found = archivo("show", one["id"], "--json").value["classification"]
        assert (found["code"], found["status"]) == ("100-02-01", "confirmed")
        assert found["decided_by"].startswith("cli:")
        bad = self.write(tmp_path, "dos.txt,999-99", heading="path,series")
        ran = archivo("deposit", "--manifest", bad, "--json")
        assert ran.status == 1
        assert ran.value["problems"][0]["column"] == "series"


class TestClassify:
    def test_a_proposal_waits_for_a_person(self, archivo: Command, filled: Path) -> None:
        hits = archivo("search", "tranvía", "--json").value["hits"]
        found = archivo("classify", hits[0]["id"], "--json").value
        keys = ["code", "label", "office", "trd_version", "confidence", "reasons", "alternatives", "status", "decided_by"]
        assert set(keys) <= set(found)
        assert found["status"] in ("confirmed", "suggested", "abstained")

    def test_confirming_decides_and_is_found_by_series(self, archivo: Command, filled: Path, note: Path) -> None:
        (one,) = archivo("deposit", note, "--wait", "--json").lines
        before = archivo("show", one["id"], "--json").value
        assert before["classification"]["status"] in ("suggested", "abstained")
        assert before["classification"]["decided_by"] is None
        assert all(isinstance(reason, str) for reason in before["classification"]["reasons"])
        ran = archivo("classify", one["id"], "--confirm", "120/120-04-01", "--json")
        assert ran.status == 0
        assert (ran.value["code"], ran.value["office"], ran.value["status"]) == ("120-04-01", "120", "confirmed")
        after = archivo("show", one["id"], "--json").value
        assert after["version"] == before["version"] + 1
        assert after["sealed"]
        archivo("publish", one["id"])
        series = archivo("search", "plazuela", "--series", "120-04", "--json").value
        assert [hit["id"] for hit in series["hits"]] == [one["id"]]

    def test_suggesting_writes_nothing(self, archivo: Command, filled: Path, note: Path) -> None:
        (one,) = archivo("deposit", note, "--wait", "--json").lines
        before = archivo("show", one["id"], "--json").value
        assert archivo("classify", one["id"], "--suggest", "--json").value["status"] in ("suggested", "abstained")
        assert archivo("show", one["id"], "--json").value["version"] == before["version"]

    def test_an_unknown_code_changes_nothing(self, archivo: Command, filled: Path, note: Path) -> None:
        (one,) = archivo("deposit", note, "--wait", "--json").lines
        ran = archivo("classify", one["id"], "--confirm", "no-existe", "--json")
        assert ran.status == 1
        assert ran.value["error"]["code"] == "class.unknown"

    def test_a_code_of_several_offices_lists_the_candidates(self, archivo: Command, tmp_path: Path, note: Path) -> None:
        rows = [
            "codigo oficina,oficina,codigo,serie,subserie,tipos,AG,AC,disposicion,procedimiento",
            "10,Despacho,05.01,ACTOS ADMINISTRATIVOS,Resoluciones,Resolución,2,18,CT,Se conserva",
            "20,Archivo,05.01,ACTOS ADMINISTRATIVOS,Resoluciones,Resolución,2,18,CT,Se conserva",
        ]
        table = tmp_path / "trd.csv"
        table.write_text("\n".join(rows) + "\n", "utf-8")
        assert archivo("trd", "import", table, "--json").status == 0
        (one,) = archivo("deposit", note, "--wait", "--json").lines
        ran = archivo("classify", one["id"], "--confirm", "05.01", "--json")
        assert ran.status == 1
        assert "10/05.01" in ran.value["error"]["message"]
        assert "20/05.01" in ran.value["error"]["message"]
        assert archivo("classify", one["id"], "--confirm", "20/05.01", "--json").value["office"] == "20"


class TestPublish:
    def test_a_restricted_one_is_refused_and_the_others_done(self, archivo: Command, tmp_path: Path) -> None:
        (tmp_path / "a.txt").write_text("azucena pública", "utf-8")
        (tmp_path / "b.txt").write_text("azucena reservada", "utf-8")
        manifest = tmp_path / "m.csv"
        manifest.write_text("path,access\na.txt,publica\nb.txt,reservada\n", "utf-8")
        first, second = archivo("deposit", "--manifest", manifest, "--wait", "--json").lines
        ran = archivo("publish", second["id"], first["id"], "--json")
        assert ran.status == 1
        assert ran.value["published"] == [first["id"]]
        assert ran.value["refused"][0]["id"] == second["id"]
        assert [hit["id"] for hit in archivo("search", "azucena", "--json").value["hits"]] == [first["id"]]
        assert archivo("publish", "--withdraw", first["id"]).status == 0
        assert archivo("search", "azucena", "--json").value["total"] == 0


class TestExport:
    def test_the_object_and_the_original(self, archivo: Command, note: Path, tmp_path: Path) -> None:
        (one,) = archivo("deposit", note, "--wait", "--json").lines
        assert archivo("export", one["id"], tmp_path / "objeto").status == 0
        inventory = json.loads((tmp_path / "objeto" / "inventory.json").read_text())
        assert inventory["id"] == f"urn:uuid:{one['id']}"
        assert archivo("export", one["id"], tmp_path / "original", "--original").status == 0
        (only,) = (tmp_path / "original").iterdir()
        assert only.name == "nota del tranvía.txt"
        assert only.read_text("utf-8") == NOTE
        ran = archivo("export", one["id"], tmp_path / "objeto", "--json")
        assert ran.status == 2

    def test_a_hostile_name_stays_inside(self, archivo: Command, tmp_path: Path) -> None:
        source = tmp_path / "entra"
        source.mkdir()
        (source / ("x" * 200 + "\n..txt")).write_text("hostil", "utf-8")
        (one,) = archivo("deposit", source, "--json").lines
        assert archivo("export", one["id"], tmp_path / "sale", "--original").status == 0
        (only,) = (tmp_path / "sale").iterdir()
        assert "\n" not in only.name
        assert only.read_text("utf-8") == "hostil"


class TestVerify:
    def test_a_flipped_byte_is_found(self, archivo: Command, home: Path, note: Path) -> None:
        (one,) = archivo("deposit", note, "--wait", "--json").lines
        (data,) = [path for path in (home / "store").rglob("data") if path.is_file()]
        data.chmod(0o644)
        data.write_bytes(b"X" + data.read_bytes()[1:])
        ran = archivo("verify", "--json")
        assert ran.status == 1
        (damage,) = ran.value["damaged"]
        assert damage["id"] == one["id"]
        assert damage["key"].endswith("original/data")
        assert damage["expected"] == one["sha256"]
        assert damage["found"] != one["sha256"]

    def test_missing_and_unexpected_files_are_named(self, archivo: Command, home: Path, note: Path) -> None:
        archivo("deposit", note, "--wait", "--json")
        (text,) = [path for path in (home / "store").rglob("text.txt") if path.is_file()]
        (text.parent / "intruso").write_text("sobra")
        text.unlink()
        value = archivo("verify", "--json").value
        assert len(value["missing"]) == 1
        assert len(value["unexpected"]) == 1


class TestPeople:
    def test_passwords_are_generated_or_given(self, archivo: Command) -> None:
        made = archivo("user", "create", "ana", "--role", "archivist", "--json")
        assert made.status == 0
        assert len(made.value["password"]) >= 12
        given = archivo("user", "create", "luis", "--role", "servant", "--password-stdin", "--json", stdin="una frase bien larga\n")
        assert given.value["password"] is None
        assert archivo("user", "create", "ana", "--role", "servant", "--json").status == 1
        token = archivo("token", "create", "--user", "ana", "--json")
        assert set(token.value) == {"token"}
        assert archivo("token", "create", "--user", "nadie", "--json").status == 1

    @pytest.mark.parametrize(
        ("words", "password", "code"),
        [
            (("eva", "--role", "reina"), None, "user.role"),
            (("Eva María", "--role", "archivist"), None, "user.login"),
            (("eva", "--role", "archivist", "--password-stdin"), "corta\n", "user.password"),
            (("eva", "--role", "archivist", "--password-stdin"), "\n", "user.password"),
        ],
    )
    def test_a_person_badly_described_is_misuse(self, archivo: Command, words: tuple[str, ...], password: str | None, code: str) -> None:
        ran = archivo("user", "create", *words, "--json", stdin=password)
        assert (ran.status, ran.value["error"]["code"]) == (2, code)
        assert archivo("user", "list", "--json").value == []

    def test_searching_as_a_person(self, archivo: Command, note: Path) -> None:
        archivo("user", "create", "ana", "--role", "archivist")
        archivo("user", "create", "op", "--role", "operator")
        archivo("deposit", note, "--wait")
        assert archivo("search", "mulas", "--as", "ana", "--json").value["total"] == 1
        assert archivo("search", "mulas", "--as", "op", "--json").value["total"] == 0
        assert archivo("search", "mulas", "--json").value["total"] == 0
        assert archivo("search", "mulas", "--as", "nadie", "--json").status == 2


def test_unknown_settings_warn_in_commands_and_stop_serve(archivo: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ARCHIVO_INVENTADA", "1")
    monkeypatch.setenv("ARCHIVO_TEST_ALGO", "1")
    ran = archivo("trd", "list", "--json")
    assert ran.status == 0
    assert "ARCHIVO_INVENTADA" in ran.err
    assert "ARCHIVO_TEST_ALGO" not in ran.err
    for command in ("serve", "worker"):
        assert archivo(command).status == 2


class TestTrd:
    def test_versions_and_their_time(self, archivo: Command, tmp_path: Path) -> None:
        assert archivo("trd", "import", TRD, "--json").value["number"] == 1
        assert archivo("trd", "import", TRD, "--json").value["unchanged"] is True
        second = tmp_path / "trd2.csv"
        second.write_bytes(TRD.read_bytes().replace(b"Resoluciones", b"Resoluciones del despacho"))
        assert archivo("trd", "import", second, "--from", "2020-01-01", "--json").value["number"] == 2
        told = archivo("trd", "list").out
        assert "sin límite anterior, hasta el 31 de diciembre de 2019" in told
        assert "desde el 1 de enero de 2020, vigente" in told
        new, old = archivo("trd", "list", "--json").value
        assert (old["in_force_from"], old["in_force_to"]) == (None, "2019-12-31")
        assert (new["in_force_from"], new["in_force_to"]) == ("2020-01-01", None)
        for name, date, version in (("a", "1950", 1), ("b", "2021", 2)):
            file = tmp_path / f"{name}.txt"
            file.write_text(f"Resolución {name} por la cual se ordena una obra", "utf-8")
            manifest = tmp_path / "m.csv"
            manifest.write_text(f"path,date\n{file.name},{date}\n", "utf-8")
            (one,) = archivo("deposit", "--manifest", manifest, "--wait", "--json").lines
            assert archivo("show", one["id"], "--json").value["classification"]["trd_version"] == version

    def test_a_table_of_a_few_years_leaves_the_one_around_it(self, archivo: Command, tmp_path: Path) -> None:
        assert archivo("trd", "import", TRD).status == 0
        second = tmp_path / "trd2.csv"
        second.write_bytes(TRD.read_bytes().replace(b"Resoluciones", b"Resoluciones del despacho"))
        assert archivo("trd", "import", second, "--from", "2020-01-01", "--to", "2020-12-31").status == 0
        days = {"2019-12-31": 1, "2020-01-01": 2, "2020-12-31": 2, "2021-01-01": 1}
        for day in days:
            (tmp_path / f"{day}.txt").write_text(f"Resolución del {day} por la cual se ordena una obra", "utf-8")
        manifest = tmp_path / "m.csv"
        manifest.write_text("path,date\n" + "".join(f"{day}.txt,{day}\n" for day in days), "utf-8")
        deposited = archivo("deposit", "--manifest", manifest, "--wait", "--json").lines
        shown = [archivo("show", one["id"], "--json").value for one in deposited]
        assert {one["date"]: one["classification"]["trd_version"] for one in shown} == days

    def test_a_period_that_ends_before_it_begins_imports_nothing(self, archivo: Command, tmp_path: Path) -> None:
        assert archivo("trd", "import", TRD).status == 0
        second = tmp_path / "trd2.csv"
        second.write_bytes(TRD.read_bytes().replace(b"Resoluciones", b"Resoluciones del despacho"))
        for words in (("--from", "2020-01-02", "--to", "2020-01-01"), ("--to", "2020-01-01")):
            assert archivo("trd", "import", second, *words, "--json").value["error"]["code"] == "trd.period"
        assert len(archivo("trd", "list", "--json").value) == 1

    def test_an_unusable_one_imports_nothing(self, archivo: Command, tmp_path: Path) -> None:
        bad = tmp_path / "mala.csv"
        bad.write_text("esto no es,una tabla\n1,2\n", "utf-8")
        ran = archivo("trd", "import", bad, "--json")
        assert ran.status == 1
        assert ran.value["problems"]
        assert archivo("trd", "list", "--json").value == []

    def test_trying_it_out_writes_nothing(self, archivo: Command) -> None:
        assert archivo("trd", "import", TRD, "--dry-run", "--json").value["classes"] > 30
        assert archivo("trd", "list", "--json").value == []


def test_a_name_with_line_ends_is_shown_on_one_line(archivo: Command, tmp_path: Path) -> None:
    path = tmp_path / "uno\ndos\r\x1b[2Jtres\t.txt"
    path.write_text(NOTE, "utf-8")
    said = archivo("deposit", path).out.splitlines()
    assert len(said) == 1
    assert "uno\\x0ados\\x0d\\x1b[2Jtres\\x09.txt" in said[0]
    (one,) = archivo("deposit", path, "--json").lines
    assert one["filename"] == path.name
    original = [line for line in archivo("show", one["id"]).out.splitlines() if line.startswith("Original")]
    assert "uno\\x0ados" in original[0]
    assert "bytes" in original[0]


def test_a_class_is_told_to_a_person_in_words_of_the_archive(archivo: Command, note: Path) -> None:
    assert archivo("trd", "import", TRD).status == 0
    (one,) = archivo("deposit", note, "--wait", "--json").lines
    assert archivo("classify", one["id"], "--confirm", "100-02-01").out.splitlines()[0].endswith("(confirmada)")
    assert re.search(r"\((sugerida|sin decidir), confianza 0[.,]\d\d\)", archivo("classify", one["id"], "--suggest").out)
    assert "(confirmada)" in archivo("show", one["id"]).out


def test_a_malformed_job_is_misuse_and_an_unknown_one_is_not(archivo: Command) -> None:
    malformed = archivo("jobs", "--retry", "zz", "--json")
    assert (malformed.status, malformed.value["error"]["code"]) == (2, "identifier.malformed")
    unknown = archivo("jobs", "--retry", "01a20d0f-e72b-7f73-a09a-60c604ccf0bf", "--json")
    assert (unknown.status, unknown.value["error"]["code"]) == (1, "job.unknown")


def test_a_path_too_long_for_the_machine_does_not_exist(archivo: Command, tmp_path: Path) -> None:
    for words in (("deposit", "a" * 5000), ("deposit", "--manifest", "a" * 5000), ("deposit", "--manifest", tmp_path)):
        ran = archivo(*words, "--json")
        assert (ran.status, ran.value["error"]["code"]) == (2, "path.missing")
    manifest = tmp_path / "m.csv"
    manifest.write_text("path\n" + "a" * 3000 + "\n", "utf-8")
    (problem,) = archivo("deposit", "--manifest", manifest, "--dry-run", "--json").value["problems"]
    assert (problem["line"], problem["column"]) == (2, "path")


@pytest.mark.parametrize("place", ["/dev/null", "/dev/null/casa"])
def test_a_home_that_cannot_be_one_is_named(archivo: Command, monkeypatch: pytest.MonkeyPatch, place: str) -> None:
    monkeypatch.setenv("ARCHIVO_HOME", place)
    ran = archivo("jobs", "--json")
    assert (ran.status, ran.value["error"]["code"]) == (2, "home.unusable")
    assert place in ran.value["error"]["message"]


def test_bytes_that_are_no_text_are_refused_where_text_is_kept(archivo: Command) -> None:
    ran = archivo("user", "create", "ana", "--role", "archivist", "--full-name", "Ana \udcff", "--json")
    assert (ran.status, ran.value["error"]["code"]) == (2, "usage.encoding")
    assert archivo("user", "create", "ana", "--role", "archivist").status == 0


def test_a_served_answer_does_not_wait_for_the_receipt_of_its_beginning() -> None:
    """Nagle's algorithm and delayed receipts together cost every answer 40 ms; asyncio turns it off only for sockets that it makes."""
    with _listening("127.0.0.1", 0) as listening, socket.create_connection(listening.getsockname()):
        accepted, _ = listening.accept()
        with accepted:
            assert accepted.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
