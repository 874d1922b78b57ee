"""A real RabbitMQ for tests: started from the system's package, or given by its address in the environment."""

import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import pytest
from kombu.connection import Connection

from archivo.broker import queue_name
from archivo.jobs import Queue
from tests.programs import Program, folder_of, free_port, installed

GIVEN: Final = "ARCHIVO_TEST_RABBITMQ"
"""The address of a RabbitMQ whose queues `archivo.…` these tests may empty; without it one is started for the tests."""


@dataclass(frozen=True, slots=True)
class RabbitMQ:
    """A broker of these tests, or one that was given (`program` is None) and cannot be ended. `names` is its epmd."""

    url: str
    program: Program | None = None
    names: Program | None = None

    @contextmanager
    def channel(self) -> Iterator[Any]:
        with self._connection() as connection:
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

    def control(self, *words: str) -> None:
        """Have `rabbitmqctl` do something, as who operates it."""
        if self.program is None:
            pytest.skip("not run: the broker was given, and nobody is made known to it")
        self.program.run(str(installed("RabbitMQ", Path("/usr/lib/rabbitmq/lib"), "*/sbin/rabbitmqctl")), *words)

    def kill(self) -> None:
        """End it at once, with kill -9; its data stay."""
        if self.program is None:
            pytest.skip("not run: the broker was given, and is not ended")
        self.program.kill()

    def start(self) -> None:
        """Start it, also after it was killed."""
        assert self.program
        assert self.names
        if not self.names.is_running:
            self.names.start(self._names_answer)
        self.program.start(self._answers)

    def stop(self) -> None:
        assert self.program
        assert self.names
        self.program.stop()
        self.names.stop()

    def _names_answer(self) -> bool:
        assert self.names
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", int(self.names.words[-1]))) == 0

    def _answers(self) -> bool:
        with self._connection() as connection:
            try:
                connection.connect()
            except connection.connection_errors:
                return False
        return True

    def _connection(self) -> Any:
        return Connection(self.url, connect_timeout=5)  # type: ignore[no-untyped-call]  # it tells no types


@contextmanager
def rabbitmq_server() -> Iterator[RabbitMQ]:
    """The broker given by its address, or one of one's own."""
    if given := os.environ.get(GIVEN):
        yield RabbitMQ(given)
        return
    with started_rabbitmq() as server:
        yield server


@contextmanager
def started_rabbitmq() -> Iterator[RabbitMQ]:
    """A broker of one's own, on free ports of 127.0.0.1."""
    found = installed("RabbitMQ", Path("/usr/lib/rabbitmq/lib"), "*/sbin/rabbitmq-server")
    epmd = installed("RabbitMQ", Path("/usr/bin"), "epmd")
    with folder_of("rabbitmq") as folder:
        port, between, names = free_port(), free_port(), free_port()
        (folder / "rabbitmq.conf").write_text(f"listeners.tcp.1 = 127.0.0.1:{port}\ndefault_user = guest\ndefault_pass = guest\n", "ascii")
        (folder / "plugins").write_text("[].", "ascii")
        environment = {
            "RABBITMQ_NODENAME": "pruebas@localhost",
            "RABBITMQ_CONFIG_FILE": str(folder / "rabbitmq.conf"),
            "RABBITMQ_ENABLED_PLUGINS_FILE": str(folder / "plugins"),
            "RABBITMQ_MNESIA_BASE": str(folder / "data"),
            "RABBITMQ_LOG_BASE": str(folder),
            "RABBITMQ_PID_FILE": str(folder / "pid"),
            "RABBITMQ_DIST_PORT": str(between),
            "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": "-noinput -kernel inet_dist_use_interface {127,0,0,1}",
            "RABBITMQ_ALLOW_INPUT": "1",  # thus the script becomes the server, instead of a parent of it
            "ERL_EPMD_PORT": str(names),
            "ERL_EPMD_ADDRESS": "127.0.0.1",
        }
        server = RabbitMQ(
            f"amqp://guest:guest@127.0.0.1:{port}/",
            Program((str(found),), folder, environment, "rabbitmq"),
            Program((str(epmd), "-address", "127.0.0.1", "-port", str(names)), folder, user="rabbitmq"),
        )
        try:
            server.start()
            yield server
        finally:
            server.stop()
