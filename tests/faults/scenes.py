"""The four servers together, and an archive at work on them."""

import os
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Protocol
from urllib.parse import urlsplit

import httpx

from archivo.access.policy import custody
from archivo.access.services import create_token, create_user
from tests.brokers import RabbitMQ
from tests.elastic_servers import ElasticServer
from tests.faults import truth
from tests.faults.hosts import Machine
from tests.faults.network import ways_to
from tests.faults.people import Reader, Sender, Told
from tests.faults.site import WEB, Site, audit_key
from tests.s3_servers import S3Server, url_of
from tests.servers import Postgres

ABSENCE: Final = float(os.environ.get("ARCHIVO_FAULTS_ABSENCE", "10"))
"""Seconds for which a server is away, or a network does not carry; a minute in the long form."""
PASSWORD: Final = "una frase para las pruebas"


class Server(Protocol):
    """What can be stopped, or ended at once, and started again."""

    def kill(self) -> None: ...

    def stop(self) -> None: ...

    def start(self) -> None: ...


@dataclass(frozen=True)
class Servers:
    """The four servers of one archive."""

    database: Postgres
    store: S3Server
    index: ElasticServer
    broker: RabbitMQ

    @contextmanager
    def addresses(self) -> Iterator[dict[str, str]]:
        """The settings that name them, for an archive of its own on them, which they forget in the end."""
        self.broker.empty()
        index = self.index.address()
        with self.database.database() as rows:
            try:
                yield {
                    "ARCHIVO_DATABASE_URL": rows,
                    "ARCHIVO_STORE_URL": url_of(self.store.place()),
                    "ARCHIVO_INDEX_URL": index,
                    "ARCHIVO_BROKER_URL": self.broker.url,
                }
            finally:
                self.index.forget(index)

    def by_name(self) -> Mapping[str, Server]:
        """Each by the name by which `/health/ready` tells that it is missing."""
        return {"database": self.database, "store": self.store, "index": self.index, "broker": self.broker}

    def ports(self) -> dict[str, int]:
        """Where each listens, by the same names."""
        urls = {
            "database": self.database.url,
            "store": f"s3://{self.store.address.endpoint}",
            "index": self.index.url,
            "broker": self.broker.url,
        }
        return {name: urlsplit(url).port or 0 for name, url in urls.items()}


@dataclass
class Scene:
    """An archive at work, who sends to it and who reads in it."""

    servers: Servers
    site: Site
    sender: Sender
    reader: Reader
    told: Told

    def missing(self) -> list[str]:
        """The servers that the web says it misses."""
        answer = httpx.get(f"{self.site.address}/health/ready", timeout=30)
        listed: list[str] = answer.json()["missing"]
        assert answer.status_code == (503 if listed else 200)
        return listed

    def hold(self) -> int:
        """What must hold after anything: see truth.py. How many documents it holds of."""
        began = time.monotonic()
        documents = truth.hold(self.site, self.sender, self.reader, self.told)
        print(f"{documents} documents, found to hold in {time.monotonic() - began:.0f} s; {self.told}")
        return documents


@contextmanager
def scene_on(
    servers: Servers,
    folder: Path,
    change: Callable[[Mapping[str, str]], Mapping[str, str]] = dict,
    command: tuple[str, ...] = ("-m", "archivo"),
    machines: Mapping[str, Machine] | None = None,
) -> Iterator[Scene]:
    """An archive of its own on these servers, working; `change` may send its processes by another way to them, and `machines` are those on
    which they stand (site.py).
    """
    with servers.addresses() as addresses, ExitStack() as ended:
        site = Site(folder, {**change(addresses), "ARCHIVO_AUDIT_KEY": audit_key()}, command, machines=machines or {})
        if web := site.machines.get(WEB):
            ended.enter_context(ways_to({WEB: site.port}, lead=web.socket))
        with site.opened() as archive:
            chief = custody("pruebas")
            create_user(archive, chief, "entidad", "entity")
            create_user(archive, chief, "ana", "archivist", password=PASSWORD)
            sends, reads = create_token(archive, chief, "entidad"), create_token(archive, chief, "ana")
        told = Told()
        try:
            site.start()
            reader = Reader(site.address, reads, told)
            reader.sign_in("ana", PASSWORD)
            yield Scene(servers, site, Sender(site.address, sends, told), reader, told)
        finally:
            site.stop()
