"""What a process that serves or works begins with: settings of which nothing is unknown, weak or unusable, and the secret of sessions."""

import os
import secrets
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Final

from archivo.assembly import settings_or_malformed
from archivo.custody.policy import read_policies
from archivo.errors import ArchivoError, Malformed
from archivo.settings import Settings

STOPPED: Final = "No se arrancó nada."
LEAST_SECRET: Final = 32
DIFFERENT: Final = 8
"""Different characters of a secret: of 32 hexadecimal digits drawn at random fewer are never seen."""


def settings_to_start() -> Settings:
    """The settings, unless something in them stops who serves or works. Nothing is touched before. Raises Malformed."""
    settings = settings_or_malformed()
    refusal = next(refusals(settings), None)
    if refusal is not None:
        raise refusal
    return settings


def refusals(settings: Settings) -> Iterator[ArchivoError]:
    """All for which no process that serves or works begins with these settings, which can be read: what cannot be, no command takes."""
    if settings.unknown:
        listed = ", ".join(settings.unknown)
        yield Malformed("settings.unknown", f"No se conocen estas variables: {listed}. {STOPPED}", "Corrija su nombre o quítelas.")
    if settings.secret is not None and is_weak(settings.secret):
        yield Malformed(
            "settings.secret",
            f"ARCHIVO_SECRET se podría adivinar: tiene menos de {LEAST_SECRET} caracteres, o de {DIFFERENT} distintos. {STOPPED}",
            "Dé uno largo y al azar, como los que hace «openssl rand -hex 32», o quítelo, para que se genere uno en la casa.",
        )
    try:
        read_policies(settings.fixity_policy)
    except Malformed as refusal:
        yield refusal


def is_weak(secret: str) -> bool:
    return len(secret) < LEAST_SECRET or len(set(secret)) < DIFFERENT


def known_secret(settings: Settings) -> str | None:
    """read_secret(), but none is made."""
    return read_secret(settings) if settings.secret or (settings.home / "secret").exists() else None


def read_secret(settings: Settings) -> str:
    """The secret of sessions and forms: from the environment, or generated once in the home with mode 0600."""
    if settings.secret:
        return settings.secret
    path = settings.home / "secret"
    if not path.exists():
        _make_secret(path)
    secret = path.read_text(encoding="ascii", errors="replace")
    if is_weak(secret):
        raise Malformed(
            "settings.secret",
            f"El secreto de {path} está incompleto, o se podría adivinar. {STOPPED}",
            "Póngalo entero desde una copia; o bórrelo y dé «archivo secrets --adopt», que hace otro, y quienes estén dentro saldrán.",
        )
    return secret


def _make_secret(path: Path) -> None:
    """The file appears whole, and of several processes that start at once one makes it for all."""
    with NamedTemporaryFile("w", encoding="ascii", dir=path.parent, prefix=".secret-") as made:  # 0600
        made.write(secrets.token_urlsafe(48))
        made.flush()
        os.fsync(made.fileno())
        with suppress(FileExistsError):
            os.link(made.name, path)
