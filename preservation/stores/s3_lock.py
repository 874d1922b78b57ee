"""Object Lock of S3: what a bucket can lock, holds set and taken away, and what of it is read back."""

import re
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime
from hashlib import sha256
from typing import Final, Literal

from preservation.locking import LockDenied, Locked, LocklessBucket
from preservation.store import StoreUnavailable
from preservation.stores.s3_upload import base64_of
from preservation.stores.s3_versions import Version, versions_of
from preservation.stores.s3_wire import CHECKSUM, Answer, Wire, block_of

State = Literal["on", "off", "suspended", "unknown"]
REFUSALS: Final = ("InvalidRequest", "AccessDenied", "MethodNotAllowed", "ObjectLocked")
"""How servers name that a lock keeps a version from being deleted: MinIO by the first, versitygw and AWS by the second."""
_NO_BUCKET_LOCK: Final = ("ObjectLockConfigurationNotFoundError", "NoSuchObjectLockConfiguration", "NoSuchBucket", "NotImplemented")
_NOT_IMPLEMENTED: Final = 501
_DENIED: Final = (401, 403)
_NO_LOCK: Final = ("NoSuchObjectLockConfiguration", "InvalidRequest", "ObjectLockConfigurationNotFoundError")
_HOLD: Final = '<LegalHold xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Status>{}</Status></LegalHold>'
_STATUS: Final = re.compile(rb"<Status>(ON|OFF)</Status>")
_MODE: Final = re.compile(rb"<Mode>(GOVERNANCE|COMPLIANCE)</Mode>")
_UNTIL: Final = re.compile(rb"<RetainUntilDate>(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)[^<]{0,12}</RetainUntilDate>")


def bucket_lock(wire: Wire) -> State:
    """Whether the bucket has Object Lock; "off" also where the server knows no such thing, or where there is no bucket; "unknown" where
    it will not say.
    """
    answer = wire.ask("GET", query={"object-lock": ""})  # the SDK's reader fails on a lock without a default retention
    if answer.is_granted:
        return "on" if b"<ObjectLockEnabled>Enabled<" in answer.data else "off"
    return "off" if answer.code in _NO_BUCKET_LOCK or answer.status == _NOT_IMPLEMENTED else "unknown"


def can_lock(wire: Wire) -> bool:
    """Whether the bucket has Object Lock. Raises LockDenied where the server will not say: that is not to have none."""
    state = bucket_lock(wire)
    if state == "unknown":
        raise LockDenied(f"{wire.address}: the server does not tell whether the bucket has Object Lock (GetObjectLockConfiguration)")
    return state == "on"


def require_lock(wire: Wire) -> None:
    """Raise LocklessBucket unless the bucket has Object Lock. It is asked before anything is written with a retention: versitygw refuses
    such a write in a bucket without it, and keeps the object. Raises LockDenied.
    """
    if not can_lock(wire):
        raise LocklessBucket(f"{wire.address}: the bucket has no Object Lock, and the address asks for a retention")


def set_holds(wire: Wire, prefix: str, is_held: bool) -> int:
    """Have every version below a prefix held, or none; how many changed."""
    changed = 0
    wanted = "ON" if is_held else "OFF"
    for version in _objects(wire, prefix):
        if _is_held(wire, version) == is_held:
            continue
        body = block_of(_HOLD.format(wanted).encode())
        headers = {CHECKSUM: base64_of(sha256(b"".join(body.pieces)).digest()), "Content-Type": "application/xml"}
        answer = wire.ask("PUT", version.name, {"legal-hold": "", "versionId": version.id}, headers, body)
        if not (answer.is_granted or answer.is_absent):
            raise _refused(wire, version, answer)
        changed += answer.is_granted
    return changed


def locked_beneath(wire: Wire, prefix: str, now: datetime) -> Locked:
    """What the server says of every version below a prefix."""
    return locked_of(wire, _objects(wire, prefix), now)


def locked_of(wire: Wire, versions: Iterator[Version], now: datetime) -> Locked:
    """What the server says of these versions."""
    objects = held = retained = 0
    last: tuple[datetime, str] | None = None
    for version in versions:
        objects += 1
        held += _is_held(wire, version)
        kept = _retained(wire, version)
        retained += kept is not None and kept[0] > now
        last = max(filter(None, (last, kept)), default=None)
    return Locked(objects, held, retained, last[1] if last else "", last[0] if last else None)


def _objects(wire: Wire, prefix: str) -> Iterator[Version]:
    return (each for each in versions_of(wire, prefix) if not each.is_marker)


def _is_held(wire: Wire, version: Version) -> bool:
    """Asked of each version: the headers of versitygw tell the lock of the newest alone."""
    answer = wire.ask("GET", version.name, {"legal-hold": "", "versionId": version.id})
    if answer.code in _NO_LOCK or answer.is_absent:
        return False
    found = _STATUS.search(answer.data)
    if not answer.is_granted or found is None:
        raise _refused(wire, version, answer)
    return found.group(1) == b"ON"


def _retained(wire: Wire, version: Version) -> tuple[datetime, str] | None:
    answer = wire.ask("GET", version.name, {"retention": "", "versionId": version.id})
    if answer.code in _NO_LOCK or answer.is_absent:
        return None
    mode, until = _MODE.search(answer.data), _UNTIL.search(answer.data)
    if not answer.is_granted:
        raise _refused(wire, version, answer)
    if mode is None or until is None:
        return None
    with suppress(ValueError):
        return datetime.fromisoformat(until.group(1).decode("ascii")).replace(tzinfo=UTC), mode.group(1).decode("ascii")
    return None


def _refused(wire: Wire, version: Version, answer: Answer) -> StoreUnavailable:
    told = f"{wire.about(version.name)}: its lock cannot be asked or set ({answer.code or answer.status})"
    return LockDenied(told) if answer.status in _DENIED else StoreUnavailable(told)
