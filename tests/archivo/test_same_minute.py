"""Many machines, each with its minute's round: what they all find at the same instant is done once."""

import threading
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import delete, select, text

from archivo.access.policy import Actor
from archivo.archive import Archive
from archivo.assembly import opened
from archivo.custody import deletion, fixity, replicas
from archivo.custody.models import FixityNight
from archivo.jobs import Job, JobState
from archivo.jobs_of_many import without_job
from archivo.operations.reconciling import look_after, reconcile
from archivo.records import holds
from archivo.records.holdings import PRINCIPAL
from archivo.records.models import KeptCopy
from archivo.settings import read_settings
from archivo.worker import work_until_done
from tests.processes import until
from tests.s3_servers import S3Server, url_of
from tests.servers import Postgres

from .test_locks_on_servers import bucket_of
from .test_postgresql import ACTOR, TOGETHER, at_once, send

pytestmark = [pytest.mark.servers, pytest.mark.usefixtures("embedded")]
NIGHT = datetime(2027, 1, 15, 23, 0, tzinfo=ZoneInfo("America/Bogota"))
TODAY = "2027-01-15"
ROUNDS = 4


@pytest.fixture
def night(postgres: Postgres, minio: S3Server, tmp_path: Path) -> Iterator[Archive]:
    """An archive one night, with a replica: of its documents one is held, one is to be deleted, one has no copy, one waits for its text."""
    replica = url_of(bucket_of(minio, has_lock=True))
    with postgres.database() as rows:
        settings = {"ARCHIVO_HOME": str(tmp_path / "casa"), "ARCHIVO_DATABASE_URL": rows, "ARCHIVO_REPLICAS": f"copia={replica}"}
        with opened(read_settings(settings)) as assembled:
            before = replace(assembled, clock=lambda: NIGHT - timedelta(days=30))
            held, deleted = ids = [send(before, word) for word in ("retenido", "vencido")]
            work_until_done(before, ids)
            replicas.schedule(before)
            work_until_done(before, before.replicas)
            work_until_done(before, [send(before, "sin copia")])
            send(before, "que espera")
            holds.place(replace(before, clock=lambda: NIGHT - timedelta(minutes=1)), ACTOR, held, "Hay un pleito.")
            asked = deletion.request(before, ACTOR, [deleted], deletion.Order("acta", "1", "2020-01-01", "quien firma"), "Venció.")
            deletion.confirm(before, Actor("ana", "archivist", ACTOR.grants), asked.id)
            yield replace(assembled, clock=lambda: NIGHT)


def open_jobs(archive: Archive) -> Counter[tuple[str, str]]:
    """How many jobs are open of each kind and object."""
    with archive.reading() as session:
        found = session.execute(select(Job.kind, Job.object_id).where(Job.state.in_((JobState.QUEUED, JobState.RUNNING))))
        return Counter((kind, object_id) for kind, object_id in found)


def test_what_all_find_to_do_is_written_once(night: Archive) -> None:
    written = []
    for _ in range(ROUNDS):
        with night.transaction() as transaction:
            transaction.session.execute(delete(Job))
        assert at_once(lambda _: look_after(night)) == [None] * TOGETHER
        assert at_once(lambda _: reconcile(night)) == [None] * TOGETHER
        written.append(open_jobs(night))
    assert {kind for kind, _ in written[0]} == {"check", "replicate", "hold", "delete", "process"}
    assert written == [dict.fromkeys(written[0], 1)] * ROUNDS


def test_a_night_tells_once_what_was_read(night: Archive) -> None:
    fixity.register(night)
    at_once(lambda _: open_jobs(night))  # all have their connection before they begin together
    assert at_once(lambda _: fixity.schedule(night)) == [None] * TOGETHER
    work_until_done(night, [PRINCIPAL], threads=4)
    with night.reading() as session:
        kept = session.scalars(select(KeptCopy).where(KeptCopy.location == PRINCIPAL)).all()
        row = session.get_one(FixityNight, (PRINCIPAL, TODAY))
    assert {one.checked_at for one in kept} == {NIGHT}
    assert (row.checked, row.wrong) == (len(kept), 0)


def test_who_looked_before_a_night_ended_begins_it_no_more(night: Archive) -> None:
    with night.transaction() as transaction:
        assert without_job(transaction.session, "check", [PRINCIPAL]) == [PRINCIPAL]
        late = threading.Thread(target=fixity.schedule, args=(night,))
        late.start()
        until(lambda: waits_for_its_turn(night))
        row = FixityNight(location=PRINCIPAL, day=TODAY, began_at=NIGHT, ended_at=NIGHT, checked=0, wrong=0, size=0, restored=0)
        transaction.session.add(row)
    late.join()
    assert ("check", PRINCIPAL) not in open_jobs(night)


def waits_for_its_turn(archive: Archive) -> bool:
    """Whether somebody waits for an advisory lock of this database."""
    waiting = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event = 'advisory'"
    with archive.reading() as session:
        return bool(session.scalar(text(waiting)))
