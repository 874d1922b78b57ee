"""A running archive with a few documents, people and a TRD, and a real browser to look at it."""

import shutil
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, Response, sync_playwright

from tests.brokers import rabbitmq_server
from tests.faults.scenes import Servers
from tests.faults.site import WEB, WORKERS, audit_key
from tests.faults.site import Site as Running
from tests.journeys.pictures import CHROMIUM, FLAGS, sign_in

CORPUS = Path(__file__).parents[2] / "archivo" / "demo" / "corpus"
TRD = CORPUS.parent / "trd.csv"
PASSWORD = "una frase para las pruebas"
PUBLISHED = ("02-resolucion-alumbrado-1948.pdf", "06-resolucion-inventario-2023.pdf", "13-nota-tranvia-1929.txt")


EMBEDDED, SERVERS = "embedded", "servers"
ON_BOTH = pytest.mark.parametrize("site", [EMBEDDED, pytest.param(SERVERS, marks=pytest.mark.servers)], indirect=True, scope="session")
"""For journeys that are made in an archive of one home, and again in one on four real servers."""


class Site(Running):
    """A running archive: where it answers, and what it is ordered."""

    def run(self, *words: str, stdin: str = "") -> str:
        """Run a command of the archive; what it printed."""
        ran = self.order(*words, stdin=stdin)
        assert ran.returncode == 0, ran.stdout + ran.stderr
        return ran.stdout


@pytest.fixture(scope="session")
def site(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """An archive of three published documents, a TRD, an archivist (ana) and an operator (olga). Of a journey that is made ON_BOTH, also
    one on servers, whose web and worker share nothing else.
    """
    folder = tmp_path_factory.mktemp("archivo")
    with ExitStack() as ending:
        if getattr(request, "param", EMBEDDED) == SERVERS:
            broker = ending.enter_context(rabbitmq_server())  # its own: another archive's messages would come to this one's worker
            postgres, minio, elastic = map(request.getfixturevalue, ("postgres", "minio", "elastic"))
            servers = Servers(postgres, minio, elastic, broker)
            shared = {**ending.enter_context(servers.addresses()), "ARCHIVO_AUDIT_KEY": audit_key()}
            made, members = Site(folder, shared), [WEB, WORKERS[0]]
        else:
            made, members = Site(folder, {}, apart=False), [WEB]
        fill(made, tmp_path_factory.mktemp("entrega"))
        ending.callback(made.stop)
        made.start(*members)
        yield made


def fill(site: Site, folder: Path) -> None:
    site.run("user", "create", "ana", "--role", "archivist", "--full-name", "Ana Ruiz", "--password-stdin", stdin=PASSWORD)
    site.run("user", "create", "olga", "--role", "operator", "--full-name", "Olga Paz", "--password-stdin", stdin=PASSWORD)
    site.run("trd", "import", str(TRD))
    manifest = folder / "manifiesto.csv"
    lines = (CORPUS / "manifest.csv").read_text("utf-8").splitlines()
    kept = [line for line in lines if line.startswith(("path,", *PUBLISHED))]
    for name in PUBLISHED:
        shutil.copy(CORPUS / name, folder)
    manifest.write_text("\n".join(kept) + "\n", "utf-8")
    site.run("deposit", "--manifest", str(manifest), "--wait")


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
