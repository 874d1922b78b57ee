"""Each server of an archive asked by itself, whether or not the archive can be opened; then all the rest, if it can."""

from collections.abc import Callable
from contextlib import closing
from typing import Final

from sqlalchemy import Connection, text

from archivo.archive import Archive
from archivo.assembly import (
    SCHEMA_HEAD,
    faults_told,
    make_home,
    open_database,
    open_index,
    open_legs,
    open_store,
    opened,
    schema_of,
)
from archivo.audit.sharing import differences
from archivo.errors import ArchivoError, Unavailable
from archivo.operations.doctor import Check, examine
from archivo.operations.faults import denied_database
from archivo.operations.health import NOBODY
from archivo.settings import Settings
from archivo.starting import known_secret
from preservation.ocfl import StorageRoot
from search.index import Query

DATABASE, STORE, INDEX, BROKER = "base de datos", "almacén", "índice", "mensajería"
_MAY_MAKE: Final = text(
    "SELECT coalesce(has_schema_privilege(current_schema(), 'CREATE'), false) AND NOT EXISTS ("
    " SELECT 1 FROM pg_tables WHERE schemaname = current_schema() AND NOT pg_has_role(tableowner, 'USAGE'))"
)
_MAY_WRITE: Final = text(
    "SELECT NOT EXISTS (SELECT 1 FROM pg_class WHERE relnamespace = to_regnamespace(current_schema()) AND CASE"
    " WHEN relkind = 'S' THEN NOT has_sequence_privilege(oid, 'USAGE')"
    " WHEN relkind IN ('r', 'p') THEN NOT (has_table_privilege(oid, 'SELECT') AND has_table_privilege(oid, 'INSERT')"
    "  AND has_table_privilege(oid, 'UPDATE') AND has_table_privilege(oid, 'DELETE'))"
    " ELSE false END)"
)


def examine_all(settings: Settings) -> list[Check]:
    """What is right and wrong with each server, each asked though another fails, and with the archive, if it can be opened.

    Raises Malformed where the home itself cannot be used.
    """
    with faults_told(settings.home):
        make_home(settings.home)
    told = [_told(name, ask, settings) for name, ask in _ASKED.items()]
    wrong = {check.name: check for check in told if check.status == "error"}
    if DATABASE in wrong or STORE in wrong:
        rest = Check(
            "lo demás",
            "warning",
            f"No se revisó: sin {' ni '.join(name for name in (DATABASE, STORE) if name in wrong)} no se puede abrir el archivo.",
            "Corrija primero lo dicho arriba.",
        )
        return [*told, rest]
    try:
        with opened(settings) as archive:
            return [*examine(archive, settings.home, wrong), *shared(archive, settings)]
    except ArchivoError as fault:
        return [*told, Check("apertura", "error", fault.message, fault.remedy)]


def shared(archive: Archive, settings: Settings) -> list[Check]:
    """Whether what this machine must share with the others of the archive is the same."""
    name = "secretos compartidos"
    try:
        wrong = differences(archive, known_secret(settings))
    except ArchivoError as fault:
        return [Check(name, "error", fault.message, fault.remedy)]
    same = Check(name, "ok", "El secreto de las sesiones y la clave de la bitácora son los del archivo.")
    return [Check(name, "error", each.message, each.remedy) for each in wrong] or [same]


def _told(name: str, ask: Callable[[Settings], Check], settings: Settings) -> Check:
    try:
        with faults_told(settings.home):
            return ask(settings)
    except ArchivoError as fault:
        return Check(name, "error", fault.message, fault.remedy)
    except Exception as fault:  # whatever it is, it is what is wrong with this one
        message = f"No se pudo revisar: {type(fault).__name__}: {fault}"
        return Check(name, "error", message, "Revise su dirección; si está bien, avise a quien mantiene el programa.")


def _database(settings: Settings) -> Check:
    """Raises Unavailable where the user may not do what is needed."""
    with closing(open_database("ARCHIVO_DATABASE_URL", settings.database_url)) as database, database.engine.connect() as connection:
        version = schema_of(database)
        if not database.is_sqlite:
            _check_rights(connection, is_made=version == SCHEMA_HEAD)
    if version in (None, SCHEMA_HEAD):
        return Check(DATABASE, "ok", "Responde.")
    return Check(
        DATABASE,
        "warning",
        f"Responde; sus tablas son de otra versión ({version}) que la de este programa ({SCHEMA_HEAD}).",
        "Haga una copia de la base de datos: si son de una anterior, la primera orden que se pueda hacer las pone al día.",
    )


def _check_rights(connection: Connection, *, is_made: bool) -> None:
    if not connection.scalar(_MAY_WRITE if is_made else _MAY_MAKE):
        raise denied_database()


def _store(settings: Settings) -> Check:
    StorageRoot(open_store("ARCHIVO_STORE_URL", settings.store_url, settings.home)).ensure()
    return Check(STORE, "ok", "Responde.")


def _index(settings: Settings) -> Check:
    try:
        open_index(settings).search(Query("archivo", limit=1), scope=NOBODY)
    except ValueError as fault:  # all that the embedded engine says of a folder that it cannot use
        raise Unavailable(
            "index.unwritable",
            "La carpeta del buscador no se puede leer o escribir. Los documentos siguen intactos.",
            "Revise sus permisos y que su disco no esté en solo lectura; si no es eso, hágalo de nuevo con «archivo rebuild --index».",
        ) from fault
    return Check(INDEX, "ok", "Responde.")


def _broker(settings: Settings) -> Check:
    with closing(open_legs(settings)) as legs:
        legs.check()
    return Check(BROKER, "ok", "Responde.")


_ASKED: Final = {DATABASE: _database, STORE: _store, INDEX: _index, BROKER: _broker}
