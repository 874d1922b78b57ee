"""Delete what an act orders to be deleted, with every version that the bucket keeps of it."""

from minio.time import utcnow

from preservation.locking import LockedVersion
from preservation.store import StoreUnavailable
from preservation.stores.s3_lock import REFUSALS, locked_of
from preservation.stores.s3_versions import NONE, versions_of
from preservation.stores.s3_wire import Wire


def delete_versions(wire: Wire, name: str) -> bool:
    """Delete every version of an object, and the marks of its deletions; False where the bucket keeps none: then nothing was done.

    The oldest goes first, so that none comes to light again, and one that a lock keeps leaves the newest where it is. LockedVersion for
    that one, StoreUnavailable where the server refuses for another reason.
    """
    kept = [each for each in versions_of(wire, name) if each.name == name]
    if all(each.id in NONE for each in kept):
        return False
    oldest = sorted(reversed(kept), key=lambda one: (one.is_latest, one.at[:19]))
    for each in oldest:
        answer = wire.ask("DELETE", name, query={"versionId": each.id or "null"})
        if answer.is_granted or answer.is_absent:
            continue
        told = f"{name}: the server keeps a version of it ({answer.code or answer.status})"
        if answer.code in REFUSALS:
            now = utcnow()
            locked = locked_of(wire, iter((each,)), now)
            if locked.keeps(now):
                raise LockedVersion(told, locked)
        raise StoreUnavailable(told)
    return True
