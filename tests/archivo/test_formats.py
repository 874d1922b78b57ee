"""The format policy where documents come in, and the register of what is held by format: command, page and sheet."""

from datetime import date
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from archivo.access.policy import custody
from archivo.access.services import create_user
from archivo.archive import Archive
from archivo.assembly import opened
from archivo.data import format_policy
from archivo.worker import work_until_done
from preservation.formats import Standing
from tests.ingest import made
from tests.ingest.signing import Authority, signed

from .conftest import Command
from .test_web_pages import PASSWORD, signed_in

CUSTODY = custody("pruebas")
DAY = date(2026, 1, 2)


def test_the_policy_says_one_thing_of_each_format_with_its_reason_and_source() -> None:
    policy = format_policy(DAY)
    for rule in policy.rules:
        assert rule.reason.endswith(".")
        assert rule.source
        assert rule.name
        assert rule.target or rule.standing not in (Standing.TO_MIGRATE, Standing.REFUSED), rule.format


@pytest.mark.parametrize(
    ("puid", "mime", "standing"),
    [
        ("fmt/477", "application/pdf", Standing.PREFERRED),
        ("fmt/18", "application/pdf", Standing.ACCEPTED),
        ("fmt/412", None, Standing.TO_MIGRATE),
        ("x-fmt/263", "application/zip", Standing.REFUSED),
        ("fmt/523", None, Standing.REFUSED),
        (None, "application/x-unheard-of", Standing.UNKNOWN),
    ],
)
def test_how_a_format_is_taken(puid: str | None, mime: str | None, standing: Standing) -> None:
    assert format_policy(DAY).standing(puid, mime) is standing


def test_what_was_not_read_at_its_source_is_marked_so() -> None:
    refused = format_policy(DAY).rule_for("x-fmt/263", None)
    assert refused is not None
    assert "CP-005 (por verificar)" in refused.source
    assert refused.source.endswith("Decreto 1515 de 2013, art. 12, parágrafo")
    assert not refused.is_verified


def test_a_refused_format_is_kept_and_told(archivo: Command, tmp_path: Path) -> None:
    path = tmp_path / "anexos.zip"
    path.write_bytes(made.package({"nota.txt": "Hola"}))
    deposited = archivo("deposit", path, "--wait", "--json")
    (one,) = deposited.lines
    assert one["state"] == "findable"
    (told,) = (finding for finding in one["findings"] if finding["code"] == "policy.refused")
    assert told["severity"] == "warning"
    assert "Decreto 1515 de 2013" in told["message"]
    shown = archivo("show", one["id"], "--json").value
    assert "policy assignment" in [event["type"] for event in shown["events"]]
    assert archivo("export", one["id"], tmp_path / "fuera", "--original").status == 0
    assert (tmp_path / "fuera" / "anexos.zip").read_bytes() == path.read_bytes()


def test_a_preferred_format_is_told_in_its_events_alone(archivo: Command, tmp_path: Path) -> None:
    path = tmp_path / "datos.csv"
    path.write_text("a,b\n1,2\n")
    (one,) = archivo("deposit", path, "--wait", "--json").lines
    assert not [finding for finding in one["findings"] if finding["code"].startswith("policy.")]
    details = [event["detail"] for event in archivo("show", one["id"], "--json").value["events"]]
    assert any("preferidos para conservar" in detail for detail in details)


