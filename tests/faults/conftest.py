"""The four servers together, once for all faults, and an archive on them for each."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.brokers import RabbitMQ
from tests.elastic_servers import ElasticServer
from tests.faults.scenes import Scene, Servers, scene_on
from tests.s3_servers import S3Server
from tests.servers import Postgres


@pytest.fixture(scope="session")
def servers(postgres: Postgres, minio: S3Server, elastic: ElasticServer, rabbitmq: RabbitMQ) -> Servers:
    return Servers(postgres, minio, elastic, rabbitmq)


@pytest.fixture
def scene(servers: Servers, tmp_path: Path) -> Iterator[Scene]:
    with scene_on(servers, tmp_path) as working:
        yield working
