"""A program that opens hostile files is kept from other files, from the network and from more than its share; a real one is asked."""

import os
import socket
import sys
from pathlib import Path

import pytest

from ingest.tools.confinement import Confinement, possible
from ingest.tools.process import ToolCrashed, ToolTimeout, run_confined

SYSTEM = ("/usr", "/lib", "/lib64", "/bin", sys.prefix, sys.base_prefix)


def confined(folder: Path, code: str, *, timeout: float = 30, memory: int = 4 << 30, file_size: int = 1 << 30) -> tuple[int, str]:
    """What a Python that is confined to `folder` says, and how it ends."""
    folder.mkdir(exist_ok=True)
    confinement = Confinement(SYSTEM, (str(folder), "/dev/null"), memory=memory, file_size=file_size)
    words = [sys.executable, "-S", "-E", "-c", code]
    status = run_confined(words, confinement, timeout=timeout, folder=folder, environment={"PATH": "/usr/bin:/bin"})
    return status, (folder / "said").read_text()


def needs(what: str) -> None:
    if not possible()[what]:
        pytest.skip(f"not run: the kernel of this machine cannot keep a program from other {what}")


def test_other_files_are_out_of_reach(tmp_path: Path) -> None:
    needs("files")
    secret = tmp_path / "secreto"
    secret.write_text("clave")
    ours = tmp_path / "suya"
    assert confined(ours, "open('mio', 'w').write('x'); print(open('mio').read())") == (0, "x\n")
    for act in (f"open({str(secret)!r}).read()", f"open({str(secret)!r}, 'w')", f"open({str(tmp_path / 'otro')!r}, 'w')"):
        status, said = confined(ours, act)
        assert status == 1
        assert "PermissionError" in said
    status, said = confined(ours, f"open('/proc/{os.getpid()}/environ').read()")
    assert (status, "PermissionError" in said) == (1, True)
    assert secret.read_text() == "clave"


@pytest.mark.parametrize("family", ["AF_INET", "AF_INET6", "AF_NETLINK", "AF_PACKET"])
def test_the_network_is_out_of_reach(tmp_path: Path, family: str) -> None:
    needs("network")
    status, said = confined(tmp_path / "suya", f"import _socket; _socket.socket(_socket.{family}, _socket.SOCK_STREAM)")
    assert (status, "Permission" in said) == (1, True)


def test_who_listens_hears_nothing(tmp_path: Path) -> None:
    needs("network")
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]
        status, _ = confined(tmp_path / "suya", f"import _socket; _socket.socket().connect(('127.0.0.1', {port}))")
        assert status == 1
        listening.settimeout(0.1)
        with pytest.raises(TimeoutError):
            listening.accept()


def test_memory_disk_and_time_have_an_end(tmp_path: Path) -> None:
    ours = tmp_path / "suya"
    status, said = confined(ours, "x = bytearray(1 << 30)", memory=512 << 20)
    assert (status, "MemoryError" in said) == (1, True)
    assert confined(ours, "open('grande', 'wb').write(bytes(2 << 20))", file_size=1 << 20)[0] != 0
    assert (ours / "grande").stat().st_size <= 1 << 20
    with pytest.raises(ToolTimeout):
        confined(ours, "import time; time.sleep(60)", timeout=1)


def test_what_cannot_be_started_is_told(tmp_path: Path) -> None:
    with pytest.raises(ToolCrashed):
        run_confined([tmp_path / "nada"], Confinement((), ()), timeout=10, folder=tmp_path, environment={})
