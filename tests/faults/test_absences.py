"""A server is away for a while: what needs it says so in words, the rest goes on, and all is made good when it is back."""

import time

import httpx
import pytest

from tests.faults.papers import papers
from tests.faults.scenes import ABSENCE, Scene

pytestmark = pytest.mark.faults
BEFORE, DURING = 12, 12
"""Documents in flight when a server goes, and handed over while it is away."""


def test_each_server_is_away_in_its_turn_while_documents_are_handed_over(scene: Scene) -> None:
    """Readiness names who is missing, and the web lives; what is handed over meanwhile is kept, at the latest when the server is back."""
    for turn, (name, server) in enumerate(scene.servers.by_name().items()):
        first = turn * (BEFORE + DURING)
        with scene.reader.reading(scene.sender):
            with scene.sender.sending(papers(BEFORE, first=first, scans=6)):
                pass
            with scene.sender.sending(papers(DURING, first=first + BEFORE)):
                server.stop()
                ends = time.monotonic() + ABSENCE
                assert scene.missing() == [name]
                assert httpx.get(f"{scene.site.address}/health/live").status_code == 200
                time.sleep(max(0.0, ends - time.monotonic()))
                server.start()
        assert scene.hold() == first + BEFORE + DURING
        assert scene.missing() == []
