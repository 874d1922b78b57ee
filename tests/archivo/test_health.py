"""Whether a running archive says which of its servers is missing."""

import socket
import threading
from dataclasses import fields, replace
from io import BytesIO
from pathlib import Path

from starlette.testclient import TestClient

from archivo.access.policy import custody
from archivo.app import create_app
from archivo.archive import Archive
from archivo.broker import CeleryLegs
from archivo.intake.services import Metadata, Upload, deposit
from archivo.operations.doctor import PROMISES, examine
from archivo.worker import work_until_done
from preservation.ocfl import StorageRoot
from preservation.stores.s3 import S3Store
from preservation.stores.s3_address import s3_address
from preservation.stores.s3_probe import Kept
from search.engines.elastic import ElasticIndex

NOBODY = "127.0.0.1:9"  # discard: nobody listens


def ready(archive: Archive) -> tuple[int, list[str]]:
    answer = TestClient(create_app(archive, "s" * 40)).get("/health/ready")
    return answer.status_code, answer.json()["missing"]


def test_with_all_in_its_place_nothing_is_missing(archive: Archive) -> None:
    assert ready(archive) == (200, [])


def test_a_store_that_is_away_is_named(archive: Archive) -> None:
    away = replace(archive, store=S3Store(s3_address(f"s3+http://clave:secreto@{NOBODY}/cubo")))
    assert ready(away) == (503, ["store"])


def test_an_index_that_is_away_is_named(archive: Archive) -> None:
    assert ready(replace(archive, index=ElasticIndex(f"http://{NOBODY}/archivo"))) == (503, ["index"])


def test_a_store_that_hangs_is_asked_once_however_many_ask(archive: Archive) -> None:
    with socket.create_server(("127.0.0.1", 0)) as mute:
        place = f"127.0.0.1:{mute.getsockname()[1]}"
        client = TestClient(create_app(replace(archive, store=S3Store(s3_address(f"s3+http://clave:secreto@{place}/cubo"))), "s" * 40))
        for _ in range(2):
            assert client.get("/health/ready").json()["missing"] == ["store"]
        assert [thread.name for thread in threading.enumerate() if thread.name.startswith("salud")] == ["salud: store"]


def test_a_broker_that_is_away_is_named_and_the_process_lives(archive: Archive, home: Path) -> None:
    away = replace(archive, legs=CeleryLegs(f"amqp://clave:secreto@{NOBODY}/"))
    assert ready(away) == (503, ["broker"])
    (told,) = [check for check in examine(away, home) if check.name == "mensajería"]
    assert told.status == "error"
    assert told.remedy
    (told,) = [check for check in examine(archive, home) if check.name == "mensajería"]
    assert told.status == "ok"
    assert TestClient(create_app(away, "s" * 40)).get("/health/live").status_code == 200


def test_what_needs_a_store_that_is_away_says_so_in_words(archive: Archive) -> None:
    kept = deposit(archive, custody("pruebas"), Upload(BytesIO(b"Circular uno"), "uno.txt", Metadata(published=True))).id
    work_until_done(archive, {kept})
    store = S3Store(s3_address(f"s3+http://clave:secreto@{NOBODY}/cubo"))
    client = TestClient(create_app(replace(archive, store=store, packages=StorageRoot(store)), "s" * 40))
    assert client.get(f"/documentos/{kept}").status_code == 200
    answer = client.get(f"/documentos/{kept}/descargar/original")
    assert answer.status_code == 503
    assert "no responde" in answer.text


def test_the_doctor_has_words_for_all_that_a_server_may_fail_to_keep() -> None:
    assert set(PROMISES) == {field.name for field in fields(Kept) if field.type in (bool, "bool")}
    assert PROMISES
