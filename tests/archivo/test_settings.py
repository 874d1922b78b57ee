"""Where the configuration comes from, and how a bad one is told."""

from contextlib import closing
from pathlib import Path
from threading import Barrier, Thread

import pytest

from archivo.assembly import open_database
from archivo.errors import Malformed
from archivo.settings import SettingsError, read_settings
from archivo.starting import read_secret


def test_the_environment_comes_before_the_file(tmp_path: Path) -> None:
    config = tmp_path / "archivo.toml"
    config.write_text('ARCHIVO_ENTITY_CODE = "CO.1"\nARCHIVO_WORKERS = 7\nARCHIVO_TIMEZONE = "UTC"\nARCHIVO_OTRA = "x"\n')
    settings = read_settings({"ARCHIVO_CONFIG": str(config), "ARCHIVO_ENTITY_CODE": "CO.2"})
    assert (settings.entity_code, settings.workers, settings.timezone) == ("CO.2", 7, "UTC")
    assert settings.unknown == ("ARCHIVO_OTRA",)


def test_a_secret_may_lie_in_a_file(tmp_path: Path) -> None:
    (tmp_path / "bd").write_text("postgresql://archivo:clave@bd/archivo\n")
    settings = read_settings({"ARCHIVO_DATABASE_URL_FILE": str(tmp_path / "bd")})
    assert settings.database_url == "postgresql://archivo:clave@bd/archivo"
    assert settings.unknown == ()


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("ARCHIVO_CONFIG", "ARCHIVO_WORKERS = [", "TOML"),
        ("ARCHIVO_CONFIG", 'DATABASE_URL = "x"', "DATABASE_URL"),
        ("ARCHIVO_CONFIG", "ARCHIVO_WORKERS = true", "ARCHIVO_WORKERS"),
        ("ARCHIVO_SECRET_FILE", None, "no se pudo leer"),
    ],
)
def test_a_file_that_cannot_be_used_is_named(tmp_path: Path, name: str, content: str | None, said: str) -> None:
    path = tmp_path / "archivo.conf"
    if content is not None:
        path.write_text(content)
    with pytest.raises(SettingsError, match=said):
        read_settings({name: str(path)})


def test_a_value_given_twice_is_refused_and_not_shown(tmp_path: Path) -> None:
    (tmp_path / "s").write_text("x" * 40)
    with pytest.raises(SettingsError) as refusal:
        read_settings({"ARCHIVO_SECRET": "y" * 40, "ARCHIVO_SECRET_FILE": str(tmp_path / "s")})
    assert "yyy" not in str(refusal.value)


def test_a_password_given_for_an_address_is_not_repeated() -> None:
    with pytest.raises(Malformed) as told:
        open_database("ARCHIVO_DATABASE_URL", "clave-muy-secreta")
    assert "ARCHIVO_DATABASE_URL" in str(told.value)
    assert "clave-muy-secreta" not in str(told.value)


def test_a_secret_that_was_cut_short_is_never_used(tmp_path: Path) -> None:
    settings = read_settings({"ARCHIVO_HOME": str(tmp_path)})
    (tmp_path / "secret").touch()
    with pytest.raises(Malformed):
        read_secret(settings)


def test_processes_that_start_at_once_have_one_secret(tmp_path: Path) -> None:
    settings = read_settings({"ARCHIVO_HOME": str(tmp_path)})
    together = Barrier(8)
    secrets: list[str] = []

    def start() -> None:
        together.wait()
        secrets.append(read_secret(settings))

    crew = [Thread(target=start) for _ in range(8)]
    for thread in crew:
        thread.start()
    for thread in crew:
        thread.join()
    assert len(set(secrets)) == 1
    assert len(secrets[0]) >= 32
    assert [path.name for path in tmp_path.iterdir()] == ["secret"]
    assert (tmp_path / "secret").stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("password", ["cla#ve", "cla/ve", "cla?ve", "cla[ve", "cla%40ve"])
def test_whatever_a_password_holds_the_address_of_the_database_is_taken(password: str) -> None:
    with closing(open_database("ARCHIVO_DATABASE_URL", f"postgresql://archivo:{password}@servidor:5432/archivo")) as database:
        assert (database.engine.url.host, database.engine.url.port) == ("servidor", 5432)
