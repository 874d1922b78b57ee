"""What the engine of many machines promises beyond the port: many writers at once, rebuilding beside them, a server that fails."""

import json
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from threading import Event, Thread

import pytest

from archivo.data import code_patterns
from search.engines.elastic import ElasticIndex
from search.engines.elastic_server import Patience
from search.index import EntriesRefused, Entry, IndexFormatChanged, IndexUnavailable, Note, Query, Results, Scope
from tests.elastic_proxy import Forward, Reply, Request, between
from tests.elastic_servers import ElasticServer

pytestmark = pytest.mark.servers

PUBLIC = Scope(frozenset({"public"}))


@pytest.fixture
def address(elastic: ElasticServer) -> Iterator[str]:
    address = elastic.address()
    yield address
    elastic.forget(address)


@pytest.fixture
def index(address: str) -> ElasticIndex:
    return ElasticIndex(address, code_patterns())


def entry(document: str, body: str = "", page: int = 1, **other: object) -> Entry:
    return replace(Entry(document, page, "Contrato", "", body, "", frozenset({"public"})), **other)  # type: ignore[arg-type]  # its fields by name


def ask(index: ElasticIndex, text: str, **other: object) -> Results:
    return index.search(replace(Query(text), **other), scope=PUBLIC)  # type: ignore[arg-type]  # its fields by name


def found(index: ElasticIndex, text: str, limit: int = 1_000) -> list[str]:
    return sorted(hit.document for hit in ask(index, text, limit=limit).hits)


OTHER_PROCESS = """
import sys
from search.engines.elastic import ElasticIndex
from search.index import Entry
index = ElasticIndex(sys.argv[1])
for n in range(100):
    index.put([Entry(f"elsewhere{n}", 1, "t", "", "pera elsewhere", "", frozenset({"public"}))])
"""


def test_what_is_written_during_a_rebuild_is_there_afterwards(index: ElasticIndex, address: str) -> None:
    old = [entry(f"old{n}", "manzana") for n in range(40)]
    index.put(old)
    root = Path(__file__).resolve().parents[2]

    def entries() -> Iterator[Entry]:
        """Read before anything else is written: the rebuilding brings what was, and writes it last."""
        yield from old[:20]
        with subprocess.Popen([sys.executable, "-c", OTHER_PROCESS, address], cwd=root) as other:
            for n in range(100):
                index.put([entry(f"here{n}", "pera")])
            index.remove(["old30", "old0"])
            index.put([entry("old31", "ciruela"), entry("old1", "ciruela")])
            assert other.wait() == 0
        assert len(found(index, "pera")) == 200
        assert found(index, "ciruela") == ["old1", "old31"]
        yield from old[20:]

    assert index.rebuild(entries()) == 40
    assert len(found(index, "pera")) == 200
    assert found(index, "ciruela") == ["old1", "old31"]
    assert found(index, "manzana") == sorted(f"old{n}" for n in range(40) if n not in (0, 1, 30, 31))


def test_pages_that_a_put_took_away_during_a_rebuild_do_not_come_back(index: ElasticIndex) -> None:
    long = [entry("a", "manzana", page) for page in range(1, 6)]
    index.put(long)

    def entries() -> Iterator[Entry]:
        index.put([entry("a", "pera", 1)])
        yield from long

    index.rebuild(entries())
    assert found(index, "manzana") == []
    assert found(index, "pera") == ["a"]


def test_however_many_documents_were_removed_during_a_rebuild_none_comes_back(index: ElasticIndex) -> None:
    old = [entry(f"d{n}", "manzana") for n in range(2_100)]
    index.put(old)

    def entries() -> Iterator[Entry]:
        index.remove(each.document for each in old)
        yield from old

    assert index.rebuild(entries()) == 2_100
    assert ask(index, "manzana").total == 0


