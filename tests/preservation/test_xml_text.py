"""XML that is written quickly is what the library writes."""

from xml.etree.ElementTree import Element, SubElement, indent, tostring

from hypothesis import given
from hypothesis import strategies as st

from preservation import xml_text

NAMES = st.sampled_from(["event", "xsi:type", "a"])
TEXTS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\r"))


@st.composite
def elements(draw: st.DrawFn, depth: int = 2) -> Element:
    made = Element(draw(NAMES), draw(st.dictionaries(NAMES, TEXTS, max_size=2)))
    for _ in range(draw(st.integers(0, 3)) if depth else 0):
        made.append(draw(elements(depth - 1)))
    if not len(made):
        made.text = draw(st.none() | TEXTS)
    return made


@given(elements())
def test_xml_is_the_library_s(element: Element) -> None:
    ours = xml_text.indented(element, 1)
    indent(element, "  ", level=1)
    assert ours == tostring(element, encoding="unicode")


def test_texts_are_escaped_in_their_places() -> None:
    element = Element("event", {"said": '<"&\n'})
    SubElement(element, "detail").text = 'a < b & "c"'
    assert xml_text.indented(element, 0) == '<event said="&lt;&quot;&amp;&#10;">\n  <detail>a &lt; b &amp; "c"</detail>\n</event>'
