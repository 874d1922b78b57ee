"""Memory and disk that large documents take: `python -m tests.bench.bench_memory [--small]` prints one JSON value.

A file of 2 GB (200 MB with `--small`) is received by API, by the form of the page and by the command line; then a long PDF born digital
(5,000 pages, or 300) is worked by `archivo deposit --wait`, and a long scan (200 pages, or 40) the same way, twenty pages a job. Figures
are the peak resident memory (VmHWM) of each process; `beside_the_object` is the most that the home held beyond the object itself. The scan
is not of 5,000 pages (bench_scan works one, of index cards): what matters is whether memory grows with the number of ranges, so half as
many pages are worked too, and compared.
"""

import argparse
import http.client
import io
import json
import os
import re
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlencode

from reportlab.lib.utils import ImageReader
from reportlab.pdfgen.canvas import Canvas

from tests.bench.bench_http import free_port, serve
from tests.bench.bench_search import Writer
from tests.corpus.pages import make_page
from tests.corpus.renderings import render

MIB = 1 << 20
BOUNDARY = "limite-de-la-medida"
PASSWORD = "una clave larga para medir"


def peak(pid: int) -> float:
    """The most memory that a living process has held, in MiB; 0 if it is gone."""
    try:
        found = re.search(r"VmHWM:\s+(\d+)", Path(f"/proc/{pid}/status").read_text("ascii"))
    except OSError:
        return 0.0
    return int(found[1]) / 1024 if found else 0.0


def children(pid: int) -> list[int]:
    """The children that any thread of a process started."""
    listed: list[str] = []
    for task in Path(f"/proc/{pid}/task").glob("*/children"):
        with suppress(OSError):
            listed += task.read_text("ascii").split()
    return [int(one) for one in listed]


def held(folder: Path) -> int:
    """Bytes on the disk under a folder, at this instant."""
    total = 0
    for place, _, names in os.walk(folder):
        for name in names:
            try:
                total += os.lstat(Path(place, name)).st_blocks * 512
            except OSError:
                continue
    return total


@dataclass(slots=True)
class Watch:
    """Looks at a process, its children and a folder until told to stop."""

    pid: int
    folder: Path
    own: float = 0.0
    others: dict[int, float] = field(default_factory=dict)
    disk: int = 0
    stop: threading.Event = field(default_factory=threading.Event)

    def run(self) -> None:
        while not self.stop.wait(0.1):
            self.own = max(self.own, peak(self.pid))
            for child in [pid for first in children(self.pid) for pid in (first, *children(first))]:
                self.others[child] = max(self.others.get(child, 0.0), peak(child))
            self.disk = max(self.disk, held(self.folder))

    def during(self, act: Callable[[], None]) -> dict[str, float]:
        before = held(self.folder)
        watcher = threading.Thread(target=self.run)
        watcher.start()
        begun = time.perf_counter()
        try:
            act()
        finally:
            self.stop.set()
            watcher.join()
        return {
            "peak_mib": round(max(self.own, peak(self.pid)), 1),
            "largest_child_mib": round(max(self.others.values(), default=0.0), 1),
            "disk_taken_mib": round((self.disk - before) / MIB, 1),
            "seconds": round(time.perf_counter() - begun, 1),
        }


def archivo(home: Path, *words: str | Path, stdin: bytes = b"") -> bytes:
    line = [sys.executable, "-m", "archivo", *map(str, words)]
    return subprocess.run(line, env=os.environ | {"ARCHIVO_HOME": str(home)}, input=stdin, stdout=subprocess.PIPE, check=True).stdout


def command(home: Path, *words: str | Path) -> dict[str, float]:
    """What a command takes, from its start to its end."""
    line = [sys.executable, "-m", "archivo", *map(str, words)]
    child = subprocess.Popen(line, env=os.environ | {"ARCHIVO_HOME": str(home)}, stdout=subprocess.DEVNULL)

    def wait() -> None:
        if child.wait() not in (0, 1):
            sys.exit(f"{words[0]} ended with {child.returncode}")

    return Watch(child.pid, home).during(wait)


