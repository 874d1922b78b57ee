"""A time-stamping authority of the tests (RFC 3161): `openssl ts` behind a small HTTP server on 127.0.0.1, with a root of its own."""

import shutil
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Final

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import ExtendedKeyUsageOID

from tests.ingest.signing import FROM, UNTIL, Authority, named

POLICY: Final = "1.3.6.1.4.1.55555.1.1"
OTHER_POLICY: Final = "1.3.6.1.4.1.55555.1.2"
NAME: Final = "Autoridad de Estampado de Prueba"
_CONFIG: Final = f"""
[tsa]
default_tsa = own
[own]
serial = serial
signer_digest = sha256
default_policy = {POLICY}
other_policies = {OTHER_POLICY}
digests = sha256, sha512
accuracy = secs:1
ess_cert_id_alg = sha256
"""


@dataclass
class Stamper:
    """An authority that stamps. `answer` may be set to what it is to answer instead: (status, headers, body)."""

    folder: Path
    root: Authority = field(default_factory=Authority)
    since: datetime = FROM
    until: datetime = UNTIL
    purposes: tuple[x509.ObjectIdentifier, ...] = (ExtendedKeyUsageOID.TIME_STAMPING,)
    is_critical: bool = True
    answer: tuple[int, dict[str, str], bytes] | None = None
    asked: list[bytes] = field(default_factory=list)
    authorizations: list[str | None] = field(default_factory=list)
    url: str = ""

    @cached_property
    def roots(self) -> Path:
        """A folder with its root certificate alone."""
        return self.root.trusted_in(self.folder / "raices")

    def stamp(self, data: bytes) -> bytes:
        """The answer with a stamp of these bytes, as openssl gives it."""
        (self.folder / "data").write_bytes(data)
        self._openssl("ts", "-query", "-data", "data", "-sha256", "-cert", "-out", "own.tsq")
        return self.reply((self.folder / "own.tsq").read_bytes())

    def reply(self, query: bytes) -> bytes:
        """The answer to a request."""
        self.make()
        (self.folder / "query.tsq").write_bytes(query)
        signing = ("-signer", "tsa.crt", "-inkey", "tsa.key")
        self._openssl("ts", "-reply", "-config", "ts.cnf", "-section", "own", "-queryfile", "query.tsq", *signing, "-out", "reply.tsr")
        return (self.folder / "reply.tsr").read_bytes()

    def make(self) -> None:
        """Its key, its certificate and its configuration, once."""
        if (self.folder / "ts.cnf").exists():
            return
        key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        usage = x509.KeyUsage(True, True, False, False, False, False, False, False, False)
        certificate = (
            x509.CertificateBuilder(named(self.root.name), named(NAME), key.public_key(), 7, self.since, self.until)
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(usage, critical=True)
            .add_extension(x509.ExtendedKeyUsage(self.purposes), critical=self.is_critical)
            .sign(self.root.key, hashes.SHA256())
        )
        pem = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        (self.folder / "tsa.key").write_bytes(pem)
        (self.folder / "tsa.crt").write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
        (self.folder / "serial").write_text("01\n", "ascii")
        (self.folder / "ts.cnf").write_text(_CONFIG, "ascii")

    def _openssl(self, *words: str) -> None:
        subprocess.run(["openssl", *words], cwd=self.folder, check=True, capture_output=True)


@contextmanager
def answering(stamper: Stamper) -> Iterator[Stamper]:
    """The authority answers at its `url`."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _door(stamper, threading.Lock()))
    serving = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    serving.start()
    stamper.url = f"http://127.0.0.1:{server.server_address[1]}/estampas"
    try:
        yield stamper
    finally:
        server.shutdown()
        server.server_close()
        serving.join()


def new_stamper(folder: Path, **traits: object) -> Stamper:
    """An authority in a new folder. Skips where there is no openssl."""
    if shutil.which("openssl") is None:
        pytest.skip("not run: there is no openssl here («.ci/setup dev» installs it)")
    folder.mkdir()
    return Stamper(folder, **traits)  # type: ignore[arg-type]  # traits are its fields


def moment(year: int, month: int = 1, day: int = 1) -> datetime:
    return datetime(year, month, day, tzinfo=UTC)


def _door(stamper: Stamper, one_at_a_time: threading.Lock) -> type[BaseHTTPRequestHandler]:
    class Door(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            query = self.rfile.read(int(self.headers["Content-Length"]))
            with one_at_a_time:
                stamper.asked.append(query)
                stamper.authorizations.append(self.headers["Authorization"])
                is_right = self.headers["Content-Type"] == "application/timestamp-query"
                granted = (200, {"Content-Type": "application/timestamp-reply"}, stamper.reply(query)) if is_right else (415, {}, b"")
                status, headers, body = stamper.answer or granted
            self.send_response(status)
            for name, value in {"Content-Length": str(len(body)), **headers}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            """Nothing is told."""

    return Door
