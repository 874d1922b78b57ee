"""Deletions that an act orders, the holds that stop them, and what remains of what was deleted"""

import sqlalchemy as sa
from alembic import op

from archivo.database import UtcDateTime
from archivo.migrations.types import words

revision = "20261130_03"
down_revision = "20261130_02"
branch_labels = None
depends_on = None
oldest = "20261124_01"


def upgrade() -> None:
    op.create_table(
        "legal_hold",
        sa.Column("id", words(36), nullable=False),
        sa.Column("document_id", words(36), nullable=False),
        sa.Column("placed_by", words(120), nullable=False),
        sa.Column("placed_at", UtcDateTime(timezone=True), nullable=False),
        sa.Column("reason", words(), nullable=False),
        sa.Column("lifted_by", words(120), nullable=True),
        sa.Column("lifted_at", UtcDateTime(timezone=True), nullable=True),
        sa.Column("lifted_reason", words(), nullable=True),
        sa.ForeignKeyConstraint(["document_id"], ["document.id"], name="fk_legal_hold_document_id_document"),
        sa.PrimaryKeyConstraint("id", name="pk_legal_hold"),
    )
    op.create_index("ix_legal_hold_document_id", "legal_hold", ["document_id"])
    op.create_table(
        "tombstone",
        sa.Column("object_id", words(36), nullable=False),
        sa.Column("act", words(36), nullable=False),
        sa.Column("said", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("object_id", name="pk_tombstone"),
    )
    op.create_table(
        "deletion",
        sa.Column("id", words(36), nullable=False),
        sa.Column("state", words(12), nullable=False),
        sa.Column("authority_type", words(40), nullable=False),
        sa.Column("authority_number", words(120), nullable=False),
        sa.Column("authority_date", words(10), nullable=False),
        sa.Column("authority_signed_by", words(), nullable=False),
        sa.Column("reason", words(), nullable=False),
        sa.Column("requested_by", words(120), nullable=False),
        sa.Column("requested_at", UtcDateTime(timezone=True), nullable=False),
        sa.Column("confirmed_by", words(120), nullable=True),
        sa.Column("confirmed_at", UtcDateTime(timezone=True), nullable=True),
        sa.Column("due_at", UtcDateTime(timezone=True), nullable=True),
        sa.Column("withdrawn_by", words(120), nullable=True),
        sa.Column("withdrawn_at", UtcDateTime(timezone=True), nullable=True),
        sa.Column("executed_at", UtcDateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_deletion"),
    )
    op.create_index("ix_deletion_state", "deletion", ["state"])
    op.create_table(
        "deletion_document",
        sa.Column("deletion_id", words(36), nullable=False),
        sa.Column("document_id", words(36), nullable=False),
        sa.Column("done_at", UtcDateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["deletion_id"], ["deletion.id"], name="fk_deletion_document_deletion_id_deletion"),
        sa.ForeignKeyConstraint(["document_id"], ["document.id"], name="fk_deletion_document_document_id_document"),
        sa.PrimaryKeyConstraint("deletion_id", "document_id", name="pk_deletion_document"),
    )
    op.create_index("ix_deletion_document_document_id", "deletion_document", ["document_id"])


def downgrade() -> None:
    for table in ("deletion_document", "deletion", "tombstone", "legal_hold"):
        op.drop_table(table)
