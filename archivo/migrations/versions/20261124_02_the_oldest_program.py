"""Which programs may work with these tables"""

import sqlalchemy as sa
from alembic import op

from archivo.migrations.types import words

revision = "20261124_02"
down_revision = "20261124_01"
branch_labels = None
depends_on = None
oldest = "20261124_01"


def upgrade() -> None:
    op.create_table("oldest_program", sa.Column("revision", words(32), nullable=False))


def downgrade() -> None:
    op.drop_table("oldest_program")
