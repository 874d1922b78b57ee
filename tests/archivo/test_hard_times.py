"""A full disk, a clock that jumps, a worker that sleeps past its lease: nothing is half done, nothing is done twice."""

import io
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select

from archivo import jobs
from archivo.access.policy import custody, scope
from archivo.archive import Archive
from archivo.assembly import opened
from archivo.errors import NoRoom, Unavailable
from archivo.intake.models import DigestClaim
from archivo.intake.services import Deposited, Upload, deposit
from archivo.jobs import Job
from archivo.operations.reconciling import reconcile
from archivo.records.models import Document, DocumentEvent, Incoming
from archivo.worker import run_job, work_until_done
from preservation.store import ObjectKey, StoreUnavailable
from search.index import Query

from .conftest import Command

ACTOR = custody("prueba")
TEXT = b"Oficio 12 de 2022. Se informa sobre la quebrada Chivatera.\n"
ROOT = Path(__file__).parents[2]


def send(archive: Archive, content: bytes, name: str) -> Deposited:
    return deposit(archive, ACTOR, Upload(io.BytesIO(content), name))


def state_of(archive: Archive, document_id: str) -> str:
    with archive.reading() as session:
        return session.get_one(Document, document_id).state


def codes_of(archive: Archive, document_id: str) -> list[str]:
    with archive.reading() as session:
        return sorted(session.scalars(select(DocumentEvent.code).where(DocumentEvent.document_id == document_id)))


def found(archive: Archive) -> int:
    return archive.index.search(Query("chivatera"), scope=scope(ACTOR)).total


