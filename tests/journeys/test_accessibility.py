"""Every page, light and dark, wide and narrow: nothing that axe-core finds, nothing wider than the screen, no complaint of the browser."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from tests.journeys.conftest import PASSWORD, Site, Watch
from tests.journeys.pictures import sign_in

pytestmark = pytest.mark.browser

AXE = Path(__file__).parents[2] / "node_modules" / "axe-core" / "axe.min.js"
PUBLIC = (
    "/",
    "/buscar?q=resolucion",
    "/buscar?q=zzzz",
    "/buscar?q=&desde=1900&hasta=1999",
    "/ayuda",
    "/diseno",
    "/ingresar",
    "/no-existe",
)
DELETIONS = ("/custodia/eliminaciones", "/custodia/eliminaciones/pedir")
MIGRATIONS = ("/custodia/migraciones", "/custodia/migraciones/prever", "/custodia/migraciones/prever?riesgo=bajo")
CUSTODY = ("/custodia", "/custodia/formatos", "/custodia/formatos?orden=-tamano", *DELETIONS, *MIGRATIONS)
STAFF = ("/trabajo", "/documentos", "/documentos?orden=-titulo&situacion=fallido", "/recibir", "/clasificar", "/trd", "/mi-clave", *CUSTODY)
OPERATOR = ("/trabajos", "/trabajos?estado=done&orden=-cambio", "/personas")
TABS = ("texto", "descripcion", "contexto", "integridad")


def judge(page: Page, address: str) -> list[str]:
    """What is wrong with the page of an address, in words."""
    page.goto(address, wait_until="load")
    return examine(page, address)


def examine(page: Page, address: str) -> list[str]:
    """What is wrong with the page that is open, in words."""
    page.evaluate("document.fonts.ready")
    page.evaluate(AXE.read_text("utf-8"))
    found = page.evaluate("axe.run(document, {runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice']})")
    wrong = [f"{address}: {v['id']}: {v['nodes'][0]['html'][:160]}" for v in found["violations"]]
    if page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth + 1"):
        wrong.append(f"{address}: wider than the screen")
    return wrong


@pytest.fixture(params=[(1440, "light"), (1440, "dark"), (360, "light"), (360, "dark")], ids=lambda p: f"{p[0]}-{p[1]}")
def narrow_or_wide(request: pytest.FixtureRequest, browser: Browser, watch: Watch) -> Iterator[Page]:
    if not AXE.is_file():
        pytest.skip("not run: axe-core is not installed (npm ci)")
    width, scheme = request.param
    with browser.new_context(viewport={"width": width, "height": 900}, color_scheme=scheme, locale="es-CO") as context:
        watch.over(context)
        yield context.new_page()


def test_public_pages(narrow_or_wide: Page, site: Site) -> None:
    page = narrow_or_wide
    wrong = [each for address in PUBLIC for each in judge(page, site.address + address)]
    page.goto(f"{site.address}/buscar?q=resolucion")
    document = page.locator("article.hit h2 a").first.get_attribute("href")
    wrong += [each for tab in TABS for each in judge(page, f"{site.address}{document}&ver={tab}")]
    assert not wrong


def test_pages_of_the_archivist(narrow_or_wide: Page, site: Site) -> None:
    page = narrow_or_wide
    sign_in(page, site.address, "ana", PASSWORD)
    wrong = [each for address in STAFF for each in judge(page, site.address + address)]
    page.goto(f"{site.address}/buscar?q=resolucion")
    document = (page.locator("article.hit h2 a").first.get_attribute("href") or "").partition("?")[0]
    addresses = [f"{document}/editar", document.replace("/documentos/", "/clasificar/"), f"{document}?ver=contexto"]
    page.goto(f"{site.address}/trd")
    addresses.append(page.locator("tbody a").first.get_attribute("href") or "")
    wrong += [each for address in addresses for each in judge(page, site.address + address)]
    assert not wrong


def test_pages_of_the_operator(narrow_or_wide: Page, site: Site) -> None:
    page = narrow_or_wide
    sign_in(page, site.address, "olga", PASSWORD)
    assert not [each for address in OPERATOR for each in judge(page, site.address + address)]