def test_a_writer_that_was_held_up_does_not_undo_what_a_later_one_wrote(elastic: ElasticServer, address: str) -> None:
    held, go_on = Event(), Event()

    def act(request: Request, forward: Forward) -> Reply:
        if "_bulk" in request.path and not held.is_set():
            held.set()
            assert go_on.wait(30)
        return forward()

    index = ElasticIndex(address)
    index.put([entry("a", "manzana", page) for page in (1, 2, 3)])
    with between(elastic.url, act) as way:
        slow = ElasticIndex(address.replace(elastic.url, way))
        writer = Thread(target=slow.put, args=([entry("a", "pera", page) for page in range(1, 6)],))
        writer.start()
        assert held.wait(30)
        index.put([entry("a", "ciruela", labels=frozenset({"staff"}))])
        go_on.set()
        writer.join()
    assert [found(index, word) for word in ("manzana", "pera", "ciruela")] == [[], [], []]
    assert index.search(Query("ciruela"), scope=Scope(frozenset({"staff"}))).total == 1


def test_what_is_remembered_of_words_is_forgotten_when_another_writes(index: ElasticIndex, address: str) -> None:
    other = ElasticIndex(address, code_patterns())
    index.put([entry("open", "contrato"), entry("closing", "presupuesto")])
    assert ask(other, "prezupuesto").did_you_mean == "presupuesto"
    index.put([entry("closing", "presupuesto", labels=frozenset({"staff"}))])
    assert ask(other, "prezupuesto").did_you_mean is None
    index.put([entry("open", "presupuesto")])
    assert ask(other, "prezupuesto").did_you_mean == "presupuesto"
    index.remove(["open"])
    assert ask(other, "prezupuesto").did_you_mean is None


@pytest.fixture
def watched(elastic: ElasticServer, address: str) -> Iterator[tuple[ElasticIndex, list[str]]]:
    """An index that another object wrote, and the names of the requests that this one makes."""
    asked: list[str] = []

    def act(request: Request, forward: Forward) -> Reply:
        asked.append(request.path.partition("?")[0].rpartition("/")[2])
        return forward()

    entries = [entry(f"d{n}", f"El presupuesto de {2000 + n}. Decreto 7 de 1999. Licitación") for n in range(9)]
    ElasticIndex(address, code_patterns()).put(entries)
    with between(elastic.url, act) as way:
        yield ElasticIndex(address.replace(elastic.url, way), code_patterns()), asked


def test_a_search_whose_words_are_remembered_is_one_request(watched: tuple[ElasticIndex, list[str]]) -> None:
    index, asked = watched
    first = ask(index, "presupuesto decreto 7 de 1999")
    asked.clear()
    again = ask(index, "presupuesto decreto 7 de 1999", limit=5)
    assert asked == ["_msearch"]
    assert (again.total, again.facets, again.notes, again.hits) == (9, first.facets, first.notes, first.hits[:5])
    assert [note.code for note in again.notes] == ["code_cited"]


def test_how_a_corrected_word_is_spelled_is_asked_with_the_search_itself(watched: tuple[ElasticIndex, list[str]]) -> None:
    index, asked = watched
    ask(index, "presupuesto")
    asked.clear()
    found = ask(index, "licitasion")
    assert asked == ["_msearch", "_termvectors", "_msearch", "_msearch"]
    assert (found.total, found.did_you_mean) == (9, "licitación")
    assert found.notes == (Note("also", {"typed": "licitasion", "word": "licitación"}),)


@pytest.fixture
def large(monkeypatch: pytest.MonkeyPatch) -> None:
    """Any index is a large one."""
    monkeypatch.setattr("search.engines.elastic_words._LARGE", 0)
    monkeypatch.setattr("search.engines.elastic_reading._MUCH", 0)
    monkeypatch.setattr("search.engines.elastic_reading._WHOLE", 20)


