"""Where packages are kept: the archive's own store, and its replicas."""

from typing import Final

from archivo import jobs
from archivo.archive import Archive
from archivo.jobs import Lease
from archivo.records.holdings import PRINCIPAL
from preservation.ocfl_root import is_there
from preservation.store import ObjectStore, StoreUnavailable

ROOT: Final = "raiz"
"""What stands for the files of a place's own root where others have the identifier of a package."""


def places(archive: Archive) -> dict[str, ObjectStore]:
    """The store of each place, by its name."""
    return {PRINCIPAL: archive.store, **archive.replicas}


def leaves_to_others(archive: Archive, lease: Lease) -> bool:
    """Whether a job is about a place that this process was not told of, as while machines are set up one by one: then it is ended, and who
    knows the place asks for it again in a minute.
    """
    if lease.object_id in places(archive):
        return False
    with archive.transaction() as transaction:
        jobs.finish(transaction.session, lease, transaction.now)
    return True


def require_there(store: ObjectStore) -> None:
    """Raises StoreUnavailable where a place does not answer, or is not where it was, as a folder that is not mounted."""
    if not is_there(store):
        raise StoreUnavailable("no storage root stands there")
