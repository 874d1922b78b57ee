"""What a METS says of files, held against the files: whether they are there, their sizes and their digests."""

import hashlib
import unicodedata
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from posixpath import normpath
from typing import BinaryIO, Final, Protocol
from urllib.parse import unquote

from preservation.fixity import CHUNK
from preservation.validation.mets_model import CHECKSUM_ALGORITHMS
from preservation.validation.mets_reading import Claim, is_checksum
from preservation.validation.package_files import PackageFiles

_SCHEMES: Final = ("http:", "https:", "ftp:", "urn:", "doi:", "ark:", "hdl:", "data:")


@dataclass(frozen=True, slots=True)
class Breach:
    """A claim that is not so. `reason`: `absent`, `twin` (there, its name in another form of Unicode), `outside`, `external`, `unreadable`,
    `file_size`, `digest` or `unchecked`.
    """

    reason: str
    claim: Claim
    path: str
    expected: str = ""
    found: str = ""


class _Sum(Protocol):
    def update(self, data: bytes, /) -> object: ...
    def hexdigest(self) -> str: ...


class _Checksum32:
    """CRC-32 and Adler-32 with the face of hashlib."""

    def __init__(self, step: Callable[[bytes, int], int], start: int) -> None:
        self._step, self._value = step, start

    def update(self, data: bytes, /) -> None:
        self._value = self._step(data, self._value)

    def hexdigest(self) -> str:
        return f"{self._value & 0xFFFFFFFF:08x}"


def place_of(href: str, folder: str, known: Mapping[str, int], twins: Mapping[str, str]) -> tuple[str, str]:
    """Where an href of a METS in `folder` leads: (`inside` or `twin`, path in the package), (`outside`, href) or (`external`, href).

    Read as written and, where no such file is `known`, with %XX undone, and then among `twins`; a `file:` before a relative path is passed
    over.
    """
    if href.lower().startswith(_SCHEMES):
        return "external", href
    bare = href
    if href.startswith("file:"):
        bare = href[5:].removeprefix("//").removeprefix("/")
    candidates = [_below(folder, bare), _below(folder, unquote(bare))]
    for candidate in candidates:
        if candidate is not None and candidate in known:
            return "inside", candidate
    for candidate in candidates:
        if candidate is not None and (twin := twins.get(unicodedata.normalize("NFC", candidate))):
            return "twin", twin
    if candidates[1] is None or candidates[0] is None:
        return "outside", href
    return "inside", candidates[1]


def _below(folder: str, path: str) -> str | None:
    """A relative path from a folder of the package, made plain; None if it leaves the package."""
    if path.startswith("/") or "\\" in path or "\x00" in path or path[1:2] == ":":
        return None
    plain = normpath(f"{folder}/{path}" if folder else path)
    return None if plain == ".." or plain.startswith("../") else plain


def verify(files: PackageFiles, folder: str, claims: Iterable[Claim]) -> Iterator[Breach]:
    """Hold claims against files, each file read once however many claims speak of it, in constant memory."""
    to_read: dict[str, list[Claim]] = {}
    for claim in claims:
        kind, path = place_of(claim.href, folder, files.sizes, files.twins)
        if kind != "inside":
            yield Breach(kind, claim, path)
        if kind not in ("inside", "twin"):
            continue
        if path not in files.sizes:
            yield Breach("absent", claim, path)
        elif claim.size is not None and claim.size.strip().isdecimal() and int(claim.size) != files.sizes[path]:
            yield Breach("file_size", claim, path, claim.size.strip(), str(files.sizes[path]))
        elif claim.checksum and claim.algorithm and is_checksum(claim.algorithm, claim.checksum):
            if _computed(claim.algorithm):
                to_read.setdefault(path, []).append(claim)
            else:
                yield Breach("unchecked", claim, path, claim.algorithm)
    yield from _digests(files, to_read)


def _digests(files: PackageFiles, to_read: Mapping[str, list[Claim]]) -> Iterator[Breach]:
    for path in files.ordered(to_read):
        claims = to_read[path]
        sums = {claim.algorithm: _new_sum(claim.algorithm) for claim in claims if claim.algorithm}
        try:
            with files.open(path) as file:
                _consume(file, sums.values())
        except OSError as error:
            yield Breach("unreadable", claims[0], path, "", error.strerror or str(error))
            continue
        for claim in claims:
            found = sums[claim.algorithm or ""].hexdigest()
            if claim.checksum is not None and found != claim.checksum.lower():
                yield Breach("digest", claim, path, claim.checksum.lower(), found)


def _computed(algorithm: str) -> bool:
    return algorithm in ("CRC32", "Adler-32") or CHECKSUM_ALGORITHMS.get(algorithm) is not None


def _new_sum(algorithm: str) -> _Sum:
    if algorithm == "CRC32":
        return _Checksum32(zlib.crc32, 0)
    if algorithm == "Adler-32":
        return _Checksum32(zlib.adler32, 1)
    name = CHECKSUM_ALGORITHMS[algorithm]
    assert name is not None
    return hashlib.new(name, usedforsecurity=False)


def _consume(file: BinaryIO, sums: Iterable[_Sum]) -> None:
    every = list(sums)
    while data := file.read(CHUNK):
        for one in every:
            one.update(data)
