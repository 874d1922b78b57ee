"""Images and other external objects of a PDF/A: ISO 19005-1, 6.2.4 to 6.2.7; ISO 19005-2 and -3, 6.2.8 and 6.2.9."""

from typing import Final

import pikepdf

from ingest.tools.pdfa_jpeg2000 import judge_jpeg2000
from ingest.tools.pdfa_rules import Case, listed, named, text, whole, words
from ingest.tools.pdfa_states import INTENTS

_DEPTHS: Final = {1: (1, 2, 4, 8), 2: (1, 2, 4, 8, 16)}
_INLINE_FILTERS: Final = words("ASCIIHexDecode ASCII85Decode FlateDecode RunLengthDecode CCITTFaxDecode DCTDecode AHx A85 Fl RL CCF DCT")
_LZW: Final = frozenset({"LZW", "LZWDecode"})


def judge_xobject(case: Case, drawn: pikepdf.Object) -> None:
    """The rules for any external object and for forms."""
    kind = named(drawn, "/Subtype")
    if kind == "PS":
        case.broken("postscript", drawn, "PostScript XObject")
    if "/OPI" in drawn and (case.part == 1 or kind != "PS"):
        case.broken("form" if kind == "Form" and case.part > 1 else "image", drawn, "OPI")
    if case.part == 1 and "/SMask" in drawn:
        case.broken("transparency", drawn, "SMask")
    if kind != "Form":
        return
    if named(drawn, "/Subtype2") == "PS" or "/PS" in drawn:
        case.broken("form", drawn, "PS")
    if "/Ref" in drawn:
        case.broken("reference-xobject", drawn, "Ref")


def judge_image(case: Case, image: pikepdf.Object) -> None:
    """The rules for an image, or for a mask of one."""
    if "/Alternates" in image:
        case.broken("image", image, "Alternates")
    _judge(case, image, image)
    if "JPXDecode" in {text(name) for name in listed(image.get("/Filter"))}:
        judge_jpeg2000(case, image)


def judge_inline(case: Case, image: pikepdf.Object, holder: object) -> None:
    """The rules for an image inside a content stream."""
    filters = {text(name) for name in listed(image.get("/Filter", image.get("/F")))}
    if (filters & _LZW) if case.part == 1 else (filters - _INLINE_FILTERS):
        case.broken("inline-filter", holder, ", ".join(sorted(filters)))
    _judge(case, image, holder)


def _judge(case: Case, image: pikepdf.Object, holder: object) -> None:
    bits = image.get("/BitsPerComponent", image.get("/BPC"))
    masks = bool(image.get("/ImageMask", image.get("/IM", False)))
    if bool(image.get("/Interpolate", image.get("/I", False))):
        case.broken("image", holder, "Interpolate")
    if bits is not None and whole(bits) not in ((1,) if masks else _DEPTHS[min(case.part, 2)]):
        case.broken("image", holder, "BitsPerComponent")
    if "/Intent" in image and named(image, "/Intent") not in INTENTS:
        case.broken("rendering-intent", holder, named(image, "/Intent"))
