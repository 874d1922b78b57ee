"""What the doctor says of the settings: what keeps serve and worker from starting, and what goes unencrypted to another machine."""

from collections.abc import Iterator
from typing import Final
from urllib.parse import SplitResult, parse_qs, urlsplit

from archivo.settings import Settings
from archivo.starting import STOPPED, refusals

NAME: Final = "configuración"
UNENCRYPTED: Final = "conexiones sin cifrar"
LOCAL: Final = ("localhost", "::1")
OPEN: Final = ("amqp", "http", "s3+http")
ENCRYPTED: Final = frozenset({"require", "verify-ca", "verify-full"})
"""Values of sslmode with which libpq never speaks unencrypted (PostgreSQL, libpq, SSL Support)."""


def state_of(settings: Settings) -> list[tuple[str, str, str, str]]:
    """Name, status, message and remedy of each thing looked at."""
    stops = [
        (NAME, "error", refusal.message.removesuffix(STOPPED).rstrip(), f"{refusal.remedy} serve y worker no arrancan así.")
        for refusal in refusals(settings)
    ]
    told = stops or [(NAME, "ok", "Las variables ARCHIVO_ son conocidas, y sirven.", "")]
    if found := ", ".join(unencrypted(settings)):
        message = f"Van a otro equipo, y lo que pasa, también las contraseñas, se puede ver en el camino: {found}."
        remedy = (
            "Use https, s3+https, amqps, o postgresql con sslmode=verify-full. En una red privada que nadie más alcanza, como la de "
            "docker-compose.yml, es lo usual."
        )
        told.append((UNENCRYPTED, "warning", message, remedy))
    return told


def unencrypted(settings: Settings) -> Iterator[str]:
    """The settings whose address is of another machine and is spoken to without encryption; of the addresses themselves nothing is told."""
    database = _parts(settings.database_url)
    modes = parse_qs(database.query).get("sslmode", [""])
    if database.scheme in ("postgres", "postgresql") and _is_elsewhere(database) and not ENCRYPTED.issuperset(modes):
        yield "ARCHIVO_DATABASE_URL"
    addresses = {
        "ARCHIVO_STORE_URL": settings.store_url,
        **{f"ARCHIVO_REPLICAS ({name})": address for name, address in settings.replicas.items()},
        "ARCHIVO_INDEX_URL": settings.index_url,
        "ARCHIVO_BROKER_URL": settings.broker_url,
    }
    for name, address in addresses.items():
        url = _parts(address)
        if url.scheme in OPEN and _is_elsewhere(url):
            yield name


def _parts(address: str) -> SplitResult:
    try:
        return urlsplit(address)
    except ValueError:  # whoever opens it tells
        return urlsplit("")


def _is_elsewhere(url: SplitResult) -> bool:
    return bool(url.hostname) and url.hostname not in LOCAL and not str(url.hostname).startswith("127.")
