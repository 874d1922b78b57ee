"""The API: what is handed over is kept or said why not, and nothing that is sent makes it fail."""

import asyncio
import contextlib
import http.client
import json
import re
import shutil
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select
from starlette.testclient import TestClient

from archivo.access.policy import custody
from archivo.access.services import create_token, create_user
from archivo.app import create_app
from archivo.archive import Archive
from archivo.assembly import opened
from archivo.intake.models import DigestClaim
from archivo.records.models import Document, Incoming
from preservation.ocfl import StorageRoot
from preservation.store import StoreFull, StoreUnavailable
from tests.processes import until
from tests.servers import Postgres

from .conftest import Template, rows_of_its_own

CHIEF = custody("pruebas")
DOCUMENTS = "/api/v1/documents"
UNKNOWN = "01900000-0000-7000-8000-000000000000"


def token_of(archive: Archive, role: str) -> dict[str, str]:
    create_user(archive, CHIEF, f"persona-{role}", role)
    return {"authorization": f"Bearer {create_token(archive, CHIEF, f'persona-{role}')}"}


@pytest.fixture
def entity(archive: Archive) -> dict[str, str]:
    return token_of(archive, "entity")


def is_problem(response: Any, status: int, code: str | None = None) -> bool:
    """Whether an answer is an error as the contract words it."""
    body = response.json()
    assert response.headers["content-type"] == "application/problem+json"
    assert set(body) >= {"type", "title", "status", "detail", "code", "remedy"}
    assert all(body[name] for name in ("title", "detail", "code", "remedy"))
    assert (response.status_code, body["status"]) == (status, status), body
    assert code is None or body["code"] == code, body
    return True


def is_empty(archive: Archive, home: Path) -> bool:
    """Whether nothing at all is left of what was sent: no row, no object, no bytes in flight."""
    with archive.reading() as session:
        rows = [session.scalar(select(func.count()).select_from(model)) for model in (Document, Incoming, DigestClaim)]
    objects = [path for path in (home / "store").rglob("0=ocfl_object_*")]
    flying = [path for path in (home / "incoming").rglob("*") if path.is_file()]
    assert (rows, objects, flying) == ([0, 0, 0], [], [])
    return True


def raw(*parts: tuple[str, str | None, bytes], end: bytes = b"--frontera--\r\n") -> bytes:
    body = b""
    for name, filename, content in parts:
        named = f'; filename="{filename}"' if filename is not None else ""
        body += f'--frontera\r\nContent-Disposition: form-data; name="{name}"{named}\r\n\r\n'.encode() + content + b"\r\n"
    return body + end


FORM = {"content-type": "multipart/form-data; boundary=frontera"}
BAD_METADATA = [
    "no es json",
    "[" * 100_000,
    '"texto"',
    "[]",
    "null",
    '{"color": "rojo"}',
    '{"title": 7}',
    '{"date": "1936-13"}',
    '{"access": "secreta"}',
    '{"published": "quizá"}',
    '{"access": "reservada", "published": true}',
    '{"office": "999"}',
    '{"series": "999-99"}',
    '{"title": "a\\u0000b"}',
    '{"title": "\\ud800"}',
    f'{{"title": "{"a" * 1001}"}}',
    f'{{"document_type": "{"a" * 201}"}}',
]
NOT_WELL_FORMED: list[tuple[dict[str, str], bytes, str]] = [
    ({"content-type": "application/json"}, b"{}", "upload.malformed"),
    ({"content-type": "multipart/form-data"}, b"", "upload.malformed"),
    (FORM, b"", "upload.malformed"),
    (FORM, b"esto no es un formulario", "upload.malformed"),
    (FORM, raw(("file", "a.txt", b"uno"), end=b""), "upload.malformed"),
    (FORM, raw(("metadata", None, b"\xff\xfe"), ("file", "a.txt", b"uno")), "upload.malformed"),
    (FORM, raw(), "upload.nothing"),
    (FORM, raw(("metadata", None, b"{}")), "upload.nothing"),
    (FORM, raw(("otro", None, b"campo")), "upload.nothing"),
]


