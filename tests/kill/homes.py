"""Template homes copied for each case, the recovery in another process, and the count of what is there."""

import json
import shutil
import signal
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from sqlalchemy import func, select

from archivo.access.policy import scope
from archivo.archive import Archive, ObjectLease
from archivo.assembly import assemble
from archivo.audit.models import AuditEntry
from archivo.audit.services import verify_chain
from archivo.custody.services import verify
from archivo.identifiers import from_urn
from archivo.intake.models import DigestClaim, RecognisedPage
from archivo.jobs import Job
from archivo.operations.reconciling import reconcile
from archivo.records.models import Document, DocumentEvent, DocumentPart, Fonds, Incoming, RecordVersion
from archivo.retention.models import Classification, Decision, LearnedModel, TrdVersion
from archivo.settings import read_settings
from ingest.step import Tools
from search.index import Query, Scope
from tests.kill.acts import ACTOR, ACTS, finish
from tests.ocfl_judge import judged

ROOT: Final = Path(__file__).parents[2]


@dataclass(frozen=True)
class Count:
    """What an archive holds, in the terms in which a killed run must equal one that was not."""

    documents: int
    objects: int
    others: int
    states: dict[str, int]
    events: tuple[tuple[str, ...], ...]
    acts: tuple[tuple[str, ...], ...]
    found: dict[str, int]
    public: int
    parts: int
    classes: tuple[tuple[str, str | None], ...]
    decisions: int
    models: int
    audited: dict[str, int]


@contextmanager
def opened(home: Path, tools: Tools | None = None) -> Iterator[Archive]:
    """The archive of a home in this process; with the given children, or its own."""
    archive, own = assemble(read_settings({"ARCHIVO_HOME": str(home), "ARCHIVO_WORKERS": "1"}))
    try:
        yield replace(archive, tools=tools or own)
    finally:
        own.close()
        archive.database.close()


@dataclass
class Victims:
    """Starts victims, one at a time."""

    server: "subprocess.Popen[str]"
    folder: Path

    def run(self, home: Path, act: str, point: int, words: tuple[Path, ...], instant: float = 0) -> tuple[bool, list[str]]:
        """Run the act in a process of its own; whether it was killed (at the point, or the instant), and what it had answered by then."""
        answers = self.folder / "answers"
        answers.unlink(missing_ok=True)
        assert self.server.stdin
        assert self.server.stdout
        self.server.stdin.write(json.dumps([str(answers), str(home), act, point, instant, [str(word) for word in words]]) + "\n")
        self.server.stdin.flush()
        status = int(self.server.stdout.readline())
        assert status in (0, -signal.SIGKILL, -signal.SIGALRM), status
        return status != 0, answers.read_text("utf-8").splitlines() if answers.exists() else []


@contextmanager
def victims(folder: Path) -> Iterator[Victims]:
    command = [sys.executable, "-m", "tests.kill.victim"]
    with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as server:
        yield Victims(server, folder)


def again(archive: Archive, act: str, words: tuple[Path, ...]) -> None:
    """What people and the system do after a kill: reconcile, repeat the act that was not answered, and let the work end."""
    reconcile(archive)
    for _ in ACTS[act](archive, *words):
        pass
    finish(archive)


def recovered(archive: Archive) -> None:
    """What the system does alone."""
    reconcile(archive)
    finish(archive)
    reconcile(archive)


def count(archive: Archive, words: tuple[str, ...]) -> Count:
    """Count everything; each of `words` is looked for by one who sees all."""
    with archive.reading() as session:
        ids = sorted(session.scalars(select(Document.id)))
        others = [*session.scalars(select(Fonds.id)), *session.scalars(select(TrdVersion.id))]
        events: dict[str, list[str]] = {i: [] for i in ids}
        for one, code in session.execute(select(DocumentEvent.document_id, DocumentEvent.code).order_by(DocumentEvent.sequence)):
            events[one].append(code)
        acts: dict[str, list[str]] = {i: [] for i in ids}
        for one, name in session.execute(select(RecordVersion.document_id, RecordVersion.act).order_by(RecordVersion.n)):
            acts[one].append(name)
        held = {from_urn(one) for one in archive.packages.objects()}
        assert held == {*ids, *others}
        return Count(
            documents=len(ids),
            objects=len(held),
            others=len(others),
            states=dict(Counter(session.scalars(select(Document.state)))),
            events=tuple(sorted(tuple(sorted(codes)) for codes in events.values())),
            acts=tuple(sorted(tuple(names) for names in acts.values())),
            found={word: archive.index.search(Query(word), scope=scope(ACTOR)).total for word in words},
            public=sum(archive.index.search(Query(word), scope=_citizen()).total for word in words),
            parts=session.scalar(select(func.count()).select_from(DocumentPart)) or 0,
            classes=tuple(sorted((c.status, c.class_id) for c in session.scalars(select(Classification)))),
            decisions=session.scalar(select(func.count()).select_from(Decision)) or 0,
            models=session.scalar(select(func.count()).select_from(LearnedModel)) or 0,
            audited=dict(Counter(_audited(archive))),
        )


def nothing_is_left_over(archive: Archive, home: Path) -> None:
    """No lease, claim, page, temporary file or byte in flight remains; chain and packages are whole, also to another's validator."""
    with archive.reading() as session:
        for model in (Incoming, DigestClaim, RecognisedPage, ObjectLease):
            assert not session.scalar(select(func.count()).select_from(model)), model.__tablename__
        assert set(session.scalars(select(Job.state))) <= {"done"}
        assert not list(session.scalars(select(Document.id).where(Document.sealed_version < Document.version)))
        assert not list(session.scalars(select(RecordVersion.document_id).where(RecordVersion.sealed_in.is_(None))))
    report = verify(archive, ACTOR)
    assert report.is_clean, report
    assert verify_chain(archive).broken_at is None
    assert not [path for path in (home / "incoming").iterdir() if path.is_file()]
    assert not list((home / "cache" / "work").glob("*"))
    assert not list(Path(tempfile.gettempdir()).iterdir())
    judged(str(home / "store"))


def copied(template: Path, to: Path) -> Path:
    """A home of this case's own."""
    shutil.copytree(template, to)
    return to


def _citizen() -> Scope:
    return Scope(frozenset({"public"}))


def _audited(archive: Archive) -> list[str]:
    with archive.reading() as session:
        return [act for act in session.scalars(select(AuditEntry.act)) if act == "document.deposit"]
