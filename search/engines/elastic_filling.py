"""Writing into a generation, so that of each document the entries of the latest turn stay, whole, whoever wrote at the same time.

Every operation carries its writer's turn as its version, and the server keeps the higher one. What that cannot settle is looked for
afterwards: entries of an earlier turn that the new ones did not replace, and one's own entries of a document that a later turn has
written already (one of them was then refused as outdated).
"""

from collections.abc import Iterable, Iterator
from itertools import chain, islice

from search.engines.elastic_operations import Failure, Json, Operation
from search.engines.elastic_server import IndexGone, Server
from search.engines.elastic_storage import BUILT, Generation
from search.engines.elastic_writing import Prepared, change, stamp, word

_DOCUMENTS_AT_ONCE = 1_000
_FOUND_AT_ONCE = 1_000
_BY_ENTRY: list[Json] = [{"doc": "asc"}, {"page": "asc"}, {"part": "asc"}]
_BY_CHANGE: list[Json] = [{"changed": "asc"}]


class Filling:
    """Fills one generation. `known`: words it is known to hold already, kept by the caller from one filling to the next."""

    def __init__(self, server: Server, generation: Generation, known: set[str]) -> None:
        self._server = server
        self._generation = generation
        self._known = known

    def put(self, documents: frozenset[str], prepared: Iterable[Prepared], turn: int) -> dict[str, str]:
        """Make the entries given all that the documents have; the documents that the server cannot hold, and why. Raises IndexGone."""
        notes = [change(document, turn) for document in sorted(documents)] if self._generation.is_built else []
        failures = self._send(notes, prepared, turn)
        outdated = documents & {each.operation.about for each in failures if each.is_outdated}
        self._remove(documents - outdated, {"range": {"turn": {"lt": turn}}}, turn)
        self._remove(outdated, {"term": {"turn": turn}}, turn)
        return _refused(failures)

    def build(self, prepared: Iterable[Prepared]) -> dict[str, str]:
        """The entries as a rebuilding read them; what was put or removed meanwhile stays as it was put. Otherwise as put()."""
        failures = self._send([], prepared, BUILT)
        changed = self._found({"exists": {"field": "changed"}}, _BY_CHANGE, ["changed"])
        while some := frozenset(hit["fields"]["changed"][0] for hit in islice(changed, _DOCUMENTS_AT_ONCE)):
            self._remove(some, {"term": {"turn": BUILT}}, BUILT)
        return _refused(failures)

    def _send(self, first: Iterable[Operation], prepared: Iterable[Prepared], turn: int) -> list[Failure]:
        """Have it visible; also the words not known yet. What is refused because the server has them is no failure."""
        new: set[str] = set()

        def operations() -> Iterator[Operation]:
            yield from first
            for each in prepared:
                fresh = each.words - self._known - new
                new.update(fresh)
                yield from map(word, sorted(fresh))
                yield each.operation(turn)

        failures = self._do(operations())
        failures = [each for each in failures if each.operation.about or not each.is_outdated]
        if not failures:
            self._known |= new
        return failures

    def _do(self, operations: Iterable[Operation]) -> list[Failure]:
        """Do the operations and have them visible; those not done."""
        failures = self._server.send(self._generation.alias, chain(operations, (stamp(),)))
        if any(each.is_gone for each in failures):
            raise IndexGone(self._generation.index)
        self._server.refresh(self._generation.index)
        return failures

    def _remove(self, documents: frozenset[str], having: Json, turn: int) -> None:
        """Remove the entries of the documents that answer a query, unless a later turn wrote them."""
        names: list[str] = []
        every = iter(sorted(documents))
        while some := list(islice(every, _DOCUMENTS_AT_ONCE)):
            query = {"bool": {"filter": [{"terms": {"document": some}}, having]}}
            names += [hit["_id"] for hit in self._found(query, _BY_ENTRY, [])]
        if names:
            self._do(Operation("delete", name, version=turn) for name in names)

    def _found(self, query: Json, sort: list[Json], shown: list[str]) -> Iterator[Json]:
        """Everything that answers, some at a time, in an order in which no two are equal."""
        after: Json = {}
        while True:
            search = {"size": _FOUND_AT_ONCE, "query": query, "sort": sort, "docvalue_fields": shown, **after}
            hits = self._server.ask(self._generation.index, [search])[0]["hits"]["hits"]
            yield from hits
            if len(hits) < _FOUND_AT_ONCE:
                return
            after = {"search_after": hits[-1]["sort"]}


def _refused(failures: Iterable[Failure]) -> dict[str, str]:
    return {each.operation.about: each.reason for each in failures if each.operation.about and not each.is_outdated}
