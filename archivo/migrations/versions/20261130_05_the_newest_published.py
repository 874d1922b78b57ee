"""The index by which the newest of what was published is found"""

from alembic import op

from archivo.migrations.indexes import create_index

revision = "20261130_05"
down_revision = "20261130_04"
branch_labels = None
depends_on = None
oldest = "20261124_01"


def upgrade() -> None:
    create_index("ix_document_newest", "document", ("published", "access", "state", "published_at", "id"))


def downgrade() -> None:
    op.drop_index("ix_document_newest", "document", if_exists=True)
