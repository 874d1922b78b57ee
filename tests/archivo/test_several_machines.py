"""Two webs and a worker on four real servers, with homes of their own: the addresses and two secrets are all that they share."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import httpx
import pytest

from tests.brokers import RabbitMQ
from tests.elastic_servers import ElasticServer
from tests.faults.scenes import Servers
from tests.faults.site import audit_key
from tests.s3_servers import S3Server
from tests.servers import Postgres

from .test_several_servers import PASSWORD, EachInTurn, delivered, port_of

pytestmark = pytest.mark.servers
MACHINES = ("una", "otra", "obrera")


def ran(environment: dict[str, str], *words: str, said: str = "") -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-m", "archivo", *words]
    return subprocess.run(command, env=environment, input=said, capture_output=True, text=True, timeout=240)


@pytest.fixture
def machines(
    postgres: Postgres, versitygw: S3Server, elastic: ElasticServer, rabbitmq: RabbitMQ, tmp_path: Path
) -> Iterator[list[dict[str, str]]]:
    """The environments of the machines; one of them has named ana."""
    with Servers(postgres, versitygw, elastic, rabbitmq).addresses() as addresses:
        shared = {
            **{name: value for name, value in os.environ.items() if not name.startswith("ARCHIVO_")},
            **addresses,
            "ARCHIVO_SECRET": "un secreto de estas pruebas, el mismo en todas",
            "ARCHIVO_AUDIT_KEY": audit_key(),
            "ARCHIVO_WORKERS": "1",
        }
        each = [{**shared, "ARCHIVO_HOME": str(tmp_path / name)} for name in MACHINES]
        named = ("user", "create", "ana", "--role", "archivist", "--full-name", "Ana Ruiz", "--password-stdin")
        done = ran(each[0], *named, said=PASSWORD)
        assert done.returncode == 0, done.stderr
        yield each


def test_nobody_can_tell_which_machine_answered(machines: list[dict[str, str]]) -> None:
    serve, work = ([sys.executable, "-m", "archivo", *words] for words in (("serve", "--port", "0"), ("worker", "--while-input")))
    with ExitStack() as ending:
        crew = subprocess.Popen(work, env=machines[2], stdin=subprocess.PIPE)
        ending.callback(crew.communicate, timeout=60)
        ports = []
        for machine in machines[:2]:
            web = subprocess.Popen(serve, env=machine, stdout=subprocess.PIPE, text=True)
            ending.callback(web.communicate, timeout=60)
            ending.callback(web.terminate)
            ports.append(port_of(web))
        browser = httpx.Client(transport=EachInTurn(ports), base_url="https://archivo.test", timeout=60)
        document = delivered(ending.enter_context(browser))
    assert {json.loads(ran(machine, "show", document, "--json").stdout)["state"] for machine in machines} == {"findable"}
    assert {ran(machine, "audit", "verify").returncode for machine in machines} == {0}
    assert sorted(path.name for machine in machines for path in Path(machine["ARCHIVO_HOME"]).glob("*secret*")) == []


def test_a_machine_to_which_only_the_addresses_were_told_does_not_serve(machines: list[dict[str, str]]) -> None:
    web = subprocess.Popen([sys.executable, "-m", "archivo", "serve", "--port", "0"], env=machines[0], stdout=subprocess.PIPE, text=True)
    try:
        port_of(web)
        alone = {name: value for name, value in machines[1].items() if name not in ("ARCHIVO_SECRET", "ARCHIVO_AUDIT_KEY")}
        refused = {
            "La clave que firma la bitácora falta": ran(alone, "serve", "--port", "0"),
            "El secreto de las sesiones falta": ran({**machines[1], "ARCHIVO_SECRET": ""}, "serve", "--port", "0"),
        }
        assert {said: (each.returncode, said in each.stderr) for said, each in refused.items()} == dict.fromkeys(refused, (1, True))
        assert "secretos compartidos: La clave que firma la bitácora falta" in ran(alone, "doctor").stdout
    finally:
        web.terminate()
        web.communicate(timeout=60)
