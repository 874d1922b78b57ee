"""Editions of the catalogue; the index by which what is public is counted"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision = "20261124_04"
down_revision = "20261124_03"
branch_labels = None
depends_on = None
oldest = "20261124_01"

COUNTED = ("published", "access", "state", "begins_on", "ends_on", "document_type", "fonds_id")


def upgrade() -> None:
    op.create_table(
        "catalogue_edition",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_catalogue_edition"),
        if_not_exists=True,
    )
    _index("ix_document_counted", COUNTED)
    op.drop_index("ix_document_public", "document", if_exists=True)


def downgrade() -> None:
    _index("ix_document_public", ("published", "access", "begins_on"))
    op.drop_index("ix_document_counted", "document", if_exists=True)
    op.drop_table("catalogue_edition")


def _index(name: str, columns: Sequence[str]) -> None:
    """Stops nobody who reads or writes; what stands before it was committed, and is found standing when all is done again."""
    if op.get_bind().dialect.name == "postgresql":
        with op.get_context().autocommit_block():
            op.create_index(name, "document", list(columns), postgresql_concurrently=True, if_not_exists=True)
    else:
        op.create_index(name, "document", list(columns), if_not_exists=True)
