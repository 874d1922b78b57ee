"""What every test may ask for. The only place that knows where reference data lies when ARCHIVO_REFERENCE does not say."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.brokers import RabbitMQ, rabbitmq_server
from tests.elastic_servers import ElasticServer, elastic_server
from tests.s3_servers import S3Server, s3_server
from tests.servers import GIVEN, Postgres, started_postgres


@pytest.fixture(scope="session")
def reference() -> Path:
    """The folder of reference data (real documents and conformance suites), which users do not have."""
    folder = Path(os.environ.get("ARCHIVO_REFERENCE", Path(__file__).resolve().parents[2] / "shared"))
    if not (folder / "data").is_dir():
        pytest.skip("not run: the reference data is absent (ARCHIVO_REFERENCE)")
    return folder


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    """A PostgreSQL: the one given by its address, or one started for this run."""
    if given := os.environ.get(GIVEN):
        yield Postgres(given)
    else:
        with started_postgres() as server:
            yield server


@pytest.fixture(scope="session")
def minio() -> Iterator[S3Server]:
    """A MinIO: the one given by its address, or one started for this run."""
    with s3_server("minio") as server:
        yield server


@pytest.fixture(scope="session")
def versitygw() -> Iterator[S3Server]:
    """A versitygw, likewise; its objects are plain files."""
    with s3_server("versitygw") as server:
        yield server


@pytest.fixture(scope="session")
def elastic() -> Iterator[ElasticServer]:
    """An Elasticsearch: the one given by its address, or one started for this run."""
    with elastic_server() as server:
        yield server


@pytest.fixture(scope="session")
def rabbitmq() -> Iterator[RabbitMQ]:
    """A RabbitMQ: the one given by its address, or one started for this run."""
    with rabbitmq_server() as server:
        yield server
