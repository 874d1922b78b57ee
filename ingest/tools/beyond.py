"""What an office document carries besides what its pages show, and so does not pass to a copy made of pages; and which fonts it names."""

import re
import struct
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

import olefile

from ingest.tools.answers import Refused
from ingest.tools.package import Package, opened

MACROS: Final = ("vbaproject.bin", "basic/script-lc.xml")
"""How the entries of a package end in which macros are."""
OLD_MACROS: Final = frozenset({"macros", "_vba_project_cur", "_vba_project", "vba"})
"""The storages of a file of before 2007 in which they are."""
_FORMULA: Final = re.compile(rb"<(?:\w+:)?f[\s/>]|\btable:formula=")
_MOVING: Final = re.compile(rb"<(p:timing|anim:par)[\s/>]")
_DELETED: Final = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}delText"
_TRACKED: Final = "{urn:oasis:names:tc:opendocument:xmlns:text:1.0}tracked-changes"
_WITH_FORMULAS: Final = re.compile(r"xl/worksheets/[^/]+\.xml|content\.xml")
_WITH_MOVES: Final = re.compile(r"ppt/slides/[^/]+\.xml|content\.xml")
_WITH_STRUCK: Final = re.compile(r"word/[^/]+\.xml|content\.xml")
_WITH_FONTS: Final = re.compile(r"(word|xl|ppt)/.*\.xml|content\.xml|styles\.xml")
_BY_SCRIPT: Final = re.compile(rb"<a:font script=[^>]*>")
"""What a theme would use for the scripts of the world, of which a document has one or two."""
_SOUND: Final = (".mp3", ".wav", ".m4a", ".wma", ".mp4", ".m4v", ".avi", ".wmv", ".mov", ".mpg", ".mpeg", ".ogg", ".webm")
_FORMULA_RECORD: Final = 0x0006
_MOST_READ: Final = 256 << 20


@dataclass(slots=True)
class Beyond:
    """`struck` is the text that is crossed out, which pages may show; `embedded` and `media` count files inside, shown as a picture."""

    macros: bool = False
    formulas: int = 0
    embedded: int = 0
    media: int = 0
    moves: bool = False
    struck: str = ""


def beyond(path: str, max_expanded: int) -> dict[str, Any]:
    """What the office document at `path` carries besides its pages, as Beyond; of RTF nothing is known."""
    if olefile.isOleFile(path):
        return asdict(_of_streams(path))
    try:
        with opened(path, max_expanded) as package:
            return asdict(_of_package(package))
    except Refused as refusal:
        if refusal.code != "package.damaged":
            raise
        return asdict(Beyond())


def named(path: str, fonts: Sequence[str], max_expanded: int) -> list[str]:
    """Which of these fonts the office document at `path` names."""
    with Path(path).open("rb") as stream:
        whole = stream.read(_MOST_READ)
    if not whole.startswith(b"PK"):
        return [font for font in fonts if font.encode("utf-16-le") in whole or font.encode("latin-1", "replace") in whole]
    left = set(fonts)
    with opened(path, max_expanded) as package:
        for name in sorted(package.names):
            if left and _WITH_FONTS.fullmatch(name):
                content = _BY_SCRIPT.sub(b"", package.read(name))
                left -= {font for font in left if re.search(rb"(?<![\w ])%b(?! ?\w)" % re.escape(font.encode()), content)}
    return [font for font in fonts if font not in left]


def _of_package(package: Package) -> Beyond:
    found = Beyond()
    found.macros = any(name.lower().endswith(MACROS) for name in package.names)
    found.embedded = sum("/embeddings/" in name and not name.endswith((".rels", "/")) for name in package.names)
    found.media = sum(name.lower().endswith(_SOUND) for name in package.names)
    found.formulas = sum(len(_FORMULA.findall(package.read(name))) for name in _those(package, _WITH_FORMULAS))
    found.moves = any(_MOVING.search(package.read(name)) for name in _those(package, _WITH_MOVES))
    found.struck = " ".join(_struck(package))
    return found


def _those(package: Package, wanted: re.Pattern[str]) -> list[str]:
    return sorted(name for name in package.names if wanted.fullmatch(name))


def _struck(package: Package) -> Iterable[str]:
    for name in _those(package, _WITH_STRUCK):
        root = package.xml(name)
        for element in () if root is None else root.iter(_DELETED, _TRACKED):
            yield " ".join(element.itertext())


def _of_streams(path: str) -> Beyond:
    """Of a file of before 2007 (MS-CFB)."""
    found = Beyond()
    try:
        with olefile.OleFileIO(path) as file:
            names = [entry for entry in file.listdir(streams=True, storages=True)]
            found.macros = bool({entry[0].lower() for entry in names} & OLD_MACROS)
            found.embedded = sum(len(entry) == 2 and entry[0].lower() == "objectpool" for entry in names)
            book = next((entry for entry in names if len(entry) == 1 and entry[0].lower() in ("workbook", "book")), None)
            if book is not None:
                with file.openstream(book) as stream:
                    found.formulas = _formulas(stream.read(_MOST_READ))
    except (OSError, ValueError, TypeError, KeyError, IndexError, AttributeError, RecursionError) as fault:
        raise Refused("file.damaged") from fault
    return found


def _formulas(book: bytes) -> int:
    """How many Formula records (MS-XLS, 2.4.127)."""
    place = count = 0
    while place + 4 <= len(book):
        kind, size = struct.unpack_from("<HH", book, place)
        count += kind == _FORMULA_RECORD
        place += 4 + size
    return count


CALLS: Final[Mapping[str, Callable[..., Any]]] = MappingProxyType({"beyond": beyond, "named": named})
