"""The trail is signed and anchored: whatever is done to it by hand in the database is found, and where."""

import base64
import json
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from sqlalchemy import delete, insert, select, text, update

from archivo.archive import Archive
from archivo.assembly import opened
from archivo.audit.anchors import make_anchor, read_anchor, write_anchor
from archivo.audit.chain import Fault, FaultKind
from archivo.audit.link import Link, content_of, hash_of
from archivo.audit.models import AuditAnchor, AuditEntry, AuditHead
from archivo.audit.services import anchor, list_anchors, record, verify_chain
from archivo.database import table_of
from archivo.operations.reconciling import look_after
from archivo.records.models import KeptCopy

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


def act(trail: Archive) -> None:
    """Something that anybody does afterwards."""
    with trail.transaction() as transaction:
        record(transaction, "ana", "document.view")


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
    assert found(trail) == [("inserted", 4, 4), ("head_unsigned", ENTRIES + 1, ENTRIES + 1)]
    put(trail, reckoned([*entries[:3], forged(signature=entries[2]["signature"], signed_by=entries[2]["signed_by"]), *entries[3:]]))
    assert found(trail) == [("inserted", 4, 4), ("head_unsigned", ENTRIES + 1, ENTRIES + 1)]


def test_an_entry_added_at_the_end_is_found(trail: Archive) -> None:
    put(trail, reckoned([*rows(trail), forged()]))
    assert found(trail) == [("unsigned", ENTRIES + 1, ENTRIES + 1)]


def test_entries_cut_from_the_end_are_found_by_the_head_or_by_an_anchor(trail: Archive) -> None:
    entries = rows(trail)
    put(trail, entries[:5], rehead=False)
    assert found(trail) == [("cut", 6, ENTRIES)]
    put(trail, entries[:5])
    assert found(trail) == [("head_unsigned", 5, 5)]


def test_a_trail_put_back_whole_as_it_was_is_found_by_what_stands_outside(trail: Archive) -> None:
    """Its head, which was signed at that time, is put back too: nothing in the database tells."""
    entries = rows(trail)[:5]
    with trail.reading() as session:
        head = dict(session.execute(select(table_of(AuditHead))).one()._mapping)
    act(trail)
    made = anchor(trail)
    assert made is not None
    (outside,) = trail.anchors.iterdir()
    put(trail, [*entries, *rows(trail)[5:ENTRIES]])
    with trail.database.writing() as session:
        session.execute(delete(AuditAnchor))
        session.execute(update(AuditHead).values(head))
    assert found(trail) == [("cut", ENTRIES + 1, ENTRIES + 1)]
    outside.unlink()
    assert found(trail) == []
    assert [(fault.kind, fault.sequence) for fault in verify_chain(trail, anchors=[made]).faults] == [("cut", ENTRIES + 1)]


def test_a_trail_emptied_or_a_head_lost_is_found(trail: Archive) -> None:
    entries = rows(trail)
    with trail.database.writing() as session:
        session.execute(delete(AuditEntry))
    assert found(trail) == [("cut", 1, ENTRIES)]
    put(trail, entries)
    with trail.database.writing() as session:
        session.execute(delete(AuditHead))
    assert found(trail) == [("headless", ENTRIES, ENTRIES)]


@pytest.mark.parametrize("key_is_lost", [False, True])
def test_a_trail_emptied_whole_with_all_that_speaks_of_it_is_found(
    archivo: Command, kept: str, archive: Archive, home: Path, key_is_lost: bool
) -> None:
    with archive.database.writing() as session:
        for model in (AuditEntry, AuditHead, AuditAnchor):
            session.execute(delete(model))
    for path in (home / "anclas").iterdir():
        path.unlink()
    if key_is_lost:
        (home / "audit.key").unlink()
    told = archivo("audit", "verify", "--json")
    assert (told.status, [fault["kind"] for fault in told.value["faults"]]) == (1, ["cut"])


