import pytest
from hypothesis import given
from hypothesis import strategies as st

from search.analysis import aligned, flat, fold, folded_words, normalise, stem, words


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("Nº1754", ["N", "1754"]),
        ("1º de mayo", ["1", "de", "mayo"]),
        ("acta_2020", ["acta", "2020"]),
        ("admi\u00adnistración", ["administración"]),
        ("adminis-\ntración", ["administración"]),
        ("adminis-\n   tración", ["administración"]),
        ("Bogo-\nTá", ["Bogo", "Tá"]),
        ("2020-\n21", ["2020", "21"]),
        ("resolucio\u0301n", ["resolución"]),
    ],
)
def test_words_are_cut_as_they_are_read(written: str, read: list[str]) -> None:
    assert words(normalise(written)) == read


@pytest.mark.parametrize("word", ["Ñandú", "NANDU", "ñandu", "n\u0303andu\u0301"])
def test_words_fold_to_one(word: str) -> None:
    assert fold(word) == "nandu"


@pytest.mark.parametrize("word", ["licitación", "licitacion", "Licitaciones", "LICITACIÓN"])
def test_forms_of_a_word_share_a_stem(word: str) -> None:
    assert stem(word) == stem("licitación")


def test_a_word_keeps_its_place_in_the_text_as_it_was_written() -> None:
    text = "La adminis-\ntracio\u0301n del an\u0303o: 1º y 2º"
    clean = aligned(text)
    read = {word: text[slice(*clean.original(start, end))] for start, end, word in folded_words(clean.text)}
    assert read["administracion"] == "adminis-\ntracio\u0301n"
    assert read["ano"] == "an\u0303o"
    assert read["2"] == "2"


@given(st.text(alphabet=st.one_of(st.characters(), st.sampled_from("aén-\n\u00ad\u0301º_ "))))
def test_alignment_agrees_with_normalisation_and_stays_inside(text: str) -> None:
    clean = aligned(text)
    assert len(clean.offsets) == len(clean.text) + 1
    assert sorted(clean.offsets) == list(clean.offsets)
    assert 0 <= clean.offsets[0] <= clean.offsets[-1] <= len(text.encode("utf-8", "replace").decode())


@given(st.text())
def test_flat_text_keeps_every_place(text: str) -> None:
    assert len(flat(text)) == len(text)


@given(st.text(alphabet="aáeéiínñoóuúübcdlrs-\n\u00adºª_ .", max_size=60))
def test_alignment_reads_what_is_indexed(text: str) -> None:
    assert aligned(text).text == normalise(text)


@given(st.text(max_size=80))
def test_words_in_their_place_are_the_words_folded(text: str) -> None:
    clean = normalise(text)
    assert [word for _, _, word in folded_words(clean)] == [fold(word) for word in words(clean)]


@given(st.text(max_size=80), st.sets(st.text("aeño1", min_size=1, max_size=2)))
def test_words_that_begin_so_are_those_of_all_that_do(text: str, beginnings: set[str]) -> None:
    clean, folded = normalise(text), {fold(each) for each in beginnings}
    assert folded_words(clean, folded) == [each for each in folded_words(clean) if each[2].startswith(tuple(folded))]
