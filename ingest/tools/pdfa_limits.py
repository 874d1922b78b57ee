"""How large a value in a content stream may be: ISO 19005-1, 6.1.12; ISO 19005-2 and -3, 6.1.13 (pikepdf judges those of objects)."""

from decimal import Decimal
from typing import Final

import pikepdf

from ingest.tools.pdfa_rules import Case

_INTEGER: Final = 2**31
_REAL: Final = {1: Decimal(32767), 2: Decimal("3.403e38")}
_SMALL: Final = Decimal("1.175e-38")
_STRING: Final = {1: 65535, 2: 32767}
_NAME: Final = 127
_ARRAY: Final = 8191
_DICTIONARY: Final = 4095
_DEEPEST: Final = 50


def judge_limits(case: Case, value: object, holder: object, depth: int = 0) -> None:
    """Judge an operand and what it holds."""
    later = min(case.part, 2)
    if isinstance(value, bool):
        return
    if isinstance(value, int):
        _judge(case, -_INTEGER <= value < _INTEGER, holder, "integer")
    elif isinstance(value, Decimal):
        _judge(case, abs(value) <= _REAL[later] and (later == 1 or value == 0 or abs(value) >= _SMALL), holder, "real")
    elif isinstance(value, pikepdf.String):
        _judge(case, len(bytes(value)) <= _STRING[later], holder, "string")
    elif isinstance(value, pikepdf.Name):
        _judge(case, len(value.unparse()) - 2 * value.unparse().count(b"#") - 1 <= _NAME, holder, "name")
    elif isinstance(value, pikepdf.Array):
        _judge(case, later == 2 or len(value) <= _ARRAY, holder, "array")
        for each in value if depth < _DEEPEST else ():
            judge_limits(case, each, holder, depth + 1)
    elif isinstance(value, pikepdf.Dictionary):
        _judge(case, later == 2 or len(value) <= _DICTIONARY, holder, "dictionary")
        for each in value.values() if depth < _DEEPEST else ():
            judge_limits(case, each, holder, depth + 1)


def _judge(case: Case, fits: bool, holder: object, what: str) -> None:
    if not fits:
        case.broken("limits", holder, what)
