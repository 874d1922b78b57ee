"""PREMIS as we judge what others wrote: links, digests, dates, terms by URI; and as we write it, in streams and with rights."""

import io
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from lxml import etree

from preservation.fixity import Digest
from preservation.premis import Agent, AgentType, Event, EventType, Outcome, PremisObject, to_xml, write_premis
from preservation.premis_entities import Basis, Entity, EntityKind, GrantedAct, Relationship, RightsStatement, SignificantProperty
from preservation.premis_vocabularies import VOCABULARIES, code_of, uri_of
from preservation.validation.premis import validate_premis
from preservation.validation.premis_rules import PREMIS

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer

NOW = datetime(2026, 3, 2, 15, 4, 5, tzinfo=UTC)
SUM = "a" * 64
NAMES = {"p": "http://www.loc.gov/premis/v3"}


def document(folder: Path) -> Path:
    """A PREMIS that keeps every rule: content, its form, its file, what happened, who did it, what may be done."""
    path = folder / "premis.xml"
    path.write_bytes(
        to_xml(
            [
                Entity("contenido", EntityKind.INTELLECTUAL_ENTITY, rights=("derecho",)),
                Entity(
                    "original",
                    EntityKind.REPRESENTATION,
                    properties=(SignificantProperty("páginas", "12"),),
                    relationships=(Relationship("structural", "has part", ("a.pdf",)),),
                ),
                PremisObject("a.pdf", (Digest("sha256", SUM),), 5, "application/pdf", "fmt/18"),
            ],
            [Event(EventType.FIXITY_CHECK, Outcome.SUCCESS, "archivo 1", NOW, "checked", objects=("a.pdf",))],
            [Agent("archivo 1", "Archivo", AgentType.SOFTWARE, "1")],
            rights=[RightsStatement("derecho", Basis.COPYRIGHT, (GrantedAct("dissemination"),), ("contenido",))],
        )
    )
    return path


def text(old: str, new: str) -> Callable[[Path], None]:
    def change(path: Path) -> None:
        data = path.read_text(encoding="utf-8")
        assert old in data
        path.write_text(data.replace(old, new, 1), encoding="utf-8")

    return change


def both(*changes: Callable[[Path], None]) -> Callable[[Path], None]:
    def change(path: Path) -> None:
        for one in changes:
            one(path)

    return change


BREAKS: dict[str, Callable[[Path], None]] = {
    "xml": text("</premis>", ""),
    "doctype": text("<premis ", '<!DOCTYPE premis [<!ENTITY a "b">]><premis '),
    "root": both(text("<premis ", "<otro "), text("</premis>", "</otro>")),
    "element": text('xsi:type="file"', 'xsi:type="archivo"'),
    "missing": text(f"<messageDigest>{SUM}</messageDigest>", ""),
    "order": text("<size>5</size>", "<size>5</size><size>5</size>"),
    "attribute": text("<event>", '<event NUEVO="1">'),
    "required": text(' version="3.0"', ""),
    "value": text("<size>5</size>", "<size>cinco</size>"),
    "text": text("<event>", "<event>suelto"),
    "id": both(text("<event>", '<event xmlID="uno">'), text("<agent>", '<agent xmlID="uno">')),
    "reference": text("<linkingAgentIdentifier>", '<linkingAgentIdentifier LinkAgentXmlID="nada">'),
    "identifier": text("original</objectIdentifierValue>", "contenido</objectIdentifierValue>"),
    "link": text("archivo 1</linkingAgentIdentifierValue>", "otro</linkingAgentIdentifierValue>"),
    "digest": text(SUM, SUM[:-1]),
    "bytes": text("<size>5</size>", "<size>-5</size>"),
    "date": text("2026-03-02T15:04:05Z", "ayer"),
    "term": text("eventType/fix", "eventType/nada"),
    "label": text(">fixity check<", ">validation<"),
    "own_term": text(f' valueURI="{uri_of("agentType", "sof")}">software', ">robot"),
    "basis": text(">copyright<", ">statute<"),
    "version2": text("http://www.loc.gov/premis/v3", "info:lc/xmlns/premis-v2"),
    "unjudged": text("http://www.loc.gov/premis/v3", "info:lc/xmlns/premis-v2"),
}
ELSEWHERE = {"size", "schema", "schema_absent"}
"""Need a document of gigabytes, or schemas: see below and the tests of conformance."""


