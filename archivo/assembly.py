"""Assemble the running Archive from settings; the only place that chooses adapters and reads settings."""

import os
import tomllib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit

from sqlalchemy import make_url
from sqlalchemy.exc import ArgumentError, OperationalError, ProgrammingError, SQLAlchemyError

from archivo.archive import Archive, Institution, Legs, Shelf, Stamping
from archivo.audit.signing import BadKey, Signer, kept_in
from archivo.clock import now
from archivo.database import Database, is_away, is_full
from archivo.errors import Conflict, Malformed, reason_of
from archivo.identifiers import JobId
from archivo.jobs import Queue
from archivo.operations.faults import in_words
from archivo.processes import host_name, lives, process_name
from archivo.settings import Settings, SettingsError, read_settings
from archivo.tracing import OtlpTraces, Traces
from ingest.limits import Limits
from ingest.step import Programs
from ingest.tools.process import ToolBox
from preservation.ocfl import StorageRoot
from preservation.store import StoreFull, StoreUnavailable
from search.index import IndexFormatChanged, IndexUnavailable

if TYPE_CHECKING:
    from preservation.store import ObjectStore
    from search.index import SearchIndex

SCHEMA_HEAD = "20261130_08"
LAST_PORT = 65_535


@dataclass(frozen=True, slots=True)
class RoleView:
    """A role as the table of permissions shows it."""

    key: str
    name: str
    grants: frozenset[str]


class NoLegs:
    """Local transport: workers look at the job table by themselves."""

    def send(self, job_id: JobId, queue: Queue) -> None:
        return

    def carried(self, queue: Queue) -> int | None:
        return None

    def answers(self) -> bool:
        return True

    def check(self) -> None:
        return

    def close(self) -> None:
        return


@contextmanager
def opened(settings: Settings | None = None, traces: Traces | None = None) -> Iterator[Archive]:
    """The archive of this process, closed at the end. Missing folders, tables and root are made. Raises NoRoom on a full disk."""
    settings = settings or settings_or_malformed()
    with faults_told(settings.home):
        archive, tools = assemble(settings, traces)
        try:
            yield archive
        finally:
            archive.legs.close()
            tools.close()
            archive.traces.close()
            archive.database.close()


@contextmanager
def faults_told(home: Path) -> Iterator[None]:
    """Say in words what keeps the archive from working. Raises ArchivoError."""
    try:
        yield
    except BadKey as fault:
        raise _bad_key(f"El archivo {home / 'audit.key'} no es una clave privada Ed25519 en PEM") from fault
    except (StoreUnavailable, IndexUnavailable, IndexFormatChanged, StoreFull, OSError, SQLAlchemyError) as fault:
        error = in_words(fault, home)
        if error is None:
            raise
        raise error from fault


def settings_or_malformed() -> Settings:
    """The settings, or the error a person sees. Raises Malformed."""
    try:
        return read_settings()
    except SettingsError as fault:
        raise Malformed("settings.value", f"{fault} No se hizo nada.", "Corrija la variable de entorno y repita la orden.") from fault


def traces_of(settings: Settings) -> Traces:
    """What measures the work of a process that serves or works. Raises Malformed where the traces asked for cannot be made."""
    if settings.traces_url is None:
        return Traces()
    try:
        return OtlpTraces(settings.traces_url)
    except ImportError as fault:
        raise Malformed(
            "settings.traces",
            "ARCHIVO_TRACES_URL pide enviar trazas, y las bibliotecas de OpenTelemetry no están instaladas. No se arrancó nada.",
            "Instálelas con «.ci/setup trazas», o quite ARCHIVO_TRACES_URL.",
        ) from fault


def assemble(settings: Settings, traces: Traces | None = None) -> tuple[Archive, ToolBox]:
    """The archive that the settings describe, and its children, which the caller closes. Where it raises, no connection to the database
    stays open; an address or a key that cannot be used is refused before anything is made, but for those of stores and index.
    """
    signer, legs = _signer(settings), open_legs(settings)
    database = open_database("ARCHIVO_DATABASE_URL", settings.database_url)
    try:
        make_home(settings.home)
        ensure_schema(database)
        return _assembled(settings, database, signer, legs, traces or Traces())
    except BaseException:
        database.close()
        raise


