"""Several `archivo serve` of one archive, behind a proxy that sends each request to another: nobody can tell which answered."""

import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from archivo.access.services import THROTTLE_LOGIN
from tests.archivo.test_web_pages import token

from .conftest import Command

PASSWORD = "una frase para las pruebas"
SERVERS = 2


class EachInTurn(httpx.BaseTransport):
    """A proxy: requests to the archive's public name go to its servers, one after the other."""

    def __init__(self, ports: list[int]) -> None:
        self._ports = ports
        self._asked = 0
        self._to = httpx.HTTPTransport()

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        port = self._ports[self._asked % len(self._ports)]
        self._asked += 1
        address = request.url.copy_with(scheme="http", host="127.0.0.1", port=port)
        headers = {**request.headers, "X-Forwarded-For": "198.51.100.7", "X-Forwarded-Proto": "https"}
        sent = httpx.Request(request.method, address, headers=headers, stream=request.stream, extensions=request.extensions)
        return self._to.handle_request(sent)

    def close(self) -> None:
        self._to.close()


@pytest.fixture
def ports(home: Path, archivo: Command) -> Iterator[list[int]]:
    """The ports of servers of one archive, which has an archivist, ana."""
    made = archivo("user", "create", "ana", "--role", "archivist", "--full-name", "Ana Ruiz", "--password-stdin", stdin=PASSWORD)
    assert made.status == 0
    command = [sys.executable, "-m", "archivo", "serve", "--port", "0"]
    environment = os.environ | {"ARCHIVO_HOME": str(home), "ARCHIVO_WORKERS": "1"}
    serving = [subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) for _ in range(SERVERS)]
    try:
        yield [port_of(one) for one in serving]
    finally:
        for one in serving:
            one.terminate()
        for one in serving:
            one.communicate(timeout=60)


def port_of(serving: "subprocess.Popen[str]") -> int:
    assert serving.stdout is not None
    said = re.search(r"http://127\.0\.0\.1:(\d+)/", serving.stdout.readline())
    assert said
    return int(said[1])


@pytest.fixture
def browser(ports: list[int]) -> Iterator[httpx.Client]:
    with httpx.Client(transport=EachInTurn(ports), base_url="https://archivo.test", timeout=60) as client:
        yield client


def sign_in(client: httpx.Client, password: str) -> httpx.Response:
    form = {"ficha": token(client.get("/ingresar").text), "usuario": "ana", "clave": password, "volver": "/"}
    return client.post("/ingresar", data=form)


def delivered(browser: httpx.Client) -> str:
    """Sign in, hand a letter over, see it received, found and downloaded, and leave: whoever answers each time. The document."""
    assert sign_in(browser, PASSWORD).status_code == 303
    form = {"ficha": token(browser.get("/recibir").text), "acceso": "publica", "publicar": "si"}
    letter = ("oficio.txt", b"Se informa sobre la quebrada Chivatera.\n")
    received = browser.post("/recibir", data=form, files={"file": letter})
    assert received.status_code == 200
    document: str = re.findall(r"/documentos/([0-9a-f-]{36})", received.text)[0]
    ends = time.monotonic() + 60
    while "hx-get" in browser.get(f"/recibir/{document}").text:
        assert time.monotonic() < ends
        time.sleep(0.1)
    for _ in range(SERVERS):
        assert browser.get("/api/v1/search", params={"q": "chivatera"}).json()["total"] == 1
        assert browser.get(f"/documentos/{document}").status_code == 200
        assert browser.get(f"/documentos/{document}/descargar/original").content == letter[1]
    assert browser.post("/salir", data={"ficha": token(browser.get("/trabajo").text)}).status_code == 303
    for _ in range(SERVERS):
        assert browser.get("/trabajo").headers["location"].startswith("/ingresar")
    return document


def test_a_delivery_goes_through_whichever_answers(browser: httpx.Client, archivo: Command) -> None:
    kept = archivo("show", delivered(browser), "--json").value
    assert (kept["state"], kept["original"]["filename"], kept["published"]) == ("findable", "oficio.txt", True)
    assert archivo("audit", "verify").status == 0


def test_who_guesses_passwords_is_slowed_down_by_all_of_them(browser: httpx.Client) -> None:
    for _ in range(THROTTLE_LOGIN):
        assert sign_in(browser, "no es esa de verdad").status_code == 422
    for _ in range(SERVERS):
        assert sign_in(browser, PASSWORD).status_code == 429


def test_the_same_key_sent_to_two_servers_keeps_one_document(browser: httpx.Client, archivo: Command) -> None:
    made = archivo("token", "create", "--user", "ana", "--json")
    keyed = {"Authorization": f"Bearer {made.value['token']}", "Idempotency-Key": "radicado-1"}
    letter = ("oficio.txt", b"Se informa sobre la quebrada Chivatera.\n")
    answers = [browser.post("/api/v1/documents", headers=keyed, files={"file": letter}) for _ in range(SERVERS)]
    assert [answer.status_code for answer in answers] == [202] * SERVERS
    assert len({answer.json()["documents"][0]["id"] for answer in answers}) == 1
