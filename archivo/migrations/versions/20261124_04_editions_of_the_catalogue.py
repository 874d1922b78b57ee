"""Editions of the catalogue; the index by which what is public is counted"""

import sqlalchemy as sa
from alembic import op

from archivo.migrations.indexes import create_index

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
    create_index("ix_document_counted", "document", COUNTED)
    op.drop_index("ix_document_public", "document", if_exists=True)


def downgrade() -> None:
    create_index("ix_document_public", "document", ("published", "access", "begins_on"))
    op.drop_index("ix_document_counted", "document", if_exists=True)
    op.drop_table("catalogue_edition")
