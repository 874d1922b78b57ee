"""Examine a PDF's structure with pypdf: encryption, page tree, active content, attachments, signatures, metadata (ISO 32000-1)."""

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

from pypdf import PdfReader
from pypdf.errors import PyPdfError
from pypdf.generic import ArrayObject, DictionaryObject, IndirectObject, NullObject, StreamObject

from ingest.tools.answers import Examined, plain, properties

_MAX_NODES: Final = 50_000
_MAX_FIELDS: Final = 20_000
_ANNOTATED_PAGES: Final = 500
_FAULTS: Final = (PyPdfError, ValueError, TypeError, AttributeError, KeyError, IndexError, NotImplementedError, RecursionError)
_FAULTY: Final = frozenset({"pdf.irregular", "pdf.truncated", "pdf.no_pages", "pdf.page_count"})
"""What is noted of a file of which another reader may see another catalogue."""
_DANGEROUS: Final = frozenset({"/JavaScript", "/Launch", "/ImportData", "/SubmitForm"})


def examine(path: str, max_pages: int) -> dict[str, object]:
    """Examine the PDF at `path`. What cannot be followed is a note: whether its pages can be read, reading will tell.

    `properties["pages"]` is the number of pages that can be reached, whatever the file declares.
    """
    found = Examined()
    _ending(Path(path), found)
    try:
        reader = PdfReader(path, strict=False)
        if reader.is_encrypted and not _opens(reader, found):
            return plain(found)
        root = reader.root_object
    except NotImplementedError:  # what pypdf says of encryption for the holders of certificates
        found.refuse("pdf.encrypted")
        return plain(found)
    except (PyPdfError, ValueError, TypeError, AttributeError, KeyError, IndexError, RecursionError):
        found.note("pdf.irregular")
        return plain(found)
    _pages(root, max_pages, found)
    for check in (_active, _attachments, _form):
        _tolerating(found, check, root)
    _tolerating(found, _metadata, reader)
    _claim(root, found)
    return plain(found)


def _tolerating(found: Examined, check: Any, subject: Any) -> None:
    """Run one check; an object it trips over is a note, not an end."""
    try:
        check(subject, found)
    except _FAULTS:
        found.note("pdf.irregular")


def _ending(path: Path, found: Examined) -> None:
    """ISO 32000-1, 7.5.5: the last line is %%EOF; without it a transfer was cut short, or something was added."""
    with path.open("rb") as stream:
        size = stream.seek(0, 2)
        stream.seek(max(0, size - 65_536))
        if b"%%EOF" not in stream.read().rstrip(b"\0\r\n\t ")[-2048:]:
            found.note("pdf.truncated")


def _opens(reader: PdfReader, found: Examined) -> bool:
    """Whether the empty user password opens it (ISO 32000-1, 7.6.3.4); a certificate (7.6.4) never does."""
    try:
        opened = bool(reader.decrypt(""))
    except (PyPdfError, NotImplementedError, ValueError, TypeError, AttributeError, KeyError):
        opened = False
    if opened:
        found.note("pdf.restricted")
    else:
        found.refuse("pdf.encrypted")
    return opened


def _pages(root: DictionaryObject, max_pages: int, found: Examined) -> None:
    """Count the leaves of the page tree (7.7.3), which may be circular, deep or lie; look at the first pages' annotations."""
    count = 0
    try:
        tree = _resolved(root.get("/Pages"))
        declared = _resolved(tree.get("/Count")) if isinstance(tree, DictionaryObject) else None
        for page in _leaves(tree):
            count += 1
            if count <= _ANNOTATED_PAGES:
                _annotations(page, found)
            if count > max_pages:
                found.refuse("pdf.too_many_pages", limit=max_pages)
                return
    except (PyPdfError, ValueError, TypeError, AttributeError, KeyError, IndexError):
        found.note("pdf.irregular")
        return
    if count == 0:
        found.note("pdf.no_pages")
        return
    found.properties["pages"] = str(count)
    if isinstance(declared, int) and declared != count:
        found.note("pdf.page_count", declared=int(declared), found=count)


def _leaves(tree: object) -> Iterator[DictionaryObject]:
    seen: set[int] = set()
    waiting: list[object] = [tree]
    nodes = 0
    while waiting and nodes < _MAX_NODES:
        node = waiting.pop()
        if isinstance(node, IndirectObject):
            if node.idnum in seen:
                continue
            seen.add(node.idnum)
            node = node.get_object()
        if not isinstance(node, DictionaryObject):
            continue
        nodes += 1
        kids = _resolved(node.get("/Kids"))
        if isinstance(kids, ArrayObject):
            waiting.extend(reversed(list(kids)))
        elif node.get("/Type") != "/Pages":
            yield node


