"""The table job name -> use case, and the crew that works the job table."""

import errno
import logging
import shutil
import threading
import time
import traceback
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Final, TypeVar

from archivo import gathering, jobs
from archivo.archive import Archive, Busy
from archivo.custody import deleting, fixity, holding, ledger, repair, replicas
from archivo.database import is_away
from archivo.errors import Unavailable
from archivo.intake import migrating, migration_acts, processing, sealing
from archivo.jobs import JobState, Lease, LeaseLost, Queue
from archivo.operations.reconciling import give_up, keep_true, reconcile
from archivo.processes import GRACE
from archivo.retention import classification, learning
from archivo.retention import packaging as retention
from archivo.tracing import Values
from preservation.store import StoreFull, StoreUnavailable
from search.index import IndexFormatChanged, IndexUnavailable

LOG: Final = logging.getLogger("archivo.trabajos")
T = TypeVar("T")
UseCase = Callable[[Archive, Lease], None]
INDEX_BATCH: Final = 50
COMPANY: Final = 2.0
"""Seconds that a document waits to be indexed, where servers are asked, for those that wait to be processed."""
GLANCE: Final = 0.2
"""Seconds between two glances of who waits for company."""
WAITS_A_SWEEP: Final = 20
AT_A_TIME: Final = 400
"""Objects whose jobs are looked for at a time where only those of some are worked: to look for those of all grows with their square."""
LOOK: Final = 0.05
"""Seconds between two glances whether another process has written something: a job may be in it."""
LOOK_ANYHOW: Final = 1.0
"""Seconds after which a thread that waits looks for jobs whose time has come, or that a dead process held."""
LIGHT: Final = (Queue.INGEST, Queue.INDEX, Queue.SEAL)
WAITED_FOR: Final = (StoreFull, StoreUnavailable, IndexUnavailable, IndexFormatChanged)
OURS: Final = ("archivo", "ingest", "search", "preservation")
WAIT_FOR_ROOM: Final = timedelta(seconds=15)
SHARED: Final = "servidor de mensajes, dé a cada uno su host virtual en ARCHIVO_BROKER_URL"
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
    """Take along other documents that wait to be indexed: one commit of the index serves all. Those that were taken along are given back
    when it fails, for the fault may be another's; one that was tried in company in vain is tried alone.
    """
    more: list[Lease] = []
    if lease.attempt <= jobs.IN_COMPANY:
        with archive.database.writing() as session:
            more = jobs.claim_more(session, lease.owner, archive.clock(), Queue.INDEX, INDEX_BATCH - 1)
    try:
        processing.index_documents(archive, [lease, *more])
    except Exception:
        for each in more:
            with suppress(Exception):  # lost, or the database is away: then its lease ends
                _give_back(archive, each, WAIT_FOR_ROOM)
        raise


TABLE: Final[Mapping[str, UseCase]] = {
    "process": processing.process_document,
    "recognise": processing.recognise_range,
    "migrate": migrating.migrate_document,
    "queue_migration": migration_acts.queue_documents,
    "index": _index,
    "seal": _with_finish(sealing.seal),
    "classify": _with_finish(classification.classify_processed),
    "train": lambda archive, lease: learning.train(archive, lease.object_id, lease),
    "keep_trd": _with_finish(retention.keep_trd),
    "keep_fonds": _with_finish(retention.keep_fonds),
    "check": fixity.check_some,
    "replicate": replicas.replicate_some,
    "repair": repair.repair_found,
    "delete": _with_finish(deleting.execute),
    "hold": _with_finish(holding.tell_servers),
    "keep_ledger": _with_finish(ledger.keep_ledger),
}


def run_job(archive: Archive, lease: Lease) -> None:
    """Work one claimed job to its end, whatever that is; its lease is renewed meanwhile. Never raises for the job's own faults.

    A job that found no room, or no store or database, costs no attempt and waits: it is nobody's failure. So does one of a kind that this
    program does not know, which a newer one wrote beside it.
    """
    if lease.kind not in TABLE:
        return _until_noted(_give_back_unknown, archive, lease, None)
    told: Values = {"archivo.job.id": lease.id, "archivo.job.kind": lease.kind, "archivo.job.attempt": lease.attempt}
    measured = archive.traces.span(f"job {lease.kind}", told, cause=lease.params.get(jobs.CAUSE))
    with archive.renewals.keeping(lambda: _renew(archive, lease)), measured as span:
        try:
            TABLE[lease.kind](archive, lease)
        except LeaseLost:
            return
        except Exception as fault:  # whatever a document provokes is its own failure, never the worker's
            span.fail(type(fault).__name__)
            _until_noted(_end_badly, archive, lease, fault)


