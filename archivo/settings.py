"""Configuration from the environment, or from a file: four URLs choose four adapters. The only module that reads the environment."""

import os
import re
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

RESERVED: Final = ("ARCHIVO_TEST_", "ARCHIVO_REFERENCE")

SECRETS: Final = (
    "ARCHIVO_SECRET",
    "ARCHIVO_AUDIT_KEY",
    "ARCHIVO_DATABASE_URL",
    "ARCHIVO_STORE_URL",
    "ARCHIVO_REPLICAS",
    "ARCHIVO_INDEX_URL",
    "ARCHIVO_BROKER_URL",
    "ARCHIVO_TSA_URL",
)
"""What may hold a password: NAME_FILE names a file that holds it instead."""

KNOWN: Final[Mapping[str, str]] = {
    "ARCHIVO_CONFIG": "Archivo TOML con estas mismas variables; lo que diga el entorno va primero",
    "ARCHIVO_HOME": "Carpeta de la casa: base de datos, almacén, índice, caché y modelos. Por omisión, ./var",
    "ARCHIVO_SECRET": "Secreto de sesiones y formularios; por omisión se genera en la casa, archivo secret (0600)",
    "ARCHIVO_AUDIT_KEY": "Clave privada Ed25519 (PEM) que firma la bitácora; por omisión se genera en la casa, archivo audit.key (0600)",
    "ARCHIVO_DATABASE_URL": "sqlite:///… o postgresql://…; por omisión, archivo.db en la casa",
    "ARCHIVO_STORE_URL": "file:///… o s3+http(s)://…; por omisión, store/ en la casa",
    "ARCHIVO_REPLICAS": "Otros lugares donde se guarda todo: nombre=dirección, separados por espacios; direcciones como la del almacén",
    "ARCHIVO_INDEX_URL": "tantivy:///… o http(s)://…; por omisión, index/ en la casa",
    "ARCHIVO_BROKER_URL": "local:// o amqp://…; por omisión, local://",
    "ARCHIVO_ENTITY_CODE": "Código del fondo por omisión",
    "ARCHIVO_ENTITY_NAME": "Nombre de la entidad productora que forma el fondo por omisión",
    "ARCHIVO_CLAMAV_SOCKET": "Ruta del socket de ClamAV; sin ella no se buscan programas maliciosos, y se dice",
    "ARCHIVO_FIXITY_POLICY": "Archivo TOML con cada cuánto se comprueba lo guardado en cada lugar; por omisión, el que trae el programa",
    "ARCHIVO_VERAPDF": "Ruta del programa veraPDF, que juzga si un PDF es el PDF/A que dice ser; sin ella lo juzga el validador propio",
    "ARCHIVO_FFPROBE": "Ruta del programa ffprobe, que lee las cabeceras de audio y video; por omisión, el que se encuentre en PATH",
    "ARCHIVO_SOFFICE": "Ruta de soffice (LibreOffice), que hace copias en PDF/A de lo de oficina; por omisión, el de PATH; no: sin él",
    "ARCHIVO_TRUST_ROOTS": "Carpeta de certificados raíz (PEM o DER) en que se confía al comprobar firmas; sin ella, en ninguno",
    "ARCHIVO_TSA_URL": "Autoridad que estampa cada ancla de la bitácora (RFC 3161): https://…, o http:// en este equipo; sin ella, ninguna",
    "ARCHIVO_TSA_ROOTS": "Carpeta de certificados raíz (PEM o DER) en que se confía para las estampas; por omisión, ARCHIVO_TRUST_ROOTS",
    "ARCHIVO_TSA_POLICY": "Política que se pide a la autoridad de estampado (OID); por omisión, la suya",
    "ARCHIVO_TIMEZONE": "Zona horaria de las páginas; por omisión, America/Bogota",
    "ARCHIVO_PROXIES": "Proxies a los que se cree de parte de quién piden, y si fue por https: direcciones o redes, separadas por comas; "
    "por omisión, 127.0.0.1,::1",
    "ARCHIVO_MAX_UPLOAD_BYTES": "Tamaño máximo de un archivo recibido por la red; por omisión, 20 GiB",
    "ARCHIVO_LOG": "Forma de los registros de serve y worker: texto o json; por omisión, texto",
    "ARCHIVO_TRACES_URL": "Recolector OTLP/HTTP (http://…:4318) de las trazas de serve y worker, sin datos de personas; sin él no se hacen",
    "ARCHIVO_WORKERS": "Trabajos que se atienden a la vez en un proceso; por omisión, el número de procesadores",
    **{f"{name}_FILE": f"Archivo que contiene {name}, para no escribir una contraseña en el entorno" for name in SECRETS},
}

