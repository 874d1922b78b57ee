"""The words of a copy are held against those of its original: what a page adds is no difference, what is lost, moved or put in is."""

import pytest

from ingest.tools.likeness import Tolerance, compare

NONE = Tolerance(missing=0, displaced=0, added=0, shorter=0, numbers=0)
TEXT = (
    "La Junta aprobó la adquisición del predio El Encanto, según el acta número 14 del año 1936. "
    "El presidente ordenó su publicación en el registro distrital."
)


@pytest.mark.parametrize(
    "copy",
    [
        TEXT,
        TEXT.upper(),
        TEXT.replace(" ", "\n"),
        TEXT.replace(" ", ""),  # where words end is a guess of the reader
        TEXT.replace("predio", "pre\u00addio").replace("fic", "ﬁc"),
        TEXT.replace("según", "3\nRegistro distrital\nsegún"),  # a foot and a head in the middle
        f"7 {TEXT} vii",
    ],
)
def test_the_form_of_a_page_is_no_difference(copy: str) -> None:
    found = compare([TEXT], copy, NONE, cells=False)
    assert found.same
    assert (found.missing, found.displaced, found.added) == (0, 0, 0)


def test_what_is_lost_is_counted_and_told_by_its_part() -> None:
    found = compare([TEXT, "Segunda hoja con cosas suyas"], TEXT, NONE, cells=False)
    assert not found.same
    assert (found.missing, found.parts) == (5, (2,))
    assert compare([TEXT], TEXT.replace("Encanto", ""), NONE, cells=False).missing == 1


def test_another_order_is_told() -> None:
    first, second = TEXT.split(". ")
    assert compare([TEXT], f"{second} {first}", NONE, cells=False).same  # whole sentences go where pages put them
    mixed = compare([TEXT], " ".join(reversed(TEXT.split())), NONE, cells=False)
    assert not mixed.same
    assert mixed.missing == 0
    assert mixed.displaced > 15


def test_what_the_original_does_not_say_is_told_and_what_it_strikes_out_is_not() -> None:
    put_in = f"{TEXT} contraseña secreta del servidor"
    assert compare([TEXT], put_in, NONE, cells=False).added == 3
    assert compare([TEXT], put_in, NONE, cells=False, struck="contraseña secreta del servidor").same


def test_what_is_said_twice_and_shown_once_is_shorter() -> None:
    found = compare([TEXT, TEXT], TEXT, Tolerance(0, 0, 0, shorter=0.1), cells=False)
    assert not found.same
    assert found.missing == 0


def test_cells_are_compared_by_their_letters_and_their_whole_numbers() -> None:
    original = "Contrato\tValor\tFecha\n125488\t1234567.5\t2026-11-20\nSaldo\t45000000\t0.25"
    shown = "Contrato Valor Fecha\n125.488 $ 1.234.567,50 20/11/2026\nSaldo $ 45.000.000 25 %"
    assert compare([original], shown, NONE, cells=True).same
    narrow = compare([original], shown.replace("$ 45.000.000", "###"), NONE, cells=True)
    assert not narrow.same
    assert (narrow.no_room, narrow.missing_numbers) == (1, 1)


def test_what_is_tolerated_is_a_share() -> None:
    some = Tolerance(missing=0.05, displaced=0, added=0, shorter=0.1)
    assert compare([TEXT], TEXT.replace("Encanto", ""), some, cells=False).same
    assert not compare([TEXT], TEXT.replace("El Encanto", "").replace("Junta", ""), some, cells=False).same
    assert not compare([TEXT], "", some, cells=False).same
    assert compare([""], "", NONE, cells=False).same
