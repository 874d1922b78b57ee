"""The versions that a bucket keeps of a key: what an act orders to be deleted goes with all of them."""

from datetime import UTC, datetime
from typing import Final

from minio.datatypes import Object, parse_list_objects

from preservation.store import StoreUnavailable
from preservation.stores.s3_wire import Wire

_NONE: Final = (None, "", "null")
"""What servers call the only version of an object where a bucket keeps no others."""
_ANCIENT: Final = datetime(1970, 1, 1, tzinfo=UTC)


def delete_versions(wire: Wire, name: str) -> bool:
    """Delete every version of an object, and the marks of its deletions; False where the bucket keeps none: then nothing was done.

    The oldest goes first, so that none comes to light again, and one that a lock keeps leaves the newest where it is. StoreUnavailable
    where the server refuses.
    """
    kept = _versions(wire, name)
    if all(each.version_id in _NONE for each in kept):
        return False
    for each in sorted(kept, key=lambda one: (bool(one.is_latest == "true"), one.last_modified or _ANCIENT)):
        answer = wire.ask("DELETE", name, query={"versionId": each.version_id or "null"})
        if not answer.is_granted and not answer.is_absent:
            raise StoreUnavailable(f"{name}: the server keeps a version of it ({answer.code or answer.status})")
    return True


def _versions(wire: Wire, name: str) -> list[Object]:
    """None where the server does not tell of versions."""
    found: list[Object] = []
    query = {"versions": "", "prefix": name, "max-keys": "1000", "encoding-type": "url"}
    marker: dict[str, str] = {}
    while True:
        answer = wire.ask("GET", query=query | marker)
        if not answer.is_granted:
            return []
        some, is_truncated, key_marker, version_marker = parse_list_objects(answer.as_response())
        found += [each for each in some if each.object_name == name]
        if not is_truncated or not key_marker or key_marker != name:
            return found
        marker = {"key-marker": key_marker, "version-id-marker": version_marker or ""}
