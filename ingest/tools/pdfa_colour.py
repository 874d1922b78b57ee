"""Colour spaces of a PDF/A: profiles, device colour and its output intent, spot colours.

ISO 19005-1, 6.2.2 and 6.2.3; ISO 19005-2 and -3, 6.2.3 and 6.2.4.
"""

from typing import Final

import pikepdf

from ingest.tools.pdfa_rules import Case, dictionary, listed, named, text, whole

_DEVICE: Final = {
    "DeviceGray": ("DefaultGray", ("RGB ", "CMYK", "GRAY")),
    "DeviceRGB": ("DefaultRGB", ("RGB ",)),
    "DeviceCMYK": ("DefaultCMYK", ("CMYK",)),
}
_SHORT: Final = {"G": "DeviceGray", "RGB": "DeviceRGB", "CMYK": "DeviceCMYK", "I": "Indexed"}
"""Names that only inline images use (ISO 32000-1, table 94)."""
_COMPONENTS: Final = {"GRAY": 1, "RGB ": 3, "Lab ": 3, "CMYK": 4}
_OUTPUT_CLASSES: Final = ("prtr", "mntr")
_INPUT_CLASSES: Final = ("prtr", "mntr", "scnr", "spac")
_PROCESS: Final = frozenset({"Cyan", "Magenta", "Yellow", "Black", "None"})
_COLOURANTS: Final = {1: 8, 2: 32}
_HEADER: Final = 128
_DEEPEST: Final = 8
_STORED: Final = frozenset({"/Length", "/Filter", "/DecodeParms"})
"""Keys of a stream that tell how it is kept, not what it is."""


def judge_intents(case: Case) -> None:
    """6.2.2 (6.2.3): one profile for all output intents, of a printer or screen, and what it makes of device colour."""
    intents = [one for one in map(dictionary, listed(case.document.Root.get("/OutputIntents"))) if one is not None]
    profiles = {profile.objgen for one in intents if isinstance(profile := one.get("/DestOutputProfile"), pikepdf.Stream)}
    if len(profiles) > 1:
        case.broken("output-profile", case.document.Root, "output intents with different profiles")
    for one in intents:
        profile = one.get("/DestOutputProfile")
        if named(one, "/S") == "GTS_PDFX" and "/DestOutputProfileRef" in one:
            case.broken("output-profile", one, "DestOutputProfileRef")
        if isinstance(profile, pikepdf.Stream):
            space = _profile(case, profile, "output-profile", _OUTPUT_CLASSES, ("RGB ", "CMYK", "GRAY"))
            if named(one, "/S") == "GTS_PDFA1" and case.intent is None:
                case.intent = space


def _profile(case: Case, stream: pikepdf.Object, rule: str, classes: tuple[str, ...], spaces: tuple[str, ...]) -> str | None:
    """The colour space of an ICC profile, after its header is judged (ICC.1, 7.2)."""
    try:
        header = stream.read_bytes()[:_HEADER]
    except pikepdf.PdfError:
        case.unjudged["ICC profile"] = None
        return None
    space = header[16:20].decode("latin-1")
    if len(header) < _HEADER or header[12:16].decode("latin-1") not in classes or space not in spaces:
        case.broken(rule, stream, "class or colour space of the ICC profile")
    elif header[8] > (2 if case.part == 1 else 4):
        case.broken(rule, stream, "version of the ICC profile")
    return space


