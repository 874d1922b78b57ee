from collections.abc import Iterable, Mapping

import pytest

from search.spelling import corrections, distance, idf, misreadings, number_forms, numbers, sound, sounds


class Words:
    """A vocabulary with its counts, for a reader who may see it all."""

    def __init__(self, counts: dict[str, int], size: int = 40_000) -> None:
        self._counts = counts
        self._size = size

    def pages(self, word: str) -> int:
        return self._counts.get(word, 0)

    def size(self) -> int:
        return self._size

    def frequency(self, word: str) -> int:
        return self._counts.get(word, 0)

    def starting(self, start: str) -> int:
        return sum(count for word, count in self._counts.items() if word.startswith(start))

    def near(self, word: str, edits: int) -> Mapping[str, int]:
        return {each: distance(each, word) for each in self._counts if distance(each, word) <= edits}

    def sounding(self, key: str) -> Iterable[str]:
        return [each for each in self._counts if sound(each) == key]

    def spelled(self, word: str) -> str:
        return word


VOCABULARY = Words(
    {
        "licitacion": 900,
        "limitacion": 500,
        "bicicleta": 40,
        "baca": 1,
        "vaca": 60,
        "contrato": 5000,
        "contralo": 3,
        "correal": 2,
        "correa": 10,
    }
)


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("licitasion", "licitacion"),
        ("licitcion", "licitacion"),
        ("bisicleta", "bicicleta"),
        ("visikleta", "bicicleta"),
        ("contarto", "contrato"),
    ],
)
def test_an_unknown_word_is_corrected_to_the_likeliest(typed: str, meant: str) -> None:
    assert corrections(typed, VOCABULARY)[0].word == meant


def test_a_rare_word_is_doubted_only_for_a_much_commoner_one() -> None:
    assert corrections("baca", VOCABULARY)[0].word == "vaca"
    assert corrections("correal", VOCABULARY) == []


@pytest.mark.parametrize("typed", ["contrato", "contralo", "abc", "a1b2c3d4", "zzzzzzzz"])
def test_a_known_or_hopeless_word_is_left_alone(typed: str) -> None:
    assert corrections(typed, VOCABULARY) == []


def test_misreadings_are_rare_neighbours_of_a_common_word() -> None:
    assert misreadings("contrato", VOCABULARY) == ["contralo"]
    assert misreadings("licitacion", VOCABULARY) == []


@pytest.mark.parametrize(
    ("one", "other"),
    [("vaca", "baca"), ("hacer", "acer"), ("lluvia", "yuvia"), ("gente", "jente"), ("zapato", "sapato"), ("queso", "keso")],
)
def test_words_that_sound_alike_share_a_key(one: str, other: str) -> None:
    assert sound(one) == sound(other)


@pytest.mark.parametrize(("one", "other", "edits"), [("", "abc", 3), ("abc", "acb", 1), ("casa", "cosas", 2), ("igual", "igual", 0)])
def test_distance_counts_edits_and_swaps(one: str, other: str, edits: int) -> None:
    assert distance(one, other) == distance(other, one) == edits


def test_plural_and_singular_are_looked_for_if_someone_writes_them() -> None:
    words = Words({"luz": 1, "luces": 1, "leyes": 2, "ley": 3, "casas": 1})
    assert numbers("luces", words) == ["luz"]
    assert numbers("luz", words) == ["luces"]
    assert numbers("leyes", words) == ["ley"]
    assert numbers("casa", words) == ["casas"]
    assert list(number_forms("papel")) == ["papeles"]


def test_a_rarer_word_tells_more() -> None:
    assert idf(1, 1000) > idf(10, 1000) > idf(1000, 1000) > 0


def test_many_words_sound_as_each_alone() -> None:
    words = ["hallazgo", "Añorve", "ss", "boss", "barro", "Σίγμας", "quebrada", "çhe"]

    assert sounds(words) == [sound(word) for word in words]
    assert sounds([]) == []
