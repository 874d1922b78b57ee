"""A preservation copy is made beside the original, compared with it, sealed in the next version; nothing less alike is kept."""

import io
import json
from pathlib import Path

import img2pdf
import pytest
from PIL import Image
from reportlab.pdfgen.canvas import Canvas

from archivo.demo import TRD
from tests.ingest import made

from .conftest import Command


def deposit(archivo: Command, path: Path, content: bytes) -> str:
    path.write_bytes(content)
    (one,) = archivo("deposit", path, "--wait", "--json").lines
    return str(one["id"])


def scan() -> bytes:
    """A PDF of one page that is a picture, with no letters of its own."""
    return bytes(img2pdf.convert(made.image("PNG")))


def gif(frames: int = 1) -> bytes:
    out = io.BytesIO()
    pictures = [Image.new("RGB", (40, 30), colour) for colour in ("red", "green", "blue")[:frames]]
    pictures[0].save(out, "GIF", save_all=frames > 1, append_images=pictures[1:])
    return out.getvalue()


def of(archivo: Command, identifier: str) -> dict[str, dict[str, object]]:
    return {one["role"]: one for one in archivo("show", identifier, "--json").value["representations"]}


def test_a_pdf_becomes_pdf_a_beside_its_original(archivo: Command, tmp_path: Path) -> None:
    content = scan()
    identifier = deposit(archivo, tmp_path / "acta.pdf", content)
    told = archivo("migrate-formats", identifier, "--json")
    assert told.status == 0, told.out
    assert told.value["made"] == [identifier]
    assert [one["migrated"] for one in archivo("formats", "--json").value["formats"]] == [1]
    held = of(archivo, identifier)
    assert held["preservation"]["puid"] == "fmt/477"
    archivo("export", identifier, tmp_path / "fuera")
    package = tmp_path / "fuera"
    assert [path.read_bytes() for path in package.rglob("original/data")] == [content]
    copy = next(package.rglob("preservation/copy.pdf"))
    shown = archivo("show", identifier, "--json").value
    (event,) = (event for event in shown["events"] if event["type"] == "migration")
    assert event["outcome"] == "success"
    assert "1 páginas en uno y 1 en la otra" in event["detail"]
    assert copy.stat().st_size == held["preservation"]["size"]
    assert archivo("verify", "--json").value["damaged"] == []


def test_a_dry_run_changes_nothing(archivo: Command, tmp_path: Path) -> None:
    identifier = deposit(archivo, tmp_path / "acta.pdf", scan())
    before = archivo("show", identifier, "--json").value
    told = archivo("migrate-formats", "--puid", before["original"]["puid"], "--dry-run", "--json").value
    assert [(one["id"], one["target"], one["why"]) for one in told["documents"]] == [(identifier, "PDF/A-2b", None)]
    assert archivo("show", identifier, "--json").value == before


def test_a_picture_becomes_png_point_by_point_and_one_of_several_is_left(archivo: Command, tmp_path: Path) -> None:
    one = deposit(archivo, tmp_path / "sello.gif", gif())
    several = deposit(archivo, tmp_path / "moviles.gif", gif(3))
    told = archivo("migrate-formats", one, several, "--json")
    assert told.status == 1
    assert (told.value["made"], told.value["failed"]) == ([one], [several])
    assert of(archivo, one)["preservation"]["mime"] == "image/png"
    assert "preservation" not in of(archivo, several)
    details = [event["detail"] for event in archivo("show", several, "--json").value["events"] if event["type"] == "migration"]
    assert details == ["No se pudo hacer una copia en PNG: el original no se puede reescribir así. El original sigue igual."]


def test_a_pdf_whose_letters_are_not_in_it_is_told_so(archivo: Command, tmp_path: Path) -> None:
    written = io.BytesIO()
    canvas = Canvas(written)
    canvas.drawString(72, 700, "Acta 3 de la junta")  # in Helvetica, which no file needs to carry
    canvas.save()
    identifier = deposit(archivo, tmp_path / "acta.pdf", written.getvalue())
    assert archivo("migrate-formats", identifier, "--json").value["failed"] == [identifier]
    (detail,) = (event["detail"] for event in archivo("show", identifier, "--json").value["events"] if event["type"] == "migration")
    assert "usa letras que el original no lleva dentro" in detail


