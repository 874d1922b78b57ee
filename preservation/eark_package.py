"""What an E-ARK package is made from: a description of files, metadata and history that knows no format."""

import io
from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import BinaryIO

from preservation.premis import Agent, Event


class PackageKind(StrEnum):
    """The packages of OAIS: submitted, kept, delivered."""

    SIP = "SIP"
    AIP = "AIP"
    DIP = "DIP"


@dataclass(frozen=True, slots=True)
class Content:
    """A file to be packaged: `path` below the folder where it belongs, with `/`; `size` in bytes; `mime` its media type.

    `open` gives its bytes each time it is called; `created` is an instant with offset, `owner_id` what its owner calls it.
    """

    path: str
    size: int
    mime: str
    created: datetime
    open: Callable[[], AbstractContextManager[BinaryIO]]
    owner_id: str | None = None

    @classmethod
    def of(cls, path: str, data: bytes, mime: str, created: datetime) -> "Content":
        """A small file, given as its bytes."""
        return cls(path, len(data), mime, created, lambda: io.BytesIO(data))


@dataclass(frozen=True, slots=True)
class Metadata:
    """A file of metadata and what it is: `mdtype` of METS's list (with `other` where it is OTHER), `version` of that standard."""

    content: Content
    mdtype: str
    version: str | None = None
    other: str | None = None
    is_current: bool = True


@dataclass(frozen=True, slots=True)
class Representation:
    """One form of the content: `name` is its folder; `data` its files, which may be a stream longer than memory.

    `content_type` is of CSIP's vocabulary, with `other_content_type` where it is OTHER.
    """

    name: str
    data: Iterable[Content]
    descriptive: Sequence[Metadata] = ()
    preservation: Sequence[Metadata] = ()
    content_type: str = "OTHER"
    other_content_type: str | None = "Mixed"


@dataclass(frozen=True, slots=True)
class History:
    """What happened to the content (PREMIS), to be written by us; `detail` words an event.

    Objects are named by the package's identifier, by `representations/NAME`, or by a file's path in the package; an event that names none
    happened to the package and its representations.
    """

    events: Sequence[Event]
    agents: Sequence[Agent] = ()
    detail: Callable[[Event], str] = lambda event: event.code


@dataclass(frozen=True, slots=True)
class InformationPackage:
    """What is packaged. `identifier` becomes OBJID and, made safe, the name of the folder; `category` is of CSIP's vocabulary.

    `software` is the name and version of what writes it. `submitter` (of a SIP alone, SIP15) and `creator` (SIP9) are organizations by
    name. `identifiers` are altRecordID, type and value. Where `documentation` or `schemas` is empty, a page of ours tells how to read the
    package, and a schema of ours the attributes of CSIP: CSIP60 and CSIP113 ask for at least one of each. With `history`, PREMIS is written
    of the package and of every file, in `metadata/preservation/history.xml` and `files.xml`.
    """

    kind: PackageKind
    identifier: str
    label: str
    created: datetime
    software: tuple[str, str]
    representations: Sequence[Representation]
    category: str = "Mixed"
    content_type: str = "MIXED"
    modified: datetime | None = None
    descriptive: Sequence[Metadata] = ()
    preservation: Sequence[Metadata] = ()
    rights: Sequence[Metadata] = ()
    documentation: Sequence[Content] = ()
    schemas: Sequence[Content] = ()
    submitter: str | None = None
    creator: str | None = None
    record_status: str | None = None
    identifiers: Sequence[tuple[str, str]] = ()
    history: History | None = None