def test_what_we_write_is_found_right(tmp_path: Path) -> None:
    report = validate_premis(document(tmp_path))
    assert report.standard == "PREMIS 3.0"
    assert report.findings == ()


@pytest.mark.parametrize("name", set(PREMIS) - ELSEWHERE)
def test_what_is_wrong_with_a_premis_is_found(tmp_path: Path, name: str) -> None:
    path = document(tmp_path)
    BREAKS[name](path)
    report = validate_premis(path)
    told = [finding for finding in report.findings if finding.rule is PREMIS[name]]
    assert told, [finding.to_json() for finding in report.findings]
    assert "{" not in "".join(finding.message + finding.remedy for finding in told)


def test_the_schema_that_the_operator_hands_in_judges_too(reference: Path, tmp_path: Path) -> None:
    path, schemas = document(tmp_path), reference / "data/conf_esquemas"
    assert validate_premis(path, schemas).findings == ()
    text("<size>5</size>", "<size>cinco</size>")(path)
    assert "premis.schema" in {finding.code for finding in validate_premis(path, schemas).findings}
    assert "premis.schema_absent" in {finding.code for finding in validate_premis(path, tmp_path).findings}


def test_rights_relationships_and_properties_are_told(tmp_path: Path) -> None:
    root = etree.parse(document(tmp_path)).getroot()

    def said(path: str) -> list[str | None]:
        return [found.text for found in root.iterfind(path, NAMES)]

    assert said("p:object//p:significantPropertiesType") == ["páginas"]
    assert said("p:object//p:relationshipSubType") == ["has part"]
    assert said("p:object/p:linkingRightsStatementIdentifier/p:linkingRightsStatementIdentifierValue") == ["derecho"]
    assert said("p:rights//p:rightsBasis") == ["copyright"]
    uris = {found.get("valueURI") for found in root.iter() if found.get("valueURI")}
    assert {
        uri_of("cryptographicHashFunctions", "sha256"),
        uri_of("relationshipSubType", "hsp"),
        uri_of("rightsBasis", "cop"),
        uri_of("eventType", "dis"),
    } <= uris


def test_an_event_that_names_no_object_happened_to_the_entities_described() -> None:
    files = [PremisObject(name, (), 1, "text/plain") for name in ("a", "b")]
    event = Event(EventType.CREATION, Outcome.SUCCESS, "x", NOW, "x")

    def linked(document: bytes) -> list[str | None]:
        return [found.text for found in etree.fromstring(document).iterfind("p:event//p:linkingObjectIdentifierValue", NAMES)]

    assert linked(to_xml(files, [event])) == ["a", "b"]
    assert linked(to_xml([*files, Entity("todo", EntityKind.REPRESENTATION)], [event])) == ["todo"]


def test_more_files_than_one_keeps_are_written_as_they_come() -> None:
    class Sunk(io.BytesIO):
        largest = 0

        def write(self, data: "ReadableBuffer") -> int:
            self.largest = max(self.largest, len(bytes(data)))
            return 0

    sunk = Sunk()
    asked: list[int] = []

    def files() -> Iterator[PremisObject]:
        for number in range(11_000):
            asked.append(number)
            yield PremisObject(f"{number}.txt", (Digest("sha256", SUM),), 5, "text/plain")

    write_premis(sunk, files(), [])
    assert len(asked) == 11_000
    assert sunk.largest < 2_000


def test_every_event_type_that_we_record_but_one_is_a_term_of_the_vocabulary() -> None:
    assert [kind.value for kind in EventType if code_of("eventType", kind) is None] == ["transcription"]
    assert all(code_of(name, term) == code for name, terms in VOCABULARIES.items() for code, term in terms.items())
