"""A real Elasticsearch for tests: brought by `.ci/setup servers`, or given by its address in the environment."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit
from uuid import uuid4

import httpx

from tests.programs import SERVERS, Program, folder_of, free_port, installed, within_reach

if TYPE_CHECKING:
    from elasticsearch import Elasticsearch

    from search.engines.elastic import ElasticIndex

GIVEN: Final = "ARCHIVO_TEST_ELASTICSEARCH"
"""The address of an Elasticsearch (http://host:port) where indices may be made; without it one is started for the tests."""
HEAP: Final = "ARCHIVO_TEST_ELASTICSEARCH_HEAP"
"""The memory of one that is started (`4g`), for measurements; it then also takes its time to compile well, which tests do not."""
_CONFIGURATION: Final = """\
cluster.name: pruebas
path.data: {folder}/data
path.logs: {folder}/logs
network.host: 127.0.0.1
http.port: {port}
transport.port: {between}
discovery.type: single-node
xpack.security.enabled: false
cluster.routing.allocation.disk.threshold_enabled: false
"""


@dataclass(frozen=True, slots=True)
class ElasticServer:
    """An Elasticsearch of these tests, or one that was given (`program` is None) and cannot be ended."""

    url: str
    program: Program | None = None

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
        self._own().kill()

    def freeze(self) -> None:
        """Its sockets stay open and nobody answers."""
        self._own().freeze()

    def thaw(self) -> None:
        self._own().thaw()

    def start(self) -> None:
        """Start it, also after it was killed."""
        self._own().start(self._answers)

    def stop(self) -> None:
        self._own().stop()

    def _answers(self) -> bool:
        try:
            answer = httpx.get(f"{self.url}/_cluster/health?wait_for_status=yellow&timeout=4s", timeout=10, trust_env=False)
        except httpx.TransportError:
            return False
        return answer.is_success

    def _own(self) -> Program:
        assert self.program
        return self.program


@contextmanager
def elastic_server() -> Iterator[ElasticServer]:
    """The server that is given, or one of one's own."""
    if given := os.environ.get(GIVEN):
        yield ElasticServer(given.rstrip("/"))
        return
    with started_elastic() as server:
        yield server


@contextmanager
def started_elastic() -> Iterator[ElasticServer]:
    """An Elasticsearch of one's own, on a free port of 127.0.0.1."""
    found = installed("Elasticsearch", SERVERS, "elasticsearch-*/bin/elasticsearch").parents[1]
    java = installed("Java", SERVERS, "java/bin/java").resolve().parents[1]
    with folder_of("elasticsearch") as folder:
        port, program = free_port(), within_reach(found, folder)
        _configure(folder, program / "config", port)
        short = "-XX:+UseSerialGC -XX:TieredStopAtLevel=1 -XX:-UsePerfData"
        environment = {
            "ES_JAVA_HOME": str(java),
            "ES_PATH_CONF": str(folder / "config"),
            "ES_TMPDIR": str(folder / "tmp"),
            "ES_JAVA_OPTS": "-Xms512m -Xmx512m " + short,
            "CLI_JAVA_OPTS": f"{short} -Djava.io.tmpdir={folder}/tmp",
        }
        if heap := os.environ.get(HEAP):
            environment["ES_JAVA_OPTS"] = f"-Xms{heap} -Xmx{heap} -XX:+UseG1GC -XX:-UsePerfData"
        words = ("/bin/bash", str(program / "bin" / "elasticsearch"))
        server = ElasticServer(f"http://127.0.0.1:{port}", Program(words, folder, environment, "nobody"))
        try:
            server.start()
            yield server
        finally:
            server.stop()


def _configure(folder: Path, given: Path, port: int) -> None:
    """A configuration of its own, that chooses no collector of garbage and writes nothing of it."""
    shutil.copytree(given, folder / "config")
    (folder / "config" / "elasticsearch.yml").write_text(_CONFIGURATION.format(folder=folder, port=port, between=free_port()), "utf-8")
    options = (given / "jvm.options").read_text("utf-8").splitlines()
    (folder / "config" / "jvm.options").write_text(
        "\n".join(line for line in options if "UseG1GC" not in line and "Xlog:gc" not in line), "utf-8"
    )
    (folder / "tmp").mkdir()


def index_at(address: str) -> "ElasticIndex":
    """The index with the institution's codes and synonyms."""
    from archivo.data import code_patterns, synonyms
    from search.engines.elastic import ElasticIndex

    return ElasticIndex(address, code_patterns(), synonyms())
