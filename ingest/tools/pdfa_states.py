"""Graphics state dictionaries and halftones of a PDF/A: ISO 19005-1, 6.2.8, 6.2.9 and 6.4; ISO 19005-2 and -3, 6.2.5, 6.2.6 and 6.2.10."""

from typing import Final

import pikepdf

from ingest.tools.pdfa_rules import Case, dictionary, listed, named, text, whole, words

INTENTS: Final = frozenset({"RelativeColorimetric", "AbsoluteColorimetric", "Perceptual", "Saturation"})
_PLAIN: Final = frozenset({"Normal", "Compatible"})
_BLEND: Final = _PLAIN | words(
    "Multiply Screen Overlay Darken Lighten ColorDodge ColorBurn HardLight SoftLight Difference Exclusion Hue Saturation Color Luminosity"
)
_PRIMARY: Final = frozenset({"Cyan", "Magenta", "Yellow", "Black"})
_OPAQUE: Final = 1e-6


def judge_state(case: Case, state: pikepdf.Object) -> None:
    """The rules for one graphics state dictionary."""
    if "/TR" in state:
        case.broken("graphics-state", state, "TR")
    if "/TR2" in state and named(state, "/TR2") != "Default":
        case.broken("graphics-state", state, "TR2")
    if case.part > 1 and "/HTP" in state:
        case.broken("graphics-state", state, "HTP")
    if "/RI" in state and named(state, "/RI") not in INTENTS:
        case.broken("rendering-intent", state, named(state, "/RI"))
    _blend(case, state)
    if case.part == 1:
        _opaque(case, state)
    else:
        _halftone(case, state.get("/HT"), None)


def _blend(case: Case, state: pikepdf.Object) -> None:
    allowed = _PLAIN if case.part == 1 else _BLEND
    if any(text(mode) not in allowed for mode in listed(state.get("/BM"))):
        case.broken("blend-mode", state, "BM")


def _opaque(case: Case, state: pikepdf.Object) -> None:
    """6.4: neither soft masks nor opacity."""
    if "/SMask" in state and named(state, "/SMask") != "None":
        case.broken("transparency", state, "SMask")
    for key in ("/CA", "/ca"):
        if not _is_one(state.get(key, 1)):
            case.broken("transparency", state, key[1:])


def _halftone(case: Case, value: object, colourant: str | None) -> None:
    """6.2.5: type 1 or 5, no name, and a transfer function only for a colourant that is not primary."""
    halftone = dictionary(value)
    if halftone is None:
        return
    if whole(halftone.get("/HalftoneType")) not in (1, 5):
        case.broken("graphics-state", halftone, "HalftoneType")
    if "/HalftoneName" in halftone:
        case.broken("graphics-state", halftone, "HalftoneName")
    primary = colourant is None or colourant in _PRIMARY
    if colourant != "Default" and ("/TransferFunction" in halftone) is primary:
        case.broken("graphics-state", halftone, "TransferFunction")
    if whole(halftone.get("/HalftoneType")) == 5:
        for key, each in halftone.items():
            if key not in ("/Type", "/HalftoneType", "/HalftoneName"):
                _halftone(case, each, key[1:])


def is_transparent(state: pikepdf.Object) -> bool:
    """Whether what is drawn in it is transparent (6.2.10 of parts 2 and 3)."""
    masked = "/SMask" in state and named(state, "/SMask") != "None"
    blended = any(text(mode) not in _PLAIN for mode in listed(state.get("/BM")))
    return masked or blended or not all(_is_one(state.get(key, 1)) for key in ("/CA", "/ca"))


def _is_one(value: object) -> bool:
    try:
        return abs(float(value) - 1) < _OPAQUE  # type: ignore[arg-type]  # what is no number is told below
    except (TypeError, ValueError):
        return False
