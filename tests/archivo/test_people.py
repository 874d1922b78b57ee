"""People: who comes in, for how long, what they may do, and the trail of it all."""

import contextlib
import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
from argon2 import PasswordHasher, Type, extract_parameters
from sqlalchemy import delete, select, update
from starlette.testclient import TestClient

from archivo.access import services as access
from archivo.access.models import ApiToken, FailedAttempt, SignIn, User
from archivo.access.policy import ACTS, CITIZEN, Grant, custody
from archivo.app import create_app
from archivo.archive import Archive
from archivo.assembly import opened, read_roles
from archivo.audit.models import AuditEntry, AuditHead
from archivo.audit.services import record, record_refusal, verify_chain
from archivo.errors import ArchivoError, Conflict, Invalid, NotSignedIn, Refused, Throttled, Unknown

ROOT = Path(__file__).resolve().parents[2]
CHIEF = custody("pruebas")
PASSWORD = "una frase para las pruebas"
WRONG = "otra frase que no es esta"
HERE = "192.0.2.7"


@dataclass
class Clock:
    """An instant that only the test moves."""

    now: datetime = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def pass_by(self, **time: float) -> None:
        self.now += timedelta(**time)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def house(archive: Archive, clock: Clock) -> Archive:
    """An archive whose time the test moves, with an archivist and an operator."""
    moved = replace(archive, clock=clock)
    for login, role in (("ana", "archivist"), ("olga", "operator")):
        access.create_user(moved, CHIEF, login, role, password=PASSWORD)
    return moved


@pytest.fixture
def web(house: Archive) -> Iterator[TestClient]:
    with TestClient(create_app(house, "s"), base_url="http://archivo.test", follow_redirects=False) as client:
        yield client


def token(client: TestClient, address: str = "/ingresar") -> str:
    found = re.search(r'name="ficha" value="([^"]+)"', client.get(address).text)
    assert found
    return found[1]


def enter(client: TestClient, login: str = "ana", password: str = PASSWORD, **more: str) -> Any:
    return client.post("/ingresar", data={"ficha": token(client), "usuario": login, "clave": password, **more})


