"""Office documents in zip packages (OOXML, OpenDocument) and plain zip files: what they hold, and their text."""

import zipfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

from ingest.tools import odf, ooxml, package_structure
from ingest.tools.answers import Examined, Note, Passage, Reading, Refused, note, plain, properties
from ingest.tools.attaching import Attaching
from ingest.tools.beyond import MACROS
from ingest.tools.package import Package, is_bomb, is_package, is_unsafe, opened
from ingest.tools.passages import sections

_DC: Final = "{http://purl.org/dc/elements/1.1/}"
_CREATED: Final = ("{http://purl.org/dc/terms/}created", "{urn:oasis:names:tc:opendocument:xmlns:meta:1.0}creation-date")
_AUTHOR: Final = (f"{_DC}creator", "{urn:oasis:names:tc:opendocument:xmlns:meta:1.0}initial-creator")
_RELATION: Final = "{http://schemas.openxmlformats.org/package/2006/relationships}Relationship"
_HARMLESS: Final = frozenset({"hyperlink"})
_PICTURES: Final = (".jpg", ".jpeg", ".png", ".tif", ".tiff", ".gif", ".bmp", ".webp")
_LEFT_OUT: Final = "office.pictures_left_out"


def examine(path: str, max_expanded: int) -> dict[str, object]:
    """Examine an office document at `path`. `max_expanded`: bytes it may expand to."""
    found = Examined()
    try:
        with opened(path, max_expanded) as package:
            if any(name.lower().endswith(MACROS) for name in package.names):
                found.note("office.macros")
            if "META-INF/manifest.xml" in package.names:
                odf.check_encryption(package)
            _external(package, found)
            _metadata(package, found)
            damaged = package.zip.testzip() if sum(entry.file_size for entry in package.zip.infolist()) < 8 << 20 else None
            if damaged is not None:
                found.note("package.entry_damaged", name=damaged[:200])
    except Refused as refusal:
        found.refuse(refusal.code)
    except (zipfile.BadZipFile, RuntimeError, ValueError, OSError, EOFError):
        found.refuse("package.damaged")
    return plain(found)


def conform(path: str, max_expanded: int) -> dict[str, object]:
    """Examine whether the package of an office document at `path` is built as its standard says; `max_expanded`: bytes it may expand to."""
    found = Examined()
    package_structure.check(path, max_expanded, found)
    return plain(found)


def examine_zip(path: str, max_expanded: int) -> dict[str, object]:
    """Examine a zip file, which is kept as it is and never unpacked."""
    found = Examined()
    try:
        with zipfile.ZipFile(path) as archive:
            entries = archive.infolist()
    except (zipfile.BadZipFile, EOFError, NotImplementedError, ValueError, OSError):
        found.refuse("package.damaged")
        return plain(found)
    names = [entry.filename for entry in entries]
    if is_bomb(entries, max_expanded):
        found.refuse("package.bomb")
    if any(is_unsafe(name) for name in names):
        found.note("package.unsafe_names")
    if any(is_package(name) for name in names):
        found.note("package.nested")
    found.note("package.contents", count=len(names))
    return plain(found)


def read(path: str, family: str, max_expanded: int, max_chars: int, folder: str, max_bytes: int) -> dict[str, object]:
    """The text of an office document; `family` is `document`, `workbook`, `presentation`, `odt`, `ods` or `odp`.

    Its pictures that may be scanned pages are written into `folder`, as far as they have `max_bytes` in all.
    """
    reading = Reading()
    with opened(path, max_expanded) as package:
        if family == "document":
            text, damaged = ooxml.word_text(package)
            reading.passages, notes = sections(text, max_chars)
            reading.notes = [*damaged, *notes]
        elif family == "odt":
            odf.check_encryption(package)
            reading.passages, reading.notes = sections(odf.body_text(package), max_chars)
        else:
            reading.passages, reading.notes = _parts(path, package, family, max_chars)
        _attach_pictures(Attaching(reading, Path(folder), _LEFT_OUT, max_bytes), package, family)
    _shorten(reading, max_chars)
    return plain(reading)


