"""What a monitor reads of a running archive."""

from io import BytesIO

import pytest
from prometheus_client.parser import text_string_to_metric_families
from starlette.testclient import TestClient

from archivo.access.policy import custody
from archivo.access.services import create_token, create_user
from archivo.app import create_app
from archivo.archive import Archive
from archivo.intake.services import Upload, deposit
from archivo.worker import work_until_done

CHIEF = custody("pruebas")


@pytest.fixture
def client(archive: Archive) -> TestClient:
    return TestClient(create_app(archive, "s" * 40))


def token_of(archive: Archive, role: str) -> dict[str, str]:
    create_user(archive, CHIEF, f"persona-{role}", role)
    return {"authorization": f"Bearer {create_token(archive, CHIEF, f'persona-{role}')}"}


def figures(text: str) -> dict[tuple[str, ...], float]:
    return {(one.name, *one.labels.values()): one.value for family in text_string_to_metric_families(text) for one in family.samples}


def test_an_operator_reads_what_waits_and_what_is_kept(archive: Archive, client: TestClient) -> None:
    kept = deposit(archive, CHIEF, Upload(BytesIO(b"Circular uno"), "uno.txt")).id
    work_until_done(archive, {kept})
    deposit(archive, CHIEF, Upload(BytesIO(b"Circular dos"), "dos.txt"))
    client.get(f"/documentos/{kept}")
    found = figures(client.get("/api/v1/metrics", headers=token_of(archive, "operator")).text)
    assert found[("archivo_documents", "findable")] == 1
    assert found[("archivo_documents", "received")] == 1
    assert found[("archivo_jobs", "ingest", "queued")] == 1
    assert found[("archivo_oldest_job_seconds", "ingest")] >= 0
    assert found[("archivo_home_free_bytes",)] > 0
    routes = {name[2] for name in found if name[0] == "archivo_request_seconds_count"}
    assert routes == {"/documentos/{document_id}"}


@pytest.mark.parametrize("role", ["entity", None])
def test_nobody_else_reads_them(archive: Archive, client: TestClient, role: str | None) -> None:
    answer = client.get("/api/v1/metrics", headers=token_of(archive, role) if role else {})
    assert answer.status_code == (403 if role else 401)
    assert answer.json()["remedy"]


def test_methods_that_somebody_makes_up_are_one(archive: Archive, client: TestClient) -> None:
    for method in ("ANA-PEREZ", "CEDULA-1", "CEDULA-2"):
        client.request(method, "/buscar")
    found = figures(client.get("/api/v1/metrics", headers=token_of(archive, "operator")).text)
    assert {name[1] for name in found if name[0] == "archivo_request_seconds_count"} == {"OTHER"}
