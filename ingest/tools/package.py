"""Open zip packages and the XML inside them without being harmed: nothing expands beyond its limits, no entity, no network.

OOXML forbids document type declarations (ECMA-376, part 2, 8.1.4), ODF has no use for them: a package with one is refused.
"""

import hashlib
import io
import posixpath
import re
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final
from xml.parsers import expat

from lxml import etree

from ingest.tools.answers import Refused

MAX_ENTRIES: Final = 20_000
MAX_RATIO: Final = 200
RATIO_MATTERS_FROM: Final = 20 << 20
_ENCRYPTED: Final = 0x1
_MAX_PROLOG: Final = 1 << 20
_UNKNOWN_ENCODING: Final = expat.errors.codes[expat.errors.XML_ERROR_UNKNOWN_ENCODING]
_PACKAGES: Final = (".zip", ".docx", ".xlsx", ".pptx", ".odt", ".ods", ".odp", ".jar", ".epub", ".docm", ".xlsm", ".pptm")
_STRICT: Final = re.compile(rb"""(xmlns(?::[\w.-]+)?\s*=\s*["'])http://purl\.oclc\.org/ooxml/(\w+)/(\w+)""")
_RELATION: Final = "{http://schemas.openxmlformats.org/package/2006/relationships}Relationship"


class _RootReached(Exception):
    """The prolog is over."""


@dataclass(frozen=True, slots=True)
class Package:
    """An open package whose size is known to be within limits."""

    zip: zipfile.ZipFile
    names: frozenset[str]

    def read(self, name: str) -> bytes:
        """The bytes of an entry; b"" when there is none. Refuses (package.damaged) what does not unpack."""
        if name not in self.names:
            return b""
        try:
            return self.zip.read(name)
        except (zipfile.BadZipFile, zlib.error, EOFError, ValueError, NotImplementedError, OSError) as fault:
            raise Refused("package.damaged") from fault
        except RuntimeError as fault:  # what zipfile says of a password
            raise Refused("office.encrypted") from fault

    def without_doctype(self, name: str) -> None:
        """Refuses (office.entities) an entry with a document type."""
        if has_doctype(self.read(name)):
            raise Refused("office.entities")

    def xml(self, name: str) -> Any:
        """The root element of an entry, None when there is none or it is not XML. Refuses (office.entities) a document type."""
        content = self._checked(name)
        try:
            return etree.fromstring(content, safe_parser()) if content else None
        except etree.XMLSyntaxError:
            return None

    def is_xml(self, name: str) -> bool:
        """Whether an entry is XML, of which no tree is made: what expat does not take, as an encoding it does not know, is parsed anew.

        The styles and the theme of a program's documents are the same bytes in each: those found to be XML are known again.
        """
        content = self._checked(name)
        seen = _seen(hashlib.sha256(content).digest())
        if not seen.is_xml:
            try:
                expat.ParserCreate(namespace_separator=" ").Parse(content, True)
            except expat.ExpatError:
                return self.xml(name) is not None
            seen.is_xml = True
        return True

    def xml_cut(self, name: str) -> Any:
        """The root element of an entry that is not XML to its end, with what can be read of it; None when that is nothing."""
        parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False, recover=True)
        content = self._checked(name)
        try:
            return etree.fromstring(content, parser) if content else None
        except etree.XMLSyntaxError:
            return None

    def elements(self, name: str, tag: str) -> Iterator[Any]:
        """The elements of an entry that have this tag, one in memory at a time, as far as it is XML. Refuses as xml()."""
        options: dict[str, bool] = {"resolve_entities": False, "no_network": True, "load_dtd": False, "huge_tree": False, "recover": False}
        with suppress(etree.XMLSyntaxError):
            for _, element in etree.iterparse(io.BytesIO(self._checked(name)), events=("end",), tag=tag, **options):
                yield element
                element.clear()
                while element.getprevious() is not None:
                    del element.getparent()[0]

    def _checked(self, name: str) -> bytes:
        """The bytes of an XML entry without a document type, its namespaces those of the transitional kind (ISO/IEC 29500-1, annex A)."""
        content = self.read(name)
        if content and has_doctype(content):
            raise Refused("office.entities")
        return _STRICT.sub(rb"\1http://schemas.openxmlformats.org/\2/2006/\3", content) if b"//purl.oclc.org/ooxml/" in content else content

    def relations(self, name: str) -> dict[str, tuple[str, str]]:
        """Identifier → (type, name of the entry) of the internal relationships of part `name` (ECMA-376, part 2, 6.5)."""
        folder, base = posixpath.split(name)
        root = self.xml(posixpath.join(folder, "_rels", f"{base}.rels"))
        found = {}
        for relation in () if root is None else root.iter(_RELATION):
            target = relation.get("Target", "")
            if relation.get("TargetMode") != "External":
                path = posixpath.normpath(posixpath.join("/", folder, target)).lstrip("/")
                found[relation.get("Id", "")] = (relation.get("Type", "").rsplit("/", 1)[-1], path)
        return found


@dataclass(slots=True)
class _Seen:
    is_xml: bool = False


@lru_cache(1000)
def _seen(digest: bytes) -> _Seen:
    """What was found of the bytes of a digest."""
    return _Seen()


@contextmanager
def opened(path: str, max_expanded: int) -> Iterator[Package]:
    """The package at `path`. Refuses a damaged one, a bomb (package.bomb) and an encrypted one (office.encrypted)."""
    try:
        with zipfile.ZipFile(path) as archive:
            entries = archive.infolist()
            if is_bomb(entries, max_expanded):
                raise Refused("package.bomb")
            if any(entry.flag_bits & _ENCRYPTED for entry in entries):
                raise Refused("office.encrypted")
            yield Package(archive, frozenset(entry.filename for entry in entries))
    except (zipfile.BadZipFile, EOFError, NotImplementedError) as fault:
        raise Refused("package.damaged") from fault


def is_bomb(entries: list[zipfile.ZipInfo], max_expanded: int) -> bool:
    """Whether expanding would cost too much, by the sizes declared, beyond which zipfile never reads."""
    expanded, packed = sum(entry.file_size for entry in entries), sum(entry.compress_size for entry in entries)
    disproportionate = expanded > RATIO_MATTERS_FROM and expanded > MAX_RATIO * max(packed, 1)
    return len(entries) > MAX_ENTRIES or expanded > max_expanded or disproportionate


def is_unsafe(name: str) -> bool:
    """Whether unpacking `name` by a careless program would write outside its folder."""
    slashed = name.replace("\\", "/")
    return slashed.startswith("/") or ".." in slashed.split("/") or slashed[1:2] == ":"


def is_package(name: str) -> bool:
    return name.lower().endswith(_PACKAGES)


def safe_parser() -> etree.XMLParser:
    return etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False, recover=False)


def has_doctype(content: bytes) -> bool:
    """Whether a document type is declared before the root element, or may be: the prolog is endless or in an encoding unknown here."""
    found = False

    def declared(*_: object) -> None:
        nonlocal found
        found = True
        raise _RootReached

    def root(*_: object) -> None:
        raise _RootReached

    parser = expat.ParserCreate()
    parser.StartDoctypeDeclHandler = declared
    parser.StartElementHandler = root
    try:
        parser.Parse(content[:_MAX_PROLOG], False)
    except _RootReached:
        return found
    except expat.ExpatError as fault:
        return fault.code == _UNKNOWN_ENCODING
    except (ValueError, LookupError):
        return True
    return len(content) > _MAX_PROLOG
