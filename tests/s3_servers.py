"""Real S3 servers for tests: built by `.ci/setup servers`, or given by their address in the environment."""

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Final, Literal
from uuid import uuid4

import httpx

from preservation.store import StoreUnavailable
from preservation.stores.s3 import S3Store
from preservation.stores.s3_address import S3Address, s3_address
from preservation.stores.s3_leftovers import clear_uploads
from preservation.stores.s3_wire import Patience
from tests.processes import until
from tests.programs import SERVERS, Program, folder_of, free_port, installed

NAMES: Final = ("minio", "versitygw")
QUICK: Final = Patience(connect=2.0, read=20.0, join=20.0, tries=4, pause=0.01)
"""For tests that want faults told without delay."""
_READY: Final = {"minio": "/minio/health/ready", "versitygw": "/"}
_KEY, _SECRET = "archivotest", "archivotest-secret"


@dataclass(frozen=True, slots=True)
class S3Server:
    """An S3 server of these tests, or one that was given (`program` is None) and cannot be ended. `address` names no bucket in use."""

    name: Literal["minio", "versitygw"]
    address: S3Address
    program: Program | None = None

    @property
    def folder(self) -> Path | None:
        """Where it keeps all; None where it was given."""
        return self.program.folder if self.program else None

    def place(self) -> S3Address:
        """An empty place: a prefix nobody uses."""
        return replace(self.address, bucket="archivo-pruebas", prefix=f"{uuid4().hex}/")

    def new_bucket(self) -> S3Address:
        """A bucket that is not there yet."""
        return replace(self.address, bucket=f"prueba-{uuid4().hex}", prefix="")

    def store(self, place: S3Address | None = None) -> S3Store:
        return S3Store(place or self.place(), QUICK)

    def unfinished(self) -> list[str]:
        """What large objects not finished, nor taken back, have left on the server's disk."""
        if self.folder is None:
            return []
        inside = {"minio": "data/.minio.sys/multipart", "versitygw": "root/archivo-pruebas/.sgwtmp/multipart"}[self.name]
        return sorted(str(path) for path in (self.folder / inside).rglob("*") if path.is_file())

    def file_of(self, place: S3Address, key: str) -> Path:
        """Where versitygw keeps an object: as it is."""
        assert self.folder is not None
        return self.folder / "root" / place.bucket / f"{place.prefix}{key}"

    def forget_parts(self, place: S3Address, key: str) -> None:
        """Take back what is unfinished of one key: asked by the whole key, MinIO tells of it too."""
        store = self.store(replace(place, prefix=f"{place.prefix}{key}"))
        clear_uploads(store.wire, timedelta(days=-1))
        store.close()

    def bytes_of(self, place: S3Address, key: str) -> Path:
        """A file on the server's disk that holds bytes of an object."""
        if self.name == "versitygw":
            return self.file_of(place, key)
        assert self.folder is not None
        kept = [path for path in (self.folder / "data" / place.bucket / f"{place.prefix}{key}").rglob("*") if path.is_file()]
        return min(kept, key=lambda path: (path.name == "xl.meta", path.name))

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
        self._own().stop(signal.SIGKILL)

    def makes_its_bucket(self) -> bool:
        """False while it answers and is not ready for it: on a busy machine MinIO takes a moment more."""
        store = self.store()
        try:
            store.wire.make_bucket()
        except StoreUnavailable:
            return False
        finally:
            store.close()
        return True

    def _answers(self) -> bool:
        try:
            answer = httpx.get(f"http://{self.address.endpoint}{_READY[self.name]}", trust_env=False)
        except httpx.TransportError:
            return False
        return answer.is_success or self.name == "versitygw"

    def _own(self) -> Program:
        assert self.program
        return self.program


def url_of(place: S3Address) -> str:
    """A place as ARCHIVO_STORE_URL names it."""
    return f"s3+http://{place.access_key}:{place.secret_key}@{place.endpoint}/{place.bucket}/{place.prefix.rstrip('/')}"


@contextmanager
def s3_server(name: Literal["minio", "versitygw"]) -> Iterator[S3Server]:
    """The server given by ARCHIVO_TEST_MINIO or ARCHIVO_TEST_VERSITYGW (an address as ARCHIVO_STORE_URL), or one of one's own."""
    if given := os.environ.get(f"ARCHIVO_TEST_{name.upper()}"):
        yield S3Server(name, s3_address(given))
        return
    with started_s3(name) as server:
        yield server


@contextmanager
def started_s3(name: Literal["minio", "versitygw"]) -> Iterator[S3Server]:
    """A server of one's own, on a free port of 127.0.0.1."""
    built = str(installed(name, SERVERS / "bin", name))
    with folder_of(name) as folder:
        place = f"127.0.0.1:{free_port()}"
        words: tuple[str, ...]
        if name == "minio":
            words = (built, "server", "--quiet", "--address", place, str(folder / "data"))
            environment = {
                "MINIO_ROOT_USER": _KEY,
                "MINIO_ROOT_PASSWORD": _SECRET,
                "MINIO_BROWSER": "off",
                "MINIO_UPDATE": "off",
                "MINIO_CI_CD": "1",
            }
        else:
            for each in ("root", "versions"):
                (folder / each).mkdir()
            words = (built, "-p", place, "-q", "--keep-alive", "posix", "--versioning-dir", str(folder / "versions"), str(folder / "root"))
            environment = {"ROOT_ACCESS_KEY": _KEY, "ROOT_SECRET_KEY": _SECRET}
        server = S3Server(name, s3_address(f"s3+http://{_KEY}:{_SECRET}@{place}/archivo-pruebas"), Program(words, folder, environment))
        try:
            server.start()
            until(server.makes_its_bucket)
            yield server
        finally:
            server.stop()
