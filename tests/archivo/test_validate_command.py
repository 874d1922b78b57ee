"""`archivo validate`: what a package is by its markers, its exit status, its JSON, and what a person reads."""

import json
import os
import re
from pathlib import Path

import pikepdf
import pytest
from pikepdf import pdfa

from preservation.bagit import write_bag
from tests.archivo.conftest import Command
from tests.preservation.bags_made import MadeBag
from tests.preservation.ocfl_made import MadeObject
from tests.preservation.ocfl_root_damages import MadeRoot

KEYS = {"code", "severity", "where", "message", "remedy"}


def test_a_good_object_is_valid_and_no_home_is_made(archivo: Command, home: Path, tmp_path: Path) -> None:
    made = MadeObject(tmp_path / "object")
    ran = archivo("validate", made.folder, "--json")
    assert (ran.status, ran.err) == (0, "")
    assert json.loads(ran.out) == {"valid": True, "standard": "OCFL 1.1", "findings": [], "kind": "object"}
    assert not home.exists()


def test_a_damaged_object_is_told_with_all_the_keys_of_the_contract(archivo: Command, tmp_path: Path) -> None:
    made = MadeObject(tmp_path / "object")
    made.write("v1/content/empty", b"no longer")
    ran = archivo("validate", made.folder, "--json")
    told = json.loads(ran.out)
    assert (ran.status, told["valid"], told["standard"]) == (1, False, "OCFL 1.1")
    assert {finding["code"] for finding in told["findings"]} == {"E092", "E093"}
    for finding in told["findings"]:
        assert finding.keys() >= KEYS
        assert (finding["severity"], finding["where"]) == ("error", "v1/content/empty")


def test_warnings_leave_it_valid(archivo: Command, tmp_path: Path) -> None:
    made = MadeObject(tmp_path / "object")
    (made.folder / "extensions/of-ours").mkdir(parents=True)
    ran = archivo("validate", made.folder, "--json")
    assert ran.status == 0
    assert [(each["code"], each["severity"]) for each in json.loads(ran.out)["findings"]] == [("W013", "warning")]


def test_each_kind_is_known_by_its_markers_in_order(archivo: Command, tmp_path: Path) -> None:
    root = MadeRoot(tmp_path / "root")
    assert json.loads(archivo("validate", root.folder, "--json").out)["kind"] == "storage_root"
    bag = MadeBag(tmp_path / "bag")
    told = json.loads(archivo("validate", bag.folder, "--json").out)
    assert (told["standard"], told["complete"], told["valid"]) == ("BagIt 1.0", True, True)
    for name in ("0=ocfl_1.1", "bagit.txt", "METS.xml"):
        (tmp_path / "object").exists() or MadeObject(tmp_path / "object")
        (tmp_path / "object" / name).write_text("x")
    assert json.loads(archivo("validate", tmp_path / "object", "--json").out)["kind"] == "object"
    (root.folder / "bagit.txt").write_text("x")
    assert json.loads(archivo("validate", root.folder, "--json").out)["kind"] == "storage_root"


def test_xml_is_known_by_its_root_element(archivo: Command, tmp_path: Path) -> None:
    premis, mets = tmp_path / "a.xml", tmp_path / "b.xml"
    premis.write_text('<premis xmlns="http://www.loc.gov/premis/v3" version="3.0"/>')
    mets.write_text('<mets xmlns="http://www.loc.gov/METS/"/>')
    for path, standard in ((premis, "PREMIS"), (mets, "METS")):
        told = json.loads(archivo("validate", path, "--json").out)
        assert told["standard"].startswith(standard)
        assert told["valid"] is False


@pytest.mark.parametrize("lost", ["0=ocfl_object_1.1", "bagit.txt", "0=ocfl_1.1"])
def test_what_lost_its_declaration_is_told_what_it_lacks(archivo: Command, tmp_path: Path, lost: str) -> None:
    made = {"0=ocfl_object_1.1": MadeObject, "bagit.txt": MadeBag, "0=ocfl_1.1": MadeRoot}[lost](tmp_path / "made")
    (made.folder / lost).unlink()
    (made.folder / "ocfl_layout.json").unlink(missing_ok=True)
    ran = archivo("validate", made.folder, "--json")
    assert ran.status == 1
    assert {"E003", "E069", "bagit.declaration_missing"} & {finding["code"] for finding in json.loads(ran.out)["findings"]}


