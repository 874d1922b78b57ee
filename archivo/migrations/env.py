"""What alembic runs."""

from alembic import context

import archivo.access.models
import archivo.archive
import archivo.audit.models
import archivo.custody.models
import archivo.intake.models
import archivo.jobs
import archivo.records.models
import archivo.retention.models  # noqa: F401 - the tables register themselves
from archivo.database import Base

connection = context.config.attributes["connection"]
alone = connection.in_transaction()  # SQLite: one transaction for all; PostgreSQL: one for each migration, so that each locks for a moment
context.configure(
    connection=connection,
    target_metadata=Base.metadata,
    render_as_batch=True,
    transactional_ddl=not alone,
    transaction_per_migration=not alone,
)
with context.begin_transaction():
    context.run_migrations()
