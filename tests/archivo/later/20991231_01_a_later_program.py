"""What a later program may do to the tables: widen first, index without stopping anyone, fill some at a time"""

import sqlalchemy as sa
from alembic import op

from archivo.migrations.indexes import create_index
from archivo.migrations.types import words

revision = "20991231_01"
down_revision = "20261130_08"
branch_labels = None
depends_on = None
oldest = "20261124_02"


def upgrade() -> None:
    op.add_column("document", sa.Column("place", words(200), nullable=True))
    create_index("ix_document_place", "document", ["place"])


def downgrade() -> None:
    op.drop_index("ix_document_place", "document")
    op.drop_column("document", "place")
