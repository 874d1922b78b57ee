"""The tree of a search sent bare to its engine: what a search costs without the words, the facets and the documents put together."""

import http.client
import json
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from pathlib import Path
from typing import Protocol
from urllib.parse import urlsplit

from tantivy import Query as EngineQuery

from archivo.data import code_patterns, synonyms
from search.engines import elastic_query, elastic_storage, elastic_words, tantivy_storage, tantivy_words
from search.engines.elastic_operations import Json
from search.engines.elastic_server import Patience, Server, Source
from search.engines.tantivy_schema import entries_schema, filtered, translated
from search.index import Query, Scope
from search.plan import Step, plan, synonym_table
from search.query import parse
from search.spelling import Vocabulary

SHOWN = 10

Ways = Mapping[str, Callable[[], int]]
"""Ways of asking for one query, each giving how many entries were found, one at least."""


class Bare(Protocol):
    def ways(self, text: str, scope: Scope) -> Ways:
        """How the tree that answers a query is asked for; nothing where nothing answers."""
        ...

    def bytes(self) -> int:
        """What the index takes on disk."""
        ...


def _steps(text: str, words: Vocabulary) -> Iterable[Step]:
    return plan(text, parse(text, code_patterns()), words, synonym_table(synonyms())).steps


class BareTantivy:
    """The index in a folder: `bare` is the ten best and how many there are."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        reading = tantivy_storage.Storage(folder).reading()
        if reading is None:
            raise ValueError(f"{folder}: nothing was indexed")
        self._reading = reading

    def ways(self, text: str, scope: Scope) -> Ways:
        for step in _steps(text, tantivy_words.ReaderWords(self._reading, scope)):
            query = filtered(entries_schema(), Query(text), scope, translated(entries_schema(), step.tree))
            if self._reading.find(query, 1)[0]:
                return {"bare": partial(self._counted, query)}
        return {}

    def _counted(self, query: EngineQuery) -> int:
        return self._reading.find(query, SHOWN)[0]

    def bytes(self) -> int:
        return sum(each.stat().st_size for each in self._folder.rglob("*") if each.is_file())


class BareElastic:
    """The index at an address, asked by http.client: `bare` is the ten best and how many there are, up to 10,000; `faceted` has how many
    entries have each value too.
    """

    def __init__(self, address: str) -> None:
        url = urlsplit(address)
        self._prefix = url.path.strip("/")
        server = Server(address, Patience(600, 600))
        self._source = Source(server, elastic_storage.Storage(server).readers)
        self._memory = elastic_words.Memory()
        self._connection = http.client.HTTPConnection(url.hostname or "", url.port or 9200, timeout=600)

    def ways(self, text: str, scope: Scope) -> Ways:
        moment = elastic_words.Moment(self._source, self._memory)
        try:
            steps = self._steps(text, elastic_words.ReaderWords(moment, scope))
        except elastic_words.Outdated:
            steps = self._steps(text, elastic_words.ReaderWords(moment, scope))
        for step in steps:
            within = {"must": [elastic_query.translated(step.tree)], "filter": elastic_query.filters(Query(text), scope)}
            body: Json = {"size": SHOWN, "query": {"bool": within}, "stored_fields": "_none_", "docvalue_fields": ["document"]}
            if self._found({**body, "size": 0}):
                faceted = {**body, "aggs": {"facets": {"terms": {"field": "facet", "size": 1000}}}}
                return {"bare": partial(self._found, body), "faceted": partial(self._found, faceted)}
        return {}

    def bytes(self) -> int:
        return int(self._asked("GET", f"/{self._prefix}.entries.*/_stats/store")["_all"]["total"]["store"]["size_in_bytes"])

    def _steps(self, text: str, words: elastic_words.ReaderWords) -> Iterable[Step]:
        return words.complete(lambda: _steps(text, words))

    def _found(self, body: Json) -> int:
        return int(self._asked("POST", f"/{self._source.index}/_search", body)["hits"]["total"]["value"])

    def _asked(self, method: str, path: str, body: Json | None = None) -> Json:
        self._connection.request(method, path, json.dumps(body) if body else None, {"Content-Type": "application/json"})
        answer = self._connection.getresponse()
        read: Json = json.loads(answer.read())
        if answer.status != 200:
            raise ValueError(f"{path}: {answer.status} {read}")
        return read
