"""A document that the index cannot hold waits for a person, and costs the others nothing."""

from collections.abc import Iterable
from dataclasses import replace
from io import BytesIO

from sqlalchemy import select

from archivo.access.policy import custody
from archivo.archive import Archive
from archivo.intake.services import Upload, deposit
from archivo.jobs import Job
from archivo.records.models import Document
from archivo.worker import work_until_done
from search.index import EntriesRefused, Entry, Query, Results, Scope, SearchIndex, Understood


class Particular:
    """The real index, which will not hold one of the documents: a server that has a limit, as one of these tests is no place to reach."""

    def __init__(self, index: SearchIndex, unwanted: str) -> None:
        self._index, self._unwanted = index, unwanted

    def put(self, entries: Iterable[Entry]) -> None:
        listed = list(entries)
        self._index.put([one for one in listed if one.document != self._unwanted])
        if any(one.document == self._unwanted for one in listed):
            raise EntriesRefused({self._unwanted: "too long"})

    def remove(self, documents: Iterable[str]) -> None:
        self._index.remove(documents)

    def rebuild(self, entries: Iterable[Entry]) -> int:
        return self._index.rebuild(entries)

    def search(self, query: Query, *, scope: Scope) -> Results:
        return self._index.search(query, scope=scope)

    def understood(self, text: str, *, scope: Scope) -> Understood:
        return self._index.understood(text, scope=scope)


def test_only_the_refused_document_fails(archive: Archive) -> None:
    one, two = (deposit(archive, custody("pruebas"), Upload(BytesIO(text), "a.txt")).id for text in (b"Circular uno", b"Circular dos"))
    work_until_done(replace(archive, index=Particular(archive.index, one)), {one, two})
    with archive.reading() as session:
        states = {document.id: document.state for document in session.scalars(select(Document))}
        failed = [(job.object_id, job.error_code) for job in session.scalars(select(Job).where(Job.state == "failed"))]
    assert states == {one: "preserved", two: "findable"}
    assert failed == [(one, "index.refused")]
    found = archive.index.search(Query("circular"), scope=Scope(frozenset({"class:publica"})))
    assert [hit.document for hit in found.hits] == [two]
