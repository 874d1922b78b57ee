"""Migrations of formats: who asked for which, and what became of each document"""

import sqlalchemy as sa
from alembic import op

from archivo.database import UtcDateTime
from archivo.migrations.types import words

revision = "20261130_06"
down_revision = "20261130_05"
branch_labels = None
depends_on = None
oldest = "20261124_01"


def upgrade() -> None:
    op.create_table(
        "migration",
        sa.Column("id", words(36), nullable=False),
        sa.Column("at", UtcDateTime(timezone=True), nullable=False),
        sa.Column("actor", words(120), nullable=False),
        sa.Column("chosen", sa.JSON(), nullable=False),
        sa.Column("planned", sa.JSON(), nullable=False),
        sa.Column("queued_at", UtcDateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_migration"),
    )
    op.create_index("ix_migration_at", "migration", ["at"])
    op.create_table(
        "migration_document",
        sa.Column("migration_id", words(36), nullable=False),
        sa.Column("document_id", words(36), nullable=False),
        sa.Column("queued", sa.Boolean(), nullable=False),
        sa.Column("ended_at", UtcDateTime(timezone=True), nullable=True),
        sa.Column("code", words(80), nullable=True),
        sa.Column("params", sa.JSON(), nullable=True),
        sa.ForeignKeyConstraint(["migration_id"], ["migration.id"], name="fk_migration_document_migration_id_migration"),
        sa.PrimaryKeyConstraint("migration_id", "document_id", name="pk_migration_document"),
    )
    op.create_index("ix_migration_document_document_id", "migration_document", ["document_id"])


def downgrade() -> None:
    op.drop_table("migration_document")
    op.drop_table("migration")
