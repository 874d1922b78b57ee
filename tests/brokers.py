"""A real RabbitMQ for tests: started by the scripts of the reference material, or given by its address in the environment."""

import os
import random
import shutil
import signal
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

import pytest
from kombu import Connection

from archivo.broker import queue_name
from archivo.jobs import Queue

GIVEN: Final = "ARCHIVO_TEST_RABBITMQ"
"""The address of a RabbitMQ whose queues `archivo.…` these tests may empty; without it one is started for the tests."""


@dataclass(frozen=True, slots=True)
class RabbitMQ:
    """A broker of these tests, or one that was given (`folder` is None) and cannot be ended."""

    url: str
    folder: Path | None = None
    scripts: Path | None = None

    @contextmanager
    def channel(self) -> Iterator[Any]:
        with Connection(self.url) as connection:
            yield connection.default_channel

    def empty(self) -> None:
        """Without any queue of ours."""
        for queue in Queue:
            with self.channel() as channel:
                channel.queue_delete(queue_name(queue))

    def publish(self, queue: Queue, body: bytes, **properties: Any) -> None:
        """A message of any shape."""
        with self.channel() as channel:
            channel.basic_publish(channel.prepare_message(body, **properties), exchange="", routing_key=queue_name(queue))

    def kill(self) -> None:
        """End it at once, with kill -9; its data stay."""
        if self.folder is None:
            pytest.skip("not run: the broker was given, and is not ended")
        os.kill(int((self.folder / "rabbit.pid").read_text("ascii")), signal.SIGKILL)

    def start(self) -> None:
        """Start it, also after it was killed."""
        assert self.folder
        assert self.scripts
        subprocess.run([self.scripts / "rabbitmq.sh", self.folder, str(urlsplit(self.url).port)], check=True, capture_output=True)

    def stop(self) -> None:
        assert self.folder
        assert self.scripts
        for name in ("rabbit.pid", "epmd.pid"):
            subprocess.run([self.scripts / "stop.sh", self.folder / name], check=True, capture_output=True)
        (self.folder / "home" / "epmd.pid").unlink(missing_ok=True)  # else the next start takes this one's name for its own


@contextmanager
def rabbitmq_server(request: pytest.FixtureRequest) -> Iterator[RabbitMQ]:
    """The broker given by its address, or one of one's own on free ports of 127.0.0.1."""
    if given := os.environ.get(GIVEN):
        yield RabbitMQ(given)
        return
    scripts: Path = request.getfixturevalue("services")
    parent = Path(tempfile.mkdtemp(prefix="archivo-rabbitmq-"))
    parent.chmod(0o755)  # the server runs as another user
    server = RabbitMQ(f"amqp://guest:guest@127.0.0.1:{_free_ports()}/", parent / "rabbit", scripts)
    try:
        server.start()
        yield server
    finally:
        server.stop()
        shutil.rmtree(parent)


def _free_ports() -> int:
    """A port such that it, and the two that the server opens ten thousand above, are free."""
    while True:
        port = random.randint(12_000, 22_000)
        with suppress(OSError):
            for one in (port, port + 10_000, port + 10_001):
                with socket.socket() as probe:
                    probe.bind(("127.0.0.1", one))
            return port
