"""What every response of the archive carries: its session cookie and the headers that keep a page from being turned against its reader."""

from collections.abc import Awaitable, Callable
from http.cookies import CookieError, SimpleCookie
from typing import Final

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from archivo.errors import Refused
from archivo.web.sessions import COOKIE, Session, Signer

REPORTS: Final = "/csp-informes"
POLICY: Final = (
    "default-src 'self'; object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; "
    f"script-src-attr 'none'; style-src-attr 'none'; report-uri {REPORTS}"
)
HEADERS: Final = {
    "content-security-policy": POLICY,
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
}
SAFE_METHODS: Final = frozenset({"GET", "HEAD", "OPTIONS"})


class Protection:
    """Opens the session of a request, refuses what another site sends in its name, and dresses the response.

    Middleware of plain ASGI: it never holds a body. `failed` words an error as a page. Addresses under /api/ are judged by their
    token and never by the cookie.
    """

    def __init__(self, app: ASGIApp, *, signer: Signer, failed: Callable[[Request, Exception], Awaitable[Response]]) -> None:
        self.app = app
        self.signer = signer
        self.failed = failed

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        cookie = None if scope["path"].startswith("/api/") else _cookie(headers)
        session = self.signer.read(cookie) if cookie else Session()
        scope.setdefault("state", {})["session"] = session
        if cookie and session.key and self.signer.ages(cookie):
            session.changed = True
        started = False

        async def dressed(message: Message) -> None:
            nonlocal started
            if message["type"] == "http.response.start":
                started = True
                self._dress(scope, MutableHeaders(scope=message), session)
            await send(message)

        try:
            if _is_foreign(scope, headers):
                raise _foreign()
            await self.app(scope, receive, dressed)
        except Exception as error:
            if started:
                raise
            response = await self.failed(Request(scope, receive), error)
            await response(scope, receive, dressed)

    def _dress(self, scope: Scope, headers: MutableHeaders, session: Session) -> None:
        for name, value in HEADERS.items():
            headers.setdefault(name, value)
        headers.setdefault("cache-control", "no-store" if session.key else "no-cache")
        secure = scope["scheme"] == "https"
        if secure:
            headers.setdefault("strict-transport-security", "max-age=31536000")
        if not session.changed:
            return
        attributes = "Path=/; HttpOnly; SameSite=Lax" + ("; Secure" if secure else "")
        if session.key or session.seed or session.messages:
            headers.append("set-cookie", f"{COOKIE}={self.signer.write(session)}; {attributes}")
        else:
            headers.append("set-cookie", f"{COOKIE}=; Max-Age=0; {attributes}")


def _cookie(headers: Headers) -> str | None:
    try:
        found = SimpleCookie(headers.get("cookie", "")).get(COOKIE)
    except CookieError:
        return None
    return found.value if found else None


def _is_foreign(scope: Scope, headers: Headers) -> bool:
    """Whether a request that changes something was sent by another site's page (Fetch Metadata; Origin for older browsers)."""
    if scope["method"] in SAFE_METHODS or scope["path"].startswith("/api/") or scope["path"] == REPORTS:
        return False
    if site := headers.get("sec-fetch-site"):
        return site not in ("same-origin", "none")
    origin = headers.get("origin")
    return origin is not None and origin.partition("://")[2] != headers.get("host", "")


def _foreign() -> Refused:
    return Refused(
        "request.foreign",
        "Esta orden vino de otro sitio y no de una página del archivo. No se hizo nada.",
        "Si quería hacerlo, hágalo desde la página del archivo.",
    )
