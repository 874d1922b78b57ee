"""A page's text is read on a screen without the breaks that only its paper had."""

from hypothesis import given
from hypothesis import strategies as st

from archivo.web.prose import flowing, run_on

LETTER = """\
SECRETARÍA GENERAL
Valdeluz, 3 de febrero de 1952

Señor ingeniero
Fructuoso Benalcázar
Inspector de Obras

En respuesta a su comunicación del 28 de enero, le manifiesto que este
despacho dispuso cerrar al paso de carros pesados el puente de La
Concordia, mientras se cambian las vigas de madera dañadas por la cre-
ciente de diciembre.

Soy de usted atento servidor,"""


def test_full_lines_run_on_and_short_ones_stay() -> None:
    lines = flowing(LETTER).split("\n")
    assert lines[:2] == ["SECRETARÍA GENERAL", "Valdeluz, 3 de febrero de 1952"]
    assert lines[3:6] == ["Señor ingeniero", "Fructuoso Benalcázar", "Inspector de Obras"]
    assert lines[7].startswith("En respuesta a su comunicación del 28 de enero, le manifiesto que este despacho dispuso cerrar")
    assert lines[7].endswith("por la cre\u00adciente de diciembre.")
    assert lines[-1] == "Soy de usted atento servidor,"


def test_rows_and_items_stay_each_in_its_line() -> None:
    table = "\n".join(f"{number} Planos de puentes y caminos {1950 + number} {1956 + number} 97 Bueno" for number in range(9))
    items = "\n".join(f"{letter}) que las obras sean de aquellas que la ley permite contratar" for letter in "abcde")
    assert flowing(table) == table
    assert flowing(items) == items


def test_a_list_of_short_lines_is_left_as_it_is() -> None:
    assert flowing("uno de ellos\ndos de ellos\ntres de ellos") == "uno de ellos\ndos de ellos\ntres de ellos"


@given(st.text(alphabet="abc -.\n1", max_size=400))
def test_places_stay_and_no_letter_is_lost(text: str) -> None:
    shown = run_on(text)
    assert len(shown) == len(text)
    assert [a for a, b in zip(text, shown, strict=True) if a != b and a not in "-\n"] == []
