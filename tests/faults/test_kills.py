"""kill -9 of everything, again and again, while documents are handed over, worked and read."""

import os
import random
import time

import pytest

from tests.faults.kills import SHARES, Killer
from tests.faults.papers import papers
from tests.faults.scenes import Scene
from tests.faults.site import WORKERS
from tests.faults.truth import in_flight

KILLS = int(os.environ.get("ARCHIVO_FAULTS_KILLS", "60"))
BURST = int(os.environ.get("ARCHIVO_FAULTS_BURST", "200"))
"""Documents that are in flight at once when the kills begin: received while no worker is there."""
PAUSE = 1.0
"""Seconds between two documents of a sender, of whom there are two."""
MANY = 1_000_000

pytestmark = pytest.mark.faults


def test_whatever_is_killed_while_documents_are_in_flight_nothing_is_lost(scene: Scene) -> None:
    """Everything is killed in its turn; each document comes to be kept, found and told of once; nobody read anything but plain words."""
    seed = random.randrange(MANY)  # drawn from the seed of the run: `--randomly-seed=…` kills again at the same instants
    began = time.monotonic()
    killer = Killer(scene, random.Random(seed))
    for name in WORKERS:
        scene.site.member(name).stop()
    with scene.sender.sending(papers(BURST), threads=4):
        pass
    with scene.site.opened() as archive:
        assert in_flight(archive) >= BURST
    scene.site.keep_running()
    with scene.reader.reading(scene.sender), scene.sender.sending(papers(MANY, first=BURST, scans=8), every=PAUSE) as enough:
        killer.run(KILLS)
        enough.set()
        print(f"seed {seed}: {dict(killer.killed)} in {time.monotonic() - began:.0f} s")
    assert scene.hold() == len(scene.sender.kept) > BURST
    assert killer.killed.total() == KILLS
    assert set(killer.killed) == set(SHARES)
    print(f"all at rest and counted after {time.monotonic() - began:.0f} s")
