"""The anchors of the trail are stamped by an authority outside (RFC 3161): asked for without holding anything up, kept, and judged."""

import base64
import os
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from sqlalchemy import delete, select
from starlette.testclient import TestClient

from archivo.archive import Archive, Stamping
from archivo.assembly import opened
from archivo.audit.anchors import make_anchor, read_anchor, write_anchor, write_stamp
from archivo.audit.models import AuditEntry
from archivo.audit.services import anchor, record, verify_chain
from archivo.audit.signing import Signer
from archivo.audit.stamping import judge_stamps, stamp_anchors, stamp_now_and_then, unstamped_days
from archivo.database import table_of
from archivo.operations.reconciling import look_after
from archivo.settings import SettingsError, read_settings
from tests.stamping import NAME, POLICY, Stamper, answering, moment, new_stamper

from .conftest import Command


@pytest.fixture
def stamper(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Stamper]:
    """An authority that the archives of this test ask, under a policy of its own."""
    with answering(new_stamper(tmp_path / "tsa")) as started:
        monkeypatch.setenv("ARCHIVO_TSA_URL", started.url)
        monkeypatch.setenv("ARCHIVO_TSA_ROOTS", str(started.roots))
        monkeypatch.setenv("ARCHIVO_TSA_POLICY", POLICY)
        yield started


@pytest.fixture
def trail(stamper: Stamper, archive: Archive) -> Archive:
    act(archive)
    return archive


def act(archive: Archive) -> None:
    with archive.transaction() as transaction:
        record(transaction, "ana", "document.view", "objeto")


def at(archive: Archive, **after: float) -> None:
    """Have the clock of the archive be another; that of the authority is the world's."""
    clock = archive.clock
    object.__setattr__(archive, "clock", lambda: clock() + timedelta(**after))


def other_signer() -> Signer:
    pem = Ed25519PrivateKey.generate().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return Signer(lambda: pem)


def states(archive: Archive) -> list[str]:
    return [each.state for each in judge_stamps(archive).stamps]


def files(archive: Archive, kind: str = "tsr") -> list[Path]:
    return sorted(archive.anchors.glob(f"*.{kind}"))


def test_the_days_anchor_is_stamped_and_the_stamp_stands_beside_it(trail: Archive, stamper: Stamper) -> None:
    look_after(trail)
    look_after(trail)
    made = anchor(trail)
    assert made is not None
    (stamp,) = judge_stamps(trail).stamps
    assert (stamp.state, stamp.day, stamp.authority, stamp.policy) == ("valid", made.at[:10], NAME, POLICY)
    assert [path.stem for path in files(trail)] == [path.stem for path in files(trail, "json")] == [f"ancla-{made.at[:10]}"]
    assert len(stamper.asked) == 1
    assert verify_chain(trail).faults == ()


def test_an_authority_that_is_away_holds_up_no_anchor_and_is_asked_again(
    trail: Archive, stamper: Stamper, caplog: pytest.LogCaptureFixture
) -> None:
    stamper.answer = (503, {}, b"")
    look_after(trail)
    assert len(files(trail, "json")) == 1
    assert "respondió con el estado HTTP 503" in caplog.text
    assert (states(trail), files(trail), len(unstamped_days(trail))) == ([], [], 1)
    asked = len(stamper.asked)
    look_after(trail)
    assert len(stamper.asked) == asked
    stamper.answer = None
    at(trail, minutes=16)
    look_after(trail)
    assert (states(trail), len(files(trail)), unstamped_days(trail)) == (["valid"], 1, ())


def test_what_lacks_a_stamp_is_told_everywhere_and_a_stamp_of_another_is_never_kept(
    trail: Archive, stamper: Stamper, archivo: Command, client: TestClient
) -> None:
    stamper.answer = (200, {"Content-Type": "application/timestamp-reply"}, stamper.stamp(b"otra cosa"))
    told = archivo("audit", "anchor")
    assert (told.status, "Aviso: la estampa del ancla del" in told.out, "es de otra ancla" in told.out) == (0, True, True)
    verified = archivo("audit", "verify")
    assert (verified.status, "todavía no tiene estampa" in verified.out) == (0, True)
    assert archivo("audit", "verify", "--json").value["unstamped"] == [trail.clock().date().isoformat()]
    assert check(archivo) == "ok"
    with trail.database.writing() as session:
        made = session.execute(select(table_of(AuditEntry)).where(AuditEntry.act == "audit.anchor")).one()
    assert made.detail["day"] == trail.clock().date().isoformat()


