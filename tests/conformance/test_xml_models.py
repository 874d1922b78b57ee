"""Our models of METS and PREMIS say of a document what the schemas of the Library of Congress say, valid or broken at random."""

import copy
import io
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime
from pathlib import Path
from random import Random

import pytest
from lxml import etree

from preservation.fixity import Digest
from preservation.mets import NAMESPACE as METS_NAMESPACE
from preservation.premis import NAMESPACE as PREMIS_NAMESPACE
from preservation.premis import Agent, AgentType, Event, EventType, Outcome, PremisObject, to_xml
from preservation.premis_entities import (
    Basis,
    Entity,
    EntityKind,
    GrantedAct,
    Relationship,
    RightsStatement,
    SignificantProperty,
)
from preservation.validation.mets2_model import MODEL_2 as METS_2_MODEL
from preservation.validation.mets_model import MODEL as METS_MODEL
from preservation.validation.mets_model import NAMESPACE_2
from preservation.validation.mets_reading import Mets, read
from preservation.validation.premis_model import MODEL as PREMIS_MODEL
from preservation.validation.schemas import schema_errors
from preservation.validation.xml_model import Checker, Fault, Model
from preservation.validation.xml_reading import events
from tests.preservation.eark_made import made

NOW = datetime(2026, 3, 2, 15, 4, 5, tzinfo=UTC)
BREAKS = 1000


def everything() -> bytes:
    """A PREMIS document that uses all that we write."""
    digest = (Digest("sha256", "a" * 64),)
    return to_xml(
        [
            Entity("expediente", EntityKind.INTELLECTUAL_ENTITY, "Actas", rights=("r1",)),
            Entity(
                "original",
                EntityKind.REPRESENTATION,
                properties=(SignificantProperty("páginas", "12"),),
                relationships=(Relationship("structural", "has part", ("a.pdf",), ("1",)),),
            ),
            PremisObject("a.pdf", digest, 5, "application/pdf", "fmt/18", "A.pdf", properties=(SignificantProperty("texto", "sí"),)),
            PremisObject("b.pdf", digest, 5, "application/pdf", derived_from="a.pdf"),
        ],
        [Event(EventType.FIXITY_CHECK, Outcome.SUCCESS, "archivo 1", NOW, "checked", objects=("a.pdf",))],
        [Agent("archivo 1", "Archivo", AgentType.SOFTWARE, "1")],
        rights=[
            RightsStatement(
                "r1", Basis.COPYRIGHT, (GrantedAct("dissemination", ("solo en sala",), NOW.date(), date(2040, 1, 1)),), ("a.pdf",)
            ),
            RightsStatement("r2", Basis.STATUTE, jurisdiction="co", citation="Ley 594 de 2000, artículo 27"),
            RightsStatement("r3", Basis.LICENSE, terms="CC BY", note="se puede copiar"),
            RightsStatement("r4", Basis.OTHER, citation="donación", agents=("archivo 1",)),
            RightsStatement("r5", Basis.INSTITUTIONAL_POLICY, (GrantedAct("replication", note="tres copias"),)),
        ],
    )


def faults(document: bytes, model: Model) -> list[Fault]:
    checker = Checker(model)
    told: list[Fault] = []
    for event, element in events(io.BytesIO(document)):
        told += checker.start(element) if event == "start" else checker.end(element)
    return told


def told_of_mets(document: bytes) -> list[str]:
    """What our reading of METS refuses, but for what no schema sees."""
    beyond = {f"mets.{name}" for name in ("reference", "reference_kind", "checksum", "checksum_type")}
    return [finding.message for finding in read(io.BytesIO(document), "METS.xml", Mets()) if finding.code not in beyond]


def schema_says(document: bytes, namespace: str, reference: Path) -> list[str]:
    """What the schema refuses."""
    return [message for _, message in schema_errors(io.BytesIO(document), namespace, reference / "data/conf_esquemas")]


def _pick(random: Random, root: etree._Element) -> etree._Element:
    return random.choice(list(root.iter(etree.Element)))


