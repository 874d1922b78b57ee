"""From the store alone: rebuild restores every row as it was."""

import io
import json
import os
import shutil
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from archivo import jobs
from archivo.access.policy import custody
from archivo.archive import Archive
from archivo.assembly import opened
from archivo.database import Base
from archivo.demo import TRD
from archivo.intake import rebuilding
from archivo.intake.publication import publish, withdraw
from archivo.intake.rebuilding import rebuild_catalogue
from archivo.intake.sealing import count_unsealed
from archivo.intake.services import Metadata, Upload, deposit
from archivo.records.models import Document
from archivo.records.services import describe
from archivo.retention import classification
from archivo.retention.classification import Proposed, Status, classification_event
from archivo.retention.models import Classification, TrdClass
from archivo.retention.services import import_trd
from archivo.worker import work_until_done
from tests.servers import empty

from .conftest import Command

ACTOR = custody("prueba")
TABLES = (
    "fonds",
    "office",
    "document",
    "record_version",
    "representation",
    "document_part",
    "document_event",
    "document_finding",
    "trd_version",
    "trd_class",
    "classification",
    "decision",
)


def finish(archive: Archive) -> None:
    with archive.reading() as session:
        waiting = (jobs.Job.state == "queued") | (jobs.Job.state == "running")
        objects = set(session.scalars(select(jobs.Job.object_id).where(waiting)))
    work_until_done(archive, objects)


def rows_of(archive: Archive) -> dict[str, list[dict[str, Any]]]:
    """Every row of the tables that the store must give back; of the classes, those that count."""
    found = {}
    with archive.reading() as session:
        for name in TABLES:
            table = Base.metadata.tables[name]
            rows = [dict(row) for row in session.execute(select(table).order_by(*table.primary_key)).mappings()]
            found[name] = [row for row in rows if name != "classification" or row["status"] in ("automatic", "confirmed")]
    return found


def answer(found: dict[str, Any]) -> tuple[Any, ...]:
    """What a search found. Not its order: scores count the pages that an index has forgotten and not yet merged away."""
    return {(hit["id"], hit["page"]) for hit in found["hits"]}, found["total"], found["facets"]


def forget(home: Path) -> None:
    """Lose the catalogue and the index."""
    if server_rows := os.environ.get("ARCHIVO_DATABASE_URL"):
        empty(server_rows)
    for path in home.glob("archivo.db*"):
        path.unlink()
    shutil.rmtree(home / "index", ignore_errors=True)


def classify_by_itself(archive: Archive, document_id: str) -> None:
    """What the model does when decisions have proven it: an automatic class."""
    with archive.transaction() as transaction:
        row = transaction.session.get_one(Classification, document_id)
        chosen = transaction.session.get_one(TrdClass, row.class_id)
        values = {column.name: getattr(row, column.name) for column in Classification.__table__.columns}
        values |= {"status": Status.AUTOMATIC, "decided_by": "modelo 1", "needs_audit": True}
        event = classification_event(transaction.now, Status.AUTOMATIC, chosen, "modelo 1", row.confidence)
        classification.write_proposal(transaction, transaction.session.get_one(Document, document_id), Proposed(values, event))


@pytest.fixture
def worked(filled: Path, archive: Archive, tmp_path: Path) -> Archive:
    """The filled home after people worked in it: a second schedule, decisions, titles, publications, a duplicate of another name."""
    with archive.reading() as session:
        suggested = list(session.scalars(select(Classification.document_id).where(Classification.status.in_(("suggested", "abstained")))))
        documents = list(session.scalars(select(Document).order_by(Document.id)))
    public = [document.id for document in documents if document.access == "publica"]
    others = [one for one in suggested if one not in public[:3]]
    with_class = [one for one in others if (known := classification.classification_of(archive, ACTOR, one)) and known.item]
    classify_by_itself(archive, with_class[0])
    classification.confirm(archive, ACTOR, public[0], "100/100-03-01")
    classification.confirm(archive, ACTOR, public[0], "100/100-01-01")
    describe(archive, ACTOR, public[1], {"title": "Un título puesto después", "date": "1951-03"})
    describe(archive, ACTOR, public[1], {"title": "Un título puesto al final", "description": "Con descripción.\nDe dos líneas."})
    publish(archive, ACTOR, public[2])
    publish(archive, ACTOR, public[1])
    withdraw(archive, ACTOR, public[1])
    with closing(archive.packages.open(f"urn:uuid:{public[0]}", "original/data")) as content:
        assert deposit(archive, ACTOR, Upload(content, "con otro nombre.bin")).duplicate_of == public[0]
    deposit(archive, ACTOR, Upload(io.BytesIO(), "vacío.txt"))
    second = tmp_path / "trd2.csv"
    second.write_text("\n".join(TRD.read_text("utf-8").splitlines()[:-3]) + "\n", "utf-8")
    import_trd(archive, ACTOR, second.read_bytes(), "trd2.csv")
    finish(archive)
    with archive.reading() as session:
        assert count_unsealed(session) == 0
    return archive