class TestDeposit:
    def test_one_file_is_kept_and_has_an_address(self, client: TestClient, entity: dict[str, str]) -> None:
        metadata = json.dumps({"title": "Carta", "date": "1936-05", "access": "Reservada"})
        sent = client.post(DOCUMENTS, headers=entity, data={"metadata": metadata}, files={"file": ("carta.txt", b"querida ciudad")})
        assert sent.status_code == 202
        (one,) = sent.json()["documents"]
        assert sent.headers["location"] == f"{DOCUMENTS}/{one['id']}"
        assert (one["filename"], one["size"], one["state"], one["duplicate_of"]) == ("carta.txt", 14, "received", None)
        shown = client.get(sent.headers["location"], headers=entity).json()
        assert (shown["title"], shown["date"], shown["access"], shown["published"]) == ("Carta", "1936-05", "reservada", False)

    def test_several_files_share_an_object_or_have_one_each(self, client: TestClient, entity: dict[str, str]) -> None:
        files = [("file", (f"{n}.txt", f"texto {n}".encode())) for n in range(3)]
        shared = client.post(DOCUMENTS, headers=entity, data={"metadata": '{"document_type": "Acta"}'}, files=files)
        ids = [one["id"] for one in shared.json()["documents"]]
        assert [client.get(f"{DOCUMENTS}/{i}", headers=entity).json()["document_type"] for i in ids] == ["Acta"] * 3
        files = [("file", (f"{n}.txt", f"otro {n}".encode())) for n in range(2)]
        listed = client.post(DOCUMENTS, headers=entity, data={"metadata": '[{"title": "A"}, {"title": "B"}]'}, files=files)
        ids = [one["id"] for one in listed.json()["documents"]]
        assert [client.get(f"{DOCUMENTS}/{i}", headers=entity).json()["title"] for i in ids] == ["A", "B"]

    def test_metadata_may_be_sent_as_a_file(self, client: TestClient, entity: dict[str, str]) -> None:
        files = [("metadata", ("datos.json", b'{"title": "Con nombre"}')), ("file", ("a.txt", b"a"))]
        (one,) = client.post(DOCUMENTS, headers=entity, files=files).json()["documents"]
        assert client.get(f"{DOCUMENTS}/{one['id']}", headers=entity).json()["title"] == "Con nombre"

    def test_the_same_bytes_again_are_known(self, client: TestClient, entity: dict[str, str]) -> None:
        first = client.post(DOCUMENTS, headers=entity, files={"file": ("a.txt", b"lo mismo")})
        again = client.post(DOCUMENTS, headers=entity, files={"file": ("b.txt", b"lo mismo")})
        assert (first.status_code, again.status_code) == (202, 200)
        (one,), (other,) = first.json()["documents"], again.json()["documents"]
        assert other["id"] == other["duplicate_of"] == one["id"]
        assert again.headers["location"] == first.headers["location"]
        both = client.post(DOCUMENTS, headers=entity, files=[("file", ("b.txt", b"lo mismo")), ("file", ("c.txt", b"nuevo"))])
        assert both.status_code == 202

    def test_more_files_than_descriptions(self, client: TestClient, entity: dict[str, str]) -> None:
        """What was kept is told, and what was not says why."""
        files = [("file", ("a.txt", b"uno")), ("file", ("b.txt", b"dos"))]
        sent = client.post(DOCUMENTS, headers=entity, data={"metadata": '[{"title": "Solo uno"}]'}, files=files)
        kept, refused = sent.json()["documents"]
        assert (sent.status_code, kept["state"]) == (202, "received")
        assert (refused["filename"], refused["error"]["code"]) == ("b.txt", "metadata.count")

    def test_a_bad_description_spoils_only_its_file(self, client: TestClient, entity: dict[str, str]) -> None:
        metadata = json.dumps([{"date": "1936-13"}, {"title": "Buena"}])
        files = [("file", ("a.txt", b"uno")), ("file", ("b.txt", b"dos"))]
        sent = client.post(DOCUMENTS, headers=entity, data={"metadata": metadata}, files=files)
        refused, kept = sent.json()["documents"]
        assert refused["error"]["code"] == "date.edtf"
        assert sent.headers["location"].endswith(kept["id"])


