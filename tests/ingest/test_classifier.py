import random
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ingest.classifier import Example, Model, ModelUnreadable, Proposal, Reason, ScheduleEntry, dump, fit, load
from ingest.classifier.text import count_title, count_words, stem, title
from tests.corpus.classes import TAUGHT, load_classes, make, strangers
from tests.corpus.producers import KINDS, make_acts
from tests.corpus.schedule import load_schedule, make_long

CLASSES = load_classes()[:16]
ENTRIES = [ScheduleEntry(one.code, one.office, (one.name, one.series, one.types)) for one in CLASSES]


def examples(each: int, seed: int = 3) -> list[Example]:
    draw = random.Random(seed)
    made = [make(one, TAUGHT, draw) for _ in range(each) for one in CLASSES]
    return [Example(one.code, one.text, one.form, f"document-{i}") for i, one in enumerate(made)]


@pytest.fixture(scope="module")
def cold() -> Model:
    return fit(ENTRIES, [], 1)


@pytest.fixture(scope="module")
def taught() -> Model:
    return fit(ENTRIES, examples(6), 1)


def of(proposal: Proposal, code: str) -> list[Reason]:
    return [reason for reason in proposal.reasons if reason.code == code]


def share_right(model: Model, seed: int = 9, misread: float = 0.0) -> float:
    draw = random.Random(seed)
    samples = [make(one, TAUGHT, draw, misread=misread) for one in CLASSES for _ in range(3)]
    return sum(model.propose(one.text, None).label == one.code for one in samples) / len(samples)


def test_without_any_example_the_schedule_speaks(cold: Model) -> None:
    found = cold.propose("Acción de tutela: fallo e impugnación", None)
    assert found.label == next(one.code for one in CLASSES if one.name == "Acciones de tutela")
    assert found.examples == 0
    assert of(found, "examples") == [Reason("examples", {"count": 0, "groups": 0})]
    assert share_right(cold) > 0.5


def test_examples_teach(cold: Model, taught: Model) -> None:
    assert share_right(taught) > max(0.9, share_right(cold))
    assert share_right(taught, misread=0.05) > 0.85


def test_only_what_is_allowed_competes(taught: Model) -> None:
    wanted = frozenset(one.code for one in CLASSES if one.office == "120")
    found = taught.propose("El accionante pide el amparo de su derecho fundamental; tutela", wanted)
    assert found.label in wanted
    assert {one.label for one in found.alternatives} <= wanted
    assert of(found, "mask") == [Reason("mask", {"candidates": len(wanted), "classes": len(ENTRIES)})]


def test_nothing_allowed_gives_nothing(taught: Model) -> None:
    found = taught.propose("Acta", frozenset({"otra"}))
    assert (found.label, found.abstains, found.confidence) == (None, True, 0.0)
    assert taught.probabilities("Acta", frozenset()) == {}


def test_confidences_are_probabilities(taught: Model) -> None:
    given_each = taught.probabilities("Acta del consejo de gobierno", None)
    assert sum(given_each.values()) == pytest.approx(1.0)
    found = taught.propose("Acta del consejo de gobierno", None)
    assert found.confidence == max(given_each.values())
    assert [one.confidence for one in found.alternatives] == sorted((one.confidence for one in found.alternatives), reverse=True)


def test_it_abstains_before_what_it_never_saw(taught: Model) -> None:
    assert of(taught.propose("", None), "no_text")
    assert of(taught.propose("123 456 — 789", frozenset([ENTRIES[0].label])), "no_text") or taught.propose("123 456 — 789", None).abstains
    abstained = [taught.propose(text, None).abstains for text in strangers()]
    assert sum(abstained) >= len(abstained) * 0.7


def test_contributions_are_exact(taught: Model) -> None:
    """With every word listed they add up to the distance between the two best classes, less their intercepts."""
    from ingest.classifier import explanation

    text = "Se impugna la acción de tutela fallada por el juzgado"
    counted = taught.space.counted(text)
    row = taught.space.row(counted)
    margins = taught.weights.margins(row)
    first, second = (int(i) for i in margins.argsort()[::-1][:2])
    reasons = explanation.explain_words(taught, text, counted, row, [first, second], most=10_000, least=-10.0)
    total = sum(float(reason.params["contribution"] or 0) for reason in reasons)
    intercepts = float(taught.weights.intercepts[first] - taught.weights.intercepts[second])
    assert total == pytest.approx(float(margins[first] - margins[second]) - intercepts, abs=0.01)


