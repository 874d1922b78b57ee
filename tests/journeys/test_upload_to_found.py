"""From a file in a browser to a citizen who finds its very line, and a document classified by keyboard."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect
from reportlab.pdfgen import canvas

from tests.journeys.conftest import ON_BOTH, Site

pytestmark = [pytest.mark.browser, ON_BOTH]


def written(path: Path, *lines: str) -> Path:
    sheet = canvas.Canvas(str(path), invariant=True)
    for number, line in enumerate(lines):
        sheet.drawString(72, 760 - 18 * number, line)
    sheet.save()
    return path


def receive(page: Page, site: Site, *files: Path, publish: bool) -> None:
    page.goto(f"{site.address}/recibir")
    if publish:
        page.check("[name=publicar]")
    page.set_input_files("#archivos", [str(file) for file in files])
    page.click("#enviar")
    for file in files:
        expect(page.locator("#destinos li", has_text=file.name).get_by_text("disponible para búsqueda")).to_be_visible(timeout=120_000)


def test_what_is_received_is_found_at_its_line(site: Site, ana: Page, citizen: Page, tmp_path: Path) -> None:
    act = written(
        tmp_path / "acta-quebrada.pdf", "ACTA 12 DE 1951", "La junta acordó canalizar la quebrada Las Lajas", "y construir el puente."
    )
    note = written(tmp_path / "nota-privada.pdf", "Nota sobre la quebrada Las Lajas, sin publicar.")
    receive(ana, site, act, publish=True)
    receive(ana, site, note, publish=False)

    citizen.goto(site.address)
    citizen.keyboard.press("/")
    citizen.keyboard.type("canalizar quebradas lajas")
    citizen.keyboard.press("Enter")
    expect(citizen.locator("article.hit")).to_have_count(1)
    expect(citizen.locator(".snippet mark").first).to_be_visible()
    crop = citizen.locator(".crop svg.wide")
    expect(crop.locator("rect.hitbox").first).to_be_attached()
    citizen.locator("article.hit h2 a").click()
    expect(citizen.locator(".transcript mark.now")).to_have_count(1)
    first = citizen.locator("svg.overlay rect.now").first.get_attribute("x")
    citizen.keyboard.press("n")
    expect(citizen.locator(".tools")).to_contain_text("Coincidencia 2 de")
    assert citizen.locator("svg.overlay rect.now").first.get_attribute("x") != first
    expect(citizen.locator("#citar")).to_contain_text(citizen.url.partition("?")[0])
    with citizen.expect_download() as download:
        citizen.get_by_role("link", name="Descargar el original").click()
    assert Path(download.value.path()).read_bytes() == act.read_bytes()
    assert download.value.suggested_filename == act.name


def test_the_same_bytes_are_not_kept_twice(site: Site, ana: Page, tmp_path: Path) -> None:
    act = written(tmp_path / "acta-repetida.pdf", "Acta que llega dos veces.")
    receive(ana, site, act, publish=False)
    ana.set_input_files("#archivos", str(act))
    ana.click("#enviar")
    expect(ana.get_by_text("ya estaba en el archivo")).to_be_visible()


def test_receiving_and_searching_work_without_scripts(site: Site, browser: Browser, ana: Page, tmp_path: Path) -> None:
    act = written(tmp_path / "acta-sin-guiones.pdf", "Acta recibida sin guiones en la pagina.")
    state = ana.context.storage_state()
    with browser.new_context(java_script_enabled=False, storage_state=state) as context:
        page = context.new_page()
        page.goto(f"{site.address}/recibir")
        page.set_input_files("#archivos", str(act))
        page.click("#enviar")
        expect(page.locator("#destinos li", has_text=act.name)).to_contain_text("recibido")
        page.goto(f"{site.address}/buscar?q=alumbrado")
        page.locator("article.hit h2 a").first.click()
        expect(page.locator(".transcript mark").first).to_be_visible()


def test_a_document_is_classified_with_one_key(site: Site, ana: Page, tmp_path: Path) -> None:
    files = [
        written(tmp_path / f"acta-comite-{n}.pdf", f"ACTA {n} DEL COMITE", "En sesion del comite se aprobo el orden del dia.")
        for n in (1, 2)
    ]
    receive(ana, site, *files, publish=False)
    ana.goto(f"{site.address}/clasificar")
    expect(ana.locator(".queue [aria-current] b")).to_be_visible()
    first = ana.locator(".panel p a").first.inner_text()
    options = ana.locator("#decidir .option")
    if options.count():
        ana.keyboard.press("1")
    else:
        ana.keyboard.press("/")
        ana.keyboard.type("acta")
        ana.keyboard.press("Enter")
    expect(ana.locator("#avisos .done")).to_contain_text("quedó en")
    expect(ana.locator(".panel p a").first).not_to_have_text(first)
    ana.keyboard.press("?")
    expect(ana.locator("#teclas")).to_be_visible()
    ana.keyboard.press("Escape")
    expect(ana.locator("#teclas")).to_be_hidden()


def test_a_description_is_corrected_and_published(site: Site, ana: Page, citizen: Page, tmp_path: Path) -> None:
    letter = written(tmp_path / "carta-molino.pdf", "Carta sobre el molino del Cubo.")
    receive(ana, site, letter, publish=False)
    ana.locator("#destinos a", has_text=letter.name).click()
    ana.wait_for_url("**/documentos/*")
    ana.wait_for_load_state("load")
    ana.keyboard.press("e")
    ana.fill("#titulo", "Carta del molinero al cabildo")
    ana.fill("#fecha", "1936-13")
    ana.get_by_role("button", name="Guardar").click()
    expect(ana.locator(".field.wrong #fecha")).to_have_value("1936-13")
    expect(ana.locator("#titulo")).to_have_value("Carta del molinero al cabildo")
    ana.fill("#fecha", "1936-05")
    ana.get_by_role("button", name="Guardar").click()
    expect(ana.locator("h1")).to_have_text("Carta del molinero al cabildo")
    expect(ana.locator(".acts")).to_contain_text("mayo de 1936")
    citizen.goto(f"{site.address}/buscar?q=molinero")
    expect(citizen.locator("article.hit")).to_have_count(0)
    ana.goto(ana.url.partition("?")[0] + "/editar")
    ana.get_by_role("button", name="Publicar").click()
    expect(ana.locator(".acts")).to_contain_text("publicado")
    for _ in range(100):
        citizen.goto(f"{site.address}/buscar?q=molinero")
        if citizen.locator("article.hit").count():
            break
        citizen.wait_for_timeout(200)
    expect(citizen.locator("article.hit h2")).to_have_text(re.compile("Carta del molinero"))
