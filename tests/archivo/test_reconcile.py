"""`archivo reconcile` counts what does not match between store, catalogue, jobs and index, mends it, and its exit status is true."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import delete, update

from archivo.archive import Archive, ObjectLease
from archivo.assembly import opened
from archivo.identifiers import new_uuid, urn
from archivo.jobs import Job, Queue
from archivo.records.models import Document, DocumentEvent, DocumentFinding, DocumentPart, Incoming, RecordVersion, Representation
from archivo.retention.models import Classification
from preservation.ocfl_layout import prefix_of
from search.index import Entry

from .conftest import Command

KINDS = ("orphan_objects", "orphan_rows", "dead_leases", "lost_jobs", "entries_without_record", "records_without_entry")


@pytest.fixture
def documents(tmp_path: Path, archivo: Command) -> list[str]:
    folder = tmp_path / "entrega"
    folder.mkdir()
    for number in range(3):
        (folder / f"{number}.txt").write_text(f"Oficio {number}. Se informa sobre la quebrada Chivatera.\n", "utf-8")
    return [line["id"] for line in archivo("deposit", folder, "--wait", "--json").lines]


def counted(archivo: Command, *words: str) -> tuple[int, dict[str, int]]:
    ran = archivo("reconcile", *words, "--json")
    return ran.status, {kind: ran.value[kind] for kind in KINDS if ran.value[kind]}


def write(archive: Archive, *statements: Any) -> None:
    with archive.database.writing() as session:
        for statement in statements:
            session.execute(statement)


def dead(archive: Archive) -> str:
    """An owner of this host that lives no more."""
    return f"{archive.process.rpartition(':')[0]}:1#1"


def forget(archive: Archive, one: str) -> None:
    for model in (RecordVersion, Representation, DocumentPart, DocumentEvent, DocumentFinding, Classification):
        write(archive, delete(model).where(model.document_id == one))
    write(archive, delete(Document).where(Document.id == one), delete(Job).where(Job.object_id == one))


def hold(archive: Archive, one: str) -> None:
    with archive.database.writing() as session:
        session.add(ObjectLease(object_id=urn(one), owner=dead(archive), until=archive.clock() + timedelta(days=1)))


def hold_job(archive: Archive, one: str) -> None:
    with archive.transaction() as transaction:
        job_id = transaction.enqueue("index", one, queue=Queue.INDEX)
        held = {"state": "running", "attempt": 1, "owner": dead(archive), "lease_until": archive.clock() + timedelta(days=1)}
        transaction.session.execute(update(Job).where(Job.id == job_id).values(**held))


def begin_deposit(archive: Archive, one: str) -> None:
    with archive.database.writing() as session:
        session.add(Incoming(document_id=new_uuid(archive.clock()), owner=dead(archive).partition("#")[0], started_at=archive.clock()))


def lose_job(archive: Archive, one: str) -> None:
    write(archive, update(Document).where(Document.id == one).values(state="preserved"))


def lose_seal(archive: Archive, one: str) -> None:
    write(archive, update(Document).where(Document.id == one).values(version=2))


def add_entry(archive: Archive, one: str) -> None:
    archive.index.put([Entry(new_uuid(archive.clock()), 0, "Nadie", "", "", "", frozenset(("public",)))])


def lose_entry(archive: Archive, one: str) -> None:
    archive.index.remove([one])


@pytest.mark.parametrize(
    ("harm", "kinds"),
    [
        (forget, {"orphan_objects": 1, "entries_without_record": 1}),
        (hold, {"dead_leases": 1}),
        (hold_job, {"dead_leases": 1}),
        (begin_deposit, {"orphan_rows": 1}),
        (lose_job, {"lost_jobs": 1}),
        (lose_seal, {"lost_jobs": 1}),
        (add_entry, {"entries_without_record": 1}),
        (lose_entry, {"records_without_entry": 1}),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_what_does_not_match_is_counted_and_mended(
    documents: list[str], archivo: Command, harm: Callable[[Archive, str], None], kinds: dict[str, int]
) -> None:
    assert counted(archivo, "--check") == (0, {})
    with opened() as archive:
        harm(archive, documents[1])
    assert counted(archivo, "--check") == (1, kinds)
    assert counted(archivo, "--check") == (1, kinds), "counting mends nothing"
    assert counted(archivo) == (0, kinds)
    assert counted(archivo, "--check") == (0, {})
    assert archivo("search", "quebrada", "--as", "nadie", "--json").status == 2
    assert archivo("verify", "--json").value["checked"] == 3


def test_a_lost_package_is_told_and_stays_told_until_it_is_put_back(
    documents: list[str], home: Path, tmp_path: Path, archivo: Command, embedded: None
) -> None:
    place = home / "store" / prefix_of(urn(documents[0]))
    place.rename(tmp_path / "aparte")
    assert counted(archivo, "--check") == (1, {"orphan_rows": 1})
    ran = archivo("reconcile")
    assert ran.status == 1
    assert documents[0] in ran.out
    assert "copia de seguridad" in ran.out
    (tmp_path / "aparte").rename(place)
    ran = archivo("reconcile", "--check")
    assert (ran.status, ran.out.splitlines()[-1]) == (0, "Todo concuerda.")