def _end_badly(archive: Archive, lease: Lease, fault: Exception) -> None:
    if isinstance(fault, Busy):
        _give_back(archive, lease, timedelta(seconds=1))
    elif isinstance(fault, WAITED_FOR) or is_away(fault) or _lacks_room(archive, fault):
        _give_back(archive, lease, WAIT_FOR_ROOM)
    else:
        _note_failure(archive, lease, fault)


def _lacks_room(archive: Archive, fault: Exception) -> bool:
    """Whether a fault comes of a full disk: it says so, or the tools and the index, which speak otherwise, had next to nothing left."""
    return getattr(fault, "errno", None) == errno.ENOSPC or shutil.disk_usage(archive.cache).free < ROOM


def _until_noted(note: Callable[[Archive, Lease, T], None], archive: Archive, lease: Lease, fault: T) -> None:
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
    """Work the job that a message names, if it is still to be done and nobody else has it. A database that is away is waited for.

    A document to be indexed waits while the worker of another gathers company: it is taken along, or is the next to gather.
    """
    owner = f"{archive.process}#{threading.get_ident()}"
    while True:
        try:
            with archive.database.claiming() as session:
                now = archive.clock()
                lease = jobs.claim_one(session, job_id, owner, now, only=gathering.alone(now - timedelta(seconds=COMPANY), now))
                if lease is not None or not gathering.waits(session, job_id, now):
                    if lease is None and session.get(jobs.Job, job_id) is None:
                        LOG.warning("un aviso nombra un trabajo que esta base de datos no tiene: si otro archivo usa el mismo %s", SHARED)
                    break
            time.sleep(GLANCE)
        except Exception as fault:
            if not is_away(fault):
                raise
            time.sleep(1)
    if lease is not None:
        if lease.kind == "index":
            _wait_for_company(archive)
        run_job(archive, lease)


def _wait_for_company(archive: Archive) -> None:
    """While others are about to be processed, for a server takes as long to make one document visible as fifty. Nobody waits behind:
    each queue has threads of its own.
    """
    until = time.monotonic() + COMPANY
    try:
        while time.monotonic() < until:
            with archive.reading() as session:
                if not jobs.is_any_due(session, archive.clock(), (Queue.INGEST,)):
                    return
            time.sleep(GLANCE)
    except Exception as fault:
        if not is_away(fault):  # the job itself finds the database away, and waits for it
            raise


def work_for_broker(archive: Archive, url: str, queues: Sequence[Queue], threads: int) -> bool:
    """Work the jobs whose messages come, up to `threads` of each queue at once, until SIGTERM; then as Crew.stop().

    False when a thread is still at a job that was handed back: the process must end for it to end. Raises Unavailable where the broker
    answers and refuses us, or lacks what is named; one that is away is waited for.
    """
    from archivo.broker import REFUSALS, run_worker

    try:
        archive.legs.check()
    except Unavailable as fault:
        if fault.code in REFUSALS:
            raise
    stop = threading.Event()
    threading.Thread(target=keep_true, args=(archive, stop), name="conciliación", daemon=True).start()
    all_ended = run_worker(url, queues, threads, lambda job_id: run_by_id(archive, job_id))
    stop.set()
    if not all_ended:
        hand_back(archive)
    return all_ended


def hand_back(archive: Archive) -> int:
    """Return what this process still holds, which is about to end: others begin it at once. What its threads do from now on is void."""
    with archive.database.writing() as session:
        return jobs.hand_back(session, archive.process)


