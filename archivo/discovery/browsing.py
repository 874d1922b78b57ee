"""Go through what the archive holds without words: by years, series and type of document, from the catalogue itself."""

import time
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any, Final

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from archivo.access.policy import Actor, scope
from archivo.archive import Archive
from archivo.discovery import listing
from archivo.discovery.services import FacetView, Found, FoundList
from archivo.records.models import Document, DocumentState
from archivo.records.rows import beginning
from archivo.retention.classification import DECIDED
from archivo.retention.labels import SeriesName, series_names
from archivo.retention.models import Classification, TrdClass
from search.index import Query, Understood

MOST_VALUES: Final = 40


def browse(archive: Archive, actor: Actor, query: Query) -> FoundList:
    """What this actor may see that passes the filters of `query`, in order of date, those without date at the end; its text is not read."""
    started = time.perf_counter()
    names = series_names(archive)
    with archive.reading() as session:
        chosen = listing.chosen(actor, query).where(Document.state == DocumentState.FINDABLE)
        name = repr((sorted(scope(actor).labels), query.from_year, query.to_year, sorted(query.filters.items())))
        total, facets = archive.counted(session, f"browse {name}", lambda: _counted(session, chosen, names))
        hits = tuple(_found(document) for document in _page(session, chosen, query))
    took = (time.perf_counter() - started) * 1000
    return FoundList(query, total, True, round(took, 1), hits, facets, (), None, Understood())


def _counted(session: Session, chosen: Select[Any], names: Mapping[str, SeriesName]) -> tuple[int, dict[str, tuple[FacetView, ...]]]:
    return session.scalar(chosen.with_only_columns(func.count())) or 0, _facets(session, chosen, names)


def _page(session: Session, chosen: Select[Any], query: Query) -> list[Document]:
    """Those with a date, as an index has them in order; and after the last of them those without."""
    dated = chosen.where(Document.begins_on.is_not(None))
    page = list(session.scalars(dated.order_by(Document.begins_on, Document.id).limit(query.limit).offset(query.offset)))
    if len(page) < query.limit:
        before = query.offset + len(page) if page else session.scalar(select(func.count()).select_from(dated.subquery())) or 0
        undated = chosen.where(Document.begins_on.is_(None)).order_by(Document.id)
        page += session.scalars(undated.limit(query.limit - len(page)).offset(query.offset + len(page) - before))
    return page


def _facets(session: Session, chosen: Select[Any], names: Mapping[str, SeriesName]) -> dict[str, tuple[FacetView, ...]]:
    years: Counter[int] = Counter()
    bounds = (beginning(Document.begins_on, 4), beginning(Document.ends_on, 4))
    dated = chosen.where(Document.begins_on.is_not(None)).with_only_columns(*bounds, func.count()).group_by(*bounds)
    for begins, ends, count in session.execute(dated):
        years.update(dict.fromkeys(range(int(begins), int(ends or begins) + 1), count))
    typed = chosen.where(Document.document_type.is_not(None))
    types = typed.with_only_columns(Document.document_type, func.count()).group_by(Document.document_type)
    series = (
        select(TrdClass.series_code, func.min(TrdClass.series), func.count())
        .join(Classification, Classification.class_id == TrdClass.id)
        .where(Classification.status.in_(DECIDED), Classification.document_id.in_(chosen.with_only_columns(Document.id)))
        .group_by(TrdClass.series_code)
    )
    return {
        "year": tuple(FacetView(str(year), str(year), count) for year, count in sorted(years.items())),
        "type": _most((str(value), str(value), "", count) for value, count in session.execute(types)),
        "series": _most((code, *_named(names.get(code), label), count) for code, label, count in session.execute(series)),
    }


def _named(name: SeriesName | None, label: str) -> tuple[str, str]:
    return (name.label, name.office) if name else (label, "")


def _most(values: Iterable[tuple[str, str, str, int]]) -> tuple[FacetView, ...]:
    ordered = sorted(values, key=lambda value: (-value[3], value[1], value[0]))
    return tuple(FacetView(value, label, count, office) for value, label, office, count in ordered[:MOST_VALUES])


def _found(document: Document) -> Found:
    return Found(
        id=document.id,
        title=document.title,
        page=None,
        score=0.0,
        snippet=document.description[:240],
        highlights=(),
        date=document.date,
        document_type=document.document_type,
        producer=document.producer,
        access=document.access,
        published=document.published,
        part_count=document.part_count,
        other_pages=(),
        title_marks=(),
    )
