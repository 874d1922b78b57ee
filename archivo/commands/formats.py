"""archivo formats, migrate-formats."""

import argparse
from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from archivo.access.policy import Actor, custody
from archivo.archive import Archive
from archivo.assembly import opened
from archivo.commands.printing import login, print_json, print_line
from archivo.custody import formats as register
from archivo.errors import Malformed
from archivo.web.spanish import count, size

if TYPE_CHECKING:
    from archivo.intake.migrating import Planned
    from archivo.intake.migration_plan import Chosen

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
    parser.add_argument("--risk", choices=register.RISK_WORDS, help="todos los originales en formatos de este riesgo")
    parser.add_argument("--series", metavar="CÓDIGO", help="todos los documentos clasificados en esta serie o subserie")
    parser.add_argument("--dry-run", action="store_true", help="decir qué se haría, sin hacerlo")
    parser.add_argument("--json", action="store_true")
    return _migrate


COMMANDS: Final = {"formats": formats, "migrate-formats": migrate_formats}
WHY: Final = {
    "no_pair": "no hay aquí con qué migrarlo",
    "no_program": "falta LibreOffice en este equipo; con «archivo doctor» se ve qué instalar",
    "is_kept_well": "ya está en un formato de preservación",
    "done": "ya tiene su copia de preservación",
    "not_ready": "no se ha terminado de procesar",
    "deleted": "su contenido se eliminó",
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
    from archivo.identifiers import new_uuid
    from archivo.intake.migrating import Planned
    from archivo.intake.migration_acts import ask, documents_of
    from archivo.intake.migration_plan import list_planned
    from archivo.intake.migration_views import MADE
    from archivo.worker import work_until_done

    with opened() as archive:
        actor = custody(login())
        chosen, told = _chosen(archive, actor, options)
        planned = list_planned(archive, actor, chosen)
        planned += [Planned(one, None, None, 0, None, "unknown") for one in _unknown(options.ids, planned)]
        became: dict[str, str | None] = {}
        migration = None
        if not options.dry_run and any(one.why is None for one in planned):
            migration = new_uuid(archive.clock())
            ask(archive, actor, chosen, told, migration)
            work_until_done(archive, [migration])
            work_until_done(archive, documents_of(archive, actor, migration))
            became = documents_of(archive, actor, migration)
    made = sorted(each for each, code in became.items() if code and code.startswith(MADE))
    failed = sorted(set(became) - {*made})
    if options.json:
        print_json({"documents": planned, "made": made, "failed": failed, "dry_run": options.dry_run, "migration": migration})
    else:
        for one in planned:
            done = "se haría" if options.dry_run else "no se pudo; vea sus eventos" if one.id in failed else "hecho"
            print_line(f"{one.id}  {one.puid or '-'} -> {one.target or '-'}: {WHY[one.why] if one.why else done}")
        print_line(f"{count(len(made), 'copia hecha', 'copias hechas')}; {count(len(failed), 'sin hacer', 'sin hacer')}.")
    return 1 if failed or any(one.why == "unknown" for one in planned) else 0


def _chosen(archive: Archive, actor: Actor, options: argparse.Namespace) -> tuple["Chosen", dict[str, str]]:
    """The documents that an order names, and how. Raises Malformed unless they are named in one way."""
    from archivo.discovery.listing import Wanted, listed
    from archivo.intake.migration_plan import of_formats, of_ids, of_puid
    from search.index import Query

    ways = {"riesgo": options.risk, "serie": options.series, "formato": options.puid, "documentos": options.ids}
    told = {way: value if isinstance(value, str) else str(len(value)) for way, value in ways.items() if value}
    match [*told]:
        case ["documentos"]:
            return of_ids(options.ids), told
        case ["formato"]:
            return of_puid(options.puid), told
        case ["serie"]:
            return listed(archive, actor, Wanted(Query("", filters={"series": options.series}))), told
        case ["riesgo"]:
            return of_formats(register.formats_at(archive, actor, register.RISK_WORDS[options.risk])), told
        case _:
            raise Malformed(
                "migrate.selection",
                "Diga qué documentos migrar, de una sola manera: sus identificadores, --puid, --risk o --series. No se hizo nada.",
                "Repita la orden.",
            )


def _unknown(ids: list[str], planned: "list[Planned]") -> list[str]:
    known = {one.id for one in planned}
    return [each for each in dict.fromkeys(ids) if each not in known]
