"""What the machines of one archive share"""

import sqlalchemy as sa
from alembic import op

from archivo.migrations.types import words

revision = "20261130_08"
down_revision = "20261130_07"
branch_labels = None
depends_on = None
oldest = "20261124_01"


def upgrade() -> None:
    op.create_table(
        "shared_secret",
        sa.Column("name", words(20), nullable=False),
        sa.Column("fingerprint", words(16), nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_shared_secret"),
    )


def downgrade() -> None:
    op.drop_table("shared_secret")
