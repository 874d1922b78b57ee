"""What keeps serve and worker from starting: told in a sentence, by both alike, with nothing touched; and what the doctor says of it."""

from pathlib import Path

import pytest

from archivo.configuration import unencrypted
from archivo.settings import read_settings

from .conftest import Command, Ran


def started(archivo: Command, name: str) -> Ran:
    return archivo(name, *(("--port", "0") if name == "serve" else ()))


@pytest.mark.parametrize("command", ["serve", "worker"])
@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("ARCHIVO_SECRET", "corto", "ARCHIVO_SECRET se podría adivinar"),
        ("ARCHIVO_SECRET", "a" * 40, "ARCHIVO_SECRET se podría adivinar"),
        ("ARCHIVO_SECRET", "archivo" * 6, "ARCHIVO_SECRET se podría adivinar"),
        ("ARCHIVO_SECRET_FILE", "{vacío}", "está vacío"),
        ("ARCHIVO_DATABASE_URL_FILE", "{vacío}", "está vacío"),
        ("ARCHIVO_DATABASE_URL_FILE", "", "no nombra ningún archivo"),
        ("ARCHIVO_TIMEZONE", "America/Bogot", "no se conoce la zona horaria «America/Bogot»"),
        ("ARCHIVO_TIMEZONE", "../etc/passwd", "no se conoce la zona horaria"),
        ("ARCHIVO_TIMEZONE", "America", "no se conoce la zona horaria"),
        ("ARCHIVO_FIXITY_POLICY", "/no.toml", "ARCHIVO_FIXITY_POLICY: «/no.toml» no se pudo leer"),
        ("ARCHIVO_FIXITY_POLICY", "{vacío}", "ARCHIVO_FIXITY_POLICY: falta la parte [otros]"),
        ("ARCHIVO_BROKER_URL", "amqps://[servidor", "ARCHIVO_BROKER_URL no tiene una dirección"),
        ("ARCHIVO_BROKER_URL", "amqp://servidor:puerto/", "ARCHIVO_BROKER_URL no tiene una dirección"),
        ("ARCHIVO_DATABASE_URL", "postgresql://servidor:99999/a", "ARCHIVO_DATABASE_URL no es una dirección bien formada"),
        ("ARCHIVO_DATABASE_URL", "mysql://servidor/archivo", "ARCHIVO_DATABASE_URL no tiene una dirección"),
        ("ARCHIVO_AUDIT_KEY", "otra cosa", "ARCHIVO_AUDIT_KEY no es una clave privada"),
        ("ARCHIVO_INVENTADA", "x", "No se conocen estas variables: ARCHIVO_INVENTADA"),
        ("ARCHIVO_PROXIES", "proxy", "«proxy» no es una dirección ni una red"),
        ("ARCHIVO_PROXIES", "10.0.0.5,", "«» no es una dirección ni una red"),
        ("ARCHIVO_PROXIES", "172.18.0.5/16", "«172.18.0.5/16» no es una dirección ni una red"),
        ("ARCHIVO_PROXIES", "*", "«*» no es una dirección ni una red"),
        ("ARCHIVO_PROXIES", "0.0.0.0/0", "son todas las direcciones"),
    ],
)
def test_what_is_unknown_weak_or_unusable_is_refused(
    home: Path, archivo: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, command: str, name: str, value: str, said: str
) -> None:
    (tmp_path / "vacío").touch()
    monkeypatch.delenv(name.removesuffix("_FILE"), raising=False)
    monkeypatch.setenv(name, value.replace("{vacío}", str(tmp_path / "vacío")))
    refused = started(archivo, command)
    assert (refused.status, said in refused.err) == (2, True), refused.err
    assert "falla del programa" not in refused.err
    assert not home.exists()


def test_the_doctor_tells_at_once_all_that_keeps_them_from_starting(archivo: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ARCHIVO_SECRET", "corto")
    monkeypatch.setenv("ARCHIVO_FIXITY_POLICY", "/no.toml")
    monkeypatch.setenv("ARCHIVO_INVENTADA", "x")
    told = archivo("doctor", "--json")
    assert told.status == 1
    found = {check["message"]: check for check in told.value["checks"] if check["name"] == "configuración"}
    assert [check["status"] for check in found.values()] == ["error"] * 3
    assert all("serve y worker no arrancan así" in check["remedy"] for check in found.values())
    assert [
        what for what in ("ARCHIVO_INVENTADA", "ARCHIVO_SECRET se podría", "«/no.toml»") if not any(what in each for each in found)
    ] == []
    (custody,) = (check for check in told.value["checks"] if check["name"] == "custodia")
    assert (custody["status"], "«/no.toml» no se pudo leer" in custody["message"]) == ("error", True)
    assert "Malformed" not in told.out


def test_the_doctor_warns_of_what_goes_unencrypted_to_another_machine(
    archivo: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ARCHIVO_REPLICAS", f"aqui={(tmp_path / 'copia').as_uri()}")
    monkeypatch.setenv("ARCHIVO_BROKER_URL", "amqp://archivo:secreta@servidor.invalid:5672/")
    (told,) = (check for check in archivo("doctor", "--json").value["checks"] if check["name"] == "conexiones sin cifrar")
    assert told["status"] == "warning"
    assert "camino: ARCHIVO_BROKER_URL." in told["message"]
    assert "secreta" not in told["message"]
    assert "red privada" in told["remedy"]
    monkeypatch.setenv("ARCHIVO_BROKER_URL", "amqp://archivo:secreta@127.0.0.1:1/")
    assert "conexiones sin cifrar" not in archivo("doctor").out


@pytest.mark.parametrize(
    ("name", "address", "told"),
    [
        ("ARCHIVO_DATABASE_URL", "postgresql://a:b@bd.invalid/a", ["ARCHIVO_DATABASE_URL"]),
        ("ARCHIVO_DATABASE_URL", "postgresql://a:b@bd.invalid/a?sslmode=prefer", ["ARCHIVO_DATABASE_URL"]),
        ("ARCHIVO_DATABASE_URL", "postgresql://a:b@bd.invalid/a?sslmode=verify-full", []),
        ("ARCHIVO_DATABASE_URL", "postgresql:///a?host=/run/postgresql", []),
        ("ARCHIVO_STORE_URL", "s3+http://a:b@s3.invalid/a", ["ARCHIVO_STORE_URL"]),
        ("ARCHIVO_STORE_URL", "s3+https://a:b@s3.invalid/a", []),
        ("ARCHIVO_REPLICAS", "una=file:///copia otra=s3+http://a:b@s3.invalid/a", ["ARCHIVO_REPLICAS (otra)"]),
        ("ARCHIVO_INDEX_URL", "http://es.invalid:9200/a", ["ARCHIVO_INDEX_URL"]),
        ("ARCHIVO_INDEX_URL", "http://[::1]:9200/a", []),
        ("ARCHIVO_BROKER_URL", "amqps://a:b@mq.invalid/", []),
        ("ARCHIVO_INDEX_URL", "http://[es", []),
    ],
)
def test_which_addresses_go_unencrypted_to_another_machine(name: str, address: str, told: list[str]) -> None:
    assert list(unencrypted(read_settings({name: address}))) == told