def test_documents_are_chosen_by_the_risk_of_their_format_or_by_their_series(archivo: Command, tmp_path: Path) -> None:
    assert archivo("trd", "import", TRD, "--json").status == 0
    pdf = deposit(archivo, tmp_path / "acta.pdf", scan())
    gifs = deposit(archivo, tmp_path / "sello.gif", gif())
    risks = {one["puid"]: one["risk"] for one in archivo("formats", "--json").value["formats"]}
    held = {identifier: archivo("show", identifier, "--json").value["original"]["puid"] for identifier in (pdf, gifs)}
    assert risks[held[pdf]] == "low"
    told = archivo("migrate-formats", "--risk", "bajo", "--dry-run", "--json").value
    assert {one["id"] for one in told["documents"]} == {identifier for identifier, puid in held.items() if risks[puid] == "low"}
    assert archivo("migrate-formats", "--risk", "alto", "--dry-run", "--json").value["documents"] == []
    assert archivo("classify", gifs, "--confirm", "100/100-02-01", "--json").status == 0
    made = archivo("migrate-formats", "--series", "100-02", "--json").value
    assert (made["made"], [one["id"] for one in made["documents"]]) == ([gifs], [gifs])
    assert archivo("migrate-formats", "--series", "100-02", "--risk", "bajo").status == 2


def test_a_copy_that_does_not_meet_its_standard_is_thrown_away(archivo: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rule = {"clause": "6.2.2", "description": "no lleva dentro su perfil de color"}
    result = {"profileName": "PDF/A-2B validation profile", "compliant": False, "details": {"ruleSummaries": [rule]}}
    release = {"releaseDetails": [{"id": "core", "version": "1.26"}]}
    report = {"report": {"jobs": [{"validationResult": [result]}], "buildInformation": release}}
    program = tmp_path / "verapdf"
    program.write_text(f"#!/bin/sh\ncat <<'FIN'\n{json.dumps(report)}\nFIN\n", "utf-8")
    program.chmod(0o755)
    identifier = deposit(archivo, tmp_path / "acta.pdf", scan())
    monkeypatch.setenv("ARCHIVO_VERAPDF", str(program))
    told = archivo("migrate-formats", identifier, "--json")
    assert (told.status, told.value["failed"]) == (1, [identifier])
    assert "preservation" not in of(archivo, identifier)
    details = [event["detail"] for event in archivo("show", identifier, "--json").value["events"] if event["type"] == "migration"]
    assert details == ["La copia en PDF/A-2b no cumple la norma de su formato, y se descartó. El original sigue igual."]


def test_what_has_no_pair_or_is_done_already_is_left_and_told(archivo: Command, tmp_path: Path) -> None:
    word = deposit(archivo, tmp_path / "nota.txt", b"Una nota")
    picture = deposit(archivo, tmp_path / "sello.gif", gif())
    assert archivo("migrate-formats", picture).status == 0
    told = archivo("migrate-formats", word, picture, "--json").value
    assert {one["id"]: one["why"] for one in told["documents"]} == {word: "no_pair", picture: "done"}
    assert told["made"] == []
    assert archivo("migrate-formats").status == 2
    unknown = "0190a1b2-0000-7000-8000-000000000000"
    assert archivo("migrate-formats", unknown).status == 1


def test_a_copy_lasts_when_the_document_is_read_again_or_made_from_its_package(archivo: Command, tmp_path: Path) -> None:
    identifier = deposit(archivo, tmp_path / "sello.gif", gif())
    archivo("migrate-formats", identifier)
    before = of(archivo, identifier)
    assert archivo("rebuild", "--catalogue").status == 0
    assert of(archivo, identifier) == before
    assert archivo("jobs", "--retry", identifier).status in (0, 1)
    from archivo.assembly import opened
    from archivo.worker import work_until_done

    with opened() as archive:
        work_until_done(archive, [identifier])
    assert of(archivo, identifier)["preservation"] == before["preservation"]
