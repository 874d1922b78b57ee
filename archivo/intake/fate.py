"""What has become, so far, of a document just received: asked for often, and leaving no trace as a reading would."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from pathlib import PurePath

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from archivo.access.policy import Actor
from archivo.archive import Archive
from archivo.intake.models import RecognisedPage
from archivo.jobs import Job, JobState
from archivo.records.models import Document, DocumentFinding, DocumentState
from archivo.records.services import visible_document
from archivo.records.views import FindingView, finding_view


@dataclass(frozen=True, slots=True)
class Recognition:
    """How far a document that is recognised by ranges is, in pages."""

    done: int
    total: int

    @property
    def share(self) -> float:
        """Of its pages, those done: 0 to 1."""
        return self.done / self.total


@dataclass(frozen=True, slots=True)
class Progress:
    """Where a document is on its way to being found, and what a person should know of it already."""

    id: str
    state: str
    title: str
    filename: str
    findings: tuple[FindingView, ...]
    recognition: Recognition | None

    @property
    def is_at_rest(self) -> bool:
        """Whether nothing more will happen to it by itself."""
        return self.state in ("findable", "failed")

    @property
    def standing(self) -> str:
        """Its state, or `flawed` where it ended with a finding of error."""
        return "flawed" if self.state == "findable" and any(each.severity == "error" for each in self.findings) else self.state

    @property
    def named(self) -> str:
        """Its title, where it tells more than the name of its file."""
        return "" if self.title in (self.filename, PurePath(self.filename).stem) else self.title


def progress_of(archive: Archive, actor: Actor, document_id: str) -> Progress:
    """The progress of a document that this actor may know of. Raises Malformed, Unknown."""
    with archive.reading() as session:
        document = visible_document(session, actor, document_id)
        rows = session.scalars(select(DocumentFinding).filter_by(document_id=document_id).order_by(DocumentFinding.sequence))
        findings = [finding_view(row.code, row.params) for row in rows]
        worth = tuple(finding for finding in findings if finding.severity != "info")
        recognition = recognitions(session, [document.id]).get(document.id)
        return Progress(document.id, document.state, document.title, document.filename, worth, recognition)


def recognitions(session: Session, document_ids: Collection[str]) -> dict[str, Recognition]:
    """How far each of these documents is, of those that are being recognised by ranges."""
    ranges = select(Job.object_id, Job.params).join(Document, Document.id == Job.object_id)
    going = ranges.where(Job.kind == "recognise", Job.object_id.in_(document_ids), Document.state == DocumentState.PROCESSING)
    pages: dict[str, set[int]] = {}
    for document_id, params in session.execute(going):
        pages.setdefault(document_id, set()).update(params["pages"])
    counted = select(RecognisedPage.document_id, func.count()).where(RecognisedPage.document_id.in_(pages))
    done = {document_id: count for document_id, count in session.execute(counted.group_by(RecognisedPage.document_id))}
    return {each: Recognition(min(done.get(each, 0), len(wanted)), len(wanted)) for each, wanted in pages.items()}


def in_ranges(session: Session, *, limit: int) -> Iterable[str]:
    """The documents with ranges of pages still to be recognised, oldest first."""
    unfinished = Job.state.in_((JobState.QUEUED, JobState.RUNNING, JobState.FAILED))
    return session.scalars(select(Job.object_id).where(Job.kind == "recognise", unfinished).distinct().order_by(Job.object_id).limit(limit))