class TestIdempotency:
    def test_the_same_request_has_one_answer(self, client: TestClient, entity: dict[str, str]) -> None:
        headers = entity | {"idempotency-key": "envio-1"}
        answers = [
            client.post(DOCUMENTS, headers=headers, data={"metadata": '{"title": "T"}'}, files={"file": ("a.txt", b"uno")})
            for _ in range(3)
        ]
        assert {(a.status_code, a.text, a.headers["location"]) for a in answers} == {(202, answers[0].text, answers[0].headers["location"])}

    def test_a_key_serves_one_request(self, client: TestClient, entity: dict[str, str], archive: Archive) -> None:
        headers = entity | {"idempotency-key": "k"}
        assert client.post(DOCUMENTS, headers=headers, files={"file": ("a.txt", b"uno")}).status_code == 202
        for more in (
            {"files": {"file": ("a.txt", b"dos")}},
            {"files": {"file": ("a.txt", b"uno")}, "data": {"metadata": '{"title": "X"}'}},
        ):
            assert is_problem(client.post(DOCUMENTS, headers=headers, **more), 422, "idempotency.reused")
        with archive.reading() as session:
            assert session.scalar(select(func.count()).select_from(Document)) == 1

    def test_each_sender_has_keys_of_its_own(self, client: TestClient, entity: dict[str, str], archive: Archive) -> None:
        other = token_of(archive, "archivist")
        for sender, content in ((entity, b"uno"), (other, b"dos")):
            sent = client.post(DOCUMENTS, headers=sender | {"idempotency-key": "k"}, files={"file": ("a.txt", content)})
            assert sent.status_code == 202

    def test_what_was_refused_may_be_tried_again_with_its_key(self, client: TestClient, entity: dict[str, str], archive: Archive) -> None:
        headers = entity | {"idempotency-key": "k"}
        files = [("file", ("a.txt", b"uno")), ("file", ("b.txt", b"x" * 50))]
        small = replace(archive, institution=replace(archive.institution, max_upload_bytes=20))
        with TestClient(create_app(small, "s")) as web:
            assert "error" in web.post(DOCUMENTS, headers=headers, files=files).json()["documents"][1]
        again = client.post(DOCUMENTS, headers=headers, files=files)
        assert [one.get("state") for one in again.json()["documents"]] == ["received", "received"]

    def test_a_bad_key_stores_nothing(self, client: TestClient, entity: dict[str, str], archive: Archive, home: Path) -> None:
        for key in ("", "x" * 201, "a\x01b"):
            sent = client.post(DOCUMENTS, headers=entity | {"idempotency-key": key}, files={"file": ("a.txt", b"uno")})
            assert is_problem(sent, 422, "idempotency.key")
        assert is_empty(archive, home)


