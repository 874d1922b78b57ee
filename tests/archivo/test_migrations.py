"""The tables go forward and back with what they hold, on both databases, while others work."""

import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import String, Text, func, insert, inspect, select, text
from sqlalchemy.exc import OperationalError

from archivo.assembly import SCHEMA_HEAD, ensure_schema, schema_of
from archivo.audit.models import AuditEntry, AuditHead
from archivo.database import Base, Database, table_of
from archivo.errors import Conflict
from archivo.identifiers import new_uuid
from archivo.migrations.run import downgrade, upgrade
from archivo.records.models import Document, Fonds
from tests.servers import Postgres

from .made_rows import AT, a_document

LATER = Path(__file__).parent / "later"
ROOT = Path(__file__).parents[2]


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.servers)])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """An empty database of each kind."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'archivo.db'}"
        return
    server: Postgres = request.getfixturevalue("postgres")
    with server.database() as address:
        yield address


@pytest.fixture
def database(url: str) -> Iterator[Database]:
    opened = Database(url)
    yield opened
    opened.close()


def fill(database: Database, number: int = 3) -> None:
    with database.writing() as session:
        fonds = Fonds(id=new_uuid(AT), code="CO.1", name="Fondo de la Ñ", created_at=AT, ocfl_version=0)
        session.add(fonds)
        session.flush()
        session.add_all(a_document(fonds.id, n) for n in range(number))
        session.execute(insert(table_of(AuditHead)), {"id": 1, "sequence": 1, "hash": "0" * 64})
        entry = {"sequence": 1, "at": AT, "actor": "ana", "act": "x", "outcome": "done", "detail": {"n": 1}, "previous": "", "hash": ""}
        session.execute(insert(table_of(AuditEntry)), entry)


Columns = dict[str, list[str]]


def columns_of(database: Database) -> Columns:
    asked = inspect(database.engine)
    return {table: [column["name"] for column in asked.get_columns(table)] for table in asked.get_table_names()}


def held(database: Database, columns: Columns | None = None) -> dict[str, list[object]]:
    """What the tables hold, in all their columns or in these."""
    found: dict[str, list[object]] = {}
    with database.reading() as session:
        for table in Base.metadata.sorted_tables:
            if columns is not None and table.name not in columns:
                continue
            chosen = [column for column in table.c if columns is None or column.name in columns[table.name]]
            found[table.name] = list(map(tuple, session.execute(select(*chosen).order_by(*table.primary_key))))
    return found


def test_forward_and_back_with_rows(database: Database) -> None:
    upgrade(database, "20261124_01")
    fill(database)
    first = columns_of(database)
    before = held(database, first)
    ensure_schema(database)
    assert schema_of(database) == SCHEMA_HEAD
    assert held(database, first) == before
    downgrade(database, "20261124_01")
    assert schema_of(database) == "20261124_01"
    assert held(database, first) == before
    upgrade(database, later=LATER)
    assert held(database, first) == before
    assert "place" in {column["name"] for column in inspect(database.engine).get_columns("document")}
    downgrade(database, SCHEMA_HEAD, later=LATER)
    assert held(database, first) == before
    downgrade(database, "base")
    assert inspect(database.engine).get_table_names() == ["alembic_version"]
    ensure_schema(database)
    assert not any(held(database).values())


def differs(_context: object, _held: object, _wanted: object, held: object, wanted: object) -> bool | None:
    """A text is a text: PostgreSQL's have no limit, and the order of their bytes."""
    return False if isinstance(wanted, String) and isinstance(held, Text) and held.collation == "C" else None


def test_the_tables_are_those_of_the_models(database: Database) -> None:
    ensure_schema(database)
    with database.engine.connect() as connection:
        opts = {"include_object": lambda _object, name, *_: name != "oldest_program", "compare_type": differs}
        context = MigrationContext.configure(connection, opts=opts)
        assert compare_metadata(context, Base.metadata) == []


def test_a_program_works_with_the_tables_of_the_next_one_and_no_more(database: Database) -> None:
    ensure_schema(database)
    upgrade(database, later=LATER)
    ensure_schema(database)
    fill(database)
    assert len(held(database)["document"]) == 3
    with database.writing() as session:
        session.execute(text("UPDATE oldest_program SET revision = '20991231_01'"))
    with pytest.raises(Conflict) as told:
        ensure_schema(database)
    assert told.value.code == "database.newer"


