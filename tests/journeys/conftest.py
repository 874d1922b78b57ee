"""A running archive with a few documents, people and a TRD, and a real browser to look at it."""

import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, Response, sync_playwright

from tests.journeys.pictures import CHROMIUM, FLAGS, sign_in

CORPUS = Path(__file__).parents[2] / "archivo" / "demo" / "corpus"
TRD = CORPUS.parent / "trd.csv"
PASSWORD = "una frase para las pruebas"
PUBLISHED = ("02-resolucion-alumbrado-1948.pdf", "06-resolucion-inventario-2023.pdf", "13-nota-tranvia-1929.txt")


@dataclass(frozen=True)
class Site:
    """A running archive: where it answers and where it lives."""

    address: str
    home: Path

    def command(self, *words: str, stdin: str = "") -> str:
        """Run a command of the archive on this home; what it printed."""
        return archivo(self.home, *words, stdin=stdin)


def archivo(home: Path, *words: str, stdin: str = "") -> str:
    environment = {k: v for k, v in os.environ.items() if not k.startswith("ARCHIVO_")} | {"ARCHIVO_HOME": str(home)}
    ran = subprocess.run(
        [sys.executable, "-m", "archivo", *words], input=stdin, env=environment, capture_output=True, text=True, timeout=300
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr
    return ran.stdout


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """An archive of three published documents, a TRD, an archivist (ana) and an operator (olga)."""
    home = tmp_path_factory.mktemp("casa")
    archivo(home, "user", "create", "ana", "--role", "archivist", "--full-name", "Ana Ruiz", "--password-stdin", stdin=PASSWORD)
    archivo(home, "user", "create", "olga", "--role", "operator", "--full-name", "Olga Paz", "--password-stdin", stdin=PASSWORD)
    archivo(home, "trd", "import", str(TRD))
    folder = tmp_path_factory.mktemp("entrega")
    manifest = folder / "manifiesto.csv"
    lines = (CORPUS / "manifest.csv").read_text("utf-8").splitlines()
    kept = [line for line in lines if line.startswith(("path,", *PUBLISHED))]
    for name in PUBLISHED:
        shutil.copy(CORPUS / name, folder)
    manifest.write_text("\n".join(kept) + "\n", "utf-8")
    archivo(home, "deposit", "--manifest", str(manifest), "--wait")
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    environment = {k: v for k, v in os.environ.items() if not k.startswith("ARCHIVO_")} | {"ARCHIVO_HOME": str(home)}
    with (home / "serve.log").open("wb") as log:
        server = subprocess.Popen(
            [sys.executable, "-m", "archivo", "serve", "--port", str(port)], env=environment, stdout=log, stderr=subprocess.STDOUT
        )
    try:
        wait_for(f"http://127.0.0.1:{port}/ayuda", server)
        yield Site(f"http://127.0.0.1:{port}", home)
    finally:
        server.terminate()
        server.wait(60)


def wait_for(address: str, server: "subprocess.Popen[bytes]") -> None:
    for _ in range(600):
        assert server.poll() is None, "the server ended by itself"
        try:
            if httpx.get(address).status_code == 200:
                return
        except httpx.TransportError:
            time.sleep(0.1)
    raise AssertionError("the server does not answer")


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    if not CHROMIUM.exists():
        pytest.skip("not run: there is no Chromium here (make test-browser installs it)")
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=str(CHROMIUM), args=FLAGS)
        yield launched
        launched.close()


@dataclass
class Watch:
    """Everything a page did that none of ours may do."""

    complaints: list[str] = field(default_factory=list)

    def over(self, context: BrowserContext) -> None:
        context.on("console", self._heard)
        context.on("response", self._answered)
        context.on("weberror", lambda error: self._note("error", str(error.error)))
        context.on("request", lambda request: self._note("policy report", request.url) if "csp-informes" in request.url else None)

    def _heard(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning") and not message.text.startswith("Failed to load resource"):
            self._note("console", message.text)

    def _answered(self, response: Response) -> None:
        """A page may be an error page, by design; a piece of a page may not."""
        if response.status >= 400 and not response.request.is_navigation_request():
            self._note(f"status {response.status}", response.url)

    def _note(self, kind: str, text: str) -> None:
        self.complaints.append(f"{kind}: {text}")


@pytest.fixture
def watch() -> Iterator[Watch]:
    """Fails the test when a page complained in the console, threw, or broke its own security policy."""
    watching = Watch()
    yield watching
    assert not watching.complaints


@pytest.fixture
def citizen(browser: Browser, watch: Watch) -> Iterator[Page]:
    """A page of somebody who has not signed in."""
    with browser.new_context(viewport={"width": 1440, "height": 900}, locale="es-CO") as context:
        watch.over(context)
        yield context.new_page()


@pytest.fixture
def ana(browser: Browser, watch: Watch, site: Site) -> Iterator[Page]:
    """A page of the archivist, signed in."""
    with browser.new_context(viewport={"width": 1440, "height": 900}, locale="es-CO") as context:
        watch.over(context)
        page = context.new_page()
        sign_in(page, site.address, "ana", PASSWORD)
        yield page
