"""The address of a store on an S3 server, as one URL."""

import re
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import SplitResult, parse_qsl, unquote, urlsplit

from preservation.locking import MODES, MOST_YEARS, Retention
from preservation.store import BadKey, check_key

S3_FORM: Final = "s3+https://CLAVE:SECRETO@servidor:puerto/cubo/prefijo"
WITHOUT_WRITE_ONCE: Final = "sin-escritura-unica"
_BUCKET: Final = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")
_RETENTION: Final = re.compile(rf"({'|'.join(MODES)}):([1-9][0-9]{{0,4}})(d|y)")
_REGION: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,62}")


class BadAddress(ValueError):
    """The URL names no S3 store. Its text is a Spanish sentence for the operator, and never holds the secret."""


@dataclass(frozen=True, slots=True)
class S3Address:
    """Where the objects lie and who asks for them; `prefix` is empty or ends with `/`.

    `accepts_overwriting` is the operator's own word that a server without conditional writing will do. `retention` is put on each object
    that is written.
    """

    endpoint: str
    is_secure: bool
    access_key: str
    secret_key: str = field(repr=False)
    bucket: str
    prefix: str = ""
    region: str = "us-east-1"
    accepts_overwriting: bool = False
    retention: Retention | None = None

    def __str__(self) -> str:
        """The address without its credentials: for logs and messages."""
        return f"{'s3+https' if self.is_secure else 's3+http'}://{self.endpoint}/{self.bucket}/{self.prefix}".rstrip("/")


def s3_address(url: str) -> S3Address:
    """Read `s3+http://KEY:SECRET@host:port/bucket[/prefix][?region=…&acepta=…&retencion=GOVERNANCE:90d]`; BadAddress if it is none.

    Key and secret are percent-encoded where they hold `/`, `@`, `:` or `%`. The only consent there is (`acepta`) names what is given up.
    A retention is of a mode of S3 and so many days (`d`) or years (`y`).
    """
    parts = _split(url)
    bucket, _, folder = parts.path.strip("/").partition("/")
    if not _BUCKET.fullmatch(bucket) or ".." in bucket:
        raise BadAddress(
            "El nombre del cubo (bucket) tiene de 3 a 63 letras minúsculas, cifras, puntos o guiones, y va después del servidor."
        )
    region, accepts, retention = _options(parts.query)
    return S3Address(
        endpoint=_endpoint(parts),
        is_secure=parts.scheme == "s3+https",
        access_key=unquote(parts.username or ""),
        secret_key=unquote(parts.password or ""),
        bucket=bucket,
        prefix=_prefix(folder),
        region=region,
        accepts_overwriting=accepts,
        retention=retention,
    )


def _split(url: str) -> SplitResult:
    try:
        parts = urlsplit(url)
    except ValueError:
        raise BadAddress(f"La dirección no se puede leer. Escriba {S3_FORM}") from None
    if parts.scheme not in {"s3+http", "s3+https"}:
        raise BadAddress(f"La dirección empieza por s3+http:// o s3+https://. Escriba {S3_FORM}")
    if not parts.username or not parts.password:
        raise BadAddress(
            "Faltan la clave o el secreto de acceso antes de «@»; sus signos «/», «@», «:» y «%» se escriben %2F, %40, %3A y %25. "
            f"Escriba {S3_FORM}"
        )
    if parts.fragment:
        raise BadAddress("La dirección no lleva «#»: si es parte del secreto, escriba %23.")
    return parts


def _endpoint(parts: SplitResult) -> str:
    try:
        host, port = parts.hostname, parts.port
    except ValueError:
        raise BadAddress("El puerto del servidor es un número entre 1 y 65535.") from None
    if not host or not re.fullmatch(r"[A-Za-z0-9.:-]+", host):
        raise BadAddress("El nombre del servidor tiene solo letras, cifras, puntos y guiones.")
    name = f"[{host}]" if ":" in host else host
    return name if port is None else f"{name}:{port}"


def _prefix(folder: str) -> str:
    if not folder:
        return ""
    try:
        return f"{check_key(folder)}/"
    except BadKey:
        raise BadAddress("El prefijo, después del cubo, tiene solo letras sin tilde, cifras y los signos . _ = - entre barras.") from None


def _options(query: str) -> tuple[str, bool, Retention | None]:
    region, accepts, retention = "us-east-1", False, None
    for name, value in parse_qsl(query, keep_blank_values=True):
        if name == "region" and _REGION.fullmatch(value):
            region = value
        elif name == "acepta" and value == WITHOUT_WRITE_ONCE:
            accepts = True
        elif name == "retencion":
            retention = _retention(value)
        else:
            raise BadAddress(f"Después de «?» solo caben region=…, acepta={WITHOUT_WRITE_ONCE} y retencion=….")
    return region, accepts, retention


def _retention(text: str) -> Retention:
    found = _RETENTION.fullmatch(text)
    if found is None or (found[3] == "y" and int(found[2]) > MOST_YEARS) or int(found[2]) > 365 * MOST_YEARS:
        raise BadAddress(
            f"La retención se escribe retencion=GOVERNANCE:90d, o COMPLIANCE:10y: días (d) o años (y), hasta {MOST_YEARS} años."
        )
    number = int(found[2])
    return Retention(found[1], days=number) if found[3] == "d" else Retention(found[1], years=number)
