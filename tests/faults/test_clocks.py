"""The clocks of the machines disagree and jump: no lease is so trusted that a wrong clock loses or doubles anything."""

import time
from collections.abc import Callable, Iterator, Mapping
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import func, select

from archivo.records.models import Document
from tests.faults.papers import papers
from tests.faults.scenes import Scene, Servers, scene_on

pytestmark = pytest.mark.faults
HOUR = 3600
JUMPS: tuple[Mapping[str, int], ...] = ({"uno": HOUR}, {"dos": -HOUR}, {"web": HOUR}, {"web": -HOUR}, {"uno": -HOUR, "dos": HOUR})
DOCUMENTS = 10
Clocks = Callable[[Mapping[str, int]], None]


@pytest.fixture
def clocked(servers: Servers, tmp_path: Path) -> Iterator[tuple[Scene, Clocks]]:
    """An archive each of whose processes has a clock of its own, and what sets them: those that it does not name go right again."""

    def set_clocks(ahead: Mapping[str, int]) -> None:
        for name in ("web", "uno", "dos"):
            fresh = tmp_path / f"{name}.clock.new"
            fresh.write_text(str(ahead.get(name, 0)), "ascii")
            fresh.replace(tmp_path / f"{name}.clock")

    set_clocks({})
    with scene_on(servers, tmp_path, command=("-m", "tests.faults.clocked")) as scene:
        yield scene, set_clocks


def test_clocks_that_jump_an_hour_ahead_and_back(clocked: tuple[Scene, Clocks]) -> None:
    """Workers take each other's jobs and the web's deposits for dead, and none of it is lost or done twice."""
    scene, set_clocks = clocked
    for turn, ahead in enumerate(JUMPS):
        with scene.reader.reading(scene.sender), scene.sender.sending(papers(DOCUMENTS, first=turn * DOCUMENTS, scans=5)):
            set_clocks(ahead)
            time.sleep(3)
        set_clocks({})
    assert scene.hold() == len(JUMPS) * DOCUMENTS
    with scene.site.opened() as archive, archive.reading() as session:
        first, last = session.execute(select(func.min(Document.received_at), func.max(Document.received_at))).one()
    assert last - first > timedelta(seconds=1.5 * HOUR)  # the web's clock did jump, in both directions
