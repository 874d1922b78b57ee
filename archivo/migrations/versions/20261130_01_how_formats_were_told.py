"""How the format of each file was told"""

import sqlalchemy as sa
from alembic import op

revision = "20261130_01"
down_revision = "20261124_05"
branch_labels = None
depends_on = None
oldest = "20261124_01"


def upgrade() -> None:
    op.add_column("representation", sa.Column("identity", sa.JSON(none_as_null=True), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table("representation") as table:
        table.drop_column("identity")
