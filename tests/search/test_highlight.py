import pytest
from hypothesis import given
from hypothesis import strategies as st

from archivo.data import code_patterns
from search.analysis import folded_words, normalise, stem
from search.codes import codes
from search.highlight import marks, snippet
from search.index import Understood

PATTERNS = code_patterns()
PAGE = (
    "El año de la licitación pública. "
    + "Relleno sin interés. " * 40
    + "Ley 594 de 2000 y el puente peatonal; el puente, otra licita-\nción."
)


def understood(*words: str, prefix: str | None = None, phrases: tuple[tuple[str, ...], ...] = ()) -> Understood:
    return Understood(frozenset(words), frozenset(map(stem, words)), phrases, prefix)


def marked(text: str, query: Understood) -> list[str]:
    return [text[start:end] for start, end in marks(text, query, patterns=PATTERNS)]


def test_related_and_folded_words_are_marked() -> None:
    assert marked("Adjudicará los Años; adjudicar", understood("adjudicar", "ano", "anos")) == ["Adjudicará", "Años", "adjudicar"]


def test_a_word_broken_by_a_hyphen_is_marked_whole() -> None:
    assert marked(PAGE, understood("licitacion")) == ["licitación", "licita-\nción"]


def test_a_phrase_is_one_mark() -> None:
    assert marked(PAGE, Understood(phrases=(("licitacion", "publica"),))) == ["licitación pública"]


def test_a_code_is_marked_however_it_is_written() -> None:
    assert marked(PAGE, Understood(codes=frozenset(codes("l. 594/00", PATTERNS)))) == ["Ley 594 de 2000"]


def test_the_beginning_of_a_word_marks_the_word() -> None:
    assert marked("acueducto y acuario", Understood(prefix="acued")) == ["acueducto"]


def test_marks_are_code_points_of_the_text_as_it_is() -> None:
    assert marked("😀 resolucio\u0301n 🇨🇴 Resolución", understood("resolucion")) == ["resolucio\u0301n", "Resolución"]


def test_a_snippet_is_where_most_of_the_query_stands() -> None:
    text, places = snippet(PAGE, understood("puente", "peatonal", "licitacion"), around=80)
    assert "puente peatonal" in text
    assert "\n" not in text
    assert [text[start:end] for start, end in places][:2] == ["puente", "peatonal"]


def test_a_snippet_of_nothing_is_the_beginning() -> None:
    assert snippet(PAGE, understood("ausente"), around=40)[0].startswith("El año de la licitación")
    assert snippet("", understood("ausente")) == ("", [])


@given(st.text(max_size=300), st.integers(1, 200))
def test_marks_are_ordered_apart_and_inside(text: str, around: int) -> None:
    query = understood("a", "el", prefix="b", phrases=(("a", "b"),))
    for shown, places in ((text, marks(text, query)), snippet(text, query, around=around)):
        flat = [place for pair in places for place in pair]
        assert flat == sorted(flat)
        assert all(0 <= start < end <= len(shown) for start, end in places)


@given(st.text(alphabet="aAáb -,_\u0142", max_size=40), st.lists(st.sampled_from(("a", "b", "ab", "l")), min_size=1, max_size=3))
def test_a_phrase_is_marked_wherever_its_words_follow_each_other(text: str, phrase: list[str]) -> None:
    text = normalise(text)
    words = folded_words(text)
    followed = [at for at in range(len(words)) if [word for _, _, word in words[at : at + len(phrase)]] == phrase]
    inside = {place for at in followed for place in range(words[at][0], words[at + len(phrase) - 1][1])}
    assert {place for start, end in marks(text, Understood(phrases=(tuple(phrase),))) for place in range(start, end)} == inside


@pytest.mark.parametrize("around", [1, 10, 280, 10_000])
def test_a_snippet_is_about_as_long_as_asked(around: int) -> None:
    assert len(snippet(PAGE, understood("puente"), around=around)[0]) <= around + 80
