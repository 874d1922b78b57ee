"""The head of the trail signed"""

import sqlalchemy as sa
from alembic import op

from archivo.migrations.types import words

revision = "20261130_04"
down_revision = "20261130_03"
branch_labels = None
depends_on = None
oldest = "20261124_01"


def upgrade() -> None:
    op.add_column("audit_head", sa.Column("signature", words(100), nullable=True))
    op.add_column("audit_head", sa.Column("signed_by", words(16), nullable=True))


def downgrade() -> None:
    op.drop_column("audit_head", "signed_by")
    op.drop_column("audit_head", "signature")
