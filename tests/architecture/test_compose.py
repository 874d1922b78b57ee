"""docker-compose.yml, Caddyfile, Dockerfile and .dockerignore agree with the program, as far as can be told without containers."""

import argparse
import ipaddress
import re
from typing import Any, Final

import pytest
import yaml

from archivo.commands import running
from archivo.database import CONNECTIONS
from archivo.jobs import Queue
from archivo.processes import GRACE
from archivo.settings import KNOWN
from tests.architecture.source import ROOT

TEXT = (ROOT / "docker-compose.yml").read_text("utf-8")
COMPOSE: dict[str, Any] = yaml.safe_load(TEXT)
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
DOCKERFILE = (ROOT / "Dockerfile").read_text("utf-8")
CADDYFILE = (ROOT / "Caddyfile").read_text("utf-8")
IGNORED = [line for line in (ROOT / ".dockerignore").read_text("utf-8").splitlines() if line and not line.startswith("#")]
OURS = [name for name, service in SERVICES.items() if service.get("build") == "."]
WORKERS = [name for name in OURS if SERVICES[name]["command"][0] == "worker"]
UNTOLD: Final = {
    "worker": "serves nobody who could ask: its process is the container's and is started again when it ends; what a frozen one held "
    "is taken by another when its lease ends, and a queue without hands is told by archivo_oldest_job_seconds",
    "reader": "the same",
}
"""Services without a check of their health, and why."""
RESERVED: Final = 3
"""superuser_reserved_connections of PostgreSQL, by default."""
COMMANDS: Final = 1
"""Commands given by hand at a time, each a process like the others."""


def environment_of(name: str) -> dict[str, str]:
    return {key: str(value) for key, value in SERVICES[name].get("environment", {}).items()}


def limit_of(name: str) -> int:
    return size(SERVICES[name]["deploy"]["resources"]["limits"]["memory"])


def size(text: str) -> int:
    found = re.fullmatch(r"(\d+)([kmg])b?", text, re.IGNORECASE)
    assert found, text
    return int(found[1]) << {"k": 10, "m": 20, "g": 30}[found[2].lower()]


def seconds(text: str) -> int:
    found = re.fullmatch(r"(\d+)([sm])", text)
    assert found, text
    return int(found[1]) * {"s": 1, "m": 60}[found[2]]


def test_every_variable_is_one_that_the_program_knows() -> None:
    given = {name for service in OURS for name in environment_of(service)}
    assert given
    assert given <= set(KNOWN)
    assert set(re.findall(r"ARCHIVO_\w+", DOCKERFILE)) <= set(KNOWN)


def test_what_is_used_is_declared_and_what_is_declared_is_used() -> None:
    secrets = {name for service in SERVICES.values() for name in service.get("secrets", [])}
    configs = {each["source"] for service in SERVICES.values() for each in service.get("configs", [])}
    volumes = {volume.partition(":")[0] for service in SERVICES.values() for volume in service.get("volumes", []) if ":" in volume}
    assert secrets == set(COMPOSE["secrets"])
    assert configs == set(COMPOSE["configs"])
    assert volumes == set(COMPOSE["volumes"])


def test_no_secret_stands_in_the_files() -> None:
    for service in SERVICES:
        for name, value in environment_of(service).items():
            assert "PASS" not in name or name.endswith("_FILE"), name
            assert "@" not in value


def test_secrets_may_be_read_by_who_is_not_root() -> None:
    """Compose lends files as they are; our image and PostgreSQL's read them as users who are not their owners."""
    assert "(0700)" in TEXT
    assert "(0444)" in TEXT
    assert "0600" not in TEXT


def test_every_service_tells_its_health_or_why_it_does_not() -> None:
    assert {name for name, service in SERVICES.items() if "healthcheck" not in service} == set(UNTOLD)


def test_who_waits_for_a_server_waits_until_it_is_healthy() -> None:
    waits = [(name, wait) for service in SERVICES.values() for name, wait in service.get("depends_on", {}).items()]
    assert waits
    assert [(name, wait) for name, wait in waits if wait["condition"] != "service_healthy" or "healthcheck" not in SERVICES[name]] == []


def test_a_web_whose_broker_is_away_still_serves() -> None:
    assert "/health/live" in " ".join(SERVICES["web"]["healthcheck"]["test"])