def test_an_anchor_that_was_altered_or_made_by_another_key_is_found(
    trail: Archive, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = anchor(trail)
    assert made is not None
    said = json.loads(made.statement)
    forged_anchor = read_anchor(json.dumps({**said, "hash": "f" * 64}))
    assert verify_chain(trail, anchors=[forged_anchor]).faults == (Fault(FaultKind.ANCHORED, ENTRIES, ENTRIES),)
    monkeypatch.setenv("ARCHIVO_HOME", str(tmp_path / "otra"))
    monkeypatch.delenv("ARCHIVO_DATABASE_URL", raising=False)
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
    assert second.sequence == ENTRIES + 2
    assert verify_chain(trail).faults == ()


NONE = {"signature": None, "signed_by": None}


def unsigned(entries: list[Row]) -> list[Row]:
    return [{**entry, **NONE} for entry in entries]


def made_old(trail: Archive) -> None:
    """Have the trail as an earlier program left it: no entry is signed, nor the head, and there is no key."""
    put(trail, unsigned(rows(trail)))
    with trail.database.writing() as session:
        session.execute(update(AuditHead).values(NONE))
    (trail.anchors.parent / "audit.key").unlink()


@pytest.fixture
def old(trail: Archive) -> Iterator[Archive]:
    made_old(trail)
    with opened() as archive:
        yield archive


def warned(trail: Archive) -> list[tuple[str, int, int]]:
    return [(fault.kind, fault.sequence, fault.last) for fault in verify_chain(trail).warnings]


def later(trail: Archive, **after: float) -> None:
    clock = trail.clock
    object.__setattr__(trail, "clock", lambda: clock() + timedelta(**after))


def test_entries_of_before_they_were_signed_are_told_and_covered_by_the_first_that_is(old: Archive) -> None:
    assert (found(old), warned(old)) == ([], [("before", 1, ENTRIES)])
    act(old)
    assert (found(old), warned(old)) == ([], [("before", 1, ENTRIES)])
    assert [entry["act"] for entry in rows(old)[ENTRIES:]] == ["audit.signing", "document.view"]
    put(old, [{**entry, "actor": "eva"} if entry["sequence"] == 2 else entry for entry in rows(old)])
    assert found(old) == [("altered", 2, 2)]


def test_an_upgraded_trail_that_is_anchored_before_any_act_is_whole(old: Archive, archivo: Command) -> None:
    archivo("audit", "key")
    made = anchor(old)
    assert made is not None
    assert (found(old), made.sequence) == ([], ENTRIES + 1)


def test_what_an_earlier_program_beside_this_one_writes_is_a_warning_for_some_days(old: Archive) -> None:
    act(old)
    for number, after in ((1, timedelta()), (2, timedelta(days=8))):
        entries = rows(old)
        earlier = forged(at=old.clock() + after, sequence=len(entries) + 1, previous=entries[-1]["hash"])
        earlier["hash"] = Link.of(AuditEntry(**earlier)).reckoned
        put(old, [*entries, earlier])
        assert (("unsigned", len(entries) + 1, len(entries) + 1) in warned(old)) is (number == 1)
        later(old, days=after.days)
        act(old)
        told = warned(old) if number == 1 else found(old)
        assert told[-2:] == [("unsigned", len(entries) + 1, len(entries) + 1), ("head_unsigned", len(entries) + 2, len(entries) + 2)]
        assert (found(old) == []) is (number == 1)


def test_an_entry_of_late_that_pretends_to_be_of_those_days_is_a_fault(old: Archive) -> None:
    act(old)
    at = old.clock()
    later(old, days=9)
    act(old)
    put(old, reckoned([*rows(old), forged(at=at)]))
    assert found(old)[-1][0] == "unsigned"


def test_signatures_all_taken_away_are_found_also_after_an_act(trail: Archive) -> None:
    entries = unsigned(rows(trail))
    entries[3] = {**entries[3], "actor": "eva"}
    put(trail, reckoned(entries))
    assert found(trail) == [("unsigned", 1, ENTRIES)]
    with trail.database.writing() as session:
        session.execute(update(AuditHead).values(NONE))
    assert found(trail) == [("unsigned", 1, ENTRIES)]
    act(trail)
    assert found(trail) == [("unsigned", 1, ENTRIES), ("head_unsigned", ENTRIES + 1, ENTRIES + 1)]


def test_signatures_of_the_first_entries_taken_away_are_found(trail: Archive) -> None:
    entries = rows(trail)
    put(trail, [*unsigned(entries[:4]), *entries[4:]])
    assert found(trail) == [("unsigned", 1, 4)]


def test_what_was_done_at_the_end_without_the_key_is_told_for_ever(trail: Archive) -> None:
    entries = rows(trail)
    last = {**entries[-1], "actor": "eva", **NONE}
    forgeries = {
        "an entry added": ([*entries, forged()], [("unsigned", ENTRIES + 1, ENTRIES + 1), ("head_unsigned", ENTRIES + 2, ENTRIES + 2)]),
        "the last altered": ([*entries[:-1], last], [("unsigned", ENTRIES, ENTRIES), ("head_unsigned", ENTRIES + 1, ENTRIES + 1)]),
        "the last three cut": (entries[:-3], [("head_unsigned", ENTRIES - 2, ENTRIES - 2)]),
    }
    for what, (made, told) in forgeries.items():
        put(trail, entries)
        put(trail, reckoned(made))
        act(trail)
        act(trail)
        assert found(trail) == told, what


def test_no_act_is_lost_for_a_head_that_was_lost_or_put_back(trail: Archive) -> None:
    with trail.database.writing() as session:
        session.execute(update(AuditHead).values(sequence=2))
    act(trail)
    with trail.database.writing() as session:
        session.execute(delete(AuditHead))
    act(trail)
    assert len(rows(trail)) == ENTRIES + 4
    assert {kind for kind, *_ in found(trail)} == {"head_unsigned"}


def test_an_anchor_deleted_from_the_database_is_found(trail: Archive) -> None:
    anchor(trail)
    assert found(trail) == []
    with trail.database.writing() as session:
        session.execute(delete(AuditAnchor))
    assert found(trail) == [("unanchored", ENTRIES + 1, ENTRIES + 1)]


def test_an_anchor_is_put_in_the_home_by_who_looks_after_it(trail: Archive) -> None:
    look_after(trail)
    (made,) = list_anchors(trail)
    assert [path.read_text("utf-8") for path in trail.anchors.iterdir()] == [made.statement]
    assert trail.anchors.stat().st_mode & 0o077 == 0
    assert write_anchor(made, trail.anchors) is None


def test_each_of_two_anchors_of_one_entry_counts(trail: Archive) -> None:
    first = anchor(trail)
    assert first is not None
    other = make_anchor(trail.signer, trail.clock(), first.sequence, "f" * 64)
    assert Fault(FaultKind.ANCHORED, ENTRIES, ENTRIES) in verify_chain(trail, anchors=[other]).faults
    with trail.database.writing() as session:
        session.add(AuditAnchor(day="2020-01-01", sequence=other.sequence, hash=other.hash, statement=other.statement))
    assert found(trail) == [("anchored", ENTRIES, ENTRIES)]


@pytest.mark.usefixtures("embedded")
@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("detail", "{"),
        ("detail", "[]"),
        ("detail", "[" * 100_000),
        ("detail", None),
        ("at", "ayer"),
        ("at", 7),
        ("actor", b"\xff"),
        ("hash", 7),
    ],
)
def test_an_entry_that_cannot_be_read_is_told_as_altered(trail: Archive, archivo: Command, column: str, value: object) -> None:
    with trail.database.writing() as session:
        session.execute(text(f"UPDATE audit_entry SET {column} = :value WHERE sequence = 4"), {"value": "null" if value is None else value})
    assert found(trail) == [("altered", 4, 4)]
    assert archivo("audit", "verify").status == 1


