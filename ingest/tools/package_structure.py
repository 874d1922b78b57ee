"""How the package of an office document is built: Open Packaging (ISO/IEC 29500-2) and OpenDocument (ISO/IEC 26300-1, part 3)."""

import posixpath
import zipfile
from typing import Final
from urllib.parse import unquote

from ingest.tools.answers import Examined, Refused
from ingest.tools.package import Package, opened

_TYPES: Final = "[Content_Types].xml"
_CONTENT: Final = "{http://schemas.openxmlformats.org/package/2006/content-types}"
_RELATION: Final = "{http://schemas.openxmlformats.org/package/2006/relationships}Relationship"
_MANIFEST: Final = "{urn:oasis:names:tc:opendocument:xmlns:manifest:1.0}"
_MOST_PARTS: Final = 5000
_LARGEST_PART: Final = 64 << 20
"""Bytes of a part beyond which it is not looked at whether it is XML: reading it says."""


def check(path: str, max_expanded: int, found: Examined) -> None:
    """Note what the package at `path` breaks. What cannot be opened is left to the examination, which says so."""
    try:
        with opened(path, max_expanded) as package:
            if _TYPES in package.names:
                _conventions(package, found)
            elif "META-INF/manifest.xml" in package.names or "mimetype" in package.names:
                _open_document(package, found)
            else:
                found.note("ooxml.types", name=_TYPES)
            _well_formed(package, found)
    except (Refused, zipfile.BadZipFile, RuntimeError, ValueError, OSError, EOFError):
        return


def _conventions(package: Package, found: Examined) -> None:
    """ISO/IEC 29500-2: each part has a type; the main part is where the package's relationships say, and so is every other target."""
    types = package.xml(_TYPES)
    if types is None:
        found.note("ooxml.types", name=_TYPES)
        return
    extensions = {element.get("Extension", "").lower() for element in types.iter(f"{_CONTENT}Default")}
    parts = {unquote(element.get("PartName", "")).lstrip("/").lower() for element in types.iter(f"{_CONTENT}Override")}
    for name in sorted(package.names):
        lower = name.lower()
        if name.endswith("/") or name == _TYPES or lower.startswith("[trash]/"):
            continue
        if lower not in parts and posixpath.basename(lower).rpartition(".")[2] not in extensions:
            found.note("ooxml.types", name=name[:200])
            break
    held = {name.lower() for name in package.names}
    if not any(kind == "officeDocument" and target.lower() in held for kind, target in package.relations("").values()):
        found.note("ooxml.main")
    for name in sorted(package.names)[:_MOST_PARTS]:
        if name.endswith(".rels") and (missing := _missing_target(package, name, held)) is not None:
            found.note("ooxml.relation", name=missing[:200])
            break


def _missing_target(package: Package, relations: str, held: set[str]) -> str | None:
    """The first part that a relationships part points to and is not there."""
    root = package.xml(relations)
    folder = posixpath.dirname(posixpath.dirname(relations))
    for relation in () if root is None else root.iter(_RELATION):
        target = relation.get("Target", "").partition("#")[0]
        if relation.get("TargetMode") == "External" or not target:
            continue
        path = posixpath.normpath(posixpath.join("/", folder, unquote(target))).lstrip("/")
        if path.lower() not in held:
            return path
    return None


def _open_document(package: Package, found: Examined) -> None:
    """ISO/IEC 26300-1, part 3: the type first and uncompressed (3.3), and a manifest that lists every file (3.2)."""
    first = package.zip.infolist()[0]
    declared = package.read("mimetype").decode("ascii", "replace")
    if "mimetype" in package.names and (first.filename != "mimetype" or first.compress_type != zipfile.ZIP_STORED or first.extra):
        found.note("odf.mimetype")
    manifest = package.xml("META-INF/manifest.xml")
    if manifest is None:
        found.note("odf.manifest", name="META-INF/manifest.xml")
        return
    entries = {entry.get(f"{_MANIFEST}full-path", ""): entry.get(f"{_MANIFEST}media-type", "") for entry in manifest.iter()}
    if declared and entries.get("/", declared) != declared:
        found.note("odf.type")
    listed = {name for name in entries if name and not name.endswith("/")}
    held = {name for name in package.names if not name.endswith("/") and name != "mimetype" and not name.startswith("META-INF/")}
    for name in [*sorted(held - listed), *sorted(name for name in listed - held if not name.startswith("META-INF/"))][:1]:
        found.note("odf.manifest", name=name[:200])


def _well_formed(package: Package, found: Examined) -> None:
    """Every part that is XML is well formed (XML 1.0, 2.1)."""
    sizes = {entry.filename: entry.file_size for entry in package.zip.infolist()}
    for name in sorted(package.names)[:_MOST_PARTS]:
        if name.lower().endswith((".xml", ".rels")) and 0 < sizes.get(name, 0) <= _LARGEST_PART and not package.is_xml(name):
            found.note("office.part_malformed", name=name[:200])
            return
