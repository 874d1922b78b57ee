"""What stays of the folders that work is done in."""

import os
from pathlib import Path

import pytest
from sqlalchemy import event, select

from archivo import jobs
from archivo.archive import Archive
from archivo.discovery.packages_out import write_bag_of
from archivo.identifiers import new_uuid
from archivo.jobs import Queue
from archivo.operations.reconciling import reconcile
from archivo.records.models import Document
from preservation.ocfl import StorageRoot


def test_reconciling_leaves_the_page_that_is_being_drawn_and_sweeps_what_the_dead_left(archive: Archive) -> None:
    name = new_uuid(archive.clock())
    drawn, forgotten, job = (archive.scratch(one) for one in (f"draw-{name}", f"draw-{name}-2", f"{name}-1"))
    os.utime(forgotten, (0, 0))
    reconcile(archive)
    assert [folder.exists() for folder in (drawn, forgotten, job)] == [True, False, False]


def test_what_a_killed_export_left_is_swept_though_others_follow(
    filled: Path, archive: Archive, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is a whole document, which may have been deleted since."""
    copies, export = [], StorageRoot.export

    def noted(root: StorageRoot, identifier: str, destination: Path) -> None:
        copies.append(destination)
        export(root, identifier, destination)

    monkeypatch.setattr(StorageRoot, "export", noted)
    with archive.reading() as session:
        document = session.scalars(select(Document.id).limit(1)).one()
    write_bag_of(archive, document, tmp_path / "bolsa")
    left = copies[0].parent
    left.mkdir()  # as where it was killed
    os.utime(left, (0, 0))
    write_bag_of(archive, document, tmp_path / "otra")
    reconcile(archive)
    assert not left.exists()


def test_the_folder_of_a_job_that_begins_while_reconciling_looks_is_left(archive: Archive) -> None:
    with archive.transaction() as transaction:
        transaction.enqueue("process", name := new_uuid(transaction.now), queue=Queue.INGEST)
    archive.scratch("otra")
    begun: list[Path] = []

    @event.listens_for(archive.database.engine, "after_cursor_execute")
    def begin_meanwhile(_c: object, _k: object, statement: str, *_: object) -> None:
        if statement.startswith("SELECT job.object_id") and not begun:
            begun.append(archive.scratch(f"{name}-1"))
            with archive.database.writing() as session:
                assert jobs.claim(session, f"{archive.process}#1", archive.clock())

    reconcile(archive)
    assert [folder.exists() for folder in begun] == [True]
