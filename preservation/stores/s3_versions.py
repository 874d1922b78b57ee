"""The versions that a bucket keeps of its objects."""

from dataclasses import dataclass
from typing import Final
from urllib.parse import unquote_plus

from lxml import etree

from preservation.store import StoreUnavailable
from preservation.stores.s3_wire import Wire

NONE: Final = ("", "null")
"""What servers call the only version of an object where a bucket keeps no others."""


@dataclass(frozen=True, slots=True)
class Version:
    """A version of an object, or the mark of its deletion. `at` is ISO 8601, as precise as the server tells it."""

    name: str
    id: str
    is_latest: bool
    is_marker: bool
    at: str


def versions_of(wire: Wire, prefix: str) -> list[Version]:
    """The versions of all that begins with a prefix, as the server tells them: of one object, the newest first.

    None where there is no bucket. StoreUnavailable where the server does not tell of versions, or tells of more without an end.
    """
    found: list[Version] = []
    marker: dict[str, str] = {}
    passed: set[tuple[str, ...]] = set()
    while True:
        answer = wire.ask("GET", query={"versions": "", "prefix": prefix, "max-keys": "1000", "encoding-type": "url"} | marker)
        if answer.is_absent:
            return found
        if not answer.is_granted:
            raise StoreUnavailable(f"{wire.address}: the server does not tell of versions ({answer.code or answer.status})")
        page = _Page(answer.data)
        found += page.versions
        if page.is_last:
            return list(dict.fromkeys(found))  # versitygw begins a page by the last of the one before
        marker = page.next
        if not marker["key-marker"] or (place := tuple(marker.values())) in passed:
            raise StoreUnavailable(f"{wire.address}: the server's list of versions does not go on")
        passed.add(place)


class _Page:
    """A page of the answer. The SDK's reader fails on the instants that versitygw gives of the marks of deletions."""

    def __init__(self, data: bytes) -> None:
        try:
            root = etree.fromstring(data, etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False))
        except etree.XMLSyntaxError as fault:
            raise StoreUnavailable("the server's list of versions is no XML") from fault
        self._is_encoded = _text(root, "EncodingType") == "url"
        self.versions = [self._version(each) for each in root if _name(each) in ("Version", "DeleteMarker")]
        self.is_last = _text(root, "IsTruncated") != "true"
        self.next = {"key-marker": self._decoded(_text(root, "NextKeyMarker")), "version-id-marker": _text(root, "NextVersionIdMarker")}

    def _version(self, element: etree._Element) -> Version:
        return Version(
            self._decoded(_text(element, "Key")),
            _text(element, "VersionId"),
            _text(element, "IsLatest") == "true",
            _name(element) == "DeleteMarker",
            _text(element, "LastModified"),
        )

    def _decoded(self, text: str) -> str:
        return unquote_plus(text) if self._is_encoded else text


def _text(element: etree._Element, name: str) -> str:
    return next((each.text or "" for each in element if _name(each) == name), "")


def _name(element: etree._Element) -> str:
    return etree.QName(element).localname if isinstance(element.tag, str) else ""