def _delete(random: Random, root: etree._Element) -> None:
    element = _pick(random, root)
    if (parent := element.getparent()) is not None:
        parent.remove(element)


def _repeat(random: Random, root: etree._Element) -> None:
    element = _pick(random, root)
    if element.getparent() is not None:
        element.addnext(copy.deepcopy(element))


def _swap(random: Random, root: etree._Element) -> None:
    element = _pick(random, root)
    if len(element) > 1:
        children = list(element)
        random.shuffle(children)
        element[:] = children


def _rename(random: Random, root: etree._Element) -> None:
    _pick(random, root).tag = _pick(random, root).tag


def _less(random: Random, root: etree._Element) -> None:
    element = _pick(random, root)
    if element.attrib:
        del element.attrib[random.choice(sorted(str(name) for name in element.attrib))]


def _other(random: Random, root: etree._Element) -> None:
    element = _pick(random, root)
    if element.attrib:
        element.set(
            random.choice(sorted(str(name) for name in element.attrib)),
            random.choice(["", "1", "otro", "3.0", "URL", "2026-13-01T00:00:00"]),
        )


def _more(random: Random, root: etree._Element) -> None:
    _pick(random, root).set(random.choice(["LABEL", "xmlID", "NUEVO", "USE", "authority"]), "x")


def _text(random: Random, root: etree._Element) -> None:
    _pick(random, root).text = random.choice(["suelto", "12", "", " "])


MUTATIONS: tuple[Callable[[Random, etree._Element], None], ...] = (_delete, _repeat, _swap, _rename, _less, _other, _more, _text)


@pytest.mark.parametrize("vocabulary", ["mets", "mets2", "premis"])
def test_documents_broken_at_random_are_judged_as_the_schema_judges_them(reference: Path, tmp_path: Path, vocabulary: str) -> None:
    document, model, namespace = _broken(vocabulary, tmp_path, reference)
    random, refused, apart = Random(20261130), 0, []
    for _ in range(BREAKS):
        root = etree.fromstring(document)
        for _ in range(random.randint(1, 2)):
            random.choice(MUTATIONS)(random, root)
        broken = etree.tostring(root)
        said = schema_says(broken, namespace, reference)
        told: Sequence[object] = told_of_mets(broken) if vocabulary.startswith("mets") else faults(broken, model)
        refused += bool(said)
        if bool(said) != bool(told):
            apart.append((said, told))
    assert apart == []
    assert BREAKS // 4 < refused < BREAKS


def _broken(vocabulary: str, folder: Path, reference: Path) -> tuple[bytes, Model, str]:
    """What is broken: of METS 2, which we do not write, an example of the Library of Congress."""
    if vocabulary == "mets2":
        return (reference / "data/conf_mets/v2/examples/complex-mets2.xml").read_bytes(), METS_2_MODEL, NAMESPACE_2
    return _document(vocabulary, folder)


def _document(vocabulary: str, folder: Path) -> tuple[bytes, Model, str]:
    if vocabulary == "premis":
        return everything(), PREMIS_MODEL, PREMIS_NAMESPACE
    return (made(folder) / "METS.xml").read_bytes(), METS_MODEL, METS_NAMESPACE


@pytest.mark.parametrize("vocabulary", ["mets", "premis"])
def test_what_we_write_is_valid_by_the_schema(reference: Path, tmp_path: Path, vocabulary: str) -> None:
    document, model, namespace = _document(vocabulary, tmp_path)
    assert list(schema_errors(io.BytesIO(document), namespace, reference / "data/conf_esquemas")) == []
    assert faults(document, model) == []


def test_documents_of_others_are_valid(reference: Path) -> None:
    for path in sorted((reference / "data/conf_mets").rglob("*mets1.xml")):
        assert faults(path.read_bytes(), METS_MODEL) == [], path.name
    for path in sorted((reference / "data/conf_mets").rglob("*mets2.xml")):
        assert faults(path.read_bytes(), METS_2_MODEL) == [], path.name
