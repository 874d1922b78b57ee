"""What makes the tables true again after anything. Every process that works does it now and then; any number may do it at once."""

import logging
import shutil
import threading
import time
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from typing import Final

from archivo import jobs
from archivo.archive import Archive, Transaction
from archivo.audit import services as audit
from archivo.audit import stamping
from archivo.custody import deletion, fixity, holding, replicas
from archivo.database import is_away
from archivo.identifiers import is_uuid
from archivo.intake import attention, processing, recovery
from archivo.jobs import Queue

LOG: Final = logging.getLogger("archivo.trabajos")
SWEEP: Final = 15.0
SEND_AGAIN: Final = 5.0
LOOK_AFTER: Final = 60.0
MESSAGE_LOST: Final = timedelta(seconds=30)
MOST_SENT: Final = 1_000
ROOM_FOR_PAGES: Final = 1 << 30
OLD_SCRATCH: Final = timedelta(hours=1)


def keep_true(archive: Archive, stop: threading.Event) -> None:
    """Until told to stop: reconcile, and send again the jobs whose message was lost. What is away now is tried again in a moment."""
    due = custody_due = time.monotonic()
    while not stop.is_set():
        try:
            if time.monotonic() >= due:
                due = time.monotonic() + SWEEP
                reconcile(archive)
            send_again(archive)
            if time.monotonic() >= custody_due:
                custody_due = time.monotonic() + LOOK_AFTER
                look_after(archive)
        except Exception as fault:
            if not is_away(fault):
                LOG.warning("la conciliación no terminó y se repetirá: %s", type(fault).__name__)
        stop.wait(SEND_AGAIN)


def look_after(archive: Archive) -> None:
    """Have what custody asks for today begun: readings, copies that are behind, holds, deletions due, the day's anchor and its stamp."""
    fixity.schedule(archive)
    replicas.schedule(archive)
    holding.schedule(archive)
    deletion.schedule(archive)
    audit.anchor(archive)
    if (why := stamping.stamp_now_and_then(archive)) is not None:
        LOG.warning("%s", why)


def reconcile(archive: Archive) -> None:
    """Make the tables true again: what dead processes held is claimable, what they left half-done is finished or removed.

    Looks first, and writes only where something is wrong.
    """
    recovery.recover_deposits(archive)
    _free_what_the_dead_held(archive)
    with archive.reading() as session:
        forgotten = attention.forgotten(session)
    if forgotten:
        with archive.transaction() as transaction:
            attention.requeue_forgotten(transaction, forgotten)
    _sweep_scratch(archive)
    _trim_pages(archive)


def send_again(archive: Archive) -> int:
    """Send a message for the jobs that wait longer than a message takes and that the broker does not carry; how many.

    The messages name no instant, so those that wait longest are taken for the lost ones; a message too many has no effect.
    """
    sent = 0
    for queue in Queue:
        carried = archive.legs.carried(queue)
        if carried is None:
            continue
        now = archive.clock()
        since = now - MESSAGE_LOST
        with archive.reading() as session:
            lost = jobs.count_waiting(session, queue, now, since) - carried
            waiting = jobs.waiting(session, queue, now, since, min(lost, MOST_SENT)) if lost > 0 else []
        for job_id in waiting:
            archive.legs.send(job_id, queue)
        sent += len(waiting)
    return sent


def give_up(transaction: Transaction, kind: str, object_id: str, reason: str) -> None:
    """A job is for a person now: its document too, in the same transaction, where it is the chain that cannot go on."""
    if kind in ("process", "recognise"):
        processing.mark_failed(transaction, object_id, reason)


def _free_what_the_dead_held(archive: Archive) -> None:
    """Make claimable what the dead held, take away their leases, give up the jobs that ended each process that tried them."""
    now = archive.clock()
    with archive.reading() as session:
        dead = [owner for owner in jobs.owners(session) if not archive.is_alive(owner.partition("#")[0])]
        if not (dead or jobs.has_ended(session, now) or archive.dead_leases(session)):
            return
    with archive.transaction() as transaction:
        jobs.release(transaction.session, dead, transaction.now)
        for job in jobs.bury(transaction.session, transaction.now):
            give_up(transaction, job.kind, job.object_id, "el proceso terminó cada vez a mitad del trabajo")
        archive.drop_dead_leases(transaction.session)


def _sweep_scratch(archive: Archive) -> None:
    """Remove the scratch folders of runs whose job is not being worked; the others, where pages are drawn, once old."""
    work = archive.cache / "work"
    if not work.is_dir():
        return
    folders = list(work.iterdir())  # before asking who works: the folder of a job is made after it is claimed
    with archive.reading() as session:
        busy = jobs.running_objects(session)
    for folder in folders:
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
