"""Nothing of a document reaches who may not know of it, through any door: two archives, one with closed documents and one without, must
answer alike."""

import dataclasses
import html
import io
import json
import random
import re
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select
from starlette.testclient import TestClient

from archivo.access.policy import AccessClass, Actor, Grant, custody, labels_of, may_see
from archivo.access.services import actor_of_login, create_token, create_user
from archivo.app import create_app
from archivo.archive import Archive
from archivo.assembly import assemble, opened
from archivo.audit.models import AuditEntry
from archivo.demo import CORPUS
from archivo.discovery.services import find
from archivo.intake.processing import mark_failed
from archivo.intake.publication import publish, withdraw
from archivo.intake.services import Metadata, Upload, deposit
from archivo.records.indexing import entries_of
from archivo.records.models import Document, DocumentFinding, DocumentPart
from archivo.records.services import describe
from archivo.retention.models import Classification
from archivo.retention.services import import_trd, objects_of_import
from archivo.settings import read_settings
from archivo.worker import work_until_done
from search.index import Query
from search.spelling import distance
from tests.servers import Postgres

from .conftest import Command

CHIEF = custody("pruebas")
PASSWORD = "una frase para las pruebas"
WAYS = ("unpublished", "clasificada", "reservada", "withdrawn", "restricted", "received", "failed", "drawn")
FIELDS = ("title", "description", "filename", "page1", "page2", "document_type", "number", "producer", "series", "reason", "finding")
INDEXED = frozenset(("title", "description", "filename", "page1", "page2", "document_type", "number", "producer"))
SERVANT_SEES = frozenset(("unpublished", "withdrawn", "received", "failed"))
TWIN = "El prontuario del cabildo enumera los faroles de la plazuela y los nombres de sus encargados.\n"
ABSENT = "01900000-0000-7000-8000-000000000000"


def invented(many: int) -> list[str]:
    """Words that nobody writes, each far from the others, so that none is offered for another."""
    source = random.Random(7)
    words: list[str] = []
    while len(words) < many:
        word = "".join(source.choice("bdfgmnprst") + source.choice("aeiou") for _ in range(5))
        if all(distance(word, other) > 3 for other in words):
            words.append(word)
    return words


WORDS: Mapping[tuple[str, str], str] = dict(
    zip([(way, field) for way in WAYS for field in FIELDS], invented(len(WAYS) * len(FIELDS)), strict=True)
)
YEARS = {way: 1611 + 10 * number for number, way in enumerate(WAYS)}
CODES = {way: f"700-{number:02d}-01" for number, way in enumerate(WAYS)}


def schedule() -> bytes:
    rows = ["codigo oficina,oficina,codigo,serie,subserie,tipos,AG,AC,disposicion,procedimiento"]
    for way in WAYS:
        rows.append(f"700,Despacho,{CODES[way]},ASUNTOS {CODES[way][4:6]},Legajos {WORDS[way, 'series']},Legajo,2,8,CT,Se conserva")
    return ("\n".join(rows) + "\n").encode()


@dataclass(frozen=True)
class House:
    """An archive, its web, and the documents in it by the way they are closed."""

    archive: Archive
    web: TestClient
    ids: Mapping[str, str]
    tokens: Mapping[str, str] = dataclasses.field(repr=False)

    def get(self, address: str, login: str | None = None, **more: Any) -> Any:
        headers = {"authorization": f"Bearer {self.tokens[login]}"} if login else {}
        return self.web.get(address, headers=headers | more.pop("headers", {}), **more)


def put(archive: Archive, content: bytes, filename: str, metadata: Metadata) -> str:
    owner = actor_of_login(archive, "entrega")
    return deposit(archive, owner, Upload(io.BytesIO(content), filename, metadata)).id


def fill_twin(archive: Archive) -> str:
    twin = put(archive, TWIN.encode(), "twin.txt", Metadata(title="Memoria de los faroles", date="1899", document_type="Memoria"))
    work_until_done(archive, {twin})
    describe(archive, CHIEF, twin, {"description": "Recuento de 1899", "producer": "Cabildo", "number": "899"})
    publish(archive, CHIEF, twin)
    work_until_done(archive, {twin})
    return twin