WITHOUT_ENCRYPTION: Final = "acepta=sin-cifrado"
_PLACE: Final = re.compile(r"[a-z0-9][a-z0-9-]{0,39}")


class SettingsError(Exception):
    """A setting has a value that cannot be used. The message is Spanish and names the setting."""


@dataclass(frozen=True, slots=True)
class Settings:
    """The configuration of one process. Paths are absolute."""

    home: Path
    secret: str | None
    audit_key: str | None
    database_url: str
    store_url: str
    replicas: Mapping[str, str]
    index_url: str
    broker_url: str
    entity_code: str
    entity_name: str
    clamav_socket: Path | None
    fixity_policy: Path | None
    verapdf: Path | None
    ffprobe: Path | None
    soffice: Path | None
    trust_roots: Path | None
    tsa_url: str | None
    tsa_roots: Path | None
    tsa_policy: str
    timezone: str
    proxies: tuple[str, ...]
    max_upload_bytes: int
    workers: int
    log: str
    traces_url: str | None
    unknown: tuple[str, ...]


def read_settings(environment: Mapping[str, str] | None = None) -> Settings:
    """Read the settings. Raises SettingsError for an unusable value; unknown `ARCHIVO_*` names are listed, not refused."""
    env = _with_files(os.environ if environment is None else environment)
    home = Path(env.get("ARCHIVO_HOME") or "var").absolute()
    socket = env.get("ARCHIVO_CLAMAV_SOCKET")
    return Settings(
        home=home,
        secret=env.get("ARCHIVO_SECRET") or None,
        audit_key=env.get("ARCHIVO_AUDIT_KEY") or None,
        database_url=env.get("ARCHIVO_DATABASE_URL") or f"sqlite:///{home / 'archivo.db'}",
        store_url=env.get("ARCHIVO_STORE_URL") or (home / "store").as_uri(),
        replicas=_replicas(env.get("ARCHIVO_REPLICAS") or ""),
        index_url=env.get("ARCHIVO_INDEX_URL") or f"tantivy://{home / 'index'}",
        broker_url=env.get("ARCHIVO_BROKER_URL") or "local://",
        entity_code=env.get("ARCHIVO_ENTITY_CODE") or "CO.11001.SG",
        entity_name=env.get("ARCHIVO_ENTITY_NAME") or "Secretaría General de la Alcaldía Mayor de Bogotá, D.C.",
        clamav_socket=Path(socket) if socket else None,
        fixity_policy=Path(policy) if (policy := env.get("ARCHIVO_FIXITY_POLICY")) else None,
        verapdf=_existing(env, "ARCHIVO_VERAPDF"),
        ffprobe=_existing(env, "ARCHIVO_FFPROBE") or _found("ffprobe", env),
        soffice=None if env.get("ARCHIVO_SOFFICE") == "no" else _existing(env, "ARCHIVO_SOFFICE") or _found("soffice", env),
        trust_roots=_existing(env, "ARCHIVO_TRUST_ROOTS"),
        tsa_url=_authority_address(env),
        tsa_roots=_existing(env, "ARCHIVO_TSA_ROOTS") or _existing(env, "ARCHIVO_TRUST_ROOTS"),
        tsa_policy=_object_identifier(env, "ARCHIVO_TSA_POLICY"),
        timezone=_zone(env, "ARCHIVO_TIMEZONE", "America/Bogota"),
        proxies=_networks(env, "ARCHIVO_PROXIES", ("127.0.0.1", "::1")),
        max_upload_bytes=_whole(env, "ARCHIVO_MAX_UPLOAD_BYTES", 20 << 30),
        workers=_whole(env, "ARCHIVO_WORKERS", os.cpu_count() or 1),
        log=_one_of(env, "ARCHIVO_LOG", ("texto", "json")),
        traces_url=_web_address(env, "ARCHIVO_TRACES_URL"),
        unknown=tuple(sorted(name for name in env if name.startswith("ARCHIVO_") and name not in KNOWN and not name.startswith(RESERVED))),
    )


