"""The operators' guide agrees with the program and with docker-compose.yml, and what it says to type does what it says."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from archivo.database import CONNECTIONS
from archivo.jobs import Queue
from archivo.settings import KNOWN, read_settings
from tests.architecture.source import ROOT
from tests.architecture.test_compose import COMPOSE, SERVICES, TEXT, WORKERS, environment_of

SERVERS = (ROOT / "docs/operadores/servidores.md").read_text("utf-8")
OPERATING = (ROOT / "docs/operadores/operar.md").read_text("utf-8")


def blocks(text: str) -> list[str]:
    return re.findall(r"^```\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)


@pytest.mark.skipif(shutil.which("openssl") is None, reason="not run: openssl is not installed")
def test_secrets_made_as_it_says_are_those_of_compose_and_serve(tmp_path: Path) -> None:
    (making,) = [block for block in blocks(SERVERS) if block.startswith("mkdir -m 0700 secrets\n")]
    subprocess.run(["sh", "-eu"], input=making, text=True, cwd=tmp_path, check=True, capture_output=True)
    made = tmp_path / "secrets"
    assert {path.name for path in made.iterdir()} == set(COMPOSE["secrets"])
    assert made.stat().st_mode & 0o777 == 0o700
    assert {path.stat().st_mode & 0o777 for path in made.iterdir()} == {0o444}
    given = environment_of("web")
    within = {name: value.replace("/run/secrets", str(made)) for name, value in given.items()}
    settings = read_settings({**within, "ARCHIVO_HOME": str(tmp_path / "casa")})
    assert settings.unknown == ()
    assert settings.database_url == f"postgresql://archivo:{(made / 'postgres').read_text().strip()}@postgres:5432/archivo"
    assert settings.store_url == f"s3+http://archivo:{(made / 'store').read_text().strip()}@store:7070/archivo"
    assert settings.broker_url == f"amqp://archivo:{(made / 'rabbitmq').read_text().strip()}@rabbitmq:5672/"
    assert {address.partition("@")[2].partition(":")[0] for address in (settings.database_url, settings.store_url)} <= set(SERVICES)


def test_it_names_every_queue_and_leaves_none_without_hands() -> None:
    assert set(re.findall(r"^\| `([a-z]+)` \| [a-z]", SERVERS, re.MULTILINE)) == set(Queue)
    split = {queue for told in re.findall(r"--queues ([a-z,]+)`", SERVERS) for queue in told.split(",")}
    assert split == set(Queue)
    assert all(f"`{name}`" in SERVERS for name in WORKERS)


def test_its_sum_of_connections_is_that_of_the_compose_file() -> None:
    (sum_,) = re.findall(r"^> \((.*)\) × (\d+) \+ (\d+) = (\d+)$", SERVERS, re.MULTILINE)
    processes = sum(int(number) for number in re.findall(r"\d+", sum_[0]))
    assert int(sum_[1]) == CONNECTIONS
    assert processes * CONNECTIONS + int(sum_[2]) == int(sum_[3])
    scales = dict(re.findall(r"--scale (\w+)=(\d+)", TEXT))
    assert {f"{number} `{name}`" for name, number in scales.items()} <= set(re.findall(r"\d+ `\w+`", sum_[0]))
    (most,) = re.findall(r"max_connections=(\d+)", TEXT)
    assert f"en `docker-compose.yml` es {most}" in SERVERS


def test_it_names_no_variable_that_the_program_does_not_know_and_no_image_that_is_not_used() -> None:
    assert set(re.findall(r"ARCHIVO_[A-Z_]+[A-Z]", SERVERS + OPERATING)) <= set(KNOWN)
    images = {service["image"] for service in SERVICES.values() if "image" in service}
    assert set(re.findall(r"`([a-z/]+:[v\d.]+)`", OPERATING)) == images
