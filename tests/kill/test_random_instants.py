"""Workers and their children are killed wherever they happen to be."""

import os
import random
import signal
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import select

from archivo.archive import Archive
from archivo.records.models import DocumentFinding
from ingest.tools.process import ToolBox
from tests.kill.acts import finish
from tests.kill.homes import Victims, copied, count, nothing_is_left_over, opened, recovered
from tests.processes import children

WORDS = ("chivatera", "sumapaz")
LONGEST = 2.5
"""Seconds in which a victim is well into the recognition of its pages, or done."""

pytestmark = pytest.mark.kill


@pytest.mark.parametrize("act", ["process", "process-in-ranges"])
@pytest.mark.parametrize("seed", range(6))
def test_a_worker_killed_again_and_again(
    act: str, seed: int, templates: Callable[[str], Path], tools: ToolBox, victim: Victims, tmp_path: Path
) -> None:
    chance = random.Random(seed)
    whole = copied(templates("scan"), tmp_path / "unkilled")
    with opened(whole, tools) as archive:
        recovered(archive)
        expected = count(archive, WORDS)
    home = copied(templates("scan"), tmp_path / "killed")
    for _ in range(3):
        victim.run(home, act, 0, (), instant=chance.uniform(0.05, LONGEST))
    with opened(home, tools) as archive:
        recovered(archive)
        assert count(archive, WORDS) == expected
        nothing_is_left_over(archive, home)


@pytest.mark.parametrize("seed", range(4))
def test_a_child_killed_while_it_reads(seed: int, templates: Callable[[str], Path], tmp_path: Path) -> None:
    chance = random.Random(seed)
    home = copied(templates("scan"), tmp_path / "casa")
    own = ToolBox(size=1)
    with opened(home) as assembled:
        archive = replace(assembled, tools=own)
        worker = threading.Thread(target=finish, args=(archive,))
        worker.start()
        killed = _kill_a_child(worker, nth=seed % 3 + 1, after=chance.uniform(0, 0.1))
        worker.join(120)
        own.close()
        recovered(archive)
        counted = count(archive, WORDS)
        assert killed
        assert counted.states == {"findable": 2}
        assert counted.found["chivatera"] == 1
        assert counted.found["sumapaz"] == 1 or _findings(archive), "text that was lost with the child is told"
        nothing_is_left_over(archive, home)


def _findings(archive: Archive) -> list[str]:
    with archive.reading() as session:
        return list(session.scalars(select(DocumentFinding.code)))


def _kill_a_child(worker: threading.Thread, nth: int, after: float) -> bool:
    """Kill the `nth` child that this process starts to serve tools, some seconds after it is first seen."""
    seen: list[int] = []
    while worker.is_alive():
        seen += [child for child in children(os.getpid(), b"ingest.tools.child") if child not in seen]
        if len(seen) >= nth:
            time.sleep(after)
            os.kill(seen[nth - 1], signal.SIGKILL)
            return True
        time.sleep(0.005)
    return False


def test_killing_children_until_attempts_end_leaves_the_original(templates: Callable[[str], Path], tmp_path: Path) -> None:
    """A document that ends its children each time costs only its own text: it is kept, and found by its name."""
    home = copied(templates("scan"), tmp_path / "casa")
    own = ToolBox(size=1)
    stop = threading.Event()

    def reap() -> None:
        while not stop.is_set():
            for pid in children(os.getpid(), b"ingest.tools.child"):
                with suppress(OSError):
                    os.kill(pid, signal.SIGKILL)
            stop.wait(0.02)

    with opened(home) as assembled:
        archive: Archive = replace(assembled, tools=own)
        reaper = threading.Thread(target=reap)
        reaper.start()
        try:
            finish(archive)
        finally:
            stop.set()
            reaper.join()
            own.close()
        counted = count(archive, ("escaneado",))
        assert counted.documents == 2
        assert set(counted.states) <= {"findable", "failed"}
