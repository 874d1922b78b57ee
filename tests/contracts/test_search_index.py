"""What every SearchIndex promises, over every adapter."""

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from archivo.data import code_patterns, synonyms
from search.engines.tantivy import TantivyIndex
from search.index import Entry, IndexFormatChanged, Query, Results, Scope, SearchIndex
from tests.elastic_servers import ElasticServer, index_at

PUBLIC = Scope(frozenset({"public"}))
STAFF = Scope(frozenset({"public", "staff"}))

Opener = Callable[[], SearchIndex]


def embedded(folder: Path) -> Opener:
    return lambda: TantivyIndex(folder / "index", code_patterns(), synonyms())


@contextmanager
def opened(name: str, folder: Path, request: pytest.FixtureRequest) -> Iterator[Opener]:
    """Opens the same index as often as asked, as other processes would."""
    if name == "embedded":
        yield embedded(folder)
        return
    server: ElasticServer = request.getfixturevalue("elastic")
    address = server.address()
    yield lambda: index_at(address)
    server.forget(address)


ADAPTERS = ["embedded", pytest.param("elastic", marks=pytest.mark.servers)]


@pytest.fixture(params=ADAPTERS)
def opener(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Opener]:
    with opened(request.param, tmp_path, request) as open_index:
        yield open_index


@pytest.fixture
def index(opener: Opener) -> SearchIndex:
    return opener()


def entry(document: str, body: str = "", page: int = 1, **other: object) -> Entry:
    plain = Entry(document, page, "Contrato de obra", "Construcción de una vía", body, "", frozenset({"public"}))
    return replace(plain, **other)  # type: ignore[arg-type]  # its fields by name


def found(results: Results) -> list[str]:
    return [hit.document for hit in results.hits]


def ask(index: SearchIndex, text: str, scope: Scope = PUBLIC, **other: object) -> Results:
    return index.search(replace(Query(text), **other), scope=scope)  # type: ignore[arg-type]  # its fields by name


def test_nothing_is_found_before_anything_is_put(index: SearchIndex) -> None:
    assert ask(index, "contrato") == Results(0, True, (), {}, ask(index, "otra cosa").understood)


def test_a_document_whose_name_no_encoding_holds_is_put_found_and_removed(index: SearchIndex) -> None:
    index.put([entry("x\ud800", "manzana"), entry("y", "manzana")])
    assert ask(index, "manzana").total == 2
    index.remove(["x\ud800"])
    assert found(ask(index, "manzana")) == ["y"]


@pytest.mark.parametrize(
    "typed", ["acueducto", "acueductos de la vereda", "aceuducto", '"la vereda" obra', "acued", "Ley 4321 de 1987", ""]
)
def test_a_text_is_understood_as_a_search_for_it_understands_it(index: SearchIndex, typed: str) -> None:
    assert index.understood(typed, scope=PUBLIC) == ask(index, typed).understood
    index.put([entry(f"d{n}", "El acueducto de la vereda y sus obras") for n in range(4)])
    assert index.understood(typed, scope=PUBLIC) == ask(index, typed).understood
    assert index.understood(typed, scope=Scope(frozenset())) == ask(index, typed, Scope(frozenset())).understood


def test_what_was_put_is_found_at_once_here_and_elsewhere(index: SearchIndex, opener: Opener) -> None:
    other = opener()
    assert found(ask(other, "acueducto")) == []
    index.put([entry("a", "El acueducto de la vereda")])
    assert found(ask(index, "acueducto")) == ["a"]
    assert found(ask(other, "acueducto")) == ["a"]
    other.remove(["a"])
    assert found(ask(index, "acueducto")) == []


@pytest.mark.parametrize("typed", ["resolucion", "Resolución", "RESOLUCIONES", "resoluciones", "resolucio\u0301n"])
def test_accents_case_and_number_do_not_matter(index: SearchIndex, typed: str) -> None:
    index.put([entry("one", "Una resolución firmada"), entry("many", "Las resoluciones firmadas"), entry("none", "Otra cosa")])
    assert sorted(found(ask(index, typed))) == ["many", "one"]


