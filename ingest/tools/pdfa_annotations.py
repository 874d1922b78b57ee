"""Annotations of a PDF/A: ISO 19005-1, 6.5 and 6.9; ISO 19005-2 and -3, 6.3 and 6.4.1."""

from typing import Final

import pikepdf

from ingest.tools.pdfa_actions import judge_actions
from ingest.tools.pdfa_rules import Case, dictionary, inherited, listed, named, text, whole, words

_KINDS: Final = words(
    "Text Link FreeText Line Square Circle Highlight Underline Squiggly StrikeOut Stamp Ink Popup Widget PrinterMark TrapNet"
)
_LATER: Final = _KINDS | {"Polygon", "PolyLine", "Caret", "FileAttachment", "Watermark", "Redact"}
_INVISIBLE, _HIDDEN, _PRINT, _NO_VIEW, _TOGGLE_NO_VIEW = 1, 2, 4, 32, 256


def judge_annotation(case: Case, annotation: pikepdf.Object) -> None:
    """The rules for one annotation."""
    kind = named(annotation, "/Subtype")
    if kind not in (_KINDS if case.part == 1 else _LATER):
        case.broken("annotation-type", annotation, kind)
    _flags(case, annotation, kind)
    _appearance(case, annotation, kind)
    if case.part == 1:
        _plain(case, annotation)
    if kind == "Widget":
        _widget(case, annotation)
    judge_actions(case, annotation.get("/A"))
    triggers = dictionary(annotation.get("/AA"))
    for action in triggers.values() if triggers is not None else ():
        judge_actions(case, action)


def _flags(case: Case, annotation: pikepdf.Object, kind: str) -> None:
    """Shown and printed, always."""
    flags = whole(annotation.get("/F"))
    if flags is None:
        if case.part == 1 or kind != "Popup":
            case.broken("annotation-flags", annotation, "F")
        return
    forbidden = _INVISIBLE | _HIDDEN | _NO_VIEW | (_TOGGLE_NO_VIEW if case.part > 1 else 0)
    if not flags & _PRINT or flags & forbidden:
        case.broken("annotation-flags", annotation, "F")


def _appearance(case: Case, annotation: pikepdf.Object, kind: str) -> None:
    """An appearance of its own, and only the normal one; a button has one for each of its states."""
    appearance = dictionary(annotation.get("/AP"))
    if appearance is None:
        if case.part > 1 and kind not in ("Popup", "Link") and _has_area(annotation.get("/Rect")):
            case.broken("appearance", annotation, "AP")
        return
    normal = appearance.get("/N")
    if set(appearance.keys()) != {"/N"}:
        case.broken("appearance", annotation, "appearances")
    elif kind == "Widget" and _field_type(annotation) == "Btn":
        states = normal if isinstance(normal, pikepdf.Dictionary) and not isinstance(normal, pikepdf.Stream) else None
        if states is None or not all(isinstance(each, pikepdf.Stream) for each in states.values()):
            case.broken("appearance", annotation, "appearance of a button")
    elif not isinstance(normal, pikepdf.Stream):
        case.broken("appearance", annotation, "normal appearance")


def _plain(case: Case, annotation: pikepdf.Object) -> None:
    """Opaque, and coloured only where the output intent is RGB (6.5.3 of part 1)."""
    if annotation.get("/CA", 1) != 1:
        case.broken("annotation-flags", annotation, "CA")
    if ("/C" in annotation or "/IC" in annotation) and case.intent != "RGB ":
        case.broken("annotation-colour", annotation, "C")


def _widget(case: Case, annotation: pikepdf.Object) -> None:
    """A field on a page does nothing by itself, and has an appearance."""
    for key in ("/A", "/AA"):
        if key in annotation:
            case.broken("action" if case.part == 1 and key == "/A" else "field-action", annotation, key[1:])
    if case.part == 1 and "/AP" not in annotation:
        case.broken("field-appearance", annotation, "AP")


def _field_type(annotation: pikepdf.Object) -> str:
    """The type of the field that a widget shows, its own or its parent's."""
    return text(annotation.get("/FT", inherited(annotation, "/FT")))


def _has_area(rectangle: object) -> bool:
    sides = [float(side) for side in listed(rectangle)]  # type: ignore[arg-type]  # numbers, or the caller is told
    return len(sides) != 4 or not (sides[0] == sides[2] and sides[1] == sides[3])
