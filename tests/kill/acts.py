"""The acts that are killed, and done again in another process: each answers with what it says is safe."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Final

from sqlalchemy import select

from archivo.access.policy import Actor, custody
from archivo.archive import Archive
from archivo.custody import deletion
from archivo.intake import processing, publication
from archivo.intake.services import Metadata, Upload, deposit
from archivo.jobs import Job, JobState
from archivo.records.models import Document
from archivo.records.services import describe
from archivo.retention import classification
from archivo.retention.services import import_trd
from archivo.worker import work_until_done

ACTOR: Final = custody("prueba")
SERIES: Final = "100/100-03-01"
RANGE: Final = 1


def deposit_file(archive: Archive, path: Path) -> Iterator[str]:
    yield from _deposit(archive, path, Metadata())


def deposit_described(archive: Archive, path: Path) -> Iterator[str]:
    yield from _deposit(archive, path, Metadata(title="Circular entregada", series=SERIES, published=True))


def process(archive: Archive) -> Iterator[str]:
    finish(archive)
    yield "done"


def process_in_ranges(archive: Archive) -> Iterator[str]:
    processing.PAGES_A_JOB = RANGE  # type: ignore[misc]  # a scan of three pages then takes the way of one of a hundred
    yield from process(archive)


def confirm(archive: Archive) -> Iterator[str]:
    classification.confirm(archive, ACTOR, only(archive), SERIES)
    yield from process(archive)


def publish(archive: Archive) -> Iterator[str]:
    publication.publish(archive, ACTOR, only(archive))
    yield from process(archive)


def withdraw(archive: Archive) -> Iterator[str]:
    publication.withdraw(archive, ACTOR, only(archive))
    yield from process(archive)


def retitle(archive: Archive) -> Iterator[str]:
    describe(archive, ACTOR, only(archive), {"title": "Otro título"})
    yield from process(archive)


def restrict(archive: Archive) -> Iterator[str]:
    describe(archive, ACTOR, only(archive), {"access": "reservada"})
    yield from process(archive)


def order_deletion(archive: Archive) -> Iterator[str]:
    """Two people order that the first document be deleted, so long ago that it is due."""
    then = replace(archive, clock=lambda: archive.clock() - timedelta(days=30))
    order = deletion.Order("acta", "1", "2020-01-01", "quien firma")
    asked = deletion.request(then, ACTOR, [only(archive)], order, "Venció su tiempo.")
    yield deletion.confirm(then, Actor("ana", "archivist", ACTOR.grants), asked.id).id


def delete(archive: Archive) -> Iterator[str]:
    deletion.schedule(archive)
    yield from process(archive)


def import_schedule(archive: Archive, path: Path) -> Iterator[str]:
    import_trd(archive, ACTOR, path.read_bytes(), path.name)
    yield from process(archive)


def finish(archive: Archive) -> None:
    """Work every open job."""
    with archive.reading() as session:
        objects = set(session.scalars(select(Job.object_id).where(Job.state.in_((JobState.QUEUED, JobState.RUNNING)))))
    work_until_done(archive, objects)


def only(archive: Archive) -> str:
    """The first document."""
    with archive.reading() as session:
        return session.scalars(select(Document.id).order_by(Document.id)).first() or ""


def _deposit(archive: Archive, path: Path, metadata: Metadata) -> Iterator[str]:
    with path.open("rb") as content:
        yield f"received {deposit(archive, ACTOR, Upload(content, path.name, metadata)).id}"


ACTS: Final[dict[str, Callable[..., Iterator[str]]]] = {
    "deposit": deposit_file,
    "deposit-described": deposit_described,
    "process": process,
    "process-in-ranges": process_in_ranges,
    "confirm": confirm,
    "publish": publish,
    "withdraw": withdraw,
    "retitle": retitle,
    "restrict": restrict,
    "trd": import_schedule,
    "delete": delete,
}