def content(seed: int, size: int) -> Iterator[bytes]:
    """`size` bytes of no known format, different for each seed, made as they are read."""
    block = os.urandom(MIB)
    for number in range(size // MIB):
        yield f"{seed:08}{number:08}".encode() + block[16:]


def send(port: int, address: str, headers: dict[str, str], fields: Sequence[tuple[str, str]], seed: int, size: int) -> None:
    """One file in a form, its bytes made while they are sent."""
    before = "".join(f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n' for name, value in fields)
    before += f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="file"; filename="grande.bin"\r\n\r\n'
    after = f"\r\n--{BOUNDARY}--\r\n"
    length = len(before.encode()) + size + len(after)

    def body() -> Iterator[bytes]:
        yield before.encode()
        yield from content(seed, size)
        yield after.encode()

    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=3600)
    kind = {"content-type": f"multipart/form-data; boundary={BOUNDARY}", "content-length": str(length)}
    connection.request("POST", address, body(), headers | kind)
    answer = connection.getresponse()
    said = answer.read()
    if answer.status not in (200, 202):
        sys.exit(f"{address}: {answer.status} {said[:300]!r}")


def signed_in(port: int) -> tuple[dict[str, str], str]:
    """The cookie of a session, and the token of its forms."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)

    def ask(method: str, address: str, cookie: str, body: str | None = None) -> tuple[str, str]:
        kind = {"content-type": "application/x-www-form-urlencoded"} if body else {}
        connection.request(method, address, body, {"cookie": cookie} | kind)
        answer = connection.getresponse()
        given = answer.getheader("set-cookie")
        return (given.partition(";")[0] if given else cookie), answer.read().decode()

    def token(text: str) -> str:
        found = re.search(r'name="ficha" value="([^"]+)"', text)
        assert found
        return found[1]

    cookie, form = ask("GET", "/ingresar", "")
    cookie, _ = ask("POST", "/ingresar", cookie, urlencode({"ficha": token(form), "usuario": "ana", "clave": PASSWORD}))
    cookie, form = ask("GET", "/recibir", cookie)
    return {"cookie": cookie}, token(form)


def receiving(home: Path, folder: Path, size: int) -> dict[str, dict[str, float]]:
    """A large file by each door; the bytes are different each time."""
    archivo(home, "user", "create", "ana", "--role", "archivist", "--password-stdin", stdin=PASSWORD.encode())
    bearer = json.loads(archivo(home, "token", "create", "--user", "ana", "--json"))["token"]
    port = free_port()
    server = serve(home, port)
    try:
        cookie, ficha = signed_in(port)
        by_api = Watch(server.pid, home).during(
            lambda: send(port, "/api/v1/documents", {"authorization": f"Bearer {bearer}"}, [("metadata", "{}")], 1, size)
        )
        by_page = Watch(server.pid, home).during(lambda: send(port, "/recibir", cookie, [("ficha", ficha)], 2, size))
    finally:
        server.terminate()
        server.wait()
    large = folder / "grande.bin"
    with large.open("wb") as file:
        file.writelines(content(3, size))
    by_command = command(home, "deposit", large)
    large.unlink()
    found = {"api": by_api, "page": by_page, "command": by_command}
    return {name: {**each, "beside_the_object_mib": round(each["disk_taken_mib"] - size / MIB, 1)} for name, each in found.items()}


def born_digital(path: Path, pages: int) -> None:
    canvas = Canvas(str(path))
    for entry in (entry for entry in Writer(3).entries(pages, 1) if entry.page):
        for number in range(40):
            canvas.drawString(50, 790 - 18 * number, entry.body[number * 60 : number * 60 + 60].replace("\n", " "))
        canvas.showPage()
    canvas.save()


def scan(path: Path, pages: int, image: bytes) -> None:
    canvas = Canvas(str(path), pagesize=(595, 842))
    for _ in range(pages):
        canvas.drawImage(ImageReader(io.BytesIO(image)), 0, 0, 595, 842)
        canvas.showPage()
    canvas.save()


def working(home: Path, folder: Path, pages: int, scanned: int) -> dict[str, dict[str, float]]:
    """Long documents, each worked by one command in a home of its own kind."""
    image = io.BytesIO()
    render(make_page("acta", 1), "fax200").save(image, "PNG")
    documents: list[tuple[str, int, Callable[[Path, int], None]]] = [
        ("born_digital", pages, born_digital),
        ("scan_half", scanned // 2, lambda path, count: scan(path, count, image.getvalue())),
        ("scan", scanned, lambda path, count: scan(path, count, image.getvalue())),
    ]
    found = {}
    for name, count, make in documents:
        path = folder / f"{name}.pdf"
        make(path, count)
        found[name] = {"pages": count, **command(home, "deposit", path, "--wait")}
        path.unlink()
    return found


def main(arguments: Sequence[str]) -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--small", action="store_true")
    options = parser.parse_args(arguments)
    size, pages, scanned = (200 * MIB, 300, 40) if options.small else (2048 * MIB, 5_000, 200)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        received = receiving(folder / "home", folder, size)
        worked = working(folder / "work", folder, pages, scanned)
    report = {
        "command": " ".join(["python -m tests.bench.bench_memory", *arguments]),
        "machine": {"cpus": os.cpu_count(), "load": os.getloadavg()[0], "python": sys.version.split()[0]},
        "file_mib": size / MIB,
        "receiving": received,
        "working": worked,
        "ratio": {
            "peak_to_file": {door: round(each["peak_mib"] * MIB / size, 3) for door, each in received.items()},
            "scan_to_half": round(worked["scan"]["peak_mib"] / worked["scan_half"]["peak_mib"], 2),
        },
    }
    print(json.dumps(report, indent=1))


if __name__ == "__main__":
    main(sys.argv[1:])
