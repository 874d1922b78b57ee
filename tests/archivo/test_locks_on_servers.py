"""Object Lock on real S3 servers: what the archive holds is held there too, read back and told; what a server retains is not deleted."""

import io
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from archivo.access.services import create_user
from archivo.archive import Archive
from archivo.assembly import opened
from archivo.audit.models import AuditEntry
from archivo.audit.services import entries_of
from archivo.custody import deleting, deletion, holding
from archivo.custody.models import DeletionState
from archivo.identifiers import urn
from archivo.operations.reconciling import look_after
from archivo.worker import work_until_done
from preservation.locking import locking
from preservation.ocfl_layout import prefix_of
from preservation.stores.s3_address import S3Address
from tests.s3_proxy import Exchange, proxy_to, through, told
from tests.s3_servers import NAMES, S3Server, url_of

from .conftest import Command
from .test_deletion import CUSTODY, LATER, carry_out, confirmed, later
from .test_web_pages import PASSWORD, signed_in, words

pytestmark = [pytest.mark.servers, pytest.mark.usefixtures("embedded")]


@pytest.fixture(params=NAMES)
def s3(request: pytest.FixtureRequest) -> S3Server:
    found: S3Server = request.getfixturevalue(request.param)
    return found


def bucket_of(s3: S3Server, *, has_lock: bool) -> S3Address:
    place = s3.new_bucket()
    store = s3.store(place)
    store.wire.sdk.make_bucket(place.bucket, object_lock=has_lock)
    store.close()
    return place


def deposited(archivo: Command, tmp_path: Path) -> str:
    (tmp_path / "nota.txt").write_text("El acueducto de Usme.", "utf-8")
    (one,) = archivo("deposit", tmp_path / "nota.txt", "--wait", "--json").lines
    return str(one["id"])


def held(value: Any) -> dict[str, tuple[int, int]]:
    """Of each place, how many objects its server holds, and of how many, as a command read it."""
    (one,) = value
    return {each["location"]: (each["held"], each["objects"]) for each in one["places"]}


def is_whole(found: dict[str, tuple[int, int]]) -> bool:
    return all(held == objects > 0 for held, objects in found.values())


def look(archive: Archive, document_id: str) -> None:
    """What a crew does in a minute."""
    look_after(archive)
    work_until_done(archive, [document_id, *archive.replicas])


