"""Fonts of a PDF/A, by pikepdf's validator: each on a page of a document of its own, with all the text that is shown in it.

ISO 19005-1, 6.3; ISO 19005-2 and -3, 6.2.11. A font that shows nothing is not looked at, as the standard asks it of those that do.
"""

import re
from collections.abc import Iterable
from functools import cache
from io import BytesIO
from typing import Final

import pikepdf
from fontTools.agl import UV2AGL
from fontTools.ttLib import TTFont, TTLibError
from pikepdf import pdfa

from ingest.tools.pdfa_graphics import Shown, differences
from ingest.tools.pdfa_rules import Case, dictionary, listed, named

_A4: Final = (595, 842)
_HIDDEN: Final = 3
_EMBEDDED: Final = frozenset({"ISO_19005_1:6.3.4-1", "ISO_19005_2:6.2.11.4.1-1", "ISO_19005_3:6.2.11.4.1-1"})
"""Rules that pikepdf leaves open, for it looks at fonts that show nothing too."""
_SUBSET: Final = re.compile(r"[A-Z]{6}\+")
_NOT_LISTED: Final = re.compile(r"not in /CharSet: ([^;]*)")


def judge_fonts(case: Case, fonts: Iterable[Shown]) -> list[pdfa.Finding]:
    """What pikepdf finds of the fonts; a place names the font by its number in the document."""
    flavour = f"{case.part}b"
    found: list[pdfa.Finding] = []
    for shown in fonts:
        holder = shown.font if shown.font.is_indirect else case.document.make_indirect(shown.font)
        place = f"obj {holder.objgen[0]} {holder.objgen[1]}"
        with pikepdf.new() as made:
            font = made.copy_foreign(holder)
            _simplify(case, font, place)
            _show(made, font, shown)
            told = pdfa.check(made, flavour).findings
        found += [
            pdfa.Finding(one.rule, place, one.message, "violation" if one.rule in _EMBEDDED else one.kind)
            for one in told
            if _is_of(one, font, shown, flavour)
        ]
    return found


def _simplify(case: Case, font: pikepdf.Object, place: str) -> None:
    """Judge and take away what pikepdf leaves open: writing downwards, which changes no glyph and no width, and CIDSet."""
    if named(font, "/Encoding") == "Identity-V":
        font.Encoding = pikepdf.Name("/Identity-H")
    for each in listed(font.get("/DescendantFonts")):
        descendant = dictionary(each)
        if descendant is None:
            continue
        for key in ("/W2", "/DW2"):
            if key in descendant:
                del descendant[key]
        descriptor = dictionary(descendant.get("/FontDescriptor"))
        if case.part > 1 and named(descendant, "/Subtype") == "CIDFontType2" and descriptor is not None and "/CIDSet" in descriptor:
            if _SUBSET.match(named(descendant, "/BaseFont")) and not _lists_all(descriptor):
                case.broken("cid-set", place, "CIDSet")
            del descriptor["/CIDSet"]


def _lists_all(descriptor: pikepdf.Object) -> bool:
    """6.2.11.4.2: a CIDSet names each glyph of the font, used or not."""
    if not isinstance(program := descriptor.get("/FontFile2"), pikepdf.Stream):
        return True
    try:
        glyphs = int(TTFont(BytesIO(program.read_bytes()), lazy=True)["maxp"].numGlyphs)
    except (TTLibError, KeyError, AssertionError):
        return True
    bits = descriptor["/CIDSet"].read_bytes()
    return all(number // 8 < len(bits) and bits[number // 8] & 0x80 >> number % 8 for number in range(1, glyphs))


def _is_of(one: pdfa.Finding, font: pikepdf.Object, shown: Shown, flavour: str) -> bool:
    """Whether a finding is one of the font, and of a glyph that its rule is about."""
    if (one.rule, one.message) in _of_the_page(flavour):
        return False
    if one.rule == "ISO_19005_1:6.3.3.2-1" or one.rule in _EMBEDDED:
        return set(shown.strings) != {_HIDDEN}
    lacking = _NOT_LISTED.search(one.message) if one.rule == "ISO_19005_1:6.3.5-2" else None
    if lacking is not None:
        return bool(set(lacking[1].split()) & _names(font, shown))
    return not (one.rule == "ISO_19005_1:6.3.5-2" and "not in program" in one.message)


def _names(font: pikepdf.Object, shown: Shown) -> set[str]:
    """The names that the glyphs shown may have, in an encoding of the font's own or of the system."""
    codes = bytes({code for strings in shown.strings.values() for string in strings for code in string})
    names = {name for code, name in differences(font).items() if code in codes}
    letters = {letter for encoding in ("cp1252", "mac-roman") for letter in codes.decode(encoding, "ignore")}
    return names | {UV2AGL[ord(letter)] for letter in letters if ord(letter) in UV2AGL}


def _show(made: pikepdf.Pdf, font: pikepdf.Object | None, shown: Shown | None) -> None:
    page = made.add_blank_page(page_size=_A4)
    if font is None or shown is None:
        return
    page.obj.Resources = pikepdf.Dictionary(Font=pikepdf.Dictionary(F=font))
    lines = [b"BT /F 1 Tf"]
    for rendering, strings in shown.strings.items():
        lines.append(b"%d Tr" % rendering)
        lines += [b"<%s> Tj" % string.hex().encode() for string in strings]
    page.obj.Contents = made.make_stream(b"\n".join([*lines, b"ET"]))


@cache
def _of_the_page(flavour: str) -> frozenset[tuple[str, str]]:
    """What is said of a document without fonts: the one made here has no metadata and no output intent."""
    with pikepdf.new() as made:
        _show(made, None, None)
        return frozenset((one.rule, one.message) for one in pdfa.check(made, flavour).findings)