class TestRefused:
    def test_without_a_token(self, client: TestClient, archive: Archive, home: Path) -> None:
        for headers, code in (
            ({}, "token.needed"),
            ({"authorization": "Bearer archivo_inventada"}, "token.invalid"),
            ({"authorization": "Basic YTpi"}, "token.scheme"),
        ):
            sent = client.post(DOCUMENTS, headers=headers, files={"file": ("a.txt", b"uno")})
            assert is_problem(sent, 401, code)
            assert sent.headers["www-authenticate"] == "Bearer"
        assert is_empty(archive, home)

    def test_a_role_that_may_not(self, client: TestClient, archive: Archive, home: Path) -> None:
        operator = token_of(archive, "operator")
        assert is_problem(client.post(DOCUMENTS, headers=operator, files={"file": ("a.txt", b"uno")}), 403, "access.refused")
        assert is_problem(client.post(f"{DOCUMENTS}/{UNKNOWN}/publication", headers=operator), 403)
        assert is_problem(client.put(f"{DOCUMENTS}/{UNKNOWN}/classification", headers=operator, json={"code": "x"}), 403)
        assert is_empty(archive, home)

    def test_an_entity_may_not_publish(self, client: TestClient, entity: dict[str, str], archive: Archive, home: Path) -> None:
        sent = client.post(DOCUMENTS, headers=entity, data={"metadata": '{"published": true}'}, files={"file": ("a.txt", b"uno")})
        assert is_problem(sent, 403)
        assert is_empty(archive, home)

    def test_a_bad_description_stores_nothing(self, client: TestClient, archive: Archive, home: Path) -> None:
        chief = token_of(archive, "archivist")
        for metadata in BAD_METADATA:
            sent = client.post(DOCUMENTS, headers=chief, data={"metadata": metadata}, files={"file": ("a.txt", b"uno")})
            assert is_problem(sent, 422), metadata
        assert is_empty(archive, home)

    def test_too_large(self, archive: Archive, entity: dict[str, str], home: Path) -> None:
        small = replace(archive, institution=replace(archive.institution, max_upload_bytes=1000))
        with TestClient(create_app(small, "s")) as web:
            assert is_problem(web.post(DOCUMENTS, headers=entity, files={"file": ("a.txt", b"x" * 1001)}), 413, "upload.too-large")
            assert is_empty(archive, home)
            assert web.post(DOCUMENTS, headers=entity, files={"file": ("a.txt", b"x" * 1000)}).status_code == 202

    @pytest.mark.parametrize(("fault", "status", "code"), [(StoreFull, 507, "store.full"), (StoreUnavailable, 503, "store.unavailable")])
    def test_no_room(self, archive: Archive, entity: dict[str, str], home: Path, fault: type[Exception], status: int, code: str) -> None:
        class Full:
            """A store with no room for one more byte; for the rest, the archive's own."""

            def __getattr__(self, name: str) -> Any:
                return getattr(archive.store, name)

            def put(self, *_: Any, **__: Any) -> Any:
                raise fault("sin espacio")

        store: Any = Full()
        full = replace(archive, store=store, packages=StorageRoot(store))
        with TestClient(create_app(full, "s")) as web:
            assert is_problem(web.post(DOCUMENTS, headers=entity, files={"file": ("a.txt", b"uno")}), status, code)
        assert is_empty(archive, home)

    def test_what_is_not_well_formed(self, client: TestClient, archive: Archive, entity: dict[str, str], home: Path) -> None:
        for headers, body, code in NOT_WELL_FORMED:
            assert is_problem(client.post(DOCUMENTS, headers=entity | headers, content=body), 400, code)
        assert is_empty(archive, home)

    def test_a_description_after_its_file(self, client: TestClient, entity: dict[str, str]) -> None:
        """What was kept before it is told with its identifier."""
        body = raw(("file", "a.txt", b"uno"), ("metadata", None, b"{}"), ("file", "b.txt", b"dos"))
        sent = client.post(DOCUMENTS, headers=entity | FORM, content=body)
        assert is_problem(sent, 400, "metadata.late")
        (kept,) = sent.json()["documents"]
        assert kept["filename"] == "a.txt"
        assert client.get(f"{DOCUMENTS}/{kept['id']}", headers=entity).status_code == 200

    def test_a_request_that_breaks_after_its_first_file(self, client: TestClient, entity: dict[str, str]) -> None:
        body = raw(("file", "a.txt", b"uno"), ("file", "b.txt", b"dos"), end=b"")
        sent = client.post(DOCUMENTS, headers=entity | FORM, content=body)
        assert is_problem(sent, 400, "upload.malformed")
        assert [one["filename"] for one in sent.json()["documents"]] == ["a.txt"]

    def test_a_field_that_is_not_known(self, client: TestClient, entity: dict[str, str]) -> None:
        """The remedy names those that are."""
        sent = client.post(DOCUMENTS, headers=entity, data={"metadata": '{"color": "rojo"}'}, files={"file": ("a.txt", b"uno")})
        assert is_problem(sent, 422, "metadata.field")
        for name in ("title", "date", "office", "series", "document_type", "access", "published"):
            assert name in sent.json()["remedy"]

    def test_a_name_with_what_no_name_has(self, client: TestClient, entity: dict[str, str]) -> None:
        """Whatever the name, the bytes are kept and the name is told as text."""
        for number, name in enumerate(
            (b"a\x00b.txt", b"latin\xe1.txt", b"../../etc/passwd", b"x" * 300 + b".txt", "𝄞".encode() * 4092 + b".txt")
        ):
            body = b'--frontera\r\nContent-Disposition: form-data; name="file"; filename="' + name + b'"\r\n\r\n'
            sent = client.post(DOCUMENTS, headers=entity | FORM, content=body + b"texto %d\r\n--frontera--\r\n" % number)
            assert sent.status_code == 202
            told = sent.json()["documents"][0]["filename"]
            assert "\x00" not in told
            assert "/" not in told

    def test_a_name_longer_than_any(self, client: TestClient, entity: dict[str, str]) -> None:
        sent = client.post(DOCUMENTS, headers=entity, files={"file": ("y" * 9000 + ".txt", b"uno")})
        assert is_problem(sent, 422, "filename.long")

    def test_a_class_that_is_not_one(self, client: TestClient, archive: Archive) -> None:
        headers = token_of(archive, "archivist") | {"content-type": "application/json"}
        for body in (b"", b"{", b"[]", b'{"code": 7}', b"\xff", b'{"code": null}', b"[" * 100_000):
            assert is_problem(client.put(f"{DOCUMENTS}/{UNKNOWN}/classification", headers=headers, content=body), 400)

    def test_orders_need_a_token(self, client: TestClient) -> None:
        for method, place in (("put", "classification"), ("post", "publication"), ("delete", "publication")):
            assert is_problem(client.request(method, f"{DOCUMENTS}/{UNKNOWN}/{place}", json={"code": "x"}), 401, "token.needed")

    def test_addresses_and_methods_that_are_not(self, client: TestClient) -> None:
        assert is_problem(client.get("/api/v1/nada"), 404)
        assert is_problem(client.get(f"{DOCUMENTS}/{UNKNOWN}"), 404, "document.unknown")
        assert is_problem(client.get(f"{DOCUMENTS}/no-es"), 400, "identifier.malformed")
        refused = client.put(DOCUMENTS)
        assert is_problem(refused, 405)
        assert refused.headers["allow"] == "POST"

    def test_a_program_is_told_what_a_program_can_do(self, client: TestClient) -> None:
        """No answer sends it back to the buttons of a page: it names what is wrong and where the description is."""
        answers = [client.put(DOCUMENTS), client.get("/api/v1/search", params={"limit": "0", "offset": "x"})]
        for answer in answers:
            assert "/api/v1/openapi.json" in answer.json()["remedy"]
            assert not re.search("página|Vuelva atrás", answer.json()["detail"] + answer.json()["remedy"])
        assert "«limit», «offset»" in answers[1].json()["detail"]


