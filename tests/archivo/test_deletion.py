"""What an act orders to be deleted goes from every place, after two people and a waiting time; what it was, and why it went, remains."""

import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from io import BytesIO
from pathlib import Path
from typing import Any, BinaryIO

import pytest
from sqlalchemy import select

from archivo.access.policy import Actor, Grant, custody
from archivo.access.services import actor_of_login, create_user, set_password, set_role
from archivo.archive import Archive
from archivo.assembly import opened
from archivo.audit.models import AuditEntry
from archivo.custody import deleting, deletion, fixity
from archivo.custody.deletion import Order
from archivo.custody.fixity import FixityOutcome
from archivo.custody.repair import repair
from archivo.errors import Conflict, Invalid, Refused
from archivo.identifiers import urn
from archivo.intake.services import Upload, deposit
from archivo.jobs import Job, JobState, Queue
from archivo.operations.services import retry_job
from archivo.records import holds
from archivo.records.models import Document, DocumentState, KeptCopy
from archivo.worker import work_until_done
from preservation.fixity import Digest
from preservation.ocfl import StorageRoot
from preservation.ocfl_layout import prefix_of
from preservation.store import ObjectKey, ObjectStore, StoredObject, StoreUnavailable
from preservation.validation.ocfl_object import validate_object
from preservation.validation.trees import FolderTree

from .conftest import Command
from .test_web_pages import PASSWORD as PAGE_PASSWORD
from .test_web_pages import signed_in, token, words

WORDS = "fideicomiso"
ORDER = Order("acta", "14 de 2026", "2026-11-20", "la presidenta y el secretario técnico del comité")
REASON = "Venció su tiempo de retención."
PASSWORD = "una frase larga y propia"
CUSTODY = custody("prueba")
LATER = timedelta(days=8)

pytestmark = pytest.mark.usefixtures("copies")


@pytest.fixture
def documents(archivo: Command, tmp_path: Path, embedded: None) -> list[str]:
    """Three documents in three places; the first is the one to be deleted."""
    notes = [tmp_path / f"nota{number}.txt" for number in range(3)]
    for number, path in enumerate(notes):
        path.write_text(f"La nota {number} habla de un {WORDS} y de {'un secreto' if number == 0 else 'nada'}.", "utf-8")
    found = [one["id"] for one in archivo("deposit", *notes, "--wait", "--json").lines]
    assert archivo("replicas", "--run").status == 0
    return found


def later(archive: Archive, by: timedelta = LATER) -> Archive:
    """The archive some days later."""
    return replace(archive, clock=lambda: archive.clock() + by)


def person(archive: Archive, login: str, role: str = "archivist") -> Actor:
    create_user(archive, CUSTODY, login, role, password=PASSWORD)
    return actor_of_login(archive, login)


def confirmed(archive: Archive, *ids: str) -> str:
    """A request that another person confirmed."""
    ana = person(archive, f"ana{ids[0][-6:]}")
    asked = deletion.request(archive, CUSTODY, ids, ORDER, REASON)
    return deletion.confirm(archive, ana, asked.id).id


def carry_out(archive: Archive) -> list[str]:
    """Do what is due, as the crew does."""
    due = deletion.schedule(archive)
    work_until_done(archive, {*due, *deletion.documents_of(archive, due)})
    return due


def delete(*ids: str) -> str:
    with opened() as archive:
        identifier = confirmed(archive, *ids)
        assert carry_out(later(archive)) == [identifier]
    return identifier


def place_of(root: Path, identifier: str) -> Path:
    return root / prefix_of(urn(identifier))


def tombstone_in(root: Path, identifier: str) -> dict[str, Any]:
    """What the tombstone of a place says, of an object that another program finds valid."""
    place = place_of(root, identifier)
    judged = validate_object(FolderTree(place))
    assert judged.valid, judged.findings
    inventory = json.loads((place / "inventory.json").read_bytes())
    assert inventory["id"] == urn(identifier)
    assert list(inventory["versions"]) == ["v1"]
    (path,) = [paths[0] for paths in inventory["manifest"].values() if paths[0].endswith("metadata/tombstone.json")]
    said: dict[str, Any] = json.loads((place / path).read_bytes())
    return said


def is_nowhere(text: str, *roots: Path) -> bool:
    return not any(text.encode() in file.read_bytes() for root in roots for file in root.rglob("*") if file.is_file())


