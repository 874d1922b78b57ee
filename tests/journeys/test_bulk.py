"""Several documents are chosen and acted on with the keyboard, and on a phone without scripts; the pages bear being looked at."""

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.journeys.conftest import PASSWORD, Site
from tests.journeys.pictures import sign_in
from tests.journeys.test_accessibility import examine, narrow_or_wide  # noqa: F401 - the fixture

pytestmark = pytest.mark.browser


def test_with_the_keyboard_alone(ana: Page, site: Site) -> None:
    ana.goto(f"{site.address}/documentos?orden=titulo")
    ana.keyboard.press("j")
    ana.keyboard.press("x")
    ana.keyboard.press("j")
    ana.keyboard.press("x")
    expect(ana.locator("#marcados")).to_have_text("Los marcados (2)")
    titles = ana.locator("tbody th a").all_inner_texts()[:2]
    ana.keyboard.press("x")
    expect(ana.locator("#marcados")).to_have_text("El marcado (1)")
    ana.keyboard.press("x")
    ana.keyboard.press("a")
    ana.keyboard.type("Fijar")
    ana.keyboard.press("Tab")
    ana.keyboard.press("Enter")
    ana.keyboard.press("Tab")
    expect(ana.get_by_role("heading", level=1)).to_have_text("Fijar el tipo de documento")
    ana.get_by_label("Tipo de documento").focus()
    ana.keyboard.type("Pieza de teclado")
    ana.keyboard.press("Enter")
    expect(ana.get_by_text("Todavía no ha cambiado nada")).to_be_visible()
    assert ana.locator("tbody th a").all_inner_texts() == titles
    ana.get_by_role("button", name="Cambiar el tipo de 2 documentos").focus()
    ana.keyboard.press("Enter")
    expect(ana.get_by_text("2 documentos cambiados de tipo.")).to_be_visible()
    ana.get_by_role("button", name="Deshacer").focus()
    ana.keyboard.press("Enter")
    ana.get_by_role("button", name="Cambiar el tipo de 2 documentos").focus()
    ana.keyboard.press("Enter")
    expect(ana.get_by_text("deshace otro acto")).to_be_visible()
    ana.goto(f"{site.address}/documentos?tipo=Pieza+de+teclado")
    expect(ana.get_by_text("No hay documentos que mostrar")).to_be_visible()


def test_one_tick_marks_the_whole_page(ana: Page, site: Site) -> None:
    ana.goto(f"{site.address}/documentos")
    listed = ana.locator("tbody tr").count()
    assert listed >= 3
    ana.get_by_label("Marcar todos los de esta página").check()
    expect(ana.locator("#marcados")).to_have_text(f"Los marcados ({listed})")
    ana.locator('tbody input[type="checkbox"]').first.uncheck()
    expect(ana.get_by_label("Marcar todos los de esta página")).to_have_js_property("indeterminate", True)


def test_a_phone_without_scripts(browser: Browser, site: Site) -> None:
    with browser.new_context(viewport={"width": 360, "height": 800}, java_script_enabled=False, locale="es-CO") as context:
        page = context.new_page()
        sign_in(page, site.address, "ana", PASSWORD)
        page.goto(f"{site.address}/documentos?situacion=publicado")
        listed = page.locator("tbody tr").count()
        assert listed >= 3
        page.get_by_label("de esta página").check()
        page.select_option("#accion", "retirar")
        page.get_by_role("button", name="Ver qué pasará").click()
        page.get_by_role("button", name=f"Retirar {listed} documentos").click()
        expect(page.get_by_text(f"{listed} documentos retirados.")).to_be_visible()
        page.get_by_role("button", name="Deshacer").click()
        page.get_by_role("button", name=f"Publicar {listed} documentos").click()
        expect(page.get_by_text(f"{listed} documentos publicados.")).to_be_visible()


def test_its_pages_bear_axe(narrow_or_wide: Page, site: Site) -> None:  # noqa: F811  # a fixture that is imported
    page = narrow_or_wide
    sign_in(page, site.address, "ana", PASSWORD)
    wrong = []
    for act in ("asignar-clase", "confirmar-clase"):
        page.goto(f"{site.address}/documentos")
        page.locator('tbody input[type="checkbox"]').first.check()
        page.select_option("#accion", act)
        page.get_by_role("button", name="Ver qué pasará").click()
        wrong += examine(page, act)
    page.goto(f"{site.address}/documentos")
    page.locator('input[value="pagina"]').check()
    page.select_option("#accion", "fijar-tipo")
    page.get_by_role("button", name="Ver qué pasará").click()
    page.get_by_label("Tipo de documento").fill("Resolución")
    page.get_by_role("button", name="Ver qué pasará").click()
    wrong += examine(page, "preview")
    page.get_by_role("button", name="Cambiar el tipo de").click()
    wrong += examine(page, "result")
    page.get_by_role("button", name="Deshacer").click()
    wrong += examine(page, "undo")
    page.get_by_role("button", name="Cambiar el tipo de").click()
    page.goto(f"{site.address}/documentos/lotes")
    wrong += examine(page, "list")
    assert not wrong