def check(archivo: Command) -> str:
    """What the doctor says of the stamps."""
    (found,) = [each for each in archivo("doctor", "--json").value["checks"] if each["name"] == "estampas"]
    return str(found["status"])


def test_one_that_lacks_for_longer_than_a_day_is_an_alarm(trail: Archive, stamper: Stamper, archivo: Command, client: TestClient) -> None:
    from archivo.access.policy import custody
    from archivo.custody.oversight import stamps_to_show

    stamper.answer = (503, {}, b"")
    at(trail, days=-3)
    anchor(trail)
    at(trail, days=3)
    assert "1 ancla de la bitácora sin estampa" in stamps_to_show(trail, custody("ana")).alarm
    assert check(archivo) == "warning"
    stamper.answer = None
    assert stamp_anchors(trail) is None
    shown = stamps_to_show(trail, custody("ana"))
    assert (shown.alarm, shown.last and shown.last.authority) == ("", NAME)
    assert check(archivo) == "ok"


def test_a_stamp_that_was_touched_or_taken_from_another_anchor_is_told(trail: Archive, stamper: Stamper, archivo: Command) -> None:
    look_after(trail)
    (path,) = files(trail)
    good = path.read_bytes()
    place = good.index(b"Autoridad de Estampado")
    spoilt = {
        "altered": good[:-40] + bytes([good[-40] ^ 1]) + good[-39:],
        "other": stamper.stamp(b"otra ancla"),
        "unreadable": good[:place],
    }
    for state, answer in spoilt.items():
        path.write_bytes(answer)
        assert sorted(states(trail)) == sorted([state, "valid"])
        assert archivo("audit", "verify").status == 1
        assert check(archivo) == "error"
    path.unlink()
    at(trail, minutes=16)
    assert stamp_now_and_then(trail) is None
    assert path.read_bytes() == good
    assert archivo("audit", "verify").status == 0


def test_a_stamp_of_nobody_trusted_or_of_before_the_anchor_is_told(
    trail: Archive, stamper: Stamper, archivo: Command, tmp_path: Path
) -> None:
    from tests.ingest.signing import Authority

    at(trail, days=2)
    made = anchor(trail)
    assert made is not None
    assert "dice un instante anterior al ancla" in str(stamp_anchors(trail))
    (path,) = files(trail, "json")
    path.with_suffix(".tsr").write_bytes(stamper.stamp(made.statement.encode()))
    assert states(trail) == ["early"]
    object.__setattr__(trail, "stamping", Stamping(roots=Authority("Otra").trusted_in(tmp_path / "otras")))
    assert states(trail) == ["unknown_chain"]
    object.__setattr__(trail, "stamping", Stamping())
    report = judge_stamps(trail)
    assert ([each.state for each in report.stamps], report.wrong) == ([""], ())


def test_a_stamp_whose_certificate_ended_is_proven_by_one_of_a_later_anchor(trail: Archive, stamper: Stamper, tmp_path: Path) -> None:
    short = new_stamper(tmp_path / "corta", root=stamper.root, until=trail.clock() + timedelta(days=30))
    with answering(short):
        by = trail.stamping
        object.__setattr__(trail, "stamping", Stamping(short.url, "", "", by.roots))
        at(trail, days=-10)
        anchor(trail)
        at(trail, days=10)
        assert stamp_anchors(trail) is None
        at(trail, days=400)
        assert (states(trail), judge_stamps(trail).wrong) == (["expired"], ())
        at(trail, days=-400)
        object.__setattr__(trail, "stamping", by)
        act(trail)
        look_after(trail)
        at(trail, days=400)
        assert states(trail) == ["valid", "valid"]
        assert judge_stamps(trail).stamps[1].proven_at == judge_stamps(trail).stamps[0].at
    assert verify_chain(trail).faults == ()


@pytest.mark.parametrize("is_of", ["another key", "another trail"])
def test_an_anchor_that_is_not_of_this_trail_proves_no_stamp(trail: Archive, stamper: Stamper, tmp_path: Path, is_of: str) -> None:
    """Anybody can have a stamp of what they wrote: it says nothing of entries that only that text counts."""
    short = new_stamper(tmp_path / "corta", root=stamper.root, until=trail.clock() + timedelta(days=30))
    with answering(short):
        object.__setattr__(trail, "stamping", Stamping(short.url, "", "", trail.stamping.roots))
        at(trail, days=-1)
        anchor(trail)
        at(trail, days=1)
        assert stamp_anchors(trail) is None
    signer = other_signer() if is_of == "another key" else trail.signer
    with trail.reading() as session:
        last = session.scalars(select(AuditEntry).order_by(AuditEntry.sequence.desc())).first()
    assert last is not None
    invented = make_anchor(signer, trail.clock(), last.sequence, last.hash if is_of == "another key" else "0" * 64)
    object.__setattr__(trail, "stamping", Stamping(roots=stamper.roots))
    write_anchor(invented, trail.anchors)
    write_stamp(invented, stamper.stamp(invented.statement.encode()), trail.anchors)
    at(trail, days=400)
    assert "expired" in states(trail)
    assert all(not each.proven_at for each in judge_stamps(trail).stamps)


