"""Scanning over ClamAV's protocol, against a server in this process that speaks it, and clamd itself where it runs."""

import io
import os
import socket
import struct
from collections.abc import Callable, Iterator
from pathlib import Path
from threading import Thread

import pytest

from tests.ingest import made
from tests.ingest.conftest import Take
from tests.ingest.enveloping import armoured, enveloped
from tests.ingest.signing import AUTHORITY

EICAR = rb"X5O!P%@AP[4\PZX54(P^)7CC)7}$" + b"EICAR-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*"
Judge = Callable[[bytes], bytes]


class Clamd:
    """A server that speaks clamd's protocol on a unix socket; `judge` answers for a stream's bytes."""

    def __init__(self, path: Path, judge: Judge, largest: int = 1 << 20) -> None:
        self.judge, self.largest = judge, largest
        self.listening = socket.socket(socket.AF_UNIX)
        self.listening.bind(str(path))
        self.listening.listen()
        self.thread = Thread(target=self._serve)
        self.thread.start()

    def close(self) -> None:
        self.listening.shutdown(socket.SHUT_RDWR)
        self.thread.join()
        self.listening.close()

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self.listening.accept()
            except OSError:
                return
            with connection, connection.makefile("rb") as stream:
                command = self._command(stream)
                connection.sendall((b"ClamAV 1.4.1/27500/Mon Jan  5 2026" if command == b"zVERSION" else self._scan(stream)) + b"\0")

    @staticmethod
    def _command(stream: io.BufferedReader) -> bytes:
        command = b""
        while (byte := stream.read(1)) not in (b"\0", b""):
            command += byte
        return command

    def _scan(self, stream: io.BufferedReader) -> bytes:
        content = b""
        while size := struct.unpack("!I", stream.read(4))[0]:
            content += stream.read(size)
            if len(content) > self.largest:
                return b"INSTREAM size limit exceeded. ERROR"
        return self.judge(content)


def honest(content: bytes) -> bytes:
    return b"stream: Eicar-Test-Signature FOUND" if EICAR in content else b"stream: OK"


@pytest.fixture
def clamd(tmp_path: Path) -> Iterator[Callable[[Judge], Path]]:
    servers: list[Clamd] = []

    def start(judge: Judge) -> Path:
        path = tmp_path / f"clamd-{len(servers)}.sock"
        servers.append(Clamd(path, judge))
        return path

    yield start
    for server in servers:
        server.close()


def test_without_a_scanner_it_says_so(take: Take) -> None:
    assert take(made.pdf(["Hola"]), "acta.pdf").outcomes[0] == "scan.not_configured"


def test_a_clean_file_goes_on(take: Take, clamd: Callable[[Judge], Path]) -> None:
    taken = take(made.pdf(["Hola"]), "acta.pdf", socket=clamd(honest))
    assert taken.outcomes == ["scan.clean", "identify.identified", "validate.valid", "extract.done"]
    assert taken.report.events[0].params["engine"] == "ClamAV 1.4.1/27500/Mon Jan  5 2026"


def test_a_virus_is_an_error_and_the_file_is_not_read(take: Take, clamd: Callable[[Judge], Path]) -> None:
    taken = take(b"Texto " + EICAR, "nota.txt", socket=clamd(honest))
    assert taken.errors == {"scan.virus"}
    assert "Eicar-Test-Signature" in taken.work.findings[0].message
    assert taken.outcomes == ["scan.infected", "identify.identified", "validate.not_readable", "extract.not_readable"]
    assert not taken.work.parts


def test_a_virus_inside_a_signed_envelope_is_found_there(take: Take, clamd: Callable[[Judge], Path]) -> None:
    """A scanner that does not look into CMS: in base64 it sees nothing of what the envelope holds."""
    envelope = armoured(enveloped(b"Texto " + EICAR, AUTHORITY.signer("Ana")))
    assert EICAR not in envelope
    taken = take(envelope, "nota.txt.p7m", socket=clamd(honest))
    assert taken.outcomes[0] == "scan.clean"
    assert "scan.virus" in taken.errors
    assert not taken.work.parts
    assert not taken.work.readable


def test_a_file_larger_than_the_scanner_takes_is_a_warning(take: Take, clamd: Callable[[Judge], Path]) -> None:
    taken = take(b"Una linea de texto.\n" * 200_000, "largo.txt", socket=clamd(honest))
    assert taken.outcomes[0] == "scan.too_large"
    assert taken.text.startswith("Una linea")


@pytest.mark.parametrize("answer", [b"", b"stream: something else", b"UNKNOWN COMMAND"])
def test_a_scanner_that_does_not_answer_is_tried_again(take: Take, clamd: Callable[[Judge], Path], answer: bytes) -> None:
    taken = take(b"Hola", "nota.txt", socket=clamd(lambda _: answer))
    assert taken.report.retry
    assert taken.errors == {"scan.unavailable"}


def test_a_scanner_that_is_absent_is_tried_again(take: Take, tmp_path: Path) -> None:
    assert take(b"Hola", "nota.txt", socket=tmp_path / "nobody.sock").report.retry


def test_clamd_itself(take: Take) -> None:
    path = next((path for path in (Path("/run/clamav/clamd.ctl"), Path("/var/run/clamav/clamd.ctl")) if os.access(path, os.W_OK)), None)
    if path is None:
        pytest.skip("not run: no clamd listens here")
    assert take(EICAR, "eicar.txt", socket=path).errors == {"scan.virus"}
    assert take(b"Hola", "nota.txt", socket=path).outcomes[0] == "scan.clean"