def fill_closed(archive: Archive, way: str) -> str:
    """One document closed in this way, with a word of its own in each field."""
    word = {field: WORDS[way, field] for field in FIELDS}
    access = AccessClass(way) if way in ("clasificada", "reservada") else AccessClass.RESERVADA if way == "drawn" else AccessClass.PUBLICA
    metadata = Metadata(f"Escrito {word['title']}", str(YEARS[way]), None, CODES[way], f"Oficio {word['document_type']}", access)
    text = f"Primero {word['page1']} y nada más.\n" + "Renglón de relleno del escrito.\n" * 100 + f"Después {word['page2']} y termina.\n"
    content, ending = (text.encode(), "txt")
    if way == "drawn":
        content, ending = (CORPUS / "14-auto-disciplinario-2024.pdf").read_bytes(), "pdf"
    document = put(archive, content, f"{word['filename']}.{ending}", metadata)
    if way not in ("received", "failed"):
        work_until_done(archive, {document})
    if way == "failed":
        with archive.transaction() as transaction:
            mark_failed(transaction, document, "pruebas")
    describe(archive, CHIEF, document, {"description": word["description"], "producer": word["producer"], "number": word["number"]})
    with archive.transaction() as transaction:
        row = transaction.session.get_one(Classification, document)
        row.reasons = [{"code": "word", "params": {"word": word["reason"], "contribution": 1.0}}]
        finding = DocumentFinding(document_id=document, sequence=90, code="ocr.unavailable", params={"language": word["finding"]})
        transaction.session.add(finding)
    if way in ("withdrawn", "restricted"):
        publish(archive, CHIEF, document)
    if way not in ("received", "failed"):
        work_until_done(archive, {document})
    if way == "withdrawn":
        withdraw(archive, CHIEF, document)
    if way == "restricted":
        describe(archive, CHIEF, document, {"access": "reservada"})
    if way not in ("received", "failed"):
        work_until_done(archive, {document})
    return document


Environment = dict[str, str]
Homes = tuple[Environment, Environment, dict[str, str], dict[str, str]]


@pytest.fixture(scope="module")
def homes(tmp_path_factory: pytest.TempPathFactory, server: Postgres | None) -> Iterator[Homes]:
    """Two homes that differ in the closed documents alone, by their environment; the documents' ids, and a token for each person."""
    folder = tmp_path_factory.mktemp("scope")
    full, bare = {"ARCHIVO_HOME": str(folder / "full")}, {"ARCHIVO_HOME": str(folder / "bare")}
    if server:
        full["ARCHIVO_DATABASE_URL"] = server.new_database()
    with pytest.MonkeyPatch.context() as patch:
        for name, value in full.items():
            patch.setenv(name, value)
        with opened() as archive:
            imported = import_trd(archive, CHIEF, schedule(), "trd.csv")
            assert imported.id is not None
            work_until_done(archive, objects_of_import(archive, imported.id))
            roles = {"entrega": "entity", "otra": "entity", "sofia": "servant", "olga": "operator", "ana": "archivist"}
            for login, role in roles.items():
                create_user(archive, CHIEF, login, role, password=PASSWORD)
            tokens = {login: create_token(archive, CHIEF, login) for login in roles}
            ids = {"twin": fill_twin(archive)}
        shutil.copytree(folder / "full", folder / "bare")
        if server:
            bare["ARCHIVO_DATABASE_URL"] = server.new_database(full["ARCHIVO_DATABASE_URL"])
        with opened() as archive:
            ids |= {way: fill_closed(archive, way) for way in WAYS}
    yield full, bare, ids, tokens
    if server:
        server.drop(full["ARCHIVO_DATABASE_URL"])
        server.drop(bare["ARCHIVO_DATABASE_URL"])


