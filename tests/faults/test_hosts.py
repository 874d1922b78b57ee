"""A web and two workers on machines of their own, which share nothing but the four servers, lose them one by one and all at once."""

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
from tests.faults.hosts import Machine, machine
from tests.faults.network import Way, ways_to
from tests.faults.papers import papers
from tests.faults.scenes import ABSENCE, Scene, Servers, scene_on
from tests.faults.site import WEB, WORKERS
from tests.processes import until

pytestmark = pytest.mark.faults
DOCUMENTS = 16
LOST = WORKERS[0]
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
        ways = {name: ended.enter_context(ways_to(servers.ports(), enter=each)) for name, each in machines.items()}
        yield ended.enter_context(scene_on(servers, tmp_path, machines=machines)), ways


def test_machines_see_of_each_other_nothing_but_the_servers(spread: Spread) -> None:
    scene, _ = spread
    ports = {**{name: str(port) for name, port in scene.servers.ports().items()}, WEB: str(scene.site.port)}
    with scene.sender.sending(papers(DOCUMENTS, scans=5)):
        pass
    seen = {name: looked_round(scene.site.machines[name], scene, ports) for name in WORKERS}
    servers = [port for name, port in ports.items() if name != WEB]
    assert seen == {name: {"name": name, "reached": servers, "homes": [name]} for name in WORKERS}
    assert scene.hold() == DOCUMENTS


def test_a_machine_is_lost_while_it_works_and_never_comes_back(spread: Spread) -> None:
    """Nobody can look whether its process lives: its jobs are begun again by another when their leases end."""
    scene, _ = spread
    lost = scene.site.member(LOST)
    with scene.site.opened() as archive, scene.reader.reading(scene.sender), scene.sender.sending(papers(DOCUMENTS, scans=2)):
        lost.freeze(lambda: held_by(archive, LOST))
        lost.kill()
        del scene.site.members[LOST]
    assert scene.hold() == DOCUMENTS


def test_a_worker_cut_off_from_every_server_comes_back_when_others_have_done_its_work(spread: Spread) -> None:
    scene, ways = spread
    worker = scene.site.member(LOST)
    with scene.site.opened() as archive, scene.reader.reading(scene.sender), scene.sender.sending(papers(DOCUMENTS, scans=2)):
        worker.freeze(lambda: held_by(archive, LOST))
        with silent(ways[LOST]):
            worker.send(signal.SIGCONT)
            until(lambda: not held_by(archive, LOST))
    assert worker.stop() == 0  # so that nothing which it still believes to do comes after what is counted
    assert scene.hold() == DOCUMENTS


def test_a_web_cut_off_from_every_server_refuses_in_plain_words_and_goes_on(spread: Spread) -> None:
    scene, ways = spread
    with scene.reader.reading(scene.sender), scene.sender.sending(papers(DOCUMENTS, scans=2), every=0.5), silent(ways[WEB]):
        time.sleep(ABSENCE)
    assert scene.told.statuses[503]
    assert scene.hold() == DOCUMENTS


@contextmanager
def silent(ways: Mapping[str, Way]) -> Iterator[None]:
    """Connections stay open, and nothing arrives."""
    for way in ways.values():
        way.swallow()
    yield
    for way in ways.values():
        way.mend()


def held_by(archive: Archive, name: str) -> int:
    """How many jobs the processes of a machine hold."""
    with archive.reading() as session:
        held = select(func.count()).select_from(Job).where(Job.state == JobState.RUNNING, Job.owner.startswith(f"{name}-"))
        return session.scalar(held) or 0


def looked_round(there: Machine, scene: Scene, ports: Mapping[str, str]) -> object:
    """What a process finds on a machine."""
    command = [*there.command(scene.site.hidden(there.name)), sys.executable, "-c", SEEN, str(scene.site.folder), *ports.values()]
    return json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