def test_a_series_of_many_subseries_is_not_passed_over_for_its_number() -> None:
    """What its subseries share says nothing of which of them it is, and everything of whether it is any of them."""
    classes = load_schedule()
    model = fit([ScheduleEntry(one.code, one.office, (one.name, one.series, one.types, one.procedure)) for one in classes], [], 1)
    draw = random.Random(4)
    of_series = [one for one in classes if one.series == "CONTRATOS"]
    series = {one.code: one.series for one in classes}
    told = [series[str(model.propose(make_long(one, draw, 0.02).text, None).label)] for one in of_series for _ in range(3)]
    assert told.count("CONTRATOS") >= len(told) * 0.9


def test_without_examples_what_follows_the_beginning_of_a_document_says_nothing(cold: Model) -> None:
    beginning = "ACCIÓN DE TUTELA. El accionante pide el amparo de su derecho fundamental. ".ljust(1100, "-")
    alone, followed = cold.propose(beginning, None), cold.propose(beginning + "Nómina, inventario, contrato y licencia. " * 20, None)
    assert (alone.label, alone.confidence) == (followed.label, followed.confidence)


@pytest.mark.parametrize(("before", "reading"), [("", 1000), ("Que así consta en el expediente. " * 50, 2000)])
def test_examples_say_how_far_to_read(before: str, reading: int) -> None:
    words = {"A": ("alfalfa", "almendra", "alcachofa"), "B": ("berenjena", "brócoli", "boniato")}
    examples = [
        Example(label, f"{before}Sobre {word} y {also}. {'Comuníquese. ' * 80}", f"productor {word} {i}", "")
        for label, those in words.items()
        for word, also in zip(those, those[1:] + those[:1], strict=True)
        for i in range(7)
    ]
    model = fit([ScheduleEntry(label, "", (f"Serie {label}",)) for label in words], examples, 1)
    assert model.reading == reading
    assert model.propose(f"{before}Sobre alfalfa y almendra", None).label == "A"


def test_classes_without_parent_stand_alone() -> None:
    bare = [ScheduleEntry(one.code, one.office, (one.name, "", one.types)) for one in CLASSES]
    found = fit(bare, [], 1).propose("Acción de tutela: fallo e impugnación", None)
    assert found.label == next(one.code for one in CLASSES if one.name == "Acciones de tutela")


def test_the_title_is_what_stands_in_capitals_at_the_beginning() -> None:
    body = "Entre los suscritos se ha convenido lo que sigue. " * 20
    assert title(f"Bogotá, 3 de mayo\nCONTRATO DE OBRA No. 12 de 2020 {body} ANEXO") == "CONTRATO DE OBRA"
    assert title(f"R E S O L U C I Ó N  No. 4\n{body}") == "RESOLUCIÓN"
    assert title(f"CONTRATo DE OBRA {body}") == "CONTRATo DE OBRA"
    assert title("Acta de la sesión\nSe leyó el acta") == "Acta de la sesión\nSe leyó el acta"
    assert title("") == ""


def test_spaced_words_are_read_as_words() -> None:
    assert count_words("R E S U E L V E : a b c") == count_words("RESUELVE : a b c")
    assert count_title("D\u00a0E\u00a0C\u00a0R\u00a0E\u00a0T\u00a0O") == count_title("DECRETO")


def test_what_the_title_says_is_told_as_heading() -> None:
    acts = make_acts(8, 20, 1)
    model = fit([ScheduleEntry(kind, "", (kind,)) for kind in KINDS], [Example(one.kind, one.text, one.producer) for one in acts], 1)
    found = model.propose("EDICTO Nº 4\nSe notifica a quien corresponda lo que sigue.", None)
    assert found.label == "edicto"
    assert "edicto" in {reason.params["word"] for reason in of(found, "heading")}


def test_words_of_the_entry_are_flagged(cold: Model) -> None:
    found = cold.propose("El accionante pide tutela", None)
    words = {str(reason.params["word"]): reason.params["in_entry"] for reason in (*of(found, "heading"), *of(found, "word"))}
    assert words["tutela"] is True