def _annotations(page: DictionaryObject, found: Examined) -> None:
    _additional_actions(page, found)
    annotations = _resolved(page.get("/Annots"))
    for entry in list(annotations)[:2000] if isinstance(annotations, ArrayObject) else ():
        annotation = _resolved(entry)
        if isinstance(annotation, DictionaryObject):
            _action(annotation.get("/A"), found)
            _additional_actions(annotation, found)
            if annotation.get("/Subtype") == "/FileAttachment":
                found.note("pdf.file_annotation")


def _active(root: DictionaryObject, found: Examined) -> None:
    """What runs by itself or on a click: actions of 12.6.4, and scripts by name (7.7.4)."""
    _action(root.get("/OpenAction"), found)
    _additional_actions(root, found)
    names = _resolved(root.get("/Names"))
    if isinstance(names, DictionaryObject) and "/JavaScript" in names:
        found.note("pdf.javascript")


def _additional_actions(holder: DictionaryObject, found: Examined) -> None:
    actions = _resolved(holder.get("/AA"))
    for action in actions.values() if isinstance(actions, DictionaryObject) else ():
        _action(action, found)


def _action(entry: object, found: Examined) -> None:
    """Follow a chain of actions (/Next)."""
    waiting, steps = [entry], 0
    while waiting and steps < 100:
        steps += 1
        action = _resolved(waiting.pop())
        if isinstance(action, ArrayObject):
            waiting.extend(list(action)[:100])
        elif isinstance(action, DictionaryObject):
            kind = str(_resolved(action.get("/S")))
            if kind == "/JavaScript":
                found.note("pdf.javascript")
            elif kind == "/Launch":
                found.note("pdf.launch")
            elif kind in _DANGEROUS:
                found.note("pdf.sends_data")
            waiting.append(action.get("/Next"))


def _attachments(root: DictionaryObject, found: Examined) -> None:
    names = _resolved(root.get("/Names"))
    tree = _resolved(names.get("/EmbeddedFiles")) if isinstance(names, DictionaryObject) else None
    files: list[str] = []
    waiting, seen = [tree], 0
    while waiting and seen < 1000:
        seen += 1
        node = _resolved(waiting.pop())
        if isinstance(node, DictionaryObject):
            kids, pairs = _resolved(node.get("/Kids")), _resolved(node.get("/Names"))
            waiting.extend(list(kids)[:1000] if isinstance(kids, ArrayObject) else ())
            files.extend(str(_resolved(name)) for name in (list(pairs)[:2000:2] if isinstance(pairs, ArrayObject) else ()))
    if files:
        found.note("pdf.attachments", count=len(files), names=", ".join(files)[:300])


def _form(root: DictionaryObject, found: Examined) -> None:
    """Signature fields that hold a signature (12.7.4.5), and forms of the XFA kind (12.7.8)."""
    form = _resolved(root.get("/AcroForm"))
    if not isinstance(form, DictionaryObject):
        return
    if "/XFA" in form:
        found.note("pdf.xfa")
    signatures = 0
    seen: set[int] = set()
    waiting: list[tuple[object, object]] = [(entry, None) for entry in _list(form.get("/Fields"))]
    while waiting and len(seen) < _MAX_FIELDS:
        entry, inherited = waiting.pop()
        field = _resolved(entry)
        if not isinstance(field, DictionaryObject) or id(field) in seen:
            continue
        seen.add(id(field))
        kind = field.get("/FT", inherited)
        if kind == "/Sig" and not isinstance(_resolved(field.get("/V")), NullObject | type(None)):
            signatures += 1
        waiting.extend((kid, kind) for kid in _list(field.get("/Kids")))
    if signatures:
        found.signed = True
        found.note("pdf.signed", count=signatures)


def _metadata(reader: PdfReader, found: Examined) -> None:
    """The document information dictionary (14.3.3)."""
    information = reader.metadata
    if information is None:
        return
    try:
        created = information.creation_date
    except (ValueError, TypeError):
        created = None
    found.properties |= properties(
        (
            ("title", information.title),
            ("author", information.author),
            ("subject", information.subject),
            ("producer", information.producer),
            ("created", created.isoformat() if created else None),
        )
    )


def _claim(root: DictionaryObject, found: Examined) -> None:
    """Whether the metadata of a file that reads without a fault (14.3.2) say that it is PDF/A (ISO 19005-1, 6.7.11; -2, 6.6.4)."""
    if any(each.code in _FAULTY for each in found.notes):
        return
    with suppress(*_FAULTS):
        metadata = _resolved(root.get("/Metadata"))
        if isinstance(metadata, StreamObject):
            from ingest.tools.pdfa_metadata import claim

            found.may_claim = any(claim(metadata.get_data()))
        else:
            found.may_claim = False


def _list(entry: object) -> list[object]:
    value = _resolved(entry)
    return list(value)[:_MAX_FIELDS] if isinstance(value, ArrayObject) else []


def _resolved(entry: object) -> Any:
    return entry.get_object() if isinstance(entry, IndirectObject) else entry
