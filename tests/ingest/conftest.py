"""Real children and a way to take one file through the steps."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest

from ingest.limits import Limits
from ingest.pipeline import Report, run
from ingest.step import IngestStep, Programs, Workspace
from ingest.steps.authenticate import Authenticate
from ingest.steps.extract import Extract
from ingest.steps.identify import Identify
from ingest.steps.scan import Scan
from ingest.steps.validate import Validate
from ingest.tools.process import ToolBox
from preservation.premis import Event, EventType
from tests.ingest.signing import AUTHORITY

AT = datetime(2026, 1, 2, 3, 4, tzinfo=UTC)
STEPS: tuple[IngestStep, ...] = (Scan(), Identify(), Validate(), Extract())
WITH_SIGNATURES: tuple[IngestStep, ...] = (Scan(), Identify(), Validate(), Authenticate(), Extract())


@dataclass(frozen=True)
class Taken:
    """A file after the steps."""

    work: Workspace
    report: Report

    @property
    def codes(self) -> set[str]:
        return {finding.code for finding in self.work.findings}

    @property
    def errors(self) -> set[str]:
        return {finding.code for finding in self.work.findings if finding.severity == "error"}

    @property
    def outcomes(self) -> list[str]:
        return [event.code for event in self.report.events]

    @property
    def text(self) -> str:
        return "\n\n".join(part.text for part in self.work.parts)


Take = Callable[..., Taken]


def named(value: object) -> str:
    """A test's name from its short words only; the bytes of a document would make names that differ from run to run."""
    return value if isinstance(value, str) else "_"


@pytest.fixture(scope="session")
def tools() -> Iterator[ToolBox]:
    box = ToolBox(size=1)
    yield box
    box.close()


@pytest.fixture
def take(tools: ToolBox, tmp_path: Path) -> Take:
    """Take bytes, or a file, through scan, identify, validate and extract."""
    count = 0

    def take(
        content: bytes | Path,
        filename: str,
        *,
        socket: Path | None = None,
        limits: Limits | None = None,
        roots: Path | None = None,
        steps: Sequence[IngestStep] = STEPS,
    ) -> Taken:
        nonlocal count
        count += 1
        folder = tmp_path / f"work-{count}"
        folder.mkdir()
        original = tmp_path / f"original-{count}"
        original.write_bytes(content if isinstance(content, bytes) else content.read_bytes())
        trust = Programs(trust_roots=roots)
        work = Workspace(folder, original, filename, tools, limits or Limits(seconds_per_call=60), clamav_socket=socket, programs=trust)
        report = run(work, steps, clock=lambda: AT)
        assert original.read_bytes() == (content if isinstance(content, bytes) else content.read_bytes())
        for finding in work.findings:
            assert finding.message
            assert finding.remedy
        return Taken(work, report)

    return take


@pytest.fixture
def check(take: Take, tmp_path: Path, request: pytest.FixtureRequest) -> Take:
    """Take bytes, named FILENAME of the test's module unless they are given another, and check their signatures too, trusting the
    authority of the tests unless other roots are given.
    """

    def check(content: bytes, filename: str = request.module.FILENAME, roots: Path | None = None, limits: Limits | None = None) -> Taken:
        trusted = roots or AUTHORITY.trusted_in(tmp_path / "raices")
        return take(content, filename, limits=limits, roots=trusted, steps=WITH_SIGNATURES)

    return check


def signatures(taken: Taken) -> list[str]:
    """The codes of what was found of signatures."""
    return sorted(finding.code for finding in taken.work.findings if finding.code.startswith("signature."))


def checking(taken: Taken) -> Event:
    """The event of the checking of signatures."""
    (event,) = (event for event in taken.report.events if event.type is EventType.DIGITAL_SIGNATURE_VALIDATION)
    return event


def said(taken: Taken, code: str) -> str:
    """What a person is told by the finding of a code."""
    return next(finding.message for finding in taken.work.findings if finding.code == code)