@pytest.fixture
def port(archive: Archive) -> Iterator[int]:
    """The archive behind a real server of this process."""
    import uvicorn

    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        server = uvicorn.Server(uvicorn.Config(create_app(archive, "s"), log_level="warning", lifespan="off"))
        serving = threading.Thread(target=lambda: asyncio.run(server.serve(sockets=[listening])))
        serving.start()
        while not server.started:
            time.sleep(0.01)
        yield listening.getsockname()[1]
        server.should_exit = True
        serving.join()


def test_who_goes_away_in_the_middle_leaves_nothing(port: int, archive: Archive, entity: dict[str, str], home: Path) -> None:
    body = raw(("file", "a.txt", b"x" * 300_000), end=b"")[:-2]
    with socket.create_connection(("127.0.0.1", port)) as connection:
        head = f"POST {DOCUMENTS} HTTP/1.1\r\nHost: a\r\nAuthorization: {entity['authorization']}\r\nContent-Length: 900000\r\n"
        connection.sendall(head.encode() + b"Content-Type: multipart/form-data; boundary=frontera\r\n\r\n" + body)
        until(lambda: incoming(archive) == 1)
    until(lambda: incoming(archive) == 0)
    assert is_empty(archive, home)


def incoming(archive: Archive) -> int:
    with archive.reading() as session:
        return session.scalar(select(func.count()).select_from(Incoming)) or 0


SERVER = """
import sys, uvicorn
from archivo.app import create_app
from archivo.assembly import opened
with opened() as archive:
    uvicorn.run(create_app(archive, "s"), fd=int(sys.argv[1]), log_level="warning")
"""


def test_a_large_file_passes_through_little_memory(home: Path) -> None:
    with opened() as archive:
        headers = token_of(archive, "entity")
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen()
        address = listening.getsockname()
        serving = subprocess.Popen([sys.executable, "-c", SERVER, str(listening.fileno())], pass_fds=[listening.fileno()])
    try:
        assert post_blocks(address, headers, 1).status == 202
        before = peak(serving.pid)
        assert post_blocks(address, headers, 300).status == 202
        assert peak(serving.pid) - before < 60_000_000
    finally:
        serving.terminate()
        serving.wait()