def test_what_nothing_recognises_has_no_standard(archivo: Command, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "home/store").mkdir(parents=True)
    MadeRoot(tmp_path / "home/store/root")
    (tmp_path / "home/archivo.db").write_bytes(b"x")
    (tmp_path / "notes.txt").write_text("nothing of the kind")
    os.mkfifo(tmp_path / "pipe")
    for name in ("empty", "home", "notes.txt", "pipe"):
        ran = archivo("validate", tmp_path / name, "--json")
        told = json.loads(ran.out)
        assert (ran.status, told["valid"], told["standard"]) == (1, False, None), name
        assert [finding["code"] for finding in told["findings"]] == ["unrecognised"], name


def test_a_missing_path_is_misuse(archivo: Command, tmp_path: Path) -> None:
    for path in (tmp_path / "nowhere", "a\0b", tmp_path / ("x" * 300)):
        ran = archivo("validate", path, "--json")
        assert ran.status == 2
        assert json.loads(ran.out)["error"]["code"] == "validate.missing"
    assert archivo("validate", tmp_path, "--fetch-root", tmp_path / "nowhere").status == 2


def test_a_bag_is_completed_from_the_allowed_folder(archivo: Command, tmp_path: Path) -> None:
    bag = MadeBag(tmp_path / "bag")
    (bag.folder / "data/one.txt").rename(tmp_path / "one.txt")
    bag.tag("fetch.txt", b"one.txt - data/one.txt\n")
    ran = archivo("validate", bag.folder)
    assert ran.status == 1
    assert "La bolsa está incompleta." in ran.out
    assert archivo("validate", bag.folder, "--fetch-root", tmp_path).status == 0


def test_a_pdf_is_held_to_what_it_claims(archivo: Command, tmp_path: Path) -> None:
    plain, claiming, broken = (tmp_path / f"{name}.pdf" for name in ("plain", "claiming", "broken"))
    with pikepdf.new() as pdf:
        pdf.add_blank_page()
        pdf.save(plain)
        with pdf.open_metadata() as metadata:
            metadata["pdfaid:part"], metadata["pdfaid:conformance"] = "2", "U"
        pdf.save(claiming)
    broken.write_bytes(b"%PDF-1.7 and nothing else")
    told = {path: json.loads(archivo("validate", path, "--json").out) for path in (plain, claiming, broken)}
    assert (told[plain]["standard"], told[plain]["valid"]) == ("PDF", True)
    assert [each["code"] for each in told[plain]["findings"]] == ["pdf.not_pdfa"]
    assert (told[claiming]["standard"], told[claiming]["valid"], told[claiming]["verdict"]) == ("PDF/A-2b", True, "undecided")
    assert {each["code"] for each in told[claiming]["findings"]} == {"pdf.level"}
    assert (told[broken]["standard"], told[broken]["valid"]) == ("PDF", False)


def pdf_a(path: Path, **claim: str) -> Path:
    """A PDF/A-2b, and what it says of itself changed."""
    with pikepdf.new() as pdf:
        pdf.add_blank_page()
        pdfa.save(pdf, path, "2b")
    content = path.read_bytes()
    for before, after in claim.items():
        told = re.search(f"<pdfaid:{before}>.*?</pdfaid:{before}>".encode(), content)
        assert told
        content = content.replace(told[0], after.encode().ljust(len(told[0])))
    path.write_bytes(content)
    return path


def test_a_breach_of_pdf_a_is_told_with_its_paragraph_and_in_spanish(archivo: Command, tmp_path: Path) -> None:
    path = pdf_a(tmp_path / "made.pdf")
    assert json.loads(archivo("validate", path, "--json").out) == {
        "valid": True,
        "standard": "PDF/A-2b",
        "findings": [],
        "verdict": "conforms",
        "judge": f"Archivo, pikepdf {pikepdf.__version__}",
    }
    with pikepdf.open(path, allow_overwriting_input=True) as pdf:
        pdf.pages[0].obj.Contents = pdf.make_stream(b"0 0 0 1 k 0 0 9 9 re f")
        pdf.save(path)
    (finding,) = json.loads(archivo("validate", path, "--json").out)["findings"]
    assert (finding["code"], finding["standard"], finding["paragraph"]) == ("pdf.device_colour", "ISO 19005-2", "6.2.4.3")
    assert finding["where"].endswith("(DeviceCMYK)")
    assert finding["message"].startswith("Usa colores que dependen del aparato")
    assert "Lo juzgó: Archivo, pikepdf" in archivo("validate", path).out