class TestSignIn:
    def test_in_and_out(self, web: TestClient, house: Archive) -> None:
        assert web.get("/trabajo").headers["location"] == "/ingresar?volver=%2Ftrabajo"
        entered = enter(web, volver="/trabajo")
        assert (entered.status_code, entered.headers["location"]) == (303, "/trabajo")
        assert web.get("/trabajo").status_code == 200
        kept = web.cookies["archivo"]
        assert web.post("/salir", data={"ficha": token(web, "/mi-clave")}).status_code == 303
        assert web.get("/trabajo").status_code == 303
        web.cookies.set("archivo", kept, domain="archivo.test")
        assert web.get("/trabajo").status_code == 303, "a cookie kept from before signing out opens nothing"
        with house.reading() as session:
            assert session.scalars(select(SignIn)).first() is None

    def test_who_is_unknown_and_who_is_wrong_are_told_alike(self, web: TestClient) -> None:
        answers = [enter(web, login, WRONG) for login in ("ana", "nadie", "a\x00b", "x" * 5000, "")]
        assert {a.status_code for a in answers} == {422}
        told = {re.sub(r'ficha(": |" value=)"[\w-]{43}"|name="usuario"[^>]*', "", a.text) for a in answers}
        assert len(told) == 1
        assert "no son correctos" in told.pop()

    def test_signing_in_leads_nowhere_else(self, web: TestClient) -> None:
        for address in ("//otro.example", "https://otro.example", "/\\otro.example", "javascript:alert(1)", "/\n/x"):
            web.cookies.clear()
            assert enter(web, volver=address).headers["location"] in ("/trabajo", "/"), address

    def test_what_was_known_before_is_worth_nothing_after(self, web: TestClient) -> None:
        before = token(web)
        planted = web.cookies["archivo"]
        assert web.post("/ingresar", data={"ficha": before, "usuario": "ana", "clave": PASSWORD}).status_code == 303
        assert web.cookies["archivo"] != planted
        assert web.post("/salir", data={"ficha": before}).status_code == 403
        other = TestClient(web.app, base_url="http://archivo.test", follow_redirects=False)
        other.cookies.set("archivo", planted, domain="archivo.test")
        assert other.get("/trabajo").status_code == 303

    def test_a_session_ends(self, web: TestClient, clock: Clock, house: Archive) -> None:
        enter(web)
        clock.pass_by(hours=11, minutes=59)
        assert web.get("/trabajo").status_code == 200
        clock.pass_by(minutes=2)
        assert web.get("/trabajo").status_code == 303

    def test_a_forged_cookie_is_nobodys(self, web: TestClient) -> None:
        enter(web)
        body, _, signature = web.cookies["archivo"].partition(".")
        for value in (f"{body}.{signature[:-2]}AA", f"{body[:-4]}AAAA.{signature}", body, "x.y", ""):
            other = TestClient(web.app, base_url="http://archivo.test", follow_redirects=False)
            other.cookies.set("archivo", value, domain="archivo.test")
            assert other.get("/trabajo").status_code == 303

    def test_its_cookie_is_closed_to_scripts_and_other_sites(self, web: TestClient) -> None:
        set_cookie = enter(web).headers["set-cookie"]
        assert {"HttpOnly", "SameSite=Lax", "Path=/"} <= set(set_cookie.split("; "))
        secure = TestClient(web.app, base_url="https://archivo.test", follow_redirects=False)
        assert "; Secure" in enter(secure).headers["set-cookie"]

    def test_a_form_without_its_token_does_nothing(self, web: TestClient, house: Archive) -> None:
        enter(web, "olga")
        for data in ({}, {"ficha": "inventada"}):
            for address in ("/personas", "/personas/ana/perfil", "/personas/ana/estado", "/personas/ana/fichas", "/mi-clave", "/salir"):
                assert web.post(address, data=data | {"perfil": "operator", "usuario": "eva", "nombre": "E"}).status_code == 403
        foreign = {"ficha": token(web, "/personas"), "usuario": "eva", "perfil": "servant"}
        assert web.post("/personas", data=foreign, headers={"sec-fetch-site": "cross-site"}).status_code == 403
        assert [(p.login, p.role, p.is_active) for p in access.list_people(house, CHIEF)] == [
            ("ana", "archivist", True),
            ("olga", "operator", True),
        ]


class TestThrottling:
    def fail(self, house: Archive, times: int, login: str = "ana", address: str = HERE) -> list[type[ArchivoError]]:
        raised = []
        for _ in range(times):
            with pytest.raises(ArchivoError) as fault:
                access.sign_in(house, login, WRONG, address)
            raised.append(fault.type)
        return raised

    def test_five_failures_stop_a_login_for_a_quarter_of_an_hour(self, house: Archive, clock: Clock) -> None:
        assert self.fail(house, 6) == [NotSignedIn] * 5 + [Throttled]
        with pytest.raises(Throttled):
            access.sign_in(house, "ana", PASSWORD, "192.0.2.99")
        clock.pass_by(minutes=14, seconds=59)
        with pytest.raises(Throttled):
            access.sign_in(house, "ana", PASSWORD, HERE)
        clock.pass_by(seconds=1)
        assert access.sign_in(house, "ana", PASSWORD, HERE)

    def test_an_unknown_login_is_stopped_alike(self, house: Archive) -> None:
        assert self.fail(house, 6, "nadie") == [NotSignedIn] * 5 + [Throttled]

    def test_getting_in_forgets_the_failures(self, house: Archive) -> None:
        self.fail(house, 4)
        access.sign_in(house, "ana", PASSWORD, HERE)
        assert self.fail(house, 5) == [NotSignedIn] * 5

    def test_an_address_that_tries_many_logins_is_stopped(self, house: Archive) -> None:
        with house.transaction() as transaction:
            for number in range(access.THROTTLE_ADDRESS):
                subject = f"address:{HERE}"
                transaction.session.add(FailedAttempt(id=f"{number:036}", subject=subject, at=transaction.now))
        with pytest.raises(Throttled):
            access.sign_in(house, "ana", PASSWORD, HERE)
        assert access.sign_in(house, "ana", PASSWORD, "192.0.2.8")

    def test_it_is_told_on_the_page(self, house: Archive, web: TestClient) -> None:
        self.fail(house, 5)
        stopped = enter(web)
        assert stopped.status_code == 429
        assert "quince minutos" in stopped.text