@pytest.mark.usefixtures("embedded")
def test_a_text_that_is_none_is_told_as_altered(trail: Archive) -> None:
    with trail.database.writing() as session:
        session.execute(text("UPDATE audit_entry SET actor = CAST(x'ff' AS TEXT) WHERE sequence = 4"))
    assert found(trail) == [("altered", 4, 4)]


def test_an_anchor_that_cannot_be_read_stops_nothing(trail: Archive, archivo: Command) -> None:
    anchor(trail)
    with trail.database.writing() as session:
        session.execute(update(AuditAnchor).values(statement="{}"))
    assert ("anchored", ENTRIES, ENTRIES) in found(trail)
    assert list_anchors(trail) == []
    assert anchor(trail) is not None
    assert [kind for kind, *_ in found(trail)] == ["unanchored"]
    (trail.anchors / "ancla-2020-01-01.json").write_text("nada")
    assert ("anchored", 0, 0) in found(trail)
    assert "ancla" in archivo("audit", "verify").out


def test_a_package_whose_entry_says_nothing_is_told(archivo: Command, kept: str, archive: Archive) -> None:
    with archive.database.writing() as session:
        session.execute(update(AuditEntry).where(AuditEntry.act == "package.version").values(detail={}))
    assert {fault["kind"] for fault in archivo("audit", "verify", "--json").value["faults"]} >= {"altered", "package"}


