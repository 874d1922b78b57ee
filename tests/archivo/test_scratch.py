"""What stays of the folders that work is done in."""

import os

from archivo.archive import Archive
from archivo.identifiers import new_uuid
from archivo.operations.reconciling import reconcile


def test_reconciling_leaves_the_page_that_is_being_drawn_and_sweeps_what_the_dead_left(archive: Archive) -> None:
    name = new_uuid(archive.clock())
    drawn, forgotten, job = (archive.scratch(one) for one in (f"draw-{name}", f"draw-{name}-2", f"{name}-1"))
    os.utime(forgotten, (0, 0))
    reconcile(archive)
    assert [folder.exists() for folder in (drawn, forgotten, job)] == [True, False, False]
