"""Everything in a PDF/A that is no content: catalogue, pages, annotations, fields, actions, optional content, attached files.

ISO 19005-1, 6.1.11, 6.1.13, 6.5, 6.6 and 6.9; ISO 19005-2 and -3, 6.1.12, 6.1.13, 6.3 to 6.5 and 6.8 to 6.11.
"""

from collections.abc import Iterator
from typing import Any, Final

import pikepdf

from ingest.tools.pdfa_actions import judge_actions, judge_triggers
from ingest.tools.pdfa_annotations import judge_annotation
from ingest.tools.pdfa_rules import Case, dictionary, inherited, listed
from ingest.tools.pdfa_signed import Bytes, judge_signature

_BOXES: Final = ("/MediaBox", "/CropBox", "/BleedBox", "/TrimBox", "/ArtBox")
_INHERITED: Final = _BOXES[:2]
_PERMITTED: Final = frozenset({"/UR3", "/DocMDP"})
_DIGESTS: Final = ("/DigestLocation", "/DigestMethod", "/DigestValue")
_LEAST: Final = 3
_MOST_WIDE: Final = 14400
_MOST: Final = 200_000
"""Nodes of a tree that are followed."""


def judge_document(case: Case, content: Bytes) -> None:
    """The rules that the catalogue and what hangs from it are held to, in a file of these bytes."""
    root = case.document.Root
    for key, rule in (("/Requirements", "requirements"), ("/NeedsRendering", "xfa")):
        if key in root:
            case.broken(rule, root, key[1:])
    if case.part == 1 and "/OCProperties" in root:
        case.broken("optional-content", root, "OCProperties")
    identifier = listed(case.document.trailer.get("/ID"))
    if case.part > 1 and not (identifier and all(bytes(one) for one in identifier if isinstance(one, pikepdf.String))):
        case.broken("identifier", None, "ID")
    judge_triggers(case, root)
    judge_actions(case, root.get("/OpenAction"))
    names = dictionary(root.get("/Names"))
    if names is not None and "/AlternatePresentations" in names:
        case.broken("presentation", root, "AlternatePresentations")
    if names is not None and "/EmbeddedFiles" in names:
        case.broken("embedded-file", root, "EmbeddedFiles")
    for action in _leaves(names.get("/JavaScript")) if names is not None else ():
        judge_actions(case, action)
    for item in _linked(root.get("/Outlines")):
        judge_actions(case, item.get("/A"))
    _permissions(case, dictionary(root.get("/Perms")))
    _optional_content(case, dictionary(root.get("/OCProperties")))
    _form(case, dictionary(root.get("/AcroForm")), content)
    for page in case.document.pages:
        _page(case, page.obj)
    _structure_types(case, dictionary(root.get("/StructTreeRoot")))


def _page(case: Case, page: pikepdf.Object) -> None:
    if "/PresSteps" in page:
        case.broken("presentation", page, "PresSteps")
    judge_triggers(case, page)
    for key in _BOXES:
        box = page.get(key, inherited(page, key) if key in _INHERITED else None)
        if isinstance(box, pikepdf.Array) and len(box) == 4:
            left, bottom, right, top = (float(side) for side in box)
            if not all(_LEAST <= abs(side) <= _MOST_WIDE for side in (right - left, top - bottom)):
                case.broken("page-size", page, key[1:])
    for annotation in listed(page.get("/Annots")):
        if (holder := dictionary(annotation)) is not None:
            judge_annotation(case, holder)


def _permissions(case: Case, permissions: pikepdf.Object | None) -> None:
    """6.1.12: only the permissions that ISO 32000-1 keeps, and without the digest of a reference."""
    if permissions is None:
        return
    if set(permissions.keys()) - _PERMITTED:
        case.broken("permissions", permissions, "permissions")
    signature = dictionary(permissions.get("/DocMDP"))
    for reference in map(dictionary, listed(signature.get("/Reference")) if signature is not None else ()):
        if reference is not None and any(key in reference for key in _DIGESTS):
            case.broken("permissions", reference, "digest of a signature reference")


