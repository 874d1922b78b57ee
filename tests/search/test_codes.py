from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archivo.data import code_patterns
from search.analysis import normalise
from search.codes import NO_PATTERNS, CodePatterns, codes, find

PATTERNS = code_patterns()


@pytest.mark.parametrize(
    ("written", "code"),
    [
        ("Ley 594/2000", "ley_594_2000"),
        ("ley No. 594 del 2000", "ley_594_2000"),
        ("L. 594/00", "ley_594_2000"),
        ("ley 594 2000", "ley_594_2000"),
        ("Resolución número 1.754 del año 2023", "resolucion_1754_2023"),
        ("Decreto Nº1754/23", "decreto_1754_2023"),
        ("Nº 1754/23", "n_1754_2023"),
        ("1754 de 2023", "n_1754_2023"),
        ("radicado 1-2026-12345", "rad_1_2026_12345"),
        ("2026-12345", "n_12345_2026"),
        ("NIT 891.800.260-5", "num_891800260"),
        ("c.c. 79 123 456", "num_79123456"),
        ("11/05/2023", "f_20230511"),
        ("11.5.23", "f_20230511"),
        ("11 de mayo de 2023", "f_20230511"),
        ("a los 11 días del mes de mayo del año 2023", "f_20230511"),
        ("mayo 11 de 2023", "f_20230511"),
        ("2023-05-11", "f_20230511"),
        ("ley 65 de 95", "ley_65_1995"),
        ("ley 40 de 40", "ley_40_2040"),
    ],
)
def test_each_way_of_writing_gives_the_same_code(written: str, code: str) -> None:
    assert code in codes(normalise(written), PATTERNS)
    assert code in codes(normalise(f"{'palabra ' * 30}conforme a {written}, {'y más ' * 30}"), PATTERNS)


@pytest.mark.parametrize("written", ["32/13/2023", "2023-13-40", "la ley de 2000", "artículo 5", "", "sin números"])
def test_what_is_no_code_gives_none_of_a_date_or_law(written: str) -> None:
    assert not [code for code in codes(normalise(written), PATTERNS) if code.startswith(("f_", "ley_"))]


def test_codes_know_their_place_and_whether_they_name_a_document() -> None:
    text = "Según la Ley 594 de 2000, del 11 de mayo de 2023"
    places = {code: place for place in find(text, PATTERNS) for code in place.codes}
    law, date = places["ley_594_2000"], places["f_20230511"]
    assert text[law.start : law.end] == "Ley 594 de 2000"
    assert law.names
    assert not date.names


@given(
    st.lists(st.sampled_from(["1", "23", "594", "2000", "12345", ".", ",", "-", "/", " ", " de ", " del ", "ley ", "mayo ", "n", "º", "x"]))
)
def test_codes_that_begin_at_a_number_are_found_as_if_looked_for_everywhere(parts: list[str]) -> None:
    everywhere = replace(PATTERNS, patterns=tuple(replace(each, at_number=False) for each in PATTERNS.patterns))
    text = normalise("".join(parts))
    assert find(text, PATTERNS) == find(text, everywhere)


def test_another_institution_reads_its_own_codes() -> None:
    own = CodePatterns.compiled({"bill": "bill"}, {}, {}, [(r"\b(?P<kind>%kinds%)\s+(?P<number>\d+)", ["{kind}-{number}"], True, False)])
    assert codes("Bill 0042", own) == ["bill-42"]
    assert codes("Bill 42", NO_PATTERNS) == []


def test_a_pattern_that_names_no_known_part_is_refused_at_start() -> None:
    with pytest.raises(KeyError, match="absent"):
        CodePatterns.compiled({}, {}, {}, [(r"%absent%\d", ["x"], True, False)])
