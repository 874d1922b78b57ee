"""Real S3 servers for tests: started by the scripts of the reference material, or given by their address in the environment."""

import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Final, Literal
from uuid import uuid4

import pytest

from preservation.store import StoreUnavailable
from preservation.stores.s3 import S3Store
from preservation.stores.s3_address import S3Address, s3_address
from preservation.stores.s3_leftovers import clear_uploads
from preservation.stores.s3_wire import Patience
from tests.processes import stands_still, until
from tests.servers import free_port

NAMES: Final = ("minio", "versitygw")
QUICK: Final = Patience(connect=2.0, read=20.0, join=20.0, tries=4, pause=0.01)
"""For tests that want faults told without delay."""
_STARTS: Final = 3


@dataclass(frozen=True, slots=True)
class S3Server:
    """An S3 server of these tests, or one that was given (`folder` is None) and cannot be ended. `address` names no bucket in use."""

    name: Literal["minio", "versitygw"]
    address: S3Address
    folder: Path | None = None
    scripts: Path | None = None

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
        os.kill(self._pid(), signal.SIGKILL)

    def freeze(self) -> None:
        """Its sockets stay open and nobody answers."""
        os.kill(self._pid(), signal.SIGSTOP)
        until(lambda: stands_still(self._pid()))

    def thaw(self) -> None:
        os.kill(self._pid(), signal.SIGCONT)

    def start(self) -> None:
        """Start it, also after it was killed."""
        assert self.scripts is not None
        assert self.folder is not None
        command = [str(self.scripts / f"{self.name}.sh"), str(self.folder), self.address.endpoint.rpartition(":")[2]]
        for _ in range(_STARTS):
            started = subprocess.run(command, check=False, capture_output=True, text=True)
            if not started.returncode:
                return
            self.stop()  # the script waits half a minute, which a busy machine may need to begin
        raise RuntimeError(f"{self.name} does not start: {started.stderr[-500:]}")

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

    def stop(self) -> None:
        assert self.scripts is not None
        assert self.folder is not None
        subprocess.run([self.scripts / "stop.sh", self.folder / f"{self.name}.pid", "KILL"], check=True, capture_output=True)

    def _pid(self) -> int:
        assert self.folder is not None
        return int((self.folder / f"{self.name}.pid").read_text("ascii"))


def url_of(place: S3Address) -> str:
    """A place as ARCHIVO_STORE_URL names it."""
    return f"s3+http://{place.access_key}:{place.secret_key}@{place.endpoint}/{place.bucket}/{place.prefix.rstrip('/')}"


@contextmanager
def s3_server(name: Literal["minio", "versitygw"], request: pytest.FixtureRequest) -> Iterator[S3Server]:
    """The server given by ARCHIVO_TEST_MINIO or ARCHIVO_TEST_VERSITYGW (an address as ARCHIVO_STORE_URL), or one of one's own."""
    if given := os.environ.get(f"ARCHIVO_TEST_{name.upper()}"):
        yield S3Server(name, s3_address(given))
        return
    scripts: Path = request.getfixturevalue("services")
    if shutil.which("go") is None:
        pytest.skip(f"not run: {name} is built with Go, which is not here (or give ARCHIVO_TEST_{name.upper()})")
    folder = Path(tempfile.mkdtemp(prefix=f"archivo-{name}-"))
    address = f"s3+http://archivotest:archivotest-secret@127.0.0.1:{free_port()}/archivo-pruebas"
    server = S3Server(name, s3_address(address), folder, scripts)
    try:
        server.start()
        until(server.makes_its_bucket)
        yield server
    finally:
        server.stop()
        shutil.rmtree(folder)
