"""Fill an archive with the sample documents, show that they are found, and leave it serving."""

import json
import os
import secrets
import sys
import time
import urllib.request
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from archivo.access import services as access
from archivo.access.policy import CITIZEN, Actor, custody
from archivo.archive import Archive
from archivo.assembly import opened
from archivo.commands.printing import login, print_line, progress
from archivo.commands.search import print_found
from archivo.demo import MANIFEST, TRD
from archivo.discovery.services import find
from archivo.errors import Conflict, Unavailable
from archivo.intake import services as intake
from archivo.intake.manifest import read_manifest
from archivo.intake.services import Upload
from archivo.operations.reconciling import reconcile
from archivo.operations.services import count_documents
from archivo.retention import services as retention
from archivo.settings import Settings
from archivo.worker import work_until_done
from ingest.tools.process import detach
from search.index import Query

PEOPLE: Final = (
    ("archivista", "archivist", "Archivista de muestra"),
    ("funcionaria", "servant", "Servidora de muestra"),
    ("entidad", "entity", "Entidad de muestra"),
    ("operador", "operator", "Operador de muestra"),
)
QUESTION: Final = "puente de la Concordia"
PATIENCE: Final = 60


@dataclass(frozen=True, slots=True)
class Served:
    """Where the demonstration answers, and the process that serves it."""

    address: str
    pid: int


def run(settings: Settings, *, port: int, serve: bool) -> int:
    """Make or complete the demonstration; safe to run again. Raises Conflict in a home that holds documents of its own."""
    notes = settings.home / "demo.json"
    passwords: dict[str, str] = json.loads(notes.read_text(encoding="utf-8")) if notes.exists() else {}
    with opened(settings) as archive:
        if not notes.exists() and count_documents(archive):
            raise Conflict(
                "demo.home",
                f"La carpeta {settings.home} ya guarda documentos que no son de la muestra. No se cambió nada.",
                "Use otra carpeta: ARCHIVO_HOME=./var-muestra make demo",
            )
        _keep_secret(notes, passwords)
        actor = custody(login())
        reconcile(archive)
        _create_people(archive, actor, passwords, notes)
        _import_trd(archive, actor)
        failed = _deposit(archive, actor, settings.workers)
        print_line("")
        print_line(f"Esto encuentra un ciudadano que busca «{QUESTION}»:")
        print_found(find(archive, CITIZEN, Query(QUESTION, limit=3)))
    print_line("")
    if serve:
        served = _serve(settings, port)
        print_line(f"Archivo está en {served.address} (proceso {served.pid}; para detenerlo: make stop)")
    print_line("Para ingresar, uno de estos usuarios y su contraseña:")
    for name, _, full_name in PEOPLE:
        print_line(f"  {name:12} {passwords[name]}   {full_name}")
    print_line(f"Quedan guardadas en {notes}, que solo usted puede leer.")
    return 1 if failed else 0


def _create_people(archive: Archive, actor: Actor, passwords: dict[str, str], notes: Path) -> None:
    known = {person.login for person in access.list_people(archive, actor)}
    for name, role, full_name in PEOPLE:
        if name not in passwords:
            passwords[name] = secrets.token_urlsafe(12)
            _keep_secret(notes, passwords)
        if name not in known:
            access.create_user(archive, actor, name, role, name=full_name, password=passwords[name])


def _import_trd(archive: Archive, actor: Actor) -> None:
    outcome = retention.import_trd(archive, actor, TRD.read_bytes(), TRD.name)
    if outcome.id is not None:
        work_until_done(archive, retention.objects_of_import(archive, outcome.id))
    print_line(f"Tabla de retención de muestra: {outcome.classes} clases.")


def _deposit(archive: Archive, actor: Actor, threads: int) -> int:
    """Deposit the corpus and wait until all can be found; how many failed."""
    manifest = read_manifest(archive, MANIFEST)
    deposited = []
    with progress("Recibidos", len(manifest.rows)) as counter:
        for row in manifest.rows:
            with row.path.open("rb") as content:
                deposited.append(intake.deposit(archive, actor, Upload(content, row.path.name, row.metadata)))
            counter.step()
    print_line(f"{len(deposited)} documentos recibidos; se leen, se clasifican y se indexan…")
    work_until_done(archive, {one.id for one in deposited}, threads=threads)
    outcomes = [intake.outcome_of(archive, actor, one) for one in deposited]
    findable = sum(one.state == "findable" for one in outcomes)
    print_line(f"{findable} de {len(outcomes)} se pueden encontrar.")
    return len(outcomes) - findable + len(manifest.problems)


def _serve(settings: Settings, port: int) -> Served:
    """The server that already runs, or a new one. Raises Unavailable when it does not come up."""
    pid_file = settings.home / "serve.pid"
    for tried in (port, *range(port + 1, port + 20)):
        address = f"http://127.0.0.1:{tried}"
        running = _running(pid_file, address)
        if running is not None:
            return Served(f"{address}/", running)
        if not _answers(address):
            pid = _start(settings, pid_file, tried)
            _wait(address, pid)
            return Served(f"{address}/", pid)
    raise Unavailable("demo.port", "No se encontró un puerto libre. Los documentos quedaron guardados.", "Dé otro puerto con --port.")


def _start(settings: Settings, pid_file: Path, port: int) -> int:
    command: Sequence[str] = (sys.executable, "-m", "archivo", "serve", "--port", str(port))
    pid = detach(command, settings.home / "serve.log")
    pid_file.write_text(f"{pid}\n", encoding="ascii")
    pid_file.with_suffix(".port").write_text(f"{port}\n", encoding="ascii")
    return pid


def _running(pid_file: Path, address: str) -> int | None:
    with suppress(OSError, ValueError):
        pid = int(pid_file.read_text(encoding="ascii"))
        os.kill(pid, 0)
        port = int(pid_file.with_suffix(".port").read_text(encoding="ascii"))
        if address.endswith(f":{port}") and _answers(address):
            return pid
    return None


def _answers(address: str) -> bool:
    try:
        with urllib.request.urlopen(f"{address}/health/live", timeout=2) as response:  # noqa: S310 - our own address
            return bool(response.status == 200)
    except OSError:
        return False


def _wait(address: str, pid: int) -> None:
    for _ in range(PATIENCE * 10):
        if _answers(address):
            return
        with suppress(ChildProcessError):
            if os.waitpid(pid, os.WNOHANG)[0]:
                break
        time.sleep(0.1)
    raise Unavailable("demo.serve", "El servidor no arrancó. Los documentos quedaron guardados.", "Lea serve.log en la carpeta de la casa.")


def _keep_secret(path: Path, passwords: dict[str, str]) -> None:
    half = path.with_suffix(".part")
    descriptor = os.open(half, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as stream:
        json.dump(passwords, stream, indent=1)
    half.replace(path)
