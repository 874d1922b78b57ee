"""PREMIS 3: the words for what happens to an object, and their XML."""

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from io import BytesIO
from typing import BinaryIO, Final
from xml.etree.ElementTree import Element, SubElement

from preservation.fixity import Digest
from preservation.premis_elements import add_identifier, add_term, add_text
from preservation.premis_entities import (
    Entity,
    Relationship,
    RightsStatement,
    SignificantProperty,
    add_properties,
    add_relationships,
    entity_element,
    rights_element,
)
from preservation.xml_text import indented

NAMESPACE: Final = "http://www.loc.gov/premis/v3"
_HEAD: Final = (
    b'<?xml version="1.0" encoding="UTF-8"?>\n'
    b'<premis xmlns="http://www.loc.gov/premis/v3" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" version="3.0">'
)


class EventType(StrEnum):
    """Event types of the Library of Congress vocabulary `eventType` that this software records (id.loc.gov).

    `transcription` is the one term of our own: the vocabulary has none for text read from an image.
    """

    RECEPTION = "ingestion start"
    INGESTION_END = "ingestion end"
    MESSAGE_DIGEST_CALCULATION = "message digest calculation"
    FIXITY_CHECK = "fixity check"
    VIRUS_CHECK = "virus check"
    FORMAT_IDENTIFICATION = "format identification"
    VALIDATION = "validation"
    METADATA_EXTRACTION = "metadata extraction"
    TRANSCRIPTION = "transcription"
    NORMALIZATION = "normalization"
    CREATION = "creation"
    METADATA_MODIFICATION = "metadata modification"
    INFORMATION_PACKAGE_CREATION = "information package creation"
    FILENAME_CHANGE = "filename change"
    DELETION = "deletion"
    REPLICATION = "replication"
    POLICY_ASSIGNMENT = "policy assignment"
    ACCESSION = "accession"
    DEACCESSION = "deaccession"
    MIGRATION = "migration"
    DIGITAL_SIGNATURE_VALIDATION = "digital signature validation"


