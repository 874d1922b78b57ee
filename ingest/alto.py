"""Parts as ALTO 4.4 (Library of Congress, loc.gov/standards/alto), several pages a file, and back.

Nothing of a part is lost: text, boxes to a hundredth of a point, confidences, turn, flags. ALTO has no points, so lengths are in its
`inch1200`. What ALTO has no place for (source, coverage, doubt) stands in QUALITY_DETAIL.
"""

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from math import floor
from typing import Final, cast

from lxml import etree

from ingest.step import Part, PartKind, TextSource, Word
from ingest.words import SharedWords

NAMESPACE: Final = "http://www.loc.gov/standards/alto/ns-v4#"
_SCHEMA: Final = f"{NAMESPACE} http://www.loc.gov/standards/alto/v4/alto-4-4.xsd"
_INSTANCE: Final = "http://www.w3.org/2001/XMLSchema-instance"
_UNITS: Final = 1200 / 72
_HUNDREDTHS: Final = 100 / _UNITS
_SPACE: Final = re.compile(r"(?<=\S) (?=\S)")
_FORBIDDEN: Final = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def dump(parts: Iterable[Part]) -> bytes:
    """The ALTO file of `parts`. Characters that XML cannot hold become U+FFFD."""
    chosen = list(parts)
    engines = {engine: f"PROC_{index}" for index, engine in enumerate(sorted({part.engine for part in chosen if part.engine}), 1)}
    root = etree.Element(_tag("alto"), {f"{{{_INSTANCE}}}schemaLocation": _SCHEMA, "SCHEMAVERSION": "4.4"}, nsmap={None: NAMESPACE})  # type: ignore[dict-item]  # the stubs forget the default namespace
    description = etree.SubElement(root, _tag("Description"))
    etree.SubElement(description, _tag("MeasurementUnit")).text = "inch1200"
    for engine, identifier in engines.items():
        processing = etree.SubElement(description, _tag("Processing"), ID=identifier)
        software = etree.SubElement(processing, _tag("processingSoftware"))
        etree.SubElement(software, _tag("softwareName")).text = _clean(engine)
    layout = etree.SubElement(root, _tag("Layout"))
    for part in chosen:
        _dump_part(layout, part, engines)
    return etree.tostring(root, xml_declaration=True, encoding="UTF-8")


def load(content: bytes, shared: SharedWords | None = None) -> list[Part]:
    """The parts of a file that dump() made. Raises ValueError for anything else.

    Files loaded with the same `shared` hold equal words once.
    """
    root = _root(content)
    engines = {
        _attribute(processing, "ID"): processing.findtext(f"{_tag('processingSoftware')}/{_tag('softwareName')}") or ""
        for processing in root.iter(_tag("Processing"))
    }
    words = shared or SharedWords()
    return [_load_part(page, engines, words) for page in root.iter(_tag("Page"))]


def words(content: bytes, numbers: Collection[int]) -> dict[int, tuple[Word, ...]]:
    """The words with places of some pages of such a file, as load() gives them, without the making of anything else: what is read of a
    page while somebody waits. Pages that the file lacks are left out. Raises ValueError as load().
    """
    pages = ((int(_attribute(page, "PHYSICAL_IMG_NR")), page) for page in _root(content).iter(_tag("Page")))
    return {number: _words_of(page) for number, page in pages if number in numbers}


def _root(content: bytes) -> etree._Element:
    try:
        root = etree.fromstring(content, etree.XMLParser(resolve_entities=False, no_network=True, huge_tree=True))
    except etree.XMLSyntaxError as fault:
        raise ValueError(f"not an ALTO file: {fault}") from fault
    if root.tag != _tag("alto"):
        raise ValueError("not an ALTO 4 file")
    return root


def _words_of(page: etree._Element) -> tuple[Word, ...]:
    """What _load_word() does, for a page at once. Attributes come in the order of dump(); a string without a place has its text alone."""
    words, percents = [], dict[str, float]()
    for string in page.iter(_tag("String")):
        values = cast("list[str]", string.values())
        if len(values) == 1:
            continue
        text, left, top, width, height, ratio = values
        percent = percents.get(ratio)
        if percent is None:
            percent = percents[ratio] = _percent(ratio)
        x0, y0 = float(left) * _HUNDREDTHS, float(top) * _HUNDREDTHS
        x1, y1 = x0 + float(width) * _HUNDREDTHS, y0 + float(height) * _HUNDREDTHS
        edges = (floor(x0 + 0.5) / 100, floor(y0 + 0.5) / 100, floor(x1 + 0.5) / 100, floor(y1 + 0.5) / 100)
        words.append(Word(text, percent, *edges))
    return tuple(words)