def work_until_done(
    archive: Archive, objects: Collection[str], *, threads: int = 1, told: Callable[[int, int], None] = lambda done, total: None
) -> None:
    """Work the jobs of these objects, some hundreds of them after the others, and wait for those that others hold, until none is open.
    `told` hears for how many objects that is so, of how many.
    """
    listed = sorted(objects)

    def work() -> None:
        for start in range(0, len(listed), AT_A_TIME):
            work_some(listed[start : start + AT_A_TIME])
            told(min(start + AT_A_TIME, len(listed)), len(listed))

    def work_some(some: Collection[str]) -> None:
        owner = f"{archive.process}#{threading.get_ident()}"
        waited = 0
        while True:
            try:
                step = _work_one(archive, owner, some)
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
    heard = archive.bell.heard()
    with archive.database.claiming() as session:
        lease = jobs.claim(session, owner, archive.clock(), objects=objects)
    if lease is not None:
        run_job(archive, lease)
        return True
    if not _any_open(archive, objects):
        return None
    archive.bell.wait(heard, LOOK)
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
        self._crew = [threading.Thread(target=self._work, args=(queues,), name=f"obra-{n}", daemon=True) for n, queues in enumerate(wanted)]
        self._crew.append(threading.Thread(target=self._watch, name="vigía", daemon=True))
        self._crew.append(threading.Thread(target=keep_true, args=(self.archive, self._stop), name="conciliación", daemon=True))
        for thread in self._crew:
            thread.start()

    def stop(self, grace: float = GRACE) -> None:
        """Take no more jobs and let those at hand end; hand back what has not ended after `grace` seconds. Its start may be under way."""
        self._stop.set()
        self.archive.bell.ring()
        until = time.monotonic() + grace
        begun = [thread for thread in self._crew if thread.is_alive()]
        for thread in begun:
            thread.join(max(0.0, until - time.monotonic()))
        if any(thread.is_alive() for thread in begun):
            hand_back(self.archive)

    def _work(self, queues: tuple[Queue, ...]) -> None:
        owner = f"{self.archive.process}#{threading.get_ident()}"
        lease = None
        while not self._stop.is_set():
            heard, was_idle = self.archive.bell.heard(), lease is None
            lease = None
            with suppress(Exception):  # the database may be away for a while
                lease = self._claim(owner, queues, was_idle)
            if lease is not None:
                self._run(lease)
            elif was_idle:
                self.archive.bell.wait(heard, LOOK_ANYHOW)

    def _run(self, lease: Lease) -> None:
        try:
            run_job(self.archive, lease)
        except Exception as fault:  # not even its failure could be noted: its lease ends, and this thread goes on with others
            LOG.error("un trabajo «%s» terminó sin que se pudiera anotar: %s", lease.kind, type(fault).__name__)

    def _watch(self) -> None:
        """Wake the others when another process may have left work: they look by themselves only now and then."""
        while not self._stop.is_set():
            with suppress(Exception), self.archive.database.changes() as count:  # the database may be away for a while
                seen: int | None = None
                while not self._stop.wait(LOOK):
                    before, seen = seen, count() if count else None
                    if seen != before or (count is None and self._is_any_due()):
                        self.archive.bell.ring()
            self._stop.wait(LOOK_ANYHOW)

    def _is_any_due(self) -> bool:
        with self.archive.reading() as session:
            return jobs.is_any_due(session, self.archive.clock(), self.queues)

    def _claim(self, owner: str, queues: tuple[Queue, ...], looks_first: bool) -> Lease | None:
        """A job; who found none the last time only looks first, for a look disturbs nobody who writes."""
        if looks_first:
            with self.archive.reading() as session:
                if not jobs.is_any_due(session, self.archive.clock(), queues):
                    return None
        with self.archive.database.claiming() as session:
            return None if self._stop.is_set() else jobs.claim(session, owner, self.archive.clock(), queues=queues)


def _renew(archive: Archive, lease: Lease) -> None:
    with archive.database.writing() as session:
        jobs.renew(session, lease, archive.clock())


def _any_open(archive: Archive, objects: Collection[str]) -> bool:
    with archive.reading() as session:
        return jobs.any_open(session, objects)


def _give_back(archive: Archive, lease: Lease, after: timedelta) -> None:
    with archive.transaction() as transaction:
        jobs.give_back(transaction.session, lease, transaction.now, after=after)


def _give_back_unknown(archive: Archive, lease: Lease, _: None) -> None:
    LOG.warning("este programa no conoce los trabajos «%s»; se dejan para otro", lease.kind)
    _give_back(archive, lease, WAIT_FOR_ROOM)


def _told(fault: Exception) -> str:
    """What an operator may read of a fault: the words of one of ours; of another only where it rose, for its words may be a document's."""
    if type(fault).__module__.partition(".")[0] in OURS:
        return str(fault)
    rose = traceback.extract_tb(fault.__traceback__)
    return f"{Path(rose[-1].filename).name}:{rose[-1].lineno}" if rose else ""


def _note_failure(archive: Archive, lease: Lease, fault: Exception) -> None:
    code = getattr(fault, "code", None) or type(fault).__name__
    with suppress(LeaseLost), archive.transaction() as transaction:
        processing.hold_document(transaction, lease.object_id)
        state = jobs.fail(transaction.session, lease, transaction.now, str(code), _told(fault))
        if state == JobState.FAILED:
            give_up(transaction, lease.kind, lease.object_id, str(code))
