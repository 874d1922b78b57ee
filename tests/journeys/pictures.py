"""Take a picture of each page of a running archive at 360, 768 and 1440 px, light and dark, to look at them together.

python tests/journeys/pictures.py http://127.0.0.1:8000 FOLDER [--user NAME --password-file FILE] [--pages /,/diseno]
"""

import argparse
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright

CHROMIUM = Path("/usr/bin/chromium")
FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
DRAWN = """Promise.all(Array.from(document.images, (image) => {
  image.loading = 'eager';
  return image.complete ? null : new Promise((done) => { image.onload = image.onerror = done; });
}))"""
PUBLIC_PAGES = ("/", "/buscar?q=", "/ayuda", "/diseno", "/ingresar", "/no-existe")
STAFF_PAGES = ("/trabajo", "/documentos", "/recibir", "/clasificar", "/trd", "/trabajos", "/personas")


@contextmanager
def chromium() -> Iterator[Browser]:
    """A browser that asks nothing of the network but what a page asks."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(CHROMIUM), args=FLAGS)
        yield browser
        browser.close()


def sign_in(page: Page, site: str, user: str, password: str) -> None:
    page.goto(f"{site}/ingresar")
    page.fill("#usuario", user)
    page.fill("#clave", password)
    page.click("main button.button")
    page.wait_for_url(lambda address: "/ingresar" not in address)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("site")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--user")
    parser.add_argument("--password-file", type=Path)
    parser.add_argument("--pages", default="")
    parser.add_argument("--widths", default="360,768,1440")
    parser.add_argument("--schemes", default="light,dark")
    parser.add_argument("--whole", action="store_true", help="the whole page, not only what fits the window")
    options = parser.parse_args()
    options.folder.mkdir(parents=True, exist_ok=True)
    pages = options.pages.split(",") if options.pages else [*PUBLIC_PAGES, *(STAFF_PAGES if options.user else ())]
    with chromium() as browser:
        for width in map(int, options.widths.split(",")):
            for scheme in options.schemes.split(","):
                context = browser.new_context(viewport={"width": width, "height": 900}, color_scheme=scheme, locale="es-CO")
                page = context.new_page()
                if options.user:
                    sign_in(page, options.site, options.user, options.password_file.read_text("utf-8").strip())
                for address in pages:
                    page.goto(options.site + address, wait_until="load")
                    page.evaluate("document.fonts.ready")
                    page.evaluate(DRAWN)
                    name = re.sub(r"[^a-z0-9]+", "-", address.lower()).strip("-")[:60] or "inicio"
                    page.screenshot(path=options.folder / f"{name}-{width}-{scheme}.png", full_page=options.whole)
                context.close()
    sys.stdout.write(f"{options.folder}\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