@pytest.mark.usefixtures("large")
@pytest.mark.parametrize("guess", [None, 0.0, 1e9])
def test_in_a_large_index_what_answers_the_whole_query_comes_first_and_every_page_follows_the_last(
    index: ElasticIndex, monkeypatch: pytest.MonkeyPatch, guess: float | None
) -> None:
    """Whatever is estimated, for what was asked before, in this process or another, changes no answer."""
    if guess is not None:
        monkeypatch.setattr("search.engines.elastic_words.ReaderWords.likely", lambda self, tree: guess)
    filler = "el presente documento se expide para los fines pertinentes de la entidad " * 20
    whole = [entry(f"whole{n:03}", f"acueducto {filler} vereda {filler} puente") for n in range(230)]
    half = [entry(f"half{n:03}", "acueducto vereda " * (30 - page), page) for n in range(60) for page in range(1, 5)]
    index.put([*whole, *half, *(entry(f"other{n:03}", "otra cosa") for n in range(900))])
    listed: list[str] = []
    for offset in range(0, 320, 10):
        page = ask(index, "acueducto vereda puente", offset=offset)
        assert (page.total, page.total_is_exact) == (290, True)
        listed += [hit.document for hit in page.hits]
    assert sorted(listed) == sorted({*listed})
    assert len(listed) == 290
    assert {each[:5] for each in listed[:200]} == {"whole"}
    assert [hit.document for hit in ask(index, "acueducto vereda puente", limit=290).hits] == listed
    few = ask(index, "acueducto vereda -puente fines"), ask(index, "acueducto vereda inexistente")
    assert all(each.total == 290 for each in few)


@pytest.mark.parametrize("text", ["acueducto", "acueducto vereda", '"acueducto vereda"', "acueducto 1"])
def test_what_is_counted_in_a_share_is_the_same_whatever_was_estimated(
    index: ElasticIndex, monkeypatch: pytest.MonkeyPatch, text: str
) -> None:
    for module in ("elastic", "elastic_reading", "elastic_ranking"):
        monkeypatch.setattr(f"search.engines.{module}.WINDOW", 100)
    monkeypatch.setattr("search.engines.elastic_reading._SHARE", 100)
    monkeypatch.setattr("search.engines.elastic_reading._SAMPLE", 20)
    facets = [{"type": (("acta", "oficio", "resolución")[n % 3],)} for n in range(900)]
    rare = {n: "cerca" if n < 48 else "" for n in range(900)}
    index.put([entry(f"d{n:03}", f"acueducto vereda {n % 9} {rare[n]}", page, facets=facets[n]) for n in range(900) for page in (1, 2)])
    many, few = [], []
    for guess in (0.0, 1e9):
        monkeypatch.setattr("search.engines.elastic_words.ReaderWords.likely", lambda self, tree, guess=guess: guess)
        answer = ask(index, text)
        many.append((answer.total, answer.total_is_exact, answer.facets, answer.hits))
        answer = ask(index, "cerca")
        few.append((answer.total, answer.total_is_exact))
    assert many[0] == many[1]
    assert many[0][1] is False
    assert 600 < many[0][0] < 1_300
    assert few == [(48, True)] * 2


