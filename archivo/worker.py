"""The table job name -> use case, and the crew that works the job table."""

import errno
import shutil
import threading
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Final

from archivo import jobs
from archivo.archive import Archive, Busy
from archivo.database import is_away
from archivo.identifiers import is_uuid
from archivo.intake import attention, processing, recovery, sealing
from archivo.jobs import JobState, Lease, LeaseLost, Queue
from archivo.retention import classification, learning
from archivo.retention import packaging as retention
from preservation.store import StoreFull, StoreUnavailable

UseCase = Callable[[Archive, Lease], None]
INDEX_BATCH: Final = 50
SWEEP: Final = 15.0
WAITS_A_SWEEP: Final = 20
ROOM_FOR_PAGES: Final = 1 << 30
MESSAGE_LOST: Final = timedelta(seconds=30)
LIGHT: Final = (Queue.INGEST, Queue.INDEX, Queue.SEAL)
WAIT_FOR_ROOM: Final = timedelta(seconds=15)
OLD_SCRATCH: Final = timedelta(hours=1)
ROOM: Final = 1 << 20
"""Bytes free on the disk of the home below which a failure is the disk's."""


def _with_finish(act: Callable[[Archive, str], None]) -> UseCase:
    """A use case that may be done twice, its job finished after it."""

    def work(archive: Archive, lease: Lease) -> None:
        act(archive, lease.object_id)
        with archive.transaction() as transaction:
            jobs.finish(transaction.session, lease, transaction.now)

    return work


def _index(archive: Archive, lease: Lease) -> None:
    """Take along other documents that wait to be indexed: one commit of the index serves all."""
    with archive.database.writing() as session:
        more = jobs.claim_more(session, lease.owner, archive.clock(), Queue.INDEX, INDEX_BATCH - 1)
    processing.index_documents(archive, [lease, *more])


TABLE: Final[Mapping[str, UseCase]] = {
    "process": processing.process_document,
    "recognise": processing.recognise_range,
    "index": _index,
    "seal": _with_finish(sealing.seal),
    "classify": _with_finish(classification.classify_processed),
    "train": lambda archive, lease: learning.train(archive, lease.object_id, lease),
    "keep_trd": _with_finish(retention.keep_trd),
    "keep_fonds": _with_finish(retention.keep_fonds),
}


def run_job(archive: Archive, lease: Lease) -> None:
    """Work one claimed job to its end, whatever that is; its lease is renewed meanwhile. Never raises for the job's own faults.

    A job that found no room, or no store or database, costs no attempt and waits: it is nobody's failure.
    """
    with _renewing(archive, lease):
        try:
            TABLE[lease.kind](archive, lease)
        except LeaseLost:
            return
        except Exception as fault:  # whatever a document provokes is its own failure, never the worker's
            _until_noted(_end_badly, archive, lease, fault)


def _end_badly(archive: Archive, lease: Lease, fault: Exception) -> None:
    if isinstance(fault, Busy):
        _give_back(archive, lease, timedelta(seconds=1))
    elif isinstance(fault, StoreFull | StoreUnavailable) or is_away(fault) or _lacks_room(archive, fault):
        _give_back(archive, lease, WAIT_FOR_ROOM)
    else:
        _note_failure(archive, lease, fault)


def _lacks_room(archive: Archive, fault: Exception) -> bool:
    """Whether a fault comes of a full disk: it says so, or the tools and the index, which speak otherwise, had next to nothing left."""
    return getattr(fault, "errno", None) == errno.ENOSPC or shutil.disk_usage(archive.cache).free < ROOM


def _until_noted(note: Callable[[Archive, Lease, Exception], None], archive: Archive, lease: Lease, fault: Exception) -> None:
    """Note the end of a job; a database that cannot write now is waited for."""
    pause = threading.Event()
    while True:
        try:
            return note(archive, lease, fault)
        except Exception as refusal:
            if not is_away(refusal):
                raise
            pause.wait(1)


def run_by_id(archive: Archive, job_id: str) -> None:
    """Work the job that a message names, if it is still to be done and nobody else has it."""
    owner = f"{archive.process}#{threading.get_ident()}"
    with archive.database.writing() as session:
        lease = jobs.claim_one(session, job_id, owner, archive.clock())
    if lease is not None:
        run_job(archive, lease)


def sweep_for_broker(archive: Archive) -> None:
    """For ever: make the tables true again, and send again the jobs whose message may have been lost."""
    while True:
        with suppress(Exception):  # the database or the broker may be away; tried again in a moment
            reconcile(archive)
            with archive.reading() as session:
                forgotten = jobs.waiting_since(session, archive.clock() - MESSAGE_LOST)
            for job_id, queue in forgotten:
                archive.legs.send(job_id, queue)
        time.sleep(SWEEP)


def reconcile(archive: Archive) -> None:
    """Make the tables true again: what dead processes held is claimable, what they left half-done is finished or removed."""
    recovery.recover_deposits(archive)
    now = archive.clock()
    with archive.transaction() as transaction:
        dead = [owner for owner in jobs.owners(transaction.session) if not archive.is_alive(owner.partition("#")[0])]
        if dead:
            jobs.release_owner(transaction.session, dead, now)
        buried = [(job.kind, job.object_id) for job in jobs.bury(transaction.session, now)]
        archive.drop_dead_leases(transaction.session)
        attention.requeue_forgotten(transaction)
    for kind, object_id in buried:
        _give_up(archive, kind, object_id, "el proceso terminó cada vez a mitad del trabajo")
    _sweep_scratch(archive)
    _trim_pages(archive)


