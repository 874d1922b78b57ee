"""The trail is signed and anchored: whatever is done to it by hand in the database is found, and where."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import delete, insert, select, update

from archivo.archive import Archive
from archivo.assembly import opened
from archivo.audit.chain import Fault, FaultKind, Link, content_of, hash_of
from archivo.audit.models import AuditAnchor, AuditEntry, AuditHead
from archivo.audit.services import anchor, read_anchor, record, verify_chain
from archivo.database import table_of

from .conftest import Command

ENTRIES = 9
Row = dict[str, Any]


@pytest.fixture
def trail(archive: Archive) -> Archive:
    for number in range(ENTRIES):
        with archive.transaction() as transaction:
            record(transaction, "ana", "document.view", f"objeto-{number}")
    assert verify_chain(archive).faults == ()
    return archive


def rows(trail: Archive) -> list[Row]:
    with trail.reading() as session:
        return [dict(row._mapping) for row in session.execute(select(table_of(AuditEntry)).order_by(AuditEntry.sequence))]


def put(trail: Archive, entries: list[Row], *, rehead: bool = True) -> None:
    """Have these entries in the place of all that were there, and the head follow them: the work of a careful hand."""
    with trail.database.writing() as session:
        session.execute(delete(AuditEntry))
        session.execute(insert(table_of(AuditEntry)), entries)
        if rehead:
            session.execute(update(AuditHead).values(sequence=entries[-1]["sequence"], hash=entries[-1]["hash"]))


def reckoned(entries: list[Row]) -> list[Row]:
    """The entries numbered, linked and hashed anew, which needs no key; their signatures as they were."""
    previous, made = "0" * 64, []
    for number, entry in enumerate(entries, 1):
        content = content_of(AuditEntry(**entry))
        hashed = hash_of(number, content, previous)
        made.append({**entry, "sequence": number, "previous": previous, "hash": hashed})
        previous = hashed
    return made


def found(trail: Archive) -> list[tuple[str, int, int]]:
    return [(fault.kind, fault.sequence, fault.last) for fault in verify_chain(trail).faults]


def forged(**values: Any) -> Row:
    at = datetime(2026, 11, 30, tzinfo=UTC)
    entry = {"at": at, "actor": "nadie", "act": "document.view", "outcome": "done", "object_id": "x", "detail": {}, "signature": None}
    return {**entry, "signed_by": None, "sequence": 0, "previous": "", "hash": "", **values}


def test_an_altered_entry_is_found(trail: Archive) -> None:
    for column, value in {"actor": "eva", "act": "otro", "outcome": "refused", "object_id": None, "detail": {"x": 1}}.items():
        entries = rows(trail)
        put(trail, [{**entry, column: value} if entry["sequence"] == 4 else entry for entry in entries])
        assert found(trail) == [("altered", 4, 4)], column
        put(trail, entries)


def test_an_altered_link_is_found(trail: Archive) -> None:
    for column in ("previous", "hash", "signature"):
        entries = rows(trail)
        other = {"signature": entries[6]["signature"]}.get(column, "f" * 64)
        put(trail, [{**entry, column: other} if entry["sequence"] == 4 else entry for entry in entries], rehead=False)
        assert found(trail) == [("altered", 4, 4)], column
        put(trail, entries)


def test_an_entry_altered_and_the_rest_reckoned_anew_is_found(trail: Archive) -> None:
    """Who has the database and not the key can make the hashes agree, and not sign them."""
    entries = rows(trail)
    entries[3] = {**entries[3], "actor": "eva"}
    put(trail, reckoned(entries))
    assert found(trail) == [("rewritten", 4, ENTRIES)]


def test_signatures_taken_away_with_the_rest_are_found(trail: Archive) -> None:
    entries = [{**entry, "signature": None, "signed_by": None} if entry["sequence"] > 3 else entry for entry in rows(trail)]
    entries[4] = {**entries[4], "actor": "eva"}
    put(trail, reckoned(entries))
    assert found(trail) == [("unsigned", 4, ENTRIES)]


def test_removed_entries_are_found(trail: Archive) -> None:
    entries = rows(trail)
    put(trail, [entry for entry in entries if entry["sequence"] not in (4, 5)])
    assert found(trail) == [("removed", 4, 5)]
    put(trail, entries[1:])
    assert found(trail) == [("removed", 1, 1)]


def test_a_removed_entry_whose_number_was_given_to_the_next_is_found(trail: Archive) -> None:
    entries = rows(trail)
    put(trail, reckoned(entries[:3] + entries[4:]))
    assert found(trail) == [("rewritten", 4, ENTRIES - 1)]


def test_entries_in_another_order_are_found(trail: Archive) -> None:
    entries = rows(trail)
    entries[3], entries[5] = {**entries[5], "sequence": 4}, {**entries[3], "sequence": 6}
    put(trail, sorted(entries, key=lambda entry: entry["sequence"]))
    faults = verify_chain(trail).faults
    assert [(fault.kind, fault.sequence, fault.other) for fault in faults] == [("moved", 4, 6), ("moved", 6, 4)]


def test_an_inserted_entry_is_found(trail: Archive) -> None:
    entries = rows(trail)
    put(trail, reckoned([*entries[:3], forged(), *entries[3:]]))
    assert found(trail) == [("inserted", 4, 4)]
    put(trail, reckoned([*entries[:3], forged(signature=entries[2]["signature"], signed_by=entries[2]["signed_by"]), *entries[3:]]))
    assert found(trail) == [("inserted", 4, 4)]


def test_an_entry_added_at_the_end_is_found(trail: Archive) -> None:
    put(trail, reckoned([*rows(trail), forged()]))
    assert found(trail) == [("unsigned", ENTRIES + 1, ENTRIES + 1)]


def test_entries_cut_from_the_end_are_found_by_the_head_or_by_an_anchor(trail: Archive) -> None:
    entries = rows(trail)
    put(trail, entries[:5], rehead=False)
    assert found(trail) == [("cut", 6, ENTRIES)]
    put(trail, entries)
    made = anchor(trail)
    assert made is not None
    put(trail, entries[:5])
    assert found(trail) == [("cut", 6, ENTRIES)]
    with trail.database.writing() as session:
        session.execute(delete(AuditAnchor))
    assert found(trail) == []  # nothing in the database tells: what was kept outside does
    assert [(fault.kind, fault.sequence) for fault in verify_chain(trail, anchors=[made]).faults] == [("cut", 6)]


def test_a_trail_emptied_or_a_head_lost_is_found(trail: Archive) -> None:
    entries = rows(trail)
    with trail.database.writing() as session:
        session.execute(delete(AuditEntry))
    assert found(trail) == [("cut", 1, ENTRIES)]
    put(trail, entries)
    with trail.database.writing() as session:
        session.execute(delete(AuditHead))
    assert found(trail) == [("headless", ENTRIES, ENTRIES)]


def test_an_anchor_that_was_altered_or_made_by_another_key_is_found(
    trail: Archive, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = anchor(trail)
    assert made is not None
    said = json.loads(made.statement)
    forged_anchor = read_anchor(json.dumps({**said, "hash": "f" * 64}))
    assert verify_chain(trail, anchors=[forged_anchor]).faults == (Fault(FaultKind.ANCHORED, ENTRIES, ENTRIES),)
    monkeypatch.setenv("ARCHIVO_HOME", str(tmp_path / "otra"))
    with opened() as other:
        with other.transaction() as transaction:
            record(transaction, "ana", "document.view")
        strange = anchor(other)
    assert strange is not None
    assert verify_chain(trail, anchors=[strange]).faults == (Fault(FaultKind.STRANGE_KEY, 1, 1),)


def test_the_trail_is_anchored_once_a_day(trail: Archive) -> None:
    first = anchor(trail)
    with trail.transaction() as transaction:
        record(transaction, "ana", "document.view")
    assert anchor(trail) == first
    clock = trail.clock
    object.__setattr__(trail, "clock", lambda: clock() + timedelta(days=1))
    second = anchor(trail)
    assert second is not None
    assert second.sequence == ENTRIES + 1
    assert verify_chain(trail).faults == ()


def test_entries_of_the_time_before_signatures_are_covered_by_the_first_that_is_signed(trail: Archive) -> None:
    entries = [{**entry, "signature": None, "signed_by": None} if entry["sequence"] < 5 else entry for entry in rows(trail)]
    put(trail, entries)
    assert found(trail) == []
    put(trail, [{**entry, "actor": "eva"} if entry["sequence"] == 2 else entry for entry in entries])
    assert found(trail) == [("altered", 2, 2)]


def test_an_entry_of_an_earlier_program_beside_this_one_is_covered_by_the_next(trail: Archive) -> None:
    entries = rows(trail)
    last = entries[-1]
    old = forged(sequence=ENTRIES + 1, previous=last["hash"])
    old["hash"] = Link.of(AuditEntry(**old)).reckoned()
    put(trail, [*entries, old])
    assert found(trail) == [("unsigned", ENTRIES + 1, ENTRIES + 1)]
    with trail.transaction() as transaction:
        record(transaction, "ana", "document.view")
    assert found(trail) == []


def test_the_command_tells_which_entry_and_its_status_the_truth(archivo: Command, home: Path, tmp_path: Path) -> None:
    (tmp_path / "nota.txt").write_text("El acueducto de Usme.", "utf-8")
    archivo("deposit", tmp_path / "nota.txt", "--wait")
    assert archivo("audit", "anchor", "--to", tmp_path / "anclas").status == 0
    (kept,) = (tmp_path / "anclas").iterdir()
    assert archivo("audit", "verify", "--json").value["ok"] is True
    with opened() as archive, archive.database.writing() as session:
        session.execute(update(AuditEntry).where(AuditEntry.sequence == 2).values(actor="eva"))
    ran = archivo("audit", "verify", "--anchor", kept, "--json")
    assert ran.status == 1
    assert [(fault["kind"], fault["sequence"]) for fault in ran.value["faults"]] == [("altered", 2)]
    assert "entrada 2: no es lo que se escribió" in archivo("audit", "verify").out
    assert archivo("audit", "verify", "--anchor", tmp_path / "nota.txt", "--json").status == 2


def test_each_version_of_a_package_is_in_the_trail_with_its_digest(archivo: Command, home: Path, tmp_path: Path, archive: Archive) -> None:
    (tmp_path / "nota.txt").write_text("El acueducto de Usme.", "utf-8")
    (one,) = archivo("deposit", tmp_path / "nota.txt", "--wait", "--json").lines
    archivo("publish", one["id"])
    with archive.reading() as session:
        entries = list(session.scalars(select(AuditEntry).where(AuditEntry.object_id == one["id"], AuditEntry.act == "package.version")))
    inventory = archive.packages.inventory(f"urn:uuid:{one['id']}")
    assert [entry.detail["version"] for entry in entries] == [*range(1, inventory.head + 1)]
    assert entries[-1].detail["inventory"] == inventory.fingerprint()


def test_the_key_is_private_and_stands_outside_the_database(trail: Archive, home: Path, archivo: Command) -> None:
    assert (home / "audit.key").stat().st_mode & 0o777 == 0o600
    assert archivo("audit", "key").out.startswith("-----BEGIN PUBLIC KEY-----")


def test_a_retired_key_is_known_by_its_public_half(trail: Archive, home: Path, tmp_path: Path, archivo: Command) -> None:
    (tmp_path / "antes.pem").write_text(archivo("audit", "key").out)
    (home / "audit.key").unlink()
    assert {fault["kind"] for fault in archivo("audit", "verify", "--json").value["faults"]} == {"strange_key"}
    assert archivo("audit", "verify", "--key", tmp_path / "antes.pem", "--json").value["ok"] is True
    with opened() as archive, archive.transaction() as transaction:
        record(transaction, "ana", "document.view")
    assert archivo("audit", "verify", "--json").value["ok"] is True  # what the present key signed covers what stands before it
