"""When a class may be given without a person, and when a model takes another's place."""

import numpy as np
import pytest

from ingest.classifier import Example, Proposal
from ingest.classifier.automation import Prospective, error_bound, is_audited, may_automate, obstacles, threshold
from ingest.classifier.calibration import Curve, coverage_at, expected_calibration_error, fit_curve, softmax
from ingest.classifier.promotion import Answers, accuracy_gain_bound, held_groups, judge, retrain_is_due

SURE = Proposal("A", 0.97, 0.3, (), (), abstains=False, examples=5, groups=2)


def many(right: int, wrong: int, confidence: float = 0.9) -> list[Prospective]:
    return [Prospective(confidence, True)] * right + [Prospective(confidence, False)] * wrong


@pytest.mark.parametrize(("wrong", "total", "bound"), [(0, 59, 0.0495), (0, 60, 0.0487), (1, 93, 0.0500), (0, 0, 1.0), (5, 5, 1.0)])
def test_the_bound_of_clopper_and_pearson(wrong: int, total: int, bound: float) -> None:
    assert error_bound(wrong, total) == pytest.approx(bound, abs=2e-4)


def test_no_threshold_until_sixty_decisions() -> None:
    assert threshold(many(59, 0), 0.05) is None
    assert threshold(many(60, 0), 0.05) == 0.9


def test_only_eligible_decisions_count() -> None:
    assert threshold([Prospective(0.9, True, eligible=False)] * 200, 0.05) is None


def test_only_the_newest_count() -> None:
    assert threshold(many(500, 0) + many(0, 500), 0.05) is None
    assert threshold(many(0, 500) + many(500, 0), 0.05) == 0.9


def test_the_threshold_is_the_smallest_that_is_proven() -> None:
    mixed = many(80, 0, 0.95) + many(60, 1, 0.8) + many(20, 20, 0.5)
    assert threshold(mixed, 0.05) == 0.8
    assert threshold(mixed, 0.001) is None


def test_decisions_of_one_confidence_stand_or_fall_together() -> None:
    assert threshold(many(70, 30, 0.9), 0.05) is None


def test_everything_must_hold_to_go_without_a_person() -> None:
    assert may_automate(SURE, owner_known=True, tau=0.9).granted


@pytest.mark.parametrize(
    ("changes", "owner_known", "tau", "code"),
    [
        ({}, True, None, "unproven"),
        ({}, True, 0.98, "unsure"),
        ({}, False, 0.9, "owner_unknown"),
        ({"abstains": True}, True, 0.9, "abstained"),
        ({"examples": 2}, True, 0.9, "few_examples"),
        ({"groups": 1}, True, 0.9, "few_examples"),
    ],
)
def test_each_condition_alone_forbids_it(changes: dict[str, int], owner_known: bool, tau: float | None, code: str) -> None:
    from dataclasses import replace

    proposal = replace(SURE, **changes)  # type: ignore[arg-type]  # its fields by name
    permission = may_automate(proposal, owner_known=owner_known, tau=tau)
    assert not permission.granted
    assert [reason.code for reason in permission.blocked_by] == [code]
    assert bool(obstacles(proposal, owner_known=owner_known)) is (code not in ("unproven", "unsure"))


def test_the_audit_draws_one_in_twenty_and_always_the_same() -> None:
    drawn = [is_audited(f"document-{i}", "seed") for i in range(4000)]
    assert drawn == [is_audited(f"document-{i}", "seed") for i in range(4000)]
    assert 0.04 < sum(drawn) / len(drawn) < 0.06
    assert drawn != [is_audited(f"document-{i}", "other") for i in range(4000)]


def held(number: int, label: str = "A") -> list[Example]:
    return [Example(label, "", f"g{i % 10}") for i in range(number)]


def answers(right: list[bool], confidence: float = 0.95) -> Answers:
    sure = np.full(len(right), confidence)
    return Answers(np.array(right), sure, np.where(right, sure, 1 - sure))


GOOD = [True] * 95 + [False] * 5
WORSE = [True] * 80 + [False] * 20


def codes(new: Answers, old: Answers | None, entries: Answers, documents: list[Example]) -> list[str]:
    verdict = judge(documents, new, old, entries, target=0.05, seed=1)
    assert verdict.promoted is not bool(verdict.against)
    return [reason.code for reason in verdict.against]


def test_an_equal_model_is_promoted() -> None:
    assert codes(answers(GOOD), answers(GOOD), answers(WORSE), held(100)) == []