def _replicas(text: str) -> Mapping[str, str]:
    """The addresses of the replicas by name. What is wrong with one is told without its address, which may hold a password."""
    replicas: dict[str, str] = {}
    for each in text.split():
        name, equals, address = each.partition("=")
        if not equals or not address or not _PLACE.fullmatch(name) or name in ("principal", "otros") or name in replicas:
            raise SettingsError(
                f"ARCHIVO_REPLICAS: la parte {len(replicas) + 1} no es de la forma nombre=dirección, con un nombre de letras minúsculas, "
                "cifras y guiones que no se repita ni sea «principal» u «otros»."
            )
        replicas[name] = address
    return replicas


def _with_files(environment: Mapping[str, str]) -> Mapping[str, str]:
    """The environment, and below it what its configuration file says and what its files of secrets hold."""
    config = environment.get("ARCHIVO_CONFIG")
    merged = {**(_configured(Path(config)) if config else {}), **environment}
    for name in SECRETS:
        file = merged.get(f"{name}_FILE")
        if file is None:
            continue
        if merged.get(name):
            raise SettingsError(f"Se dieron {name} y {name}_FILE. Deje solo una de las dos.")
        merged[name] = _text(f"{name}_FILE", Path(file)).strip() if file else ""
        if not merged[name]:
            what = f"el archivo «{file}» está vacío" if file else "no nombra ningún archivo"
            raise SettingsError(f"{name}_FILE: {what}. Escriba allí el valor de {name}, o quite la variable.")
    return merged


def _configured(path: Path) -> Mapping[str, str]:
    import tomllib  # few have such a file, and every command begins here

    try:
        table = tomllib.loads(_text("ARCHIVO_CONFIG", path))
    except tomllib.TOMLDecodeError as fault:
        raise SettingsError(f"ARCHIVO_CONFIG: «{path}» no es un archivo TOML bien formado.") from fault
    strange = [name for name in table if not name.startswith("ARCHIVO_")]
    if strange:
        raise SettingsError(f"ARCHIVO_CONFIG: no se conoce «{strange[0]}». Los nombres son los de las variables, con ARCHIVO_.")
    wrong = [name for name, value in table.items() if not isinstance(value, str | int) or isinstance(value, bool)]
    if wrong:
        raise SettingsError(f"ARCHIVO_CONFIG: {wrong[0]} debe ser un texto o un número.")
    return {name: str(value) for name, value in table.items()}