def _dump_part(layout: etree._Element, part: Part, engines: Mapping[str, str]) -> None:
    page = etree.SubElement(layout, _tag("Page"), ID=f"P{part.number}", PHYSICAL_IMG_NR=str(part.number), PAGECLASS=part.kind.value)
    if part.engine:
        page.set("PROCESSINGREFS", engines[part.engine])
    if part.label:
        page.set("PRINTED_IMG_NR", _clean(part.label))
    if part.turn:
        page.set("ROTATION", str(part.turn))
    for name, length in (("WIDTH", part.width), ("HEIGHT", part.height)):
        if length is not None:
            page.set(name, _units(length))
    if part.confidence is not None:
        page.set("PC", _ratio(part.confidence))
    coverage = "" if part.coverage is None else f" coverage={part.coverage:.4g}"
    page.set("QUALITY_DETAIL", f"source={part.source.value}{coverage}{' doubtful' if part.doubtful else ''}")
    space = etree.SubElement(page, _tag("PrintSpace"))
    words, loose = _places(part)
    for index, paragraph in enumerate(_clean(part.text).split("\n\n"), 1):
        block = etree.SubElement(space, _tag("TextBlock"), ID=f"P{part.number}_B{index}")
        for line in paragraph.split("\n") if paragraph else ():
            _dump_line(block, _SPACE.split(line), words)
    if loose:
        block = etree.SubElement(space, _tag("TextBlock"), ID=f"P{part.number}_WORDS")
        for word in loose:
            _dump_word(etree.SubElement(block, _tag("TextLine")), _clean(word.text), word)


def _places(part: Part) -> tuple[Iterator[Word] | None, tuple[Word, ...]]:
    """The words in the order of the text's own, or, where they do not follow it, all of them loose: they get a block of their own."""
    tokens = [token for line in _clean(part.text).split("\n") for token in _SPACE.split(line) if line]
    follow = tokens == [_clean(word.text) for word in part.words]
    return (iter(part.words), ()) if follow and tokens else (None, part.words)


def _dump_line(block: etree._Element, tokens: list[str], words: Iterator[Word] | None) -> None:
    line = etree.SubElement(block, _tag("TextLine"))
    for index, token in enumerate(tokens):
        if index:
            etree.SubElement(line, _tag("SP"))
        _dump_word(line, token, next(words) if words is not None and token else None)


def _dump_word(line: etree._Element, content: str, word: Word | None) -> None:
    string = etree.SubElement(line, _tag("String"), CONTENT=content)
    if word is not None:
        string.set("HPOS", _units(word.x0))
        string.set("VPOS", _units(word.y0))
        string.set("WIDTH", _units(word.x1 - word.x0))
        string.set("HEIGHT", _units(word.y1 - word.y0))
        string.set("WC", _ratio(word.confidence))


def _load_part(page: etree._Element, engines: Mapping[str, str], shared: SharedWords) -> Part:
    detail = {item.partition("=")[0]: item.partition("=")[2] for item in _attribute(page, "QUALITY_DETAIL").split()}
    paragraphs, words = [], []
    for block in page.iter(_tag("TextBlock")):
        strings = [list(line.iter(_tag("String"))) for line in block.iter(_tag("TextLine"))]
        words += [_load_word(string, shared) for line in strings for string in line if "HPOS" in string.attrib]
        if not _attribute(block, "ID").endswith("_WORDS"):
            paragraphs.append("\n".join(" ".join(_attribute(string, "CONTENT") for string in line) for line in strings))
    return Part(
        number=int(_attribute(page, "PHYSICAL_IMG_NR")),
        kind=PartKind(_attribute(page, "PAGECLASS")),
        text="\n\n".join(paragraphs),
        source=TextSource(detail["source"]),
        label=page.get("PRINTED_IMG_NR", ""),
        width=_points(page.get("WIDTH")),
        height=_points(page.get("HEIGHT")),
        turn=int(page.get("ROTATION", "0")),
        words=tuple(words),
        confidence=None if "PC" not in page.attrib else _percent(_attribute(page, "PC")),
        coverage=float(detail["coverage"]) if "coverage" in detail else None,
        doubtful="doubtful" in detail,
        engine=engines.get(page.get("PROCESSINGREFS", ""), ""),
    )


def _load_word(string: etree._Element, shared: SharedWords) -> Word:
    left, top, width, height = (float(_attribute(string, name)) / _UNITS for name in ("HPOS", "VPOS", "WIDTH", "HEIGHT"))
    edges = (round(edge, 2) for edge in (left, top, left + width, top + height))
    return shared.word(_attribute(string, "CONTENT"), _percent(_attribute(string, "WC")), *edges)


def _attribute(element: etree._Element, name: str) -> str:
    value = element.get(name)
    if value is None:
        raise ValueError(f"not an ALTO file made here: {name} is missing")
    return value


def _tag(name: str) -> str:
    return f"{{{NAMESPACE}}}{name}"


def _clean(text: str) -> str:
    return _FORBIDDEN.sub("\ufffd", text)


def _units(points: float) -> str:
    return f"{points * _UNITS:.3f}".rstrip("0").rstrip(".")


def _points(units: str | None) -> float | None:
    return None if units is None else round(float(units) / _UNITS, 2)


def _ratio(percent: float) -> str:
    return f"{percent / 100:.4f}".rstrip("0").rstrip(".")


def _percent(ratio: str) -> float:
    return round(float(ratio) * 100, 2)