def all_is_true(archivo: Command) -> None:
    """No check of custody finds anything."""
    assert archivo("verify", "--json").value["damaged"] == []
    for order in (("verify",), ("audit", "verify"), ("reconcile", "--check"), ("fixity", "--run"), ("replicas", "--run")):
        ran = archivo(*order)
        assert ran.status == 0, (order, ran.out, ran.err)


class TestAsking:
    def test_two_people_and_a_waiting_time_are_needed(self, documents: list[str], archive: Archive) -> None:
        ana = person(archive, "ana")
        asked = deletion.request(archive, CUSTODY, documents[:1], ORDER, REASON)
        assert carry_out(later(archive)) == []
        found = deletion.confirm(archive, ana, asked.id)
        assert found.due_at == found.confirmed_at + timedelta(days=7)  # type: ignore[operator]  # both are set by then
        assert carry_out(archive) == []
        assert carry_out(later(archive, timedelta(days=6, hours=23))) == []
        assert carry_out(later(archive)) == [asked.id]

    def test_what_could_not_be_read_is_deleted_too_and_is_not_read_again(
        self, documents: list[str], archive: Archive, archivo: Command, home: Path
    ) -> None:
        unread = deposit(archive, CUSTODY, Upload(BytesIO(b"Nadie pudo leer esto"), "uno.txt")).id
        with archive.database.writing() as session:
            for job in session.scalars(select(Job).where(Job.object_id == unread)):
                job.state, job.error_code = JobState.FAILED, "ValueError"
            session.get_one(Document, unread).state = DocumentState.FAILED
        identifier = confirmed(archive, unread)
        assert carry_out(later(archive)) == [identifier]
        assert tombstone_in(home / "store", unread)["kind"] == "tombstone"
        with pytest.raises(Conflict) as refused:
            retry_job(archive, CUSTODY, unread)
        assert refused.value.code == "document.deleted"
        with archive.reading() as session:
            assert session.scalars(select(Job).where(Job.state == JobState.FAILED)).all() == []
        all_is_true(archivo)

    def test_who_asked_does_not_confirm_nor_does_the_machine(self, documents: list[str], archive: Archive) -> None:
        ana = person(archive, "ana")
        asked = deletion.request(archive, ana, documents[:1], ORDER, REASON)
        at_the_machine = deletion.request(archive, custody("ana"), documents[1:2], ORDER, REASON)
        for actor, which in ((ana, asked), (CUSTODY, asked), (custody("otro"), asked), (ana, at_the_machine)):
            with pytest.raises(Refused, match="distinta de quien la pidió"):
                deletion.confirm(archive, actor, which.id)
        with archive.reading() as session:
            refused = list(
                session.scalars(select(AuditEntry.actor).where(AuditEntry.act == "deletion.confirm", AuditEntry.outcome == "refused"))
            )
        assert refused == ["ana", "cli:prueba", "cli:otro", "ana"]
        assert carry_out(later(archive)) == []

    def test_an_account_that_another_made_or_changed_since_it_was_asked_for_does_not_confirm(
        self, documents: list[str], archive: Archive
    ) -> None:
        ana, luz = person(archive, "ana"), person(archive, "luz", "servant")
        asked = deletion.request(archive, CUSTODY, documents[:1], ORDER, REASON)
        set_password(archive, CUSTODY, "ana", "otra frase larga y ajena")
        set_role(archive, CUSTODY, "luz", "archivist")
        for actor in (ana, actor_of_login(archive, luz.login), person(archive, "falsa")):
            with pytest.raises(Refused, match="después de que se pidió"):
                deletion.confirm(archive, actor, asked.id)
        assert carry_out(later(archive)) == []
        deletion.withdraw(archive, CUSTODY, asked.id)
        again = deletion.request(archive, CUSTODY, documents[:1], ORDER, REASON)
        set_password(archive, ana, "ana", "una frase nueva y propia")
        assert deletion.confirm(archive, ana, again.id).confirmed_by == "ana"

    def test_without_the_grant_nobody_asks_confirms_or_sees(self, documents: list[str], archive: Archive) -> None:
        servant = person(archive, "servidora", "servant")
        assert Grant.DELETE not in servant.grants
        asked = deletion.request(archive, CUSTODY, documents[:1], ORDER, REASON)
        for act in (
            lambda: deletion.request(archive, servant, documents[1:], ORDER, REASON),
            lambda: deletion.confirm(archive, servant, asked.id),
            lambda: deletion.withdraw(archive, servant, asked.id),
            lambda: deletion.list_deletions(archive, servant),
            lambda: holds.place(archive, servant, documents[0], REASON),
        ):
            with pytest.raises(Refused):
                act()

    @pytest.mark.parametrize(
        "order",
        [
            replace(ORDER, type="ocurrencia"),
            replace(ORDER, number=" "),
            replace(ORDER, signed_by=""),
            replace(ORDER, date="ayer"),
            replace(ORDER, date="2999-01-01"),
        ],
    )
    def test_an_order_that_is_not_whole_is_refused(self, documents: list[str], archive: Archive, order: Order) -> None:
        with pytest.raises(Invalid, match="No se pidió"):
            deletion.request(archive, CUSTODY, documents[:1], order, REASON)
        with pytest.raises(Invalid, match="motivo"):
            deletion.request(archive, CUSTODY, documents[:1], ORDER, " ")

    def test_what_is_asked_for_already_is_not_asked_for_again_until_somebody_desists(self, documents: list[str], archive: Archive) -> None:
        ana = person(archive, "ana")
        asked = deletion.request(archive, CUSTODY, documents[:2], ORDER, REASON)
        with pytest.raises(Conflict, match="otra petición"):
            deletion.request(archive, CUSTODY, documents[1:], ORDER, REASON)
        deletion.confirm(archive, ana, asked.id)
        assert deletion.withdraw(archive, CUSTODY, asked.id).state == "withdrawn"
        assert carry_out(later(archive)) == []
        assert deletion.request(archive, CUSTODY, documents, ORDER, REASON).state == "requested"

    def test_what_is_held_is_neither_asked_for_nor_confirmed_nor_deleted(self, documents: list[str], archive: Archive) -> None:
        ana = person(archive, "ana")
        holds.place(archive, ana, documents[0], "Hay un pleito.")
        with pytest.raises(Conflict, match=r"retenido por ana: Hay un pleito\."):
            deletion.request(archive, CUSTODY, documents, ORDER, REASON)
        holds.lift(archive, ana, documents[0], "El pleito terminó.")
        asked = deletion.request(archive, CUSTODY, documents[:2], ORDER, REASON)
        holds.place(archive, ana, documents[0], "Hay otro.")
        with pytest.raises(Conflict, match="retenido"):
            deletion.confirm(archive, ana, asked.id)
        holds.lift(archive, ana, documents[0], "También terminó.")
        deletion.confirm(archive, ana, asked.id)
        holds.place(archive, ana, documents[1], "Uno más.")
        assert carry_out(later(archive)) == []
        deleting.execute(later(archive), asked.id)  # a job that was on its way
        assert [each.state for each in deletion.list_deletions(archive, CUSTODY)] == ["confirmed"]
        assert deletion.list_deletions(archive, CUSTODY)[0].is_held
        holds.lift(archive, ana, documents[1], "Ya.")
        assert carry_out(later(archive)) == [asked.id]

    def test_a_hold_comes_back_from_the_store_alone(self, archivo: Command, documents: list[str], home: Path) -> None:
        assert archivo("hold", "place", documents[0], "--reason", "Hay un pleito.").status == 0
        forget_rows(home)
        assert archivo("rebuild").status == 0
        (held,) = archivo("hold", "list", "--json").value
        assert (held["document_id"], held["reason"]) == (documents[0], "Hay un pleito.")