def test_a_level_that_is_not_judged_leaves_it_undecided(archivo: Command, tmp_path: Path) -> None:
    path = pdf_a(tmp_path / "made.pdf", conformance="<pdfaid:conformance>A</pdfaid:conformance>")
    told = json.loads(archivo("validate", path, "--json").out)
    assert (told["valid"], told["verdict"]) == (True, "undecided")
    assert [(each["code"], each["severity"]) for each in told["findings"]] == [("pdf.level", "warning")]
    assert archivo("validate", path).out.startswith("PDF/A-2b: no se sabe si cumple (0 errores, 1 aviso).")


@pytest.mark.parametrize("claim", [{"part": ""}, {"conformance": "<pdfaid:conformance>R</pdfaid:conformance>"}, {"conformance": ""}])
def test_a_pdf_that_means_to_be_pdf_a_and_does_not_say_which_is_not_valid(archivo: Command, tmp_path: Path, claim: dict[str, str]) -> None:
    told = json.loads(archivo("validate", pdf_a(tmp_path / "made.pdf", **claim), "--json").out)
    assert (told["valid"], told["verdict"]) == (False, "violates")
    assert {each["code"] for each in told["findings"]} <= {"pdf.unidentified", "pdf.identification"}


def test_verapdf_judges_where_it_is_and_its_absence_is_told(archivo: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path, program = pdf_a(tmp_path / "made.pdf"), tmp_path / "verapdf"
    result = {
        "profileName": "PDF/A-2B validation profile",
        "compliant": False,
        "details": {"ruleSummaries": [{"clause": "6.2.11.5", "description": "x"}]},
    }
    release = {"releaseDetails": [{"id": "core", "version": "1.28"}]}
    report = {"report": {"jobs": [{"validationResult": [result]}], "buildInformation": release}}
    program.write_text(f"#!/bin/sh\ncat <<'FIN'\n{json.dumps(report)}\nFIN\n", "utf-8")
    program.chmod(0o755)
    monkeypatch.setenv("ARCHIVO_VERAPDF", str(program))
    told = json.loads(archivo("validate", path, "--json").out)
    assert (told["valid"], told["verdict"], told["judge"]) == (False, "violates", "veraPDF 1.28")
    assert [(each["code"], each["standard"], each["paragraph"]) for each in told["findings"]] == [
        ("pdf.font_width", "ISO 19005-2", "6.2.11.5")
    ]
    program.write_text("#!/bin/sh\nexit 1\n", "utf-8")
    told = json.loads(archivo("validate", path, "--json").out)
    assert (told["valid"], [each["code"] for each in told["findings"]]) == (True, ["pdf.no_verapdf"])


def test_a_person_reads_each_rule_once_with_its_places_and_what_to_do(archivo: Command, tmp_path: Path) -> None:
    made = MadeObject(tmp_path / "object")
    for number in range(12):
        made.write(f"v3/content/{number:02d}\n.txt", b"x")
    ran = archivo("validate", made.folder)
    assert ran.status == 1
    assert ran.out.startswith("Objeto OCFL 1.1: NO cumple (12 errores, 0 avisos).\n")
    assert ran.out.count("E023") == 1
    assert ran.out.count("Qué hacer:") == 1
    assert "… y 2 más." in ran.out
    assert "v3/content/00\\x0a.txt: El archivo está" in ran.out


def test_a_long_place_is_told_by_its_ends_and_whole_in_json(archivo: Command, tmp_path: Path) -> None:
    made = MadeObject(tmp_path / "object")
    path = "v3/content/" + "/".join(["carpeta" * 20] * 10) + "/acta.txt"
    made.write(path, b"x")
    ran = archivo("validate", made.folder)
    line = next(line for line in ran.out.splitlines() if "v3/content" in line)
    assert line.startswith("    v3/content/carpeta")
    assert "…" in line
    assert "/acta.txt: " in line
    assert len(line) < 1_000
    assert path in {each["where"] for each in json.loads(archivo("validate", made.folder, "--json").out)["findings"]}


def test_a_written_bag_is_told_good_in_spanish(archivo: Command, tmp_path: Path) -> None:
    write_bag(tmp_path / "bag", [("one.txt", lambda: (tmp_path / "one.txt").open("rb"))] if (tmp_path / "one.txt").write_text("x") else [])
    assert archivo("validate", tmp_path / "bag").out == "BagIt 1.0: cumple (0 errores, 0 avisos). La bolsa está completa.\n"