class TestChanges:
    def test_who_may_come_in_no_more_is_out_at_once(self, web: TestClient, house: Archive) -> None:
        value = access.create_token(house, CHIEF, "ana")
        enter(web)
        access.set_active(house, CHIEF, "ana", False)
        assert web.get("/trabajo").status_code == 303
        with pytest.raises(NotSignedIn):
            access.actor_of_token(house, value)
        with pytest.raises(NotSignedIn):
            access.sign_in(house, "ana", PASSWORD, HERE)
        access.set_active(house, CHIEF, "ana", True)
        assert web.get("/trabajo").status_code == 303, "her sessions ended for good"
        assert access.sign_in(house, "ana", PASSWORD, HERE)

    def test_a_role_counts_from_the_next_request(self, web: TestClient, house: Archive) -> None:
        enter(web)
        assert web.get("/trabajo").status_code == 200
        access.set_role(house, CHIEF, "ana", "operator")
        assert web.get("/trabajo").status_code == 403
        assert web.get("/personas").status_code == 200
        with pytest.raises(Invalid):
            access.set_role(house, CHIEF, "ana", "reina")

    def test_a_role_that_is_gone_may_nothing(self, house: Archive) -> None:
        without = replace(house, institution=replace(house.institution, roles={}))
        assert access.actor_of_login(without, "ana").grants == frozenset()

    def test_passwords(self, house: Archive) -> None:
        for short in ("", "corta", "x" * 11, "x" * 1001):
            with pytest.raises(Invalid):
                access.create_user(house, CHIEF, "eva", "servant", password=short)
            with pytest.raises(Invalid):
                access.set_password(house, CHIEF, "ana", short)
        assert access.create_user(house, CHIEF, "eva", "servant", password="x" * 12) is None
        generated = access.create_user(house, CHIEF, "luz", "servant")
        assert generated is not None
        assert re.fullmatch(r"([a-z0-9]{5}-){3}[a-z0-9]{5}", generated)
        assert access.sign_in(house, "luz", generated, HERE)

    def test_a_login_is_plain(self, house: Archive) -> None:
        for login in ("", "a", "Ana", "ñandú", "a b", "../x", "a\n", "x" * 61, "cli:ana"):
            with pytest.raises(Invalid):
                access.create_user(house, CHIEF, login, "servant")
        with pytest.raises(Conflict):
            access.create_user(house, CHIEF, "ana", "servant")

    def test_changing_ones_own_password(self, web: TestClient, house: Archive) -> None:
        enter(web)
        other = access.sign_in(house, "ana", PASSWORD, HERE)
        new = "una frase nueva y larga"

        def change(**fields: str) -> Any:
            return web.post(
                "/mi-clave", data={"ficha": token(web, "/mi-clave"), "nueva": new, "repetida": new, "actual": PASSWORD} | fields
            )

        assert change(actual=WRONG).status_code == 422
        assert change(repetida="distinta de la otra").status_code == 422
        assert change(nueva="corta", repetida="corta").status_code == 422
        assert access.sign_in(house, "ana", PASSWORD, HERE)
        assert change().status_code == 303
        assert web.get("/trabajo").status_code == 303
        assert access.actor_of_session(house, other) == CITIZEN
        with pytest.raises(NotSignedIn):
            access.sign_in(house, "ana", PASSWORD, HERE)
        assert access.sign_in(house, "ana", new, HERE)

    def test_nobody_changes_anothers_without_the_grant(self, house: Archive) -> None:
        ana = access.actor_of_login(house, "ana")
        for act in (
            lambda: access.set_password(house, ana, "olga", PASSWORD),
            lambda: access.create_user(house, ana, "eva", "servant"),
            lambda: access.set_role(house, ana, "ana", "operator"),
            lambda: access.set_active(house, ana, "olga", False),
            lambda: access.create_token(house, ana, "ana"),
            lambda: access.revoke_token(house, ana, "x"),
            lambda: access.list_people(house, ana),
            lambda: access.list_tokens(house, ana),
        ):
            before = verify_chain(house).entries
            with pytest.raises(Refused):
                act()
            assert verify_chain(house).entries == before + 1

    def test_tokens(self, house: Archive, clock: Clock) -> None:
        value = access.create_token(house, CHIEF, "ana", "sede")
        assert access.actor_of_token(house, value).login == "ana"
        (shown,) = access.list_tokens(house, CHIEF)
        assert (shown.label, shown.is_revoked, shown.last_used_on) == ("sede", False, "2026-11-24")
        clock.pass_by(days=1)
        access.actor_of_token(house, value)
        assert access.list_tokens(house, CHIEF)[0].last_used_on == "2026-11-25"
        with house.reading() as session:
            row = session.scalars(select(ApiToken)).one()
        assert value not in (row.digest, row.id)
        access.revoke_token(house, CHIEF, shown.id)
        for worthless in (value, "", "archivo_", value[:-1], "x" * 9000):
            with pytest.raises(NotSignedIn):
                access.actor_of_token(house, worthless)
        with pytest.raises(Unknown):
            access.revoke_token(house, CHIEF, "x")