class Outcome(StrEnum):
    """Terms of the Library of Congress vocabulary `eventOutcome`, and `skipped` for a step with nothing to do."""

    SUCCESS = "success"
    WARNING = "warning"
    FAIL = "fail"
    SKIPPED = "skipped"


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened to an object (PREMIS 3, 2.1-2.7). `code` and `params` are worded only when shown.

    `objects` names what it happened to, by PremisObject.identifier; empty: everything described beside it.
    """

    type: EventType
    outcome: Outcome
    agent: str
    at: datetime
    code: str
    params: Mapping[str, str | int | float | bool | None] = field(default_factory=dict)
    objects: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class FormatDesignation:
    """A format by name (PREMIS 3, 1.5.4.1); `notes` (1.5.4.3): what the identity rests on, the version of the signatures."""

    name: str
    version: str = ""
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class PremisObject:
    """A file (PREMIS 3, 1.1-1.13): `size` in bytes, `puid` of PRONOM, `mime` its media type, `derived_from` its source's identifier.

    Without `format` its media type stands for the name. `properties` are significant (1.4); `relationships` stand beside the derivation.
    """

    identifier: str
    fixity: tuple[Digest, ...]
    size: int
    mime: str
    puid: str | None = None
    original_name: str | None = None
    derived_from: str | None = None
    format: FormatDesignation | None = None
    properties: tuple[SignificantProperty, ...] = ()
    relationships: tuple[Relationship, ...] = ()


class AgentType(StrEnum):
    """Terms of the Library of Congress vocabulary `agentType`."""

    SOFTWARE = "software"
    PERSON = "person"
    ORGANIZATION = "organization"


@dataclass(frozen=True, slots=True)
class Agent:
    """Who or what acted (PREMIS 3, 3.1-3.5); `identifier` is what Event.agent says."""

    identifier: str
    name: str
    type: AgentType
    version: str | None = None


def to_xml(
    objects: Iterable[PremisObject | Entity],
    events: Iterable[Event],
    agents: Sequence[Agent] = (),
    *,
    rights: Iterable[RightsStatement] = (),
    detail: Callable[[Event], str] = lambda event: event.code,
) -> bytes:
    """What write_premis() writes, as bytes."""
    target = BytesIO()
    write_premis(target, objects, events, agents, rights=rights, detail=detail)
    return target.getvalue()


def write_premis(
    target: BinaryIO,
    objects: Iterable[PremisObject | Entity],
    events: Iterable[Event],
    agents: Sequence[Agent] = (),
    *,
    rights: Iterable[RightsStatement] = (),
    detail: Callable[[Event], str] = lambda event: event.code,
) -> None:
    r"""Write a PREMIS 3.0 document, valid by its schema; the same description always gives the same bytes.

    Objects and events may be streams: each is written as it comes, and of objects only the identifiers are remembered. `detail` words an
    event. An event that names no object happened to the entities described, or, where there are none, to every file. An agent that events
    name and `agents` does not is told by its identifier alone. What XML cannot carry (control characters, lone surrogates) stands as \xNN
    or \uNNNN. ValueError without objects: PREMIS describes at least one.
    """
    everything: dict[bool, list[str]] = {True: [], False: []}
    for described in objects:
        is_entity = isinstance(described, Entity)
        if not any(everything.values()):
            target.write(_HEAD)
        everything[is_entity].append(described.identifier)
        _write(target, entity_element(described) if isinstance(described, Entity) else _object(described))
    if not any(everything.values()):
        raise ValueError("PREMIS describes at least one object")
    known = {agent.identifier for agent in agents}
    mentioned: dict[str, None] = {}
    for number, event in enumerate(events, 1):
        _write(target, _event(number, event, detail(event), everything[True] or everything[False]))
        mentioned[event.agent] = None
    for agent in agents:
        _write(target, _agent(agent))
    for identifier in mentioned:
        if identifier not in known:
            unnamed = Element("agent")
            add_identifier(unnamed, "agentIdentifier", identifier)
            _write(target, unnamed)
    for statement in rights:
        _write(target, rights_element(statement))
    target.write(b"\n</premis>\n")


def _write(target: BinaryIO, element: Element) -> None:
    target.write(f"\n  {indented(element, 1)}".encode())


def events_to_json(events: Iterable[Event]) -> bytes:
    """Events as data, without loss: events_from_json() gives back the same. ValueError for an instant without offset."""
    return (json.dumps([_event_to_json(event) for event in events], ensure_ascii=False, allow_nan=False, indent=1) + "\n").encode()


def events_from_json(data: bytes) -> list[Event]:
    """Read what events_to_json() wrote. ValueError if it is something else."""
    try:
        return [
            Event(
                EventType(one["type"]),
                Outcome(one["outcome"]),
                one["agent"],
                _aware(datetime.fromisoformat(one["at"])),
                one["code"],
                dict(one["params"]),
                tuple(one["objects"]),
            )
            for one in json.loads(data)
        ]
    except (KeyError, TypeError) as error:
        raise ValueError(f"not the events of a package: {error}") from error


def _event_to_json(event: Event) -> Mapping[str, object]:
    return {
        "type": event.type,
        "outcome": event.outcome,
        "agent": event.agent,
        "at": _aware(event.at).isoformat(),
        "code": event.code,
        "params": dict(event.params),
        "objects": event.objects,
    }


def _object(described: PremisObject) -> Element:
    element = Element("object", {"xsi:type": "file"})
    add_identifier(element, "objectIdentifier", described.identifier)
    add_properties(element, described.properties)
    characteristics = SubElement(element, "objectCharacteristics")
    for digest in described.fixity:
        fixity = SubElement(characteristics, "fixity")
        add_term(fixity, "messageDigestAlgorithm", digest.algorithm, "cryptographicHashFunctions")
        add_text(fixity, "messageDigest", digest.value)
    add_text(characteristics, "size", str(described.size))
    form = SubElement(characteristics, "format")
    designation = SubElement(form, "formatDesignation")
    told = described.format or FormatDesignation(described.mime)
    add_text(designation, "formatName", told.name)
    if told.version:
        add_text(designation, "formatVersion", told.version)
    if described.puid is not None:
        registry = SubElement(form, "formatRegistry")
        add_text(registry, "formatRegistryName", "PRONOM")
        add_text(registry, "formatRegistryKey", described.puid)
    for note in () if described.format is None else (described.mime, *told.notes):
        add_text(form, "formatNote", note)
    if described.original_name is not None:
        add_text(element, "originalName", described.original_name)
    derivation = () if described.derived_from is None else (Relationship("derivation", "has source", (described.derived_from,)),)
    add_relationships(element, (*derivation, *described.relationships))
    return element


def _event(number: int, event: Event, detail: str, everything: Sequence[str]) -> Element:
    element = Element("event")
    add_identifier(element, "eventIdentifier", str(number))
    add_term(element, "eventType", event.type, "eventType")
    add_text(element, "eventDateTime", _aware(event.at).astimezone(UTC).isoformat().replace("+00:00", "Z"))
    add_text(SubElement(element, "eventDetailInformation"), "eventDetail", detail)
    outcome = SubElement(element, "eventOutcomeInformation")
    add_term(outcome, "eventOutcome", event.outcome, "eventOutcome")
    add_identifier(element, "linkingAgentIdentifier", event.agent)
    for identifier in event.objects or everything:
        add_identifier(element, "linkingObjectIdentifier", identifier)
    return element


def _agent(agent: Agent) -> Element:
    element = Element("agent")
    add_identifier(element, "agentIdentifier", agent.identifier)
    add_text(element, "agentName", agent.name)
    add_term(element, "agentType", agent.type, "agentType")
    if agent.version is not None:
        add_text(element, "agentVersion", agent.version)
    return element


def _aware(at: datetime) -> datetime:
    if at.tzinfo is None:
        raise ValueError(f"an event's instant carries its offset: {at}")
    return at
