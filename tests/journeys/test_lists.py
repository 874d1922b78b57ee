"""A list is ordered by its heads and taken away, with a keyboard, on a phone and without scripts."""

import csv
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.journeys.conftest import PASSWORD, Site
from tests.journeys.pictures import sign_in

pytestmark = pytest.mark.browser


def titles(page: Page) -> list[str]:
    return page.locator("tbody th a").all_inner_texts()


def test_documents_are_ordered_by_keyboard_and_taken_away(ana: Page, site: Site) -> None:
    ana.goto(f"{site.address}/documentos")
    ana.focus("#por-titulo")
    ana.keyboard.press("Enter")
    head = ana.locator("th", has=ana.locator("#por-titulo"))
    expect(head).to_have_attribute("aria-sort", "ascending")
    upwards = titles(ana)
    ana.click("#por-titulo")
    expect(head).to_have_attribute("aria-sort", "descending")
    assert titles(ana) == upwards[::-1]
    assert len(set(upwards)) > 1
    with ana.expect_download() as download:
        ana.get_by_role("link", name="Descargar CSV").click()
    lines = list(csv.DictReader(Path(download.value.path()).read_text("utf-8-sig").splitlines()))
    assert [line["Título"] for line in lines] == upwards[::-1]


def width(page: Page, column: str) -> float:
    head = page.locator("th", has=page.locator(f"#por-{column}"))
    return float(head.evaluate("(head) => head.getBoundingClientRect().width"))


def test_columns_are_as_wide_as_one_leaves_them(ana: Page, site: Site) -> None:
    ana.goto(f"{site.address}/documentos")
    first = width(ana, "tipo")
    ana.focus("#por-tipo")
    for _ in range(3):
        ana.keyboard.press("Shift+ArrowRight")
    assert width(ana, "tipo") == pytest.approx(first + 48, abs=1)
    edge = ana.locator("th", has=ana.locator("#por-titulo")).locator(".edge").bounding_box()
    assert edge
    title = width(ana, "titulo")
    ana.mouse.move(edge["x"] + 4, edge["y"] + 8)
    ana.mouse.down()
    ana.mouse.move(edge["x"] - 56, edge["y"] + 8)
    ana.mouse.up()
    assert width(ana, "titulo") == pytest.approx(title - 60, abs=1)
    ana.goto(f"{site.address}/documentos?situacion=publicado")
    assert width(ana, "tipo") == pytest.approx(first + 48, abs=1)
    assert width(ana, "titulo") == pytest.approx(title - 60, abs=1)
    ana.set_viewport_size({"width": 360, "height": 800})
    assert ana.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")
    ana.set_viewport_size({"width": 1440, "height": 900})
    ana.focus("#por-tipo")
    ana.keyboard.press("Shift+Home")
    ana.reload()
    assert width(ana, "tipo") == pytest.approx(first, abs=1)


def test_a_phone_without_scripts_orders_them_too(browser: Browser, site: Site) -> None:
    with browser.new_context(viewport={"width": 360, "height": 800}, java_script_enabled=False, locale="es-CO") as context:
        page = context.new_page()
        sign_in(page, site.address, "ana", PASSWORD)
        page.goto(f"{site.address}/documentos?situacion=publicado")
        expect(page.locator("#por-titulo")).to_be_hidden()
        page.select_option("#orden", "-titulo")
        page.get_by_role("button", name="Ordenar").click()
        assert page.url.endswith("/documentos?situacion=publicado&orden=-titulo")
        downwards = titles(page)
        page.select_option("#orden", "titulo")
        page.get_by_role("button", name="Ordenar").click()
        assert titles(page) == downwards[::-1]
