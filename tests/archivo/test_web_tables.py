"""Tables that go by their columns, and lists written as CSV."""

import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import anyio
import pytest

from archivo.web.addresses import changer
from archivo.web.sheets import harmless, local, sheet
from archivo.web.tables import Column, Order, arranged, read_order, table

COLUMNS = (Column("Nombre", "nombre", "name"), Column("Edad", "edad", "age", "number"), Column("Acciones"))


@dataclass(frozen=True)
class Person:
    name: str
    age: int | None


PEOPLE = [Person("Ñusta", 3), Person("Nubia", None), Person("álvaro", 9), Person("Zoilo", 3), Person("Alba", 10)]


@pytest.mark.parametrize(
    ("text", "order"),
    [
        ("edad", Order("age")),
        ("-edad", Order("age", descending=True)),
        ("", Order("name", descending=True)),
        ("--edad", Order("name", descending=True)),
        ("age; drop table", Order("name", descending=True)),
    ],
)
def test_an_address_asks_for_an_order_that_there_is(text: str, order: Order) -> None:
    assert read_order(text, COLUMNS, "-nombre") == order


def test_each_head_orders_by_its_column_and_then_the_other_way_round() -> None:
    state = {"q": "agua", "orden": "edad", "pagina": 4}
    shown = table(COLUMNS, Order("age"), changer("/lista", state), state)
    name, age, acts = shown.heads
    assert (name.address, name.sorted) == ("/lista?q=agua&orden=nombre", None)
    assert (age.address, age.sorted) == ("/lista?q=agua&orden=-edad", "ascending")
    assert acts.address is None
    assert [(value, now) for value, _, now in shown.choices] == [("nombre", False), ("-nombre", False), ("edad", True), ("-edad", False)]
    assert shown.kept == {"q": "agua"}


def test_spanish_goes_in_its_own_order_and_what_is_lacking_at_the_end() -> None:
    assert [one.name for one in arranged(PEOPLE, Order("name"))] == ["Alba", "álvaro", "Nubia", "Ñusta", "Zoilo"]
    assert [one.name for one in arranged(PEOPLE, Order("age"))] == ["Ñusta", "Zoilo", "álvaro", "Alba", "Nubia"]
    assert [one.name for one in arranged(PEOPLE, Order("age", descending=True))] == ["Alba", "álvaro", "Ñusta", "Zoilo", "Nubia"]
    assert arranged(PEOPLE, Order("")) == PEOPLE


@pytest.mark.parametrize("text", ["=1+1", "+57", "-1", "@a", "\t=1", "\r=1", "\n1", "  =1", "\u00a0=1", "＝1", "－1"])
def test_nothing_runs_as_a_formula(text: str) -> None:
    assert harmless(text) == f"'{text}"


@pytest.mark.parametrize("text", ["", "Acta 5", "a=1", "'=1", "2024-01-02", "—"])
def test_what_is_no_formula_stays_as_it_is(text: str) -> None:
    assert harmless(text) == text


def test_an_instant_is_told_in_the_zone_of_the_archive() -> None:
    assert local(datetime(2026, 11, 24, 3, 4, 5, tzinfo=UTC), ZoneInfo("America/Bogota")) == "2026-11-23 22:04:05"
    assert local(None, ZoneInfo("America/Bogota")) is None


def test_a_sheet_is_sent_while_its_rows_are_read() -> None:
    read: list[int] = []

    def rows() -> Iterator[list[str | int]]:
        for number in range(5000):
            read.append(number)
            yield [number, 'una "cita", con coma\ny renglón', "=A1"]

    answer = sheet("lista.csv", ("N.º", "Texto", "Otro"), rows())
    assert not read
    seen: list[tuple[bytes, int]] = []

    async def collect() -> None:
        async for block in answer.body_iterator:
            assert isinstance(block, bytes)
            seen.append((block, len(read)))

    anyio.run(collect)
    assert seen[0][1] < 5000
    whole = b"".join(block for block, _ in seen)
    assert whole.startswith(b"\xef\xbb\xbf")
    lines = list(csv.reader(io.StringIO(whole.decode("utf-8-sig"), newline="")))
    assert lines[0] == ["N.º", "Texto", "Otro"]
    assert lines[5000] == ["4999", 'una "cita", con coma\ny renglón', "'=A1"]
    assert answer.headers["content-disposition"].startswith('attachment; filename="lista.csv"')
