"""The classifier learns from decisions, is promoted by rule, can go back, and is trusted only as far as proven."""

from pathlib import Path

import pytest
from sqlalchemy import select
from starlette.testclient import TestClient

from archivo.access.policy import custody
from archivo.archive import Archive
from archivo.demo import TRD
from archivo.identifiers import new_uuid
from archivo.records.services import describe
from archivo.retention import classification, learning
from archivo.retention.models import Classification, Decision, LearnedModel, TrdVersion
from archivo.worker import work_until_done

from .conftest import Command

CUSTODY = custody("pruebas")
MINUTES = "ACTA número {n}. En Valdeluz se reunió la junta directiva para tratar el orden del día y aprobar el acta anterior. {n}."
RULINGS = "RESOLUCIÓN {n}. El Secretario General, en uso de sus facultades, RESUELVE: artículo primero, ordénase la obra {n}."


def load_decided(archivo: Command, folder: Path, count: int, first: int = 0) -> list[str]:
    """Deposit texts of two classes with their series given: confirmed decisions."""
    lines = ["path,office,series"]
    for n in range(first, first + count):
        (folder / f"a{n}.txt").write_text(MINUTES.format(n=n), "utf-8")
        (folder / f"r{n}.txt").write_text(RULINGS.format(n=n), "utf-8")
        lines += [f"a{n}.txt,100,100-01-01", f"r{n}.txt,100,100-02-01"]
    (folder / "m.csv").write_text("\n".join(lines) + "\n", "utf-8")
    return [one["id"] for one in archivo("deposit", "--manifest", folder / "m.csv", "--wait", "--json").lines]


def trd_id(archive: Archive) -> str:
    with archive.reading() as session:
        return session.scalars(select(TrdVersion.id)).one()


def active(archive: Archive) -> int:
    with archive.reading() as session:
        return session.scalars(select(LearnedModel.number).where(LearnedModel.state == "active")).one()


@pytest.fixture
def taught(archivo: Command, archive: Archive, tmp_path: Path) -> str:
    """An archive with twenty-four decisions and the model they made."""
    archivo("trd", "import", TRD)
    assert active(archive) == 1
    documents = load_decided(archivo, tmp_path, 12)
    for document in documents[::3]:
        describe(archive, CUSTODY, document, {"producer": "Otra dependencia"})
    version = trd_id(archive)
    work_until_done(archive, {version})
    assert active(archive) == 2
    learning.train(archive, version)
    return version


def test_decisions_make_a_new_model_that_knows_them(archivo: Command, taught: str, tmp_path: Path) -> None:
    new = tmp_path / "nueva.txt"
    new.write_text(RULINGS.format(n=99), "utf-8")
    (one,) = archivo("deposit", new, "--wait", "--json").lines
    found = archivo("classify", one["id"], "--json").value
    assert found["code"] == "100-02-01"
    assert found["status"] == "suggested"
    assert any("confirm" in reason for reason in found["reasons"])


def test_a_model_can_go_back(archive: Archive, client: TestClient, taught: str) -> None:
    assert [m.state for m in learning.list_models(archive, CUSTODY, taught)] == ["active", "retired", "retired"]
    page = client.get(f"/trd/{taught}")
    assert page.status_code == 200  # the citizen is asked to sign in
    assert "Modelos que proponen" not in page.text
    assert learning.roll_back(archive, CUSTODY, taught) == 2
    assert active(archive) == 2


def test_a_model_that_another_program_made_stops_no_document(archivo: Command, archive: Archive, taught: str, tmp_path: Path) -> None:
    with archive.database.writing() as session:
        for kept in session.scalars(select(LearnedModel)):
            kept.content = b"de otro programa"
    new = tmp_path / "nueva.txt"
    new.write_text(RULINGS.format(n=99), "utf-8")
    (one,) = archivo("deposit", new, "--wait", "--json").lines
    assert one["state"] == "findable"
    assert archivo("classify", one["id"], "--json").value["alternatives"]
    learning.train(archive, taught)
    with archive.reading() as session:
        assert learning.active_model(archive, session, taught)[0] != "TRD"


def test_nothing_goes_by_itself_until_decisions_prove_it(archivo: Command, archive: Archive, taught: str, tmp_path: Path) -> None:
    new = tmp_path / "nueva.txt"
    new.write_text(RULINGS.format(n=77), "utf-8")
    manifest = tmp_path / "uno.csv"
    manifest.write_text("path,office\nnueva.txt,100\n", "utf-8")
    (one,) = archivo("deposit", "--manifest", manifest, "--wait", "--json").lines
    with archive.reading() as session:
        assert session.get_one(Classification, one["id"]).status == "suggested"
        assert learning.proven_threshold(archive, session, taught) is None
    prove(archive, taught, one["id"], right=70)
    with archive.reading() as session:
        assert learning.proven_threshold(archive, session, taught) is not None
    classification.classify_processed(archive, one["id"])
    found = archivo("classify", one["id"], "--json").value
    assert (found["code"], found["status"], found["decided_by"]) == ("100-02-01", "automatic", "modelo 3")
    archivo("publish", one["id"])
    assert archivo("search", "ordénase", "--series", "100-02-01", "--json").value["total"] == 1


def test_mistakes_take_the_trust_back(archive: Archive, archivo: Command, taught: str, tmp_path: Path) -> None:
    (document,) = load_decided(archivo, tmp_path, 1, first=500)[:1]
    prove(archive, taught, document, right=70)
    prove(archive, taught, document, right=0, wrong=30)
    with archive.reading() as session:
        assert learning.proven_threshold(archive, session, taught) is None


def prove(archive: Archive, version: str, document_id: str, *, right: int, wrong: int = 0) -> None:
    """Decisions that came after eligible proposals, right or wrong."""
    with archive.transaction() as transaction:
        for n in range(right + wrong):
            transaction.session.add(
                Decision(
                    id=new_uuid(transaction.now),
                    document_id=document_id,
                    trd_id=version,
                    at=transaction.now,
                    actor="pruebas",
                    class_key="100/100-02-01",
                    proposed_key="100/100-02-01" if n < right else "100/100-01-01",
                    confidence=0.2,
                    model="2",
                    was_eligible=True,
                    was_automatic=False,
                )
            )
