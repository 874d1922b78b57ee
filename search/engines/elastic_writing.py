"""Entries made into what the server keeps: their words as every engine has them, so that it only cuts at spaces.

Nothing sent is larger than a megabyte: of a title and of a description the first `_SHORT` characters count, and a body longer than
`_LONG` is kept as several parts of the same page, each beginning a little before the end of the one before.
"""

import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from hashlib import blake2b
from uuid import uuid4

from search.analysis import encodable, fold, normalise
from search.codes import CodePatterns, codes
from search.engines.elastic_operations import Json, Operation
from search.engines.tantivy_schema import SEPARATOR, analyzers
from search.index import Entry
from search.spelling import sound

DEEPEST = 16
STAMP = "stamp"
_SHORT = 10_000
_LONG = 100_000
_OVERLAP = 200
_NO_WORD = "∅"
"""Stands in a field without words, so that how rare a word is and how long a field is on average are reckoned over all entries."""
_WRITTEN_WORD = re.compile(r"(?<!\w)[^\W\d_]{3,25}(?!\w)")


@dataclass(frozen=True, slots=True)
class Prepared:
    """A part of an entry, ready to be sent: the document it is of, its name on the server, its fields as JSON without the turn, and the
    words it is written with (lower case, accents kept).
    """

    document: str
    name: str
    fields: bytes
    words: frozenset[str]

    def operation(self, turn: int) -> Operation:
        source = self.fields[:-1] + b',"turn":' + str(turn).encode() + b"}"
        return Operation("index", self.name, self.document, turn, source)


class Preparation:
    """Prepares entries; what the entries of a document share is worked out once."""

    def __init__(self, patterns: CodePatterns) -> None:
        self._patterns = patterns
        self._tokens = analyzers()
        self._short = lru_cache(50)(lambda text: normalise(text[:_SHORT]))
        self._cut = lru_cache(50)(self._words)
        self._own = lru_cache(50)(lambda text: tuple(codes(normalise(text), patterns)))

    def prepared(self, entry: Entry) -> Iterator[Prepared]:
        title, description = self._short(entry.title), self._short(entry.description)
        own = self._own(entry.own)
        shared = _identity(entry)
        for field, text in (("t", title), ("d", description)):
            shared[field + "u"], shared[field + "s"] = self._cut(text)
        for part, body in enumerate(_parts(normalise(entry.body))):
            read = body if entry.page else f"{title}\n{description}\n{body}"
            fields = {**shared, "part": part, "own": " ".join(own)}
            fields["codes"] = " ".join(dict.fromkeys((*own, *codes(read, self._patterns))))
            fields["bu"], fields["bs"] = self._words(body)
            name = f"{named(entry.document)}-{entry.page}-{part}"
            spelled = frozenset(_WRITTEN_WORD.findall(f"{title} {description} {body}".lower()))
            yield Prepared(encodable(entry.document), name, json.dumps(fields).encode(), spelled)

    def _words(self, text: str) -> tuple[str, str]:
        """The folded words of a text and their stems, between spaces."""
        return " ".join(self._tokens["u"].analyze(text)) or _NO_WORD, " ".join(self._tokens["s"].analyze(text)) or _NO_WORD


def word(spelling: str) -> Operation:
    """What is kept of a word: to find it by its sound, and to show it with its accents."""
    folded = fold(spelling)
    fields = {"word": folded, "sound": sound(folded), "spelling": spelling}
    return Operation("create", f"w-{spelling}", source=json.dumps(fields).encode())


def change(document: str, turn: int) -> Operation:
    """A note that a document was written while its index was being built."""
    fields = {"changed": document, "turn": turn}
    return Operation("index", f"c-{named(document)}", "", turn, json.dumps(fields).encode())


def stamp() -> Operation:
    """What tells readers that the entries are no longer those of before: written anew before each refresh."""
    return Operation("index", STAMP, source=json.dumps({"stamp": uuid4().hex}).encode())


def named(document: str) -> str:
    """A short name for a document, the same on every machine."""
    return blake2b(encodable(document).encode(), digest_size=16).hexdigest()


def numbered(document: str) -> int:
    """A number of 64 bits for a document, evenly spread; two share one with a chance of 1 in 2**64."""
    return int.from_bytes(blake2b(encodable(document).encode(), digest_size=8).digest(), "big")


def _identity(entry: Entry) -> Json:
    number = numbered(entry.document)
    values = [f"{facet}{SEPARATOR}{value}" for facet, each in entry.facets.items() for value in each]
    years = [f"year{SEPARATOR}{year}" for year in entry.years]
    return {
        "document": encodable(entry.document),
        "doc": number - 2**63,
        "share": [str(level) for level in range(1, min(64 - number.bit_length(), DEEPEST) + 1)],
        "page": entry.page,
        "label": sorted(map(encodable, entry.labels)),
        "facet": sorted({encodable(each) for each in (*values, *years)}),
        "year": sorted({year for year in entry.years if year >= 0}),
    }


def _parts(body: str) -> Iterable[str]:
    start = 0
    while len(body) - start > _LONG:
        end = body.rfind(" ", start + _LONG // 2, start + _LONG)
        end = end if end > 0 else start + _LONG
        yield body[start:end]
        begin = body.find(" ", end - _OVERLAP, end)
        start = begin if begin > 0 else end
    yield body[start:]
