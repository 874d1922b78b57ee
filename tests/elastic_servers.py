"""A real Elasticsearch for tests: started by the scripts of the reference material, or given by its address in the environment."""

import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit
from uuid import uuid4

import pytest

from tests.servers import free_port

if TYPE_CHECKING:
    from elasticsearch import Elasticsearch

    from search.engines.elastic import ElasticIndex

GIVEN: Final = "ARCHIVO_TEST_ELASTICSEARCH"
"""The address of an Elasticsearch (http://host:port) where indices may be made; without it one is started for the tests."""


@dataclass(frozen=True, slots=True)
class ElasticServer:
    """An Elasticsearch of these tests, or one that was given (`folder` is None) and cannot be ended."""

    url: str
    folder: Path | None = None
    scripts: Path | None = None

    def address(self) -> str:
        """The address of an index that nobody uses."""
        return f"{self.url}/prueba-{uuid4().hex}"

    def forget(self, address: str) -> None:
        """Remove what was made under an address."""
        prefix = urlsplit(address).path.strip("/")
        with self.client() as client:
            for index in client.indices.get(index=f"{prefix}.*", expand_wildcards="all").body:
                client.indices.delete(index=index)

    def client(self) -> "Elasticsearch":
        from elasticsearch import Elasticsearch

        return Elasticsearch(self.url, request_timeout=60)

    def kill(self) -> None:
        """End it at once, with kill -9; its data stay."""
        os.kill(self._pid(), signal.SIGKILL)

    def freeze(self) -> None:
        """Its sockets stay open and nobody answers."""
        os.kill(self._pid(), signal.SIGSTOP)

    def thaw(self) -> None:
        os.kill(self._pid(), signal.SIGCONT)

    def start(self) -> None:
        """Start it, also after it was killed."""
        self._run("start.sh")

    def stop(self) -> None:
        self._run("stop.sh")

    def _run(self, script: str) -> None:
        assert self.scripts is not None
        assert self.folder is not None
        settings = {"ES_ROOT": str(self.folder), "ES_PORT": str(urlsplit(self.url).port)}
        subprocess.run([self.scripts / "elasticsearch" / script], env={**os.environ, **settings}, check=True, capture_output=True)

    def _pid(self) -> int:
        assert self.folder is not None
        return int((self.folder / "es.pid").read_text("ascii"))


@contextmanager
def elastic_server(request: pytest.FixtureRequest) -> Iterator[ElasticServer]:
    """The server that is given, or one of one's own."""
    if given := os.environ.get(GIVEN):
        yield ElasticServer(given.rstrip("/"))
        return
    scripts: Path = request.getfixturevalue("services")
    if shutil.which("mvn") is None:
        pytest.skip(f"not run: Elasticsearch is installed with Maven, which is not here (or give {GIVEN})")
    with started_elastic(scripts) as server:
        yield server


@contextmanager
def started_elastic(scripts: Path) -> Iterator[ElasticServer]:
    """An Elasticsearch of one's own, on a free port of 127.0.0.1."""
    folder = Path(tempfile.mkdtemp(prefix="archivo-elasticsearch-"))
    folder.chmod(0o755)  # the server runs as another user
    server = ElasticServer(f"http://127.0.0.1:{free_port()}", folder, scripts)
    try:
        server.start()
        yield server
    finally:
        server.stop()
        shutil.rmtree(folder)


def index_at(address: str) -> "ElasticIndex":
    """The index with the institution's codes and synonyms."""
    from archivo.data import code_patterns, synonyms
    from search.engines.elastic import ElasticIndex

    return ElasticIndex(address, code_patterns(), synonyms())
