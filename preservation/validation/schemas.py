"""XML schemas that the operator hands in: this software ships none that others wrote, and goes to no network for one."""

from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import Any, BinaryIO, Final

from lxml import etree

from preservation.validation.xml_reading import shortened, split

_TYPE: Final = "{http://www.w3.org/2001/XMLSchema-instance}type"
_XS: Final = "{http://www.w3.org/2001/XMLSchema}"
LARGEST: Final = 256 << 20
"""Bytes of a document that a schema is asked of: it wants the whole tree in memory."""


class SchemaAbsent(Exception):
    """The folder has no schema of that namespace, or none that can be used; the text says which and why."""


def schema_errors(source: BinaryIO, namespace: str, folder: Path) -> Iterator[tuple[int, str]]:
    """Line and message of whatever the schema of a namespace, found in a folder, refuses in a document already known to be well-formed.

    Documents of more than LARGEST bytes are told as one error on line 0. SchemaAbsent where the folder has no such schema.
    """
    schema = _schema(folder, namespace)
    data = source.read(LARGEST + 1)
    if len(data) > LARGEST:
        yield 0, f"pesa más de {LARGEST} bytes"
        return
    root = etree.fromstring(data, etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False))
    for element in root.iter(etree.Element):
        if split(element.tag)[0] != namespace:
            etree.strip_attributes(element, _TYPE)  # libxml2 refuses types of vocabularies that the schema does not know
    if not schema.validate(root):
        log: Any = schema.error_log
        for error in log:
            yield error.line, shortened(error.message)


@lru_cache(maxsize=8)
def _schema(folder: Path, namespace: str) -> etree.XMLSchema:
    known: dict[str, Path] = {}
    for path in sorted(folder.glob("*.xsd")):
        try:
            root = etree.parse(path, etree.XMLParser(resolve_entities=False, no_network=True)).getroot()
        except (etree.XMLSyntaxError, OSError):
            continue
        if split(root.tag)[1] == "schema":
            known[root.get("targetNamespace") or ""] = path
    if namespace not in known:
        raise SchemaAbsent(namespace)
    tree = etree.parse(known[namespace])
    for imported in tree.iter(f"{_XS}import"):
        local = known.get(imported.get("namespace") or "")
        if local is None:
            raise SchemaAbsent(imported.get("namespace") or "")
        imported.set("schemaLocation", local.resolve().as_uri())
    try:
        return etree.XMLSchema(tree)
    except etree.XMLSchemaParseError as error:
        raise SchemaAbsent(f"{namespace} ({shortened(str(error))})") from error