def forget_rows(home: Path) -> None:
    for file in home.glob("archivo.db*"):
        file.unlink()


class TestWhatRemains:
    def test_the_content_is_nowhere_and_a_tombstone_in_each_place(
        self, archivo: Command, documents: list[str], home: Path, copies: dict[str, Path]
    ) -> None:
        before = json.loads((place_of(home / "store", documents[0]) / "inventory.json").read_bytes())
        sizes = {file.name: file.stat().st_size for file in place_of(home / "store", documents[0]).glob("v1/content/*/original/*")}
        act = delete(documents[0])
        roots = [home / "store", *copies.values()]
        assert is_nowhere("un secreto", *roots)
        assert not is_nowhere("La nota 1", *roots)
        for root in roots:
            said = tombstone_in(root, documents[0])
            assert said["act"] == act
            assert said["authority"]["number"] == "14 de 2026"
            assert "Decreto 2578" in said["authority"]["rule"]
            assert said["requested_by"] == "cli:prueba"
            assert said["confirmed_by"].startswith("ana")
            assert {each["path"]: each["digest"] for each in said["files"]} == {
                paths[0]: value for value, paths in before["manifest"].items()
            }
            assert sizes["data"] in [each["size"] for each in said["files"]]
        all_is_true(archivo)

    def test_it_is_told_as_deleted_and_gives_no_content(self, archivo: Command, documents: list[str], tmp_path: Path) -> None:
        delete(documents[0])
        shown = archivo("show", documents[0], "--json")
        assert (shown.status, shown.value["state"], shown.value["pages"]) == (0, "deleted", 0)
        assert shown.value["tombstone"]["number"] == "14 de 2026"
        assert shown.value["events"][-1]["type"] == "deletion"
        assert "acta de eliminación 14 de 2026" in shown.value["events"][-1]["detail"]
        assert archivo("show", documents[0]).status == 0
        for order in (("text", documents[0]), ("export", documents[0], tmp_path / "fuera", "--original"), ("publish", documents[0])):
            ran = archivo(*order, "--json")
            assert ran.status == 1, order
            assert "document.deleted" in ran.out
        assert archivo("search", WORDS, "--as", "nadie").status == 2
        assert archivo("search", WORDS, "--json").value["total"] == 0

    def test_it_is_found_no_more_and_its_bytes_may_come_again_as_another(
        self, archivo: Command, documents: list[str], tmp_path: Path
    ) -> None:
        archivo("publish", *documents)
        assert archivo("search", WORDS, "--json").value["total"] == 3
        delete(documents[0])
        assert archivo("search", WORDS, "--json").value["total"] == 2
        assert archivo("rebuild", "--index").status == 0
        assert archivo("search", WORDS, "--json").value["total"] == 2
        (again,) = archivo("deposit", tmp_path / "nota0.txt", "--wait", "--json").lines
        assert again["id"] != documents[0]
        assert again["duplicate_of"] is None

    def test_of_a_reserved_document_not_even_the_title_remains(self, archivo: Command, home: Path, tmp_path: Path, embedded: None) -> None:
        path = tmp_path / "Historia de Zoraida Quimbayo.txt"
        path.write_text("Consulta reservada.", "utf-8")
        manifest = tmp_path / "lista.csv"
        manifest.write_text(f"path,access\n{path.name},reservada\n", "utf-8")
        (one,) = archivo("deposit", "--manifest", manifest, "--wait", "--json").lines
        delete(one["id"])
        assert is_nowhere("Zoraida", home / "store")
        assert "Zoraida" not in archivo("show", one["id"], "--json").out
        all_is_true(archivo)

    def test_damaged_bytes_of_it_that_were_set_apart_go_too(self, archivo: Command, documents: list[str], home: Path) -> None:
        (original,) = place_of(home / "store", documents[0]).glob("v1/content/*/original/data")
        original.chmod(0o644)
        original.write_bytes(b"La nota 0 habla de un secreto, o no.")
        assert archivo("verify", "--repair").status == 0
        assert not is_nowhere("secreto, o no", home / "store")
        assert archivo("replicas", "--run").status == 0
        delete(documents[0])
        assert is_nowhere("secreto, o no", home / "store", home.parent / "copia", home.parent / "otra")
        all_is_true(archivo)

    def test_from_the_store_alone_it_comes_back_as_a_tombstone(self, archivo: Command, documents: list[str], home: Path) -> None:
        assert archivo("fixity", "--run").status == 0  # the ledger tells of what is deleted afterwards
        delete(documents[0])
        before = archivo("show", documents[0], "--json").value
        forget_rows(home)
        ran = archivo("rebuild", "--json")
        assert (ran.status, ran.value["documents"], ran.value["deleted"], ran.value["unreadable"]) == (0, 2, 1, [])
        after = archivo("show", documents[0], "--json").value
        assert {**after, "copies": None} == {**before, "copies": None}  # which are known again once they are read
        all_is_true(archivo)

    def test_an_older_database_put_back_follows_the_tombstone(self, archivo: Command, documents: list[str], home: Path) -> None:
        old = (home / "archivo.db").read_bytes()
        delete(documents[0])
        for file in home.glob("archivo.db*"):
            file.unlink()
        (home / "archivo.db").write_bytes(old)
        assert archivo("rebuild").status == 0
        assert archivo("show", documents[0], "--json").value["state"] == "deleted"
        tombstone_in(home / "store", documents[0])
        assert archivo("text", documents[0]).status == 1


