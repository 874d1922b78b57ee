"""What keeps the archive from working, in words: a database, a store or an index that does not serve, a disk without room."""

import errno
import shutil
import sqlite3
from pathlib import Path
from typing import TYPE_CHECKING, Final

from sqlalchemy.exc import SQLAlchemyError

from archivo.custody.lock_words import KEPT_REMEDY, kept_in_words
from archivo.database import is_away, is_damaged, is_denied, is_full, turned_away
from archivo.errors import ArchivoError, NoRoom, Unavailable
from preservation.locking import LockDenied, LockedVersion, LocklessBucket
from preservation.ocfl_root import OtherRoot
from preservation.store import StoreFull, StoreUnavailable
from search.index import IndexDenied, IndexFormatChanged, IndexRefused, IndexUnavailable, NoIndexServer

if TYPE_CHECKING:
    from preservation.stores.s3_wire import Refused

LEAST_ROOM: Final = 128 << 10
"""Bytes free below which a database of SQLite cannot be opened or written."""
LOCK_RIGHTS: Final = (
    "Dé a la clave de ese almacén los derechos s3:GetBucketObjectLockConfiguration, s3:GetObjectLegalHold, s3:PutObjectLegalHold, "
    "s3:GetObjectRetention, s3:PutObjectRetention y s3:ListBucketVersions."
)
_KEPT: Final = "Lo que ya estaba guardado sigue intacto; lo que faltaba de esta orden no se hizo."
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
    if is_denied(fault):
        return denied_database()
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
        return _postgresql(fault)
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


def denied_database() -> Unavailable:
    return Unavailable(
        "database.denied",
        f"La base de datos responde, pero su usuario no tiene derecho a lo que hace falta en ella. {_KEPT}",
        "Haga a ese usuario dueño de la base de datos y de sus tablas (ALTER DATABASE … OWNER TO …, ALTER TABLE … OWNER TO …), o dé en "
        "ARCHIVO_DATABASE_URL el usuario que las hizo, y repita la orden.",
    )


def _postgresql(fault: Exception) -> Unavailable:
    match turned_away(fault):
        case "absent":
            return Unavailable(
                "database.absent",
                f"PostgreSQL responde, pero no tiene la base de datos que se nombra. {_KEPT}",
                "Corrija el nombre en ARCHIVO_DATABASE_URL, o hágala con «createdb -E UTF8 -O USUARIO NOMBRE», y repita la orden.",
            )
        case "refused":
            return Unavailable(
                "database.refused",
                f"PostgreSQL responde, pero no deja entrar a ese usuario con esa clave. {_KEPT}",
                "Corrija el usuario y la clave en ARCHIVO_DATABASE_URL; si están bien, vea en pg_hba.conf si ese usuario puede entrar a "
                "esa base de datos desde este equipo. Luego repita la orden.",
            )
        case "busy":
            return Unavailable(
                "database.not_yet",
                f"PostgreSQL responde, pero no atiende ahora: está arrancando, apagándose o sin conexiones libres. {_KEPT}",
                "Espere un momento y repita la orden; si sigue igual, vea max_connections y el registro del servidor.",
            )
        case None:
            return Unavailable(
                "database.away",
                f"La base de datos no responde. {_KEPT}",
                "Vea si el servidor de ARCHIVO_DATABASE_URL funciona, si la máquina y el puerto son los suyos y si se llega a él desde "
                "este equipo, y repita la orden.",
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
    if isinstance(fault, IndexRefused):
        return Unavailable(
            "index.refused",
            f"El buscador responde, pero no acepta el usuario y la clave que se le dan. {_KEPT}",
            "Corrija el usuario y la clave en ARCHIVO_INDEX_URL y repita la orden.",
        )
    if isinstance(fault, IndexDenied):
        return Unavailable(
            "index.denied",
            f"El buscador responde, pero su usuario no tiene derecho a lo que se le pide. {_KEPT}",
            "Dé en Elasticsearch a ese usuario un papel con el privilegio «all» sobre los índices que empiezan por el prefijo de "
            "ARCHIVO_INDEX_URL, y repita la orden.",
        )
    if isinstance(fault, NoIndexServer):
        return Unavailable(
            "index.absent",
            f"En la dirección del buscador responde otra cosa: no es Elasticsearch. {_KEPT}",
            "Corrija la máquina y el puerto en ARCHIVO_INDEX_URL y repita la orden.",
        )
    return Unavailable(
        "index.away",
        f"El buscador no responde. {_KEPT}",
        "Vea si el servidor de ARCHIVO_INDEX_URL funciona, si la máquina y el puerto son los suyos y si se llega a él desde este equipo, "
        "y repita la orden.",
    )


def _store(fault: StoreUnavailable) -> Unavailable:
    from preservation.stores.s3 import OverwritingServer
    from preservation.stores.s3_wire import Refused

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
    return _s3(fault) if isinstance(fault, Refused) else away_store()


def away_store() -> Unavailable:
    return Unavailable(
        "store.away",
        f"El almacén no responde. {_KEPT}",
        "Vea si el servidor de ARCHIVO_STORE_URL funciona, si la máquina y el puerto son los suyos y si se llega a él desde este equipo; "
        "si es una carpeta, que su disco esté montado. Luego repita la orden.",
    )


def _s3(fault: "Refused") -> Unavailable:
    """What a server that answers refused, by S3's name of it."""
    from preservation.stores.s3_wire import BucketMissing

    if fault.is_of_a_stranger:
        return Unavailable(
            "store.refused",
            f"El almacén responde, pero no acepta la clave de acceso o su secreto. {_KEPT}",
            "Corrija la clave y el secreto en ARCHIVO_STORE_URL y repita la orden.",
        )
    if isinstance(fault, BucketMissing):
        return Unavailable(
            "store.absent",
            f"El almacén responde, pero no tiene el cubo que se nombra y no deja hacerlo. {_KEPT}",
            "Corrija el nombre del cubo en ARCHIVO_STORE_URL, o hágalo con una clave que pueda, y repita la orden.",
        )
    if fault.code == "RequestTimeTooSkewed":
        return Unavailable(
            "store.clock",
            f"El almacén responde, pero su reloj y el de este equipo no dicen la misma hora, y no acepta lo que se le pide. {_KEPT}",
            "Ponga en hora los dos equipos y repita la orden.",
        )
    return Unavailable(
        "store.denied",
        f"El almacén responde, pero la clave no tiene derecho a lo que se le pide. {_KEPT}",
        "Dé a esa clave, sobre el cubo de ARCHIVO_STORE_URL y lo que hay en él, los derechos s3:ListBucket, s3:GetObject, s3:PutObject, "
        "s3:DeleteObject, s3:AbortMultipartUpload y s3:ListBucketMultipartUploads, y repita la orden.",
    )
