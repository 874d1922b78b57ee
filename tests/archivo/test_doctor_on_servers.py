"""The doctor asks each server by itself: it tells one that is away from one that refuses, and from one that lacks what is named."""

from collections.abc import Iterator
from dataclasses import replace
from uuid import uuid4

import pytest
from minio.credentials.providers import StaticProvider
from minio.minioadmin import MinioAdmin
from sqlalchemy import make_url

from preservation.stores.s3_address import S3Address
from tests.brokers import RabbitMQ
from tests.elastic_proxy import Reply, between
from tests.s3_servers import S3Server, url_of
from tests.servers import Postgres

from .conftest import Command

pytestmark = pytest.mark.servers
NOBODY = "127.0.0.1:9"  # discard: nobody listens
AWAY = {
    "base de datos": ("ARCHIVO_DATABASE_URL", f"postgresql://ana:clave@{NOBODY}/archivo"),
    "almacén": ("ARCHIVO_STORE_URL", f"s3+http://clave:secreto@{NOBODY}/cubo"),
    "índice": ("ARCHIVO_INDEX_URL", f"http://{NOBODY}/archivo"),
    "mensajería": ("ARCHIVO_BROKER_URL", f"amqp://ana:clave@{NOBODY}/"),
}


@pytest.fixture(params=["minio", "versitygw"])
def s3(request: pytest.FixtureRequest) -> S3Server:
    server: S3Server = request.getfixturevalue(request.param)
    return server


@pytest.fixture
def database(postgres: Postgres) -> Iterator[str]:
    with postgres.database() as url:
        yield url


@pytest.fixture
def stranger(postgres: Postgres) -> Iterator[str]:
    """A user of PostgreSQL that owns nothing."""
    name = f"nadie_{uuid4().hex}"
    postgres.run(f'CREATE ROLE "{name}" LOGIN')
    yield name
    postgres.run(f'DROP ROLE "{name}"')


@pytest.fixture
def narrow(minio: S3Server) -> S3Address:
    """An address on MinIO of a bucket that is not there, with a key that may read and write in that one bucket, but not make it."""
    name = uuid4().hex
    owner = StaticProvider(minio.address.access_key, minio.address.secret_key)
    admin = MinioAdmin(endpoint=minio.address.endpoint, credentials=owner, secure=False)
    acts = ["s3:ListBucket", "s3:GetObject", "s3:PutObject", "s3:DeleteObject"]
    rule = {"Effect": "Allow", "Action": acts, "Resource": [f"arn:aws:s3:::{name}", f"arn:aws:s3:::{name}/*"]}
    admin.user_add(name, "secreto-de-prueba")
    admin.policy_add(name, policy={"Version": "2012-10-17", "Statement": [rule]})
    admin.policy_set(name, user=name)
    return replace(minio.address, access_key=name, secret_key="secreto-de-prueba", bucket=name, prefix="")


def told(archivo: Command) -> dict[str, tuple[str, str, str]]:
    """What the doctor says, by name: status, message and remedy."""
    ran = archivo("doctor", "--json")
    checks = {check["name"]: (check["status"], check["message"], check["remedy"]) for check in ran.value["checks"]}
    assert ran.status == (1 if any(status == "error" for status, _, _ in checks.values()) else 0)
    assert not any("doctor" in remedy for _, _, remedy in checks.values())
    return checks


def wrong(archivo: Command, name: str) -> str:
    """What the doctor says of one server, which is all that it finds wrong."""
    checks = told(archivo)
    assert [each for each, (status, _, _) in checks.items() if status == "error"] == [name]
    _, message, remedy = checks[name]
    assert AWAY[name][0] in remedy or "GRANT" in remedy or "OWNER" in remedy or "set_permissions" in remedy
    return message


def set_all(patch: pytest.MonkeyPatch, **named: str) -> None:
    for name, value in named.items():
        patch.setenv(f"ARCHIVO_{name}_URL", value)


