"""The connection to an Elasticsearch server, and what its faults are called by the port."""

import json
import re
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote, urlsplit
from uuid import uuid4

from elastic_transport import SerializationError, TransportError
from elasticsearch import ApiError, ConflictError, Elasticsearch, OrjsonSerializer, UnsupportedProductError
from elasticsearch.serializer import NdjsonSerializer

from search.engines.elastic_operations import Failure, Json, Operation, batches, reason
from search.index import IndexDenied, IndexRefused, IndexUnavailable, NoIndexServer

_PAUSES = (0.1, 0.2, 0.4, 0.8, 1.6, 3.2, 6.4, 12.8)
"""Seconds between attempts where the server is too busy."""
_CONNECTIONS = 40
_UNREAD = [f"-responses.{each}" for each in ("_shards", "hits.hits._index", "hits.hits._score", "hits.hits._ignored")]
_PREFIX = re.compile(r"[a-z0-9][a-z0-9_-]{0,60}")


class _Lines(NdjsonSerializer, OrjsonSerializer):
    """Several searches, or operations."""


_SERIALIZERS = {each.mimetype: each() for each in (OrjsonSerializer, _Lines)}
_GONE = 404
_REFUSALS = {401: IndexRefused, 403: IndexDenied}
_BUSY = 429


@dataclass(frozen=True, slots=True)
class Patience:
    """How many seconds an answer is waited for: to a search, and to what writes or makes an index."""

    reading: float = 15.0
    writing: float = 60.0


class Server:
    """An Elasticsearch server at `http[s]://[user:password@]host:port/prefix`; `prefix` begins the names of all that is kept there.

    Every method raises IndexUnavailable where the server cannot be reached, refuses the credentials, does not answer in time or says
    that it cannot serve now. Raises ValueError for an address that cannot be read.
    """

    def __init__(self, address: str, patience: Patience) -> None:
        url = urlsplit(address)
        self.prefix = url.path.strip("/")
        if url.scheme not in ("http", "https") or not url.hostname or not _PREFIX.fullmatch(self.prefix):
            raise ValueError("an index address is http[s]://[user:password@]host:port/prefix, the prefix of a-z, 0-9, - and _")
        port = url.port or (443 if url.scheme == "https" else 9200)
        host = f"[{url.hostname}]" if ":" in url.hostname else url.hostname
        credentials = (unquote(url.username), unquote(url.password or "")) if url.username else None
        self._client = Elasticsearch(
            f"{url.scheme}://{host}:{port}",
            basic_auth=credentials,
            request_timeout=patience.reading,
            connections_per_node=_CONNECTIONS,
            max_retries=2,
            retry_on_status=(),
            serializers=_SERIALIZERS,
        )
        self._copy = (
            uuid4().hex
        )  # of the copies of an index always the same is read: what is remembered of one may not be so of another yet
        self._writer = self._client.options(request_timeout=patience.writing)

    def ask(self, index: str, searches: Sequence[Json]) -> list[Json]:
        """The answers to several searches, run at once. An index that is not there, or goes away meanwhile, raises IndexGone."""
        whole = {"allow_partial_search_results": False, "preference": self._copy}
        lines = [line for each in searches for line in (whole, each)]
        with translated():
            answers: list[Json] = self._client.msearch(index=index, searches=lines, filter_path=_UNREAD).body["responses"]
        for answer in answers:
            if "error" in answer:
                raise _fault(answer)
        return answers

    def frequencies(self, index: str, words: Sequence[str], fields: Sequence[str]) -> dict[str, int]:
        """In how many documents of the server each word stands, one field with another. Raises IndexGone."""
        sought = {field: " ".join(words) for field in fields}
        with translated():
            found = self._client.termvectors(
                index=index,
                doc=sought,
                term_statistics=True,
                field_statistics=False,
                positions=False,
                offsets=False,
                payloads=False,
                preference=self._copy,
            ).body["term_vectors"]
        terms = [(word, each.get("doc_freq", 0)) for field in found.values() for word, each in field["terms"].items()]
        frequencies = dict.fromkeys(words, 0)
        for word, frequency in terms:
            frequencies[word] += frequency
        return frequencies

    def send(self, index: str, operations: Iterable[Operation]) -> list[Failure]:
        """Do the operations, in order, through an alias of the index; those not done, with the reasons. What the server is too busy to do
        is sent again after a pause.
        """
        failures: list[Failure] = []
        with ThreadPoolExecutor(1) as sender:  # what comes next is made while the server works
            sending = sender.submit(list[Failure])
            for batch in batches(operations):
                failures += sending.result()
                sending = sender.submit(self._insist, index, batch)
            failures += sending.result()
        return failures

    def _insist(self, index: str, operations: list[Operation]) -> list[Failure]:
        failures: list[Failure] = []
        for pause in _PAUSES:
            refused = self._send(index, operations)
            failures += [each for each in refused if not each.is_for_later]
            operations = [each.operation for each in refused if each.is_for_later]
            if not operations:
                return failures
            time.sleep(pause)
        raise IndexUnavailable("the server is too busy to write")

    def _send(self, index: str, operations: list[Operation]) -> list[Failure]:
        body: list[Any] = [each.lines() for each in operations]
        answer: Json = {}
        for pause in _PAUSES:
            try:
                with translated():
                    shown = "errors,items.*.status,items.*.error.type,items.*.error.reason"
                    answer = self._writer.bulk(index=index, operations=body, require_alias=True, filter_path=shown).body
                break
            except _Busy:
                time.sleep(pause)
        else:
            raise IndexUnavailable("the server is too busy to write")
        if not answer["errors"]:
            return []
        done = [next(iter(item.values())) for item in answer["items"]]
        return [Failure(one, each["status"], reason(each)) for one, each in zip(operations, done, strict=True) if each["status"] >= 300]

    def refresh(self, index: str) -> None:
        """Make what was sent visible. Raises IndexGone."""
        with translated():
            self._writer.indices.refresh(index=index)

    def count_up(self, index: str) -> tuple[int, bool]:
        """The next number of a counter, higher than any that was given; and whether the counter is new. Raises IndexGone."""
        with translated():
            answer = self._client.index(index=index, id="turn", document={}, require_alias=True).body
        return int(answer["_version"]), answer["result"] == "created"

    def count_from(self, index: str, number: int) -> None:
        """Let a counter go on from a number, unless it is there already."""
        with translated(), suppress(ConflictError):
            self._client.index(index=index, id="turn", document={}, version=number, version_type="external", require_alias=True)

    def aliases(self, pattern: str) -> Mapping[str, frozenset[str]]:
        """The aliases of each index whose name matches."""
        with translated():
            found = self._client.indices.get_alias(index=pattern).body
        return {index: frozenset(each["aliases"]) for index, each in found.items()}

    def create(self, index: str, described: Json, aliases: Sequence[str] = ()) -> bool:
        """Make an index; false if it was there."""
        try:
            with translated():
                self._writer.indices.create(index=index, aliases={each: {} for each in aliases}, **described)
        except ApiError as error:
            if "resource_already_exists_exception" in str(error):
                return False
            raise
        return True

    def change_aliases(self, actions: Sequence[Json]) -> None:
        """All the actions at once, or none. Raises IndexGone where an alias or an index to be removed is not there."""
        with translated():
            answer = self._writer.indices.update_aliases(actions=actions).body
        if not answer["acknowledged"]:
            raise IndexUnavailable("the server did not confirm in time which index answers")

    def delete(self, index: str) -> None:
        """Remove an index, if it is there."""
        with translated():
            self._writer.indices.delete(index=index, ignore_unavailable=True)


