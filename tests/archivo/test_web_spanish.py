"""Dates, plurals, sizes and lists in Spanish."""

from datetime import UTC, date, datetime

import pytest

from archivo.web import spanish


def test_dates_and_instants_are_those_of_bogota() -> None:
    assert spanish.day(date(2026, 11, 22)) == "22 de noviembre de 2026"
    assert spanish.instant(datetime(2026, 11, 23, 2, 5, tzinfo=UTC)) == "22 de noviembre de 2026, 9:05\u00a0p.\u202fm."
    assert spanish.instant(datetime(2026, 11, 22, 17, 0, tzinfo=UTC)) == "22 de noviembre de 2026, 12:00\u00a0p.\u202fm."


@pytest.mark.parametrize(
    ("at", "words"),
    [
        (datetime(2026, 11, 22, 14, 59, 30, tzinfo=UTC), "hace un momento"),
        (datetime(2026, 11, 22, 14, 58, 30, tzinfo=UTC), "hace 1 minuto"),
        (datetime(2026, 11, 22, 14, 20, tzinfo=UTC), "hace 40 minutos"),
        (datetime(2026, 11, 22, 12, 0, tzinfo=UTC), "hoy, 7:00\u00a0a.\u202fm."),
        (datetime(2026, 11, 22, 4, 0, tzinfo=UTC), "ayer, 11:00\u00a0p.\u202fm."),
        (datetime(2026, 11, 12, 12, 0, tzinfo=UTC), "12 de noviembre de 2026"),
    ],
)
def test_how_long_ago(at: datetime, words: str) -> None:
    assert spanish.ago(at, datetime(2026, 11, 22, 15, 0, tzinfo=UTC)) == words


@pytest.mark.parametrize(
    ("edtf", "words"),
    [
        (None, "sin fecha"),
        ("1936", "1936"),
        ("1936-05", "mayo de 1936"),
        ("1936-05-20", "20 de mayo de 1936"),
        ("1936-05-01", "1 de mayo de 1936"),
        ("1936~", "hacia 1936"),
        ("1936-05?", "mayo de 1936 (dudosa)"),
        ("193X", "década de 1930"),
        ("19XX", "siglo XX"),
        ("1936-XX-XX", "1936"),
        ("1936/1940", "1936–1940"),
        ("1936-05/1936-08", "de mayo de 1936 a agosto de 1936"),
        ("1936/..", "desde 1936"),
        ("../1936", "hasta 1936"),
        ("1936-21", "primavera de 1936"),
        ("1936-13", "1936-13"),
        ("ayer", "ayer"),
    ],
)
def test_edtf_in_words(edtf: str | None, words: str) -> None:
    assert spanish.edtf(edtf) == words


def test_numbers_plurals_sizes_and_lists() -> None:
    assert spanish.number(412806) == "412.806"
    assert spanish.number(2026) == "2026"
    assert spanish.number(3.5, 1) == "3,5"
    assert spanish.count(1, "página") == "1 página"
    assert spanish.count(0, "página", none="sin páginas") == "sin páginas"
    assert [spanish.count(2, word) for word in ("versión", "vez", "mes", "acta")] == ["2 versiones", "2 veces", "2 meses", "2 actas"]
    assert [spanish.size(n) for n in (1, 999, 81_200, 1_403_000, 42_000_000, 2_147_483_648)] == [
        "1 byte",
        "999 bytes",
        "81\u00a0kB",
        "1,4\u00a0MB",
        "42\u00a0MB",
        "2,1\u00a0GB",
    ]
    assert spanish.series(["uno"]) == "uno"
    assert spanish.series(["oficios", "actas", "informes"]) == "oficios, actas e informes"
    assert spanish.series(["hielo", "hierro"]) == "hielo y hierro"
    assert spanish.series(["uno", "otro"], "o") == "uno u otro"
    assert spanish.percent(0.714) == "71\u00a0%"
    assert spanish.percent(0.999) == "99\u00a0%"


def test_capitals_are_calmed_and_abbreviations_stay() -> None:
    assert spanish.calm("PETICIONES, QUEJAS, RECLAMOS Y SUGERENCIAS") == "Peticiones, quejas, reclamos y sugerencias"
    assert spanish.calm("TABLAS DE RETENCIÓN TRD") == "Tablas de retención TRD"
