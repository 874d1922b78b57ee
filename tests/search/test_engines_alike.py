"""The embedded index and that of a server, over the same documents, answer the golden queries alike."""

import csv
from collections.abc import Iterator
from dataclasses import replace
from itertools import chain

import pytest

from archivo.demo import CORPUS
from search.index import Entry
from tests.bench.bench_search import Writer
from tests.bench.final_engines import compared, filled
from tests.bench.golden import PUBLIC, Rules, by_hand, damaged
from tests.elastic_servers import ElasticServer

pytestmark = pytest.mark.servers
MADE_UP = 400


def demonstration() -> Iterator[Entry]:
    """The documents of the demonstration, each with the text that it truly has."""
    with (CORPUS / "manifest.csv").open(encoding="utf-8", newline="") as rows:
        for row in csv.DictReader(rows):
            entry = Entry(row["path"], 0, row["title"], "", "", row["title"], PUBLIC)
            yield entry
            yield replace(entry, page=1, body=(CORPUS / "truth" / row["path"]).with_suffix(".txt").read_text("utf-8"))


def test_two_engines_of_the_same_documents_answer_alike(elastic: ElasticServer) -> None:
    """By hand and by rule: paraphrases, codes, phrases, misspellings, words without accents, unfinished ones, pages badly recognised."""
    clear = [replace(entry, labels=PUBLIC) for entry in chain(demonstration(), Writer(7).entries(MADE_UP))]
    blurred = frozenset(entry.document for number, entry in enumerate(clear) if number % 27 == 4)
    golden = [*by_hand(), *Rules(clear, blurred).made()]
    spoilt = [replace(each, body=damaged(each.body, n)) if each.document in blurred else each for n, each in enumerate(clear)]
    with filled(elastic, lambda: spoilt) as (embedded, server):
        found = compared(embedded, server, golden)
    assert found["all"]["n"] > 400
    assert min(found["all"]["embedded s@1"], found["all"]["elasticsearch s@1"]) >= 0.75, found  # of what is asked by hand no answer is here
    assert found["all"]["same first"] >= 0.95, found
    assert found["all"]["overlap@10"] >= 0.9, found
