"""Without any fault: what the other tests ask after one holds on the four servers together."""

import pytest

from tests.faults.papers import papers
from tests.faults.scenes import Scene

pytestmark = pytest.mark.faults


def test_two_hundred_documents_through_a_web_and_two_workers(scene: Scene) -> None:
    """Received by the web, worked by both workers, kept on S3, found in Elasticsearch, and downloaded as they were sent."""
    with scene.reader.reading(scene.sender), scene.sender.sending(papers(200)):
        pass
    assert scene.hold() == 200
    assert set(scene.told.statuses) <= {200, 202, 206}
    assert not scene.told.unanswered
    assert set(scene.site.stop().values()) == {0}
