"""What keeps the archive from working, in words: a database, a store or an index that does not serve, a disk without room."""

import errno
import shutil
import sqlite3
from pathlib import Path
from typing import Final

from sqlalchemy.exc import SQLAlchemyError

from archivo.custody.lock_words import KEPT_REMEDY, kept_in_words
from archivo.database import is_away, is_damaged, is_full
from archivo.errors import ArchivoError, NoRoom, Unavailable
from preservation.locking import LockDenied, LockedVersion, LocklessBucket
from preservation.ocfl_root import OtherRoot
from preservation.store import StoreFull, StoreUnavailable
from search.index import IndexFormatChanged, IndexUnavailable

LEAST_ROOM: Final = 128 << 10
"""Bytes free below which a database of SQLite cannot be opened or written."""
LOCK_RIGHTS: Final = (
    "Dé a la clave de ese almacén los derechos s3:GetBucketObjectLockConfiguration, s3:GetObjectLegalHold, s3:PutObjectLegalHold, "
    "s3:GetObjectRetention, s3:PutObjectRetention y s3:ListBucketVersions."
)
_BUSY: Final = frozenset((sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_PROTOCOL, sqlite3.SQLITE_NOMEM))


def in_words(fault: Exception, home: Path) -> ArchivoError | None:
    """What a fault of the places where the archive is kept means, and what to do; None for a fault of something else.

    A database on a disk that is full cannot even be opened, and says only that it failed.
    """
    if isinstance(fault, IndexFormatChanged | IndexUnavailable):
        return _index(fault)
    if isinstance(fault, StoreUnavailable):
        return _store(fault)
    if not isinstance(fault, StoreFull | OSError | SQLAlchemyError):
        return None
    if isinstance(fault, StoreFull) or is_full(fault) or shutil.disk_usage(home).free < LEAST_ROOM:
        return NoRoom(
            "store.full",
            "No hay espacio en el disco del archivo. No se guardó nada de lo que faltaba; lo ya guardado sigue intacto.",
            "Avise a quien opera el sistema y repita la orden cuando haya espacio.",
        )
    if is_damaged(fault):
        return damaged_database(home)
    if is_away(fault):
        return _database(fault, home)
    if isinstance(fault, OSError) and fault.errno in (errno.EACCES, errno.EPERM, errno.EROFS) and _is_of(home, fault):
        return Unavailable(
            "home.unwritable",
            f"No se puede escribir en {home}. Lo que ya estaba guardado sigue intacto; lo que faltaba de esta orden no se hizo.",
            "Revise sus permisos y los de lo que contiene, que su disco no esté en solo lectura, y repita la orden.",
        )
    return None


def damaged_database(home: Path) -> Unavailable:
    return Unavailable(
        "database.damaged",
        "La base de datos está dañada. Los documentos siguen intactos en el almacén; lo que faltaba de esta orden no se hizo.",
        f"Restaure la última copia de la base de datos; si no la hay, aparte archivo.db de {home} y haga «archivo rebuild», "
        "que rehace el catálogo, pero no las personas, sus fichas ni la bitácora.",
    )


def _database(fault: Exception, home: Path) -> Unavailable:
    cause = getattr(fault, "orig", None)
    if not isinstance(cause, sqlite3.Error):
        return Unavailable(
            "database.away",
            "La base de datos no responde. Lo que ya estaba guardado sigue intacto; lo que faltaba de esta orden no se hizo.",
            "Compruebe que el servidor de ARCHIVO_DATABASE_URL funciona y repita la orden.",
        )
    if cause.sqlite_errorcode & 0xFF in _BUSY:
        return Unavailable(
            "database.busy",
            "Otro proceso ocupa la base de datos. Lo que ya estaba guardado sigue intacto; lo que faltaba de esta orden no se hizo.",
            "Repita la orden; si sigue igual, vea qué otro programa la usa.",
        )
    return Unavailable(
        "database.unwritable",
        "La base de datos no se puede abrir o escribir. Lo que ya estaba guardado sigue intacto; lo que faltaba de esta orden no se hizo.",
        f"Revise los permisos de {home} y de lo que contiene, que su disco no esté en solo lectura, y repita la orden.",
    )


def _is_of(home: Path, fault: OSError) -> bool:
    return isinstance(fault.filename, str) and Path(fault.filename).absolute().is_relative_to(home.absolute())


def _index(fault: Exception) -> Unavailable:
    if isinstance(fault, IndexFormatChanged):
        return Unavailable(
            "index.format",
            "El buscador se hizo con otra versión del programa y no se puede leer. Los documentos siguen intactos.",
            "Hágalo de nuevo con «archivo rebuild --index» y repita la orden.",
        )
    return Unavailable(
        "index.away",
        "El buscador no responde. Lo que ya estaba guardado sigue intacto; lo que faltaba de esta orden no se hizo.",
        "Compruebe el buscador de ARCHIVO_INDEX_URL con «archivo doctor» y repita la orden.",
    )


def _store(fault: StoreUnavailable) -> Unavailable:
    from preservation.stores.s3 import OverwritingServer

    if isinstance(fault, OtherRoot):
        return Unavailable(
            "store.other",
            "En el lugar de un almacén hay otra cosa: no lo hizo este programa, o está vacío y sus propios archivos están dañados. "
            "No se escribió nada en él.",
            "Revise ARCHIVO_STORE_URL y ARCHIVO_REPLICAS. Si es de este archivo y está vacío, quite de él «0=ocfl_1.1», «ocfl_layout.json» "
            "y «extensions», y repita la orden.",
        )
    if isinstance(fault, LocklessBucket):
        return Unavailable(
            "store.lockless",
            "Se pide retención para lo que se guarda en un servidor S3, y su cubo no tiene bloqueo de objetos. No se guardó nada en él.",
            "Dé un cubo hecho con bloqueo de objetos, que solo se le pone al hacerlo, o quite retencion=… de la dirección.",
        )
    if isinstance(fault, LockDenied):
        return Unavailable(
            "store.lock_denied",
            "Un servidor S3 no deja preguntar si bloquea lo que guarda, y sin saberlo no se escribe ni se borra nada de ello. "
            "Lo ya guardado sigue intacto.",
            LOCK_RIGHTS,
        )
    if isinstance(fault, LockedVersion):
        return Unavailable("store.locked", f"No se eliminó: {kept_in_words(fault)}. Lo guardado sigue como estaba.", KEPT_REMEDY)
    if isinstance(fault, OverwritingServer):
        return Unavailable(
            "store.overwrites",
            "El servidor de ARCHIVO_STORE_URL no respeta la escritura única: podría escribir sobre un documento. No se guardó nada.",
            "Use otro servidor; si aun así lo quiere, añada a la dirección ?acepta=sin-escritura-unica.",
        )
    return Unavailable(
        "store.away",
        "El almacén no responde. Lo que ya estaba guardado sigue intacto; lo que faltaba de esta orden no se hizo.",
        "Compruebe el almacén de ARCHIVO_STORE_URL con «archivo doctor» y repita la orden.",
    )