def _assembled(settings: Settings, database: Database, signer: Signer, legs: Legs, traces: Traces) -> tuple[Archive, ToolBox]:
    store = open_store("ARCHIVO_STORE_URL", settings.store_url, settings.home)
    index = open_index(settings)
    traces.follow(database.engine)
    traces.follow_calls(store, "store", ("put", "replace", "open", "stat", "delete"))
    traces.follow_calls(index, "index", ("search", "put", "remove"))
    packages = StorageRoot(store)
    packages.ensure()
    tools = ToolBox(size=settings.workers)
    host = host_name()
    archive = Archive(
        database=database,
        store=store,
        replicas={name: open_store("ARCHIVO_REPLICAS", address, settings.home) for name, address in settings.replicas.items()},
        packages=packages,
        index=index,
        tools=tools,
        legs=legs,
        signer=signer,
        clock=now,
        institution=read_institution(settings),
        limits=Limits(),
        clamav_socket=settings.clamav_socket,
        fixity_policy=settings.fixity_policy,
        programs=Programs(settings.verapdf, settings.ffprobe, settings.trust_roots, settings.soffice),
        cache=settings.home / "cache",
        anchors=settings.home / "anclas",
        shelf=Shelf(),
        process=process_name(host, os.getpid()),
        is_alive=lambda name: lives(name, host),
        traces=traces,
        stamping=_stamping(settings),
    )
    return archive, tools


def open_database(name: str, address: str) -> Database:
    """The rows at an address, which `name` is said to have given. Raises Malformed for one that is of no database we know."""
    if not address.startswith(("sqlite:///", "postgresql://", "postgres://")):
        raise _unusable(name, "sqlite:///… o postgresql://…")
    try:
        if (make_url(address).port or 0) > LAST_PORT:
            raise ValueError("there is no such port")
        return Database(address)
    except (ArgumentError, ValueError) as fault:
        raise Malformed("settings.value", f"{name} no es una dirección bien formada. No se hizo nada.", "Revise sus partes.") from fault


def ensure_schema(database: Database) -> None:
    """Bring the tables to the version this program was made for; alembic is loaded only when there is something to do.

    Raises Conflict when they are of a later program that does not allow this one.
    """
    if schema_of(database) == SCHEMA_HEAD:
        return
    from archivo.migrations.run import NewerTables, upgrade

    try:
        upgrade(database)
    except NewerTables as fault:
        raise Conflict(
            "database.newer",
            f"La base de datos es de una versión posterior ({fault}), que no admite la de este programa ({SCHEMA_HEAD}). No se hizo nada.",
            "Actualice este programa a la versión de los demás.",
        ) from fault


def schema_of(database: Database) -> str | None:
    """The version of the tables; None where there are none yet."""
    try:
        with database.engine.connect() as connection:
            version: str | None = connection.exec_driver_sql("SELECT version_num FROM alembic_version").scalar()
            return version
    except (OperationalError, ProgrammingError) as fault:
        if is_away(fault):
            raise
    return None


def _signer(settings: Settings) -> Signer:
    """The key that signs the trail: given, or made once in the home. Raises Malformed for one given that is no key."""
    given, path = settings.audit_key, settings.home / "audit.key"
    if not given:
        return Signer(lambda: kept_in(path), path.exists)
    signer = Signer(given.encode)
    try:
        signer.public  # noqa: B018 - read at the start: a wrong key is told before anything is done
    except BadKey as fault:
        raise _bad_key("ARCHIVO_AUDIT_KEY no es una clave privada Ed25519 en PEM") from fault
    return signer


def _bad_key(what: str) -> Malformed:
    return Malformed(
        "settings.audit_key",
        f"{what}: con ella no se puede firmar la bitácora. No se hizo nada.",
        "Dé la clave entera, con sus líneas BEGIN y END, como la hace «openssl genpkey -algorithm ed25519».",
    )


def _stamping(settings: Settings) -> Stamping:
    url = urlsplit(settings.tsa_url or "")
    credentials = f"{unquote(url.username or '')}:{unquote(url.password or '')}" if url.username else ""
    address = url._replace(netloc=url.netloc.rpartition("@")[2], fragment="").geturl()
    return Stamping(address, credentials, settings.tsa_policy, settings.tsa_roots)


def read_institution(settings: Settings) -> Institution:
    """The institution's own data."""
    roles = read_roles()
    return Institution(
        entity_code=settings.entity_code,
        entity_name=settings.entity_name,
        timezone=settings.timezone,
        roles={role.key: role.grants for role in roles},
        role_names={role.key: role.name for role in roles},
        max_upload_bytes=settings.max_upload_bytes,
    )