def test_words_are_told_as_the_text_writes_them() -> None:
    model = fit([ScheduleEntry("a", "", ("Atención de daños", "Señalización")), ScheduleEntry("b", "", ("Nómina",))], [], 1)
    found = model.propose("SEÑALIZACIÓN\nSe pide la señalización por los dan\u0303os de la vía.", None)
    told = {str(reason.params["word"]) for code in ("heading", "word", "spelling") for reason in of(found, code)}
    assert {"señalización", "daños"} <= told
    assert not {"senalizacion", "danos"} & told


def test_neighbours_are_told_with_their_class_even_when_it_is_another(taught: Model) -> None:
    sample = examples(6)[0]
    other = frozenset(one.label for one in ENTRIES if one.label != sample.label)
    found = taught.propose(sample.text, other)
    near = of(found, "neighbour")
    assert near[0].params["document"] == "document-0"
    assert near[0].params["label"] == sample.label
    assert near[0].params["agrees"] is False
    assert float(near[0].params["similarity"] or 0) > 0.95


def test_the_same_input_gives_the_same_bytes(taught: Model) -> None:
    assert dump(taught) == dump(fit(ENTRIES, examples(6), 1))


def test_a_model_read_back_answers_alike(taught: Model) -> None:
    again = load(dump(taught))
    for text in (examples(1)[3].text, "", strangers()[0]):
        before, after = taught.propose(text, None), again.propose(text, None)
        assert before.label == after.label
        assert before.confidence == pytest.approx(after.confidence)
        assert before.novelty == pytest.approx(after.novelty, abs=1e-3)
    assert dump(again) == dump(taught)


@pytest.mark.parametrize("damage", [lambda b: b"", lambda b: b"hola", lambda b: b[: len(b) // 2], lambda b: b.replace(b"PK", b"XX")])
def test_bytes_that_are_no_model_are_refused(cold: Model, damage: Callable[[bytes], bytes]) -> None:
    with pytest.raises(ModelUnreadable):
        load(damage(dump(cold)))


def test_proposing_does_not_load_the_library_of_training(cold: Model, tmp_path: Path) -> None:
    (tmp_path / "model").write_bytes(dump(cold))
    program = (
        "import sys; from pathlib import Path; from ingest.classifier import load; "
        "load(Path(sys.argv[1]).read_bytes()).propose('Acta de consejo', None); "
        "assert 'sklearn' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", program, str(tmp_path / "model")], check=True)


def test_examples_of_a_class_no_longer_held_are_passed_over() -> None:
    old = Example("retired", "cualquier cosa", "g")
    assert dump(fit(ENTRIES, [old], 1)) == dump(fit(ENTRIES, [], 1))


@pytest.mark.parametrize("number", [1, 2])
def test_few_classes(number: int) -> None:
    model = fit(ENTRIES[:number], [], 1)
    assert model.propose(CLASSES[0].name, None).label == CLASSES[0].code
    assert load(dump(model)).propose(CLASSES[0].name, None).label == CLASSES[0].code


def test_entries_are_needed_and_their_labels_differ() -> None:
    with pytest.raises(ValueError, match="entries"):
        fit([], [], 1)
    with pytest.raises(ValueError, match="label"):
        fit([ENTRIES[0], replace(ENTRIES[1], label=ENTRIES[0].label)], [], 1)


def test_calibration_is_fitted_only_with_enough_groups(cold: Model, taught: Model) -> None:
    assert not cold.open_curve.measured
    assert taught.open_curve.measured
    alike = [replace(one, group="one producer") for one in examples(6)]
    assert not fit(ENTRIES, alike, 1).open_curve.measured


@pytest.mark.parametrize(
    ("words", "same"), [(("resolución", "resoluciones"), True), (("contrato", "contratos"), True), (("acta", "acto"), False)]
)
def test_stems(words: tuple[str, str], same: bool) -> None:
    from ingest.classifier.text import plain

    assert (stem(plain(words[0])) == stem(plain(words[1]))) is same


@settings(max_examples=60, deadline=None)
@given(st.text(max_size=300))
def test_any_text_gets_an_answer(text: str) -> None:
    found = fit(ENTRIES[:3], [], 1).propose(text, None)
    assert found.label is not None
    assert 0 <= found.confidence <= 1
    assert -1e-6 <= found.novelty <= 1
