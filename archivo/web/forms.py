"""Read what a page's form sends. There is no other way in, and every way checks the form's token."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final, TypeVar
from urllib.parse import parse_qs

from starlette.requests import Request

from archivo.errors import Malformed, Refused, TooLarge
from archivo.web import multipart
from archivo.web.sessions import Session, Signer

TOKEN_FIELD = "ficha"  # noqa: S105 - the name of a field
TOKEN_HEADER = "x-archivo-ficha"  # noqa: S105 - the name of a header
MAX_FORM_BYTES = 1_000_000

Result = TypeVar("Result")


@dataclass(frozen=True, slots=True)
class Form:
    """The fields of a form, as typed."""

    fields: Mapping[str, tuple[str, ...]]

    def one(self, name: str, default: str = "") -> str:
        """The first value of a field, without the spaces around it."""
        return self.fields.get(name, (default,))[0].strip()

    def secret(self, name: str) -> str:
        """The first value of a field exactly as typed."""
        return self.fields.get(name, ("",))[0]


EMPTY: Final = Form({})


async def read(request: Request) -> Form:
    """The fields of an ordinary form. Raises Refused without this session's token, TooLarge beyond a megabyte."""
    body = bytearray()
    async for piece in request.stream():
        body += piece
        if len(body) > MAX_FORM_BYTES:
            raise TooLarge(
                "form.too-large",
                "El formulario trae más texto del que se acepta. No se guardó nada.",
                "Acorte el texto y vuelva a enviarlo.",
            )
    try:
        fields = parse_qs(body.decode(), keep_blank_values=True, max_num_fields=2000, errors="strict")
    except ValueError as wrong:
        raise Malformed("form.malformed", "El formulario llegó dañado. No se guardó nada.", "Vuelva atrás y envíelo de nuevo.") from wrong
    form = Form({name: tuple(values) for name, values in fields.items()})
    check_token(request, form.one(TOKEN_FIELD))
    return form


async def receive(request: Request, consume: Callable[[Iterator[multipart.Part]], Result]) -> Result:
    """Run `consume` in a thread over the parts of a form with files, as they arrive.

    The token comes in a header, or as the form's first field. Raises Refused without it before any file is read.
    """
    try:
        return await multipart.receive(request, _checked(request, consume), limiter=request.app.state.upload_limiter)
    except multipart.CutShort as cut:
        raise Malformed(
            "upload.cut",
            "La conexión se cortó antes de que el envío terminara.",
            "Lo que había llegado entero se conservó; envíe de nuevo lo demás.",
        ) from cut
    except multipart.BadMultipart as wrong:
        raise Malformed("upload.malformed", "El envío llegó mal formado.", "Vuelva atrás y envíe los archivos de nuevo.") from wrong


def _checked(request: Request, consume: Callable[[Iterator[multipart.Part]], Result]) -> Callable[[Iterator[multipart.Part]], Result]:
    def run(parts: Iterator[multipart.Part]) -> Result:
        if token := request.headers.get(TOKEN_HEADER, ""):
            check_token(request, token)
        else:
            first = next(parts, None)
            check_token(request, first.text(200) if first and first.name == TOKEN_FIELD else "")
        return consume(parts)

    return run


def check_token(request: Request, token: str) -> None:
    """Raise Refused unless the token (or the header that htmx sends) is this session's."""
    session: Session = request.state.session
    signer: Signer = request.app.state.signer
    if not signer.is_token(session, token or request.headers.get(TOKEN_HEADER, "")):
        raise Refused(
            "form.token",
            "No pudimos comprobar que este formulario salió de su propia sesión; puede que esta haya vencido. No se guardó nada.",
            "Vuelva atrás (lo que escribió sigue ahí), recargue la página e inténtelo otra vez.",
        )