def test_an_anchor_that_a_retired_key_signed_proves_stamps_to_who_gives_that_key(
    trail: Archive, stamper: Stamper, archivo: Command, tmp_path: Path
) -> None:
    short = new_stamper(tmp_path / "corta", root=stamper.root, until=trail.clock() + timedelta(days=30))
    by, public = trail.stamping, trail.signer.public
    with answering(short):
        object.__setattr__(trail, "stamping", Stamping(short.url, "", "", by.roots))
        at(trail, days=-10)
        anchor(trail)
        at(trail, days=10)
        assert stamp_anchors(trail) is None
    object.__setattr__(trail, "stamping", by)
    act(trail)
    look_after(trail)
    object.__setattr__(trail, "signer", other_signer())
    at(trail, days=400)
    assert states(trail) == ["valid", "expired"]
    assert [each.state for each in judge_stamps(trail, keys=[public]).stamps] == ["valid", "valid"]


def test_a_stamp_that_did_not_hold_or_is_of_the_future_is_wrong(trail: Archive, stamper: Stamper, archivo: Command, tmp_path: Path) -> None:
    from tests.ingest.test_timestamps import stamp_anyway

    made = anchor(trail)
    assert made is not None
    (path,) = files(trail, "json")
    ended = new_stamper(tmp_path / "vencida", root=stamper.root, until=moment(2021))
    path.with_suffix(".tsr").write_bytes(stamp_anyway(ended, made.statement.encode()))
    assert ([each.state for each in judge_stamps(trail).wrong], check(archivo)) == (["not_then"], "error")
    told = archivo("audit", "verify")
    assert (told.status, "no valía en el instante que dice" in told.out) == (1, True)
    path.with_suffix(".tsr").write_bytes(stamper.stamp(made.statement.encode()))
    assert states(trail) == ["valid"]
    at(trail, hours=-1)
    assert [each.state for each in judge_stamps(trail).wrong] == ["future"]
    assert "dice un instante que todavía no llega" in str(stamp_anchors(trail))


def test_a_round_waits_for_one_answer_and_the_next_look_asks_for_the_next(trail: Archive, stamper: Stamper) -> None:
    for days in (3, 2, 1):
        at(trail, days=-days)
        act(trail)
        anchor(trail)
        at(trail, days=days)
    look_after(trail)
    assert (len(stamper.asked), len(unstamped_days(trail))) == (1, 3)
    assert unstamped_days(trail)[0] < trail.clock().date().isoformat()  # the newest came first
    for left in (2, 1, 0):
        look_after(trail)
        assert len(unstamped_days(trail)) == left
    look_after(trail)
    assert (len(stamper.asked), len(files(trail))) == (4, 4)


def test_what_is_done_once_in_a_while_is_not_done_again_for_what_people_count(trail: Archive, stamper: Stamper) -> None:
    stamper.answer = (503, {}, b"")
    look_after(trail)
    for number in range(300):
        trail.counts.get(f"una página {number}", lambda: "algo")
    look_after(trail)
    assert len(stamper.asked) == 1


def test_anchors_are_taken_out_with_their_stamps_and_a_sheet_to_print(
    trail: Archive, stamper: Stamper, archivo: Command, tmp_path: Path
) -> None:
    stamper.answer = (503, {}, b"")
    folder = tmp_path / "fuera"
    assert len(archivo("audit", "anchor", "--to", folder, "--json").value["written"]) == 2
    assert "Sin estampa cronológica" in next(folder.glob("*.txt")).read_text("utf-8")
    stamper.answer = None
    told = archivo("audit", "anchor", "--to", folder, "--json").value
    assert sorted(Path(path).suffix for path in told["written"]) == [".tsr", ".txt"]
    assert told["anchor"]["stamp"]["authority"] == NAME
    assert archivo("audit", "anchor", "--to", folder, "--json").value["written"] == []
    sheet = next(folder.glob("*.txt")).read_text("utf-8")
    stamp = told["anchor"]["stamp"]
    made = read_anchor(next(folder.glob("*.json")).read_text("utf-8"))
    for fact in (made.hash, made.signature, NAME, stamp["serial"], stamp["at"], POLICY, "openssl ts -verify", "válida"):
        assert fact in sheet
    json_file = next(folder.glob("*.json"))
    (json_file.with_suffix(".tsr")).write_bytes(stamper.stamp(b"otra ancla"))
    verified = archivo("audit", "verify", "--anchor", json_file)
    assert (verified.status, "es de otra ancla" in verified.out) == (1, True)