class TestNothingBringsItBack:
    def test_a_package_that_was_taken_away_is_refused_and_told(
        self, archivo: Command, documents: list[str], home: Path, tmp_path: Path
    ) -> None:
        assert archivo("export", documents[0], documents[1], tmp_path / "fuera", "--as", "ocfl", "--without-images").status == 0
        delete(documents[0])
        for _ in ("with its rows", "from the store alone"):
            ran = archivo("import", tmp_path / "fuera", "--json")
            assert ran.status == 1
            (refused,) = ran.value["refused"]
            assert "se eliminó aquí por acta de eliminación 14 de 2026" in refused["reason"]
            tombstone_in(home / "store", documents[0])
            forget_rows(home)
            assert archivo("rebuild").status == 0

    def test_a_tombstone_is_taken_away_and_taken_back_as_what_it_is(
        self, archivo: Command, documents: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        delete(documents[0])
        assert archivo("export", "--all", tmp_path / "fuera", "--as", "ocfl", "--without-images").status == 0
        assert archivo("export", documents[0], tmp_path / "dip", "--as", "dip").status == 1
        monkeypatch.setenv("ARCHIVO_HOME", str(tmp_path / "otra casa"))
        monkeypatch.delenv("ARCHIVO_REPLICAS")
        ran = archivo("import", tmp_path / "fuera", "--json")
        assert (ran.status, ran.value["refused"]) == (0, [])
        assert archivo("show", documents[0], "--json").value["state"] == "deleted"
        assert archivo("verify").status == 0

    def test_a_replica_that_was_away_is_brought_up_and_gives_nothing_back(
        self, archivo: Command, documents: list[str], home: Path, copies: dict[str, Path], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        everywhere = os.environ["ARCHIVO_REPLICAS"]
        monkeypatch.setenv("ARCHIVO_REPLICAS", everywhere.split(" ")[1])
        delete(documents[0])
        monkeypatch.setenv("ARCHIVO_REPLICAS", everywhere)
        assert not is_nowhere("un secreto", copies["copia"])
        (asked,) = archivo("delete", "list", "--json").value
        assert (asked["state"], asked["places"]) == ("executed", ["copia"])
        assert archivo("verify", "--repair").status == 0
        tombstone_in(home / "store", documents[0])
        assert archivo("replicas", "--run").status == 0
        assert is_nowhere("un secreto", copies["copia"])
        tombstone_in(copies["copia"], documents[0])
        assert archivo("delete", "list", "--json").value[0]["places"] == []
        all_is_true(archivo)

    def test_a_copy_that_awaits_its_deletion_is_not_repaired(
        self, archivo: Command, documents: list[str], home: Path, copies: dict[str, Path], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        everywhere = os.environ["ARCHIVO_REPLICAS"]
        monkeypatch.delenv("ARCHIVO_REPLICAS")
        delete(documents[0])
        monkeypatch.setenv("ARCHIVO_REPLICAS", everywhere)
        (original,) = place_of(copies["copia"], documents[0]).glob("v1/content/*/original/data")
        original.chmod(0o644)
        original.write_bytes(b"un secreto, o no")
        with opened() as archive:
            assert fixity.check(archive, "copia", documents[0]).outcome == FixityOutcome.DAMAGED
            report = repair(archive, CUSTODY)
            assert (report.restored, [(one.id, one.why) for one in report.left]) == ([], [(documents[0], "deleted")])
            with archive.transaction() as transaction:
                transaction.enqueue("repair", f"copia/{documents[0]}", queue=Queue.CUSTODY)
            work_until_done(archive, [f"copia/{documents[0]}"])
        assert original.read_bytes() == b"un secreto, o no"
        assert is_nowhere("un secreto", home / "store")
        assert archivo("replicas", "--run").status == 0
        assert is_nowhere("un secreto", home / "store", *copies.values())
        all_is_true(archivo)

    def test_a_damaged_tombstone_is_repaired_as_a_tombstone(self, archivo: Command, documents: list[str], home: Path) -> None:
        delete(documents[0])
        said = tombstone_in(home / "store", documents[0])
        (file,) = place_of(home / "store", documents[0]).glob("v1/content/*/metadata/tombstone.json")
        file.chmod(0o644)
        file.write_bytes(b"{}")
        assert archivo("verify", "--repair").status == 0
        assert tombstone_in(home / "store", documents[0]) == said


@dataclass
class EndingStore:
    """A store that answers nothing after its n-th writing, as a process that ends there leaves it."""

    store: ObjectStore
    left: int

    def __getattr__(self, name: str) -> Any:
        return getattr(self.store, name)

    def _pass(self) -> None:
        if self.left <= 0:
            raise StoreUnavailable("ended")
        self.left -= 1

    def put(self, key: ObjectKey, content: BinaryIO, *, expected: Digest | None = None) -> StoredObject:
        self._pass()
        return self.store.put(key, content, expected=expected)

    def replace(self, key: ObjectKey, content: BinaryIO, *, was: Digest) -> StoredObject:
        self._pass()
        return self.store.replace(key, content, was=was)

    def delete(self, key: ObjectKey, *, authority: str) -> None:
        self._pass()
        self.store.delete(key, authority=authority)

    @contextmanager
    def batch(self) -> Iterator[None]:
        with self.store.batch():
            yield


def ending(archive: Archive, left: int) -> Archive:
    store = EndingStore(archive.store, left)
    return replace(archive, store=store, packages=StorageRoot(store))


class TestInterrupted:
    def test_ended_at_any_writing_it_goes_on_and_meanwhile_nothing_gives_it_back(
        self, archivo: Command, documents: list[str], home: Path, copies: dict[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        with opened() as archive:
            identifier = confirmed(archive, documents[0])
        ended = 0
        for left in range(200):
            with self._another(tmp_path / f"{left}", home, copies, monkeypatch) as roots:
                with opened() as archive:
                    try:
                        deleting.execute(ending(later(archive), left), identifier)
                    except StoreUnavailable:
                        ended += 1
                    with archive.reading() as session:
                        is_done = session.get(KeptCopy, ("principal", documents[0])) is not None
                        assert session.get_one(Document, documents[0]).state == "deleted"
                assert archivo("text", documents[0]).status == 1
                if left % 5 == 0:
                    archivo("verify", "--repair")
                    assert archivo("import", roots[1], "--json").value["taken"] == []
                    assert archivo("replicas", "--run").status == 0
                with opened() as archive:
                    carry_out(later(archive))
                    found = deletion.view_deletion(archive, CUSTODY, identifier)
                    assert (found.state, found.places) == ("executed", ())
                for root in roots:
                    tombstone_in(root, documents[0])
                assert is_nowhere("un secreto", *roots)
                assert archivo("verify").status == 0
                assert archivo("audit", "verify").status == 0
            if is_done:
                break
        assert ended > 20
        assert ended == left

    @contextmanager
    def _another(self, folder: Path, home: Path, copies: dict[str, Path], monkeypatch: pytest.MonkeyPatch) -> Iterator[list[Path]]:
        """A copy of the home and of its replicas, in their place."""
        folder.mkdir()
        shutil.copytree(home, folder / "casa")
        for name, root in copies.items():
            shutil.copytree(root, folder / name)
        with monkeypatch.context() as patch:
            patch.setenv("ARCHIVO_HOME", str(folder / "casa"))
            patch.setenv("ARCHIVO_REPLICAS", " ".join(f"{name}={(folder / name).as_uri()}" for name in copies))
            yield [folder / "casa" / "store", *(folder / name for name in copies)]
        shutil.rmtree(folder)

    @pytest.mark.parametrize("left", range(0, 30, 3))
    def test_a_replica_ended_at_any_writing_is_brought_up(
        self, archivo: Command, documents: list[str], copies: dict[str, Path], left: int
    ) -> None:
        with opened() as archive:
            identifier = confirmed(archive, documents[0])
            replica = EndingStore(archive.replicas["copia"], left)
            deleting.execute(replace(later(archive), replicas={"copia": replica, "otra": archive.replicas["otra"]}), identifier)
        assert archivo("replicas", "--run").status == 0
        assert is_nowhere("un secreto", copies["copia"])
        tombstone_in(copies["copia"], documents[0])
        all_is_true(archivo)


class TestDamaged:
    def test_a_damaged_package_waits_for_a_person_and_the_others_are_done(self, archivo: Command, documents: list[str], home: Path) -> None:
        inventory = place_of(home / "store", documents[0]) / "inventory.json"
        inventory.chmod(0o644)
        right = inventory.read_bytes()
        inventory.write_bytes(b"{}")
        with opened() as archive:
            identifier = confirmed(archive, *documents[:2])
            then = later(archive)
            for _ in range(2):
                with pytest.raises(Conflict, match="está dañado"):
                    deleting.execute(then, identifier)
            tombstone_in(home / "store", documents[1])
            assert deletion.view_deletion(archive, CUSTODY, identifier).state == "executing"
            inventory.write_bytes(right)
            assert carry_out(then) == [identifier]
            assert deletion.view_deletion(archive, CUSTODY, identifier).state == "executed"
        all_is_true(archivo)

    def test_a_job_that_failed_is_not_begun_again_by_itself(self, documents: list[str], home: Path) -> None:
        (place_of(home / "store", documents[0]) / "inventory.json").unlink()
        with opened() as archive:
            identifier = confirmed(archive, documents[0])
            then = later(archive)
            with then.transaction() as transaction:
                job = transaction.enqueue("delete", identifier, queue=Queue.CUSTODY)
            with then.database.writing() as session:
                session.get_one(Job, job).state = JobState.FAILED
            assert deletion.schedule(then) == []
            assert deletion.schedule(then, again=True) == [identifier]


class TestAtTheCommandLine:
    def test_it_is_asked_for_confirmed_by_a_person_who_signs_in_and_done_when_its_time_comes(
        self, archivo: Command, documents: list[str]
    ) -> None:
        archivo("user", "create", "ana", "--role", "archivist", "--password-stdin", stdin=f"{PASSWORD}\n")
        order = ("--authority", "acta", "--number", "14", "--date", "2026-11-20", "--signed-by", "la presidenta", "--reason", REASON)
        asked = archivo("delete", "request", documents[0], *order, "--json")
        assert (asked.status, asked.value["state"]) == (0, "requested")
        which = asked.value["id"]
        for name, wrong in (("--date", "ayer"), ("--authority", "ocurrencia")):
            malformed = archivo("delete", "request", documents[1], *order, name, wrong, "--json")
            assert (malformed.status, malformed.value["error"]["code"]) == (2, "deletion.authority")
        assert archivo("delete", "confirm", which, "--user", "ana", stdin="otra contraseña\n").status == 1
        assert archivo("delete", "confirm", which, "--user", "ana", stdin="").status == 2
        ran = archivo("delete", "confirm", which, "--user", "ana", "--json", stdin=f"{PASSWORD}\n")
        assert (ran.status, ran.value["state"], ran.value["confirmed_by"]) == (0, "confirmed", "ana")
        assert archivo("delete", "run", "--json").value == []
        assert "espera hasta" in archivo("delete", "list").out
        assert archivo("delete", "withdraw", which).status == 0
        assert archivo("delete", "withdraw", which).status == 1
        assert archivo("delete", "show", "no-hay").status == 1

    def test_holds_are_placed_listed_and_lifted(self, archivo: Command, documents: list[str]) -> None:
        assert archivo("hold", "place", documents[0], "--reason", "Hay un pleito.").status == 0
        assert f"{documents[0]}: retenido por" in archivo("hold", "list").out
        assert archivo("hold", "lift", documents[0], "--reason", "Terminó.").status == 0
        assert archivo("hold", "lift", documents[0], "--reason", "Terminó.").status == 1
        assert archivo("hold", "list", "--json").value == []
        shown = archivo("show", documents[0], "--json").value
        assert shown["sealed"] is True


class TestOnPages:
    def test_another_person_confirms_with_a_word_and_the_document_tells_what_it_was(self, documents: list[str], archive: Archive) -> None:
        for login in ("ana", "berta"):
            create_user(archive, CUSTODY, login, "archivist", password=PAGE_PASSWORD)
        asked = deletion.request(archive, actor_of_login(archive, "berta"), documents[:1], ORDER, REASON)
        holds.place(archive, CUSTODY, documents[2], "Hay un pleito.")
        berta, ana = signed_in(archive, "berta"), signed_in(archive, "ana")
        address = "/custodia/eliminaciones"
        assert "la confirma otra persona" in words(berta.get(address).text)
        shown = ana.get(address).text
        assert "Acta de eliminación 14 de 2026" in words(shown)
        assert "Hay un pleito." in words(shown)
        form = {"ficha": token(shown), "palabra": "sí"}
        assert ana.post(f"{address}/{asked.id}/confirmar", data=form).status_code == 422
        own = {"ficha": token(berta.get(address).text), "palabra": "ELIMINAR"}
        assert berta.post(f"{address}/{asked.id}/confirmar", data=own).status_code == 403
        assert ana.post(f"{address}/{asked.id}/confirmar", data={**form, "palabra": "ELIMINAR"}).status_code == 303
        assert "confirmada" in words(ana.get(address).text)
        assert carry_out(later(archive)) == [asked.id]
        assert "ejecutada" in words(ana.get(address).text)
        for tab in ("texto", "descripcion", "contexto", "integridad"):
            found = ana.get(f"/documentos/{documents[0]}?ver={tab}")
            assert found.status_code == 200
            assert "El contenido de este documento se eliminó" in words(found.text)
            assert "Descargar el original" not in found.text
        assert "Se eliminó su contenido" in words(ana.get(f"/documentos/{documents[0]}?ver=contexto").text)
        for path in ("descargar/original", "paginas/1/imagen", "editar"):
            assert ana.get(f"/documentos/{documents[0]}/{path}").status_code in (409, 404), path
        assert "Eliminado" in ana.get("/documentos?situacion=eliminado").text
        assert documents[0] in ana.get("/documentos?situacion=eliminado").text
        assert documents[0] not in ana.get("/documentos?situacion=sin-publicar").text

    def test_it_is_asked_for_on_a_page_that_keeps_what_was_typed_when_it_is_wrong(self, documents: list[str], archive: Archive) -> None:
        create_user(archive, CUSTODY, "berta", "archivist", password=PAGE_PASSWORD)
        berta = signed_in(archive, "berta")
        address = "/custodia/eliminaciones/pedir"
        asking = berta.get(f"{address}?documento={documents[0]}").text
        assert documents[0] in asking
        assert f'href="{address}?documento={documents[1]}"' in berta.get(f"/documentos/{documents[1]}?ver=integridad").text
        typed = {
            "ficha": token(asking),
            "documentos": f"{documents[0]}\r\nhttp://archivo.example/documentos/{documents[1]}?ver=contexto\r\n\r\nexpediente 12",
            "acto": "acta",
            "numero": "14 de 2026",
            "fecha": "2026-11-20",
            "firma": "la presidenta del comité",
            "motivo": REASON,
        }
        wrong = berta.post(address, data=typed)
        assert wrong.status_code == 422
        assert "«expediente 12»" in words(wrong.text)
        assert "la presidenta del comité" in wrong.text
        typed["documentos"] = typed["documentos"].removesuffix("expediente 12")
        holds.place(archive, CUSTODY, documents[1], "Hay un pleito.")
        assert berta.post(address, data=typed).status_code == 409
        assert deletion.list_deletions(archive, CUSTODY) == []
        holds.lift(archive, CUSTODY, documents[1], "Terminó.")
        asked = berta.post(address, data=typed)
        (made,) = deletion.list_deletions(archive, CUSTODY)
        assert (asked.status_code, asked.headers["location"]) == (303, f"/custodia/eliminaciones#{made.id}")
        assert [each.id for each in made.documents] == documents[:2]
        assert (made.number, made.date, made.signed_by, made.reason) == tuple(
            typed[name] for name in ("numero", "fecha", "firma", "motivo")
        )
        assert made.requested_by == "berta"

    def test_a_document_is_held_and_let_go_on_a_page(self, documents: list[str], archive: Archive) -> None:
        create_user(archive, CUSTODY, "berta", "archivist", password=PAGE_PASSWORD)
        berta = signed_in(archive, "berta")
        address = "/custodia/eliminaciones"
        ficha = token(berta.get(address).text)
        place = {"ficha": ficha, "documento": f"/documentos/{documents[0]}", "motivo": "Hay un pleito."}
        assert berta.post(f"{address}/retener", data={**place, "motivo": " "}).status_code == 422
        assert berta.post(f"{address}/retener", data={**place, "documento": "ninguno"}).status_code == 422
        assert berta.post(f"{address}/retener", data=place).status_code == 303
        assert [(each.document_id, each.reason) for each in holds.list_holds(archive, CUSTODY)] == [(documents[0], "Hay un pleito.")]
        assert "Hay un pleito." in words(berta.get(address).text)
        lift = {"ficha": ficha, "documento": documents[0], "motivo": "Terminó el pleito."}
        assert berta.post(f"{address}/levantar", data=lift).status_code == 303
        assert holds.list_holds(archive, CUSTODY) == []

    def test_who_may_not_delete_does_not_see_the_page(self, documents: list[str], archive: Archive) -> None:
        create_user(archive, CUSTODY, "olga", "operator", password=PAGE_PASSWORD)
        olga = signed_in(archive, "olga")
        assert olga.get("/custodia/eliminaciones").status_code == 403
        assert olga.get("/custodia/eliminaciones/pedir").status_code == 403
        assert "eliminaciones" not in olga.get(f"/documentos/{documents[0]}?ver=integridad").text
        assert "/custodia/eliminaciones" not in olga.get("/custodia").text
