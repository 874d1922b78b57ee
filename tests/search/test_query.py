from hypothesis import given
from hypothesis import strategies as st

from archivo.data import code_patterns
from search.index import Note
from search.query import NOTES, parse, worded

PATTERNS = code_patterns()


def test_a_query_is_taken_apart() -> None:
    parsed = parse('la "licitación pública" de obras ley 80/93 acued', PATTERNS)
    assert parsed.words == ("obras", "acued")
    assert parsed.phrases == (("licitación", "pública"),)
    assert "ley_80_1993" in parsed.codes
    assert parsed.named == "ley 80/93"
    assert parsed.typing == "acued"
    assert not parsed.cut


def test_an_unpaired_quote_and_operators_are_plain_text() -> None:
    parsed = parse('obra" AND (puente* -río) title:x', PATTERNS)
    assert parsed.phrases == ()
    assert parsed.words == ("obra", "AND", "puente", "río", "title", "x")


def test_empty_words_go_unless_they_are_all_there_is() -> None:
    assert parse("la casa de todos", PATTERNS).words == ("casa",)
    assert parse("de la que", PATTERNS).words == ("de", "la", "que")


def test_words_that_only_ask_go_when_two_others_remain() -> None:
    assert parse("qué documentos necesito para licencia construcción", PATTERNS).words == ("licencia", "construcción")
    assert parse("necesito licencia", PATTERNS).words == ("necesito", "licencia")


def test_a_date_is_no_number() -> None:
    parsed = parse("mayo 11 de 2023", PATTERNS)
    assert parsed.codes == ("f_20230511",)
    assert parsed.named == ""


def test_a_long_query_is_cut_and_says_so() -> None:
    parsed = parse("palabra " * 500, PATTERNS)
    assert parsed.cut
    assert parsed.words == ("palabra",)


def test_a_word_is_being_typed_only_if_nothing_follows_it() -> None:
    assert parse("obra acued", PATTERNS).typing == "acued"
    assert parse("obra acued ", PATTERNS).typing is None
    assert parse("acta 123", PATTERNS).typing is None


@given(st.text(max_size=200))
def test_parsing_never_fails(text: str) -> None:
    parsed = parse(text, PATTERNS)
    assert len(parsed.words) <= 24


def test_every_note_has_its_sentence() -> None:
    params: dict[str, str | int] = {"word": "a", "typed": "b", "code": "c", "phrase": "d", "words": 24, "characters": 400}
    assert all("{" not in worded(Note(code, params)) for code in NOTES)