def test_another_machine_of_the_archive_has_the_stamp_from_the_trail(
    trail: Archive, stamper: Stamper, home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    look_after(trail)
    monkeypatch.setenv("ARCHIVO_DATABASE_URL", os.environ.get("ARCHIVO_DATABASE_URL") or f"sqlite:///{home / 'archivo.db'}")
    monkeypatch.setenv("ARCHIVO_STORE_URL", (home / "store").as_uri())
    monkeypatch.setenv("ARCHIVO_AUDIT_KEY", (home / "audit.key").read_text())
    monkeypatch.setenv("ARCHIVO_HOME", str(tmp_path / "otra"))
    with opened() as other:
        look_after(other)
        assert [path.read_bytes() for path in files(other)] == [path.read_bytes() for path in files(trail)]
    assert len(stamper.asked) == 1


def test_stamps_taken_from_the_trail_are_told_by_the_trail(trail: Archive) -> None:
    look_after(trail)
    act(trail)
    with trail.database.writing() as session:
        session.execute(delete(AuditEntry).where(AuditEntry.act == "audit.stamp"))
    assert [fault.kind for fault in verify_chain(trail).faults] == ["removed"]
    assert states(trail) == ["valid"]  # the one beside the anchor


def test_who_is_asked_is_said_in_the_settings(tmp_path: Path) -> None:
    tmp_path.joinpath("claves").write_text("https://ana:clave@tsa.example/estampas", "utf-8")
    roots = {"ARCHIVO_TSA_ROOTS": str(tmp_path)}
    for good in ("https://tsa.example/x", "http://127.0.0.1:8/x", "http://localhost/x", "http://tsa.example/x#acepta=sin-cifrado"):
        assert read_settings({"ARCHIVO_TSA_URL": good, **roots}).tsa_url == good
    assert read_settings({"ARCHIVO_TSA_URL_FILE": str(tmp_path / "claves"), **roots}).tsa_url == "https://ana:clave@tsa.example/estampas"
    for bad in ("http://tsa.example/x", "ftp://tsa.example", "https://", "tsa", "https://tsa.example/#otra", "http://127.0.0.1.example/"):
        with pytest.raises(SettingsError, match="ARCHIVO_TSA_URL") as told:
            read_settings({"ARCHIVO_TSA_URL": bad, **roots})
        assert "tsa.example" not in str(told.value)
    with pytest.raises(SettingsError, match="ARCHIVO_TSA_ROOTS"):
        read_settings({"ARCHIVO_TSA_URL": "https://tsa.example/x"})
    assert read_settings({"ARCHIVO_TRUST_ROOTS": str(tmp_path), "ARCHIVO_TSA_URL": "https://tsa.example/x"}).tsa_roots == tmp_path
    for bad in ("uno", "1", "1.2.", "3.1.2", "1.02"):
        with pytest.raises(SettingsError, match="ARCHIVO_TSA_POLICY"):
            read_settings({"ARCHIVO_TSA_POLICY": bad})


def test_the_password_goes_to_the_authority_and_stands_in_no_message(
    home: Path, stamper: Stamper, monkeypatch: pytest.MonkeyPatch, archivo: Command
) -> None:
    monkeypatch.setenv("ARCHIVO_TSA_URL", stamper.url.replace("//", "//ana:la%40clave@") + "#acepta=sin-cifrado")
    with opened() as archive:
        act(archive)
        assert "clave" not in repr(archive.stamping)
        assert anchor(archive)
        assert stamp_anchors(archive) is None
    assert stamper.authorizations == ["Basic " + base64.b64encode(b"ana:la@clave").decode()]


def test_without_an_authority_nothing_is_asked_nor_missed(archive: Archive, archivo: Command) -> None:
    act(archive)
    look_after(archive)
    told: dict[str, Any] = archivo("audit", "verify", "--json").value
    assert (told["ok"], told["stamps"], told["unstamped"]) == (True, [], [])
    assert check(archivo) == "ok"