@pytest.mark.parametrize("name", AWAY)
def test_one_that_is_away_is_told_and_the_others_are_examined(archivo: Command, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setenv(*AWAY[name])
    assert "no responde" in wrong(archivo, name)
    assert {each: status for each, (status, _, _) in told(archivo).items() if each in AWAY} == {
        each: "error" if each == name else "ok" for each in AWAY
    }


def test_all_that_are_away_are_told_at_once(archivo: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in AWAY.values():
        monkeypatch.setenv(name, value)
    checks = told(archivo)
    for name in AWAY:
        assert checks[name][0] == "error"
        assert "no responde" in checks[name][1]
    assert checks["lo demás"][0] == "warning"


class TestPostgresql:
    def test_a_user_who_may_not_enter(self, archivo: Command, database: str, monkeypatch: pytest.MonkeyPatch) -> None:
        url = make_url(database).set(username="quien_no_existe", password="clave").render_as_string(hide_password=False)
        set_all(monkeypatch, DATABASE=url)
        assert "no deja entrar" in wrong(archivo, "base de datos")
        ran = archivo("trd", "list", "--json")
        assert (ran.status, ran.value["error"]["code"]) == (1, "database.refused")

    def test_a_database_that_is_not_there(self, archivo: Command, postgres: Postgres, monkeypatch: pytest.MonkeyPatch) -> None:
        set_all(monkeypatch, DATABASE=make_url(postgres.url).set(database="no_existe").render_as_string(hide_password=False))
        assert "no tiene la base de datos" in wrong(archivo, "base de datos")
        ran = archivo("trd", "list", "--json")
        assert (ran.status, ran.value["error"]["code"]) == (1, "database.absent")

    def test_a_user_who_may_not_make_the_tables(
        self, archivo: Command, database: str, stranger: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        set_all(monkeypatch, DATABASE=make_url(database).set(username=stranger).render_as_string(hide_password=False))
        assert "no tiene derecho" in wrong(archivo, "base de datos")
        ran = archivo("trd", "list", "--json")
        assert (ran.status, ran.value["error"]["code"]) == (1, "database.denied")

    def test_a_user_who_may_not_write_the_tables(
        self, archivo: Command, database: str, stranger: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        set_all(monkeypatch, DATABASE=database)
        assert archivo("trd", "list").status == 0
        assert told(archivo)["base de datos"][0] != "error"
        set_all(monkeypatch, DATABASE=make_url(database).set(username=stranger).render_as_string(hide_password=False))
        assert "no tiene derecho" in wrong(archivo, "base de datos")


class TestS3:
    def test_a_key_that_it_does_not_know(self, archivo: Command, s3: S3Server, monkeypatch: pytest.MonkeyPatch) -> None:
        set_all(monkeypatch, STORE=url_of(replace(s3.place(), access_key="nadie-de-aqui")))
        assert "no acepta la clave" in wrong(archivo, "almacén")
        ran = archivo("trd", "list", "--json")
        assert (ran.status, ran.value["error"]["code"]) == (1, "store.refused")

    def test_a_wrong_secret(self, archivo: Command, s3: S3Server, monkeypatch: pytest.MonkeyPatch) -> None:
        set_all(monkeypatch, STORE=url_of(replace(s3.place(), secret_key="secreto-que-no-es")))
        assert "no acepta la clave" in wrong(archivo, "almacén")

    def test_a_bucket_that_is_not_there_and_cannot_be_made(
        self, archivo: Command, minio: S3Server, narrow: S3Address, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        set_all(monkeypatch, STORE=url_of(narrow))
        assert "no tiene el cubo" in wrong(archivo, "almacén")
        ran = archivo("trd", "list", "--json")
        assert (ran.status, ran.value["error"]["code"]) == (1, "store.absent")
        owner = minio.store(minio.address)
        owner.wire.sdk.make_bucket(narrow.bucket)
        owner.close()
        assert told(archivo)["almacén"][0] != "error"

    def test_a_key_without_rights(self, archivo: Command, narrow: S3Address, monkeypatch: pytest.MonkeyPatch) -> None:
        set_all(monkeypatch, STORE=url_of(replace(narrow, bucket="otro-cubo")))
        assert "no tiene derecho" in wrong(archivo, "almacén")
        ran = archivo("trd", "list", "--json")
        assert (ran.status, ran.value["error"]["code"]) == (1, "store.denied")

    def test_what_is_not_kept_is_said_with_what_to_do(self, archivo: Command, minio: S3Server, monkeypatch: pytest.MonkeyPatch) -> None:
        set_all(monkeypatch, STORE=url_of(minio.place()))
        status, message, remedy = told(archivo)["almacén"]
        assert status == "warning"
        assert "pero no borra solo lo que se había visto, no enumera lo que quedó a medias." in message
        assert "MinIO" in remedy
        assert "archivo verify" not in remedy


class TestElasticsearch:
    @pytest.mark.parametrize(("status", "words"), [(401, "no acepta el usuario"), (403, "no tiene derecho")])
    def test_one_that_refuses(self, archivo: Command, monkeypatch: pytest.MonkeyPatch, status: int, words: str) -> None:
        refusal = Reply(status, b'{"error":{"type":"security_exception","reason":"no"},"status":%d}' % status)
        with between(f"http://{NOBODY}", lambda *_: refusal) as way:
            set_all(monkeypatch, INDEX=f"{way}/archivo")
            assert words in wrong(archivo, "índice")

    def test_another_server(self, archivo: Command, minio: S3Server, monkeypatch: pytest.MonkeyPatch) -> None:
        set_all(monkeypatch, INDEX=f"http://{minio.address.endpoint}/archivo")
        assert "índice" in told(archivo)
        assert told(archivo)["índice"][0] == "error"


class TestRabbitMQ:
    def test_a_wrong_password(self, archivo: Command, rabbitmq: RabbitMQ, monkeypatch: pytest.MonkeyPatch) -> None:
        set_all(monkeypatch, BROKER=rabbitmq.url.replace("guest:guest", "guest:mala"))
        assert "no acepta el usuario" in wrong(archivo, "mensajería")
        ran = archivo("worker")
        assert (ran.status, "no acepta el usuario" in ran.err) == (1, True)

    def test_a_virtual_host_that_is_not_there(self, archivo: Command, rabbitmq: RabbitMQ, monkeypatch: pytest.MonkeyPatch) -> None:
        set_all(monkeypatch, BROKER=f"{rabbitmq.url.rstrip('/')}/no-existe")
        assert "no tiene el espacio" in wrong(archivo, "mensajería")

    def test_a_user_without_rights(self, archivo: Command, rabbitmq: RabbitMQ, monkeypatch: pytest.MonkeyPatch) -> None:
        rabbitmq.control("add_user", "lector", "clave")
        set_all(monkeypatch, BROKER=rabbitmq.url.replace("guest:guest", "lector:clave"))
        assert "no tiene derecho" in wrong(archivo, "mensajería")  # not to the virtual host
        rabbitmq.control("set_permissions", "-p", "/", "lector", "^$", "^$", ".*")
        assert "no tiene derecho" in wrong(archivo, "mensajería")  # nor to make what is needed in it
        rabbitmq.control("set_permissions", "-p", "/", "lector", ".*", ".*", ".*")
        assert told(archivo)["mensajería"][0] == "ok"
        rabbitmq.control("delete_user", "lector")

    def test_with_all_in_its_place_nothing_is_wrong(self, archivo: Command, rabbitmq: RabbitMQ, monkeypatch: pytest.MonkeyPatch) -> None:
        set_all(monkeypatch, BROKER=rabbitmq.url)
        assert told(archivo)["mensajería"][0] == "ok"
