"""Where the pages lie that are inside what a document holds"""

import sqlalchemy as sa
from alembic import op

revision = "20261124_03"
down_revision = "20261124_02"
branch_labels = None
depends_on = None
oldest = "20261124_01"


def upgrade() -> None:
    op.add_column("document_part", sa.Column("place", sa.JSON(none_as_null=True), nullable=True))
    op.add_column("recognised_page", sa.Column("place", sa.JSON(none_as_null=True), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table("recognised_page") as table:
        table.drop_column("place")
    with op.batch_alter_table("document_part") as table:
        table.drop_column("place")
