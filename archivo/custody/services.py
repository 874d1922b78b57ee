"""Verify what is held, and export it."""

import re
import shutil
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from sqlalchemy import select

from archivo.access.policy import Actor, Grant, require
from archivo.archive import Archive, ObjectLease
from archivo.audit import services as audit
from archivo.errors import Malformed
from archivo.identifiers import from_urn, is_uuid, urn
from archivo.records.models import Document, Incoming
from archivo.records.packaging import ORIGINAL
from archivo.records.services import visible_document
from preservation.fixity import CHUNK
from preservation.store import ObjectMissing, StoreError

_UNSAFE: Final = re.compile(r"[\x00-\x1f\x7f/\\:*?\"<>|\u202a-\u202e\u2066-\u2069]")


@dataclass(frozen=True, slots=True)
class DamagedFile:
    """A file whose bytes are not those its inventory names; digests in hexadecimal, None where unknown."""

    id: str
    key: str
    expected: str | None
    found: str | None


@dataclass(frozen=True, slots=True)
class FixityReport:
    """What a verification found. `checked` and `ok` count documents; the archive's other objects are in `other_checked`."""

    checked: int
    ok: int
    damaged: tuple[DamagedFile, ...]
    missing: tuple[str, ...]
    unexpected: tuple[str, ...]
    other_checked: int

    @property
    def is_clean(self) -> bool:
        return not (self.damaged or self.missing or self.unexpected)


def verify(archive: Archive, actor: Actor, ids: Sequence[str] = ()) -> FixityReport:
    """Read again every byte of the named documents, or of everything held, and compare with the inventories.

    An unknown id is missing. What is being written now is not unexpected.
    """
    require(archive, actor, Grant.VERIFY)
    with archive.reading() as session:
        documents = set(session.scalars(select(Document.id)))
        in_flight = {urn(i) for i in session.scalars(select(Incoming.document_id))} | set(session.scalars(select(ObjectLease.object_id)))
    malformed = [one for one in ids if not is_uuid(one)]
    if malformed:
        raise Malformed("identifier.malformed", f"«{malformed[0]}» no es un identificador de documento.", "Revise el identificador.")
    held = set() if ids else _held(archive)
    wanted = list(dict.fromkeys(ids)) if ids else sorted(documents | held)
    damaged: list[DamagedFile] = []
    missing: list[str] = []
    unexpected: list[str] = []
    checked = ok = others = 0
    for identifier in wanted:
        is_document = identifier in documents or bool(ids)
        before = (len(damaged), len(missing), len(unexpected))
        try:
            found = archive.packages.verify(urn(identifier), writing=urn(identifier) in in_flight)
        except ObjectMissing:
            missing.append(identifier)
        except StoreError:
            damaged.append(DamagedFile(identifier, "inventory.json", None, None))
        else:
            damaged += [DamagedFile(identifier, str(d.key), d.expected, d.found) for d in found.damaged]
            missing += [str(key) for key in found.missing]
            unexpected += [str(key) for key in found.unexpected]
        clean = before == (len(damaged), len(missing), len(unexpected))
        checked += is_document
        ok += is_document and clean
        others += not is_document
    with archive.transaction() as transaction:
        audit.record(transaction, actor.login, "archive.verify", None, detail={"checked": checked, "ok": ok})
    return FixityReport(checked, ok, tuple(damaged), tuple(missing), tuple(unexpected), others)


def export(archive: Archive, actor: Actor, document_id: str, destination: Path, *, only_original: bool = False) -> Path:
    """Copy a document's OCFL object, or only its original under a safe form of its own name, to a folder that is absent or empty."""
    with archive.reading() as session:
        document = visible_document(session, actor, document_id)
    if destination.exists() and (not destination.is_dir() or any(destination.iterdir())):
        raise Malformed("export.destination", f"«{destination}» no está vacía. No se copió nada.", "Elija una carpeta nueva o vacía.")
    if only_original:
        destination.mkdir(parents=True, exist_ok=True)
        target = destination / safe_name(document.filename)
        with closing(archive.packages.open(urn(document_id), ORIGINAL)) as source, target.open("xb") as copy:
            shutil.copyfileobj(source, copy, CHUNK)
    else:
        archive.packages.export(urn(document_id), destination)
    note_use(archive, actor, "document.export", document_id)
    return destination


def note_use(archive: Archive, actor: Actor, act: str, document_id: str) -> None:
    """Leave in the trail that somebody used a document."""
    with archive.transaction() as transaction:
        audit.record(transaction, actor.login, act, document_id)


def safe_name(filename: str) -> str:
    """A form of a file's own name that any file system takes and that cannot lead elsewhere; at most 200 bytes."""
    cleaned = _UNSAFE.sub("_", filename).strip(" .") or "documento"
    stem, dot, suffix = cleaned.rpartition(".")
    if not dot or len(suffix) > 10:
        stem, suffix = cleaned, ""
    room = 200 - len(suffix.encode()) - 1
    short = stem.encode()[:room].decode(errors="ignore").rstrip(" .") or "documento"
    return f"{short}.{suffix}" if suffix else short


def _held(archive: Archive) -> set[str]:
    return {from_urn(object_id) for object_id in archive.packages.objects()}