def test_processes_that_upgrade_at_once_agree(database: Database, url: str) -> None:
    words = "import sys; from archivo.assembly import ensure_schema, open_database; ensure_schema(open_database('', sys.argv[1]))"
    running = [subprocess.Popen([sys.executable, "-c", words, url], cwd=ROOT, stderr=subprocess.PIPE, text=True) for _ in range(4)]
    assert [(one.communicate(timeout=120)[1], one.returncode) for one in running] == [("", 0)] * 4
    assert schema_of(database) == SCHEMA_HEAD
    with database.reading() as session:
        assert session.scalars(text("SELECT revision FROM oldest_program")).all() == ["20261124_01"]


@pytest.mark.servers
def test_readers_and_writers_go_on_while_the_tables_change(postgres: Postgres) -> None:
    """Somebody reads for long, so the change cannot have its lock; it must ask and let go, never stand in the way of who comes after it."""
    with postgres.database() as address:
        database, other = Database(address), Database(address)
        ensure_schema(database)
        fill(database)
        change = threading.Thread(target=upgrade, args=(other,), kwargs={"later": LATER})
        with database.reading() as long:
            assert long.scalar(select(func.count()).select_from(Document)) == 3
            change.start()
            for n in range(60):
                with database.reading() as session:
                    assert session.scalar(select(func.count()).select_from(Document)) == 3 + n
                with database.writing() as session:
                    session.add(a_document(session.scalars(select(Fonds.id)).one(), 3 + n))
                threading.Event().wait(0.1)
            assert change.is_alive()
            assert long.scalar(select(func.count()).select_from(Document)) == 3
        change.join(120)
        assert not change.is_alive()
        assert schema_of(database) == "20991231_01"
        indexes = {index["name"] for index in inspect(database.engine).get_indexes("document")}
        assert "ix_document_place" in indexes
        assert invalid_indexes(database) == []
        database.close()
        other.close()


def invalid_indexes(database: Database) -> list[str]:
    """Those that PostgreSQL keeps and uses for nothing."""
    with database.reading() as session:
        return list(session.scalars(text("SELECT indexrelid::regclass::text FROM pg_index WHERE NOT indisvalid")))


@contextmanager
def somebody_writes(database: Database) -> Iterator[None]:
    with database.writing() as session:
        session.add(a_document(session.scalars(select(Fonds.id)).one(), 3))
        session.flush()
        yield


@contextmanager
def somebody_reads(database: Database) -> Iterator[None]:
    with database.reading() as session:
        assert session.scalar(select(func.count()).select_from(Fonds)) == 1
        yield


@pytest.mark.servers
@pytest.mark.parametrize("works", [somebody_writes, somebody_reads])
def test_an_index_waits_for_who_works_for_long_and_is_whole(
    postgres: Postgres, works: Callable[[Database], AbstractContextManager[None]]
) -> None:
    with postgres.database() as address:
        database, other = Database(address), Database(address)
        upgrade(database, "20261124_03")
        fill(database)
        change = threading.Thread(target=upgrade, args=(other,))
        with works(database):
            change.start()
            change.join(4)  # longer than a lock is waited for
        change.join(120)
        assert not change.is_alive()
        assert schema_of(database) == SCHEMA_HEAD
        assert invalid_indexes(database) == []
        indexes = {index["name"] for index in inspect(database.engine).get_indexes("document")}
        assert "ix_document_counted" in indexes
        assert "ix_document_public" not in indexes
        database.close()
        other.close()


@pytest.mark.servers
def test_an_index_that_was_left_half_made_is_made_anew(postgres: Postgres) -> None:
    with postgres.database() as address:
        database = Database(address)
        upgrade(database, "20261124_03")
        fill(database)
        with somebody_writes(database), database.engine.connect() as ended:
            ended.execution_options(isolation_level="AUTOCOMMIT")
            ended.execute(text("SET lock_timeout = '100ms'"))
            with pytest.raises(OperationalError):
                ended.execute(text("CREATE INDEX CONCURRENTLY ix_document_counted ON document (published)"))
            ended.invalidate()
        assert invalid_indexes(database) == ["ix_document_counted"]
        ensure_schema(database)
        assert invalid_indexes(database) == []
        (made,) = [index for index in inspect(database.engine).get_indexes("document") if index["name"] == "ix_document_counted"]
        assert len(made["column_names"]) == 7
        database.close()