def post_blocks(address: tuple[str, int], headers: dict[str, str], megabytes: int) -> http.client.HTTPResponse:
    head, tail = raw(("file", "grande.bin", b""), end=b"")[:-2], b"\r\n--frontera--\r\n"

    def body() -> Iterator[bytes]:
        yield head
        for number in range(megabytes):
            yield number.to_bytes(4, "big") * 250_000
        yield tail

    connection = http.client.HTTPConnection(*address)
    length = str(len(head) + 1_000_000 * megabytes + len(tail))
    connection.request("POST", DOCUMENTS, body=body(), headers=headers | FORM | {"content-length": length})
    response = connection.getresponse()
    response.read()
    connection.close()
    return response


def peak(pid: int) -> int:
    """The most memory a process has held, in bytes."""
    found = re.search(r"VmHWM:\s+(\d+) kB", Path(f"/proc/{pid}/status").read_text())
    assert found
    return int(found[1]) * 1000


class TestConsult:
    def test_pages_of_results(self, filled: Path, client: TestClient) -> None:
        whole = client.get("/api/v1/search", params={"q": "archivo", "limit": 100}).json()
        assert whole["total"] == len(whole["hits"]) > 2
        assert whole["next"] is None
        gathered, address = [], "/api/v1/search?q=archivo&limit=2"
        while address:
            page = client.get(address).json()
            assert page["total"] == whole["total"]
            gathered += [hit["id"] for hit in page["hits"]]
            address = page["next"]
        assert gathered == [hit["id"] for hit in whole["hits"]]

    def test_a_tag_stands_for_what_was_said(self, archive: Archive, client: TestClient, entity: dict[str, str]) -> None:
        where = client.post(DOCUMENTS, headers=entity, files={"file": ("a.txt", b"uno")}).headers["location"]
        first = client.get(where, headers=entity)
        tag = first.headers["etag"]
        for known in (tag, f"W/{tag}", f'"otra", {tag}', "*"):
            same = client.get(where, headers=entity | {"if-none-match": known})
            assert (same.status_code, same.content, same.headers["etag"]) == (304, b"", tag)
        chief = token_of(archive, "archivist")
        assert client.post(f"{where}/publication", headers=chief).status_code == 204
        changed = client.get(where, headers=entity | {"if-none-match": tag})
        assert changed.status_code == 200
        assert changed.headers["etag"] != tag
        assert changed.json()["published"] is True
        assert client.delete(f"{where}/publication", headers=chief).status_code == 204
        assert client.get(where, headers=entity).json()["published"] is False


class TestDescription:
    """openapi.json tells the truth."""

    @pytest.fixture
    def described(self, client: TestClient) -> dict[str, Any]:
        described: dict[str, Any] = client.get("/api/v1/openapi.json").json()
        return described

    def test_every_way_in_is_there_with_its_answers(self, described: dict[str, Any]) -> None:
        assert described["openapi"].startswith("3.1")
        assert set(described["paths"]) == {
            "/api/v1/search",
            "/api/v1/documents",
            "/api/v1/documents/{document_id}",
            "/api/v1/documents/{document_id}/text",
            "/api/v1/documents/{document_id}/classification",
            "/api/v1/documents/{document_id}/publication",
            "/health/live",
            "/health/ready",
        }
        for path, methods in described["paths"].items():
            for operation in methods.values():
                assert any(status.startswith("2") for status in operation["responses"])
                if path.startswith("/api/"):
                    assert "application/problem+json" in operation["responses"]["default"]["content"]
                named = {parameter["name"] for parameter in operation.get("parameters", []) if parameter["in"] == "path"}
                assert named == set(re.findall(r"{(\w+)}", path))
        identifiers = [operation["operationId"] for methods in described["paths"].values() for operation in methods.values()]
        assert len(identifiers) == len(set(identifiers))

    def test_the_upload_is_told_whole(self, described: dict[str, Any]) -> None:
        upload = described["paths"]["/api/v1/documents"]["post"]
        schema = upload["requestBody"]["content"]["multipart/form-data"]["schema"]
        assert set(schema["properties"]) == {"metadata", "file"}
        assert {"202", "400", "401", "403", "413", "422", "507"} <= set(upload["responses"])

    def test_every_reference_leads_somewhere(self, described: dict[str, Any]) -> None:
        for reference in re.findall(r'"\$ref": "#/([^"]+)"', json.dumps(described)):
            found: Any = described
            for step in reference.split("/"):
                found = found[step]
            assert found


