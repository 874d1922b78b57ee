"""An E-ARK package that uses all of the specification, made by our writer, and ways to break it."""

import shutil
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from lxml import etree

from preservation.eark import write_package
from preservation.eark_package import Content, InformationPackage, Metadata, PackageKind, Representation
from preservation.fixity import Digest
from preservation.package_sinks import Form
from preservation.premis import Agent, AgentType, Event, EventType, Outcome, PremisObject, to_xml

NOW = datetime(2026, 3, 2, 15, 4, 5, tzinfo=UTC)
NAMES = {
    "m": "http://www.loc.gov/METS/",
    "csip": "https://DILCIS.eu/XML/METS/CSIPExtensionMETS",
    "xlink": "http://www.w3.org/1999/xlink",
}
PREMIS = to_xml(
    [PremisObject("representations/original/data/acta.txt", (Digest("sha256", "a" * 64),), 4, "text/plain", puid="x-fmt/111")],
    [Event(EventType.CREATION, Outcome.SUCCESS, "ana", NOW, "created")],
    [Agent("ana", "Ana", AgentType.PERSON)],
)


def xml(path: str, data: bytes = b"<x/>") -> Content:
    return Content.of(path, data, "application/xml", NOW)


def described(kind: PackageKind = PackageKind.SIP, identifier: str = "package-1") -> InformationPackage:
    """A package with two representations, one of them with metadata, and every section that CSIP knows."""
    premis = Metadata(xml("premis.xml", PREMIS), "PREMIS", "3.0")
    texts = [Content.of("acta.txt", b"hola", "text/plain", NOW), Content.of("años/1936 (1).txt", b"otra", "text/plain", NOW)]
    return InformationPackage(
        kind,
        identifier,
        "Actas de 1936",
        NOW,
        ("Archivo", "1.0"),
        [
            Representation("original", texts, descriptive=[Metadata(xml("dc.xml"), "DC")], preservation=[premis]),
            Representation("access", [Content.of("acta.txt", b"hola", "text/plain", NOW)], preservation=[premis]),
        ],
        descriptive=[Metadata(xml("dc.xml"), "DC")],
        preservation=[premis],
        rights=[Metadata(xml("rights.xml"), "OTHER", other="propio")],
        submitter="Una oficina",
        creator="Otra oficina",
    )


def made(folder: Path, kind: PackageKind = PackageKind.SIP, form: Form = Form.FOLDER) -> Path:
    return write_package(described(kind), folder, form)


def copied(package: Path, folder: Path) -> Path:
    """A copy to break, under the package's own name."""
    return Path(shutil.copytree(package, folder / package.name))


def edit(change: Callable[[etree._Element], object], mets: str = "METS.xml") -> Callable[[Path], None]:
    """A way to break a package: change the tree of one of its METS."""

    def breaks(package: Path) -> None:
        path = package / mets
        tree = etree.parse(path)
        change(tree.getroot())
        tree.write(path, encoding="UTF-8", xml_declaration=True)

    return breaks


def edit_text(old: str, new: str) -> Callable[[Path], None]:
    """A way to break a package: change the text of its METS wherever it says so."""

    def breaks(package: Path) -> None:
        path = package / "METS.xml"
        path.write_text(path.read_text(encoding="utf-8").replace(f'"{old}"', f'"{new}"'), encoding="utf-8")

    return breaks


def one(root: etree._Element, xpath: str) -> etree._Element:
    found = root.xpath(xpath, namespaces=NAMES)
    assert isinstance(found, list)
    assert found, xpath
    first = found[0]
    assert isinstance(first, etree._Element)
    return first


def put(xpath: str, **attributes: str | None) -> Callable[[Path], None]:
    """Set attributes of an element of the package's METS; None removes. `csip_X` and `xlink_X` are X of those vocabularies."""

    def change(root: etree._Element) -> None:
        element = one(root, xpath)
        for key, value in attributes.items():
            prefix, _, name = key.rpartition("_")
            whole = f"{{{NAMES[prefix]}}}{name}" if prefix else name
            if value is not None:
                element.set(whole, value)
            elif whole in element.attrib:
                del element.attrib[whole]

    return edit(change)


def drop(xpath: str) -> Callable[[Path], None]:
    """Take an element out of the package's METS."""

    def change(root: etree._Element) -> None:
        element = one(root, xpath)
        parent = element.getparent()
        assert parent is not None
        parent.remove(element)

    return edit(change)


def element(text: str) -> etree._Element:
    """An element written with the prefixes of NAMES."""
    spaces = " ".join(f'xmlns:{prefix}="{name}"' for prefix, name in NAMES.items())
    return etree.fromstring(f"<w {spaces}>{text}</w>")[0]


def add(xpath: str, text: str) -> Callable[[Path], None]:
    """Put an element, written with the prefixes of NAMES, at the end of another."""

    def change(root: etree._Element) -> None:
        one(root, xpath).append(element(text))

    return edit(change)


def write(path: str, data: bytes = b"x") -> Callable[[Path], None]:
    """Put a file into the package."""

    def breaks(package: Path) -> None:
        (package / path).parent.mkdir(parents=True, exist_ok=True)
        (package / path).write_bytes(data)

    return breaks


def remove(path: str) -> Callable[[Path], None]:
    """Take a file or folder out of the package."""

    def breaks(package: Path) -> None:
        if (package / path).is_dir():
            shutil.rmtree(package / path)
        else:
            (package / path).unlink()

    return breaks


def both(*breaks: Callable[[Path], None]) -> Callable[[Path], None]:
    """Break in several ways."""

    def every(package: Path) -> None:
        for one_of_them in breaks:
            one_of_them(package)

    return every