def _text(name: str, path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as fault:
        raise SettingsError(f"{name}: no se pudo leer «{path}».") from fault


def _existing(env: Mapping[str, str], name: str) -> Path | None:
    """A path that is there; None where none is given."""
    text = env.get(name)
    if not text:
        return None
    path = Path(text).absolute()
    if not path.exists():
        raise SettingsError(f"{name} dice «{text}», y no existe.")
    return path


def _found(program: str, env: Mapping[str, str]) -> Path | None:
    """A program on the path of the environment."""
    found = shutil.which(program, path=env.get("PATH", ""))
    return Path(found).absolute() if found else None


def _one_of(env: Mapping[str, str], name: str, choices: Sequence[str]) -> str:
    """The first of the choices by default."""
    text = env.get(name) or choices[0]
    if text not in choices:
        raise SettingsError(f"{name} debe ser {' o '.join(choices)}, y dice «{text}».")
    return text


def _web_address(env: Mapping[str, str], name: str) -> str | None:
    """The value is not repeated: it may hold a password."""
    text = env.get(name) or None
    if text is not None and not text.startswith(("http://", "https://")):
        raise SettingsError(f"{name} debe ser una dirección de la forma http://servidor:4318.")
    return text


def _authority_address(env: Mapping[str, str]) -> str | None:
    """The address of who stamps. Without encryption only on this machine, or where its address says that this is accepted.

    The value is not repeated: it may hold a password.
    """
    text = env.get("ARCHIVO_TSA_URL") or None
    if text is None:
        return None
    try:
        url = urlsplit(text)
        is_whole = url.scheme in ("http", "https") and bool(url.hostname) and url.port != 0
    except ValueError:
        is_whole = False
    if not is_whole or url.fragment not in ("", WITHOUT_ENCRYPTION):
        raise SettingsError("ARCHIVO_TSA_URL debe ser una dirección de la forma https://servidor/ruta.")
    if url.scheme == "http" and url.hostname not in ("127.0.0.1", "::1", "localhost") and url.fragment != WITHOUT_ENCRYPTION:
        raise SettingsError(
            "ARCHIVO_TSA_URL es de http, y por el camino se vería lo que se pide. "
            f"Dé una de https, o acéptelo escribiendo #{WITHOUT_ENCRYPTION} al final: la estampa va firmada y se comprueba igual."
        )
    if not (env.get("ARCHIVO_TSA_ROOTS") or env.get("ARCHIVO_TRUST_ROOTS")):
        raise SettingsError("ARCHIVO_TSA_URL pide estampas, y falta ARCHIVO_TSA_ROOTS: sin certificados raíz no se podrían comprobar.")
    return text


def _zone(env: Mapping[str, str], name: str, default: str) -> str:
    text = env.get(name) or default
    try:
        ZoneInfo(text)
    except (OSError, ValueError, ZoneInfoNotFoundError) as fault:
        raise SettingsError(f"{name}: no se conoce la zona horaria «{text}». Escríbala como America/Bogota.") from fault
    return text


def _networks(env: Mapping[str, str], name: str, default: tuple[str, ...]) -> tuple[str, ...]:
    """Addresses and networks. One that holds everybody is refused: anybody could say then that they are another."""
    text = env.get(name)
    if not text:
        return default
    from ipaddress import ip_network  # few have a proxy elsewhere

    listed = tuple(each.strip() for each in text.split(","))
    for each in listed:
        try:
            holds_everybody = ip_network(each).prefixlen == 0
        except ValueError as fault:
            raise SettingsError(f"{name}: «{each}» no es una dirección ni una red, como 10.0.0.5 o 172.18.0.0/16.") from fault
        if holds_everybody:
            raise SettingsError(f"{name}: «{each}» son todas las direcciones: cualquiera se haría pasar por otro. Dé las del proxy.")
    return listed


def _object_identifier(env: Mapping[str, str], name: str) -> str:
    text = env.get(name) or ""
    if text and not re.fullmatch(r"[0-2](\.(0|[1-9][0-9]{0,15})){1,30}", text):
        raise SettingsError(f"{name} debe ser un identificador de objeto, como 1.3.6.1.4.1.1.2, y dice «{text}».")
    return text


def _whole(env: Mapping[str, str], name: str, default: int) -> int:
    text = env.get(name)
    if not text:
        return default
    if not text.isdecimal() or int(text) < 1:
        raise SettingsError(f"{name} debe ser un número entero mayor que cero, y dice «{text}».")
    return int(text)
