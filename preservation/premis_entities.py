"""What PREMIS 3 describes besides files, events and agents: representations, intellectual entities, their relationships, and rights."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Final
from xml.etree.ElementTree import Element, SubElement

from preservation.premis_elements import add_identifier, add_term, add_text


@dataclass(frozen=True, slots=True)
class Relationship:
    """How an object stands to others (PREMIS 3, 1.13). `kind` and `detail` are terms of relationshipType and relationshipSubType
    (`structural`, `has part`); `objects` and `events` are identifiers.
    """

    kind: str
    detail: str
    objects: tuple[str, ...]
    events: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class SignificantProperty:
    """What must survive a change of format (PREMIS 3, 1.4): `kind` says which property, `value` what it is."""

    kind: str
    value: str


class EntityKind(StrEnum):
    """The objects of PREMIS that are no file: a set of files that gives one form of the content, and the content itself."""

    REPRESENTATION = "representation"
    INTELLECTUAL_ENTITY = "intellectualEntity"


@dataclass(frozen=True, slots=True)
class Entity:
    """A representation or an intellectual entity (PREMIS 3, 1). `rights` are identifiers of rights statements."""

    identifier: str
    kind: EntityKind
    name: str | None = None
    properties: tuple[SignificantProperty, ...] = ()
    relationships: tuple[Relationship, ...] = ()
    rights: tuple[str, ...] = ()


class Basis(StrEnum):
    """What a right rests on: terms of the Library of Congress vocabulary `rightsBasis`."""

    COPYRIGHT = "copyright"
    LICENSE = "license"
    STATUTE = "statute"
    INSTITUTIONAL_POLICY = "institutional policy"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class GrantedAct:
    """What may be done (PREMIS 3, 4.1.6): `act` is a term of eventType or actionsGranted; from and until when, without end if None."""

    act: str
    restrictions: tuple[str, ...] = ()
    start: date | None = None
    end: date | None = None
    note: str | None = None


@dataclass(frozen=True, slots=True)
class RightsStatement:
    """A right over objects (PREMIS 3, 4.1).

    `status` (a term of copyrightStatus) and `jurisdiction` (ISO 3166) belong to copyright, `jurisdiction` and `citation` to a statute,
    `terms` to a license, `citation` to any other basis. `note` may always be given. `objects` and `agents` are identifiers.
    """

    identifier: str
    basis: Basis
    granted: tuple[GrantedAct, ...] = ()
    objects: tuple[str, ...] = ()
    agents: tuple[str, ...] = ()
    status: str = "unknown"
    jurisdiction: str = ""
    citation: str = ""
    terms: str = ""
    note: str | None = None


_UNKNOWN: Final = "unknown"


def entity_element(entity: Entity) -> Element:
    """A representation or intellectual entity as `object`."""
    element = Element("object", {"xsi:type": entity.kind})
    add_identifier(element, "objectIdentifier", entity.identifier)
    add_properties(element, entity.properties)
    if entity.name is not None:
        add_text(element, "originalName", entity.name)
    add_relationships(element, entity.relationships)
    for identifier in entity.rights:
        add_identifier(element, "linkingRightsStatementIdentifier", identifier)
    return element


def add_properties(element: Element, properties: Sequence[SignificantProperty]) -> None:
    """Significant properties of an object."""
    for one in properties:
        told = SubElement(element, "significantProperties")
        add_text(told, "significantPropertiesType", one.kind)
        add_text(told, "significantPropertiesValue", one.value)


def add_relationships(element: Element, relationships: Sequence[Relationship]) -> None:
    """Relationships of an object."""
    for one in relationships:
        relationship = SubElement(element, "relationship")
        add_term(relationship, "relationshipType", one.kind, "relationshipType")
        add_term(relationship, "relationshipSubType", one.detail, "relationshipSubType")
        for identifier in one.objects:
            add_identifier(relationship, "relatedObjectIdentifier", identifier)
        for identifier in one.events:
            add_identifier(relationship, "relatedEventIdentifier", identifier)


def rights_element(statement: RightsStatement) -> Element:
    """A rights statement as `rights`."""
    root = Element("rights")
    element = SubElement(root, "rightsStatement")
    add_identifier(element, "rightsStatementIdentifier", statement.identifier)
    add_term(element, "rightsBasis", statement.basis, "rightsBasis")
    _add_basis(element, statement)
    for granted in statement.granted:
        _add_granted(element, granted)
    for identifier in statement.objects:
        add_identifier(element, "linkingObjectIdentifier", identifier)
    for identifier in statement.agents:
        add_identifier(element, "linkingAgentIdentifier", identifier)
    return root


def _add_basis(element: Element, statement: RightsStatement) -> None:
    if statement.basis is Basis.COPYRIGHT:
        told = SubElement(element, "copyrightInformation")
        add_term(told, "copyrightStatus", statement.status, "copyrightStatus")
        add_text(told, "copyrightJurisdiction", statement.jurisdiction or _UNKNOWN)
        _add_note(told, "copyrightNote", statement.note)
    elif statement.basis is Basis.LICENSE:
        told = SubElement(element, "licenseInformation")
        add_text(told, "licenseTerms", statement.terms or _UNKNOWN)
        _add_note(told, "licenseNote", statement.note)
    elif statement.basis is Basis.STATUTE:
        told = SubElement(element, "statuteInformation")
        add_text(told, "statuteJurisdiction", statement.jurisdiction or _UNKNOWN)
        add_text(told, "statuteCitation", statement.citation or _UNKNOWN)
        _add_note(told, "statuteNote", statement.note)
    else:
        told = SubElement(element, "otherRightsInformation")
        add_text(told, "otherRightsBasis", statement.citation or statement.basis)
        _add_note(told, "otherRightsNote", statement.note)


def _add_granted(element: Element, granted: GrantedAct) -> None:
    told = SubElement(element, "rightsGranted")
    add_term(told, "act", granted.act, "eventType")
    for restriction in granted.restrictions:
        add_text(told, "restriction", restriction)
    if granted.start is not None:
        term = SubElement(told, "termOfGrant")
        add_text(term, "startDate", granted.start.isoformat())
        if granted.end is not None:
            add_text(term, "endDate", granted.end.isoformat())
    _add_note(told, "rightsGrantedNote", granted.note)


def _add_note(element: Element, name: str, note: str | None) -> None:
    if note is not None:
        add_text(element, name, note)
