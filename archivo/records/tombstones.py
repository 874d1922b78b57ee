"""What remains of what an act deleted: what it was, which act ordered it, who asked, who confirmed, and when."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from archivo.archive import Archive
from archivo.errors import Conflict
from archivo.identifiers import urn
from archivo.records.holdings import TOMBSTONE
from archivo.records.models import Document, DocumentState, Tombstone
from archivo.records.packaging import parse_instant, read_bytes
from preservation.ocfl_inventory import BadInventory
from preservation.store import ObjectMissing


@dataclass(frozen=True, slots=True)
class DeletedFile:
    """A file of the package that was; `path` in the OCFL object, `digest` of its bytes, of the algorithm that the tombstone names."""

    path: str
    digest: str
    size: int


@dataclass(frozen=True, slots=True)
class TombstoneView:
    """What is told of a deletion. `authority` is the kind of act in words, `rule` its norm and article, or empty; `date` is ISO."""

    act: str
    authority: str
    rule: str
    number: str
    date: str
    signed_by: str
    reason: str
    requested_by: str
    requested_at: datetime
    confirmed_by: str
    confirmed_at: datetime
    at: datetime
    versions: int
    algorithm: str
    files: tuple[DeletedFile, ...]


def view_tombstone(session: Session, document: Document) -> TombstoneView | None:
    """What remains of a document; None of one that was not deleted."""
    if document.state != DocumentState.DELETED:
        return None
    row = session.get(Tombstone, document.id)
    return None if row is None else _view(row.said)


def check_stands(document: Document) -> None:
    """Raise Conflict for a document that was deleted."""
    if document.state == DocumentState.DELETED:
        raise deleted()


def deleted() -> Conflict:
    """The error of what cannot be done to a document that was deleted."""
    return Conflict(
        "document.deleted",
        "El contenido de este documento se eliminó por orden de un acto, y ya no se puede leer ni cambiar.",
        "Vea qué fue, y por qué se eliminó, en su ficha o con «archivo show».",
    )


def is_tombstone(archive: Archive, identifier: str) -> bool:
    """Whether what the store holds under a name is a tombstone. One that cannot be read, or is not there, is none."""
    try:
        return TOMBSTONE in archive.packages.inventory(urn(identifier)).state()
    except (ObjectMissing, BadInventory):
        return False


def read_tombstone(archive: Archive, identifier: str) -> Mapping[str, Any]:
    """What a tombstone of the store says."""
    said: Mapping[str, Any] = json.loads(read_bytes(archive, identifier, TOMBSTONE))
    return said


def _view(said: Mapping[str, Any]) -> TombstoneView:
    authority: Mapping[str, str] = said["authority"]
    files: Sequence[Mapping[str, Any]] = said["files"]
    return TombstoneView(
        act=said["act"],
        authority=authority["name"],
        rule=authority["rule"],
        number=authority["number"],
        date=authority["date"],
        signed_by=authority["signed_by"],
        reason=said["reason"],
        requested_by=said["requested_by"],
        requested_at=parse_instant(said["requested_at"]),
        confirmed_by=said["confirmed_by"],
        confirmed_at=parse_instant(said["confirmed_at"]),
        at=parse_instant(said["at"]),
        versions=said["package"]["version"],
        algorithm=said["package"]["algorithm"],
        files=tuple(DeletedFile(each["path"], each["digest"], each["size"]) for each in files),
    )