def read_roles() -> list[RoleView]:
    """The roles that ship, in the order of their file."""
    table: Mapping[str, Any] = tomllib.loads((files("archivo.data") / "roles.toml").read_text(encoding="utf-8"))
    return [RoleView(key, role["name"], frozenset(role["grants"])) for key, role in table.items()]


def make_home(home: Path) -> None:
    """The folders of this process' own. Raises Malformed where they cannot be made, OSError on a full disk."""
    try:
        home.mkdir(parents=True, exist_ok=True, mode=0o700)
        for name in ("cache", "models", "anclas"):
            (home / name).mkdir(exist_ok=True, mode=0o700)
    except OSError as fault:
        if is_full(fault):
            raise
        raise Malformed(
            "home.unusable",
            f"No se puede usar {home} como casa del archivo ({reason_of(fault)}). No se hizo nada.",
            "Dé en ARCHIVO_HOME una carpeta donde se pueda escribir.",
        ) from fault


def open_store(name: str, address: str, home: Path, *, only_read: bool = False) -> "ObjectStore":
    """The store at an address, which `name` is said to have given; not asked yet. Raises Malformed for one of no kind we know.

    A folder is made where there is none, unless it is only read: then nothing is written there, nor beside it.
    """
    url = urlsplit(address)
    if url.scheme == "file":
        from preservation.stores.filesystem import FilesystemStore

        root = Path(unquote(url.path))
        if only_read:
            if not root.is_dir():
                raise Malformed("store.origin", f"No hay una carpeta {root}. No se hizo nada.", "Revise la dirección y repita la orden.")
            return FilesystemStore.only_read(root)
        incoming = home / "incoming" if root == home / "store" else root.with_name(f"{root.name}.incoming")
        return FilesystemStore(root, incoming)
    if url.scheme in ("s3+http", "s3+https"):
        from preservation.stores.s3 import S3Store
        from preservation.stores.s3_address import BadAddress, s3_address

        try:
            return S3Store(s3_address(address))
        except BadAddress as fault:
            raise Malformed("settings.value", f"{name}: {fault} No se hizo nada.", "Corrija la dirección y repita.") from fault
    raise _unusable(name, "file:///… o s3+https://…")


def open_index(settings: Settings) -> "SearchIndex":
    """The index that the settings name; not asked yet. Raises Malformed for one of no kind we know."""
    url = urlsplit(settings.index_url)
    if url.scheme not in ("tantivy", "http", "https"):
        raise _unusable("ARCHIVO_INDEX_URL", "tantivy:///… o http://…")
    from archivo.data import code_patterns, synonyms

    if url.scheme == "tantivy":
        from search.engines.tantivy import TantivyIndex

        return TantivyIndex(Path(unquote(url.path)), code_patterns(), synonyms())
    from search.engines.elastic import ElasticIndex

    try:
        return ElasticIndex(settings.index_url, code_patterns(), synonyms())
    except ValueError as fault:
        raise Malformed(
            "settings.value",
            "ARCHIVO_INDEX_URL no es una dirección bien formada. No se hizo nada.",
            "Escríbala como http://servidor:9200/prefijo.",
        ) from fault


def open_legs(settings: Settings) -> Legs:
    """Who carries messages, as the settings name it; not asked yet. Raises Malformed for one of no kind we know."""
    if settings.broker_url == "local://":
        return NoLegs()
    if settings.broker_url.startswith(("amqp://", "amqps://")):
        from archivo.broker import CeleryLegs

        try:
            _ = urlsplit(settings.broker_url).port  # raises where Celery does so only when it connects
            return CeleryLegs(settings.broker_url)
        except ValueError as fault:
            raise _unusable("ARCHIVO_BROKER_URL", "amqp://usuario:clave@servidor:5672/") from fault
    raise _unusable("ARCHIVO_BROKER_URL", "local:// o amqp://…")


def _unusable(name: str, wanted: str) -> Malformed:
    """The value is not repeated: who takes one variable for another may have written a password there."""
    return Malformed(
        "settings.value",
        f"{name} no tiene una dirección que este programa pueda usar. No se hizo nada.",
        f"Escriba una dirección de la forma {wanted}",
    )
