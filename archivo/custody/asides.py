"""Damaged bytes set apart as packages of their own, once for each file and what was found in it: they may be all that is left of it."""

import json
from collections import defaultdict
from collections.abc import Collection, Mapping
from contextlib import suppress
from typing import BinaryIO, Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from archivo.archive import Archive
from archivo.audit import services as audit
from archivo.custody.models import Ledger
from archivo.identifiers import new_uuid, urn
from archivo.records.holdings import ASIDE, PRINCIPAL, note_package
from archivo.records.models import Document, Fonds, KeptCopy
from archivo.records.packaging import canonical, instant, read_bytes
from archivo.retention.models import TrdVersion
from preservation.fixity import Digest, digest_of
from preservation.ocfl_inventory import BadInventory
from preservation.store import DigestMismatch, ObjectKey, ObjectMissing

DAMAGED: Final = "damaged/data"
ACT: Final = "package.aside"
MACHINE: Final = "Archivo"


def put_aside(archive: Archive, login: str, location: str, object_id: str, key: ObjectKey, damaged: BinaryIO) -> str:
    """Keep the bytes that stand damaged under a key of a place, a seekable file at its beginning; the package that keeps them.

    One that an earlier try made of the same bytes serves: a repair that cannot be ended fills no store. Raises StoreFull, StoreUnavailable.
    """
    digest = digest_of(damaged)
    damaged.seek(0)
    made = {"place": location, "key": key, "was": digest.value}
    known = _made_before(archive, object_id, made, digest)
    if known is not None:
        return known
    identifier = new_uuid(archive.clock())
    said = {"schema": 1, "kind": "aside", "id": identifier, "of": object_id, "place": location, "key": key, "at": instant(archive.clock())}
    with archive.packages.new_version(urn(identifier), base=None) as writer:
        writer.put(DAMAGED, damaged)
        writer.put_bytes(ASIDE, canonical(said))
        inventory = writer.commit("Bytes dañados, apartados", login, "", archive.clock())
    with archive.transaction() as transaction:
        note_package(transaction, MACHINE, identifier, inventory)
        audit.record(transaction, login, ACT, object_id, detail={**made, "aside": identifier})
    return identifier


def set_apart(archive: Archive, session: Session, documents: Collection[str]) -> Mapping[str, list[str]]:
    """The packages that keep damaged bytes of these documents, by the document. Raises StoreUnavailable."""
    known = [select(model.id) for model in (Document, Fonds, TrdVersion, Ledger)]
    others = select(KeptCopy.object_id).where(KeptCopy.location == PRINCIPAL, *(KeptCopy.object_id.not_in(each) for each in known))
    found = defaultdict(list)
    for identifier in session.scalars(others):
        with suppress(ObjectMissing, BadInventory):
            if (of := json.loads(read_bytes(archive, identifier, ASIDE))["of"]) in documents:
                found[of].append(identifier)
    return found


def _made_before(archive: Archive, object_id: str, made: Mapping[str, str], digest: Digest) -> str | None:
    with archive.reading() as session:
        told = [str(detail.get("aside")) for _, detail in audit.entries_of(session, object_id, ACT) if made.items() <= detail.items()]
    return next((each for each in told if _keeps(archive, each, digest)), None)


def _keeps(archive: Archive, identifier: str, digest: Digest) -> bool:
    """Whether a package still keeps these bytes, and no tombstone stands in its place."""
    with suppress(ObjectMissing, BadInventory, DigestMismatch), archive.packages.open(urn(identifier), DAMAGED) as file:
        return digest_of(file, digest.algorithm) == digest
    return False
