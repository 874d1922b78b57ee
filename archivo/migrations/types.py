"""The types of columns as migrations name them."""

import sqlalchemy as sa
from sqlalchemy.types import TypeEngine


def words(length: int | None = None) -> TypeEngine[str]:
    """A text. On PostgreSQL ordered by its bytes, as on SQLite, whatever the language of the server; neither refuses one that is longer."""
    return (sa.String(length) if length else sa.Text()).with_variant(sa.Text(collation="C"), "postgresql")
