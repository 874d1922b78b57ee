"""Find records, and show what answers: the page, its words, the marks."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import Any, Final

from sqlalchemy import ColumnElement, Row, Select, and_, bindparam, false, func, or_, select, true
from sqlalchemy.orm import InstrumentedAttribute, Session

from archivo.access.policy import AccessClass, Actor, may_see, scope
from archivo.archive import Archive
from archivo.data import code_patterns
from archivo.records.models import Document, DocumentPart, DocumentState, Fonds
from search.analysis import fold, words
from search.highlight import marks, snippet
from search.index import Hit, Query, Results, Understood
from search.query import worded

SNIPPET: Final = 240
MAX_LIMIT: Final = 100


@dataclass(frozen=True, slots=True)
class FoundPage:
    """A page of a document that answers; None: its title or description does."""

    page: int | None
    score: float


@dataclass(frozen=True, slots=True)
class Found:
    """A document that answers. `highlights` are spans of code points in `snippet`, which is plain text."""

    id: str
    title: str
    page: int | None
    score: float
    snippet: str
    highlights: tuple[tuple[int, int], ...]
    date: str | None
    document_type: str | None
    producer: str | None
    access: str
    published: bool
    part_count: int
    other_pages: tuple[FoundPage, ...]
    title_marks: tuple[tuple[int, int], ...]


@dataclass(frozen=True, slots=True)
class FacetView:
    """A value of a facet, in words, and how many of the documents found have it; with its office where others have the same label."""

    value: str
    label: str
    count: int
    office: str = ""


@dataclass(frozen=True, slots=True)
class FoundList:
    """A page of results, and how the words were understood. `facets` are `series`, `year` and `type`.

    `suggestion` is `did_you_mean` where it has a word that was not looked for already.
    """

    query: Query
    total: int
    total_is_exact: bool
    took_ms: float
    hits: tuple[Found, ...]
    facets: Mapping[str, tuple[FacetView, ...]]
    notes: tuple[str, ...]
    did_you_mean: str | None
    understood: Understood
    suggestion: str | None = None


@dataclass(frozen=True, slots=True)
class Holdings:
    """What the public catalogue holds: documents by fonds, and the newest."""

    total: int
    fonds: tuple[FacetView, ...]
    newest: tuple["Newest", ...]


@dataclass(frozen=True, slots=True)
class Newest:
    """A record newly published."""

    id: str
    title: str
    date: str | None
    document_type: str | None


def find(archive: Archive, actor: Actor, query: Query) -> FoundList:
    """Search what this actor may see. Hits are completed from the catalogue through the policy again, so that a stale index can hide a
    record but never reveal one. Nothing typed makes it fail.
    """
    started = time.perf_counter()
    results = archive.index.search(query, scope=scope(actor))
    with archive.reading() as session:
        hits = _complete(session, actor, results)
    if len(hits) < len(results.hits):
        results = _without_closed(results, len(results.hits) - len(hits))
    facets = _facets(archive, results)
    took = (time.perf_counter() - started) * 1000
    notes = tuple(worded(note) for note in results.notes)
    counted = (results.total, results.total_is_exact, round(took, 1))
    return FoundList(query, *counted, hits, facets, notes, results.did_you_mean, results.understood, _suggestion(query, results))


def _suggestion(query: Query, results: Results) -> str | None:
    meant = {fold(word) for word in words(results.did_you_mean or "")} - {fold(word) for word in words(query.text)}
    return results.did_you_mean if meant - results.understood.words else None


def holdings(archive: Archive) -> Holdings:
    """What citizens may find, counted."""
    with archive.reading() as session:
        fonds = archive.counted(session, "holdings", lambda: _by_fonds(session))
        return Holdings(sum(each.count for each in fonds), fonds, _newest(session))


def _public() -> tuple[ColumnElement[bool], ...]:
    return Document.published == true(), Document.access == AccessClass.PUBLICA, Document.state == DocumentState.FINDABLE


def _by_fonds(session: Session) -> tuple[FacetView, ...]:
    by_fonds = session.execute(select(Document.fonds_id, func.count()).where(*_public()).group_by(Document.fonds_id))
    counts = {str(fonds_id): int(count) for fonds_id, count in by_fonds}
    named = session.scalars(select(Fonds).where(Fonds.id.in_(counts)).order_by(Fonds.code))
    return tuple(FacetView(each.code, each.name, counts[each.id]) for each in named)


def _newest(session: Session) -> tuple[Newest, ...]:
    newest_first = (Document.published_at.desc(), Document.id.desc())
    newest = session.scalars(select(Document).where(*_public(), Document.published_at.is_not(None)).order_by(*newest_first).limit(6))
    return tuple(Newest(each.id, each.title, each.date, each.document_type) for each in newest)


def read_pages(session: Session, wanted: Sequence[tuple[str, int]], *columns: InstrumentedAttribute[Any]) -> list[Row[*tuple[Any, ...]]]:
    """Document, number and these columns of the parts at some (document, number). Reads no other part."""
    names = {f"{name}{at}": value for at, place in enumerate(wanted) for name, value in zip(("document", "number"), place, strict=True)}
    return list(session.execute(_at_pages(len(wanted), columns), names))


@cache
def _at_pages(count: int, columns: tuple[InstrumentedAttribute[Any], ...]) -> Select[*tuple[Any, ...]]:
    """The places spelled out, for SQLite reads a whole table to look for pairs in a list; made once for each count of them."""
    document, number = DocumentPart.document_id, DocumentPart.number
    places = (and_(document == bindparam(f"document{at}"), number == bindparam(f"number{at}")) for at in range(count))
    return select(document, number, *columns).where(or_(false(), *places))


@cache
def _shown() -> Select[*tuple[Any, ...]]:
    """What is shown of the documents in a list, and what tells who may see them."""
    columns = (Document.id, Document.title, Document.description, Document.date, Document.document_type, Document.producer)
    access = (Document.access, Document.published, Document.received_by, Document.part_count)
    return select(*columns, *access).where(Document.id.in_(bindparam("ids", expanding=True)))


def _complete(session: Session, actor: Actor, results: Results) -> tuple[Found, ...]:
    documents = {row.id: row for row in session.execute(_shown(), {"ids": [hit.document for hit in results.hits]})}
    wanted = [(hit.document, hit.pages[0].page) for hit in results.hits if hit.pages[0].page]
    texts = {(document_id, page): text for document_id, page, text in read_pages(session, wanted, DocumentPart.text)}
    found = []
    for hit in results.hits:
        document = documents.get(hit.document)
        if document is not None and may_see(actor, document.access, document.published, document.received_by):
            found.append(_found(document, hit, texts, results))
    return tuple(found)


def _without_closed(results: Results, closed: int) -> Results:
    """What may be told when the index was left behind and answers with records the catalogue closes to this reader: neither how many they
    are, nor their facets, nor words of theirs.
    """
    return replace(results, total=results.total - closed, total_is_exact=False, facets={}, notes=(), did_you_mean=None)


def _found(document: Row[*tuple[Any, ...]], hit: Hit, texts: Mapping[tuple[str, int], str], results: Results) -> Found:
    patterns = code_patterns()
    page = hit.pages[0].page
    text = texts.get((document.id, page)) if page else None
    source = text if text is not None else "\n".join(t for t in (document.title, document.description) if t)
    shown, spans = snippet(source, results.understood, around=SNIPPET, patterns=patterns)
    return Found(
        id=document.id,
        title=document.title,
        page=page or None,
        score=round(hit.score, 4),
        snippet=shown,
        highlights=tuple(spans),
        date=document.date,
        document_type=document.document_type,
        producer=document.producer,
        access=document.access,
        published=document.published,
        part_count=document.part_count,
        other_pages=tuple(FoundPage(p.page or None, p.score) for p in hit.pages[1:]),
        title_marks=tuple(marks(document.title, results.understood, patterns=patterns)),
    )


def _facets(archive: Archive, results: Results) -> dict[str, tuple[FacetView, ...]]:
    names: Mapping[str, Any] = {}
    if results.facets.get("series"):
        from archivo.retention.labels import series_names  # the tables of retention are mapped only when something names them

        names = series_names(archive)
    facets: dict[str, tuple[FacetView, ...]] = {}
    for name in ("series", "year", "type"):
        values: Sequence[Any] = results.facets.get(name, ())
        facets[name] = tuple(_facet(value, names.get(value.value) if name == "series" else None) for value in values)
    return facets


def _facet(value: Any, name: Any) -> FacetView:
    return FacetView(value.value, name.label, value.count, name.office) if name else FacetView(value.value, value.value, value.count)
