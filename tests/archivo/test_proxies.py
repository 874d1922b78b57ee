"""A web behind a proxy of another machine: who asks is the person whom the proxy names, and nobody else is believed."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from archivo.access.services import THROTTLE_ADDRESS
from tests.archivo.test_several_servers import PASSWORD, port_of
from tests.archivo.test_web_pages import token

from .conftest import Command

PROXY, STRANGER = "127.0.0.3", "127.0.0.4"


@pytest.fixture
def port(home: Path, archivo: Command) -> Iterator[int]:
    """The port of a web that believes the proxy."""
    made = archivo("user", "create", "ana", "--role", "archivist", "--full-name", "Ana Ruiz", "--password-stdin", stdin=PASSWORD)
    assert made.status == 0
    command = [sys.executable, "-m", "archivo", "serve", "--port", "0"]
    environment = os.environ | {"ARCHIVO_HOME": str(home), "ARCHIVO_WORKERS": "1", "ARCHIVO_PROXIES": f"{PROXY}, 192.0.2.0/24"}
    serving = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True)
    try:
        yield port_of(serving)
    finally:
        serving.terminate()
        serving.communicate(timeout=60)


def asking(port: int, sender: str, named: str) -> httpx.Client:
    """Somebody who asks from an address, and says that it is for another, who came by https."""
    headers = {"X-Forwarded-For": named, "X-Forwarded-Proto": "https"}
    return httpx.Client(
        base_url=f"http://127.0.0.1:{port}", transport=httpx.HTTPTransport(local_address=sender), headers=headers, timeout=60
    )


def sign_in(client: httpx.Client, login: str, password: str) -> int:
    page = client.get("/ingresar")
    cookie = page.headers.get("set-cookie", "").partition(";")[0]  # one that is Secure is not sent back by http, as it was by https
    form = {"ficha": token(page.text), "usuario": login, "clave": password, "volver": "/"}
    return client.post("/ingresar", data=form, headers={"Cookie": cookie}).status_code


@pytest.mark.parametrize(("sender", "is_believed"), [(PROXY, True), (STRANGER, False)])
def test_only_a_proxy_that_is_named_says_that_people_came_by_https(port: int, sender: str, is_believed: bool) -> None:
    with asking(port, sender, "198.51.100.7") as client:
        page = client.get("/ingresar")
    assert ("strict-transport-security" in page.headers) is is_believed
    assert ("secure" in page.headers["set-cookie"].lower()) is is_believed


def test_guesses_are_counted_to_the_person_and_not_to_the_proxy(port: int) -> None:
    with asking(port, PROXY, "203.0.113.1, 198.51.100.7") as guessing:
        for number in range(THROTTLE_ADDRESS):
            assert sign_in(guessing, f"nadie{number}", "no es esa de verdad") == 422
        assert sign_in(guessing, "ana", PASSWORD) == 429
    for sender, named, status in (
        (PROXY, "203.0.113.9, 198.51.100.7", 429),  # who goes on lying of where they come from
        (PROXY, "198.51.100.8", 303),
        (STRANGER, "198.51.100.7", 303),  # counted as who it is
    ):
        with asking(port, sender, named) as client:
            assert sign_in(client, "ana", PASSWORD) == status, (sender, named)
