"""Every error a person can see: code, Spanish message, remedy, HTTP status.

ArchivoError
├── Malformed          400  what was asked is not well formed; nothing changed (exit status 2)
├── NotSignedIn        401
├── Refused            403  the person may not do this
├── Unknown            404  there is no such thing, or this person may not know of it
├── Conflict           409  the thing is not in a state that allows it
├── TooLarge           413
├── Invalid            422  well formed, but what it says cannot be accepted
├── Throttled          429
├── Unavailable        503  a service does not answer
└── NoRoom             507  no room to keep it
"""

import errno
from collections.abc import Mapping
from typing import ClassVar, Final

REASONS: Final[Mapping[int, str]] = {
    errno.EACCES: "no hay permiso",
    errno.EPERM: "no hay permiso",
    errno.EROFS: "su disco es de solo lectura",
    errno.ENOENT: "no existe",
    errno.ENOTDIR: "una parte de la ruta no es una carpeta",
    errno.EISDIR: "es una carpeta",
    errno.EEXIST: "ya hay ahí otra cosa",
    errno.ELOOP: "sus enlaces dan vueltas",
    errno.ENAMETOOLONG: "el nombre es demasiado largo",
    errno.ENOSPC: "no hay espacio en el disco",
    errno.EDQUOT: "se acabó el espacio asignado",
    errno.EIO: "falla el disco",
    errno.EMFILE: "hay demasiados archivos abiertos",
    errno.EADDRINUSE: "otro programa lo ocupa",
    errno.EADDRNOTAVAIL: "esta máquina no tiene esa dirección",
}


def reason_of(fault: OSError) -> str:
    """Why the machine refused, in a few words of Spanish."""
    number = fault.errno or 0
    if number < 0:  # of the resolver of names
        return "no se conoce esa máquina"
    return REASONS.get(number) or f"error {errno.errorcode.get(number, type(fault).__name__)}"


class ArchivoError(Exception):
    """An error worded for a person: what happened and what it means (`message`), what to do (`remedy`)."""

    status: ClassVar[int] = 500
    exit_status: ClassVar[int] = 1

    def __init__(self, code: str, message: str, remedy: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.remedy = remedy


class Malformed(ArchivoError):
    """What was asked is not well formed; nothing changed."""

    status = 400
    exit_status = 2


class NotSignedIn(ArchivoError):
    """Nobody is signed in, or the token is not valid."""

    status = 401


class Refused(ArchivoError):
    """The person may not do this."""

    status = 403


class Unknown(ArchivoError):
    """There is no such thing, or this person may not know of it: both are told alike."""

    status = 404


class Conflict(ArchivoError):
    """The thing is not in a state that allows it."""

    status = 409


class TooLarge(ArchivoError):
    """More was sent than is accepted."""

    status = 413


class Invalid(ArchivoError):
    """Well formed, but what it says cannot be accepted."""

    status = 422


class Throttled(ArchivoError):
    """Too many attempts."""

    status = 429


class Unavailable(ArchivoError):
    """A service the archive needs does not answer."""

    status = 503


class NoRoom(ArchivoError):
    """There is no room to keep what was sent; nothing of it was kept."""

    status = 507


def unknown_document(identifier: str) -> Unknown:
    return Unknown(
        "document.unknown",
        f"No hay un documento con el identificador «{identifier}» que usted pueda consultar.",
        "Revise el identificador, o búsquelo por sus palabras.",
    )


def malformed_identifier(identifier: str) -> Malformed:
    return Malformed(
        "identifier.malformed",
        f"«{identifier}» no es un identificador de documento.",
        "Un identificador tiene 36 caracteres, como 0192f0c1-7d3e-7a54-9f1c-2b6d8e4a9c10.",
    )


def refused(act: str) -> Refused:
    return Refused(
        "access.refused",
        f"Su perfil no permite {act}. No se cambió nada.",
        "Pida este permiso a quien administra las personas y permisos.",
    )
