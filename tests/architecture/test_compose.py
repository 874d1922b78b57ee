"""docker-compose.yml and Dockerfile agree with the program, as far as can be told without containers."""

import argparse
import re
from typing import Any

import pytest
import yaml

from archivo.commands import running
from archivo.jobs import Queue
from archivo.settings import KNOWN
from tests.architecture.source import ROOT

COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text("utf-8"))
DOCKERFILE = (ROOT / "Dockerfile").read_text("utf-8")
OURS = [name for name, service in COMPOSE["services"].items() if service.get("build") == "."]


def test_every_variable_is_one_that_the_program_knows() -> None:
    given = {name for service in OURS for name in COMPOSE["services"][service]["environment"]}
    assert given
    assert given <= set(KNOWN)
    assert set(re.findall(r"ARCHIVO_\w+", DOCKERFILE)) <= set(KNOWN)


def test_what_is_used_is_declared_and_what_is_declared_is_used() -> None:
    services = COMPOSE["services"]
    secrets = {name for service in services.values() for name in service.get("secrets", [])}
    volumes = {volume.partition(":")[0] for service in services.values() for volume in service.get("volumes", []) if ":" in volume}
    assert secrets == set(COMPOSE["secrets"])
    assert volumes == set(COMPOSE["volumes"])


def test_no_secret_stands_in_the_files() -> None:
    for service in COMPOSE["services"].values():
        for name, value in service.get("environment", {}).items():
            assert "PASS" not in name or name.endswith("_FILE"), name
            assert "@" not in str(value)


def test_who_waits_for_a_healthy_server_waits_for_one_that_tells() -> None:
    for service in COMPOSE["services"].values():
        for name, wait in service.get("depends_on", {}).items():
            assert wait["condition"] != "service_healthy" or "healthcheck" in COMPOSE["services"][name], name


def test_every_container_has_its_limit_and_ours_can_do_little_else() -> None:
    for name, service in COMPOSE["services"].items():
        assert service["deploy"]["resources"]["limits"]["memory"], name
    for name in OURS:
        assert COMPOSE["services"][name]["cap_drop"] == ["ALL"]
        assert COMPOSE["services"][name]["read_only"] is True
    assert re.search(r"^USER archivo$", DOCKERFILE, re.MULTILINE)


@pytest.mark.parametrize("name", OURS)
def test_its_command_is_one_of_the_program(name: str) -> None:
    command, *options = COMPOSE["services"][name]["command"]
    parser = argparse.ArgumentParser()
    running.COMMANDS[command](parser)
    read = vars(parser.parse_args(options))
    if command == "serve":
        assert [f"127.0.0.1:{read['port']}:{read['port']}"] == COMPOSE["services"][name]["ports"]
    else:
        assert set(read["queues"].split(",")) <= set(Queue)


def test_every_queue_has_a_worker() -> None:
    commands = [COMPOSE["services"][name]["command"] for name in OURS if COMPOSE["services"][name]["command"][0] == "worker"]
    worked = {queue for command in commands for queue in command[command.index("--queues") + 1].split(",")}
    assert worked == set(Queue)