def house(home: Environment, ids: Mapping[str, str], tokens: Mapping[str, str]) -> Iterator[House]:
    archive, tools = assemble(read_settings(home))
    with TestClient(create_app(archive, "secreto"), base_url="http://archivo.test", follow_redirects=False) as web:
        yield House(archive, web, ids, tokens)
    tools.close()
    archive.database.close()


@pytest.fixture(scope="module")
def full(homes: Homes) -> Iterator[House]:
    yield from house(homes[0], homes[2], homes[3])


@pytest.fixture(scope="module")
def bare(homes: Homes) -> Iterator[House]:
    yield from house(homes[1], homes[2], homes[3])


def questions(way: str, field: str) -> list[dict[str, str | int]]:
    """One word asked for in every manner."""
    word = WORDS[way, field]
    asked: list[dict[str, str | int]] = [
        {"q": text}
        for text in (
            word,
            word[:6],
            f"{word[:6]}*",
            f"{word[:4]}x{word[5:]}",
            word.replace("o", "0").replace("i", "1").replace("m", "rn"),
            f"{word} faroles",
            f'"{word}"',
            f'"Primero {word}"',
        )
    ]
    return [*asked, {"q": word, "series": CODES[way]}, {"q": word, "type": f"Oficio {word}"}, {"q": word, "from_year": YEARS[way]}]


def answer(house: House, login: str | None, asked: Mapping[str, Any]) -> dict[str, Any]:
    """What the API answers, but for the time it took and scores, which depend on how much is kept."""
    response = house.get("/api/v1/search", login, params=asked)
    assert response.status_code == 200, response.text
    said: dict[str, Any] = response.json()
    del said["took_ms"]
    for hit in said["hits"]:
        del hit["score"]
    return said


class TestWhatIsClosedExists:
    """Without this the absence of everything below would prove nothing."""

    @pytest.mark.parametrize("way", [way for way in WAYS if way not in ("received", "failed", "drawn")])
    def test_who_may_see_finds_each_word(self, full: House, way: str) -> None:
        for field in INDEXED:
            for login in ("ana", "entrega"):
                found = answer(full, login, {"q": WORDS[way, field]})
                assert [hit["id"] for hit in found["hits"]] == [full.ids[way]], field
        narrow = answer(full, "ana", {"q": WORDS[way, "page2"], "series": CODES[way], "from_year": YEARS[way], "to_year": YEARS[way]})
        assert narrow["hits"][0]["page"] == 2
        assert WORDS[way, "series"] in json.dumps(narrow["facets"]["series"])
        page1 = WORDS[way, "page1"]
        assert answer(full, "ana", {"q": f"{page1[:4]}x{page1[5:]}"})["did_you_mean"]

    @pytest.mark.parametrize("way", WAYS)
    def test_who_may_see_reads_its_reasons_and_findings(self, full: House, way: str) -> None:
        record = full.get(f"/api/v1/documents/{full.ids[way]}", "ana")
        assert record.status_code == 200
        for field in set(FIELDS) - {"page1", "page2"}:
            assert WORDS[way, field] in record.text, field


@pytest.mark.parametrize("way", WAYS)
class TestSearch:
    def test_a_citizen_is_answered_as_if_it_did_not_exist(self, full: House, bare: House, way: str) -> None:
        for field in FIELDS:
            for asked in questions(way, field)[: 3 if way in ("received", "failed") else None]:
                assert answer(full, None, asked) == answer(bare, None, asked), asked

    def test_an_entity_and_an_operator_too(self, full: House, bare: House, way: str) -> None:
        for field in FIELDS:
            for asked in (questions(way, field)[0], questions(way, field)[3]):
                for login in ("otra", "olga"):
                    assert answer(full, login, asked) == answer(bare, login, asked), asked

    def test_a_servant_sees_what_is_public_and_no_more(self, full: House, way: str) -> None:
        for field in FIELDS:
            for asked in questions(way, field)[:5]:
                said = answer(full, "sofia", asked)
                if way not in SERVANT_SEES:
                    assert full.ids[way] not in json.dumps(said)
                    assert WORDS[way, field] not in json.dumps(said)
                    assert said["total"] == 0

    def test_the_page_of_results_is_the_same(self, full: House, bare: House, way: str) -> None:
        for field in FIELDS:
            one, other = (each.get("/buscar", params={"q": WORDS[way, field]}) for each in (full, bare))
            assert one.status_code == 200
            assert one.text == other.text
        for chosen in (
            {"serie": CODES[way]},
            {"tipo": f"Oficio {WORDS[way, 'document_type']}"},
            {"desde": YEARS[way], "hasta": YEARS[way]},
        ):
            assert full.get("/buscar", params=chosen).text == bare.get("/buscar", params=chosen).text


