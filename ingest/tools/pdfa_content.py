"""What the content streams of a PDF/A draw with: each is followed as a page, an annotation, a form, a pattern or a glyph draws it.

ISO 19005-1, 6.1.12, 6.2 and 6.4; ISO 19005-2 and -3, 6.1.13 and 6.2.
"""

import warnings
from collections.abc import Iterator
from dataclasses import replace
from typing import Any, Final

import pikepdf

from ingest.tools.pdfa_colour import Colours
from ingest.tools.pdfa_graphics import Pen, Scope, Shown, State, appearances, differences, key_of
from ingest.tools.pdfa_images import judge_image, judge_inline, judge_xobject
from ingest.tools.pdfa_limits import judge_limits
from ingest.tools.pdfa_rules import Case, dictionary, inherited, listed, named, text, whole, words
from ingest.tools.pdfa_states import INTENTS, is_transparent, judge_state

FILLS: Final = frozenset({"f", "F", "f*", "B", "B*", "b", "b*"})
STROKES: Final = frozenset({"S", "s", "B", "B*", "b", "b*"})
SHOWS: Final = frozenset({"Tj", "TJ", "'", '"'})
_DEVICE: Final = {"g": "DeviceGray", "rg": "DeviceRGB", "k": "DeviceCMYK"}
_OPERATORS: Final = words(
    "w J j M d ri i gs q Q cm m l c v y h re S s f F f* B B* b b* n W W* BT ET Tc Tw Tz TL Tf Tr Ts Td TD Tm T* Tj TJ ' \" d0 d1 CS cs "
    "SC SCN sc scn G g RG rg K k sh Do MP DP BMC BDC EMC BX EX BI ID EI INLINE"
)
"""The operators that ISO 32000-1, annex A, defines."""
_NESTED: Final = 28
_DEEPEST: Final = 40
_MOST: Final = 20_000_000
"""Instructions that are followed of one document."""
_LARGEST: Final = 12 << 20
"""Bytes of one content stream that are followed: each is about eighty of memory."""
_FILLED: Final = frozenset({0, 2, 4, 6})
_STROKED: Final = frozenset({1, 2, 5, 6})
_HIDDEN: Final = 3


