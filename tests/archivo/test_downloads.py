"""A file of a document is sent whole or in part, byte for byte."""

from io import BytesIO

import pytest
from starlette.testclient import TestClient

from archivo.access.policy import custody
from archivo.app import create_app
from archivo.archive import Archive
from archivo.intake.services import Metadata, Upload, deposit

DATA = bytes(range(256)) * 400


@pytest.fixture
def address(archive: Archive) -> str:
    kept = deposit(archive, custody("pruebas"), Upload(BytesIO(DATA), "datos.bin", Metadata(published=True))).id
    return f"/documentos/{kept}/descargar/original"


@pytest.fixture
def client(archive: Archive) -> TestClient:
    return TestClient(create_app(archive, "s" * 40))


@pytest.mark.parametrize(
    ("asked", "part"),
    [
        ("bytes=0-99", slice(0, 100)),
        ("bytes=1000-", slice(1000, None)),
        ("bytes=-7", slice(len(DATA) - 7, None)),
        ("bytes=102399-999999999", slice(102399, None)),
    ],
)
def test_a_part_is_that_part(client: TestClient, address: str, asked: str, part: slice) -> None:
    answer = client.get(address, headers={"range": asked})
    start, end, _ = part.indices(len(DATA))
    assert answer.status_code == 206
    assert answer.content == DATA[part]
    assert answer.headers["content-range"] == f"bytes {start}-{end - 1}/{len(DATA)}"
    assert answer.headers["content-length"] == str(end - start)


@pytest.mark.parametrize("asked", ["bytes=0-1,5-6", "filas=0-1", "bytes=9-2", "bytes=-", "bytes=x-1"])
def test_what_cannot_be_read_or_is_many_gives_the_whole(client: TestClient, address: str, asked: str) -> None:
    answer = client.get(address, headers={"range": asked})
    assert (answer.status_code, answer.content) == (200, DATA)


@pytest.mark.parametrize("asked", ["bytes=102400-", "bytes=-0"])
def test_a_part_that_is_not_there_is_refused(client: TestClient, address: str, asked: str) -> None:
    answer = client.get(address, headers={"range": asked})
    assert (answer.status_code, answer.headers["content-range"]) == (416, f"bytes */{len(DATA)}")


def test_of_another_file_the_whole_is_sent(client: TestClient, address: str) -> None:
    etag = client.head(address).headers["etag"]
    assert client.get(address, headers={"range": "bytes=0-0", "if-range": etag}).content == DATA[:1]
    assert client.get(address, headers={"range": "bytes=0-0", "if-range": '"otra"'}).content == DATA


def test_asking_for_the_head_tells_the_size_and_sends_nothing(client: TestClient, address: str) -> None:
    answer = client.head(address)
    assert (answer.status_code, answer.content, answer.headers["content-length"]) == (200, b"", str(len(DATA)))
    assert answer.headers["accept-ranges"] == "bytes"