@dataclass(frozen=True, slots=True)
class Source:
    """An index of a server, to be read."""

    server: Server
    index: str

    def ask(self, searches: Sequence[Json]) -> list[Json]:
        return self.server.ask(self.index, searches)

    def frequencies(self, words: Sequence[str], fields: Sequence[str]) -> dict[str, int]:
        return self.server.frequencies(self.index, words, fields)


class IndexGone(Exception):
    """There is no index of that name, or no longer."""


class _Busy(IndexUnavailable):
    """The server has no room for the request now."""


@contextmanager
def translated() -> Iterator[None]:
    """The client's errors as those of the port; what cannot be sent, and what the server finds wrong, stays as it is: it is a fault of this
    program.
    """
    try:
        yield
    except SerializationError:
        raise
    except TransportError as error:
        raise IndexUnavailable(f"the server does not answer: {type(error).__name__}") from error
    except UnsupportedProductError as error:
        raise NoIndexServer("what answers is no Elasticsearch") from error
    except ApiError as error:
        if error.status_code in _REFUSALS:
            raise _REFUSALS[error.status_code](f"the server refuses: {error.status_code} {error.error}") from error
        if error.status_code == _GONE:
            raise IndexGone(error.error) from error
        if error.status_code == _BUSY:
            raise _Busy(f"the server is too busy: {error.error}") from error
        if error.status_code >= 500:
            raise IndexUnavailable(f"the server refuses: {error.status_code} {error.error}") from error
        raise


_GOING = ("IndexNotFound", "AlreadyClosed", "index_closed", "no_shard_available", "search_context_missing")
"""What a search may fail of while its index is removed."""


def _fault(answer: Json) -> Exception:
    every = json.dumps(answer["error"])
    kinds = ", ".join(sorted({each["type"] for each in answer["error"].get("root_cause", [])})) or str(answer["error"].get("type"))
    if answer["status"] == _GONE or any(each in every for each in _GOING):
        return IndexGone(kinds)
    if answer["status"] == _BUSY or answer["status"] >= 500:
        return IndexUnavailable(f"the server did not search: {kinds}")
    return RuntimeError(f"the server cannot read what it was asked: {kinds}")
