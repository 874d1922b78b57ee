"""What alembic runs."""

from alembic import context

import archivo.access.models
import archivo.archive
import archivo.audit.models
import archivo.intake.models
import archivo.jobs
import archivo.records.models
import archivo.retention.models  # noqa: F401 - the tables register themselves
from archivo.database import Base

connection = context.config.attributes["connection"]
context.configure(connection=connection, target_metadata=Base.metadata, render_as_batch=True, transactional_ddl=False)
with context.begin_transaction():
    context.run_migrations()
