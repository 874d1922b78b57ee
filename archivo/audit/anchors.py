"""Anchors of the trail: where it stood at an instant, signed, in a file that stands by itself."""

import base64
import hashlib
import json
import os
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Final

from archivo.archive import Signer

_MOST_BYTES: Final = 10_000
_MOST_STAMP: Final = 64 << 10


@dataclass(frozen=True, slots=True)
class Anchor:
    """What an anchor's file says: the last entry of the trail at an instant. `public_key` is base64 of the 32 bytes."""

    at: str
    sequence: int
    hash: str
    signed_by: str
    public_key: str
    signature: str
    statement: str

    @property
    def signed_text(self) -> str:
        return f"{self.at} {self.sequence} {self.hash}"


class BadAnchor(ValueError):
    """The text is not an anchor's file."""


def make_anchor(signer: Signer, now: datetime, sequence: int, last: str) -> Anchor:
    """The anchor of an entry: its number and hash, at an instant."""
    at = now.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
    said = {
        "what": "Ancla de la bitácora de Archivo: hasta esta entrada, nada puede cambiarse sin que se note",
        "at": at,
        "sequence": sequence,
        "hash": last,
        "signed_by": signer.name,
        "public_key": base64.b64encode(signer.public).decode("ascii"),
        "signature": signer.sign(f"{at} {sequence} {last}"),
    }
    return read_anchor(json.dumps(said, ensure_ascii=False, indent=1) + "\n")


def read_anchor(statement: str) -> Anchor:
    """An anchor from its file. Raises BadAnchor for another text; that its signature is good is for verify_chain() to say."""
    try:
        said = json.loads(statement)
        names = ("at", "hash", "signed_by", "public_key", "signature")
        texts = {name: str(said[name]) for name in names}
        if datetime.fromisoformat(texts["at"]).strftime("%Y-%m-%dT%H:%M:%SZ") != texts["at"]:
            raise BadAnchor("not an instant as anchors tell it")
        return Anchor(sequence=int(said["sequence"]), statement=statement, **texts)
    except (ValueError, KeyError, TypeError, OverflowError, RecursionError) as fault:
        raise BadAnchor("not an anchor") from fault


def digest_of(anchor: Anchor) -> str:
    """What the trail keeps of an anchor: the sha256 of its signature."""
    return hashlib.sha256(anchor.signature.encode("utf-8", "replace")).hexdigest()


def write_anchor(anchor: Anchor, folder: Path) -> Path | None:
    """Put an anchor's file, named by its day, in a folder, whole or not at all; None if it is there already. Raises OSError."""
    return _write_once(folder / f"ancla-{anchor.at[:10]}.json", anchor.statement.encode())


def write_stamp(anchor: Anchor, answer: bytes, folder: Path) -> Path | None:
    """Put a stamp (RFC 3161) beside its anchor's file, as write_anchor() does."""
    return _write_once(stamp_beside(folder / f"ancla-{anchor.at[:10]}.json"), answer)


def stamp_beside(path: Path) -> Path:
    """Where the stamp of an anchor's file stands."""
    return path.with_suffix(".tsr")


def _write_once(path: Path, data: bytes) -> Path | None:
    if path.exists():
        return None
    folder = path.parent
    folder.mkdir(parents=True, exist_ok=True)
    with NamedTemporaryFile(dir=folder, prefix=".ancla-") as made:
        made.write(data)
        made.flush()
        os.fsync(made.fileno())
        with suppress(FileExistsError):
            os.link(made.name, path)
            return path
    return None


def anchors_in(folder: Path) -> Iterator[Anchor | None]:
    """The anchors whose files a folder has; None for each file that cannot be read."""
    for path in sorted(folder.glob("ancla-*.json")):
        try:
            yield read_anchor(_start_of(path, _MOST_BYTES).decode())
        except (OSError, ValueError):
            yield None


def stamps_in(folder: Path) -> Iterator[tuple[Anchor, bytes]]:
    """The stamps of a folder, each with the anchor that it stands beside; what cannot be read of one is no stamp."""
    for path in sorted(folder.glob("ancla-*.json")):
        with suppress(OSError, ValueError):
            yield from stamp_of(path)


def stamp_of(path: Path) -> Iterator[tuple[Anchor, bytes]]:
    """An anchor's file with the stamp beside it, if there is one. Raises OSError, BadAnchor."""
    if stamp_beside(path).exists():
        yield read_anchor(_start_of(path, _MOST_BYTES).decode("utf-8", "replace")), _start_of(stamp_beside(path), _MOST_STAMP)


def _start_of(path: Path, most: int) -> bytes:
    with path.open("rb") as file:
        return file.read(most)