class Painter:
    """Follows the content streams of one document."""

    def __init__(self, case: Case) -> None:
        self._case = case
        self._colours = Colours(case)
        self._done: dict[tuple[object, ...], bool] = {}
        self._instructions = 0
        self.fonts: dict[object, Shown] = {}
        """The fonts that show text, but those of type 3, whose glyphs are content streams."""

    def page(self, page: pikepdf.Object) -> None:
        """The contents of a page and the appearances of its annotations."""
        own = dictionary(page.get("/Resources"))
        scope = Scope(page, own, dictionary(inherited(page, "/Resources")))
        transparent = "/Contents" in page and self._run(pikepdf.Page(page), scope, State(), 0)
        group = dictionary(page.get("/Group"))
        transparent |= self._group(group, page, scope.resources)
        for annotation in listed(page.get("/Annots")):
            holder = dictionary(annotation)
            for appearance in appearances(holder) if holder is not None else ():
                transparent |= self.form(appearance, scope, State(), 0)
        if transparent and self._case.intent is None and (group is None or "/CS" not in group):
            self._case.broken("transparency-space", page, "transparency without a blending colour space")

    def form(self, form: pikepdf.Object, outer: Scope, state: State, depth: int) -> bool:
        """A form; answers whether it is transparent."""
        key = (key_of(form), state.key)
        if key in self._done:
            return self._done[key]
        self._done[key] = False
        own = dictionary(form.get("/Resources"))
        scope = Scope(form, own, outer.resources)
        judge_xobject(self._case, form)
        group = dictionary(form.get("/Group"))
        transparent = self._group(group, form, scope.resources)
        transparent |= self._run(form, scope, state, depth + 1)
        self._done[key] = transparent
        return transparent

    def _group(self, group: pikepdf.Object | None, holder: object, resources: Any) -> bool:
        """6.4 of part 1; 6.2.10 of the others: a transparency group and its colour space."""
        if group is None or named(group, "/S") != "Transparency":
            return False
        self._case.broken("transparency", holder, "transparency group")
        if "/CS" in group:
            self._colours.judge(self._colours.resolve(group.get("/CS"), resources), resources, holder)
        return True

    def _instructions_of(self, content: Any) -> Iterator[Any]:
        try:
            instructions = _parsed(content)
        except (pikepdf.PdfError, ValueError, TypeError, RecursionError):
            self._case.unjudged["content stream"] = None
            return
        self._instructions += len(instructions or ())
        if instructions is None or self._instructions > _MOST:
            self._case.unjudged["content stream"] = None
            return
        yield from instructions

    def _run(self, content: Any, scope: Scope, state: State, depth: int) -> bool:
        if depth > _DEEPEST:
            self._case.unjudged["content stream"] = None
            return False
        return _Run(self, self._case, self._colours, scope, state, depth).follow(self._instructions_of(content))

    def shows(self, font: pikepdf.Object, state: State, strings: list[bytes], scope: Scope, depth: int) -> bool:
        """Text in a font: kept for the judge of fonts, or followed glyph by glyph."""
        if named(font, "/Subtype") == "Type3":
            return self._glyphs(font, state, strings, scope, depth)
        shown = self.fonts.setdefault(key_of(font), Shown(font))
        shown.strings.setdefault(state.rendering, {}).update(dict.fromkeys(strings))
        return False

    def _glyphs(self, font: pikepdf.Object, state: State, strings: list[bytes], scope: Scope, depth: int) -> bool:
        """The glyph procedures of a type 3 font (ISO 32000-1, 9.6.5)."""
        inner = Scope(font, dictionary(font.get("/Resources")), scope.resources)
        procedures, names = dictionary(font.get("/CharProcs")), differences(font)
        transparent = False
        for code in {code for string in strings for code in string}:
            glyph = procedures.get(f"/{names[code]}") if procedures is not None and code in names else None
            if isinstance(glyph, pikepdf.Stream) and (key := (key_of(font), code, state.key)) not in self._done:
                self._done[key] = False
                self._done[key] = self._run(glyph, inner, replace(state, font=None, rendering=0), depth + 1)
                if state.rendering != _HIDDEN:
                    self._width(font, code, glyph)
                transparent |= self._done[key]
        return transparent

    def _width(self, font: pikepdf.Object, code: int, glyph: pikepdf.Object) -> None:
        """6.3.6 (6.2.11.5): the width that a glyph says and the one of the font."""
        first, widths = whole(font.get("/FirstChar")) or 0, listed(font.get("/Widths"))
        begins = next((one for one in self._instructions_of(glyph) if str(one.operator) in ("d0", "d1")), None)
        if begins is None or not begins.operands or not first <= code < first + len(widths):
            return
        if abs(float(begins.operands[0]) - float(widths[code - first])) > 1:  # type: ignore[arg-type]  # numbers, or the caller is told
            self._case.broken("glyph-width", font, f"width of code {code}")

    def pattern(self, pattern: object, pen: Pen, scope: Scope, depth: int) -> bool:
        """A tiling pattern's contents or the colour space of a shading one."""
        holder = dictionary(pattern)
        if holder is None:
            return False
        if "/ExtGState" in holder and (state := dictionary(holder.get("/ExtGState"))) is not None:
            judge_state(self._case, state)
        if whole(holder.get("/PatternType")) == 2:
            self.shading(holder.get("/Shading"), scope)
            return False
        pens = Pen(pen.space[1]) if isinstance(pen.space, pikepdf.Array) and len(pen.space) > 1 else Pen()
        key = (key_of(holder), key_of(pens.space))
        if isinstance(holder, pikepdf.Stream) and key not in self._done:
            self._done[key] = False
            inner = Scope(holder, dictionary(holder.get("/Resources")), scope.resources)
            self._done[key] = self._run(holder, inner, State(fill=pens, stroke=pens), depth + 1)
        return self._done.get(key, False)

    def shading(self, shading: object, scope: Scope) -> None:
        """A shading paints in its own colour space."""
        holder = dictionary(shading)
        if holder is not None:
            self._colours.judge(self._colours.resolve(holder.get("/ColorSpace"), scope.resources), scope.resources, shading)


