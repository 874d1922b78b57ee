"""archivo migrate-data."""

import argparse
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Final

from archivo.assembly import SCHEMA_HEAD, ensure_schema, open_database, schema_of
from archivo.commands.printing import print_json, print_line
from archivo.database import Database, is_away
from archivo.errors import Malformed, Unavailable
from archivo.processes import host_name, lives

Act = Callable[[argparse.Namespace], int]


def migrate_data(parser: argparse.ArgumentParser) -> Act:
    """Trasladar las filas del archivo de una base de datos a otra vacía, y comprobar que quedaron iguales."""
    parser.add_argument("source", metavar="DE", help="dirección de la base de origen: sqlite:///… o postgresql://…")
    parser.add_argument("target", metavar="A", help="dirección de la base de destino, que debe estar vacía")
    parser.add_argument("--json", action="store_true")
    return _migrate_data


COMMANDS: Final = {"migrate-data": migrate_data}


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
        print_line(f"{rows} filas en {len(moved)} tablas, iguales una por una. Ponga la nueva dirección en ARCHIVO_DATABASE_URL.")
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