def test_a_package_whose_row_is_not_as_the_trail_says_is_found(archivo: Command, kept: str, archive: Archive) -> None:
    here = (KeptCopy.location == "principal", KeptCopy.object_id == kept)
    assert archivo("audit", "verify", "--json").value["ok"] is True
    for spoil in (update(KeptCopy).where(*here).values(inventory=None), delete(KeptCopy).where(*here)):
        with archive.database.writing() as session:
            session.execute(spoil)
        assert [fault["kind"] for fault in archivo("audit", "verify", "--json").value["faults"]] == ["package"]


def test_a_long_trail_that_was_rewritten_is_told_in_time_that_grows_with_it(trail: Archive) -> None:
    with trail.transaction() as transaction:
        for number in range(3_000):
            record(transaction, "ana", "document.view", f"objeto-{number}")
    entries = rows(trail)
    entries[3] = {**entries[3], "actor": "eva"}
    put(trail, reckoned(entries))
    began = time.monotonic()
    assert found(trail) == [("rewritten", 4, len(entries))]
    put(trail, [{**entry, "actor": "eva"} for entry in entries])
    assert [kind for kind, *_ in found(trail)] == ["altered"]
    assert time.monotonic() - began < 20


@pytest.fixture
def kept(archivo: Command, tmp_path: Path) -> str:
    """A document that is kept."""
    (tmp_path / "nota.txt").write_text("El acueducto de Usme.", "utf-8")
    (one,) = archivo("deposit", tmp_path / "nota.txt", "--wait", "--json").lines
    return str(one["id"])


def test_a_key_that_is_none_is_refused_at_the_start(home: Path, archivo: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    ours = Ed25519PrivateKey.generate().private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
    unknown = base64.b64encode(ours.replace(bytes.fromhex("2b6570"), bytes.fromhex("2b6501"))).decode()
    for wrong in ("no es una clave", f"-----BEGIN PRIVATE KEY-----\n{unknown}\n-----END PRIVATE KEY-----\n"):
        monkeypatch.setenv("ARCHIVO_AUDIT_KEY", wrong)
        refused = archivo("audit", "verify")
        assert (refused.status, "ARCHIVO_AUDIT_KEY no es una clave" in refused.err) == (2, True), refused.err
    monkeypatch.delenv("ARCHIVO_AUDIT_KEY")
    assert not home.exists()
    home.mkdir()
    home.joinpath("audit.key").write_text("rota")
    assert "audit.key no es una clave" in archivo("audit", "key").err


def test_the_command_tells_which_entry_and_its_status_the_truth(archivo: Command, home: Path, tmp_path: Path) -> None:
    (tmp_path / "nota.txt").write_text("El acueducto de Usme.", "utf-8")
    archivo("deposit", tmp_path / "nota.txt", "--wait")
    assert archivo("audit", "anchor", "--to", tmp_path / "anclas").status == 0
    (kept,) = (tmp_path / "anclas").glob("*.json")
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
    with opened() as archive:
        act(archive)
    told = archivo("audit", "verify")
    assert (told.status, "--key" in told.out, "copia de respaldo" in told.out) == (1, True, False)
    assert "clave que no se conoce" in archivo("doctor").out
    assert archivo("audit", "verify", "--key", tmp_path / "antes.pem", "--json").value["ok"] is True
