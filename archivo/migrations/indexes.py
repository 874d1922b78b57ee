"""Indexes of tables that hold rows already, made while others read and write them."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from alembic import op
from sqlalchemy import Connection, text


def create_index(name: str, table: str, columns: Sequence[str]) -> None:
    """Make an index if there is none of this name; on PostgreSQL without stopping anyone, so it waits for all who work as long as they do.

    One that an end in the middle left half-made, which PostgreSQL keeps and uses for nothing, is made anew. What a migration did before
    it is committed there, and is to be found done when the migration is done again.
    """
    if op.get_bind().dialect.name != "postgresql":
        op.create_index(name, table, list(columns), if_not_exists=True)
        return
    with op.get_context().autocommit_block(), _waiting(op.get_bind()) as connection:
        if connection.scalar(text("SELECT NOT indisvalid FROM pg_index WHERE indexrelid = to_regclass(:name)"), {"name": name}):
            op.drop_index(name, table, postgresql_concurrently=True)
        op.create_index(name, table, list(columns), postgresql_concurrently=True, if_not_exists=True)


@contextmanager
def _waiting(connection: Connection) -> Iterator[Connection]:
    """No wait is ended: nobody waits behind one that makes or drops an index concurrently, and one that is ended leaves it half-made."""
    limit = connection.scalar(text("SHOW lock_timeout"))
    connection.execute(text("SET lock_timeout = 0"))
    try:
        yield connection
    finally:
        connection.execute(text("SELECT set_config('lock_timeout', :limit, false)"), {"limit": limit})
