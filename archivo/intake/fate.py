"""What has become, so far, of a document just received: asked for often, and leaving no trace as a reading would."""

from dataclasses import dataclass

from sqlalchemy import select

from archivo.access.policy import Actor
from archivo.archive import Archive
from archivo.records.models import DocumentFinding
from archivo.records.services import FindingView, finding_view, visible_document


@dataclass(frozen=True, slots=True)
class Progress:
    """Where a document is on its way to being found, and what a person should know of it already."""

    id: str
    state: str
    title: str
    filename: str
    findings: tuple[FindingView, ...]

    @property
    def is_at_rest(self) -> bool:
        """Whether nothing more will happen to it by itself."""
        return self.state in ("findable", "failed")


def progress_of(archive: Archive, actor: Actor, document_id: str) -> Progress:
    """The progress of a document that this actor may know of. Raises Malformed, Unknown."""
    with archive.reading() as session:
        document = visible_document(session, actor, document_id)
        rows = session.scalars(select(DocumentFinding).filter_by(document_id=document_id).order_by(DocumentFinding.sequence))
        findings = [finding_view(row.code, row.params) for row in rows]
        worth = tuple(finding for finding in findings if finding.severity != "info")
        return Progress(document.id, document.state, document.title, document.filename, worth)