ANY_TEXT = st.text(max_size=40)
ANY_NUMBER = st.one_of(st.integers(), st.sampled_from([10**30, -(10**30), 2**63, 2**31, 0, -1]), ANY_TEXT)


@pytest.fixture(scope="module")
def web(filled_template: Template, server: Postgres | None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[TestClient, str]]:
    home = tmp_path_factory.mktemp("fuzz") / "casa"
    shutil.copytree(filled_template.home, home)
    with contextlib.ExitStack() as stack:
        patch = stack.enter_context(pytest.MonkeyPatch.context())
        patch.setenv("ARCHIVO_HOME", str(home))
        stack.enter_context(rows_of_its_own(server, filled_template.rows, patch))
        archive = stack.enter_context(opened())
        client = stack.enter_context(TestClient(create_app(archive, "s"), raise_server_exceptions=True))
        with archive.reading() as session:
            public = session.scalars(select(Document.id).where(Document.published).limit(1)).one()
        yield client, public


class TestNothingMakesItFail:
    @settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.too_slow])
    @given(
        asked=st.fixed_dictionaries(
            {},
            optional={
                "q": st.one_of(ANY_TEXT, st.text('"“”«»*?-+():^~ aeiou0123/.', max_size=30)),
                "series": ANY_TEXT,
                "type": ANY_TEXT,
                "from_year": ANY_NUMBER,
                "to_year": ANY_NUMBER,
                "limit": ANY_NUMBER,
                "offset": ANY_NUMBER,
            },
        )
    )
    def test_searching(self, web: tuple[TestClient, str], asked: dict[str, Any]) -> None:
        response = web[0].get("/api/v1/search", params=encodable(asked))
        assert response.status_code == 200 or is_problem(response, 400)

    @settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.too_slow])
    @given(
        asked=st.fixed_dictionaries(
            {}, optional={name: st.one_of(ANY_TEXT, ANY_NUMBER) for name in ("q", "serie", "tipo", "desde", "hasta", "pagina")}
        )
    )
    def test_the_page_of_results(self, web: tuple[TestClient, str], asked: dict[str, Any]) -> None:
        assert web[0].get("/buscar", params=encodable(asked)).status_code in (200, 400)

    @settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
    @given(
        asked=st.fixed_dictionaries(
            {}, optional={"q": ANY_TEXT, "pagina": ANY_NUMBER, "coincidencia": ANY_NUMBER, "ver": ANY_TEXT, "page": ANY_NUMBER}
        ),
        place=st.sampled_from(["/documentos/{}", "/api/v1/documents/{}/text", "/api/v1/documents/{}"]),
    )
    def test_reading(self, web: tuple[TestClient, str], asked: dict[str, Any], place: str) -> None:
        assert web[0].get(place.format(web[1]), params=encodable(asked)).status_code in (200, 400, 404)

    @settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
    @given(
        number=st.one_of(st.integers(), st.sampled_from([10**30, 2**63, 0])),
        corners=st.lists(st.floats(), min_size=4, max_size=4),
        place=st.sampled_from(["imagen", "recorte"]),
    )
    def test_images_that_are_not(self, web: tuple[TestClient, str], number: int, corners: list[float], place: str) -> None:
        asked = dict(zip(("x0", "y0", "x1", "y1"), corners, strict=True)) | {"ancho": 1}
        number = number if abs(number) > 1000 else 1000 + abs(number)
        response = web[0].get(f"/documentos/{web[1]}/paginas/{number}/{place}", params=asked)
        assert response.status_code in (400, 404)


def encodable(asked: dict[str, Any]) -> dict[str, Any]:
    return {name: value.encode("utf-8", "ignore").decode() if isinstance(value, str) else value for name, value in asked.items()}
