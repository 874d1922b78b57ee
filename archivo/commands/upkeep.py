"""archivo rebuild, jobs, doctor."""

import argparse
from collections.abc import Callable
from typing import Final

from archivo.access.policy import custody
from archivo.assembly import opened, settings_or_malformed
from archivo.commands.printing import login, print_json, print_line, progress
from archivo.web.spanish import count

Act = Callable[[argparse.Namespace], int]


def rebuild(parser: argparse.ArgumentParser) -> Act:
    """Rehacer el catálogo desde el almacén, el índice desde el catálogo, o ambos."""
    choice = parser.add_mutually_exclusive_group()
    choice.add_argument("--index", action="store_true")
    choice.add_argument("--catalogue", action="store_true")
    parser.add_argument("--json", action="store_true")
    return _rebuild


def jobs(parser: argparse.ArgumentParser) -> Act:
    """Ver los trabajos, o reintentar los que fallaron."""
    parser.add_argument("--failed", action="store_true")
    parser.add_argument("--retry", metavar="ID", help="un trabajo o un documento")
    parser.add_argument("--json", action="store_true")
    return _jobs


def doctor(parser: argparse.ArgumentParser) -> Act:
    """Revisar la instalación y decir qué hacer."""
    parser.add_argument("--json", action="store_true")
    return _doctor


STATUS: Final = {"ok": "bien", "warning": "aviso", "error": "error"}
COMMANDS: Final = {"rebuild": rebuild, "jobs": jobs, "doctor": doctor}


def _rebuild(options: argparse.Namespace) -> int:
    from archivo.custody.ledger import restore_ledgers
    from archivo.intake import rebuilding
    from archivo.worker import work_until_done

    restored = rebuilding.Rebuilt()
    entries = 0
    with opened() as archive:
        if not options.index:
            with progress("Objetos") as counter:
                restored = rebuilding.rebuild_catalogue(archive, counter.told)
            restore_ledgers(archive, restored.ledgers)
        if not options.catalogue:
            entries = rebuilding.rebuild_index(archive)
        if not options.index:
            with progress("Objetos terminados") as counter:
                work_until_done(archive, rebuilding.objects_to_finish(archive), told=counter.told)
    if options.json:
        print_json(
            {
                "fonds": restored.fonds,
                "trd": restored.trd_versions,
                "documents": restored.documents,
                "entries": entries,
                "unreadable": list(restored.unreadable),
                "undone": list(restored.undone),
                "deleted": restored.deleted,
            }
        )
    else:
        counts = (
            count(restored.fonds, "fondo"),
            count(restored.trd_versions, "tabla de retención", "tablas de retención"),
            count(restored.documents, "documento"),
            *([count(restored.deleted, "eliminado")] if restored.deleted else []),
            count(entries, "entrada"),
        )
        print_line(f"{', '.join(counts)}.")
        for object_id in restored.unreadable:
            print_line(f"  No se pudo leer {object_id}.")
        for document_id in restored.undone:
            print_line(f"  {document_id}: vale lo que dice su paquete; lo último que se hizo sobre la base de datos hay que repetirlo.")
    return 1 if restored.unreadable else 0


def _jobs(options: argparse.Namespace) -> int:
    from archivo.operations import services as operations

    with opened() as archive:
        actor = custody(login())
        if options.retry:
            retried = operations.retry_job(archive, actor, options.retry)
            if options.json:
                print_json({"retried": retried})
            else:
                print_line(f"{count(len(retried), 'trabajo')} en espera otra vez.")
            return 0
        listed = operations.list_jobs(archive, actor, state="failed" if options.failed else None, limit=1000)
    if options.json:
        print_json(listed)
    else:
        for job in listed:
            reason = f"  {job.error_code}: {job.error_detail}" if job.error_code else ""
            print_line(f"{job.id}  {operations.STATES[job.state]:9} {job.kind_in_words}  {job.object_id}{reason}")
    return 0


def _doctor(options: argparse.Namespace) -> int:
    from archivo.configuration import state_of
    from archivo.operations.doctor import Check
    from archivo.servers import examine_all

    settings = settings_or_malformed()
    checks = [*(Check(*told) for told in state_of(settings)), *examine_all(settings)]
    if options.json:
        print_json({"checks": checks, "ok": all(check.status != "error" for check in checks)})
    else:
        for check in checks:
            print_line(f"{STATUS[check.status]:6} {check.name}: {check.message} {check.remedy}".rstrip())
    return 1 if any(check.status == "error" for check in checks) else 0
