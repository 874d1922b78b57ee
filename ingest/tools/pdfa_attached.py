"""Files inside a PDF/A: ISO 19005-1, 6.1.11; ISO 19005-2, 6.8; ISO 19005-3, 6.8."""

import re
from collections.abc import Callable, Iterator
from typing import Final

import pikepdf

from ingest.tools.pdfa_rules import Case, dictionary, listed, named

_MEDIA_TYPE: Final = re.compile(r"[-\w+.]+/[-\w+.]+", re.ASCII)
_DEEPEST: Final = 20


def judge_attached(case: Case, conforms: Callable[[bytes], bool | None]) -> None:
    """Part 1 allows none; part 2 only PDF/A of parts 1 and 2, as `conforms` tells (None: not known); part 3 any whose kind and relation are
    told.
    """
    associated = {one.objgen for holder in _dictionaries(case) for one in listed(holder.get("/AF")) if isinstance(one, pikepdf.Object)}
    for holder in _dictionaries(case):
        files = dictionary(holder.get("/EF"))
        if files is None:
            continue
        case.broken("embedded-file", holder, "EF")
        if "/F" not in holder or "/UF" not in holder:
            case.broken("embedded-specification", holder, "F, UF")
        streams = [each for each in files.values() if isinstance(each, pikepdf.Stream)]
        for each in streams if case.part == 2 else ():
            answer = conforms(each.read_bytes())
            if answer is None:
                case.unjudged["embedded file"] = None
            elif not answer:
                case.broken("embedded-specification", holder, "PDF/A")
        if case.part == 3:
            _told(case, holder, streams, holder.objgen in associated)


def _told(case: Case, holder: pikepdf.Object, streams: list[pikepdf.Stream], is_associated: bool) -> None:
    """What part 3 asks to be told of each file."""
    if not all(_MEDIA_TYPE.fullmatch(named(each, "/Subtype")) for each in streams):
        case.broken("embedded-specification", holder, "Subtype")
    if "/AFRelationship" not in holder:
        case.broken("embedded-specification", holder, "AFRelationship")
    if not is_associated:
        case.broken("embedded-specification", holder, "AF")


def _dictionaries(case: Case) -> Iterator[pikepdf.Object]:
    """Each dictionary of the file, those inside others too."""
    for each in case.document.objects:
        yield from _within(each, 0)


def _within(value: object, depth: int) -> Iterator[pikepdf.Object]:
    if depth > _DEEPEST or (depth and isinstance(value, pikepdf.Object) and value.is_indirect):
        return
    if isinstance(value, pikepdf.Array):
        for each in value:
            yield from _within(each, depth + 1)
    elif (holder := dictionary(value)) is not None:
        yield holder
        for each in holder.values():
            yield from _within(each, depth + 1)