@settings(max_examples=60, deadline=None)
@given(words=st.lists(st.sampled_from([*WORDS.values(), *TWIN.split(), '"', "-", "1899", "oficio"]), max_size=6), quoted=st.booleans())
def test_no_question_at_all_tells_them_apart(full: House, bare: House, words: list[str], quoted: bool) -> None:
    asked = {"q": f'"{" ".join(words)}"' if quoted else " ".join(words)}
    one, other = (answer(each, None, asked) for each in (full, bare))
    for each in (one, other):
        each["hits"] = [(hit["id"], hit["title"]) for hit in each["hits"]]  # which page is best depends on how much is kept
    assert one == other


def test_the_first_page_and_what_can_be_gone_through_are_the_same(full: House, bare: House) -> None:
    for address in ("/", "/buscar", "/ayuda", "/ingresar", "/api/v1/openapi.json"):
        one, other = full.get(address), bare.get(address)
        assert one.status_code == other.status_code == 200
        assert tokenless(one.text) == tokenless(other.text)


def tokenless(text: str) -> str:
    return re.sub(r'ficha(": |" value=)"[\w-]{43}"', "", text)


def test_the_command_line_as_a_citizen_and_as_others(homes: Homes, archivo: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    def said(home: Environment, *words: str) -> Any:
        for name, kept in home.items():
            monkeypatch.setenv(name, kept)
        value = archivo("search", "--json", *words).value
        return {name: kept for name, kept in value.items() if name != "took_ms"}

    full, bare, ids, _ = homes
    for way in ("unpublished", "reservada", "withdrawn", "received"):
        word = WORDS[way, "title"]
        for words in ((word,), ("--as", "otra", f"{word[:4]}x{word[5:]}"), ("--as", "olga", "--series", CODES[way], word)):
            assert said(full, *words) == said(bare, *words)
    assert said(full, "--as", "ana", WORDS["reservada", "title"])["hits"][0]["id"] == ids["reservada"]


def signed_in(house: House, login: str) -> TestClient:
    web = TestClient(create_app(house.archive, "secreto"), base_url="http://archivo.test", follow_redirects=False)
    found = re.search(r'name="ficha" value="([^"]+)"', web.get("/ingresar").text)
    assert found
    assert web.post("/ingresar", data={"ficha": found[1], "usuario": login, "clave": PASSWORD}).status_code == 303
    return web


PLACES = (
    "/documentos/{id}",
    "/documentos/{id}?ver=descripcion",
    "/documentos/{id}?ver=contexto",
    "/documentos/{id}?ver=integridad",
    "/documentos/{id}?q=faroles&pagina=2",
    "/documentos/{id}?pagina=999",
    "/documentos/{id}/paginas/1/imagen",
    "/documentos/{id}/paginas/99/imagen",
    "/documentos/{id}/paginas/1/recorte?x0=1&y0=1&x1=50&y1=20",
    "/documentos/{id}/descargar/original",
    "/documentos/{id}/descargar/preservation",
    "/documentos/{id}/descargar/access",
    "/documentos/{id}/descargar/otra",
    "/documentos/{id}/editar",
    "/recibir/{id}",
    "/clasificar/{id}",
    "/trabajos?antes={id}",
    "/api/v1/documents/{id}",
    "/api/v1/documents/{id}/text",
    "/api/v1/documents/{id}/text?page=1",
    "/api/v1/documents/{id}/text?page=99",
    "/api/v1/documents/{id}/classification",
)


def told(response: Any, document: str) -> tuple[int, dict[str, str], bytes]:
    """A whole answer, but for the identifier asked for and this session's own token."""
    headers = {name: value.replace(document, "ID") for name, value in response.headers.items() if name != "set-cookie"}
    return response.status_code, headers, tokenless(response.text.replace(document, "ID")).encode()


class TestAddresses:
    """What does not exist and what is not yours are told with the same bytes."""

    @pytest.mark.parametrize("place", PLACES)
    @pytest.mark.parametrize("login", [None, "otra", "olga", "sofia"])
    def test_what_is_not_yours_is_as_what_is_not_there(
        self, full: House, webs: dict[str | None, TestClient], place: str, login: str | None
    ) -> None:
        if place.startswith("/trabajos"):
            place = "/trabajos/{id}"
        for way in ("drawn", "restricted") if login == "sofia" else ("drawn", "restricted", "withdrawn", "received"):
            there, absent = full.ids[way], ABSENT
            if place.startswith("/api/"):
                one, other = full.get(place.format(id=there), login), full.get(place.format(id=absent), login)
            else:
                one, other = webs[login].get(place.format(id=there)), webs[login].get(place.format(id=absent))
            assert one.status_code in (303, 403, 404)
            assert told(one, there) == told(other, absent), way
            assert not any(word in one.text for word in WORDS.values())

    def test_a_tag_known_from_before_opens_nothing(self, full: House) -> None:
        for way in ("reservada", "withdrawn"):
            tag = full.get(f"/api/v1/documents/{full.ids[way]}", "ana").headers["etag"]
            for login in (None, "otra", "olga"):
                for kept in (tag, f"W/{tag}", "*"):
                    headers = {"if-none-match": kept}
                    refused = full.get(f"/api/v1/documents/{full.ids[way]}", login, headers=headers)
                    assert told(refused, full.ids[way]) == told(full.get(f"/api/v1/documents/{ABSENT}", login, headers=headers), ABSENT)

    def test_orders_on_what_is_not_yours(self, full: House) -> None:
        for login in ("otra", "olga", "sofia"):
            for method, address in (
                ("post", "/api/v1/documents/{id}/publication"),
                ("delete", "/api/v1/documents/{id}/publication"),
                ("put", "/api/v1/documents/{id}/classification"),
            ):
                headers = {"authorization": f"Bearer {full.tokens[login]}"}
                one, other = (
                    full.web.request(method, address.format(id=each), headers=headers, json={"code": "no-existe"})
                    for each in (full.ids["reservada"], ABSENT)
                )
                assert one.status_code in (403, 404)
                assert told(one, full.ids["reservada"]) == told(other, ABSENT)

    def test_the_same_bytes_reveal_nothing(self, full: House, bare: House) -> None:
        """A digest is no proof that somebody else deposited a document."""
        content = (CORPUS / "14-auto-disciplinario-2024.pdf").read_bytes()
        headers = {"authorization": f"Bearer {full.tokens['otra']}"}
        answers = [each.web.post("/api/v1/documents", headers=headers, files={"file": ("auto.pdf", content)}) for each in (full, bare)]
        assert [each.status_code for each in answers] == [202, 202]
        (one,), (other,) = (each.json()["documents"] for each in answers)
        assert one["duplicate_of"] is None
        assert one | {"id": ""} == other | {"id": ""}


@pytest.fixture(scope="module")
def webs(full: House) -> dict[str | None, TestClient]:
    """Each person's browser, and a citizen's."""
    return {None: full.web} | {login: signed_in(full, login) for login in ("otra", "olga", "sofia")}


class TestStaffPages:
    def test_an_operator_sees_jobs_and_no_content(self, webs: dict[str | None, TestClient]) -> None:
        for address in ("/trabajos", "/trabajos?estado=done", "/personas", "/trabajos.csv?estado=done", "/documentos", "/documentos.csv"):
            page = webs["olga"].get(address)
            assert page.status_code == 200
            assert not any(word in page.text for word in WORDS.values())

    def test_a_servant_sees_in_the_desk_what_is_public(self, full: House, webs: dict[str | None, TestClient]) -> None:
        closed = [WORDS[way, field] for way in WAYS if way not in SERVANT_SEES for field in FIELDS if field != "series"]
        lists = (
            "/documentos",
            "/documentos?q=oficio&orden=titulo",
            "/documentos.csv",
            "/documentos.csv?q=oficio",
            "/trabajo.csv",
            "/buscar.csv",
        )
        for address in ("/trabajo", "/trabajo?motivo=failed", "/clasificar", "/buscar?q=oficio", "/buscar", "/", *lists):
            page = webs["sofia"].get(address)
            assert page.status_code == 200
            assert not any(word in page.text for word in closed)
            assert not any(full.ids[way] in page.text for way in WAYS if way not in SERVANT_SEES)

    @pytest.mark.parametrize("address", ["/documentos.csv", "/documentos", "/buscar.csv"])
    def test_no_word_of_what_is_closed_finds_it_in_a_list(self, full: House, webs: dict[str | None, TestClient], address: str) -> None:
        for login, seen in (("sofia", SERVANT_SEES), (None, frozenset()), ("olga", frozenset())):
            if login is None and address.startswith("/documentos"):
                continue
            for way in (way for way in WAYS if way not in seen):
                for field in INDEXED:
                    page = webs[login].get(address, params={"q": WORDS[way, field]})
                    assert full.ids[way] not in page.text
                    others = page.text.replace(WORDS[way, field], "")
                    assert not any(word in others for key, word in WORDS.items() if key[0] not in seen and key[1] != "series")

    def test_a_stranger_is_sent_to_sign_in(self, full: House) -> None:
        for address in (
            "/trabajo",
            "/recibir",
            "/clasificar",
            "/trabajos",
            "/personas",
            "/trd",
            "/mi-clave",
            "/documentos",
            "/documentos.csv",
        ):
            assert full.web.get(address).status_code == 303


class TestTrail:
    def entries(self, house: House) -> int:
        with house.archive.reading() as session:
            return session.scalar(select(func.count()).select_from(AuditEntry)) or 0

    def last(self, house: House) -> AuditEntry:
        with house.archive.reading() as session:
            return session.scalars(select(AuditEntry).order_by(AuditEntry.sequence.desc()).limit(1)).one()

    def test_what_a_citizen_looks_for_leaves_no_entry(self, full: House) -> None:
        before = self.entries(full)
        full.get("/buscar", params={"q": WORDS["reservada", "title"]})
        full.get("/api/v1/search", params={"q": "faroles"})
        full.get(f"/documentos/{full.ids['twin']}?q=faroles")
        full.get(f"/documentos/{full.ids['reservada']}")
        full.get(f"/documentos/{full.ids['twin']}/descargar/original")
        assert self.entries(full) == before

    def test_a_refusal_leaves_one(self, full: House, webs: dict[str | None, TestClient]) -> None:
        before = self.entries(full)
        assert webs["olga"].get(f"/documentos/{full.ids['reservada']}/editar").status_code == 403
        assert self.entries(full) == before + 1
        entry = self.last(full)
        assert (entry.actor, entry.act, entry.outcome, entry.object_id) == ("olga", "describe", "refused", full.ids["reservada"])

    @pytest.mark.parametrize("place", ["/api/v1/documents/{id}", "/api/v1/documents/{id}/text"])
    def test_reading_what_is_restricted_leaves_one(self, full: House, place: str) -> None:
        before = self.entries(full)
        assert full.get(place.format(id=full.ids["reservada"]), "ana").status_code == 200
        assert self.entries(full) == before + 1
        assert (self.last(full).actor, self.last(full).object_id) == ("ana", full.ids["reservada"])

    def test_downloading_what_is_restricted_leaves_one(self, full: House) -> None:
        ana = signed_in(full, "ana")
        before = self.entries(full)
        assert ana.get(f"/documentos/{full.ids['reservada']}/descargar/original").status_code == 200
        assert self.entries(full) == before + 1
        assert self.last(full).act == "document.download"

    def test_its_entries_hold_no_words_of_documents(self, full: House) -> None:
        with full.archive.reading() as session:
            written = json.dumps([[e.actor, e.act, e.object_id, e.detail] for e in session.scalars(select(AuditEntry))], ensure_ascii=False)
        assert not any(word in written for word in WORDS.values())


class TestStaleIndex:
    """An index that was left behind may hide a record; it may never reveal one."""

    @pytest.fixture
    def stale(self, full: House) -> Iterator[Document]:
        with full.archive.reading() as session:
            document = session.get_one(Document, full.ids["reservada"])
            parts = list(session.scalars(select(DocumentPart).filter_by(document_id=document.id)))
            session.expunge_all()
        good = list(entries_of(document, parts, (CODES["reservada"],)))
        full.archive.index.put([replace(entry, labels=frozenset(("public",))) for entry in good])
        yield document
        full.archive.index.put(good)

    def test_it_hides_what_the_catalogue_closes(self, full: House, bare: House, stale: Document) -> None:
        for field in INDEXED:
            for asked in ({"q": WORDS["reservada", field]}, {"q": f"{WORDS['reservada', field]} faroles"}):
                honest = answer(bare, None, asked)
                for login in (None, "otra", "olga", "sofia"):
                    said = answer(full, login, asked)
                    assert (said["total"], said["hits"]) == (honest["total"], honest["hits"])
                    assert not re.search(f"{stale.id}|Oficio|{CODES['reservada']}|{YEARS['reservada']}", json.dumps(said))

    def test_its_words_are_not_suggested(self, full: House, stale: Document) -> None:
        word = WORDS["reservada", "page1"]
        said = answer(full, None, {"q": f"{word[:4]}x{word[5:]}"})
        assert (said["total"], said["hits"], said["did_you_mean"]) == (0, [], None)

    def test_pages_show_nothing_of_it(self, full: House, stale: Document) -> None:
        word = WORDS["reservada", "page1"]
        text = html.unescape(full.get("/buscar", params={"q": f"{word[:4]}x{word[5:]}"}).text)
        assert stale.id not in text
        assert word not in text


ALL_GRANTS = st.frozensets(st.sampled_from([*Grant]))
DOCUMENTS = st.tuples(st.sampled_from([*AccessClass]), st.booleans(), st.sampled_from(["ana", "otra"]))


@given(some=ALL_GRANTS, more=ALL_GRANTS, document=DOCUMENTS)
def test_more_grants_never_see_less(some: frozenset[str], more: frozenset[str], document: tuple[str, bool, str]) -> None:
    few, many = Actor("ana", "r", some), Actor("ana", "r", some | more)
    assert may_see(few, *document) <= may_see(many, *document)


@given(grants=ALL_GRANTS, document=DOCUMENTS)
def test_publishing_never_opens_what_is_restricted(grants: frozenset[str], document: tuple[str, bool, str]) -> None:
    access, _, owner = document
    actor = Actor("luis", "r", grants)
    if access != AccessClass.PUBLICA:
        assert may_see(actor, access, True, owner) == may_see(actor, access, False, owner)
        assert "public" not in labels_of(access, True, owner)


def test_more_grants_never_find_less(full: House) -> None:
    """The same through the index: what who holds fewer labels finds, who holds more finds too."""
    words = [WORDS[way, "page1"] for way in WAYS] + ["faroles"]
    seen: set[str] = set()
    grants: frozenset[str] = frozenset()
    for grant in (None, Grant.SEE_PUBLICA, Grant.SEE_CLASIFICADA, Grant.SEE_RESERVADA):
        grants |= {grant} if grant else set()
        now = {hit.id for word in words for hit in find(full.archive, Actor("luis", "r", grants), Query(word)).hits}
        assert seen <= now
        seen = now
    assert seen >= {full.ids[way] for way in WAYS if way not in ("received", "failed", "drawn")}
