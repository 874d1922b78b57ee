"""PREMIS as XML, judged by its schema, and events as data, without loss."""

from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from preservation.fixity import Digest
from preservation.premis import (
    Agent,
    AgentType,
    Event,
    EventType,
    FormatDesignation,
    Outcome,
    PremisObject,
    events_from_json,
    events_to_json,
    to_xml,
)

NOW = datetime(2026, 3, 2, 15, 4, 5, tzinfo=UTC)
ORIGINAL = PremisObject(
    "original/document.pdf",
    (Digest("sha256", "a" * 64), Digest("sha512", "b" * 128)),
    5_000_000_000,
    "application/pdf",
    puid="fmt/18",
    format=FormatDesignation("Acrobat PDF 1.4", "1.4", ("signature", "DROID_SignatureFile_V125.xml")),
    original_name="Acta <n.º 3> & anexos\x07 \udcf1.pdf",
)
COPY = PremisObject(
    "access/document.pdf", (Digest("sha256", "c" * 64),), 10, "application/pdf", puid="fmt/354", derived_from="original/document.pdf"
)
EVENTS = [
    Event(EventType.RECEPTION, Outcome.SUCCESS, "an archivist", NOW, "received", {"size": 5}),
    Event(EventType.VIRUS_CHECK, Outcome.SKIPPED, "scanner 1", NOW, "scan.absent"),
    Event(EventType.TRANSCRIPTION, Outcome.WARNING, "reader 5.3", NOW, "doubtful", {"pages": 3}, ("access/document.pdf",)),
]
AGENTS = [Agent("an archivist", "Ana", AgentType.PERSON), Agent("reader 5.3", "reader", AgentType.SOFTWARE, "5.3")]
NAMES = {"p": "http://www.loc.gov/premis/v3"}


def _schema(reference: Path) -> etree.XMLSchema:
    return etree.XMLSchema(etree.parse(reference / "data/conf_esquemas/premis-v3-0.xsd"))


def test_valid_by_the_schema(reference: Path) -> None:
    schema = _schema(reference)
    for events, agents in ((EVENTS, AGENTS), ([], []), (EVENTS, [])):
        schema.assertValid(etree.fromstring(to_xml([ORIGINAL, COPY], events, agents)))
    broken = to_xml([ORIGINAL], EVENTS).replace(b"<size>", b"<sise>").replace(b"</size>", b"</sise>")
    assert not schema.validate(etree.fromstring(broken))


def test_every_event_type_and_outcome_is_valid(reference: Path) -> None:
    events = [Event(kind, outcome, "x", NOW, "x") for kind in EventType for outcome in Outcome]
    schema = _schema(reference)
    assert schema.validate(etree.fromstring(to_xml([ORIGINAL], events))), schema.error_log


def test_what_it_says() -> None:
    root = etree.fromstring(to_xml([ORIGINAL, COPY], EVENTS, AGENTS, detail=lambda event: f"Ocurrió: {event.code}"))

    def said(path: str) -> list[str]:
        return [str(found.text) for found in root.iterfind(path, NAMES)]

    assert said("p:object//p:formatRegistryKey") == ["fmt/18", "fmt/354"]
    assert said("p:object//p:formatName") == ["Acrobat PDF 1.4", "application/pdf"]
    assert said("p:object//p:formatVersion") == ["1.4"]
    assert said("p:object//p:formatNote") == ["application/pdf", "signature", "DROID_SignatureFile_V125.xml"]
    assert said("p:object//p:size") == ["5000000000", "10"]
    assert said("p:object//p:messageDigest") == ["a" * 64, "b" * 128, "c" * 64]
    assert said("p:object/p:originalName") == ["Acta <n.º 3> & anexos\\x07 \\udcf1.pdf"]
    assert said("p:object/p:relationship//p:relatedObjectIdentifierValue") == ["original/document.pdf"]
    assert said("p:event/p:eventType") == ["ingestion start", "virus check", "transcription"]
    assert said("p:event/p:eventDateTime") == ["2026-03-02T15:04:05Z"] * 3
    assert said("p:event//p:eventDetail") == ["Ocurrió: received", "Ocurrió: scan.absent", "Ocurrió: doubtful"]
    assert said("p:event[3]//p:linkingObjectIdentifierValue") == ["access/document.pdf"]
    assert said("p:event[1]//p:linkingObjectIdentifierValue") == ["original/document.pdf", "access/document.pdf"]
    assert said("p:agent//p:agentIdentifierValue") == ["an archivist", "reader 5.3", "scanner 1"]
    uris = [found.get("valueURI") for found in root.iterfind("p:event/p:eventType", NAMES)]
    vocabulary = "http://id.loc.gov/vocabulary/preservation/eventType"
    assert uris == [f"{vocabulary}/ins", f"{vocabulary}/vir", None]


def test_the_same_description_gives_the_same_bytes() -> None:
    assert to_xml([ORIGINAL, COPY], EVENTS, AGENTS) == to_xml([ORIGINAL, COPY], iter(EVENTS), AGENTS)


def test_nothing_to_describe_is_misuse() -> None:
    with pytest.raises(ValueError, match="at least one"):
        to_xml([], EVENTS)


@given(st.text())
def test_any_name_makes_well_formed_xml(name: str) -> None:
    document = to_xml(
        [PremisObject("o", (), 0, "text/plain", original_name=name)], [Event(EventType.CREATION, Outcome.FAIL, name, NOW, name)]
    )
    assert etree.fromstring(document).tag == "{http://www.loc.gov/premis/v3}premis"


INSTANTS = st.datetimes(timezones=st.sampled_from([UTC, timezone(timedelta(hours=-5)), timezone(timedelta(minutes=330))]))
VALUES = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text()
ANY_EVENT = st.builds(
    Event,
    st.sampled_from(EventType),
    st.sampled_from(Outcome),
    st.text(),
    INSTANTS,
    st.text(),
    st.dictionaries(st.text(), VALUES, max_size=4),
    st.lists(st.text(), max_size=3).map(tuple),
)


@given(st.lists(ANY_EVENT, max_size=4))
def test_events_come_back_without_loss(events: list[Event]) -> None:
    back = events_from_json(events_to_json(events))
    assert back == events
    assert [event.at.utcoffset() for event in back] == [event.at.utcoffset() for event in events]
    assert [{k: type(v) for k, v in e.params.items()} for e in back] == [{k: type(v) for k, v in e.params.items()} for e in events]


@pytest.mark.parametrize("data", [b"", b"{", b"[1]", b'[{"type": "dance"}]', b"null", b'[{"type": "creation", "outcome": "success"}]'])
def test_other_bytes_are_no_events(data: bytes) -> None:
    with pytest.raises(ValueError, match=r".+"):
        events_from_json(data)


def test_an_instant_carries_its_offset() -> None:
    event = Event(EventType.CREATION, Outcome.SUCCESS, "x", NOW.replace(tzinfo=None), "x")
    with pytest.raises(ValueError, match="offset"):
        events_to_json([event])
    with pytest.raises(ValueError, match="offset"):
        to_xml([ORIGINAL], [event])
