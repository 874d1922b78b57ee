"""What a store remembers of the objects that it read: which mark (ETag) the server gave to which bytes."""

from collections import OrderedDict
from collections.abc import Mapping
from threading import Lock
from typing import Final

from preservation.fixity import DEFAULT_ALGORITHM, Digest
from preservation.store import ObjectKey
from preservation.stores.s3_reading import whole_digest

_MOST: Final = 1_000


class Marks:
    """The last objects read, by key: the SHA-256 that the server keeps of each and its mark, from one answer. Safe among threads.

    Who replaces the very bytes that it saw asks for them by their mark, without reading them again; of others the condition does not hold.
    """

    def __init__(self) -> None:
        self._seen: OrderedDict[ObjectKey, tuple[Digest, str]] = OrderedDict()
        self._lock = Lock()

    def note(self, key: ObjectKey, headers: Mapping[str, str]) -> None:
        """Remember an answer that gives all of an object; one that says too little is passed over."""
        found, mark = whole_digest(headers), headers.get("etag", "")
        if found is None or not mark:
            return
        with self._lock:
            self._seen[key] = Digest(DEFAULT_ALGORITHM, found.hex()), mark
            self._seen.move_to_end(key)
            while len(self._seen) > _MOST:
                self._seen.popitem(last=False)

    def of(self, key: ObjectKey, digest: Digest) -> str:
        """The mark of these bytes under a key, as last seen; empty where it is not known."""
        with self._lock:
            seen, mark = self._seen.get(key, (None, ""))
        return mark if seen == digest else ""
