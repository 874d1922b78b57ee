"""The text of DOCX and PPTX (ISO/IEC 29500-1), read from their XML: content controls, text boxes and tracked insertions included."""

from collections.abc import Iterable, Iterator
from typing import Any, Final

from lxml import etree

from ingest.tools.answers import Note, Passage, Refused, note
from ingest.tools.package import Package
from ingest.tools.passages import MAX_SLIDES, clean

_W: Final = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_A: Final = "{http://schemas.openxmlformats.org/drawingml/2006/main}"
_P: Final = "{http://schemas.openxmlformats.org/presentationml/2006/main}"
RELATIONS: Final = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}"
_EQUATION_TEXT: Final = "{http://schemas.openxmlformats.org/officeDocument/2006/math}t"
_MC_FALLBACK: Final = "{http://schemas.openxmlformats.org/markup-compatibility/2006}Fallback"
_BESIDE: Final = ("footnotes", "endnotes", "comments")


def word_text(package: Package) -> tuple[str, list[Note]]:
    """Headers, body, footers, then notes and comments; a table row is a line with its cells between tabs.

    A body that is cut gives what is left of it, with a note. Refuses (package.damaged) when the document then has no text.
    """
    main = main_part(package, "word/document.xml")
    related = sorted(set(package.relations(main).values()))
    names = [
        *(name for kind, name in related if kind == "header"),
        main,
        *(name for kind, name in related if kind == "footer"),
        *(name for kind, name in related if kind in _BESIDE),
    ]
    texts: list[str] = []
    notes: list[Note] = []
    for name in names:
        root = package.xml(name)
        if root is None and name == main and package.read(main):
            notes = [note("package.entry_damaged", name=main[:200])]
            root = package.xml_cut(main)
        text = clean("".join(_flow(root, _W)))
        if text and text not in texts:  # the headers of first, odd and even pages often repeat one text
            texts.append(text)
    if notes and not texts:
        raise Refused("package.damaged")
    return "\n\n".join(texts), notes


def slides(package: Package) -> Iterator[Passage]:
    """A passage a slide, in the order of the show, with its tables and notes; the first line is the label."""
    for name in slide_parts(package):
        notes = [entry for kind, entry in package.relations(name).values() if kind == "notesSlide"] if name else []
        text = clean("\n\n".join(clean("".join(_flow(package.xml(part), _A))) for part in (name, *notes)))
        yield Passage("slide", text, text.split("\n", 1)[0][:120])


def slide_parts(package: Package) -> list[str]:
    """The names of the slides in the order of the show, "" for one that is listed and not there."""
    main = main_part(package, "ppt/presentation.xml")
    root, related = package.xml(main), package.relations(main)
    listed = [] if root is None else [entry.get(f"{RELATIONS}id") for entry in root.iter(f"{_P}sldId")]
    return [related.get(identifier or "", ("", ""))[1] for identifier in listed[:MAX_SLIDES]]


def main_part(package: Package, usual: str) -> str:
    """The name of the part that is the document itself; `usual` where the package does not say."""
    return next((name for kind, name in package.relations("").values() if kind == "officeDocument"), usual)


def _flow(root: Any, ns: str) -> Iterator[str]:
    """The text under `root` as it flows; `ns` is the namespace of its paragraphs, runs and tables."""
    if root is None:
        return
    skipped = 0
    for event, element in _walk(root):
        tag = element.tag
        if tag in (_MC_FALLBACK, f"{_W}del", f"{_W}moveFrom"):  # a second copy, or text taken out
            skipped += 1 if event == "start" else -1
        elif not skipped:
            yield from _piece(event, tag, element, ns)


def _piece(event: str, tag: str, element: Any, ns: str) -> Iterable[str]:
    if event == "start":
        if tag in (f"{ns}t", _EQUATION_TEXT):
            return (element.text or "",)
        return (
            ("\t",)
            if tag in (f"{ns}tab", f"{ns}ptab") and not _in_properties(element)
            else ("\n",)
            if tag in (f"{ns}br", f"{ns}cr")
            else ()
        )
    if tag == f"{ns}p":
        return (" ",) if _in_cell(element, ns) else ("\n",)
    return ("\t",) if tag == f"{ns}tc" else ("\n",) if tag in (f"{ns}tr", f"{ns}tbl") else ()


def _in_properties(element: Any) -> bool:
    """A tab stop (in paragraph properties) has the name of a tab character."""
    parent = element.getparent()
    return parent is not None and parent.tag.endswith(("}tabs", "}tabLst"))


def _in_cell(paragraph: Any, ns: str) -> bool:
    parent = paragraph.getparent()
    if parent is not None and parent.tag == f"{ns}txBody":
        parent = parent.getparent()
    return parent is not None and parent.tag == f"{ns}tc"


def _walk(root: Any) -> Iterator[tuple[str, Any]]:
    for event, element in etree.iterwalk(root, events=("start", "end")):
        if isinstance(element.tag, str):
            yield event, element
