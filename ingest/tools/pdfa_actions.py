"""Actions of a PDF/A: ISO 19005-1, 6.6; ISO 19005-2 and -3, 6.5."""

from typing import Final

import pikepdf

from ingest.tools.pdfa_rules import Case, dictionary, listed, named

_ALLOWED: Final = {1: frozenset({"GoTo", "GoToR", "Thread", "URI", "Named", "SubmitForm"})}
_ALLOWED_LATER: Final = _ALLOWED[1] | {"GoToE"}
_NAMED: Final = frozenset({"NextPage", "PrevPage", "FirstPage", "LastPage"})
_MOST: Final = 1000


def judge_actions(case: Case, first: object) -> None:
    """An action and those that follow it; a destination in its place is none."""
    waiting, seen = [first], 0
    while waiting and seen < _MOST:
        seen += 1
        action = dictionary(waiting.pop())
        if action is None or "/S" not in action:
            continue
        kind = named(action, "/S")
        if kind not in (_ALLOWED[1] if case.part == 1 else _ALLOWED_LATER):
            case.broken("action", action, kind)
        elif kind == "Named" and named(action, "/N") not in _NAMED:
            case.broken("action", action, named(action, "/N"))
        waiting.extend(listed(action.get("/Next")))


def judge_triggers(case: Case, holder: pikepdf.Object) -> None:
    """The additional actions of a catalogue or page: parts 2 and 3 allow none, part 1 none of a catalogue."""
    triggers = dictionary(holder.get("/AA"))
    if triggers is None:
        return
    if case.part > 1 or holder.objgen == case.document.Root.objgen:
        case.broken("trigger", holder, "AA")
    for action in triggers.values():
        judge_actions(case, action)
