"""archivo deposit."""

import argparse
import os
import stat
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Final

from archivo.access.policy import Actor, custody
from archivo.archive import Archive
from archivo.assembly import opened, settings_or_malformed
from archivo.commands.printing import login, one_line, print_json, print_line, print_message, progress
from archivo.errors import ArchivoError, Malformed, reason_of
from archivo.intake import services as intake
from archivo.intake.manifest import ManifestProblem, mode_of, read_manifest
from archivo.intake.representing import deposited_json
from archivo.intake.services import Deposited, Metadata, Upload
from archivo.jobs import Queue
from archivo.records.wording import STATES
from archivo.web.spanish import count
from ingest.tools.process import helped_by

Act = Callable[[argparse.Namespace], int]
HELPED_FROM: Final = 50
"""Files from which a second process pays for its start."""


def deposit(parser: argparse.ArgumentParser) -> Act:
    """Recibir archivos y carpetas: quedan guardados al responder."""
    parser.add_argument("paths", nargs="*", metavar="RUTA", type=Path)
    parser.add_argument("--manifest", type=Path, metavar="ARCHIVO.csv")
    parser.add_argument("--wait", action="store_true", help="esperar hasta que cada uno se pueda encontrar")
    parser.add_argument("--dry-run", action="store_true", help="revisar sin guardar nada")
    parser.add_argument("--json", action="store_true")
    return _deposit


COMMANDS: Final = {"deposit": deposit}


def _deposit(options: argparse.Namespace) -> int:
    _check_paths(options)
    settings = settings_or_malformed()
    with opened(settings) as archive:
        from archivo.operations.reconciling import reconcile

        reconcile(archive)
        actor = custody(login())
        if options.manifest:
            manifest = read_manifest(archive, options.manifest)
            if options.dry_run or manifest.problems:
                return _print_check(manifest.total, manifest.problems, options.json)
            files = [(row.path, row.metadata) for row in manifest.rows]
        else:
            files = []
        files += [(path, Metadata()) for path in _walk(options.paths)]
        if options.dry_run:
            return _print_check(len(files), (), options.json)
        with _helped(options, len(files), is_local=settings.broker_url == "local://"):
            return _deposit_all(archive, actor, files, options)


def _helped(options: argparse.Namespace, files: int, *, is_local: bool) -> AbstractContextManager[None]:
    """A worker beside this process while it receives and works many files: one process of Python keeps one processor busy."""
    if not options.wait or files < HELPED_FROM or (os.cpu_count() or 1) < 2 or not is_local:
        return nullcontext()
    light = ",".join((Queue.INGEST, Queue.INDEX, Queue.SEAL))
    return helped_by([sys.executable, "-m", "archivo", "worker", "--queues", light, "--while-input"], {"ARCHIVO_WORKERS": "1"})


def _deposit_all(archive: Archive, actor: Actor, files: Sequence[tuple[Path, Metadata]], options: argparse.Namespace) -> int:
    deposited: list[Deposited] = []
    failed = False
    with progress("Recibidos", len(files)) as counter:
        for path, metadata in files:
            try:
                with path.open("rb") as content:
                    deposited.append(intake.deposit(archive, actor, Upload(content, filename_of(path), metadata)))
            except ArchivoError as fault:
                failed = True
                _print_failed(path, fault, options.json)
            except OSError as fault:
                failed = True
                error = Malformed(
                    "file.unreadable", f"No se pudo leer el archivo ({reason_of(fault)}). No se recibió.", "Revise sus permisos y repita."
                )
                _print_failed(path, error, options.json)
            else:
                if not options.wait:
                    _print(deposited[-1], options.json)
            counter.step()
    if options.wait:
        deposited = _wait(archive, actor, deposited)
        for one in deposited:
            _print(one, options.json)
    wrong = any(one.state == "failed" or any(f.severity == "error" for f in one.findings) for one in deposited)
    return 1 if failed or wrong else 0


