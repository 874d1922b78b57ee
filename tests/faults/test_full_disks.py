"""A disk is full for a while, of a server or of a machine that works: what does not fit is refused in words, and nothing is lost."""

import tempfile
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.brokers import rabbitmq_server
from tests.elastic_servers import elastic_server
from tests.faults.disks import Disk, disk_at, small_disk
from tests.faults.papers import papers
from tests.faults.scenes import ABSENCE, Scene, Server, Servers, scene_on
from tests.faults.site import WEB, WORKERS
from tests.s3_servers import s3_server
from tests.servers import started_postgres

pytestmark = pytest.mark.faults
ROOM = {"database": 400, "store": 200, "index": 700, "broker": 200}
"""Megabytes: what each server needs, and some more."""
HOME = 64
DOCUMENTS = 8
COMES_BACK = 40.0
"""Seconds in which a server that found room again serves by itself; else whoever operates it starts it again."""
STEADY = 15.0
"""Seconds without a word against a server; the jobs that wait are sent again every few of them."""


@contextmanager
def on_a_small_disk(name: str, servers: Servers) -> Iterator[tuple[Servers, Disk]]:
    """The same servers, but for one, which has its data on a small disk."""
    with small_disk(ROOM[name]) as disk, pytest.MonkeyPatch.context() as patch:
        patch.setattr(tempfile, "tempdir", str(disk.folder))
        with started(name) as server:
            if server.program is None:
                pytest.skip("not run: a server that was given has its own disk")
            patch.undo()
            yield replace(servers, **{name: server}), disk


def started(name: str) -> AbstractContextManager[Any]:
    """One more server of a kind."""
    match name:
        case "database":
            return started_postgres()
        case "store":
            return s3_server("minio")
        case "index":
            return elastic_server()
        case _:
            return rabbitmq_server()


@pytest.mark.parametrize("name", ROOM)
def test_the_disk_of_a_server_is_full(name: str, servers: Servers, tmp_path: Path) -> None:
    """Whether the server refuses, hangs or ends: what it could not keep is said not to be received, or is done when there is room."""
    with on_a_small_disk(name, servers) as (these, disk), scene_on(these, tmp_path) as scene:
        with scene.reader.reading(scene.sender), scene.sender.sending(papers(DOCUMENTS, scans=4)):
            pass
        with scene.reader.reading(scene.sender), scene.sender.sending(papers(DOCUMENTS, first=DOCUMENTS, scans=4)):
            disk.fill()
            time.sleep(ABSENCE)
            assert disk.is_full()
            disk.free()
            until_it_serves(scene, name, these.by_name()[name])
        assert scene.hold() == 2 * DOCUMENTS


def test_the_disks_of_the_machines_that_work_are_full(servers: Servers, tmp_path: Path) -> None:
    """The web goes on receiving, for it keeps nothing there; workers wait for room, and it costs no document an attempt."""
    with ExitStack() as mounted:
        disks = [mounted.enter_context(disk_at(tmp_path / home, HOME)) for home in (WEB, *WORKERS)]
        scene = mounted.enter_context(scene_on(servers, tmp_path))
        with scene.reader.reading(scene.sender), scene.sender.sending(papers(DOCUMENTS, scans=2)):
            for disk in disks:
                disk.fill()
            time.sleep(ABSENCE)
            assert all(disk.is_full() for disk in disks)
            for disk in disks:
                disk.free()
        assert scene.hold() == DOCUMENTS


def until_it_serves(scene: Scene, name: str, server: Server) -> None:
    """That a broker refuses messages is known once it is sent one: it serves when nothing has been said of it for a while."""
    said = time.monotonic()
    ends = said + COMES_BACK
    while time.monotonic() - said < STEADY:
        if name in scene.missing():
            said = time.monotonic()
            if said > ends:
                server.stop()
                server.start()
                ends = time.monotonic() + COMES_BACK
        time.sleep(1)
