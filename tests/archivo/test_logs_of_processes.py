"""What a process that serves writes in its log while people use it: what happened, and nothing of who did it or what they sought."""

import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.archivo.test_several_servers import port_of
from tests.archivo.test_web_pages import token

from .conftest import Command

LOGIN, PASSWORD = "rquimbaya", "una frase para las pruebas"
PERSONAL = ("quimbaya", "rosalba", "52987654", "52.987.654", "calle 13", "clave-equivocada", PASSWORD)
"""What is of people in all that is done here, in small letters."""


@pytest.fixture
def log(tmp_path: Path) -> Path:
    return tmp_path / "serve.log"


@pytest.fixture
def site(home: Path, archivo: Command, log: Path) -> Iterator[httpx.Client]:
    """An `archivo serve` of its own, whose log goes to a file."""
    made = archivo("user", "create", LOGIN, "--role", "archivist", "--full-name", "Rosalba Quimbaya", "--password-stdin", stdin=PASSWORD)
    assert made.status == 0
    environment = os.environ | {"ARCHIVO_HOME": str(home), "ARCHIVO_WORKERS": "1", "ARCHIVO_LOG": "json"}
    with log.open("wb") as errors:
        command = [sys.executable, "-m", "archivo", "serve", "--port", "0"]
        serving = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=errors, text=True)
    try:
        with httpx.Client(base_url=f"http://127.0.0.1:{port_of(serving)}", timeout=60) as client:
            yield client
    finally:
        serving.terminate()
        serving.communicate(timeout=60)


def lines(log: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in log.read_text("utf-8").splitlines()]


def personal_in(log: Path, *more: str) -> list[str]:
    whole = log.read_text("utf-8").casefold()
    return [each for each in (*PERSONAL, *more) if each.casefold() in whole]


def sign_in(site: httpx.Client, password: str) -> int:
    form = {"ficha": token(site.get("/ingresar").text), "usuario": LOGIN, "clave": password, "volver": "/buscar?q=Rosalba+Quimbaya"}
    return site.post("/ingresar", data=form).status_code


def test_no_line_of_the_log_tells_of_a_person(site: httpx.Client, archivo: Command, log: Path) -> None:
    assert site.get("/buscar", params={"q": "Rosalba Quimbaya 52.987.654"}).status_code == 200
    assert (sign_in(site, "clave-equivocada"), sign_in(site, PASSWORD)) == (422, 303)
    cookies = [value for value in site.cookies.values() if len(value) > 8]

    form = {"ficha": token(site.get("/recibir").text), "acceso": "publica", "publicar": "si"}
    letter = ("Historia de Rosalba Quimbaya 52987654.txt", b"Rosalba Quimbaya vive en la Calle 13.\n")
    damaged = ("Rosalba Quimbaya.pdf", b"%PDF-1.7\nRosalba Quimbaya, Calle 13\n")
    received = [site.post("/recibir", data=form, files={"file": each}).text for each in (letter, damaged)]
    for document in (re.findall(r"/documentos/([0-9a-f-]{36})", each)[0] for each in received):
        ends = time.monotonic() + 120
        while "hx-get" in site.get(f"/recibir/{document}").text:
            assert time.monotonic() < ends
            time.sleep(0.1)

    key = archivo("token", "create", "--user", LOGIN, "--json").value["token"]
    keyed = {"Authorization": f"Bearer {key}"}
    assert site.get("/api/v1/search", params={"q": "Rosalba Quimbaya"}, headers=keyed).json()["total"] >= 1
    for wrong in ("/documentos/Rosalba Quimbaya", "/api/v1/documents/Rosalba Quimbaya", "/Rosalba/Quimbaya?q=52987654"):
        assert site.get(wrong, headers=keyed).status_code in (400, 404)
    assert site.get("/buscar?q=Rosalba&pagina=Quimbaya").status_code in (200, 400)
    report = {"document-uri": f"{site.base_url}/buscar?q=Rosalba+Quimbaya", "effective-directive": "script-src", "blocked-uri": "inline"}
    assert site.post("/csp-informes", json={"csp-report": report | {"script-sample": "Rosalba Quimbaya"}}).status_code == 204

    told = lines(log)
    assert {"/buscar", "/ingresar", "/recibir", "/api/v1/search", "/documentos/{document_id}"} <= {line.get("route") for line in told}
    assert any("script-src" in str(line) for line in told)
    assert personal_in(log, key, *cookies) == []


@pytest.mark.usefixtures("embedded")
def test_nor_does_one_about_a_fault(site: httpx.Client, home: Path, log: Path) -> None:
    assert sign_in(site, PASSWORD) == 303
    form = {"ficha": token(site.get("/recibir").text), "perfil": "archivist"}
    for rows in home.glob("archivo.db*"):
        rows.write_bytes(b"esto no es una base de datos")
    assert site.post(f"/personas/{LOGIN}/perfil", data=form).status_code in (500, 503)
    assert {line["level"] for line in lines(log)} & {"warning", "error"}
    assert personal_in(log) == []
