"""Ask for a migration of formats, however many documents it has: they are noted at once, and a job leaves each its own."""

from collections.abc import Mapping
from typing import Any, Final

from sqlalchemy import delete, exists, false, insert, literal, select, update

from archivo import jobs
from archivo.access.policy import Actor, Grant, require
from archivo.archive import Archive
from archivo.audit import services as audit
from archivo.database import added, table_of
from archivo.errors import Conflict, Malformed
from archivo.identifiers import is_uuid
from archivo.intake.migrating import why_left
from archivo.intake.migration_plan import Chosen, dry_run
from archivo.intake.migration_views import known_migration
from archivo.intake.models import Migration, MigrationDocument
from archivo.jobs import Job, JobState, Lease, Queue
from archivo.records.models import Document
from archivo.records.rows import batches

AT_ONCE: Final = 200
"""Documents that have their job, and their entry in the trail, in one transaction."""
WITHDRAWN: Final = "withdrawn"
"""The code of a document that somebody let be before it was tried."""
_JOBS: Final = table_of(Job)
_ASKED: Final = table_of(MigrationDocument)


def ask(archive: Archive, actor: Actor, chosen: Chosen, told: Mapping[str, Any], migration_id: str) -> None:
    """Note which of the documents chosen are to be migrated, and leave the job that queues them.

    The same `migration_id` again does nothing. `told` says which were chosen, as the address of a page does. Raises Refused, Malformed;
    Conflict where none of them can be migrated.
    """
    planned = dry_run(archive, actor, chosen)
    if not is_uuid(migration_id):
        raise Malformed("migration.malformed", "El formulario llegó dañado. No se pidió nada.", "Vuelva a la lista y elija de nuevo.")
    which = select(literal(migration_id), Document.id, false()).where(chosen, why_left(archive.programs).is_(None))
    with archive.transaction() as transaction:
        session = transaction.session
        row = Migration(id=migration_id, at=transaction.now, actor=actor.login, chosen=dict(told), planned=planned.as_json())
        if not added(session, row):
            return
        noted = session.execute(insert(_ASKED).from_select(["migration_id", "document_id", "queued"], which))
        count = getattr(noted, "rowcount", 0)
        if not count:
            raise Conflict(
                "migration.nothing",
                "Ninguno de esos documentos se puede migrar ahora. No se pidió nada.",
                "Vea por qué en la página que dice qué se haría.",
            )
        audit.record(transaction, actor.login, "documents.migrate", migration_id, detail={"documents": count})
        transaction.enqueue("queue_migration", migration_id, queue=Queue.CUSTODY, priority=6)


def queue_documents(archive: Archive, lease: Lease) -> None:
    """Leave a job for each document of a migration, some hundreds a transaction; done twice, it goes on where it was."""
    waiting = select(_ASKED.c.document_id).where(
        _ASKED.c.migration_id == lease.object_id, _ASKED.c.queued == false(), _ASKED.c.ended_at.is_(None)
    )
    waiting, last = waiting.order_by(_ASKED.c.document_id).limit(AT_ONCE), ""
    while True:
        with archive.transaction() as transaction:
            session = transaction.session
            jobs.check_held(session, lease)
            migration = session.get_one(Migration, lease.object_id)
            some = list(session.scalars(waiting.where(_ASKED.c.document_id > last)))
            if not some:
                migration.queued_at = transaction.now
                return jobs.finish(session, lease, transaction.now)
            these = (_ASKED.c.migration_id == migration.id, _ASKED.c.document_id.in_(some))
            session.execute(update(_ASKED).where(*these).values(queued=True))
            transaction.enqueue_each("migrate", some, queue=Queue.CUSTODY, priority=8)
            for each in some:
                audit.record(transaction, migration.actor, "document.migrate", each, detail={"migration": migration.id})
        last = some[-1]


def withdraw(archive: Archive, actor: Actor, migration_id: str) -> int:
    """Let be the documents of a migration that still wait, unless another waits for them too; how many there were. What is being done is
    done to its end, and copies that are made stay. Raises Refused, Unknown.
    """
    require(archive, actor, Grant.VERIFY)
    with archive.transaction() as transaction:
        session = transaction.session
        known_migration(session, migration_id)
        running = exists().where(_JOBS.c.object_id == _ASKED.c.document_id, _JOBS.c.kind == "migrate", _JOBS.c.state == JobState.RUNNING)
        mine = _ASKED.c.migration_id == migration_id
        waiting = select(_ASKED.c.document_id).where(mine, _ASKED.c.ended_at.is_(None), ~running)
        dropped = list(session.scalars(waiting.order_by(_ASKED.c.document_id).with_for_update()))
        still = exists().where(_ASKED.c.document_id == _JOBS.c.object_id, _ASKED.c.ended_at.is_(None))
        queued = (_JOBS.c.kind == "migrate", _JOBS.c.state == JobState.QUEUED)
        for some in batches(dropped):
            these = update(_ASKED).where(mine, _ASKED.c.document_id.in_(some))
            session.execute(these.values(ended_at=transaction.now, code=WITHDRAWN, params={}))
            session.execute(delete(_JOBS).where(*queued, _JOBS.c.object_id.in_(some), ~still))
        if dropped:
            audit.record(transaction, actor.login, "documents.migrate.withdraw", migration_id, detail={"documents": len(dropped)})
    return len(dropped)


def documents_of(archive: Archive, actor: Actor, migration_id: str) -> dict[str, str | None]:
    """The documents of a migration, and the code of what became of each; None of those that wait. Raises Refused."""
    require(archive, actor, Grant.VERIFY)
    with archive.reading() as session:
        asked = select(_ASKED.c.document_id, _ASKED.c.code).where(_ASKED.c.migration_id == migration_id)
        return {document_id: code for document_id, code in session.execute(asked)}