class TestSecrets:
    def test_passwords_are_kept_as_argon2id_of_at_least_the_advised_strength(self, house: Archive) -> None:
        """OWASP's least: 19 MiB, two passes, one lane."""
        with house.reading() as session:
            kept = [user.password_hash for user in session.scalars(select(User))]
        assert len(set(kept)) == 2
        for each in kept:
            parameters = extract_parameters(each)
            assert parameters.type is Type.ID
            assert parameters.memory_cost >= 19 * 1024
            assert parameters.time_cost >= 2
            assert not PasswordHasher().check_needs_rehash(each)

    def test_no_one_comes_with_the_program(self, archive: Archive) -> None:
        assert access.list_people(archive, CHIEF) == []

    def test_no_password_is_written_in_the_product(self) -> None:
        written = re.compile(r"""(?i)(password|contrase[nñ]a|clave|secret|token)\w*\s*[=:]\s*["'][^"'{}\s]{6,}["']""")
        found = [
            f"{path.name}: {line.strip()}"
            for path in (ROOT / "archivo").rglob("*.py")
            for line in path.read_text("utf-8").splitlines()
            if written.search(line) and "noqa: S105" not in line
        ]
        assert found == []


class TestRoles:
    def test_the_table_is_the_one_of_the_data(self, house: Archive, web: TestClient) -> None:
        table = tomllib.loads((files("archivo.data") / "roles.toml").read_text("utf-8"))
        assert {role.key: (role.name, sorted(role.grants)) for role in read_roles()} == {
            key: (role["name"], sorted(role["grants"])) for key, role in table.items()
        }
        assert dict(house.institution.roles) == {key: frozenset(role["grants"]) for key, role in table.items()}
        for role in table.values():
            assert set(role["grants"]) <= set(Grant)
        enter(web, "olga")
        page = web.get("/personas").text
        assert all(role["name"] in page for role in table.values())
        assert all(words[1:] in page for words in ACTS.values())

    def test_what_ships_is_as_promised(self) -> None:
        grants = {role.key: role.grants for role in read_roles()}
        sees = {Grant.SEE_PUBLICA, Grant.SEE_CLASIFICADA, Grant.SEE_RESERVADA}
        assert set(grants) == {"archivist", "servant", "entity", "operator"}
        assert not grants["operator"] & {*sees, Grant.DEPOSIT, Grant.DESCRIBE, Grant.CLASSIFY, Grant.PUBLISH}
        assert grants["entity"] == {Grant.DEPOSIT}
        assert not grants["servant"] & {Grant.SEE_CLASIFICADA, Grant.SEE_RESERVADA, Grant.PUBLISH, Grant.MANAGE_PEOPLE}
        assert sees <= grants["archivist"]
        assert Grant.MANAGE_PEOPLE not in grants["archivist"]

    def test_each_grant_is_worded_and_asked_for(self) -> None:
        assert set(ACTS) == set(Grant)
        code = "\n".join(
            path.read_text("utf-8")
            for path in (ROOT / "archivo").rglob("*.py")
            if path.name not in ("door.py",) and "data" not in path.parts
        )
        for grant in Grant:
            asked = re.findall(rf"(?:require\([^)]*|may\(|, )Grant\.{grant.name}\b", code)
            assert asked, grant


