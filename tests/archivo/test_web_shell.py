"""The shell: sessions, form tokens, headers, error pages, static files. Through an application of its own, over ASGI."""

import base64
import json
import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated

import anyio
import httpx
import pytest
from fastapi import Depends, FastAPI, Request
from starlette.responses import PlainTextResponse

from archivo.errors import Conflict, NotSignedIn
from archivo.web import forms
from archivo.web.build_assets import AssetsAbsent, build
from archivo.web.layout import Viewer, shown
from archivo.web.multipart import Part
from archivo.web.sessions import Session, Signer
from archivo.web.shell import install

NOW = datetime(2026, 11, 22, 15, 0, tzinfo=UTC)


def application() -> FastAPI:
    app = FastAPI()

    def viewer_of(request: Request) -> Viewer:
        key = request.state.session.key
        return Viewer(key, frozenset({"recibir"})) if key else Viewer()

    install(app, secret=b"s" * 32, clock=lambda: NOW, viewer_of=viewer_of)

    @app.get("/entrar")
    def enter(request: Request) -> PlainTextResponse:
        request.state.session.sign_in("ana")
        return PlainTextResponse(request.app.state.signer.token(request.state.session))

    @app.post("/decir")
    def tell(request: Request, form: Annotated[forms.Form, Depends(forms.read)]) -> PlainTextResponse:
        request.state.session.say(f"Se guardó «{form.one('titulo')}».")
        return PlainTextResponse("ok")

    @app.post("/enviar")
    async def send(request: Request) -> PlainTextResponse:
        def consume(parts: Iterator[Part]) -> int:
            return sum(len(part.content.read()) for part in parts if part.filename is not None)

        return PlainTextResponse(str(await forms.receive(request, consume)))

    @app.get("/conflicto")
    def conflict() -> None:
        raise Conflict("x.changed", "Otra persona cambió <esto>.", "Recargue la página.")

    @app.get("/fallo")
    def fail() -> None:
        raise RuntimeError("secreto interno")

    @app.get("/reservado")
    def closed() -> None:
        raise NotSignedIn("x", "Debe ingresar.", "Ingrese.")

    @app.get("/api/v1/fallo")
    def api_conflict() -> None:
        raise Conflict("x.changed", "Otra persona cambió esto.", "Recargue.")

    return app


