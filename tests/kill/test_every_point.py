"""Each act is killed at every point and done again: nothing is lost, nothing is doubled."""

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from archivo.records.services import view_document
from ingest.tools.process import ToolBox
from tests.kill.acts import ACTOR
from tests.kill.homes import Count, Victims, again, copied, count, nothing_is_left_over, opened, recovered

QUICK = 13
"""Of how many points `make test` takes one."""
CLOSE = 5
"""Of how many points `make test-kill` takes one; `make test-kill-all` takes every one."""


@dataclass(frozen=True)
class Case:
    """An act on a home, and the words by which what it concerns is found."""

    name: str
    act: str
    template: str
    words: tuple[str, ...] = ()
    file: str | None = None


CASES = (
    Case("first deposit", "deposit", "empty", ("chivatera",), "letter"),
    Case("deposit", "deposit", "one", ("chivatera", "ñandú"), "circular"),
    Case("duplicate", "deposit", "one", ("chivatera",), "letter"),
    Case("duplicate of another name", "deposit", "one", ("chivatera",), "again"),
    Case("with a series", "deposit-described", "one", ("chivatera", "ñandú"), "circular"),
    Case("empty file", "deposit", "one", ("chivatera", "vacío"), "empty"),
    Case("process", "process", "two", ("chivatera", "ñandú")),
    Case("confirm", "confirm", "one", ("chivatera",)),
    Case("publish", "publish", "one", ("chivatera",)),
    Case("withdraw", "withdraw", "public", ("chivatera",)),
    Case("retitle", "retitle", "one", ("chivatera",)),
    Case("restrict", "restrict", "public", ("chivatera",)),
    Case("schedule", "trd", "empty", (), "trd"),
    Case("delete", "delete", "ordered", ("chivatera",)),
)
SCANS = (
    Case("scan", "process", "scan", ("chivatera", "sumapaz")),
    Case("scan in ranges", "process-in-ranges", "scan", ("chivatera", "sumapaz")),
    Case("scan in a message, in ranges", "process-in-ranges", "message", ("chivatera", "sumapaz")),
)


@dataclass(frozen=True)
class Trial:
    """Tries a case at points of it."""

    templates: Callable[[str], Path]
    files: dict[str, Path]
    tools: ToolBox
    victim: Victims
    folder: Path

    def every(self, case: Case, step: int) -> int:
        """Kill the case at one of `step` points and compare with the run that was not killed; how many were tried."""
        words = (self.files[case.file],) if case.file else ()
        home = copied(self.templates(case.template), self.folder / "unkilled")
        killed, answers = self.victim.run(home, case.act, 0, words)
        assert not killed
        total = int(answers[-1].removeprefix("points "))
        with opened(home, self.tools) as archive:
            recovered(archive)
            whole = count(archive, case.words)
            nothing_is_left_over(archive, home)
        points = range(1 + sum(case.name.encode()) % step, total + 1, step)
        for point in points:
            self.one(case, point, words, whole)
        return len(points)

    def one(self, case: Case, point: int, words: tuple[Path, ...], whole: Count) -> None:
        home = copied(self.templates(case.template), self.folder / f"{point}")
        killed, answers = self.victim.run(home, case.act, point, words)
        assert killed, (case.name, point)
        with opened(home, self.tools) as archive:
            recovered(archive)
            nothing_is_left_over(archive, home)
            for answer in answers:
                found = view_document(archive, ACTOR, answer.removeprefix("received "))
                assert found.state == "findable", (case.name, point)
            again(archive, case.act, words)
            assert count(archive, case.words) == whole, (case.name, point)
            nothing_is_left_over(archive, home)
        shutil.rmtree(home)


@pytest.fixture
def trial(templates: Callable[[str], Path], files: dict[str, Path], tools: ToolBox, victim: Victims, tmp_path: Path) -> Trial:
    return Trial(templates, files, tools, victim, tmp_path)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_kill_at_some_points_loses_nothing(case: Case, trial: Trial) -> None:
    assert trial.every(case, QUICK)


@pytest.mark.kill
@pytest.mark.parametrize("case", [*CASES, *SCANS], ids=lambda case: case.name)
def test_a_kill_at_many_points_loses_nothing(case: Case, trial: Trial) -> None:
    assert trial.every(case, CLOSE) >= 2


@pytest.mark.slow
@pytest.mark.parametrize("case", [*CASES, *SCANS], ids=lambda case: case.name)
def test_a_kill_at_every_point_loses_nothing(case: Case, trial: Trial) -> None:
    assert trial.every(case, 1) >= 10