def pictures(path: str, family: str, max_expanded: int, folder: str, max_bytes: int) -> dict[str, object]:
    """Only write into `folder` the pictures that read() writes, under the same numbers."""
    reading = Reading()
    with opened(path, max_expanded) as package:
        _attach_pictures(Attaching(reading, Path(folder), _LEFT_OUT, max_bytes), package, family)
    return plain(reading)


def _attach_pictures(attaching: Attaching, package: Package, family: str) -> None:
    if not any(name.lower().endswith(_PICTURES) for name in package.names):
        return
    from ingest.tools.pictures import Picture, pages_in  # a tenth of a second of imports that most documents never need

    def found() -> Iterator[Picture | None]:
        try:
            yield from pages_in(package, family)
        except Exception:  # whatever is wrong with a picture, the text of the document is not lost for it
            yield None

    for picture in found():
        if picture is None:
            attaching.leave_out()
        else:
            attaching.add(picture.number, picture.name, picture.content)


def _parts(path: str, package: Package, family: str, max_chars: int) -> tuple[list[Passage], list[Note]]:
    if family == "workbook":
        return _sheets(path, package, max_chars)
    if family == "presentation":
        return list(ooxml.slides(package)), []
    odf.check_encryption(package)
    return list(odf.sheets(package) if family == "ods" else odf.pages(package)), []


def _sheets(path: str, package: Package, max_chars: int) -> tuple[list[Passage], list[Note]]:
    """Sheets as the library reads them; where it finds none or trips over a part, as their own XML has them."""
    from ingest.tools import workbook, workbook_xml  # a tenth of a second of imports that most documents never need

    notes: list[Note] = []
    try:
        if found := list(workbook.sheets(path, package, max_chars)):
            return found, notes
    except (KeyError, ValueError, TypeError, AttributeError, IndexError, SyntaxError):
        notes.append(note("file.irregular"))
    found = list(workbook_xml.sheets(package, max_chars, workbook.shown))
    if notes and not found:
        raise Refused("package.damaged")
    return found, notes


def _shorten(reading: Reading, max_chars: int) -> None:
    """Leave out the passages beyond `max_chars` in all."""
    total = 0
    for index, passage in enumerate(reading.passages):
        total += len(passage.text)
        if total > max_chars:
            del reading.passages[index:]
            reading.notes.append(note("text.truncated", characters=max_chars))
            return


def _external(package: Package, found: Examined) -> None:
    """Relationships that a program would fetch from outside when opening the document: templates, images, linked objects."""
    for name in package.names:
        if name.endswith(".rels") and (root := package.xml(name)) is not None:
            for relation in root.iter(_RELATION):
                kind = relation.get("Type", "").rsplit("/", 1)[-1]
                if relation.get("TargetMode") == "External" and kind not in _HARMLESS:
                    found.note("office.external")
        elif name.endswith(("document.xml", "content.xml", "workbook.xml", "presentation.xml")):
            package.without_doctype(name)


def _metadata(package: Package, found: Examined) -> None:
    root = next((root for name in ("docProps/core.xml", "meta.xml") if (root := package.xml(name)) is not None), None)
    if root is None:
        return

    def first(*tags: str) -> str | None:
        return next((element.text for element in root.iter(*tags) if element.text), None)

    found.properties |= properties(
        (("title", first(f"{_DC}title")), ("author", first(*_AUTHOR)), ("subject", first(f"{_DC}subject")), ("created", first(*_CREATED)))
    )


CALLS: Final[Mapping[str, Callable[..., Any]]] = MappingProxyType(
    {"conform": conform, "examine": examine, "examine_zip": examine_zip, "pictures": pictures, "read": read}
)