def test_a_signature_is_checked_when_a_document_comes_in(archivo: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    authority = Authority()
    monkeypatch.setenv("ARCHIVO_TRUST_ROOTS", str(authority.trusted_in(tmp_path / "raices")))
    path = tmp_path / "acta.pdf"
    path.write_bytes(signed(made.pdf(["Acta firmada"]), authority.signer("Brunilda Etayo Cifuentes")))
    (one,) = archivo("deposit", path, "--wait", "--json").lines
    assert "signature.valid" in [finding["code"] for finding in one["findings"]]
    (event,) = (e for e in archivo("show", one["id"], "--json").value["events"] if e["type"] == "digital signature validation")
    assert (event["outcome"], event["agent"].split()[0]) == ("success", "pyHanko")
    assert "válidas, 1" in event["detail"]
    assert archivo("export", one["id"], tmp_path / "fuera", "--original").status == 0
    assert (tmp_path / "fuera" / "acta.pdf").read_bytes() == path.read_bytes()


def test_the_page_of_a_signed_document_tells_of_each_signature_and_it_is_read_again_once_there_are_roots(
    archivo: Command, archive: Archive, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    authority = Authority()
    path = tmp_path / "acta.pdf"
    path.write_bytes(signed(made.pdf(["Acta firmada"]), authority.signer("Brunilda Etayo Cifuentes")))
    (one,) = archivo("deposit", path, "--wait", "--json").lines
    create_user(archive, CUSTODY, "ana", "archivist", password=PASSWORD)
    page = f"/documentos/{one['id']}?ver=integridad"
    assert "sin comprobar de quién es" in signed_in(archive, "ana").get(page).text
    monkeypatch.setenv("ARCHIVO_TRUST_ROOTS", str(authority.trusted_in(tmp_path / "raices")))
    assert archivo("jobs", "--retry", one["id"]).status == 0
    with opened() as again:
        work_until_done(again, [one["id"]])
    told = signed_in(archive, "ana").get(page).text
    assert "sin comprobar de quién es" not in told
    assert "La firma de Brunilda Etayo Cifuentes es válida" in told


def test_a_folder_of_roots_that_is_not_there_is_a_misuse(archivo: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ARCHIVO_TRUST_ROOTS", str(tmp_path / "nada"))
    assert archivo("doctor").status == 2


def test_the_doctor_tells_what_is_beside_it(archivo: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    good, bad, empty = tmp_path / "bueno", tmp_path / "malo", tmp_path / "raices"
    good.write_text("#!/bin/sh\necho veraPDF de prueba\n")
    bad.write_text("#!/bin/sh\nexit 3\n")
    good.chmod(0o755)
    bad.chmod(0o755)
    empty.mkdir()
    for name, path in (("VERAPDF", good), ("FFPROBE", bad), ("TRUST_ROOTS", empty)):
        monkeypatch.setenv(f"ARCHIVO_{name}", str(path))
    told = {check["name"]: check for check in archivo("doctor", "--json").value["checks"]}
    assert (told["veraPDF"]["status"], told["ffprobe"]["status"], told["certificados raíz"]["status"]) == ("ok", "error", "warning")
    assert "veraPDF de prueba" in told["veraPDF"]["message"]


def test_the_register_counts_what_is_held_by_format_the_most_at_risk_first(archivo: Command, tmp_path: Path) -> None:
    assert archivo("formats", "--json").value == {"formats": [], "count": 0, "size": 0, "unread": 0}
    for name, content in (
        ("a.zip", made.package({"x.txt": "x"})),
        ("b.docx", made.docx()),
        ("c.docx", made.docx() + b" "),
        ("d.csv", b"a,b\n"),
    ):
        (tmp_path / name).write_bytes(content)
        archivo("deposit", tmp_path / name, "--wait")
    (tmp_path / "e.txt").write_text("Hola")
    archivo("deposit", tmp_path / "e.txt")
    found = archivo("formats", "--json").value
    assert (found["count"], found["unread"]) == (4, 1)
    assert found["size"] == sum((tmp_path / name).stat().st_size for name in ("a.zip", "b.docx", "c.docx", "d.csv"))
    assert [one["risk"] for one in found["formats"]] == ["high", "medium", "low"]
    assert [(one["puid"], one["count"], one["unsure"]) for one in found["formats"]] == [
        ("x-fmt/263", 1, 0),
        ("fmt/412", 2, 0),
        ("x-fmt/18", 1, 1),
    ]
    told = archivo("formats").out
    assert "riesgo alto" in told
    assert "Faltan por identificar 1 documento" in told


def test_the_register_is_a_page_and_a_sheet_for_who_answers_for_custody(filled: Path, archive: Archive, client: TestClient) -> None:
    for login, role in (("ana", "archivist"), ("sara", "servant")):
        create_user(archive, CUSTODY, login, role, password=PASSWORD)
    inside = signed_in(archive, "ana")
    page = inside.get("/custodia/formatos").text
    assert "Formato por formato" in page
    assert "conviene migrarlo" in page
    assert "/custodia/formatos" in inside.get("/custodia").text
    sheet = inside.get("/custodia/formatos.csv").content.decode("utf-8-sig")
    assert sheet.splitlines()[0].startswith("Formato")
    assert "CSV en UTF-8" in sheet
    assert "Formato por formato" not in client.get("/custodia/formatos").text
    assert signed_in(archive, "sara").get("/custodia/formatos").status_code == 403