def _wait(archive: Archive, actor: Actor, deposited: Sequence[Deposited]) -> list[Deposited]:
    from archivo.worker import work_until_done

    objects = {one.id for one in deposited} | intake.fonds_of(archive, [one.id for one in deposited[:1]])
    work_until_done(archive, objects, threads=os.cpu_count() or 1)
    return [intake.outcome_of(archive, actor, one) for one in deposited]


def _check_paths(options: argparse.Namespace) -> None:
    if not options.paths and not options.manifest:
        raise Malformed("deposit.nothing", "No se dijo qué recibir. No se guardó nada.", "Nombre archivos, carpetas o un manifiesto.")
    missing = [path for path in (*options.paths, *filter(None, (options.manifest,))) if not mode_of(path)]
    if missing:
        raise Malformed("path.missing", f"No existe «{missing[0]}». No se guardó nada.", "Revise la ruta.")
    if options.manifest and not stat.S_ISREG(mode_of(options.manifest)):
        what = "una carpeta" if stat.S_ISDIR(mode_of(options.manifest)) else "un dispositivo"
        raise Malformed(
            "path.missing", f"«{options.manifest}» es {what}, no un manifiesto. No se guardó nada.", "Dé la ruta de un archivo CSV."
        )


def _walk(paths: Sequence[Path]) -> Iterator[Path]:
    """The files of the paths, folders in order; links inside folders are not followed, devices and dot-files are skipped with a message.

    What cannot be looked into is given as it is, so that depositing it tells why.
    """
    waiting = [*reversed(paths)]
    while waiting:
        path = waiting.pop()
        mode = mode_of(path)
        if stat.S_ISDIR(mode):
            try:
                waiting += reversed(_inside(path))
            except OSError:
                yield path
        elif stat.S_ISREG(mode) or not mode:
            yield path
        else:
            print_message(f"Se omitió «{one_line(str(path))}»: no es un archivo.")


def _inside(folder: Path) -> list[Path]:
    """What a folder holds, in order, without its links and dot-files."""
    kept = []
    for entry in sorted(folder.iterdir(), key=lambda one: os.fsencode(one.name)):
        if entry.is_symlink() or entry.name.startswith("."):
            print_message(f"Se omitió «{one_line(str(entry))}»: es un enlace o un archivo oculto.")
        else:
            kept.append(entry)
    return kept


def filename_of(path: Path) -> str:
    r"""The last component as given; bytes that are not UTF-8 as `\xNN`."""
    return os.fsencode(path.name).decode("utf-8", "backslashreplace")


def _print(one: Deposited, json: bool) -> None:
    if json:
        print_json(deposited_json(one))
        return
    again = " (ya estaba: no se guardó de nuevo)" if one.duplicate_of else ""
    print_line(f"{one.id}  {STATES[one.state]}  {one_line(one.filename)}{again}")
    for finding in one.findings:
        print_line(f"    {finding.message} {finding.remedy}")


def _print_failed(path: Path, fault: ArchivoError, json: bool) -> None:
    if json:
        finding = {"code": fault.code, "severity": "error", "message": fault.message, "remedy": fault.remedy}
        empty = {"id": None, "filename": filename_of(path), "sha256": None, "size": None, "state": "failed", "duplicate_of": None}
        print_json({**empty, "findings": [finding], "error": {"code": fault.code, "message": fault.message, "remedy": fault.remedy}})
    else:
        print_message(f"«{one_line(str(path))}»: {fault.message} {fault.remedy}")


def _print_check(rows: int, problems: Sequence[ManifestProblem], json: bool) -> int:
    bad = len({problem.line for problem in problems})
    if json:
        print_json({"rows": rows, "ok": max(0, rows - bad), "problems": list(problems)})
    else:
        for problem in problems:
            print_line(f"Línea {problem.line}, columna {problem.column or '—'}: {problem.message} {problem.remedy}")
        print_line(f"{count(rows, 'fila revisada', 'filas revisadas')}, {bad} con problemas.")
    return 1 if problems else 0