def test_a_rebuild_tells_how_far_it_is_and_finds_rows_that_are_there(
    filled: Path, archive: Archive, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two documents in each transaction; then again over the rows of the first time, which are those that stay."""
    monkeypatch.setattr(rebuilding, "TOGETHER", 2)
    before = rows_of(archive)
    archive.database.close()
    forget(home)
    with opened() as again:
        for _ in range(2):
            heard: list[tuple[int, int]] = []
            rebuilt = rebuild_catalogue(again, lambda done, total: heard.append((done, total)))  # noqa: B023  # called within this round
            assert rebuilt.documents == len(before["document"]) > 2
            assert heard == sorted(heard)
            assert len({total for _, total in heard}) == 1
            assert heard[-1][0] == heard[-1][1]
            assert len(heard) > 2
            finish(again)
            assert rows_of(again) == before
            with again.reading() as session:
                assert session.scalars(select(jobs.Job.id).where(jobs.Job.state.in_(("queued", "running", "failed")))).all() == []


def test_a_job_that_waits_already_serves_for_many_too(archive: Archive) -> None:
    with archive.transaction() as transaction:
        waiting = transaction.enqueue("index", "b", queue=jobs.Queue.INDEX)
        transaction.enqueue("index", "c", queue=jobs.Queue.INDEX, params={"of": 1})
        transaction.enqueue_each("index", ["a", "b", "c"], queue=jobs.Queue.INDEX)
        transaction.enqueue_each("index", [], queue=jobs.Queue.INDEX)
    with archive.reading() as session:
        found = session.execute(select(jobs.Job.object_id, jobs.Job.id).order_by(jobs.Job.object_id)).all()
    assert [object_id for object_id, _ in found] == ["a", "b", "c", "c"]
    assert waiting in [job_id for _, job_id in found]


def test_rows_come_back_as_they_were(worked: Archive, home: Path, archivo: Command) -> None:
    before = rows_of(worked)
    assert {row["status"] for row in before["classification"]} == {"automatic", "confirmed"}
    assert len(before["trd_version"]) == 2
    shown = {row["id"]: archivo("show", row["id"], "--json").value for row in before["document"]}
    found = archivo("search", "archivo", "--limit", "100", "--json").value
    worked.database.close()
    forget(home)
    assert archivo("rebuild", "--json").value["unreadable"] == []
    with opened() as again:
        after = rows_of(again)
    for name in TABLES:
        assert after[name] == before[name], name
    for identifier, one in shown.items():
        restored = archivo("show", identifier, "--json").value
        if one["classification"] and one["classification"]["status"] not in ("automatic", "confirmed"):
            one["classification"] = restored["classification"] = None
        assert restored == one
    again_found = archivo("search", "archivo", "--limit", "100", "--json").value
    assert found["total"] >= 3
    assert answer(again_found) == answer(found)
    assert archivo("verify", "--json").status == 0


def test_a_rebuild_over_a_catalogue_seals_it_first_and_changes_nothing(worked: Archive, home: Path, archivo: Command) -> None:
    with worked.reading() as session:
        first = session.scalars(select(Document.id).order_by(Document.id)).first() or ""
    describe(worked, ACTOR, first, {"title": "Cambiado y sin sellar todavía"})
    with closing(worked.packages.open(f"urn:uuid:{first}", "original/data")) as content:
        deposit(worked, ACTOR, Upload(content, "un tercer nombre.bin"))
    before = rows_of(worked)
    assert archivo("rebuild", "--json").status == 0
    after = rows_of(worked)
    sealing = {"document": {"sealed_version", "ocfl_version"}, "record_version": {"sealed_in"}}
    for name in TABLES:
        for old, new in zip(before[name], after[name], strict=True):
            changed = {column for column in old if old[column] != new[column]}
            assert changed <= sealing.get(name, set()), (name, old, new)
    with worked.reading() as session:
        assert count_unsealed(session) == 0
        assert session.get_one(Document, first).title == "Cambiado y sin sellar todavía"


def test_the_index_alone_comes_back(worked: Archive, home: Path, archivo: Command) -> None:
    found = archivo("search", "archivo", "--limit", "100", "--json").value
    shutil.rmtree(home / "index")
    assert archivo("rebuild", "--index", "--json").value["entries"] > 10
    again = archivo("search", "archivo", "--limit", "100", "--json").value
    assert answer(again) == answer(found)


def test_what_was_only_received_is_received_again_and_processed(archive: Archive, home: Path, tmp_path: Path, archivo: Command) -> None:
    path = tmp_path / "carta.txt"
    path.write_text("Carta sobre el acueducto de la vereda Turmequeta.\n", "utf-8")
    archivo("trd", "import", TRD)
    with path.open("rb") as content:
        given = Metadata(title="Circular", series="100/100-03-01", published=True)
        one = deposit(archive, ACTOR, Upload(content, path.name, given))
    archive.database.close()
    forget(home)
    with opened() as again:
        assert rebuild_catalogue(again).documents == 1
        with again.reading() as session:
            assert session.get_one(Document, one.id).state == "received"
            assert session.get_one(Classification, one.id).status == "confirmed"
        finish(again)
    assert archivo("show", one.id, "--json").value["state"] == "findable"
    assert archivo("search", "Turmequeta", "--json").value["total"] == 1


def test_a_damaged_package_costs_only_itself(filled: Path, home: Path, archivo: Command) -> None:
    inventories = sorted((home / "store").glob("*/*/*/*/inventory.json"))
    documents = [path for path in inventories if "metadata/record.json" in path.read_text("utf-8")]
    documents[0].write_text("{", "utf-8")
    forget(home)
    ran = archivo("rebuild", "--json")
    assert ran.status == 1
    assert len(ran.value["unreadable"]) == 1
    assert ran.value["documents"] == len(documents) - 1


def test_what_was_received_before_a_rebuild_joins_the_fonds_of_old(archive: Archive, home: Path, archivo: Command) -> None:
    archivo("trd", "import", TRD)
    first = deposit(archive, ACTOR, Upload(io.BytesIO(b"Acta primera.\n"), "primera.txt"))
    finish(archive)
    archive.database.close()
    forget(home)
    with opened() as emptied:
        second = deposit(emptied, ACTOR, Upload(io.BytesIO(b"Acta segunda.\n"), "segunda.txt"))
        finish(emptied)
        received = deposit(emptied, ACTOR, Upload(io.BytesIO(b"Acta tercera.\n"), "tercera.txt"))
    for catalogue in ("standing", "lost"):
        if catalogue == "lost":
            forget(home)
        with opened() as again:
            rebuilt = rebuild_catalogue(again)
            assert (rebuilt.documents, rebuilt.trd_versions, rebuilt.unreadable) == (3, 1, ())
            rows = rows_of(again)
        (fonds,) = rows["fonds"]
        assert {row["id"]: row["fonds_id"] for row in rows["document"]} == dict.fromkeys((first.id, second.id, received.id), fonds["id"])
        assert {row["fonds_id"] for row in rows["office"]} == {fonds["id"]} == {row["fonds_id"] for row in rows["trd_version"]}


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("metadata/record.json", {"title": {"es": "x"}}),
        ("metadata/record.json", {"size": 2**70}),
        ("metadata/record.json", {"versions": []}),
        ("metadata/record.json", {"formats": []}),
        ("metadata/record.json", {"access": "secreta"}),
        ("metadata/events.json", "[" * 500 + "]" * 500),
        ("metadata/events.json", "[" * 100_000 + "]" * 100_000),
    ],
)
def test_a_package_that_no_database_keeps_costs_only_itself(
    name: str, content: dict[str, Any] | str, filled: Path, home: Path, archivo: Command
) -> None:
    with opened() as archive:
        with archive.reading() as session:
            documents = list(session.scalars(select(Document.id).order_by(Document.id)))
        object_id = f"urn:uuid:{documents[0]}"
        with closing(archive.packages.open(object_id, name)) as stream:
            held = json.loads(stream.read())
        told = content if isinstance(content, str) else json.dumps({**held, **content})
        with archive.packages.new_version(object_id, base=archive.packages.head(object_id)) as writer:
            writer.put_bytes(name, told.encode())
            writer.commit("x", "x", None, archive.clock())
    for catalogue in ("standing", "lost"):
        if catalogue == "lost":
            forget(home)
        ran = archivo("rebuild", "--json")
        assert (ran.status, ran.value["unreadable"]) == (1, [object_id])
        assert ran.value["documents"] == len(documents) - 1
