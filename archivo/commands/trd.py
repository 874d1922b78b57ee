"""archivo trd import, list."""

import argparse
import dataclasses
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Final

from archivo.access.policy import custody
from archivo.assembly import opened
from archivo.commands.printing import login, print_json, print_line
from archivo.errors import Malformed
from archivo.retention import services as retention
from archivo.web.spanish import count, edtf

Act = Callable[[argparse.Namespace], int]
MAX_FILE: Final = 50 << 20
SEVERITY: Final = {"error": "Error", "warning": "Aviso"}


def trd(parser: argparse.ArgumentParser) -> Act:
    """Importar una tabla de retención documental, o ver sus versiones."""
    acts = parser.add_subparsers(dest="act", metavar="ACCIÓN", required=True, parser_class=type(parser))
    importing = acts.add_parser("import", help="importar una versión desde CSV o XLSX")
    importing.add_argument("file", metavar="ARCHIVO", type=Path)
    importing.add_argument("--from", dest="from_day", metavar="FECHA")
    importing.add_argument("--to", dest="to_day", metavar="FECHA")
    importing.add_argument("--dry-run", action="store_true")
    importing.add_argument("--json", action="store_true")
    importing.set_defaults(run=_import)
    listing = acts.add_parser("list", help="ver las versiones")
    listing.add_argument("--json", action="store_true")
    listing.set_defaults(run=_list)
    return lambda options: int(options.run(options))


COMMANDS: Final = {"trd": trd}


def _import(options: argparse.Namespace) -> int:
    from archivo.worker import work_until_done

    if not options.file.is_file():
        raise Malformed("path.missing", f"No existe «{options.file}». No se importó nada.", "Revise la ruta.")
    if options.file.stat().st_size > MAX_FILE:
        raise Malformed(
            "trd.large", "El archivo pasa de 50 MB. No se importó nada.", "Una tabla de retención es mucho menor: revise el archivo."
        )
    from_day, to_day = _day(options.from_day), _day(options.to_day)
    with opened() as archive:
        outcome = retention.import_trd(
            archive,
            custody(login()),
            options.file.read_bytes(),
            options.file.name,
            from_day=from_day,
            to_day=to_day,
            dry_run=options.dry_run,
        )
        if outcome.id is not None and not outcome.unchanged:
            work_until_done(archive, retention.objects_of_import(archive, outcome.id))
            work_until_done(archive, retention.waiting_documents(archive))
    if options.json:
        names = [field.name for field in dataclasses.fields(outcome)]
        print_json({**{name: getattr(outcome, name) for name in names}, "errors": len(outcome.errors), "dry_run": options.dry_run})
    else:
        for problem in outcome.problems:
            print_line(f"{SEVERITY[problem.severity]}: {problem.cell or f'línea {problem.line}'}: {problem.message} {problem.remedy}")
        done = (
            "No se importó nada"
            if outcome.id is None
            else "Ya estaba importada"
            if outcome.unchanged
            else f"Versión {outcome.number} importada"
        )
        print_line(f"{done}: {count(outcome.classes, 'clase')}, {count(len(outcome.problems), 'aviso')}.")
    return 1 if outcome.errors or not outcome.classes else 0


def _list(options: argparse.Namespace) -> int:
    with opened() as archive:
        versions = retention.list_trd(archive, custody(login()))
    if options.json:
        print_json(versions)
    else:
        for version in versions:
            begun = f"desde el {edtf(version.in_force_from)}" if version.in_force_from else "sin límite anterior"
            period = f"{begun}, {f'hasta el {edtf(version.in_force_to)}' if version.in_force_to else 'vigente'}"
            held = f"{count(version.classes, 'clase')} de {count(version.offices, 'oficina')}"
            print_line(f"Versión {version.number}: {period}, {held} ({version.filename})")
    return 0


def _day(text: str | None) -> date | None:
    if text is None:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError as fault:
        raise Malformed("date.day", f"«{text}» no es una fecha. No se importó nada.", "Escríbala como 2024-03-01.") from fault
