"""The index entries of a document and the labels that open them."""

from collections.abc import Iterable, Mapping, Sequence

from archivo.access.policy import labels_of
from archivo.records.models import Document, DocumentPart
from search.index import Entry


def entries_of(document: Document, parts: Sequence[DocumentPart], series: tuple[str, ...]) -> Iterable[Entry]:
    """One entry for the document and one a part. `series` is the class and its ancestors, of a class that counts.

    What the text says is its own title and number helps to find it by them, also while nobody has accepted the proposal.
    """
    labels = labels_of(document.access, document.published, document.received_by)
    proposed = [str(document.proposals[name]) for name in ("title", "number") if document.proposals.get(name)]
    own = "\n".join(text for text in (document.title, document.number, document.filename, *proposed) if text)
    description = "\n".join(
        text for text in (document.description, document.document_type, document.number, document.producer, document.filename) if text
    )
    facets: Mapping[str, tuple[str, ...]] = {
        "series": series,
        "type": (document.document_type,) if document.document_type else (),
    }
    years = tuple(range(int(document.begins_on[:4]), int((document.ends_on or document.begins_on)[:4]) + 1)) if document.begins_on else ()
    bodies = [(0, "")] + [(part.number, part.text) for part in parts if part.text]
    for page, body in bodies:
        yield Entry(
            document=document.id,
            page=page,
            title=document.title,
            description=description,
            body=body,
            own=own,
            labels=labels,
            facets=facets,
            years=years[:200],
        )
