"""What pages count of the whole catalogue is counted once for each edition of it, and is never that of an earlier one."""

import time
from pathlib import Path

import pytest
from sqlalchemy import event

from archivo.access.policy import CITIZEN, custody
from archivo.archive import Archive
from archivo.assembly import opened
from archivo.discovery.browsing import browse
from archivo.discovery.services import holdings
from archivo.intake.publication import publish, withdraw
from archivo.records.models import Fonds
from archivo.records.services import describe
from archivo.worker import work_until_done
from search.index import Query

from .conftest import Command
from .made_rows import AT, a_document

ANA = custody("ana")


def total(archive: Archive) -> int:
    """Of all that citizens may find: the home and the list without words agree."""
    found = browse(archive, CITIZEN, Query("", limit=0)).total
    assert holdings(archive).total == found
    return found


@pytest.mark.usefixtures("filled")
def test_what_is_withdrawn_or_published_is_counted_at_once_by_every_process(archive: Archive) -> None:
    document = browse(archive, CITIZEN, Query("", limit=1)).hits[0].id
    with opened() as other:
        before = total(archive)
        assert total(other) == before
        withdraw(archive, ANA, document)
        assert (total(archive), total(other)) == (before - 1, before - 1)
        assert document not in {each.id for each in holdings(other).newest}
        publish(other, ANA, document)
        assert (total(archive), total(other)) == (before, before)


@pytest.mark.usefixtures("filled")
def test_a_new_document_is_counted_once_it_can_be_found(archive: Archive, archivo: Command, tmp_path: Path) -> None:
    before = total(archive)
    letter = tmp_path / "oficio.txt"
    letter.write_text("Oficio sobre la quebrada Chivatera.\n", "utf-8")
    sent = archivo("deposit", letter, "--json").lines[0]["id"]
    publish(archive, ANA, sent)
    assert total(archive) == before
    work_until_done(archive, {sent})
    assert total(archive) == before + 1


@pytest.mark.usefixtures("filled")
def test_asking_again_counts_nothing_again(archive: Archive) -> None:
    asked: list[str] = []
    total(archive)
    event.listen(archive.database.engine, "before_cursor_execute", lambda *told: asked.append(told[2]))
    total(archive)
    assert asked
    assert not [statement for statement in asked if "count(" in statement.lower()]


def test_those_without_a_date_come_after_the_others_and_none_twice(archive: Archive) -> None:
    dates = ["1929-05-01", None, "1811", None, "1929-05-01", "2001-12", None]
    with archive.database.writing() as session:
        session.add(Fonds(id="f" * 36, code="P", name="Entidad de prueba", created_at=AT))
        session.flush()
        made = [a_document("f" * 36, n, published=True, begins_on=date) for n, date in enumerate(dates)]
        session.add_all(made)
    expected = [row.id for row in sorted(made, key=lambda row: (row.begins_on is None, row.begins_on or "", row.id))]
    for size in (1, 2, 3, 5, 7, 10):
        pages = [browse(archive, CITIZEN, Query("", limit=size, offset=start)).hits for start in range(0, len(dates) + size, size)]
        assert [hit.id for page in pages for hit in page] == expected, size


def test_what_takes_long_to_count_rests_before_it_is_counted_again(archive: Archive) -> None:
    counted: dict[str, int] = {"long": 0, "short": 0}

    def count(name: str, seconds: float) -> int:
        time.sleep(seconds)
        counted[name] += 1
        return counted[name]

    with archive.database.writing() as session:
        session.add(Fonds(id="f" * 36, code="P", name="Entidad de prueba", created_at=AT))
        session.flush()
        document = a_document("f" * 36, 1, published=True, begins_on="1936-05-20")
        session.add(document)
        identifier = document.id
    for edition in range(3):
        describe(archive, ANA, identifier, {"title": f"Otro título {edition}"})
        with archive.reading() as session:
            assert archive.counted(session, "long", lambda: count("long", 0.6)) == 1
            assert archive.counted(session, "short", lambda: count("short", 0)) == edition + 1