class Colours:
    """Judges colour spaces as they are used."""

    def __init__(self, case: Case) -> None:
        self._case = case
        self._spots: dict[str, tuple[bytes, bytes]] = {}
        """The first alternate space and tint of each spot colour, to compare the others with (6.2.4.4)."""
        self._profiles: dict[tuple[int, int], str | None] = {}

    def resolve(self, space: object, resources: pikepdf.Object | None, *, inline: bool = False) -> object:
        """A colour space with the name that a content stream calls it by looked up."""
        name = text(space)
        name = _SHORT.get(name, name) if inline else name
        if not name or name in _DEVICE or name == "Pattern":
            return pikepdf.Name(f"/{name}") if name else space
        found = _of(resources, "/ColorSpace", f"/{name}")
        return space if found is None else found

    def judge(self, space: object, resources: pikepdf.Object | None, holder: object, overprint: bool = False, depth: int = 0) -> None:
        """Judge a colour space that paints in a content stream with `resources`; `overprint`: with mode 1 of overprinting on."""
        if depth > _DEEPEST:
            self._case.unjudged["colour space"] = None
            return
        family = text(space) or (text(space[0]) if isinstance(space, pikepdf.Array) and len(space) else "")
        family = _SHORT.get(family, family) if isinstance(space, pikepdf.Array) else family
        if family in _DEVICE:
            self._device(family, resources, holder, overprint, depth)
        elif not isinstance(space, pikepdf.Array):
            return
        elif family == "ICCBased" and len(space) > 1:
            self._icc(space[1], overprint)
        elif family in ("Indexed", "Pattern") and len(space) > 1:
            self.judge(self.resolve(space[1], resources, inline=True), resources, holder, overprint, depth + 1)
        elif family == "Separation" and len(space) > 3:
            self._spot(space, holder)
            self.judge(space[2], resources, holder, False, depth + 1)
        elif family == "DeviceN" and len(space) > 3:
            self._device_n(space, holder, resources, depth)
            self.judge(space[2], resources, holder, False, depth + 1)

    def _device(self, family: str, resources: pikepdf.Object | None, holder: object, overprint: bool, depth: int) -> None:
        """6.2.3.3 (6.2.4.3): device colour needs a default space, or an output intent of its kind."""
        default, intents = _DEVICE[family]
        found = _of(resources, "/ColorSpace", f"/{default}")
        if found is not None and text(found) not in _DEVICE:
            self.judge(found, None, holder, overprint, depth + 1)
        elif self._case.intent not in intents:
            self._case.broken("device-colour", holder, family)

    def _icc(self, stream: object, overprint: bool) -> None:
        """6.2.3.2 (6.2.4.2): the profile is one that may be used, and agrees with its components."""
        if not isinstance(stream, pikepdf.Stream):
            return
        case = self._case
        if stream.objgen not in self._profiles:
            space = self._profiles[stream.objgen] = _profile(case, stream, "icc-profile", _INPUT_CLASSES, tuple(_COMPONENTS))
            if case.part == 1 and space in _COMPONENTS and whole(stream.get("/N")) != _COMPONENTS[space]:
                case.broken("icc-profile", stream, "N")
        if overprint and whole(stream.get("/N")) == 4:
            case.broken("overprint", stream, "overprint mode 1 with ICCBased CMYK")

    def _spot(self, space: pikepdf.Array, holder: object) -> None:
        """6.2.4.4: a spot colour has one alternate space and one tint in the whole file."""
        name = text(space[1])
        if not _in_utf8(space[1]):
            self._case.broken("name-utf8", holder, "name of a colourant")
        if name in ("All", "None"):
            return
        told = (_content(space[2]), _content(space[3]))
        if self._spots.setdefault(name, told) != told:
            self._case.broken("spot-colour", holder, f"alternate space or tint of {name}")

    def _device_n(self, space: pikepdf.Array, holder: object, resources: pikepdf.Object | None, depth: int) -> None:
        """6.1.12 (6.1.13): how many colourants; 6.2.4.4: each spot colour is described."""
        case = self._case
        names = listed(space[1])
        if len(names) > _COLOURANTS[min(case.part, 2)]:
            case.broken("colourants", holder, "colourants of DeviceN")
        if not all(_in_utf8(name) for name in names):
            case.broken("name-utf8", holder, "name of a colourant")
        attributes = dictionary(space[4]) if len(space) > 4 else None
        colourants = dictionary(attributes.get("/Colorants")) if attributes is not None else None
        process = dictionary(attributes.get("/Process")) if attributes is not None else None
        described = set(colourants.keys()) if colourants is not None else set()
        described |= {f"/{text(name)}" for name in listed(process.get("/Components"))} if process is not None else set()
        if any(text(name) not in _PROCESS and f"/{text(name)}" not in described for name in names):
            case.broken("spot-colour", holder, "a spot colour of DeviceN without Colorants")
        for each in colourants.values() if colourants is not None else ():
            self.judge(each, resources, holder, False, depth + 1)
        if process is not None and "/ColorSpace" in process:
            self.judge(process.get("/ColorSpace"), resources, holder, False, depth + 1)


def _of(resources: pikepdf.Object | None, category: str, name: str) -> object:
    found = dictionary(resources.get(category)) if resources is not None else None
    return None if found is None else found.get(name)


def _in_utf8(name: object) -> bool:
    try:
        str(name)
    except UnicodeDecodeError:
        return False
    return True


def _content(value: object) -> bytes:
    """What a tint or space is made of, wherever it stands in the file."""
    if not isinstance(value, pikepdf.Object):
        return str(value).encode()
    if isinstance(value, pikepdf.Stream):
        keys = sorted(set(value.keys()) - _STORED)
        return value.read_bytes() + b"".join(key.encode() + _content(value.get(key)) for key in keys)
    if isinstance(value, pikepdf.Array):
        return b"[" + b" ".join(_content(each) for each in value) + b"]"
    if isinstance(value, pikepdf.Dictionary):
        return b"<" + b" ".join(key.encode() + _content(value.get(key)) for key in sorted(value.keys())) + b">"
    return value.unparse()