def test_every_container_has_its_limit_and_what_is_reached_can_do_little_else() -> None:
    for name in SERVICES:
        assert limit_of(name), name
    for name in ("proxy", *OURS):
        assert SERVICES[name]["cap_drop"] == ["ALL"]
        assert SERVICES[name]["read_only"] is True
    assert re.search(r"^USER archivo$", DOCKERFILE, re.MULTILINE)


@pytest.mark.parametrize("name", OURS)
def test_its_command_is_one_of_the_program(name: str) -> None:
    command, *options = SERVICES[name]["command"]
    parser = argparse.ArgumentParser()
    running.COMMANDS[command](parser)
    read = vars(parser.parse_args(options))
    if command == "serve":
        assert f"dynamic a {name} {read['port']} " in CADDYFILE
        assert f"127.0.0.1:{read['port']}/" in " ".join(SERVICES[name]["healthcheck"]["test"])
    else:
        assert set(read["queues"].split(",")) <= set(Queue)


def test_every_queue_has_a_worker() -> None:
    commands = [SERVICES[name]["command"] for name in WORKERS]
    worked = {queue for command in commands for queue in command[command.index("--queues") + 1].split(",")}
    assert worked == set(Queue)


def test_nothing_is_published_but_the_proxy_so_that_there_may_be_any_number_of_the_others() -> None:
    assert [name for name, service in SERVICES.items() if "ports" in service] == ["proxy"]
    assert [name for name, service in SERVICES.items() if "container_name" in service] == []
    assert SERVICES["web"]["deploy"]["replicas"] > 1


def test_the_proxy_and_it_alone_is_believed() -> None:
    (network,) = COMPOSE["networks"]["default"]["ipam"]["config"]
    assert environment_of("web")["ARCHIVO_PROXIES"] == network["subnet"]
    assert ipaddress.ip_network(network["subnet"]).is_private
    assert "trusted_proxies" not in CADDYFILE


@pytest.mark.parametrize("name", OURS)
def test_how_many_jobs_it_works_at_once_is_told_by_its_share_of_processors(name: str) -> None:
    assert environment_of(name)["ARCHIVO_WORKERS"] == SERVICES[name]["deploy"]["resources"]["limits"]["cpus"]


def test_postgresql_takes_the_connections_of_as_many_processes_as_are_recommended() -> None:
    (order,) = re.findall(r"docker compose up -d (.*)", TEXT)
    scales = {name: int(number) for name, number in re.findall(r"--scale (\w+)=(\d+)", order)}
    written = {name: SERVICES[name]["deploy"].get("replicas", 1) for name in OURS}
    processes = sum(max(written[name], scales.get(name, 0)) for name in OURS)
    (most,) = [int(found[1]) for word in SERVICES["postgres"]["command"] if (found := re.fullmatch(r"max_connections=(\d+)", word))]
    assert (processes + COMMANDS) * CONNECTIONS + RESERVED <= most
    assert size(SERVICES["postgres"]["shm_size"]) > size("64m")


def test_elasticsearch_has_the_heap_with_which_it_went_on_and_room_beside_it() -> None:
    options = environment_of("elasticsearch")["ES_JAVA_OPTS"].split()
    (heap,) = {size(option[4:]) for option in options if option.startswith(("-Xms", "-Xmx"))}
    assert heap >= size("3g")
    assert 2 * heap <= limit_of("elasticsearch")
    assert "-XX:+UseG1GC" in options


def test_rabbitmq_finds_its_data_again_and_knows_its_limit() -> None:
    assert SERVICES["rabbitmq"]["hostname"]
    (told,) = re.findall(r"vm_memory_high_watermark\.absolute = (\d+)MB", COMPOSE["configs"]["rabbitmq"]["content"])
    assert int(told) * 1_000_000 < 0.7 * limit_of("rabbitmq")


@pytest.mark.parametrize("name", OURS)
def test_it_is_given_the_time_that_it_takes_to_end(name: str) -> None:
    assert GRACE + 5 < seconds(SERVICES[name]["stop_grace_period"]) <= 30


def test_the_builder_is_sent_what_the_image_copies_and_nothing_else() -> None:
    requirements = re.findall(r"requirements[\w-]*\.lock", DOCKERFILE)
    copied = {source for line in re.findall(r"^COPY (.*)$", DOCKERFILE, re.MULTILINE) for source in line.split()[:-1]}
    assert copied - {"${REQUIREMENTS}"} | set(requirements) == {line[1:] for line in IGNORED if line.startswith("!")}
    assert IGNORED[0] == "*"
    assert {"**/__pycache__", "archivo/web/static/vendor"} <= set(IGNORED)
