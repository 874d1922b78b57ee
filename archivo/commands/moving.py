"""archivo migrate-data, copy-store."""

import argparse
from collections import Counter
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Final

from archivo.assembly import SCHEMA_HEAD, ensure_schema, faults_told, open_database, open_store, schema_of, settings_or_malformed
from archivo.commands.printing import print_json, print_line
from archivo.database import Database, is_away
from archivo.errors import Malformed, Unavailable
from archivo.processes import host_name, lives
from archivo.web.spanish import count

Act = Callable[[argparse.Namespace], int]


def migrate_data(parser: argparse.ArgumentParser) -> Act:
    """Trasladar las filas del archivo de una base de datos a otra vacía, y comprobar que quedaron iguales."""
    parser.add_argument("source", metavar="DE", help="dirección de la base de origen: sqlite:///… o postgresql://…")
    parser.add_argument("target", metavar="A", help="dirección de la base de destino, que debe estar vacía")
    parser.add_argument("--json", action="store_true")
    return _migrate_data


def copy_store(parser: argparse.ArgumentParser) -> Act:
    """Copiar el almacén a otro lugar, o traerlo de allí; cada byte se compara con su resumen y lo que ya está no se repite."""
    place = parser.add_mutually_exclusive_group(required=True)
    place.add_argument("--to", metavar="DIRECCIÓN", help="dónde queda la copia: file:///… o s3+https://…")
    place.add_argument("--from", metavar="DIRECCIÓN", dest="origin", help="dónde está la copia que se trae a este almacén")
    parser.add_argument("--json", action="store_true")
    return _copy_store


TOLD: Final = (
    ("copied", "paquete copiado", "paquetes copiados"),
    ("held", "paquete que ya estaba", "paquetes que ya estaban"),
    ("begun", "paquete que todavía se está escribiendo y no se copió", "paquetes que todavía se están escribiendo y no se copiaron"),
    ("damaged", "paquete dañado en el origen, que no se copió:", "paquetes dañados en el origen, que no se copiaron:"),
    ("other", "paquete distinto en el destino, que se dejó como estaba:", "paquetes distintos en el destino, que se dejaron como estaban:"),
)
COMMANDS: Final = {"migrate-data": migrate_data, "copy-store": copy_store}


def _migrate_data(options: argparse.Namespace) -> int:
    from archivo.operations.moving import Moved, move

    def told(table: Moved) -> None:
        if not options.json:
            print_line(f"{table.table:20} {table.rows:>10} filas  {table.digest[:16]}")

    host = host_name()
    source, target = open_database("El origen", options.source), open_database("El destino", options.target)
    with closing(source), closing(target):
        try:
            _check_source(source, options.source)
            ensure_schema(target)
            moved = move(source, target, told, lives=lambda name: lives(name, host))
        except Exception as fault:
            if not is_away(fault):
                raise
            raise Unavailable(
                "database.away",
                "Una de las dos bases de datos no responde o no admite escribir. El destino se dejó como estaba; el origen también.",
                "Compruebe las dos direcciones y repita la orden.",
            ) from fault
    rows = sum(table.rows for table in moved)
    if options.json:
        print_json({"tables": [{"name": t.table, "rows": t.rows, "digest": t.digest} for t in moved], "rows": rows, "same": True})
    else:
        moved_in_all = f"{count(rows, 'fila')} en {count(len(moved), 'tabla')}"
        print_line(f"{moved_in_all}, iguales una por una. Ponga la nueva dirección en ARCHIVO_DATABASE_URL.")
    return 0


def _check_source(source: Database, address: str) -> None:
    """Refuse a source that is not there, which opening it would make, or whose tables are of another version."""
    if source.is_sqlite and not Path(address.removeprefix("sqlite:///")).is_file():
        raise Malformed("migrate.source", f"No existe la base de datos de origen {address}. No se cambió nada.", "Revise la dirección.")
    version = schema_of(source)
    if version != SCHEMA_HEAD:
        found = f"de la versión {version}" if version else "sin las tablas de un archivo"
        raise Malformed(
            "migrate.version",
            f"La base de origen está {found}, y este programa es de la {SCHEMA_HEAD}. No se cambió nada.",
            "Póngala al día con «archivo doctor» en su casa y repita la orden.",
        )


def _copy_store(options: argparse.Namespace) -> int:
    from preservation.ocfl_copy import Outcome, copy_root
    from preservation.ocfl_root import OtherRoot
    from preservation.store import ObjectMissing

    settings = settings_or_malformed()
    own = {"name": "ARCHIVO_STORE_URL", "address": settings.store_url}
    other = {"name": "--to o --from", "address": options.to or options.origin}
    source = open_store(**(own if options.to else other), home=settings.home, only_read=True)
    target = open_store(**(other if options.to else own), home=settings.home)
    counted: Counter[str] = Counter()
    wrong: dict[Outcome, list[str]] = {Outcome.DAMAGED: [], Outcome.OTHER: []}
    with faults_told(settings.home):
        try:
            for prefix, outcome in copy_root(source, target):
                counted[outcome] += 1
                if outcome in wrong:
                    wrong[outcome].append(prefix.rstrip("/"))
        except ObjectMissing as fault:
            raise Malformed(
                "store.origin", "En el origen no hay un almacén de Archivo. No se copió nada.", "Revise la dirección y repita la orden."
            ) from fault
        except OtherRoot as fault:
            raise Malformed(
                "store.target", "En el destino hay otra cosa. No se copió nada.", "Dé un lugar vacío, o el de una copia anterior."
            ) from fault
    if options.json:
        print_json({**{outcome: counted[outcome] for outcome in Outcome}, "places": wrong})
    else:
        for name, singular, plural in TOLD:
            if counted[name] or name == Outcome.COPIED:
                print_line(count(counted[name], singular, plural))
            for place in wrong.get(Outcome(name), ()):
                print_line(f"    {place}")
    return 1 if any(wrong.values()) else 0
