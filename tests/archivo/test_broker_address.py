"""With whom a worker and a web speak by `amqps://`: with who can prove the name that the address has, and nobody else."""

import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from archivo.broker import CeleryLegs
from archivo.clock import now
from archivo.jobs import Queue

GREETING = b"AMQP\x00\x00\x09\x01"


def certificate(folder: Path, name: str) -> Path:
    """A certificate for a name, and its key, in one file; it is its own root."""
    key = ec.generate_private_key(ec.SECP256R1())
    named = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    made = (
        x509.CertificateBuilder(named, named, key.public_key(), 7, now() - timedelta(days=1), now() + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    path = folder / f"{name}.pem"
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    path.write_bytes(private + made.public_bytes(Encoding.PEM))
    return path


@contextmanager
def listening(pem: Path) -> Iterator[tuple[int, list[bytes]]]:
    """The port of who answers with this certificate, and what was said to it."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pem)
    heard: list[bytes] = []
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def answer() -> None:
            with suppress(OSError):
                while True:
                    taken, _ = listener.accept()
                    with suppress(OSError), context.wrap_socket(taken, server_side=True) as spoken:
                        heard.append(spoken.recv(len(GREETING)))

        thread = threading.Thread(target=answer)
        thread.start()
        try:
            yield listener.getsockname()[1], heard
        finally:
            listener.shutdown(socket.SHUT_RDWR)
            thread.join()


@pytest.mark.parametrize(("name", "said"), [("localhost", [GREETING]), ("otro.example", [])])
def test_a_broker_is_spoken_to_only_if_its_certificate_is_of_the_name_asked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, said: list[bytes]
) -> None:
    pem = certificate(tmp_path, name)
    monkeypatch.setenv("SSL_CERT_FILE", str(pem))
    with listening(pem) as (port, heard):
        legs = CeleryLegs(f"amqps://archivo:clave-de-prueba@localhost:{port}/uno")
        assert legs.carried(Queue.INGEST) is None
        legs.close()
    assert heard[:1] == said
