"""The trail signed and anchored; where each package is kept, and when it was checked"""

import sqlalchemy as sa
from alembic import op

from archivo.database import UtcDateTime
from archivo.migrations.types import words

revision = "20261130_02"
down_revision = "20261130_01"
branch_labels = None
depends_on = None
oldest = "20261124_01"


def upgrade() -> None:
    op.add_column("audit_entry", sa.Column("signature", words(100), nullable=True))
    op.add_column("audit_entry", sa.Column("signed_by", words(16), nullable=True))
    op.create_table(
        "audit_anchor",
        sa.Column("day", words(10), nullable=False),
        sa.Column("sequence", sa.BigInteger(), nullable=False),
        sa.Column("hash", words(64), nullable=False),
        sa.Column("statement", words(), nullable=False),
        sa.PrimaryKeyConstraint("day", name="pk_audit_anchor"),
    )
    op.create_table(
        "kept_copy",
        sa.Column("location", words(40), nullable=False),
        sa.Column("object_id", words(36), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("inventory", words(64), nullable=True),
        sa.Column("kept_at", UtcDateTime(timezone=True), nullable=False),
        sa.Column("checked_at", UtcDateTime(timezone=True), nullable=True),
        sa.Column("outcome", words(10), nullable=True),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("faults", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("location", "object_id", name="pk_kept_copy"),
    )
    op.create_index("ix_kept_copy_checked", "kept_copy", ["location", "checked_at", "object_id"])
    op.create_index("ix_kept_copy_outcome", "kept_copy", ["location", "outcome"])
    op.create_table(
        "fixity_night",
        sa.Column("location", words(40), nullable=False),
        sa.Column("day", words(10), nullable=False),
        sa.Column("began_at", UtcDateTime(timezone=True), nullable=False),
        sa.Column("ended_at", UtcDateTime(timezone=True), nullable=True),
        sa.Column("checked", sa.Integer(), nullable=False),
        sa.Column("wrong", sa.Integer(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("ledger_version", sa.Integer(), nullable=True),
        sa.PrimaryKeyConstraint("location", "day", name="pk_fixity_night"),
    )
    op.create_table(
        "ledger",
        sa.Column("month", words(7), nullable=False),
        sa.Column("id", words(36), nullable=False),
        sa.Column("ocfl_version", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("month", name="pk_ledger"),
    )


def downgrade() -> None:
    for table in ("ledger", "fixity_night", "kept_copy", "audit_anchor"):
        op.drop_table(table)
    op.drop_column("audit_entry", "signed_by")
    op.drop_column("audit_entry", "signature")
