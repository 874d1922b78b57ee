"""The files of an OCFL storage root itself (OCFL 1.1, 4.1 and 4.2), of which each always has the same bytes."""

import io

from preservation.fixity import DEFAULT_ALGORITHM
from preservation.ocfl_check import Damage, Verification, check_fixed
from preservation.ocfl_layout import LAYOUT_FILE, ROOT_DECLARATION, ROOT_FILES, digest, object_roots, read
from preservation.ocfl_repair import PutAside, Restored, digest_standing, set_aside
from preservation.store import ObjectMissing, ObjectStore, StoreUnavailable


class OtherRoot(StoreUnavailable):
    """Something else than a storage root of this layout stands there: nothing may be written."""


def declare(store: ObjectStore) -> None:
    """Write the files of a root that lacks them, or the layout's own where an earlier program left it out.

    Where that one stands as it should, nothing else is asked: it goes last. Where one is damaged, or lost of a root that holds packages,
    nothing is written. OtherRoot where something else than a root of this layout stands, be it an empty one.
    """
    if read(store, LAYOUT_FILE) == ROOT_FILES[LAYOUT_FILE]:
        return
    standing = {key: read(store, key) for key in ROOT_FILES}
    wrong = [key for key, data in standing.items() if data is not None and data != ROOT_FILES[key]]
    lacking = [key for key, data in standing.items() if data is None]
    if lacking == [LAYOUT_FILE] and not wrong:
        store.put(LAYOUT_FILE, io.BytesIO(ROOT_FILES[LAYOUT_FILE]))
    elif next(object_roots(store), None) is not None:
        return
    elif wrong or lacking != list(ROOT_FILES)[-len(lacking) :]:
        raise OtherRoot("the store is no OCFL storage root of this layout")
    else:
        for key in lacking:
            store.put(key, io.BytesIO(ROOT_FILES[key]))


def is_there(store: ObjectStore) -> bool:
    """Whether a root stands here, damaged or not; not so where a folder is not mounted. StoreUnavailable as it comes."""
    for key in (ROOT_DECLARATION, *ROOT_FILES):
        try:
            store.stat(key)
        except ObjectMissing:
            continue
        return True
    return False


def check_root(store: ObjectStore) -> Verification:
    """Read the root's files again. One without the layout's own, as earlier programs made, is whole: the next declare() adds it."""
    faults = [fault for key, content in ROOT_FILES.items() for fault in check_fixed(store, key, content)]
    missing = tuple(fault for fault in faults if isinstance(fault, str))
    damaged = tuple(fault for fault in faults if isinstance(fault, Damage))
    return Verification(None, damaged, () if (missing, damaged) == ((LAYOUT_FILE,), ()) else missing, ())


def repair_root(store: ObjectStore, put_aside: PutAside) -> tuple[Restored, ...]:
    """Give back what check_root() finds amiss, each damaged file kept aside first. StoreFull and StoreUnavailable as they come."""
    found = check_root(store)
    restored = []
    for key, was in [*((each.key, digest_standing(each)) for each in found.damaged), *((key, None) for key in found.missing)]:
        right = digest(DEFAULT_ALGORITHM, ROOT_FILES[key])
        set_aside(store, key, put_aside)
        store.put(key, io.BytesIO(ROOT_FILES[key]), expected=right)
        restored.append(Restored(key, was, right.value, None))
    return tuple(restored)
