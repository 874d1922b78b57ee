"""Bags to send: BagIt 1.0 (RFC 8493), written whole or not at all, the same files always as the same bytes.

They are read and judged by preservation.validation.bagit_check.
"""

import hashlib
import os
import re
import shutil
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import mkdtemp
from typing import BinaryIO, Final

from preservation.fixity import CHUNK
from preservation.stores.flushing import on_disk
from preservation.validation.bagit_manifests import algorithms as known_algorithms
from preservation.validation.bagit_paths import encoded, escape_of, straight
from preservation.validation.bagit_tags import DECLARATION, INFO

DECLARED: Final = b"BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n"
_LABEL: Final = re.compile(r"[^\s:](?:[^:\x00-\x1f]*[^\s:])?")
_RESERVED: Final = re.compile(r"(bagit\.txt|fetch\.txt|bag-info\.txt|data|(tag)?manifest-.*\.txt)", re.IGNORECASE)

Opened = Callable[[], BinaryIO]
"""Opens a file's bytes anew; called once, when its turn comes."""


class BadBag(ValueError):
    """What was asked to be written is no bag: a path, a label or an algorithm is not as BagIt asks."""


@dataclass(frozen=True, slots=True)
class Written:
    """What a written bag holds: octets and files of its payload, and the digest of each by its path in the bag and by algorithm."""

    octets: int
    streams: int
    digests: Mapping[str, Mapping[str, str]]


def write_bag(
    destination: Path,
    payload: Iterable[tuple[str, Opened]],
    *,
    info: Sequence[tuple[str, str]] = (),
    algorithms: Sequence[str] = ("sha512",),
    tags: Iterable[tuple[str, Opened]] = (),
) -> Written:
    """Write a bag at `destination`, which is absent or an empty folder; it appears there when all of it is on the disk.

    `payload`: paths below `data/`, and `tags`: paths of other tag files, each once and in any order. `info`: elements of bag-info.txt in
    their order, which may repeat; Payload-Oxum is added. No date is added: the caller gives Bagging-Date if it wants one.
    `algorithms` as manifests name them (sha256, sha512, md5…). Raises BadBag, FileExistsError, OSError; then nothing is left.
    """
    functions = _functions(algorithms)
    lines = [f"{_checked_label(label)}: {_checked_value(value)}" for label, value in info]
    if destination.is_symlink() or (destination.exists() and (not destination.is_dir() or any(destination.iterdir()))):
        raise FileExistsError(destination)
    destination.parent.mkdir(parents=True, exist_ok=True)
    unfinished = Path(mkdtemp(prefix=f".{destination.name}.", dir=destination.parent))
    try:
        with on_disk(unfinished):
            written = _fill(unfinished, payload, tags, lines, functions)
            unfinished.chmod(0o777 & ~_umask())
        unfinished.rename(destination)
        _sync_folder(destination.parent)
    except BaseException:
        shutil.rmtree(unfinished, ignore_errors=True)
        raise
    return written


def _fill(
    folder: Path, payload: Iterable[tuple[str, Opened]], tags: Iterable[tuple[str, Opened]], info: list[str], functions: Mapping[str, str]
) -> Written:
    (folder / "data").mkdir()
    digests: dict[str, Mapping[str, str]] = {}
    octets = 0
    for path, opened in payload:
        place = _checked_path(f"data/{path}")
        digests[place], size = _copy(folder, place, opened, functions, digests)
        octets += size
    of_tags: dict[str, Mapping[str, str]] = {}
    for path, opened in tags:
        place = _checked_path(path)
        if _RESERVED.fullmatch(place.split("/")[0]):
            raise BadBag(f"{place} is a name that BagIt keeps for itself (RFC 8493, 2)")
        of_tags[place], _ = _copy(folder, place, opened, functions, of_tags)
    written = Written(octets, len(digests), digests)
    own = {DECLARATION: DECLARED, INFO: _text([*info, f"Payload-Oxum: {octets}.{len(digests)}"])}
    own |= {f"manifest-{name}.txt": _manifest(digests, name) for name in functions}
    for name, data in own.items():
        (folder / name).write_bytes(data)
        of_tags[name] = {algorithm: hashlib.new(function, data).hexdigest() for algorithm, function in functions.items()}
    for name in functions:
        (folder / f"tagmanifest-{name}.txt").write_bytes(_manifest(of_tags, name))
    return written


def _copy(
    folder: Path, place: str, opened: Opened, functions: Mapping[str, str], before: Mapping[str, object]
) -> tuple[Mapping[str, str], int]:
    if place in before:
        raise BadBag(f"{place} was given twice")
    target = folder / place
    running = {name: hashlib.new(function) for name, function in functions.items()}
    size = 0
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with opened() as source, target.open("xb") as file:
            while data := source.read(CHUNK):
                file.write(data)
                size += len(data)
                for digest in running.values():
                    digest.update(data)
    except (FileExistsError, NotADirectoryError) as fault:
        raise BadBag(f"{place} is a file and a folder, or this file system takes two names for one") from fault
    return {name: digest.hexdigest() for name, digest in running.items()}, size


def _manifest(digests: Mapping[str, Mapping[str, str]], algorithm: str) -> bytes:
    return _text([f"{digests[path][algorithm]}  {encoded(path)}" for path in sorted(digests)])


def _text(lines: Iterable[str]) -> bytes:
    return "".join(f"{line}\n" for line in lines).encode()


def _functions(algorithms: Sequence[str]) -> Mapping[str, str]:
    known = known_algorithms()
    if not algorithms or any(name not in known for name in algorithms):
        raise BadBag(f"no algorithms that can be computed here: {', '.join(algorithms)}")
    return {name: known[name] for name in dict.fromkeys(algorithms)}


def _checked_path(place: str) -> str:
    """The path of a file in the bag, if it stays there on every system."""
    try:
        place.encode()
    except UnicodeEncodeError as fault:
        raise BadBag(f"{place!r} cannot be written in UTF-8") from fault
    if not place or escape_of(place) is not None or straight(place) != place or place[0] in " \t*":
        raise BadBag(f"{place!r} is no path of a file in a bag (RFC 8493, 2.1.3 and 5.1)")
    return place


def _checked_label(label: str) -> str:
    if not _LABEL.fullmatch(label):
        raise BadBag(f"{label!r} is no label: no colon, no line end, no space at its ends (RFC 8493, 2.2.2)")
    if label.lower() == "payload-oxum":
        raise BadBag("Payload-Oxum is counted, not given")
    return label


def _checked_value(value: str) -> str:
    if re.search(r"[\x00-\x08\x0a-\x1f\x85\u2028\u2029\ud800-\udfff]", value) or value != value.strip():
        raise BadBag(f"{value!r} is no value of one line (RFC 8493, 2.2.2)")
    return value


def _umask() -> int:
    """The permissions that this process takes away; there is no way to read them but to set them."""
    mask = os.umask(0o077)
    os.umask(mask)
    return mask


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
