"""A web and two workers on machines of their own, which share nothing but the four servers, are lost and cut off from them."""

import json
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest
from sqlalchemy import func, select

from archivo.archive import Archive
from archivo.jobs import Job, JobState
from tests.faults.hosts import machine
from tests.faults.network import Way, ways_to
from tests.faults.papers import papers
from tests.faults.scenes import ABSENCE, Scene, Servers, scene_on
from tests.faults.site import WEB, WORKERS
from tests.faults.truth import in_flight
from tests.processes import until

pytestmark = pytest.mark.faults
DOCUMENTS, AFTER = 16, 4
LOST, LEFT = WORKERS
Spread = tuple[Scene, Mapping[str, Mapping[str, Way]]]
SEEN = """
import json, os, pathlib, socket, sys
folder, *ports = sys.argv[1:]
reached = [port for port in ports if socket.socket().connect_ex(("127.0.0.1", int(port))) == 0]
homes = sorted(home.name for home in pathlib.Path(folder).iterdir() if home.is_dir() and any(home.iterdir()))
print(json.dumps({"name": os.uname().nodename, "reached": reached, "homes": homes}))
"""


@pytest.fixture
def spread(servers: Servers, tmp_path: Path) -> Iterator[Spread]:
    """An archive on three machines, and the ways of each of them to the servers, by the names of both."""
    with ExitStack() as ended:
        machines = {name: ended.enter_context(machine(name)) for name in (WEB, *WORKERS)}
        ways = {name: ended.enter_context(ways_to(servers.ports(), enter=each.socket)) for name, each in machines.items()}
        yield ended.enter_context(scene_on(servers, tmp_path, machines=machines)), ways


def test_machines_see_of_each_other_nothing_but_the_servers(spread: Spread) -> None:
    """Neither the web's port nor the homes of the others, which are full."""
    scene, _ = spread
    ports = {**{name: str(port) for name, port in scene.servers.ports().items()}, WEB: str(scene.site.port)}
    with scene.sender.sending(papers(DOCUMENTS, scans=5)):
        pass
    seen = {name: looked_round(name, scene, ports) for name in WORKERS}
    servers = [port for name, port in ports.items() if name != WEB]
    assert seen == {name: {"name": name, "reached": servers, "homes": [name]} for name in WORKERS}
    assert scene.hold() == DOCUMENTS


def test_a_machine_is_lost_while_it_works_and_never_comes_back(spread: Spread) -> None:
    """Nobody can look whether its process lives, and no server hears that it does not: others begin its jobs again when its leases end."""
    scene, ways = spread
    lost = scene.site.member(LOST)
    with scene.site.opened() as archive, scene.reader.reading(scene.sender), scene.sender.sending(papers(DOCUMENTS, scans=2)):
        lost.freeze(lambda: held_by(archive, LOST))
        for way in ways[LOST].values():
            way.swallow()
        lost.kill()
        del scene.site.members[LOST]
    assert scene.hold() == DOCUMENTS


def test_a_worker_cut_off_from_every_server_comes_back_when_others_have_done_its_work(spread: Spread) -> None:
    """What it still believes to do counts for nothing, and it works on: alone, what comes after."""
    scene, ways = spread
    worker = scene.site.member(LOST)
    with scene.site.opened() as archive, scene.reader.reading(scene.sender):
        with scene.sender.sending(papers(DOCUMENTS, scans=2)):
            worker.freeze(lambda: held_by(archive, LOST))
            with silent(ways[LOST]):
                worker.send(signal.SIGCONT)
                until(lambda: not held_by(archive, LOST))
        assert scene.site.members.pop(LEFT).stop() == 0
        with scene.sender.sending(papers(AFTER, first=DOCUMENTS)):
            pass
        until(lambda: not in_flight(archive))
    assert worker.stop() == 0  # so that nothing of what it believed comes after what is counted
    assert scene.hold() == DOCUMENTS + AFTER


def test_a_web_cut_off_from_every_server_says_so_and_goes_on(spread: Spread) -> None:
    """Who waits for it meanwhile is refused in plain words, at the latest when it is reached again."""
    scene, ways = spread
    with scene.reader.reading(scene.sender), scene.sender.sending(papers(DOCUMENTS, scans=2), every=0.5), silent(ways[WEB]):
        until(lambda: set(scene.missing()) == set(scene.servers.by_name()))
        time.sleep(ABSENCE)
    assert scene.told.statuses[503]
    assert scene.missing() == []
    assert scene.hold() == DOCUMENTS


@contextmanager
def silent(ways: Mapping[str, Way]) -> Iterator[None]:
    """Connections stay open, and nothing arrives."""
    for way in ways.values():
        way.swallow()
    try:
        yield
    finally:
        for way in ways.values():
            way.mend()


def held_by(archive: Archive, name: str) -> int:
    """How many jobs the processes of a machine hold."""
    with archive.reading() as session:
        held = select(func.count()).select_from(Job).where(Job.state == JobState.RUNNING, Job.owner.startswith(f"{name}-"))
        return session.scalar(held) or 0


def looked_round(name: str, scene: Scene, ports: Mapping[str, str]) -> object:
    """What a process finds on a machine."""
    command = [*scene.site.member(name).entered, sys.executable, "-c", SEEN, str(scene.site.folder), *ports.values()]
    return json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