class TestTrail:
    @pytest.fixture
    def trail(self, house: Archive) -> Archive:
        for number in range(5):
            with house.transaction() as transaction:
                record(transaction, "ana", "document.view", f"objeto-{number}")
        assert verify_chain(house).broken_at is None
        return house

    def test_an_altered_row_is_found(self, trail: Archive) -> None:
        for column in ("actor", "act", "outcome", "object_id", "detail", "at", "previous", "hash"):
            altered: Any = {"detail": {"x": 1}, "at": datetime(2020, 1, 1, tzinfo=UTC)}.get(column, "otra")
            with trail.reading() as session:
                true = getattr(session.get_one(AuditEntry, 4), column)
            for value, broken_at in ((altered, 4), (true, None)):
                with trail.database.writing() as session:
                    session.execute(update(AuditEntry).where(AuditEntry.sequence == 4).values({column: value}))
                assert verify_chain(trail).broken_at == broken_at, column

    @pytest.mark.parametrize("sequence", [1, 4, 7])
    def test_a_removed_row_is_found(self, trail: Archive, sequence: int) -> None:
        assert verify_chain(trail).entries == 7
        with trail.database.writing() as session:
            session.execute(delete(AuditEntry).where(AuditEntry.sequence == sequence))
        assert verify_chain(trail).broken_at is not None

    def test_rows_in_another_order_are_found(self, trail: Archive) -> None:
        with trail.database.writing() as session:
            for old, new in ((4, 900), (5, 4), (900, 5)):
                session.execute(update(AuditEntry).where(AuditEntry.sequence == old).values(sequence=new))
        assert verify_chain(trail).broken_at == 4

    def test_an_emptied_trail_is_found(self, trail: Archive) -> None:
        with trail.database.writing() as session:
            session.execute(delete(AuditEntry))
        assert verify_chain(trail).broken_at is not None

    def test_a_lost_head_is_found(self, trail: Archive) -> None:
        with trail.database.writing() as session:
            session.execute(delete(AuditHead))
        assert verify_chain(trail).broken_at is not None

    def test_what_is_undone_leaves_no_entry(self, house: Archive) -> None:
        before = verify_chain(house)
        with contextlib.suppress(RuntimeError), house.transaction() as transaction:
            record(transaction, "ana", "document.view", "x")
            raise RuntimeError
        assert verify_chain(house) == before

    def test_a_refusal_of_something_without_measure_is_kept(self, house: Archive) -> None:
        """Whatever a person writes in an address, the entry fits its column in any database."""
        record_refusal(house, "ana", Grant.DESCRIBE, "x\x00" * 5000)
        with house.reading() as session:
            entry = session.scalars(select(AuditEntry).order_by(AuditEntry.sequence.desc()).limit(1)).one()
        assert entry.object_id is not None
        assert len(entry.object_id) <= 80
        assert "\x00" not in entry.object_id
        assert verify_chain(house).broken_at is None


def test_another_process_goes_on_with_the_same_trail(home: Path) -> None:
    for _ in range(2):
        with opened() as archive:
            record_refusal(archive, "ana", "describe")
            assert verify_chain(archive).broken_at is None