def test_a_word_of_closed_documents_is_not_suggested_even_where_there_was_no_time_to_count_it(
    index: ElasticIndex, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("search.engines.elastic_words._ROUNDS", 1)
    closed = frozenset({"staff"})
    index.put([entry("open", "acta"), *(entry(f"d{n}", "presupuesto", labels=closed) for n in range(40))])
    ask(index, "acta")
    told = ask(index, "prezupuesto")
    assert (told.did_you_mean, told.notes, told.total) == (None, (), 0)
    assert "presupuesto" not in told.understood.words


def test_the_first_writers_of_all_begin_one_index_together(address: str, elastic: ElasticServer) -> None:
    writers = [Thread(target=lambda n=n: ElasticIndex(address).put([entry(f"d{n}", "manzana")])) for n in range(6)]
    for each in writers:
        each.start()
    for each in writers:
        each.join()
    assert found(ElasticIndex(address), "manzana") == [f"d{n}" for n in range(6)]
    with elastic.client() as client:
        assert len(client.indices.get(index=f"{address.rpartition('/')[2]}.entries.*").body) == 1


def test_of_two_rebuildings_the_later_one_answers(index: ElasticIndex, address: str) -> None:
    index.put([entry("old", "manzana")])

    def entries() -> Iterator[Entry]:
        yield entry("first", "manzana")
        assert ElasticIndex(address).rebuild([entry("second", "manzana")]) == 1

    with pytest.raises(IndexUnavailable):
        index.rebuild(entries())
    assert found(index, "manzana") == ["second"]


def test_what_an_interrupted_rebuilding_left_is_removed_by_the_next(index: ElasticIndex, address: str, elastic: ElasticServer) -> None:
    program = OTHER_PROCESS.split("for n in")[0] + (
        "def entries():\n    yield Entry('new', 1, 't', '', 'pera', '', frozenset({'public'}))\n    import os, signal\n"
        "    os.kill(os.getpid(), signal.SIGKILL)\nindex.rebuild(entries())"
    )
    index.put([entry("a", "manzana")])
    subprocess.run([sys.executable, "-c", program, address], cwd=Path(__file__).resolve().parents[2], check=False)
    index.put([entry("b", "manzana")])
    assert found(index, "manzana") == ["a", "b"]
    index.rebuild([entry("c", "manzana")])
    assert found(index, "manzana") == ["c"]
    with elastic.client() as client:
        assert len(client.indices.get(index=f"{address.rpartition('/')[2]}.entries.*").body) == 1


def test_an_index_of_another_format_asks_to_be_rebuilt(index: ElasticIndex, address: str, elastic: ElasticServer) -> None:
    prefix = address.rpartition("/")[2]
    with elastic.client() as client:
        client.indices.create(index=f"{prefix}.entries.2020-01-01.x", aliases={prefix: {}, f"{prefix}.2020-01-01": {}})
    with pytest.raises(IndexFormatChanged):
        ask(index, "manzana")
    with pytest.raises(IndexFormatChanged):
        index.put([entry("a", "manzana")])
    assert index.rebuild([entry("a", "pera")]) == 1
    assert found(index, "pera") == ["a"]


def test_entries_that_cannot_be_indexed_are_told_by_document_and_the_others_are_found(index: ElasticIndex) -> None:
    wrong = entry("wrong", "manzana", labels=frozenset({"x" * 40_000}))
    with pytest.raises(EntriesRefused) as refusal:
        index.put([entry("before", "manzana"), wrong, entry("after", "manzana")])
    assert set(refusal.value.reasons) == {"wrong"}
    assert "label" in refusal.value.reasons["wrong"]
    assert found(index, "manzana") == ["after", "before"]
    with pytest.raises(EntriesRefused):
        index.rebuild([wrong, entry("new", "manzana")])
    assert found(index, "manzana") == ["new"]


def test_a_page_however_long_is_sent_in_small_parts_and_found_at_both_ends(elastic: ElasticServer, address: str) -> None:
    largest = 0

    def act(request: Request, forward: Forward) -> Reply:
        nonlocal largest
        if "_bulk" in request.path:
            largest = max([largest, *map(len, request.body.split(b"\n"))])
        return forward()

    with between(elastic.url, act) as way:
        index = ElasticIndex(address.replace(elastic.url, way))
        middle = "la ñandú 漢字 y 1234 cosas más\n" * 100_000
        index.put([entry("long", f"comienzo {middle} desenlace", 7, description="larga " * 100_000)])
    assert largest < 1_000_000
    for word in ("comienzo", "desenlace", "漢字"):
        hit = ask(index, word).hits[0]
        assert (hit.document, [each.page for each in hit.pages]) == ("long", [7])
    assert ask(index, "漢字").total == 1
    index.put([entry("long", "breve", 7)])
    assert found(index, "desenlace") == []


def test_a_busy_server_is_asked_again(elastic: ElasticServer, address: str) -> None:
    refusals = 0

    def act(request: Request, forward: Forward) -> Reply:
        nonlocal refusals
        if "_bulk" not in request.path:
            return forward()
        refusals += 1
        if refusals == 1:
            return Reply(429, b'{"error":{"type":"es_rejected_execution_exception","reason":"no room"},"status":429}')
        if refusals == 2:
            busy = {"index": {"status": 429, "error": {"reason": "no room"}}}
            done = {"index": {"status": 201}}
            count = request.body.count(b"\n") // 2
            forward()
            return Reply(200, json.dumps({"errors": True, "items": [busy if n % 2 else done for n in range(count)]}).encode())
        return forward()

    with between(elastic.url, act) as way:
        index = ElasticIndex(address.replace(elastic.url, way))
        index.put([entry(f"d{n}", "manzana") for n in range(9)])
    assert refusals == 3
    assert len(found(ElasticIndex(address), "manzana")) == 9


def test_a_server_that_never_answers_is_told_as_unavailable(elastic: ElasticServer, address: str) -> None:
    go_on = Event()

    def act(request: Request, forward: Forward) -> Reply:
        go_on.wait(30)
        return forward()

    with between(elastic.url, act) as way:
        index = ElasticIndex(address.replace(elastic.url, way), patience=Patience(0.2, 0.2))
        for attempt in (lambda: ask(index, "manzana"), lambda: index.put([entry("a", "manzana")]), lambda: index.rebuild([])):
            with pytest.raises(IndexUnavailable):
                attempt()
        go_on.set()


def test_a_put_whose_answer_was_lost_can_be_put_again(elastic: ElasticServer, address: str) -> None:
    lost = False

    def act(request: Request, forward: Forward) -> Reply:
        nonlocal lost
        reply = forward()
        if "_bulk" in request.path and not lost:
            lost = True
            return Reply(503, b'{"error":{"type":"x","reason":"lost"},"status":503}')
        return reply

    with between(elastic.url, act) as way:
        index = ElasticIndex(address.replace(elastic.url, way))
        with pytest.raises(IndexUnavailable):
            index.put([entry("a", "manzana")])
        index.put([entry("a", "manzana")])
    assert [(hit.document, len(hit.pages)) for hit in ask(ElasticIndex(address), "manzana").hits] == [("a", 1)]


def test_documents_are_in_the_same_order_however_many_are_asked_for(index: ElasticIndex) -> None:
    index.rebuild(entry(f"d{n}", "acueducto " * (n % 7 + 1) + "y más texto " * (n % 13), page) for n in range(700) for page in (1, 2, 3))
    every = [hit.document for hit in ask(index, "acueducto", limit=10_000).hits]
    assert len(every) == len(set(every)) == ask(index, "acueducto").total == 700
    paged = [hit.document for offset in range(0, 700, 35) for hit in ask(index, "acueducto", offset=offset, limit=35).hits]
    assert paged == every


def test_every_document_is_listed_once_whoever_may_see_it(index: ElasticIndex) -> None:
    assert list(index.documents()) == []
    index.put(entry(f"d{n}", "manzana", page, labels=frozenset({"x"} if n % 2 else set())) for n in range(30) for page in (0, 1, 2))
    index.remove(["d3"])
    assert sorted(index.documents()) == sorted(f"d{n}" for n in range(30) if n != 3)


def test_a_put_of_many_documents_leaves_nothing_of_what_they_were(index: ElasticIndex) -> None:
    index.put(entry(f"d{n}", "manzana", page) for n in range(1_200) for page in (1, 2, 3, 4, 5))
    index.put(entry(f"d{n}", "pera") for n in range(1_200))
    assert ask(index, "manzana").total == 0
    assert (ask(index, "pera").total, ask(index, "pera").total_is_exact) == (1_200, True)
    assert sorted(index.documents()) == sorted(f"d{n}" for n in range(1_200))
    index.remove(f"d{n}" for n in range(1_200))
    assert ask(index, "pera").total == 0


def test_a_lost_counter_goes_on_from_what_is_written(index: ElasticIndex, address: str, elastic: ElasticServer) -> None:
    for word in ("manzana", "pera", "ciruela"):
        index.put([entry("a", word)])
    with elastic.client() as client:
        client.indices.delete(index=f"{address.rpartition('/')[2]}.turns.1")
    index.put([entry("a", "uva")])
    assert [found(index, word) for word in ("ciruela", "uva")] == [[], ["a"]]


def test_what_was_put_survives_the_end_of_the_server(elastic: ElasticServer, index: ElasticIndex) -> None:
    if elastic.program is None:
        pytest.skip("not run: a server that was given is not ended")
    index.put([entry("a", "manzana")])
    elastic.kill()
    with pytest.raises(IndexUnavailable):
        ask(index, "manzana")
    elastic.start()
    assert found(index, "manzana") == ["a"]
