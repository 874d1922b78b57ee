"""Machines with homes of their own and one database: those whose secrets are not the archive's do not start, and say what to do."""

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from contextlib import suppress
from functools import partial
from pathlib import Path

import pytest

from archivo.assembly import opened
from archivo.audit.sharing import check_shared, share
from archivo.settings import read_settings
from archivo.starting import known_secret, read_secret
from tests.archivo.test_several_servers import port_of

DATABASE = "ARCHIVO_DATABASE_URL"


class Machine:
    """A home of its own, on a database that others share."""

    def __init__(self, home: Path, database: str) -> None:
        self.home = home
        self._environment = {**os.environ, "ARCHIVO_HOME": str(home), "ARCHIVO_WORKERS": "1", DATABASE: database}

    def ran(self, *words: str, **more: str) -> "subprocess.CompletedProcess[str]":
        """A command to its end; a worker ends with its input, which is empty."""
        return subprocess.run(self._command(*words), env=self._environment | more, input="", capture_output=True, text=True, timeout=120)

    def serving(self) -> "subprocess.Popen[str]":
        command = self._command("serve", "--port", "0")
        return subprocess.Popen(command, env=self._environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

    def serves(self) -> None:
        """Begin to serve, and end."""
        web = self.serving()
        try:
            assert port_of(web)
        finally:
            web.terminate()
            web.communicate(timeout=60)

    def refuses(self) -> str:
        """What it says instead of serving."""
        refused = self.ran("serve", "--port", "0")
        assert refused.returncode == 1, refused.stdout
        return refused.stderr

    def takes(self, other: "Machine", *names: str) -> None:
        """The files of another home."""
        for name in names:
            shutil.copy(other.home / name, self.home / name)

    def _command(self, *words: str) -> list[str]:
        return [sys.executable, "-m", "archivo", *words]


@pytest.fixture
def machines(home: Path, tmp_path: Path) -> tuple[Machine, Machine]:
    database = os.environ.get(DATABASE) or f"sqlite:///{tmp_path / 'compartida.db'}"
    return Machine(tmp_path / "una", database), Machine(tmp_path / "otra", database)


def test_a_second_machine_starts_with_the_secrets_of_the_first_and_no_others(machines: tuple[Machine, Machine]) -> None:
    one, other = machines
    one.serves()
    said = other.refuses()
    assert "La clave que firma la bitácora falta" in said
    assert "ARCHIVO_AUDIT_KEY" in said
    other.takes(one, "audit.key")
    said = other.refuses()
    assert "El secreto de las sesiones falta" in said
    assert "ARCHIVO_SECRET" in said
    assert not (other.home / "secret").exists()  # one that is made is one more to take away
    other.takes(one, "secret")
    other.serves()
    one.serves()
    assert one.ran("audit", "verify").returncode == 0


def test_a_worker_needs_the_key_and_no_secret_but_not_another(machines: tuple[Machine, Machine]) -> None:
    one, other = machines
    one.serves()
    other.home.mkdir()
    other.takes(one, "audit.key")
    assert other.ran("worker", "--while-input").returncode == 0
    assert not (other.home / "secret").exists()
    refused = other.ran("worker", "--while-input", ARCHIVO_SECRET="el de otra máquina, bastante largo y variado")
    assert (refused.returncode, "El secreto de las sesiones no es el de este archivo" in refused.stderr) == (1, True)
    (other.home / "audit.key").unlink()
    assert "falta" in other.ran("worker", "--while-input").stderr


def test_who_signed_last_is_known_before_anybody_served(machines: tuple[Machine, Machine]) -> None:
    one, other = machines
    assert one.ran("user", "create", "ana", "--role", "archivist").returncode == 0
    assert "La clave que firma la bitácora falta" in other.refuses()


def test_of_two_that_start_at_once_with_secrets_of_their_own_one_serves(machines: tuple[Machine, Machine]) -> None:
    assert machines[0].ran("jobs").returncode == 0  # the tables
    webs = [machine.serving() for machine in machines]
    ended: Mapping[int, str] = {}
    try:
        first, second = webs
        said = [web.stdout.readline() for web in webs if web.stdout]
        assert sorted(bool(line) for line in said) == [False, True]
        refused = first if not said[0] else second
        ended = {refused.wait(60): refused.communicate()[1]}
    finally:
        for web in webs:
            web.terminate()
            with suppress(ValueError):
                web.communicate(timeout=60)
    assert list(ended) == [1]
    assert "serve y worker no arrancan así" in next(iter(ended.values()))


def test_who_starts_is_not_refused_because_another_of_its_home_is_remembered_meanwhile(home: Path) -> None:
    settings = read_settings({"ARCHIVO_HOME": str(home)})
    with opened(settings) as archive:

        def read_just_before_the_other_made_it() -> str | None:
            own = known_secret(settings)
            share(archive, read_secret(settings))
            return own

        check_shared(archive, read_just_before_the_other_made_it, serves=True)
        check_shared(archive, partial(known_secret, settings), serves=True)


def test_secrets_that_were_renewed_are_told_once(machines: tuple[Machine, Machine]) -> None:
    one, other = machines
    one.serves()
    assert one.ran("secrets").returncode == 0
    (one.home / "secret").unlink()
    assert "El secreto de las sesiones falta" in one.refuses()
    assert one.ran("secrets", "--adopt").returncode == 0
    one.serves()
    other.home.mkdir()
    (other.home / "secret").write_text("x" * 20 + "y otro que no es de este archivo")
    other.takes(one, "audit.key")
    told = other.ran("doctor")
    assert (told.returncode, "error  secretos compartidos: El secreto de las sesiones no es el de este archivo" in told.stdout) == (1, True)
    assert "archivo secrets --adopt" in told.stdout
    assert other.ran("secrets").returncode == 1
    assert "bien   secretos compartidos" in one.ran("doctor").stdout
    assert one.ran("audit", "verify").returncode == 0