def test_put_replaces_all_the_entries_of_a_document(index: SearchIndex) -> None:
    index.put([entry("a", "primera manzana"), entry("a", "segunda pera", 2), entry("b", "tercera manzana")])
    index.put([entry("a", "cuarta ciruela")])
    assert found(ask(index, "manzana")) == ["b"]
    assert found(ask(index, "pera")) == []
    assert found(ask(index, "ciruela")) == ["a"]


def test_a_put_that_fails_changes_nothing(index: SearchIndex) -> None:
    index.put([entry("a", "manzana")])

    def broken() -> Iterator[Entry]:
        yield entry("a", "pera")
        raise RuntimeError("lost the database")

    with pytest.raises(RuntimeError, match="lost the database"):
        index.put(broken())
    assert found(ask(index, "manzana")) == ["a"]
    assert found(ask(index, "pera")) == []
    index.put([entry("a", "pera")])
    assert found(ask(index, "pera")) == ["a"]


def test_the_page_is_told_and_zero_for_title_and_description(index: SearchIndex) -> None:
    index.put([entry("a", "", 0), entry("a", "nada aquí"), entry("a", "el humedal de la vaca", 2), entry("b", "", 0, title="Plan del río")])
    assert ask(index, "humedal").hits[0].pages[0].page == 2
    assert ask(index, "plan del río").hits[0].pages[0].page == 0


def test_quoted_words_must_stand_together(index: SearchIndex) -> None:
    index.put([entry("exact", "la licitación pública del puente"), entry("loose", "licitación de obra que es pública")])
    assert found(ask(index, '"licitación pública"')) == ["exact"]
    assert sorted(found(ask(index, "licitación pública"))) == ["exact", "loose"]


