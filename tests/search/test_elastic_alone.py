"""What the engine of many machines does before any server is asked."""

import json
import socket

import pytest

from archivo.data import code_patterns
from search.analysis import fold, normalise, stem, words
from search.engines.elastic import ElasticIndex
from search.engines.elastic_estimates import likely_share
from search.engines.elastic_ranking import WINDOW, Page, by_document, pages_for
from search.engines.elastic_storage import mapping
from search.engines.elastic_writing import Preparation, change, stamp, word
from search.index import Entry, IndexUnavailable, Query, Scope
from search.tree import Best, Constant, Every, Node, Phrase, Required, Some, Term, Weighted

TEXT = "La Resolución Nº1754 de 2023 —«licitación»— de los ñandúes;\nadministra-\nción distrital, ley 594/2000, m2 y 3.500,20 €."


def prepared(body: str = TEXT) -> list[dict[str, object]]:
    entry = Entry("a", 1, "Título", "", body, "Ley 594 de 2000", frozenset({"public"}), {"series": ("10",)}, (2023,))
    return [json.loads(each.fields) for each in Preparation(code_patterns()).prepared(entry)]


def test_the_server_is_sent_the_words_every_engine_has() -> None:
    (sent,) = prepared()
    read = words(normalise(TEXT))
    assert sent["bu"] == " ".join(map(fold, read))
    assert sent["bs"] == " ".join(map(stem, read))
    assert str(sent["own"]).split() == str(sent["codes"]).split()[: len(str(sent["own"]).split())]
    assert "ley_594_2000" in str(sent["own"]).split()


def test_the_mapping_names_every_field_that_is_sent_and_takes_no_other() -> None:
    described = mapping()["mappings"]
    assert described["dynamic"] is False
    others = [json.loads(each.source) for each in (word("acción"), change("a", 7), stamp())]
    assert set(described["properties"]) == {"turn", *prepared()[0], *(name for each in others for name in each)}


def test_a_long_body_is_kept_in_parts_that_hold_every_word() -> None:
    body = " ".join(f"palabra{n}" for n in range(60_000))
    parts = prepared(body=body)
    assert len(parts) > 1
    assert {each for part in parts for each in str(part["bu"]).split()} == set(body.split())
    assert [part["part"] for part in parts] == list(range(len(parts)))


@pytest.mark.parametrize(
    "address", ["localhost:9200", "http://localhost:9200", "http://localhost:9200/Mayúsculas", "ftp://x/y", "http:///x"]
)
def test_an_address_that_cannot_be_read_is_refused(address: str) -> None:
    with pytest.raises(ValueError, match="prefix"):
        ElasticIndex(address)


def test_a_server_that_is_not_there_is_told_as_unavailable() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        index = ElasticIndex(f"http://nadie:secreto@127.0.0.1:{taken.getsockname()[1]}/x")
        entry = Entry("a", 1, "", "", "", "", frozenset({"public"}))
        for attempt in (
            lambda: index.search(Query("x"), scope=Scope(frozenset({"public"}))),
            lambda: index.put([entry]),
            lambda: index.remove(["a"]),
            lambda: index.rebuild([entry]),
        ):
            with pytest.raises(IndexUnavailable) as error:
                attempt()
            assert "secreto" not in str(error.value)


def test_a_document_has_the_score_of_its_best_page_and_a_little_of_the_next_three() -> None:
    listed = [("a", 10.0, 1), ("b", 9.9, 1), ("b", 9.0, 2), ("b", 9.0, 3), ("b", 9.0, 4), ("b", 9.0, 5)]
    hits = by_document([Page(document, score, (score, ord(document), page, 0)) for document, score, page in listed], 0, 10)
    assert [(hit.document, round(hit.score, 2)) for hit in hits] == [("b", 11.52), ("a", 10.0)]


def test_more_pages_are_taken_in_whole_blocks_until_the_window_is_full() -> None:
    sizes = [pages_for(10, 0)]
    while sizes[-1] < WINDOW:
        sizes.append(pages_for(10, sizes[-1]))
    assert sizes == [200, *range(1_200, WINDOW, 1_000), WINDOW]
    assert pages_for(1_000_000, 0) == WINDOW


ONE, TWO, THREE = (Term("bu", word) for word in ("uno", "dos", "tres"))


@pytest.mark.parametrize(
    ("tree", "share"),
    [
        (Every((ONE, TWO)), 0.25),
        (Phrase("bu", ("uno", "dos", "tres"), 0), 0.125),
        (Some((ONE, TWO, THREE), 2), 0.5),
        (Some((ONE, TWO, THREE, Weighted(Every((ONE, TWO, THREE)), 0.5)), 1), 0.875),
        (Best((ONE, Weighted(Term("tu", "uno"), 0.8))), 0.5),
        (Best((ONE, Constant(Term("bu", "otra"), 2.0))), 0.5),
        (Best((ONE, TWO, THREE)), 1.0),
        (Required(Every((ONE, TWO)), (THREE,)), 0.25),
    ],
)
def test_how_many_answer_is_estimated_as_if_words_stood_by_chance(tree: Node, share: float) -> None:
    known = {"uno": 0.5, "dos": 0.5, "tres": 0.5}
    assert likely_share(tree, lambda node: known.get(node.word, 0) if isinstance(node, Term) else 0) == pytest.approx(share)