def test_a_hold_is_set_in_each_place_follows_the_package_and_is_taken_away(
    archivo: Command, home: Path, tmp_path: Path, minio: S3Server, versitygw: S3Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    places = {"minio": bucket_of(minio, has_lock=True), "vgw": bucket_of(versitygw, has_lock=True)}
    places["sin"] = bucket_of(minio, has_lock=False)
    addresses = [f"{name}={url_of(place)}" for name, place in places.items()]
    monkeypatch.setenv("ARCHIVO_REPLICAS", " ".join([*addresses, f"carpeta={(tmp_path / 'carpeta').as_uri()}"]))
    document_id = deposited(archivo, tmp_path)
    assert archivo("replicas", "--run").status == 0
    found = held(archivo("hold", "place", document_id, "--reason", "Hay un pleito.", "--json").value)
    assert found.pop("sin") == (0, 0)
    assert set(found) == {"minio", "vgw"}
    assert is_whole(found)
    told = archivo("hold", "list").out
    assert "en «vgw», su servidor retiene" in told
    assert "en «sin», su servidor no puede retener: lo retiene solo este archivo" in told
    archivo("publish", document_id)
    assert archivo("replicas", "--run").status == 0
    grown = held(archivo("hold", "list", "--json").value)
    assert not is_whole({name: grown[name] for name in ("minio", "vgw")})
    with opened() as archive:
        look(archive, document_id)
        assert holding.schedule(archive) == []
    assert is_whole({name: pair for name, pair in held(archivo("hold", "list", "--json").value).items() if name != "sin"})
    with opened() as archive, archive.reading() as session:
        said = [detail for _, detail in entries_of(session, document_id, holding.ACT) if detail["place"] == "vgw"]
        assert [(each["held"], each["held_objects"] == each["objects"]) for each in said] == [(True, True), (True, True)]
    shown = archivo("show", document_id, "--json").value
    assert {each["location"]: each["lock"][:20] for each in shown["copies"]}["minio"] == "su servidor retiene "
    assert held(archivo("hold", "lift", document_id, "--reason", "Terminó.", "--json").value)["minio"][0] == 0
    with opened() as archive:
        store = locking(archive.replicas["vgw"])
        assert store is not None
        assert store.locked(prefix_of(urn(document_id))).held == 0
    assert archivo("audit", "verify").status == 0


def test_a_place_that_was_away_is_told_of_the_hold_later(
    archivo: Command, home: Path, tmp_path: Path, s3: S3Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = bucket_of(s3, has_lock=True)
    monkeypatch.setenv("ARCHIVO_REPLICAS", f"lejos={url_of(place)}")
    document_id = deposited(archivo, tmp_path)
    assert archivo("replicas", "--run").status == 0
    monkeypatch.setenv("ARCHIVO_REPLICAS", f"lejos={url_of(replace(place, endpoint='127.0.0.1:1'))}")
    ran = archivo("hold", "place", document_id, "--reason", "Hay un pleito.")
    assert (ran.status, "en «lejos», su servidor no respondió" in ran.out) == (0, True)
    monkeypatch.setenv("ARCHIVO_REPLICAS", f"lejos={url_of(place)}")
    with opened() as archive:
        look(archive, document_id)
    assert is_whole(held(archivo("hold", "list", "--json").value))


def test_a_hold_that_somebody_took_from_the_server_is_set_again_in_a_day(
    archivo: Command, home: Path, tmp_path: Path, s3: S3Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ARCHIVO_STORE_URL", url_of(bucket_of(s3, has_lock=True)))
    document_id = deposited(archivo, tmp_path)
    archivo("hold", "place", document_id, "--reason", "Hay un pleito.")
    with opened() as archive:
        store = locking(archive.store)
        assert store is not None
        prefix = prefix_of(urn(document_id))
        taken = store.hold(prefix, False)
        assert holding.schedule(archive) == []
        tomorrow = later(archive)
        assert holding.schedule(tomorrow) == [document_id]
        work_until_done(tomorrow, [document_id])
        assert store.locked(prefix).held == taken > 0
        with archive.reading() as session:
            said = next(detail for _, detail in entries_of(session, document_id, holding.ACT))
        assert said["changed"] == taken


def test_a_retention_lets_a_package_grow_and_holds_up_its_deletion(
    archivo: Command, home: Path, tmp_path: Path, s3: S3Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ARCHIVO_STORE_URL", url_of(s3.new_bucket()) + "?retencion=GOVERNANCE:30d")
    document_id = deposited(archivo, tmp_path)
    archivo("publish", document_id)
    assert archivo("verify").status == 0
    assert archivo("fixity", "--run").status == 0
    with opened() as archive:
        store = locking(archive.store)
        assert store is not None
        found = store.locked(prefix_of(urn(document_id)))
        assert found.retained == found.objects > len(list(archive.packages.keys(urn(document_id))))
        asked = confirmed(archive, document_id)
        after = replace(archive, clock=lambda: datetime.now(UTC) + LATER)
        carry_out(after)
        view = deletion.view_deletion(archive, CUSTODY, asked)
        assert (view.state, view.documents[0].done_at) == (DeletionState.CONFIRMED, None)
        assert view.kept.startswith(f"{document_id}: el servidor donde se guarda no deja borrarlo hasta el ")
        assert view.kept.endswith("(GOVERNANCE)")
        assert deletion.schedule(after) == []
        with archive.reading() as session:
            refused = [entry for entry in session.query(AuditEntry) if entry.act == holding.KEPT]
        assert [(entry.outcome, entry.detail["document"]) for entry in refused] == [("refused", document_id)]
    assert archivo("verify").status == 0
    assert "DETENIDA: " in archivo("delete", "list").out
    assert document_id in archivo("search", "acueducto", "--json").out


def test_a_replica_whose_server_retains_is_told_and_holds_up_no_other(
    archivo: Command, home: Path, tmp_path: Path, s3: S3Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ARCHIVO_REPLICAS", f"lejos={url_of(s3.new_bucket())}?retencion=COMPLIANCE:30d")
    document_id = deposited(archivo, tmp_path)
    assert archivo("replicas", "--run").status == 0
    with opened() as archive:
        asked = confirmed(archive, document_id)
        carry_out(later(archive))
        assert deletion.view_deletion(archive, CUSTODY, asked).places == ("lejos",)
        look(archive, document_id)
    ran = archivo("replicas", "--run")
    assert (ran.status, "no deja borrar lo que se eliminó" in ran.out) == (1, True)
    (tmp_path / "otra.txt").write_text("Otra nota.", "utf-8")
    archivo("deposit", tmp_path / "otra.txt", "--wait")
    with opened() as archive:
        look(archive, document_id)
        assert [lag["behind"] for lag in archivo("replicas", "--json").value["replicas"]] == [1]


def test_a_retention_that_the_bucket_cannot_keep_is_refused_and_nothing_is_half_kept(
    archivo: Command, home: Path, tmp_path: Path, s3: S3Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = bucket_of(s3, has_lock=False)
    monkeypatch.setenv("ARCHIVO_STORE_URL", url_of(place) + "?retencion=COMPLIANCE:10y")
    (tmp_path / "nota.txt").write_text("El acueducto de Usme.", "utf-8")
    ran = archivo("deposit", tmp_path / "nota.txt")
    assert ran.status != 0
    assert "su cubo no tiene bloqueo de objetos" in ran.err
    assert "quite retencion=…" in ran.err
    store = s3.store(place)
    assert list(store.list()) == []
    store.close()


def test_the_doctor_says_what_each_place_is_asked_to_retain(
    archivo: Command, home: Path, tmp_path: Path, s3: S3Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    def check() -> tuple[str, str]:
        (one,) = [each for each in archivo("doctor", "--json").value["checks"] if each["name"] == "retención en los servidores"]
        return one["status"], one["message"]

    able, unable = bucket_of(s3, has_lock=True), bucket_of(s3, has_lock=False)
    deposited(archivo, tmp_path)
    assert check() == ("ok", "Ningún lugar está en un servidor que pueda retener.")
    monkeypatch.setenv("ARCHIVO_REPLICAS", f"una={url_of(able)}?retencion=COMPLIANCE:1y otra={url_of(unable)}")
    assert check() == ("ok", "una: cada objeto, 1 año (COMPLIANCE); otra: no se pide; no tiene bloqueo.")
    monkeypatch.setenv("ARCHIVO_REPLICAS", f"una={url_of(unable)}?retencion=COMPLIANCE:1y")
    assert check()[0] == "error"


def test_the_pages_tell_what_the_servers_hold(
    archivo: Command, home: Path, tmp_path: Path, s3: S3Server, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> None:
    monkeypatch.setenv("ARCHIVO_STORE_URL", url_of(s3.new_bucket()) + "?retencion=GOVERNANCE:30d")
    document_id = deposited(archivo, tmp_path)
    archivo("hold", "place", document_id, "--reason", "Hay un pleito.")
    archive: Archive = request.getfixturevalue("archive")
    create_user(archive, CUSTODY, "ana", "archivist", password=PASSWORD)
    client = signed_in(archive, "ana")
    shown = words(client.get(f"/documentos/{document_id}?ver=integridad").text)
    assert "su servidor retiene" in shown
    assert "no deja borrarlos todos hasta el" in shown
    assert "su servidor retiene" in words(client.get("/custodia/eliminaciones").text)
    assert "Su servidor retiene cada objeto desde que se escribe: 30 días (GOVERNANCE)" in words(client.get("/custodia").text)


def denied(exchange: Exchange) -> None:
    """The key has every right but to ask whether the bucket locks."""
    (told(403, "AccessDenied") if exchange.request.path.endswith("?object-lock=") else through)(exchange)


def test_a_server_that_will_not_say_whether_it_locks_is_told_of_the_hold_once_it_says(
    archivo: Command, home: Path, tmp_path: Path, s3: S3Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    with proxy_to(bucket_of(s3, has_lock=True)) as (proxy, address):
        proxy.always = denied
        monkeypatch.setenv("ARCHIVO_REPLICAS", f"lejos={url_of(address)}")
        document_id = deposited(archivo, tmp_path)
        assert archivo("replicas", "--run").status == 0
        placed = archivo("hold", "place", document_id, "--reason", "Hay un pleito.")
        assert (placed.status, "en «lejos», su servidor no deja preguntar si retiene" in placed.out) == (0, True)
        assert [each["lock"] for each in archivo("show", document_id, "--json").value["copies"] if each["location"] == "lejos"] == [""]
        (check,) = [each for each in archivo("doctor", "--json").value["checks"] if each["name"] == "retención en los servidores"]
        assert (check["status"], "lejos" in check["message"], "s3:GetBucketObjectLockConfiguration" in check["remedy"]) == (
            "warning",
            True,
            True,
        )
        with opened() as archive:
            assert holding.schedule(archive) == [document_id]
            with archive.reading() as session:
                assert list(entries_of(session, document_id, holding.ACT)) == []
            proxy.always = None
            look(archive, document_id)
        assert is_whole(held(archivo("hold", "list", "--json").value))


def test_a_deletion_waits_untouched_while_the_server_will_not_say_whether_it_locks(
    archivo: Command, home: Path, tmp_path: Path, s3: S3Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    with proxy_to(bucket_of(s3, has_lock=True)) as (proxy, address):
        monkeypatch.setenv("ARCHIVO_STORE_URL", url_of(address))
        document_id = deposited(archivo, tmp_path)
        archivo("publish", document_id)
        with opened() as archive:
            asked = confirmed(archive, document_id)
            after = later(archive)
            proxy.always = denied
            carry_out(after)
            view = deletion.view_deletion(archive, CUSTODY, asked)
            assert (view.state, view.documents[0].done_at) == (DeletionState.CONFIRMED, None)
            assert view.kept == f"{document_id}: el servidor donde se guarda no deja preguntar si lo retiene"
            assert deletion.schedule(after) == []
            assert document_id in archivo("search", "acueducto", "--json").out
            proxy.always = None
            carry_out(later(after))
            assert deletion.view_deletion(archive, CUSTODY, asked).state == DeletionState.EXECUTED


def test_nothing_is_written_with_a_retention_where_the_server_will_not_say_whether_it_locks(
    archivo: Command, home: Path, tmp_path: Path, s3: S3Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = bucket_of(s3, has_lock=True)
    with proxy_to(place) as (proxy, address):
        proxy.always = denied
        monkeypatch.setenv("ARCHIVO_STORE_URL", url_of(address) + "?retencion=GOVERNANCE:30d")
        (tmp_path / "nota.txt").write_text("El acueducto de Usme.", "utf-8")
        ran = archivo("deposit", tmp_path / "nota.txt")
        assert (ran.status != 0, "no deja preguntar" in ran.err, "s3:GetBucketObjectLockConfiguration" in ran.err) == (True, True, True)
    store = s3.store(place)
    assert list(store.list()) == []
    store.close()


def test_damaged_bytes_set_apart_that_the_server_keeps_hold_up_the_deletion_too(
    archivo: Command, home: Path, tmp_path: Path, minio: S3Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ARCHIVO_STORE_URL", url_of(bucket_of(minio, has_lock=True)))
    monkeypatch.setenv("ARCHIVO_REPLICAS", f"copia={(tmp_path / 'copia').as_uri()}")
    document_id = deposited(archivo, tmp_path)
    assert archivo("replicas", "--run").status == 0
    with opened() as archive:
        (original,) = [one.key for one in archive.packages.keys(urn(document_id)) if one.key.endswith("/original/data")]
        archive.store.delete(original, authority="repair")
        archive.store.put(original, io.BytesIO(b"otra cosa"))
        (restored,) = archivo("verify", "--repair", "--json").value["restored"]
        store = locking(archive.store)
        assert store is not None
        assert store.hold(prefix_of(urn(restored["aside"])), True) > 0
        asked = confirmed(archive, document_id)
        deleting.execute(later(archive), asked)
        view = deletion.view_deletion(archive, CUSTODY, asked)
        assert (view.state, view.kept) == (DeletionState.CONFIRMED, f"{document_id}: el servidor donde se guarda lo retiene")
        store.hold(prefix_of(urn(restored["aside"])), False)
        deleting.execute(later(archive), asked)
        assert deletion.view_deletion(archive, CUSTODY, asked).state == DeletionState.EXECUTED


def test_what_is_read_each_day_and_is_as_it_was_fills_no_trail(
    archivo: Command, home: Path, tmp_path: Path, minio: S3Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ARCHIVO_STORE_URL", url_of(bucket_of(minio, has_lock=True)))
    document_id = deposited(archivo, tmp_path)
    archivo("hold", "place", document_id, "--reason", "Hay un pleito.")

    def entries(archive: Archive) -> int:
        with archive.reading() as session:
            return len(list(entries_of(session, document_id, holding.ACT)))

    with opened() as archive:
        for days, told in ((2, 1), (4, 1), (6, 1), (33, 2), (35, 2)):
            then = later(archive, timedelta(days=days))
            assert holding.schedule(then) == [document_id]
            work_until_done(then, [document_id])
            assert (holding.schedule(then), entries(archive)) == ([], told)
        with archive.reading() as session:
            assert holding.last_read(session, document_id, ["principal"])["principal"].is_as(True)
