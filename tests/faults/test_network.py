"""The network between the processes and a server fails in its ways, in both directions: nothing that was acknowledged depends on it."""

import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest

from tests.faults.network import Way, ways_to
from tests.faults.papers import papers
from tests.faults.scenes import ABSENCE, Scene, Servers, scene_on

pytestmark = pytest.mark.faults
TROUBLES: dict[str, Callable[[Way], None]] = {
    "late": lambda way: way.late(0.2),
    "cut": lambda way: way.cut(),
    "silent": lambda way: way.swallow(),
    "answers lost": lambda way: way.swallow(answers_only=True),
}
DOCUMENTS = 10


@pytest.fixture
def networked(servers: Servers, tmp_path: Path) -> Iterator[tuple[Scene, dict[str, Way]]]:
    """An archive whose processes reach each server by a way that can fail."""
    with ways_to(servers.ports()) as ways:

        def by_way(given: Mapping[str, str]) -> dict[str, str]:
            entered = {f":{way.upstream}/": f":{way.port}/" for way in ways.values()}
            return {name: next(url.replace(old, new) for old, new in entered.items() if old in url) for name, url in given.items()}

        with scene_on(servers, tmp_path, by_way) as scene:
            yield scene, ways


@pytest.mark.parametrize("trouble", TROUBLES)
def test_the_way_to_each_server_fails_in_its_turn(trouble: str, networked: tuple[Scene, dict[str, Way]]) -> None:
    """Late, reset, open and silent, or obeying without an answer: what is handed over meanwhile is kept once, when the way is mended."""
    scene, ways = networked
    for turn, way in enumerate(ways.values()):
        with scene.reader.reading(scene.sender), scene.sender.sending(papers(DOCUMENTS, first=turn * DOCUMENTS, scans=5)):
            time.sleep(0.5)
            TROUBLES[trouble](way)
            time.sleep(ABSENCE)
            met = way.felt
            way.mend()
        assert met, f"nobody used port {way.upstream} meanwhile"
    assert scene.hold() == len(ways) * DOCUMENTS