class _Run:
    """One content stream, followed from a state."""

    def __init__(self, painter: Painter, case: Case, colours: Colours, scope: Scope, state: State, depth: int) -> None:
        self._painter, self._case, self._colours = painter, case, colours
        self._scope, self._state, self._depth = scope, state, depth
        self._saved: list[State] = []
        self._transparent = False
        self._judged: set[tuple[object, ...]] = set()

    def follow(self, instructions: Iterator[Any]) -> bool:
        """Whether anything drawn is transparent."""
        for instruction in instructions:
            if isinstance(instruction, pikepdf.ContentStreamInlineImage):
                self._inline(instruction.iimage.obj)
                continue
            name, operands = str(instruction.operator), instruction.operands
            for operand in operands:
                judge_limits(self._case, operand, self._scope.holder)
            if name not in _OPERATORS:
                self._case.broken("operator", self._scope.holder, name[:40])
            elif name in FILLS or name in STROKES:
                self._paint(name in FILLS, name in STROKES)
            elif name in SHOWS:
                self._show(operands)
            else:
                self._change(name, operands)
        return self._transparent

    def _change(self, name: str, operands: Any) -> None:
        match name:
            case "q":
                self._saved.append(self._state)
                if len(self._saved) > _NESTED:
                    self._case.broken("nesting", self._scope.holder, "q")
            case "Q" if self._saved:
                self._state = self._saved.pop()
            case "g" | "rg" | "k" | "G" | "RG" | "K":
                self._pen(name.islower(), space=pikepdf.Name(f"/{_DEVICE[name.lower()]}"), pattern=None, chosen=True)
            case "cs" | "CS" if operands:
                self._space(name.islower(), operands[0])
            case "scn" | "SCN" if operands and isinstance(operands[-1], pikepdf.Name):
                self._pen(name.islower(), pattern=self._scope.find(self._case, "/Pattern", operands[-1]))
            case "Tr" if operands and (mode := whole(operands[0])) is not None:
                self._state = replace(self._state, rendering=mode)
            case "Tf" if operands:
                self._state = replace(self._state, font=self._scope.find(self._case, "/Font", operands[0]))
            case _:
                self._use(name, operands)

    def _use(self, name: str, operands: Any) -> None:
        """What takes something of the resources."""
        match name:
            case "ri" if operands and text(operands[0]) not in INTENTS:
                self._case.broken("rendering-intent", self._scope.holder, text(operands[0]))
            case "gs" if operands:
                self._set(dictionary(self._scope.find(self._case, "/ExtGState", operands[0])))
            case "sh" if operands:
                self._painter.shading(self._scope.find(self._case, "/Shading", operands[0]), self._scope)
            case "Do" if operands:
                self._draw(self._scope.find(self._case, "/XObject", operands[0]))
            case "BDC" | "DP" if len(operands) > 1 and isinstance(operands[1], pikepdf.Name):
                self._scope.find(self._case, "/Properties", operands[1])

    def _pen(self, fills: bool, **changes: Any) -> None:
        pen = replace(self._state.fill if fills else self._state.stroke, **changes)
        self._state = replace(self._state, fill=pen) if fills else replace(self._state, stroke=pen)

    def _space(self, fills: bool, name: object) -> None:
        known = ("DeviceGray", "DeviceRGB", "DeviceCMYK", "Pattern")
        found = name if text(name) in known else self._scope.find(self._case, "/ColorSpace", name)
        self._pen(fills, space=name if found is None else found, pattern=None, chosen=True)

    def _paint(self, fills: bool, strokes: bool) -> None:
        for pen, paints in ((self._state.fill, fills), (self._state.stroke, strokes)):
            if not paints:
                continue
            key = (key_of(pen.space), key_of(pen.pattern), pen.overprints, self._state.mode)
            if key in self._judged:
                continue
            self._judged.add(key)
            overprint = pen.overprints and self._state.mode == 1
            self._colours.judge(pen.space, self._scope.resources, self._scope.holder, overprint)
            if pen.pattern is not None:
                self._transparent |= self._painter.pattern(pen.pattern, pen, self._scope, self._depth)

    def _show(self, operands: Any) -> None:
        font, rendering = dictionary(self._state.font), self._state.rendering
        if not operands:
            return
        if font is None or named(font, "/Subtype") != "Type3":
            fills, strokes = rendering in _FILLED, rendering in _STROKED
            chosen = rendering != _HIDDEN
            self._paint(fills or (chosen and self._state.fill.chosen), strokes or (chosen and self._state.stroke.chosen))
        strings = [bytes(one) for one in listed(operands[-1]) if isinstance(one, pikepdf.String)]
        if font is not None and any(strings):
            self._transparent |= self._painter.shows(font, self._state, strings, self._scope, self._depth)

    def _set(self, state: pikepdf.Object | None) -> None:
        """A graphics state dictionary (ISO 32000-1, table 58)."""
        if state is None:
            return
        judge_state(self._case, state)
        self._transparent |= is_transparent(state)
        stroke = bool(state.get("/OP", self._state.stroke.overprints))
        fill = bool(state.get("/op", stroke if "/OP" in state else self._state.fill.overprints))
        self._pen(True, overprints=fill)
        self._pen(False, overprints=stroke)
        mode, font = state.get("/OPM"), listed(state.get("/Font"))
        self._state = replace(
            self._state, mode=self._state.mode if mode is None else whole(mode) or 0, font=font[0] if font else self._state.font
        )
        mask = dictionary(state.get("/SMask"))
        if mask is not None and isinstance(group := mask.get("/G"), pikepdf.Stream):
            self._painter.form(group, self._scope, State(), self._depth)

    def _draw(self, drawn: object) -> None:
        if not isinstance(drawn, pikepdf.Stream):
            return
        if named(drawn, "/Subtype") == "Form":
            self._transparent |= self._painter.form(drawn, self._scope, self._state, self._depth)
            return
        judge_xobject(self._case, drawn)
        if named(drawn, "/Subtype") == "Image":
            self._image(drawn)

    def _image(self, image: pikepdf.Object) -> None:
        judge_image(self._case, image)
        if bool(image.get("/ImageMask", False)):
            self._paint(True, False)
        elif "/ColorSpace" in image:
            self._colour_of(image.get("/ColorSpace"), image)
        self._transparent |= "/SMask" in image or bool(whole(image.get("/SMaskInData")))
        for mask in (image.get("/SMask"), image.get("/Mask")):
            if isinstance(mask, pikepdf.Stream):
                judge_image(self._case, mask)

    def _inline(self, image: pikepdf.Object) -> None:
        judge_inline(self._case, image, self._scope.holder)
        space = image.get("/ColorSpace", image.get("/CS"))
        if bool(image.get("/ImageMask", image.get("/IM", False))):
            self._paint(True, False)
        elif space is not None:
            self._colour_of(space, self._scope.holder, inline=True)

    def _colour_of(self, space: object, holder: object, *, inline: bool = False) -> None:
        pen = self._state.fill
        resolved = self._colours.resolve(space, self._scope.resources, inline=inline)
        self._colours.judge(resolved, self._scope.resources, holder, pen.overprints and self._state.mode == 1)


def _parsed(content: Any) -> Any:
    """The instructions of a page or stream; None for more than there is memory for."""
    streams = listed(content.obj.get("/Contents")) if isinstance(content, pikepdf.Page) else [content]
    if sum(len(stream.read_bytes()) for stream in streams if isinstance(stream, pikepdf.Stream)) > _LARGEST:
        return None
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return pikepdf.parse_content_stream(content)
