"""${message}"""

import sqlalchemy as sa
from alembic import op

import archivo.database
from archivo.migrations.types import words

revision = ${repr(up_revision)}
down_revision = ${repr(down_revision)}
branch_labels = None
depends_on = None
oldest = ${repr(down_revision)}  # the oldest program that may work with the tables this leaves: docs/ingenieria/migrations.md


def upgrade() -> None:
    ${upgrades if upgrades else "pass"}


def downgrade() -> None:
    ${downgrades if downgrades else "pass"}
