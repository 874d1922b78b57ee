"""What no text of a page tells: that its pieces keep their distance, that nothing is squeezed, cut or out of sight."""

import pytest
from playwright.sync_api import Browser, FloatRect, Locator, Page, ViewportSize, expect

from tests.journeys.conftest import PASSWORD, Site
from tests.journeys.pictures import sign_in

pytestmark = pytest.mark.browser

PHONE: ViewportSize = {"width": 390, "height": 844}
OUT_OF_SIGHT = "Array.from(document.querySelectorAll('.scroll'), (box) => box.scrollWidth - box.clientWidth)"


def place(piece: Locator) -> FloatRect:
    found = piece.bounding_box()
    assert found
    return found


def gap(above: Locator, below: Locator) -> float:
    """How far two pieces are, in pixels."""
    one, other = place(above), place(below)
    return other["y"] - (one["y"] + one["height"])


def test_what_is_said_of_no_results_has_the_room_of_a_line(citizen: Page, site: Site) -> None:
    citizen.set_viewport_size({"width": 1280, "height": 900})
    citizen.goto(f"{site.address}/buscar?q=zzzz")
    assert place(citizen.locator(".empty"))["width"] > 500


def test_a_heading_does_not_touch_its_list(citizen: Page, site: Site) -> None:
    citizen.goto(f"{site.address}/ayuda")
    assert gap(citizen.locator("h2#buscar"), citizen.locator("h2#buscar + dl")) >= 8


def test_what_became_of_a_file_stands_in_its_row(ana: Page, site: Site) -> None:
    ana.set_viewport_size({"width": 1280, "height": 900})
    ana.goto(f"{site.address}/recibir")
    ana.set_input_files("#archivos", {"name": "cortado.pdf", "mimeType": "application/pdf", "buffer": b"%PDF-1.4 cortado"})
    ana.click("#enviar")
    row = ana.locator("#destinos li").first
    expect(row.get_by_text("disponible, con problemas")).to_be_visible(timeout=60_000)
    assert gap(ana.locator("#enviar"), ana.locator("#destinos-titulo")) >= 16
    assert abs(place(row.locator(".name"))["y"] - place(row.locator(".state").first)["y"]) < 8
    assert place(row.locator(".detail").first)["width"] > 400


def test_a_long_name_takes_a_few_lines_of_its_list(ana: Page, site: Site) -> None:
    name = "expediente de la obra de ampliación de la calle veintiséis " * 12
    ana.goto(f"{site.address}/recibir")
    ana.set_input_files("#archivos", {"name": f"{name}.txt", "mimeType": "text/plain", "buffer": b"una hoja de nombre largo"})
    ana.click("#enviar")
    expect(ana.locator("#destinos li").first.get_by_text("disponible para")).to_be_visible(timeout=60_000)
    for width in (1280, 390):
        ana.set_viewport_size({"width": width, "height": 900})
        ana.goto(f"{site.address}/documentos?q=hoja+de+nombre+largo")
        assert place(ana.locator("tbody a.name").first)["height"] < 130


def test_a_phone_shows_every_column(browser: Browser, site: Site) -> None:
    for login, address in (("olga", "/personas"), ("ana", "/trd")):
        with browser.new_context(viewport=PHONE, locale="es-CO") as context:
            page = context.new_page()
            sign_in(page, site.address, login, PASSWORD)
            page.goto(site.address + address)
            assert max(page.evaluate(OUT_OF_SIGHT)) <= 1, address
            if address == "/trd":
                page.locator("tbody a").first.click()
                expect(page.get_by_role("heading", level=1)).to_contain_text("versión")
                assert max(page.evaluate(OUT_OF_SIGHT)) <= 1