def _form(case: Case, form: pikepdf.Object | None, content: Bytes) -> None:
    """6.9 of part 1; 6.4 of the others."""
    if form is None:
        return
    if bool(form.get("/NeedAppearances", False)):
        case.broken("form-fields", form, "NeedAppearances")
    if "/XFA" in form:
        case.broken("xfa", form, "XFA")
    for field in _fields(form):
        if "/AA" in field:
            case.broken("field-action", field, "AA")
        judge_signature(case, field, content)


def _fields(form: pikepdf.Object) -> Iterator[pikepdf.Object]:
    """The fields and their kids (ISO 32000-1, 12.7.3.1)."""
    waiting, seen = listed(form.get("/Fields")), set[object]()
    while waiting and len(seen) < _MOST:
        field = dictionary(waiting.pop())
        if field is None or field.objgen in seen:
            continue
        if field.is_indirect:
            seen.add(field.objgen)
        yield field
        waiting.extend(listed(field.get("/Kids")))


def _optional_content(case: Case, properties: pikepdf.Object | None) -> None:
    """6.9: each configuration has a name of its own, orders every group and switches nothing by itself."""
    if properties is None or case.part == 1:
        return
    groups = {group.objgen for group in listed(properties.get("/OCGs")) if isinstance(group, pikepdf.Object)}
    names: set[str] = set()
    for each in [properties.get("/D"), *listed(properties.get("/Configs"))]:
        configuration = dictionary(each)
        if configuration is None:
            continue
        name = str(configuration.get("/Name", ""))
        if not name or name in names:
            case.broken("optional-content", configuration, "Name")
        names.add(name)
        if "/AS" in configuration:
            case.broken("optional-content", configuration, "AS")
        if "/Order" in configuration and groups - set(_ordered(configuration.get("/Order"))):
            case.broken("optional-content", configuration, "Order")


def _ordered(order: object, depth: int = 0) -> Iterator[tuple[int, int]]:
    for each in listed(order):
        if isinstance(each, pikepdf.Array) and depth < 50:
            yield from _ordered(each, depth + 1)
        elif isinstance(each, pikepdf.Object):
            yield each.objgen


def _structure_types(case: Case, tree: pikepdf.Object | None) -> None:
    """6.1.8: structure types and what they are mapped to are names in UTF-8."""
    if tree is None or case.part == 1:
        return
    mapped = dictionary(tree.get("/RoleMap"))
    if mapped is not None and not all(_in_utf8(each) for pair in mapped.items() for each in pair):
        case.broken("name-utf8", mapped, "structure type")
    waiting, seen = listed(tree.get("/K")), set[object]()
    while waiting and len(seen) < _MOST:
        element = waiting.pop()
        if isinstance(element, pikepdf.Array):
            waiting.extend(element)
        elif isinstance(element, pikepdf.Dictionary) and element.objgen not in seen:
            seen.add(element.objgen if element.is_indirect else id(element))
            if not _in_utf8(element.get("/S")):
                case.broken("name-utf8", element, "structure type")
            waiting.extend(listed(element.get("/K")))


def _in_utf8(name: object) -> bool:
    try:
        str(name).encode()
    except UnicodeError:
        return False
    return True


def _leaves(tree: object) -> Iterator[Any]:
    """The values of a name tree (ISO 32000-1, 7.9.6)."""
    waiting, count = [tree], 0
    while waiting and count < _MOST:
        count += 1
        node = dictionary(waiting.pop())
        if node is not None:
            waiting.extend(listed(node.get("/Kids")))
            yield from listed(node.get("/Names"))[1::2]


def _linked(outlines: object) -> Iterator[pikepdf.Object]:
    """The items of an outline (ISO 32000-1, 12.3.3)."""
    root = dictionary(outlines)
    waiting, seen = [root.get("/First")] if root is not None else [], set[object]()
    while waiting and len(seen) < _MOST:
        item = dictionary(waiting.pop())
        if item is None or item.objgen in seen:
            continue
        seen.add(item.objgen)
        yield item
        waiting += [item.get("/Next"), item.get("/First")]