@pytest.mark.parametrize("documents", [3, 130])
def test_documents_with_a_quoted_phrase_are_counted_whether_their_pages_are_few_or_many(index: SearchIndex, documents: int) -> None:
    def kept(number: int, body: str, page: int) -> Entry:
        return entry(f"d{number:03}", body, page, facets={"type": ("acta" if number % 3 else "oficio",)}, years=(2000 + number % 2,))

    index.put([kept(number, "Red de agua potable", page) for number in range(documents) for page in (1, 2)])
    index.put([kept(900 + number, "Agua que no es potable", 1) for number in range(5)])
    whole = ask(index, '"agua potable"')
    assert (whole.total, whole.total_is_exact) == (documents, True)
    assert {each.value: each.count for each in whole.facets["type"]} == {"acta": documents * 2 // 3, "oficio": -(-documents // 3)}
    assert ask(index, '"agua potable"', from_year=2001).total == documents // 2
    assert ask(index, '"agua potable"', filters={"type": "oficio"}).total == -(-documents // 3)


def test_a_quoted_phrase_nobody_wrote_falls_back_to_its_words_and_says_so(index: SearchIndex) -> None:
    index.put([entry("a", "el puente nuevo")])
    results = ask(index, '"puente peatonal metálico"')
    assert found(results) == ["a"]
    assert [note.code for note in results.notes] == ["phrase_words"]


@pytest.mark.parametrize(
    "typed", ["ley 594 de 2000", "Ley 594/2000", "ley No. 594 del 2000", "L. 594/00", "ley 594 2000", "la ley nº 594 de 2000"]
)
def test_a_law_is_found_however_it_is_written(index: SearchIndex, typed: str) -> None:
    index.put(
        [
            entry("own", "Ley General de Archivos", own="Ley 594 de 2000"),
            entry("cites", "conforme a la Ley 594 de 2000, artículo 2"),
            entry("numbers", "594 metros en el año 2000 según la ley"),
        ]
    )
    results = ask(index, typed)
    assert found(results)[:2] == ["own", "cites"]
    assert results.notes == ()


def test_a_code_that_names_no_document_is_said(index: SearchIndex) -> None:
    index.put([entry("cites", "conforme a la Ley 594 de 2000"), entry("hidden", "", own="Ley 80 de 1993", labels=frozenset({"staff"}))])
    assert [note.code for note in ask(index, "ley 594 de 2000").notes] == ["code_cited"]
    assert [note.code for note in ask(index, "ley 80 de 1993").notes] == ["code_absent"]
    assert ask(index, "ley 80 de 1993", STAFF).notes == ()


def test_a_misspelt_word_is_also_looked_for_as_it_is_written(index: SearchIndex) -> None:
    index.put([entry(f"d{n}", "el presupuesto de la vigencia") for n in range(4)])
    results = ask(index, "prezupuesto vigente")
    assert len(results.hits) == 4
    assert results.did_you_mean == "presupuesto vigente"
    assert [note.code for note in results.notes] == ["also"]


def test_a_misspelt_word_that_only_titles_have_is_corrected(index: SearchIndex) -> None:
    index.put([entry("a", "folios", title="Veeduría ciudadana"), entry("b", "folios", title="Veeduría distrital"), entry("c", "folios")])
    for typed in ("vedurria", "beeduria", "veedurya"):
        results = ask(index, typed)
        assert (sorted(found(results)), results.did_you_mean) == (["a", "b"], "veeduría")


def test_the_last_word_may_be_unfinished(index: SearchIndex) -> None:
    index.put([entry("a", "El acueducto de la vereda")])
    assert found(ask(index, "acued")) == ["a"]
    assert found(ask(index, "acued ")) == []


def test_a_synonym_finds_less_than_the_word(index: SearchIndex) -> None:
    index.put([entry("same", "el arriendo del local"), entry("synonym", "el alquiler del local")])
    assert found(ask(index, "arriendo")) == ["same", "synonym"]


def test_a_word_broken_at_the_end_of_a_line_is_found(index: SearchIndex) -> None:
    index.put([entry("a", "la administra-\nción distrital"), entry("b", "el resguar\u00addo indígena")])
    assert found(ask(index, "administración")) == ["a"]
    assert found(ask(index, "resguardo")) == ["b"]


def test_filters_years_and_facets_count_documents(index: SearchIndex) -> None:
    def filed(document: str, series: tuple[str, ...], *years: int) -> list[Entry]:
        pages = [
            entry(document, "oficio del acueducto", page, facets={"series": series, "type": ("oficio",)}, years=years) for page in (1, 2)
        ]
        return [entry(document, "", 0, facets={"series": series, "type": ("oficio",)}, years=years), *pages]

    index.put([*filed("a", ("10", "10.1"), 1999), *filed("b", ("10", "10.2"), 2003, 2004), *filed("c", ("20",), 2010)])
    results = ask(index, "acueducto")
    assert (results.total, results.total_is_exact) == (3, True)
    counts = {facet: {each.value: each.count for each in values} for facet, values in results.facets.items()}
    assert counts == {
        "series": {"10": 2, "10.1": 1, "10.2": 1, "20": 1},
        "type": {"oficio": 3},
        "year": {"1999": 1, "2003": 1, "2004": 1, "2010": 1},
    }
    assert sorted(found(ask(index, "acueducto", filters={"series": "10"}))) == ["a", "b"]
    assert found(ask(index, "acueducto", filters={"series": "10.2", "type": "oficio"})) == ["b"]
    assert found(ask(index, "acueducto", from_year=2004, to_year=2009)) == ["b"]
    assert found(ask(index, "acueducto", to_year=1999)) == ["a"]
    assert found(ask(index, "acueducto", from_year=2011)) == []
    assert found(ask(index, "acueducto", from_year=2005, to_year=2000)) == []


def test_offset_and_limit_count_documents_and_leave_none_out(index: SearchIndex) -> None:
    index.put([entry(f"d{n:02}", "acueducto " * (n % 5 + 1) + "y más texto " * n, page) for n in range(23) for page in (1, 2)])
    every = found(ask(index, "acueducto", limit=100))
    assert len(set(every)) == 23
    paged = [document for offset in range(0, 30, 5) for document in found(ask(index, "acueducto", offset=offset, limit=5))]
    assert sorted(paged) == sorted(every)
    assert ask(index, "acueducto", limit=0).total == 23


def test_totals_are_exact_up_to_ten_thousand_pages_and_estimated_beyond(index: SearchIndex) -> None:
    def entries() -> Iterator[Entry]:
        for number in range(5_100):
            text = "acueducto rural" if number % 2 else "acueducto"
            yield from (entry(f"d{number}", text, page, facets={"type": (str(number % 3),)}) for page in (1, 2))

    index.rebuild(entries())
    exact = ask(index, "rural")
    assert (exact.total, exact.total_is_exact) == (2_550, True)
    assert [each.count for each in exact.facets["type"]] == [850, 850, 850]
    estimated = ask(index, "acueducto")
    assert not estimated.total_is_exact
    assert estimated.total == pytest.approx(5_100, rel=0.1)
    assert sum(each.count for each in estimated.facets["type"]) == pytest.approx(estimated.total, rel=0.01)


HOLDING: dict[str, Callable[[str], Entry]] = {
    "title": lambda word: entry("hidden", title=f"Acta {word}"),
    "description": lambda word: entry("hidden", description=f"Sobre {word}"),
    "body": lambda word: entry("hidden", f"El {word} del archivo"),
    "own": lambda word: entry("hidden", own="Ley 4321 de 1987", title=f"Norma {word}"),
    "series": lambda word: entry("hidden", word, facets={"series": (word,)}),
}


def leaks(index: SearchIndex, word: str, scope: Scope) -> list[str]:
    """Everything an answer says that came from an entry holding `word`, asked whole, misspelt, begun, in plural and by code."""
    near = word[:3] + word[4:]
    seen: list[str] = []
    for typed in (word, near, word[:5], word + "s", f'"{word}"', "ley 4321 de 1987", "norma", f"{near} contrato"):
        results = ask(index, typed, scope)
        suggested = [results.did_you_mean or "", *(str(value) for note in results.notes for value in note.params.values())]
        values = [each.value for facet in results.facets.values() for each in facet]
        forms = {*results.understood.words, *index.understood(typed, scope=scope).words} - {typed, *typed.split()}
        seen += [document for document in found(results) if document == "hidden"]
        seen += [text for text in (*suggested, *values, *forms) if word in text and word not in typed]
        seen += ["total"] if results.total != len(results.hits) else []
    return seen


@pytest.mark.parametrize("field", sorted(HOLDING))
@pytest.mark.parametrize("restriction", ["never opened", "restricted later", "removed", "rebuilt without"])
def test_a_word_of_a_closed_document_is_never_shown(index: SearchIndex, field: str, restriction: str) -> None:
    word = "zafirodonte"
    hidden = HOLDING[field](word)
    open_ones = [entry(f"open{n}", "el contrato firmado por la entidad") for n in range(5)]
    closed = [replace(hidden, labels=frozenset({"staff"})), replace(hidden, page=2, labels=frozenset({"staff"}))]
    if restriction == "never opened":
        index.put([*open_ones, *closed])
    else:
        index.put([*open_ones, hidden, replace(hidden, page=2)])
        assert leaks(index, word, PUBLIC), "the word is found while the document is open"
    if restriction == "restricted later":
        index.put(closed)
    elif restriction == "removed":
        index.remove(["hidden"])
    elif restriction == "rebuilt without":
        index.rebuild([*open_ones, *closed])
    assert leaks(index, word, PUBLIC) == []
    if restriction != "removed":
        assert leaks(index, word, STAFF), "those who may see it find it"


def test_no_label_sees_nothing(index: SearchIndex) -> None:
    index.put([entry("a", "acueducto", labels=frozenset({"public", "staff"})), entry("nobody", "acueducto", labels=frozenset())])
    assert ask(index, "acueducto", Scope(frozenset())).total == 0
    assert found(ask(index, "acueducto", Scope(frozenset({"staff"})))) == ["a"]


def test_rebuild_replaces_everything_and_others_see_it(index: SearchIndex, opener: Opener) -> None:
    other = opener()
    index.put([entry("old", "manzana")])
    assert found(ask(other, "manzana")) == ["old"]

    def entries() -> Iterator[Entry]:
        yield entry("new", "manzana roja")
        assert found(ask(other, "manzana")) == ["old"]
        assert found(ask(index, "manzana")) == ["old"]

    assert index.rebuild(entries()) == 1
    assert found(ask(index, "manzana")) == ["new"]
    assert found(ask(other, "manzana")) == ["new"]


def test_a_rebuild_that_fails_changes_nothing(index: SearchIndex) -> None:
    index.put([entry("old", "manzana")])

    def broken() -> Iterator[Entry]:
        yield entry("new", "manzana")
        raise RuntimeError("lost the database")

    with pytest.raises(RuntimeError, match="lost the database"):
        index.rebuild(broken())
    assert found(ask(index, "manzana")) == ["old"]


def test_searches_answer_while_others_write(index: SearchIndex, opener: Opener) -> None:
    index.put([entry("a", "manzana")])
    errors: list[BaseException] = []
    done = threading.Event()

    def searching() -> None:
        reader = opener()
        try:
            while not done.is_set():
                assert "a" in found(ask(reader, "manzana"))
        except BaseException as error:
            errors.append(error)

    readers = [threading.Thread(target=searching) for _ in range(2)]
    for each in readers:
        each.start()
    writers = [threading.Thread(target=lambda n=n: opener().put([entry(f"w{n}", "pera")])) for n in range(4)]
    for each in writers:
        each.start()
    for each in writers:
        each.join()
    for _ in range(3):
        index.rebuild([entry("a", "manzana"), *(entry(f"w{n}", "pera") for n in range(4))])
    done.set()
    for each in readers:
        each.join()
    assert errors == []
    assert ask(index, "pera").total == 4


@pytest.fixture(scope="module", params=ADAPTERS)
def filled(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[SearchIndex]:
    with opened(request.param, tmp_path_factory.mktemp("filled"), request) as open_index:
        index = open_index()
        _fill(index)
        yield index


def _fill(index: SearchIndex) -> None:
    texts = ["la licitación pública del puente", "el contrato 12 de 2020", "los humedales y las aves", "acta del 11 de mayo de 2023"]
    labels = ["public", "staff", "closed"]
    index.put(entry(f"d{n}", texts[n % 4], labels=frozenset({labels[n % 3]}), years=(2000 + n,)) for n in range(24))


HOSTILE = st.one_of(
    st.text(max_size=80),
    st.text(alphabet='"“”«»()[]{}*?~^:+-&|!\\/ aeñº.0159', max_size=60),
    st.text(alphabet="\0\ud800\udfff\u202e\u200f\u0301\u00ad\n\t😀🇨🇴 aé", max_size=40),
    st.sampled_from(
        ["a" * 10_000, '"' * 999, "ley " * 2_500, "1-" * 3_000, "' OR 1=1 --", "{{7*7}}", "\\", "*", "?", "AND", "NOT NOT", "label:staff"]
    ),
)


@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(typed=HOSTILE, year=st.one_of(st.none(), st.integers(-(10**12), 10**12)))
def test_nothing_typed_makes_a_search_fail(filled: SearchIndex, typed: str, year: int | None) -> None:
    results = ask(filled, typed, from_year=year, filters={"series": typed} if year else {})
    assert all(hit.document in {f"d{n}" for n in range(0, 24, 3)} for hit in results.hits)


@settings(max_examples=60, deadline=None)
@given(
    typed=st.sampled_from(
        ["licitación", "puente contrato", "humedal", "hume", '"contrato 12"', "mayo de 2023", "acta 11/05/2023", "aves humedales"]
    ),
    fewer=st.sets(st.sampled_from(["public", "staff", "closed"])),
    more=st.sets(st.sampled_from(["public", "staff", "closed"])),
)
def test_more_labels_never_show_less(filled: SearchIndex, typed: str, fewer: set[str], more: set[str]) -> None:
    least = ask(filled, typed, Scope(frozenset(fewer)), limit=100)
    most = ask(filled, typed, Scope(frozenset(fewer | more)), limit=100)
    assert most.total >= least.total
    assert set(found(least)) <= set(found(most))


WRITER = """
import sys
from pathlib import Path
from search.engines.tantivy import TantivyIndex
from search.index import Entry
index = TantivyIndex(Path(sys.argv[1]))
def entries():
    for n in range(100000):
        if n == int(sys.argv[2]):
            print("ready", flush=True)
            sys.stdin.readline()
        yield Entry(f"d{n % 40}", n // 40 + 1, "t", "", "pera " * 200, "", frozenset({"public"}))
        if n > 4000:
            return
getattr(index, sys.argv[3])(entries())
print("done", flush=True)
"""


def test_an_index_of_another_version_asks_to_be_rebuilt(tmp_path: Path) -> None:
    index = TantivyIndex(tmp_path / "index")
    index.put([entry("a", "manzana")])
    (tmp_path / "index" / "current").write_text("v0-1")
    with pytest.raises(IndexFormatChanged):
        ask(index, "manzana")
    with pytest.raises(IndexFormatChanged):
        index.put([entry("a", "manzana")])
    assert index.rebuild([entry("a", "pera")]) == 1
    assert found(ask(index, "pera")) == ["a"]


@pytest.mark.kill
@pytest.mark.parametrize("doing", ["put", "rebuild"])
@pytest.mark.parametrize("at", [0, 900, 4000])
def test_a_writer_killed_half_way_leaves_the_old_or_the_new(tmp_path: Path, doing: str, at: int) -> None:
    index = TantivyIndex(tmp_path / "index")
    index.put(entry(f"d{n}", "manzana") for n in range(40))
    root = Path(__file__).resolve().parents[2]
    command = [sys.executable, "-c", WRITER, str(tmp_path / "index"), str(at), doing]
    with subprocess.Popen(command, cwd=root, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout is not None
        assert child.stdout.readline() == "ready\n"
        os.kill(child.pid, signal.SIGKILL)
        child.wait()
    assert (ask(index, "manzana").total, ask(index, "pera").total) == (40, 0)
    index.put([entry("d0", "pera")])
    assert (ask(TantivyIndex(tmp_path / "index"), "manzana").total, ask(index, "pera").total) == (39, 1)


@pytest.mark.kill
def test_a_writer_killed_while_committing_leaves_the_old_or_the_new(tmp_path: Path) -> None:
    index = TantivyIndex(tmp_path / "index")
    index.put(entry(f"d{n}", "manzana") for n in range(40))
    root = Path(__file__).resolve().parents[2]
    for pause in (0.0, 0.02, 0.05, 0.1, 0.2):
        command = [sys.executable, "-c", WRITER, str(tmp_path / "index"), "4001", "put"]
        with subprocess.Popen(command, cwd=root, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as child:
            assert child.stdin is not None
            assert child.stdout is not None
            assert child.stdout.readline() == "ready\n"
            child.stdin.write("go\n")
            child.stdin.flush()
            threading.Event().wait(pause)
            os.kill(child.pid, signal.SIGKILL)
            child.wait()
        state = (ask(index, "manzana").total, ask(index, "pera").total)
        assert state in ((40, 0), (0, 40))
        index.put(entry(f"d{n}", "manzana") for n in range(40))
        assert ask(index, "manzana").total == 40
