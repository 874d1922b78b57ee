"""PREMIS 3: the words for what happens to an object, and their XML."""

import json
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from typing import Final
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from preservation.fixity import Digest

NAMESPACE: Final = "http://www.loc.gov/premis/v3"
_VOCABULARY: Final = "http://id.loc.gov/vocabulary/preservation/"
_NOT_XML: Final = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


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
    POLICY_ASSIGNMENT = "policy assignment"
    ACCESSION = "accession"
    DEACCESSION = "deaccession"


class Outcome(StrEnum):
    """Terms of the Library of Congress vocabulary `eventOutcome`, and `skipped` for a step with nothing to do."""

    SUCCESS = "success"
    WARNING = "warning"
    FAIL = "fail"
    SKIPPED = "skipped"


_CODES: Final[Mapping[str, str]] = {
    EventType.RECEPTION: "ins",
    EventType.INGESTION_END: "ine",
    EventType.MESSAGE_DIGEST_CALCULATION: "mes",
    EventType.FIXITY_CHECK: "fix",
    EventType.VIRUS_CHECK: "vir",
    EventType.FORMAT_IDENTIFICATION: "for",
    EventType.VALIDATION: "val",
    EventType.METADATA_EXTRACTION: "mee",
    EventType.NORMALIZATION: "nor",
    EventType.CREATION: "cre",
    EventType.METADATA_MODIFICATION: "mem",
    EventType.INFORMATION_PACKAGE_CREATION: "ipc",
    EventType.FILENAME_CHANGE: "fil",
    EventType.POLICY_ASSIGNMENT: "poa",
    EventType.ACCESSION: "acc",
    EventType.DEACCESSION: "dea",
}


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

    Without `format` its media type stands for the name.
    """

    identifier: str
    fixity: tuple[Digest, ...]
    size: int
    mime: str
    puid: str | None = None
    original_name: str | None = None
    derived_from: str | None = None
    format: FormatDesignation | None = None


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
    objects: Sequence[PremisObject],
    events: Iterable[Event],
    agents: Sequence[Agent] = (),
    *,
    detail: Callable[[Event], str] = lambda event: event.code,
) -> bytes:
    r"""A PREMIS 3.0 document, valid by its schema; the same description always gives the same bytes.

    `detail` words an event. An agent that events name and `agents` does not is told by its identifier alone. What XML cannot
    carry (control characters, lone surrogates) stands as \xNN or \uNNNN. ValueError without objects: PREMIS describes at least one.
    """
    if not objects:
        raise ValueError("PREMIS describes at least one object")
    root = Element("premis", {"xmlns": NAMESPACE, "xmlns:xsi": "http://www.w3.org/2001/XMLSchema-instance", "version": "3.0"})
    for described in objects:
        _add_object(root, described)
    known = {agent.identifier for agent in agents}
    mentioned: dict[str, None] = {}
    for number, event in enumerate(events, 1):
        _add_event(root, number, event, detail(event), [described.identifier for described in objects])
        mentioned[event.agent] = None
    for agent in agents:
        _add_agent(root, agent)
    for identifier in mentioned:
        if identifier not in known:
            _identifier(SubElement(root, "agent"), "agentIdentifier", identifier)
    indent(root)
    return b'<?xml version="1.0" encoding="UTF-8"?>\n' + tostring(root, encoding="unicode").encode() + b"\n"


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


def _add_object(root: Element, described: PremisObject) -> None:
    element = SubElement(root, "object", {"xsi:type": "file"})
    _identifier(element, "objectIdentifier", described.identifier)
    characteristics = SubElement(element, "objectCharacteristics")
    for digest in described.fixity:
        fixity = SubElement(characteristics, "fixity")
        _text(fixity, "messageDigestAlgorithm", digest.algorithm)
        _text(fixity, "messageDigest", digest.value)
    _text(characteristics, "size", str(described.size))
    form = SubElement(characteristics, "format")
    designation = SubElement(form, "formatDesignation")
    told = described.format or FormatDesignation(described.mime)
    _text(designation, "formatName", told.name)
    if told.version:
        _text(designation, "formatVersion", told.version)
    if described.puid is not None:
        registry = SubElement(form, "formatRegistry")
        _text(registry, "formatRegistryName", "PRONOM")
        _text(registry, "formatRegistryKey", described.puid)
    for note in () if described.format is None else (described.mime, *told.notes):
        _text(form, "formatNote", note)
    if described.original_name is not None:
        _text(element, "originalName", described.original_name)
    if described.derived_from is not None:
        relationship = SubElement(element, "relationship")
        _term(relationship, "relationshipType", "derivation", "relationshipType", "der")
        _term(relationship, "relationshipSubType", "has source", "relationshipSubType", "hss")
        _identifier(relationship, "relatedObjectIdentifier", described.derived_from)


def _add_event(root: Element, number: int, event: Event, detail: str, everything: Sequence[str]) -> None:
    element = SubElement(root, "event")
    _identifier(element, "eventIdentifier", str(number))
    _term(element, "eventType", event.type, "eventType", _CODES.get(event.type))
    _text(element, "eventDateTime", _aware(event.at).astimezone(UTC).isoformat().replace("+00:00", "Z"))
    _text(SubElement(element, "eventDetailInformation"), "eventDetail", detail)
    outcome = SubElement(element, "eventOutcomeInformation")
    code = None if event.outcome is Outcome.SKIPPED else event.outcome[:3]
    _term(outcome, "eventOutcome", event.outcome, "eventOutcome", code)
    _identifier(element, "linkingAgentIdentifier", event.agent)
    for identifier in event.objects or everything:
        _identifier(element, "linkingObjectIdentifier", identifier)


def _add_agent(root: Element, agent: Agent) -> None:
    element = SubElement(root, "agent")
    _identifier(element, "agentIdentifier", agent.identifier)
    _text(element, "agentName", agent.name)
    _term(element, "agentType", agent.type, "agentType", agent.type[:3])
    if agent.version is not None:
        _text(element, "agentVersion", agent.version)


def _identifier(parent: Element, name: str, value: str) -> None:
    element = SubElement(parent, name)
    _text(element, f"{name}Type", "local")
    _text(element, f"{name}Value", value)


def _term(parent: Element, name: str, term: str, vocabulary: str, code: str | None) -> None:
    element = _text(parent, name, term)
    if code is not None:
        element.set("authority", vocabulary)
        element.set("authorityURI", f"{_VOCABULARY}{vocabulary}")
        element.set("valueURI", f"{_VOCABULARY}{vocabulary}/{code}")


def _text(parent: Element, name: str, text: str) -> Element:
    element = SubElement(parent, name)
    element.text = _NOT_XML.sub(lambda found: found.group().encode("unicode_escape").decode("ascii"), text).replace("\r", "\\r")
    return element


def _aware(at: datetime) -> datetime:
    if at.tzinfo is None:
        raise ValueError(f"an event's instant carries its offset: {at}")
    return at
