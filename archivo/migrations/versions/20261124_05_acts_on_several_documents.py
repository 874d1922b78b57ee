"""Acts on several documents at once"""

import sqlalchemy as sa
from alembic import op

from archivo.database import UtcDateTime
from archivo.migrations.types import words

revision = "20261124_05"
down_revision = "20261124_04"
branch_labels = None
depends_on = None
oldest = "20261124_01"


def upgrade() -> None:
    op.create_table(
        "bulk_act",
        sa.Column("id", words(36), nullable=False),
        sa.Column("at", UtcDateTime(timezone=True), nullable=False),
        sa.Column("actor", words(120), nullable=False),
        sa.Column("act", words(20), nullable=False),
        sa.Column("undoes", words(36), nullable=True),
        sa.Column("ended_at", UtcDateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_bulk_act"),
    )
    op.create_index("ix_bulk_act_at", "bulk_act", ["at"])
    op.create_index("ix_bulk_act_undoes", "bulk_act", ["undoes"])
    op.create_table(
        "bulk_document",
        sa.Column("bulk_id", words(36), nullable=False),
        sa.Column("document_id", words(36), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("seen_version", sa.Integer(), nullable=False),
        sa.Column("value", words(), nullable=False),
        sa.Column("made_version", sa.Integer(), nullable=True),
        sa.Column("why", words(80), nullable=True),
        sa.ForeignKeyConstraint(["bulk_id"], ["bulk_act.id"], name="fk_bulk_document_bulk_id"),
        sa.PrimaryKeyConstraint("bulk_id", "document_id", name="pk_bulk_document"),
    )


def downgrade() -> None:
    op.drop_table("bulk_document")
    op.drop_table("bulk_act")
