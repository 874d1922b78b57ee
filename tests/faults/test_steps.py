"""Processes, their children and servers end with kill -9 at each boundary between two steps of the work, not at a random instant."""

import os
import random
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Final

import pytest

from tests.faults.papers import papers
from tests.faults.scenes import Scene, Servers, scene_on
from tests.faults.stepped import CHILD, SELF, STEPS, Fate

pytestmark = pytest.mark.faults
TURNS: Final = int(os.environ.get("ARCHIVO_FAULTS_STEPS", "45"))
"""How many of all pairs of a boundary and of who is killed there are tried: the process and its child at each first."""
LEARNED_ON: Final = 40
"""Documents from which it is learned which boundaries there are. One that fewer than OFTEN passed is not waited for."""
OFTEN: Final = 4
PATIENCE: Final = 45.0
"""Seconds in which the work comes to a boundary again."""
PAUSE: Final = 0.5
MANY: Final = 1_000_000


@dataclass(frozen=True)
class Steps:
    """A scene whose processes stop or end at boundaries, and the folder by which they are told where."""

    scene: Scene
    folder: Path

    def boundaries(self) -> list[str]:
        """Those that the work passes again and again, in order of their names."""
        passed = Counter(line for file in self.folder.glob("*.passed") for line in file.read_text("utf-8").splitlines())
        return sorted(boundary for boundary, times in passed.items() if times >= OFTEN)

    def try_one(self, number: int, boundary: str, who: str) -> bool:
        """Kill the process that comes to the boundary, its child, or a server while it stands there; whether one came."""
        fate = Fate(number, boundary, who)
        fate.tell(self.folder)
        if not _until(lambda: fate.reached(self.folder) is not None, PATIENCE):
            return False
        site = self.scene.site
        member = site.member(str(fate.reached(self.folder)))
        if who == SELF:
            assert _until(member.has_ended, PATIENCE), boundary
        elif who == CHILD:
            assert not member.has_ended(), boundary
        else:
            server = self.scene.servers.by_name()[who]
            server.kill()
            server.start()
            fate.end(self.folder)
        site.keep_running()
        site.wait_for_web()
        return True


def _until(holds: Callable[[], bool], seconds: float) -> bool:
    ends = time.monotonic() + seconds
    while not holds():
        if time.monotonic() > ends:
            return False
        time.sleep(0.05)
    return True


@pytest.fixture
def steps(servers: Servers, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Steps]:
    folder = tmp_path / "pasos"
    folder.mkdir()
    monkeypatch.setenv(STEPS, str(folder))
    with scene_on(servers, tmp_path, command=("-m", "tests.faults.stepped")) as scene:
        yield Steps(scene, folder)


def test_whoever_ends_at_a_boundary_between_two_steps_nothing_is_lost(steps: Steps) -> None:
    """At every boundary of receiving, keeping, reading, indexing and ending a job: the process, the child it waits for, and each server."""
    scene, tried, missed = steps.scene, Counter[str](), []
    with scene.sender.sending(papers(LEARNED_ON, scans=8)):
        pass
    boundaries = steps.boundaries()
    chance = random.Random(random.randrange(MANY))
    waits = [one for one in boundaries if f" {CHILD}." in one]  # who were held there would answer too late for its child
    own = [(one, SELF) for one in boundaries] + [(one, CHILD) for one in waits]
    others = list(product([one for one in boundaries if one not in waits], scene.servers.by_name()))
    first = (chance.choice(waits), CHILD)
    pairs = [first, *chance.sample(own, len(own)), *chance.sample(others, len(others))][:TURNS]
    with scene.reader.reading(scene.sender), scene.sender.sending(papers(MANY, first=LEARNED_ON, scans=8), every=PAUSE) as enough:
        for number, (boundary, who) in enumerate(pairs):
            if steps.try_one(number, boundary, who):
                tried[who] += 1
            else:
                missed.append(boundary)
        enough.set()
    print(f"{len(boundaries)} boundaries; killed there: {dict(tried)}; not passed again in time: {missed}")
    assert scene.hold() == len(scene.sender.kept)
    assert tried.total() >= 0.8 * len(pairs)
    assert tried[SELF] + tried[CHILD] >= 0.8 * min(TURNS, len(own))
    assert tried[CHILD]
