"""Run the steps in order and turn their outcomes into events and a report."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from ingest.step import Done, Failed, IngestStep, Skipped, StepOutcome, Workspace
from preservation.premis import Event, Outcome

Clock = Callable[[], datetime]


@dataclass(frozen=True, slots=True)
class Report:
    """What a run did: one event a step, in order. `retry`: a step failed in a way that a later run may mend."""

    events: tuple[Event, ...]
    retry: bool


def run(work: Workspace, steps: Sequence[IngestStep], *, clock: Clock) -> Report:
    """Run `steps` over `work`. A failed step never stops the next ones: each decides from what it finds in the workspace."""
    events = []
    retry = False
    for step in steps:
        outcome = step(work)
        retry = retry or (isinstance(outcome, Failed) and outcome.retry)
        events.append(Event(step.event_type, _outcome(outcome), step.agent, clock(), outcome.code, outcome.params))
    return Report(tuple(events), retry)


def _outcome(outcome: StepOutcome) -> Outcome:
    match outcome:
        case Done(warning=True):
            return Outcome.WARNING
        case Done():
            return Outcome.SUCCESS
        case Skipped():
            return Outcome.SKIPPED
        case Failed():
            return Outcome.FAIL
