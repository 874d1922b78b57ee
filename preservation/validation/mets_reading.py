"""A METS read once, in memory that does not grow with its files: what breaks its model, what it says of files, and its skeleton."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import BinaryIO, Final

from lxml import etree

from preservation.findings import Finding
from preservation.validation.mets2_model import MODEL_2
from preservation.validation.mets_model import CHECKSUM_ALGORITHMS, MODEL, NAMESPACE, NAMESPACE_2, XLINK
from preservation.validation.mets_rules import found
from preservation.validation.xml_model import Checker, Fault
from preservation.validation.xml_reading import XmlRefused, events, line_of, readable, split

HEX_LENGTHS: Final = {"MD5": 32, "SHA-1": 40, "SHA-256": 64, "SHA-384": 96, "SHA-512": 128, "CRC32": 8, "Adler-32": 8}
_REFERENCES: Final = ("ADMID", "DMDID", "MDID", "FILEID", "STRUCTID", "TRANSFORMBEHAVIOR")
_TARGETS: Final = {
    "ADMID": {"amdSec", "techMD", "rightsMD", "sourceMD", "digiprovMD"},
    "DMDID": {"dmdSec"},
    "MDID": {"md", "mdGrp", "mdSec"},
    "FILEID": {"file", "fileGrp", "stream"},
    "STRUCTID": {"structMap", "div"},
    "TRANSFORMBEHAVIOR": {"behavior"},
}
_LOCATED: Final = {"FLocat": "file", "mdRef": "mdRef", "mptr": "mptr"}
_KEPT_DEPTH: Final = 5

Visit = Callable[[str, etree._Element], Iterable[Finding]]
"""What a profile asks of an element: its path of names from `mets`, and the element once it is whole."""


@dataclass(frozen=True, slots=True)
class Claim:
    """What a METS says of one file: `href` as written; `size` in bytes, `algorithm` and `checksum` where it says them, all as written.

    `path` is the path of names of the element that says it, `line` its line; `kind` the MDTYPE of a file of metadata.
    """

    href: str
    path: str
    line: int
    size: str | None = None
    algorithm: str | None = None
    checksum: str | None = None
    kind: str | None = None


@dataclass(slots=True)
class Mets:
    """What was read: the skeleton below `root` (of files only the last of each group, of deep divisions likewise); None if unreadable."""

    version: str = ""
    root: etree._Element | None = None
    claims: list[Claim] = field(default_factory=list)
    ids: dict[str, str] = field(default_factory=dict)
    repeated: set[str] = field(default_factory=set)
    references: dict[tuple[str, str], int] = field(default_factory=dict)


def read(source: BinaryIO, where: str, mets: Mets, visit: Visit = lambda path, element: ()) -> Iterator[Finding]:
    """Read a METS into `mets` and tell what is wrong with it as METS 1.12.1, or as METS 2; `visit` is called for METS 1 alone."""
    checker: Checker | None = None
    names: list[str] = []
    try:
        for event, element in events(source):
            if mets.root is None and (refusal := _begin(element, where, mets)):
                yield refusal
                return
            checker = checker or Checker(MODEL_2 if mets.version == "2" else MODEL)
            if event == "start":
                names.append(split(element.tag)[1])
                yield from _told(checker.start(element), where)
                continue
            if checker.judges:
                path = "/".join(names)
                if mets.version == "1":
                    yield from visit(path, element)
                yield from _gather(path, element, where, mets)
            yield from _told(checker.end(element), where)
            names.pop()
            _clear(names, element)
    except XmlRefused as refused:
        yield refusal_of(refused, where)
        return
    yield from _references(where, mets)


def refusal_of(refused: XmlRefused, where: str) -> Finding:
    """The finding that tells why a document was not read."""
    name = {"doctype": "doctype", "size": "size"}.get(refused.reason, "xml")
    return found(name, f"{where}:{refused.line}" if refused.line else where, detail=refused.detail)


def _begin(element: etree._Element, where: str, mets: Mets) -> Finding | None:
    mets.root = element
    namespace, name = split(element.tag)
    if name != "mets" or namespace not in (NAMESPACE, NAMESPACE_2):
        return found("root", where, found=readable(element.tag))
    mets.version = "2" if namespace == NAMESPACE_2 else "1"
    return None


def _told(faults: Iterable[Fault], where: str) -> Iterator[Finding]:
    for fault in faults:
        yield found(fault.reason, f"{where}:{fault.line}", element=fault.element, what=fault.what or "texto", found=fault.found)


def _gather(path: str, element: etree._Element, where: str, mets: Mets) -> Iterator[Finding]:
    """Identifiers, references and claims of one element."""
    name = path.rpartition("/")[2]
    line = line_of(element)
    if (identifier := element.get("ID")) is not None:
        if identifier in mets.ids:
            mets.repeated.add(identifier)
            yield found("id", f"{where}:{line}", found=identifier)
        mets.ids[identifier] = name
    for attribute in _REFERENCES:
        for target in (element.get(attribute) or "").split():
            mets.references.setdefault((attribute, target), line)
    if name in ("file", "mdRef"):
        yield from _digest_told(element, f"{where}:{line}")
    if name in _LOCATED and (href := element.get(f"{{{XLINK}}}href") or element.get("LOCREF")):
        described = element.getparent() if name == "FLocat" else element
        if described is not None:
            facts = {key: described.get(key) for key in ("SIZE", "CHECKSUMTYPE", "CHECKSUM")}
            mets.claims.append(Claim(href, path, line, facts["SIZE"], facts["CHECKSUMTYPE"], facts["CHECKSUM"], element.get("MDTYPE")))


def _digest_told(element: etree._Element, where: str) -> Iterator[Finding]:
    checksum, algorithm = element.get("CHECKSUM"), element.get("CHECKSUMTYPE")
    if checksum is None:
        return
    if algorithm is None:
        yield found("checksum_type", where)
    elif algorithm in CHECKSUM_ALGORITHMS and not is_checksum(algorithm, checksum):
        yield found("checksum", where, found=checksum, algorithm=algorithm)


def is_checksum(algorithm: str, checksum: str) -> bool:
    """Whether a text can be a digest of an algorithm of METS: hexadecimal, of its length where the length is fixed."""
    length = HEX_LENGTHS.get(algorithm, len(checksum))
    return bool(checksum) and len(checksum) == length and all(letter in "0123456789abcdefABCDEF" for letter in checksum)


def _references(where: str, mets: Mets) -> Iterator[Finding]:
    for (attribute, target), line in mets.references.items():
        if target not in mets.ids:
            yield found("reference", f"{where}:{line}", what=attribute, found=target)
        elif mets.ids[target] not in _TARGETS[attribute]:
            yield found("reference_kind", f"{where}:{line}", what=attribute, found=target, target=mets.ids[target])


def _clear(above: list[str], element: etree._Element) -> None:
    """Forget what is not needed again: wrapped metadata, all files but the last of a group, all deep divisions but the last."""
    name = split(element.tag)[1]
    parent = element.getparent()
    if parent is None or name not in ("xmlData", "file", "div") or (name == "div" and len(above) < _KEPT_DEPTH):
        return
    if name == "file" and above[-1] == "file":
        return
    for child in list(element):
        element.remove(child)
    if name != "xmlData":
        while (before := element.getprevious()) is not None and before.tag == element.tag:
            parent.remove(before)
