"""The program of before the last migration and this one work side by side, on one archive, as while machines are upgraded one by one."""

import io
import json
import subprocess
import tarfile
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from sqlalchemy import select

from archivo.assembly import SCHEMA_HEAD, schema_of
from archivo.database import Database
from archivo.jobs import Job
from tests.architecture.source import PACKAGES, ROOT
from tests.brokers import RabbitMQ
from tests.elastic_servers import ElasticServer
from tests.faults import truth
from tests.faults.papers import Paper, papers
from tests.faults.people import Reader, Sender, Told
from tests.faults.scenes import Servers
from tests.faults.site import WEB, Site, audit_key
from tests.s3_servers import S3Server
from tests.servers import Postgres

pytestmark = [pytest.mark.servers, pytest.mark.usefixtures("embedded")]
WORKER = "uno"


def _git(*words: str) -> bytes:
    """What git says, or nothing where there is no git, no history, or not that far back."""
    try:
        return subprocess.run(["git", *words], cwd=ROOT, capture_output=True, check=True).stdout
    except (OSError, subprocess.CalledProcessError):
        return b""


@pytest.fixture(scope="session")
def former(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The program as it was before its last migration."""
    (last,) = (ROOT / "archivo/migrations/versions").glob(f"{SCHEMA_HEAD}_*.py")
    added = _git("log", "--diff-filter=A", "--format=%H", "--", str(last)).decode().split()
    packed = _git("archive", f"{added[-1]}^", *PACKAGES) if added else b""
    if not packed:
        pytest.skip("not run: this checkout has no history from before its last migration")
    folder = tmp_path_factory.mktemp("anterior")
    with tarfile.open(fileobj=io.BytesIO(packed)) as program:
        program.extractall(folder, filter="data")
    return folder


@pytest.fixture
def sites(
    former: Path, postgres: Postgres, minio: S3Server, elastic: ElasticServer, rabbitmq: RabbitMQ, tmp_path: Path
) -> Iterator[tuple[Site, Site]]:
    """One archive as the former program works on it, and as this one does; nothing is started, and there are no tables yet."""
    with ExitStack() as ending:
        settings = {
            **ending.enter_context(Servers(postgres, minio, elastic, rabbitmq).addresses()),
            "ARCHIVO_SECRET": "un secreto de estas pruebas, el mismo en todas",
            "ARCHIVO_AUDIT_KEY": audit_key(),
        }
        both = []
        for name, program in (("anterior", former), ("nueva", ROOT)):
            (tmp_path / name).mkdir()
            both.append(Site(tmp_path / name, settings, program=program))
            ending.callback(both[-1].stop)
        old, new = both
        yield old, new


def ordered(site: Site, *words: str) -> str:
    """What a command says that does all it is asked."""
    done = site.order(*words)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def deposited(site: Site, paper: Paper) -> str:
    path = site.folder / paper.filename
    path.write_bytes(paper.content)
    told = json.loads(ordered(site, "deposit", str(path), "--wait", "--json"))
    assert told["state"] == "findable"
    identifier: str = told["id"]
    return identifier


def test_while_machines_are_upgraded_one_by_one_everything_goes_on(sites: tuple[Site, Site]) -> None:
    old, new = sites
    database = Database(old.settings["ARCHIVO_DATABASE_URL"])
    kept: dict[Paper, str] = {}
    told, sent = Told(), papers(44, scans=10)
    ordered(old, "user", "create", "entidad", "--role", "entity")
    password = json.loads(ordered(old, "user", "create", "ana", "--role", "archivist", "--json"))["password"]
    sends, reads = (json.loads(ordered(old, "token", "create", "--user", who, "--json"))["token"] for who in ("entidad", "ana"))
    assert schema_of(database) != SCHEMA_HEAD
    senders = [Sender(site.address, sends, told, kept) for site in sites]
    reader = Reader(old.address, reads, told)

    old.start(WEB, WORKER)
    reader.sign_in("ana", password)
    readers = [reader, Reader(new.address, reads, told, reader.cookies)]  # who has entered by one has entered by all
    with senders[0].sending(next(sent) for _ in range(8)), readers[0].reading(senders[0]):
        new.start(WEB)  # the tables change while the former program reads and writes
    assert schema_of(database) == SCHEMA_HEAD

    both = [next(sent) for _ in range(32)]
    with readers[0].reading(senders[0]), readers[1].reading(senders[1]), senders[0].sending(both[::2]), senders[1].sending(both[1::2]):
        new.start(WORKER)
        for site in (old, new, old, new):
            paper = next(sent)
            kept[paper] = deposited(site, paper)
        first = old.member(WORKER).pid
        old.member(WORKER).stop()
        old.start(WORKER)  # begins on tables that are newer than itself
    assert truth.hold(new, senders[1], readers[1], told) == len(kept) == 44
    for paper, document in kept.items():
        assert readers[0].search(paper.word) == [document]
    ordered(old, "verify")
    ordered(old, "reconcile", "--check")
    assert (told.unanswered, max(told.statuses)) == (0, 202), told
    with new.opened() as archive, archive.reading() as session:
        ended = {str(owner).rsplit(":", 2)[1] for owner in session.scalars(select(Job.owner).where(Job.state == "done"))}
    assert ended >= {str(first), str(new.member(WORKER).pid)}, "both work"
    database.close()
    for site in sites:
        assert set(site.stop().values()) == {0}
        for member in site.members.values():
            assert "Traceback" not in member.log.read_text("utf-8"), member.log