class Site:
    """A client of one application that keeps its cookies."""

    def __init__(self) -> None:
        self.app = application()
        self.cookies = httpx.Cookies()

    def ask(
        self,
        method: str,
        path: str,
        *,
        data: Mapping[str, str] | None = None,
        files: Mapping[str, tuple[str, bytes]] | None = None,
        content: bytes | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> httpx.Response:
        async def run() -> httpx.Response:
            transport = httpx.ASGITransport(self.app)
            async with httpx.AsyncClient(transport=transport, base_url="https://archivo.test", cookies=self.cookies) as client:
                response = await client.request(method, path, data=data, files=files, content=content, headers=headers)
                self.cookies = client.cookies
                return response

        return anyio.run(run)


@pytest.fixture
def site() -> Site:
    return Site()


def test_every_response_carries_its_protection(site: Site) -> None:
    for path in ("/ayuda", "/nada", "/fallo", "/static/archivo.css"):
        headers = site.ask("GET", path).headers
        assert "default-src 'self'" in headers["content-security-policy"]
        assert "unsafe" not in headers["content-security-policy"]
        assert headers["x-content-type-options"] == "nosniff"
        assert "strict-transport-security" in headers


def test_pages_have_no_inline_code_nor_style(site: Site) -> None:
    for path in ("/ayuda", "/diseno", "/nada"):
        html = site.ask("GET", path).text
        assert not re.search(r"<style|\sstyle=|<script(?![^>]*\ssrc=)|\son[a-z]+=|javascript:", html)


def test_a_citizen_gets_no_cookie(site: Site) -> None:
    assert "set-cookie" not in site.ask("GET", "/ayuda").headers


def test_the_cookie_is_out_of_reach_of_scripts_and_other_sites(site: Site) -> None:
    cookie = site.ask("GET", "/entrar").headers["set-cookie"]
    assert all(word in cookie for word in ("HttpOnly", "SameSite=Lax", "Secure", "Path=/"))


def test_a_form_needs_the_token_of_its_session(site: Site) -> None:
    token = site.ask("GET", "/entrar").text
    assert site.ask("POST", "/decir", data={"titulo": "x"}).status_code == 403
    assert site.ask("POST", "/decir", data={"titulo": "x", "ficha": token[:-1] + "!"}).status_code == 403
    assert site.ask("POST", "/decir", data={"titulo": "Acta", "ficha": token}).text == "ok"
    assert "Se guardó «Acta»." in site.ask("GET", "/ayuda").text
    assert "Se guardó «Acta»." not in site.ask("GET", "/ayuda").text
    assert site.ask("POST", "/decir", data={"titulo": "x"}, headers={"x-archivo-ficha": token}).text == "ok"
    other = Site()
    other.ask("GET", "/entrar")
    assert other.ask("POST", "/decir", data={"ficha": token}).status_code == 403


def test_an_order_from_another_site_is_refused_even_with_a_token(site: Site) -> None:
    token = site.ask("GET", "/entrar").text
    for headers in ({"sec-fetch-site": "cross-site"}, {"origin": "https://otro.test"}):
        assert site.ask("POST", "/decir", data={"ficha": token}, headers=headers).status_code == 403
    assert site.ask("POST", "/decir", data={"ficha": token}, headers={"origin": "https://archivo.test"}).status_code == 200


def test_files_need_the_token_before_any_is_read(site: Site) -> None:
    token = site.ask("GET", "/entrar").text
    files = {"file": ("a.pdf", b"x" * 10)}
    assert site.ask("POST", "/enviar", files=files).status_code == 403
    assert site.ask("POST", "/enviar", files=files, data={"ficha": token}).text == "10"
    assert site.ask("POST", "/enviar", files=files, headers={"x-archivo-ficha": token}).text == "10"
    assert site.ask("POST", "/enviar", content=b"--x\r\n", headers={"content-type": "multipart/form-data; boundary=x"}).status_code == 400


def test_errors_tell_what_happened_and_what_to_do_and_nothing_else(site: Site) -> None:
    page = site.ask("GET", "/conflicto")
    assert page.status_code == 409
    assert "Otra persona cambió &lt;esto&gt;." in page.text
    assert "Recargue la página." in page.text
    failed = site.ask("GET", "/fallo")
    assert failed.status_code == 500
    assert "secreto interno" not in failed.text
    assert "Traceback" not in failed.text
    fragment = site.ask("GET", "/conflicto", headers={"hx-request": "true"})
    assert "<html" not in fragment.text


def test_errors_of_the_api_are_problem_json(site: Site) -> None:
    problem = site.ask("GET", "/api/v1/fallo")
    assert problem.headers["content-type"] == "application/problem+json"
    assert problem.json()["code"] == "x.changed"
    assert site.ask("GET", "/api/v1/nada").json()["status"] == 404


def test_who_is_not_signed_in_is_sent_to_sign_in_and_back(site: Site) -> None:
    response = site.ask("GET", "/reservado?a=1")
    assert (response.status_code, response.headers["location"]) == (303, "/ingresar?volver=%2Freservado%3Fa%3D1")


def test_a_forged_or_old_session_is_a_new_one() -> None:
    signer = Signer(b"a" * 32, lambda: NOW)
    value = signer.write(Session("ana", "seed"))
    assert signer.read(value).key == "ana"
    body, _, signature = value.partition(".")
    state = json.loads(base64.urlsafe_b64decode(body))
    state[0] = "root"
    forged = base64.urlsafe_b64encode(json.dumps(state).encode()).decode()
    assert signer.read(f"{forged}.{signature}").key is None
    assert Signer(b"b" * 32, lambda: NOW).read(value).key is None
    assert Signer(b"a" * 32, lambda: NOW + timedelta(hours=13)).read(value).key is None
    for odd in ("", ".", "x.y", "ñ.ñ", value + "x"):
        assert signer.read(odd).key is None


def test_static_files_have_lasting_addresses(site: Site) -> None:
    html = site.ask("GET", "/ayuda").text
    address = re.search(r'href="(/static/archivo\.css\?v=[0-9a-f]{12})"', html)
    assert address
    assert "immutable" in site.ask("GET", address[1]).headers["cache-control"]
    assert site.ask("GET", "/static/../layout.py").status_code == 404


def test_names_from_outside_are_shown_harmless() -> None:
    assert shown("acta\u202efdp.exe\x00") == "acta\\u202efdp.exe\\u0000"


def test_a_content_security_report_is_taken_and_bounded(site: Site) -> None:
    assert site.ask("POST", "/csp-informes", content=b"x" * 100_000).status_code == 204


def test_building_assets_asks_for_what_is_missing(tmp_path: Path) -> None:
    with pytest.raises(AssetsAbsent, match="npm ci"):
        build(tmp_path / "node_modules", tmp_path / "vendor")
    assert not (tmp_path / "vendor").exists()


def test_the_lock_names_no_registry() -> None:
    lock = json.loads((Path(__file__).parents[2] / "package-lock.json").read_text("utf-8"))
    assert not [name for name, package in lock["packages"].items() if "resolved" in package]
