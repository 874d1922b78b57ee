"""What was given back in a night of reading"""

import sqlalchemy as sa
from alembic import op

revision = "20261130_07"
down_revision = "20261130_06"
branch_labels = None
depends_on = None
oldest = "20261124_01"


def upgrade() -> None:
    op.add_column("fixity_night", sa.Column("restored", sa.Integer(), nullable=True))


def downgrade() -> None:
    op.drop_column("fixity_night", "restored")
