"""How alike the two engines answer: `ARCHIVO_REFERENCE=… python -m tests.bench.final_engines [--half tuning|untouched]` prints JSON.

Both index the same documents; each query of the golden set is asked of both. ARCHIVO_TEST_ELASTICSEARCH gives a server's address
(http://host:port); without it one is started (`.ci/setup servers`).
"""

import argparse
import json
import os
import tempfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from archivo.data import code_patterns, synonyms
from search.engines.tantivy import TantivyIndex
from search.index import Entry, Query, Scope, SearchIndex
from tests.bench.golden import PUBLIC, Golden, Rules, by_hand, damaged, documents
from tests.elastic_servers import ElasticServer, elastic_server, index_at

SCOPE = Scope(PUBLIC)


def compared(embedded: SearchIndex, server: SearchIndex, golden: Iterable[Golden]) -> dict[str, dict[str, float]]:
    """For each kind and for all: how often both have the same first document and total, and what part of ten documents they share."""
    counts: dict[str, list[float]] = {}
    for each in golden:
        one, other = (index.search(Query(each.text), scope=SCOPE) for index in (embedded, server))
        ours, theirs = ([hit.document for hit in results.hits] for results in (one, other))
        shared = len({*ours} & {*theirs}) / max(len(ours), len(theirs), 1) if ours or theirs else 1.0
        right = [bool(found) and found[0] in each.documents for found in (ours, theirs)]
        figures = [1, ours[:1] == theirs[:1], shared, one.total == other.total, one.notes == other.notes, *right]
        for kind in (each.kind, "all"):
            counts[kind] = [a + b for a, b in zip(counts.get(kind, [0] * len(figures)), figures, strict=True)]
    names = ("same first", "overlap@10", "same total", "same notes", "embedded s@1", "elasticsearch s@1")
    return {
        kind: {"n": sums[0], **{name: round(each / sums[0], 3) for name, each in zip(names, sums[1:], strict=True)}}
        for kind, sums in counts.items()
    }


@contextmanager
def filled(server: ElasticServer, entries: Callable[[], Iterable[Entry]]) -> Iterator[tuple[SearchIndex, SearchIndex]]:
    """An embedded index and one of the server, with the institution's codes and synonyms, that hold the same."""
    address = server.address()
    with tempfile.TemporaryDirectory() as folder:
        try:
            both = TantivyIndex(Path(folder), code_patterns(), synonyms()), index_at(address)
            for index in both:
                index.rebuild(entries())
            yield both
        finally:
            server.forget(address)


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--half", choices=("tuning", "untouched"), default="untouched")
    half = options.parse_args().half
    every = list(documents(Path(os.environ["ARCHIVO_REFERENCE"])))
    blurred = frozenset(each[0].document for number, each in enumerate(every) if number % 9 == 4)
    clear = [entry for each in every for entry in each]
    golden = [each for each in (*by_hand(), *Rules(clear, blurred).made()) if each.half == half]

    def entries() -> Iterator[Entry]:
        return (replace(each, body=damaged(each.body, n)) if each.document in blurred else each for n, each in enumerate(clear))

    with elastic_server() as server, filled(server, entries) as both:
        report = {"half": half, "documents": len(every), "entries": len(clear), "results": compared(*both, golden)}
    print(json.dumps(report, indent=1, ensure_ascii=False))


if __name__ == "__main__":
    main()
