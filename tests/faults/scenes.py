"""The four servers together, and an archive at work on them."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from archivo.access.policy import custody
from archivo.access.services import create_token, create_user
from preservation.stores.s3_address import S3Address
from tests.brokers import RabbitMQ
from tests.elastic_servers import ElasticServer
from tests.faults import truth
from tests.faults.people import Reader, Sender, Told
from tests.faults.site import Site
from tests.s3_servers import S3Server
from tests.servers import Postgres

PASSWORD = "una frase para las pruebas"


@dataclass(frozen=True)
class Servers:
    """The four servers of one archive."""

    database: Postgres
    store: S3Server
    index: ElasticServer
    broker: RabbitMQ


@dataclass
class Scene:
    """An archive at work, who sends to it and who reads in it."""

    servers: Servers
    site: Site
    sender: Sender
    reader: Reader
    told: Told

    def hold(self) -> None:
        """What must hold after anything: see truth.py."""
        truth.hold(self.site, self.sender, self.reader, self.told)


@contextmanager
def scene_on(servers: Servers, folder: Path, change: Callable[[Mapping[str, str]], Mapping[str, str]] = dict) -> Iterator[Scene]:
    """An archive of its own on these servers, working; `change` may send its processes by another way to them."""
    servers.broker.empty()
    index = servers.index.address()
    with servers.database.database() as rows:
        addresses = {
            "ARCHIVO_DATABASE_URL": rows,
            "ARCHIVO_STORE_URL": _store_url(servers.store.place()),
            "ARCHIVO_INDEX_URL": index,
            "ARCHIVO_BROKER_URL": servers.broker.url,
        }
        site = Site(folder, change(addresses))
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
            servers.index.forget(index)


def _store_url(place: S3Address) -> str:
    return f"s3+http://{place.access_key}:{place.secret_key}@{place.endpoint}/{place.bucket}/{place.prefix.rstrip('/')}"
