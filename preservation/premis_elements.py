"""The small parts that every PREMIS element is made of: texts, identifiers, terms with their URIs."""

from xml.etree.ElementTree import Element, SubElement

from preservation.premis_vocabularies import BASE, code_of, uri_of
from preservation.xml_text import printable


def add_text(parent: Element, name: str, text: str) -> Element:
    """An element with a text, as XML can carry it."""
    element = SubElement(parent, name)
    element.text = printable(text)
    return element


def add_identifier(parent: Element, name: str, value: str) -> Element:
    """An identifier of our own: its type is `local`."""
    element = SubElement(parent, name)
    add_text(element, f"{name}Type", "local")
    add_text(element, f"{name}Value", value)
    return element


def add_term(parent: Element, name: str, term: str, vocabulary: str) -> Element:
    """A term, with its URI where the vocabulary has it."""
    element = add_text(parent, name, term)
    code = code_of(vocabulary, term)
    if code is not None:
        element.set("authority", vocabulary)
        element.set("authorityURI", f"{BASE}{vocabulary}")
        element.set("valueURI", uri_of(vocabulary, code))
    return element