def test_a_worse_model_is_not_and_every_rule_it_breaks_is_named() -> None:
    found = codes(answers(WORSE), answers(GOOD), answers(GOOD), held(100))
    assert found == ["a.accuracy", "b.loss", "c.calibration", "d.coverage", "e.recall", "f.below_entries"]


def test_a_rule_can_break_alone() -> None:
    overconfident = Answers(np.array(GOOD), np.full(100, 0.80), np.where(GOOD, 0.97, 0.21))
    assert codes(overconfident, answers(GOOD), answers(WORSE), held(100)) == ["c.calibration"]
    documents = held(70, "A") + held(30, "B")
    new, old = [True] * 95 + [False] * 5, [True] * 65 + [False] * 5 + [True] * 30
    assert codes(answers(new), answers(old), answers(WORSE), documents) == ["e.recall"]


def test_the_first_model_and_a_small_holdout_are_ruled_by_the_entries_alone() -> None:
    assert codes(answers(WORSE), None, answers(WORSE), held(100)) == []
    assert codes(answers(WORSE), None, answers(GOOD), held(100)) == ["f.below_entries"]
    verdict = judge(held(5), answers([False] * 5), answers([True] * 5), answers([False] * 5), target=0.05, seed=1)
    assert verdict.promoted
    assert [note.code for note in verdict.notes] == ["few_held"]
    empty = answers([])
    assert judge([], empty, None, empty, target=0.05, seed=1).promoted


def test_the_bound_draws_whole_groups() -> None:
    new, old = np.array([True] * 10), np.array([False] * 10)
    assert accuracy_gain_bound([f"g{i}" for i in range(10)], new, old, 1) == 1.0
    one_group_gains = np.array([True] * 5 + [False] * 5)
    bound = accuracy_gain_bound(["a"] * 5 + ["b"] * 5, one_group_gains, np.array([False] * 10), 1)
    assert bound == 0.0


def test_the_held_groups_are_the_newest_and_whole() -> None:
    groups = ["old"] * 70 + ["middle"] * 15 + ["new"] * 10 + ["newest"] * 5
    assert held_groups(groups) == {"new", "newest"}
    assert held_groups(["only"] * 50) == frozenset()
    assert held_groups([]) == frozenset()


def test_when_to_train_again() -> None:
    assert not retrain_is_due(confirmations=19, rare_corrections=0, schedule_changed=False)
    assert retrain_is_due(confirmations=20, rare_corrections=0, schedule_changed=False)
    assert retrain_is_due(confirmations=0, rare_corrections=1, schedule_changed=False)
    assert retrain_is_due(confirmations=0, rare_corrections=0, schedule_changed=True)


def test_fitting_gives_back_the_temperature_that_made_the_truth() -> None:
    draw = np.random.default_rng(1)
    margins = draw.normal(size=(800, 4))
    truth = np.array([draw.choice(4, p=row) for row in softmax(margins, 3.0)])
    assert fit_curve(margins, truth).temperature == pytest.approx(3.0, rel=0.2)


def test_with_a_thousand_the_first_probability_follows_what_was_seen() -> None:
    draw = np.random.default_rng(2)
    margins = draw.normal(size=(1500, 3))
    truth = np.where(draw.random(1500) < 0.6, margins.argmax(axis=1), margins.argmin(axis=1))
    curve = fit_curve(margins, truth)
    assert curve.predicted
    told = np.array([curve.probabilities(row) for row in margins])
    assert told.sum(axis=1) == pytest.approx(np.ones(1500))
    assert expected_calibration_error(told.max(axis=1), margins.argmax(axis=1) == truth) < 0.05


def test_of_two_documents_the_surer_one_stays_the_surer_one() -> None:
    draw = np.random.default_rng(3)
    margins = draw.normal(size=(1500, 3))
    truth = np.where(draw.random(1500) < 0.8, margins.argmax(axis=1), margins.argmin(axis=1))
    curve = fit_curve(margins, truth)
    raw = np.sort(softmax(margins, curve.temperature).max(axis=1))
    told = np.interp(raw, curve.predicted, curve.observed)
    assert (np.diff(told) > 0).all()


def test_a_lone_candidate_is_certain_among_itself() -> None:
    assert Curve().probabilities(np.array([-1.0])).tolist() == [1.0]


def test_coverage_and_calibration_by_hand() -> None:
    confidence, right = np.array([0.9, 0.8, 0.7, 0.6]), np.array([True, True, False, True])
    assert coverage_at(confidence, right, 0.0) == 0.5
    assert coverage_at(confidence, right, 0.25) == 1.0
    assert expected_calibration_error(np.array([0.75, 0.75]), np.array([True, False])) == pytest.approx(0.25)
