"""Publish a record in the public catalogue, or withdraw it."""

from collections.abc import Mapping, Sequence

from sqlalchemy import select

from archivo.access.policy import AccessClass, Actor, Grant, require
from archivo.archive import Archive
from archivo.audit import services as audit
from archivo.database import lock
from archivo.errors import ArchivoError, Conflict
from archivo.records.following import Ahead, index_ahead, reindex
from archivo.records.indexing import entries_of
from archivo.records.models import Document, DocumentPart
from archivo.records.services import Then, check_unchanged, record_act, visible_document
from archivo.records.wording import ACCESS
from archivo.retention.classification import class_facets
from search.index import Entry


def publish(archive: Archive, actor: Actor, document_id: str, *, seen_version: int | None = None, then: Then | None = None) -> None:
    """Make a public record findable by citizens; nothing changes if it is already.

    Raises Conflict for a restricted one, and for one changed since `seen_version`.
    """
    require(archive, actor, Grant.PUBLISH, document_id)
    with archive.transaction() as transaction:
        document = visible_document(transaction.session, actor, document_id, held=True)
        check_unchanged(document, seen_version)
        if document.access != AccessClass.PUBLICA:
            raise Conflict(
                "publish.restricted",
                f"El documento «{document.title}» es información {ACCESS[document.access].lower()} y no se puede publicar. No se cambió.",
                "Si ya no debe estar restringido, cambie primero su nivel de acceso.",
            )
        if document.published:
            return
        record_act(transaction, document, actor.login, "publish", {"published": True, "published_at": transaction.now})
        audit.record(transaction, actor.login, "document.publish", document_id)
        reindex(transaction, document)
        if then is not None:
            then(transaction, document)


def withdraw(archive: Archive, actor: Actor, document_id: str, *, seen_version: int | None = None) -> None:
    """Take a record out of the public catalogue: first from the index, then from the record; nothing changes if it is not in it.

    Raises Conflict for one changed since `seen_version`.
    """
    wrong = withdraw_several(archive, actor, {document_id: seen_version})
    if wrong:
        raise wrong[document_id]


def withdraw_several(archive: Archive, actor: Actor, seen: Mapping[str, int | None], then: Then | None = None) -> dict[str, ArchivoError]:
    """`withdraw` for each of these documents with the version seen of it, the index written once; the errors of those that were not."""
    wrong: dict[str, ArchivoError] = {}
    with index_ahead(archive) as ahead:
        entries: dict[str, Sequence[Entry]] = {}
        for document_id, version in seen.items():
            try:
                require(archive, actor, Grant.PUBLISH, document_id)
                hidden = _hidden(archive, actor, document_id, version, ahead)
            except ArchivoError as error:
                wrong[document_id] = error
            else:
                entries |= {} if hidden is None else {document_id: hidden}
        if entries:
            archive.index.put([entry for some in entries.values() for entry in some])
        for document_id in entries:
            try:
                with ahead.transaction(document_id) as transaction:
                    kept = lock(transaction.session, Document, document_id)
                    check_unchanged(kept, seen[document_id])
                    record_act(transaction, kept, actor.login, "withdraw", {"published": False, "published_at": None})
                    audit.record(transaction, actor.login, "document.withdraw", document_id)
                    if then is not None:
                        then(transaction, kept)
            except ArchivoError as error:
                wrong[document_id] = error
    return wrong


def _hidden(archive: Archive, actor: Actor, document_id: str, seen_version: int | None, ahead: Ahead) -> Sequence[Entry] | None:
    """The entries of the index for a record as if it were withdrawn; None when it is not published."""
    with archive.reading() as session:
        document = visible_document(session, actor, document_id)
        check_unchanged(document, seen_version)
        if not document.published:
            return None
        parts = list(session.scalars(select(DocumentPart).filter_by(document_id=document_id).order_by(DocumentPart.number)))
        facets = class_facets(session, [document_id]).get(document_id, ())
        session.expunge(document)
    document.published = False
    with archive.transaction() as transaction:
        ahead.begin(transaction, visible_document(transaction.session, actor, document_id, held=True))
    return list(entries_of(document, parts, facets))