def work_until_done(archive: Archive, objects: Collection[str], *, threads: int = 1) -> None:
    """Work the jobs of these objects, and wait for those that others hold, until none is open."""

    def work() -> None:
        owner = f"{archive.process}#{threading.get_ident()}"
        waited = 0
        while True:
            try:
                step = _work_one(archive, owner, objects)
                if step is None:
                    return
                waited = 0 if step else waited + 1
                if waited % WAITS_A_SWEEP == 1:
                    reconcile(archive)
            except Exception as fault:
                if not is_away(fault):
                    raise
                time.sleep(1)

    crew = [threading.Thread(target=work, daemon=True) for _ in range(max(1, threads))]
    for thread in crew:
        thread.start()
    for thread in crew:
        thread.join()


def _work_one(archive: Archive, owner: str, objects: Collection[str]) -> bool | None:
    """Work a job of these objects; False after waiting a moment for those that others hold, None when none is open."""
    with archive.database.writing() as session:
        lease = jobs.claim(session, owner, archive.clock(), objects=objects)
    if lease is not None:
        run_job(archive, lease)
        return True
    if not _any_open(archive, objects):
        return None
    time.sleep(0.05)
    return False


@dataclass(slots=True)
class Crew:
    """Threads that work the job table until told to stop. One of them never takes pages to recognise, so that no upload waits for them."""

    archive: Archive
    threads: int = 2
    queues: Sequence[Queue] = tuple(Queue)
    _stop: threading.Event = field(default_factory=threading.Event)
    _crew: list[threading.Thread] = field(default_factory=list)

    def start(self) -> None:
        """Begin; returns at once."""
        light = tuple(queue for queue in self.queues if queue in LIGHT)
        wanted = [tuple(self.queues)] * self.threads + ([light] if light and set(light) != set(self.queues) else [])
        self._crew = [threading.Thread(target=self._work, args=(queues,), name=f"obra-{n}") for n, queues in enumerate(wanted)]
        self._crew.append(threading.Thread(target=self._sweep, name="conciliación"))
        for thread in self._crew:
            thread.start()

    def stop(self) -> None:
        """Finish the jobs at hand and return."""
        self._stop.set()
        for thread in self._crew:
            thread.join()

    def _work(self, queues: Sequence[Queue]) -> None:
        owner = f"{self.archive.process}#{threading.get_ident()}"
        while not self._stop.is_set():
            lease = None
            with suppress(Exception), self.archive.database.writing() as session:  # the database may be away for a while
                lease = jobs.claim(session, owner, self.archive.clock(), queues=queues)
            if lease is None:
                self._stop.wait(0.1)
            else:
                run_job(self.archive, lease)

    def _sweep(self) -> None:
        while not self._stop.is_set():
            with suppress(Exception):  # tried again in a moment
                reconcile(self.archive)
            self._stop.wait(SWEEP)


class _Renewal(threading.Thread):
    """Renews a lease until told to stop."""

    def __init__(self, archive: Archive, lease: Lease) -> None:
        super().__init__(daemon=True)
        self._archive, self._lease = archive, lease
        self.done = threading.Event()

    def run(self) -> None:
        while not self.done.wait(jobs.LEASE.total_seconds() / 3):
            with suppress(Exception), self._archive.database.writing() as session:  # the next beat tries again; finish() tells a lost lease
                jobs.renew(session, self._lease, self._archive.clock())


class _renewing:
    def __init__(self, archive: Archive, lease: Lease) -> None:
        self._renewal = _Renewal(archive, lease)

    def __enter__(self) -> None:
        self._renewal.start()

    def __exit__(self, *_: object) -> None:
        self._renewal.done.set()


def _any_open(archive: Archive, objects: Collection[str]) -> bool:
    with archive.reading() as session:
        return jobs.any_open(session, objects)


def _give_back(archive: Archive, lease: Lease, after: timedelta) -> None:
    with archive.transaction() as transaction:
        jobs.give_back(transaction.session, lease, transaction.now, after=after)


def _note_failure(archive: Archive, lease: Lease, fault: Exception) -> None:
    code = getattr(fault, "code", None) or type(fault).__name__
    with suppress(LeaseLost):
        with archive.transaction() as transaction:
            state = jobs.fail(transaction.session, lease, transaction.now, str(code), str(fault))
        if state == JobState.FAILED:
            _give_up(archive, lease.kind, lease.object_id, str(code))


def _give_up(archive: Archive, kind: str, object_id: str, reason: str) -> None:
    if kind in ("process", "recognise"):
        processing.mark_failed(archive, object_id, reason)


def _sweep_scratch(archive: Archive) -> None:
    """Remove the scratch folders of runs whose job is not being worked; the others, where pages are drawn, once old."""
    work = archive.cache / "work"
    if not work.is_dir():
        return
    with archive.reading() as session:
        busy = jobs.running_objects(session)
    for folder in work.iterdir():
        if folder.name[:36] not in busy and (is_uuid(folder.name[:36]) or _is_old(archive, folder)):
            shutil.rmtree(folder, ignore_errors=True)


def _trim_pages(archive: Archive) -> None:
    """Keep the images drawn of pages within their room, giving up those drawn first; they are drawn again when asked for."""
    kept = []
    for path in (archive.cache / "pages").rglob("*"):
        with suppress(FileNotFoundError):
            if path.is_file():
                found = path.stat()
                kept.append((found.st_mtime, found.st_size, path))
    excess = sum(size for _, size, _ in kept) - ROOM_FOR_PAGES
    for _, size, path in sorted(kept):
        if excess <= 0:
            return
        path.unlink(missing_ok=True)
        excess -= size


def _is_old(archive: Archive, folder: Path) -> bool:
    with suppress(FileNotFoundError):
        return archive.clock().timestamp() - folder.stat().st_mtime > OLD_SCRATCH.total_seconds()
    return False
