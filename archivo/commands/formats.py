"""archivo formats, migrate-formats."""

import argparse
from collections.abc import Callable
from typing import Final

from archivo.access.policy import custody
from archivo.assembly import opened
from archivo.commands.printing import login, print_json, print_line
from archivo.custody import formats as register
from archivo.errors import Malformed
from archivo.web.spanish import count, size

Act = Callable[[argparse.Namespace], int]
RISKS: Final = {"high": "riesgo alto", "unknown": "sin evaluar", "medium": "riesgo medio", "low": "riesgo bajo"}


def formats(parser: argparse.ArgumentParser) -> Act:
    """Mostrar lo guardado por formato, cómo lo toma la política y su riesgo."""
    parser.add_argument("--json", action="store_true")
    return _formats


def migrate_formats(parser: argparse.ArgumentParser) -> Act:
    """Hacer copias de preservación de documentos en otro formato, comparadas con su original, que no cambia."""
    parser.add_argument("ids", nargs="*", metavar="ID")
    parser.add_argument("--puid", metavar="PUID", help="todos los originales de este formato de PRONOM")
    parser.add_argument("--dry-run", action="store_true", help="decir qué se haría, sin hacerlo")
    parser.add_argument("--json", action="store_true")
    return _migrate


COMMANDS: Final = {"formats": formats, "migrate-formats": migrate_formats}
WHY: Final = {
    "no_pair": "no hay aquí con qué migrarlo",
    "is_kept_well": "ya está en un formato de preservación",
    "done": "ya tiene su copia de preservación",
    "not_ready": "todavía no se ha procesado",
    "unknown": "no existe ese documento",
}


def _formats(options: argparse.Namespace) -> int:
    with opened() as archive:
        found = register.register(archive, custody(login()))
    if options.json:
        print_json({"formats": list(found.holdings), "count": found.count, "size": found.size, "unread": found.unread})
        return 0
    for one in found.holdings:
        held = f"{count(one.count, 'documento')}, {size(one.size)}"
        print_line(
            f"{RISKS[one.risk]:13} {one.puid or '-':10} {one.name or one.mime}: {held}. {one.group}{': ' if one.reason else ''}{one.reason}"
        )
    if found.unread:
        print_line(f"Faltan por identificar {count(found.unread, 'documento')}.")
    return 0


def _migrate(options: argparse.Namespace) -> int:
    from archivo.intake import migrating
    from archivo.worker import work_until_done

    if bool(options.ids) == bool(options.puid):
        raise Malformed(
            "migrate.selection", "Diga qué documentos migrar: sus identificadores o --puid. No se hizo nada.", "Repita la orden."
        )
    with opened() as archive:
        actor = custody(login())
        planned = migrating.plan(archive, actor, ids=options.ids, puid=options.puid)
        if not options.dry_run:
            work_until_done(archive, migrating.queue(archive, actor, planned))
        after = planned if options.dry_run else migrating.plan(archive, actor, ids=[one.id for one in planned])
    made = {one.id for one in after if one.why == "done"} - {one.id for one in planned if one.why == "done"}
    failed = [one.id for one in planned if one.why is None and one.id not in made and not options.dry_run]
    if options.json:
        print_json({"documents": planned, "made": sorted(made), "failed": failed, "dry_run": options.dry_run})
    else:
        for one in planned:
            done = "hecho" if one.id in made else "no se pudo; vea sus eventos" if one.id in failed else "se haría"
            print_line(f"{one.id}  {one.puid or '-'} -> {one.target or '-'}: {WHY[one.why] if one.why else done}")
        print_line(f"{count(len(made), 'copia hecha', 'copias hechas')}; {count(len(failed), 'sin hacer', 'sin hacer')}.")
    return 1 if failed or any(one.why == "unknown" for one in planned) else 0