@pytest.fixture
def small_home(home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A home on a disk of its own of 24 MB."""
    disk = tmp_path / "disco"
    disk.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=24m", "tmpfs", str(disk)], capture_output=True, text=True)
    if mounted.returncode:
        pytest.skip(f"not run: no small disk can be mounted here ({mounted.stderr.strip()})")
    monkeypatch.setenv("ARCHIVO_HOME", str(disk / "casa"))
    yield disk / "casa"
    subprocess.run(["umount", "-l", str(disk)], check=True)


@contextmanager
def full(home: Path, free: int) -> Iterator[None]:
    """Only `free` bytes are left on the disk of the home, for a while."""
    filler = home.parent / "relleno"
    status = os.statvfs(home)
    left = status.f_bavail * status.f_frsize - free
    with filler.open("wb") as stream:
        stream.write(bytes(left))
    try:
        yield
    finally:
        filler.unlink()


def store_files(home: Path) -> set[Path]:
    return {path for folder in ("store", "incoming") for path in (home / folder).rglob("*") if path.is_file()}


@pytest.mark.parametrize("free", [0, 8 << 10, 40 << 10, 120 << 10])
def test_a_deposit_that_finds_no_room_keeps_nothing_and_says_so(small_home: Path, tmp_path: Path, archivo: Command, free: int) -> None:
    big = tmp_path / "grande.txt"
    big.write_bytes(TEXT * 4000)
    with opened() as archive:
        first = send(archive, TEXT, "primera.txt")
    held = store_files(small_home)
    with full(small_home, free):
        ran = archivo("deposit", big, "--json")
    assert ran.status == 1
    error = ran.value["error"]
    assert error["code"] == "store.full"
    assert "espacio" in error["message"]
    assert store_files(small_home) == held
    (one,) = archivo("deposit", big, "--wait", "--json").lines
    assert (one["state"], one["duplicate_of"]) == ("findable", None)
    assert archivo("verify", "--json").value["checked"] == 2
    assert archivo("show", first.id, "--json").value["state"] == "received"
    with opened() as archive, archive.reading() as session:
        assert not session.scalar(select(func.count()).select_from(Incoming))
        assert not session.scalar(select(func.count()).select_from(DigestClaim))


@pytest.mark.parametrize("free", [0, 16 << 10, 64 << 10])
def test_a_running_archive_takes_the_same_file_once_there_is_room(small_home: Path, free: int) -> None:
    with opened() as archive:
        with full(small_home, free), pytest.raises(NoRoom):
            send(archive, TEXT * 4000, "oficio.txt")
        reconcile(archive)
        one = send(archive, TEXT * 4000, "oficio.txt")
        assert one.duplicate_of is None
        work_until_done(archive, {one.id})
        assert state_of(archive, one.id) == "findable"
        assert found(archive) == 1


@pytest.mark.parametrize("free", [0, 16 << 10, 100 << 10, 400 << 10])
def test_processing_that_finds_no_room_is_finished_once_there_is(small_home: Path, free: int) -> None:
    with opened() as archive:
        one = send(archive, TEXT * 4000, "oficio.txt")
        worker = threading.Thread(target=work_until_done, args=(archive, {one.id}), daemon=True)
        with full(small_home, free):
            worker.start()
            worker.join(3)
        late = replace(archive, clock=lambda: archive.clock() + jobs.LEASE)
        work_until_done(late, {one.id})
        worker.join(60)
        assert state_of(archive, one.id) == "findable"
        assert found(archive) == 1
        with archive.reading() as session:
            assert not list(session.scalars(select(Job.error_code).where(Job.state == "failed")))
        assert codes_of(archive, one.id).count("packaged") == 1


@dataclass
class SetClock:
    """A clock that is put forward and back."""

    archive: Archive
    ahead: timedelta = timedelta(0)

    def __call__(self) -> datetime:
        return self.archive.clock() + self.ahead


@pytest.mark.parametrize("jump", [timedelta(days=3), timedelta(days=-3), timedelta(minutes=2)])
def test_a_clock_that_jumps_in_the_middle_doubles_nothing(archive: Archive, jump: timedelta) -> None:
    straight = send(archive, TEXT + b"1", "uno.txt")
    work_until_done(archive, {straight.id})
    clock = SetClock(archive)
    jumping = replace(archive, clock=clock)
    one = send(jumping, TEXT + b"2", "dos.txt")
    with jumping.database.writing() as session:
        lease = jobs.claim(session, "obrero", jumping.clock(), objects=[one.id])
    assert lease is not None
    clock.ahead = jump
    two = send(jumping, TEXT + b"3", "tres.txt")
    run_job(jumping, lease)
    work_until_done(jumping, {one.id, two.id})
    clock.ahead = timedelta(0)
    three = send(jumping, TEXT + b"4", "cuatro.txt")
    work_until_done(jumping, {one.id, two.id, three.id})
    for other in (one, two, three):
        assert state_of(archive, other.id) == "findable"
        assert codes_of(archive, other.id) == codes_of(archive, straight.id)
    assert len({straight.id, one.id, two.id, three.id}) == found(archive) == 4


def test_a_job_put_off_by_a_clock_that_was_ahead_is_not_put_off_for_days(archive: Archive) -> None:
    one = send(archive, TEXT, "oficio.txt")
    ahead = archive.clock() + timedelta(days=3)
    with archive.database.writing() as session:
        lease = jobs.claim(session, "obrero", ahead, objects=[one.id])
        assert lease is not None
        jobs.fail(session, lease, ahead, "tool.away", "")
    with archive.database.writing() as session:
        assert jobs.claim(session, "otro", archive.clock(), objects=[one.id]) is not None


SLEEPER = """
import os, signal, sys
from archivo import jobs
from archivo.assembly import opened
from archivo.worker import run_job
from archivo.intake import processing
with opened() as archive:
    with archive.database.writing() as session:
        lease = jobs.claim(session, f"{archive.process}#1", archive.clock(), objects=[sys.argv[1]])
    where, whole = sys.argv[2], processing.keep_outcomes
    def sleeping(*words):
        if where == "before":
            os.kill(os.getpid(), signal.SIGSTOP)
        whole(*words)
        if where == "after":
            os.kill(os.getpid(), signal.SIGSTOP)
    processing.keep_outcomes = sleeping
    run_job(archive, lease)
"""


@pytest.mark.parametrize("where", ["before", "after"])
def test_a_worker_that_sleeps_past_its_lease_wakes_to_no_effect(archive: Archive, where: str) -> None:
    straight = send(archive, TEXT + b"1", "uno.txt")
    work_until_done(archive, {straight.id})
    one = send(archive, TEXT + b"2", "dos.txt")
    sleeper = subprocess.Popen([sys.executable, "-c", SLEEPER, one.id, where], cwd=ROOT, stderr=subprocess.PIPE, text=True)
    os.waitpid(sleeper.pid, os.WUNTRACED)
    late = replace(archive, clock=lambda: archive.clock() + timedelta(minutes=15))
    work_until_done(late, {one.id})
    assert state_of(archive, one.id) == "findable"
    sleeper.send_signal(signal.SIGCONT)
    _, errors = sleeper.communicate(timeout=60)
    assert (sleeper.returncode, errors) == (0, "")
    work_until_done(archive, {one.id})
    assert codes_of(archive, one.id) == codes_of(archive, straight.id)
    assert found(archive) == 2
    assert archive.packages.head(f"urn:uuid:{one.id}") == archive.packages.head(f"urn:uuid:{straight.id}")
    with archive.reading() as session:
        assert set(session.scalars(select(Job.state))) <= {"done", "queued"}


def test_what_a_deposit_could_not_take_away_is_taken_away_later(archive: Archive, monkeypatch: pytest.MonkeyPatch) -> None:
    """The way to the store is cut while a deposit is put and taken away again, and is whole when it is forgotten."""
    store = type(archive.store)
    put, remove = store.put, store.delete
    is_cut: list[bool] = [True]

    def cut_put(self: Any, key: ObjectKey, *given: Any, **named: Any) -> Any:
        if is_cut and key.endswith("v1/inventory.json"):
            raise StoreUnavailable("cut")
        return put(self, key, *given, **named)

    def cut_delete(self: Any, key: ObjectKey, **named: Any) -> None:
        if is_cut and "/content/" in key:
            is_cut.clear()
            raise StoreUnavailable("cut")
        remove(self, key, **named)

    monkeypatch.setattr(store, "put", cut_put)
    monkeypatch.setattr(store, "delete", cut_delete)
    with pytest.raises(Unavailable):
        send(archive, TEXT, "a.txt")
    assert any("/content/" in stored.key for stored in archive.store.list())
    reconcile(archive)
    assert not any("/content/" in stored.key for stored in archive.store.list())
    with archive.reading() as session:
        assert session.scalars(select(Incoming)).all() == []
    assert send(archive, TEXT, "a.txt").state == "received"
