"""Measure once on real documents: `python -m tests.bench.final_classification REFERENCE_FOLDER`. Not for tuning.

1. Public contracts into real retention schedules without any example; the smaller one, which has no series of contracts, with the
   classes of other offices that came with the study of classification.
2. Municipal acts by kind, five folds that never share a municipality.
3. A real irregular schedule imported with its irregularities named.
"""

import csv
import gzip
import json
import sys
from collections import Counter, defaultdict
from collections.abc import Sequence, Set
from pathlib import Path

import numpy as np

from archivo.retention.trd_file import TRDTable, read_trd
from ingest.classifier import Example, ScheduleEntry, fit
from ingest.classifier.calibration import coverage_at, expected_calibration_error

FOLDS = 5
SERIES = "CONTRATOS"
CONTRACTS = {  # kinds of the public register, and the name of their class
    "Obra": "Contratos de Obra",
    "Prestación de Servicios": "Contratos de Prestación de Servicios",
    "Suministro": "Contratos de Suministro",
    "Consultoría": "Contratos de Consultoría e Interventoría",
    "Interventoría": "Contratos de Consultoría e Interventoría",
}


def entries_of(table: TRDTable) -> list[ScheduleEntry]:
    return [
        ScheduleEntry(f"{row.office_code}/{row.code}", row.office_code, (row.label, row.series, "; ".join(row.types), row.procedure))
        for row in table.rows
    ]


def schedule(reference: Path, name: str) -> TRDTable:
    return read_trd((reference / "data" / name).read_bytes(), name)


def added_classes(reference: Path, held: Set[str]) -> list[ScheduleEntry]:
    """The classes of other offices, those of contracts among them, that the study of classification added to the two real offices."""
    found = []
    for path in sorted((reference / "prototypes/classification").glob("clases*.txt")):
        for line in path.read_text("utf-8").splitlines():
            if line.startswith("@"):
                code, office, series, name, *types = (field.strip() for field in line[1:].split("|"))
                if code not in held:
                    found.append(ScheduleEntry(f"{office}/{code}", office, (name, series, "; ".join(types))))
    return found


def contracts(reference: Path) -> list[tuple[str, str]]:
    """(kind, text) of each public contract."""
    folder = reference / "data/co_secop_contratos"
    with (folder / "ground_truth_metadatos.csv").open(encoding="utf-8-sig", newline="") as source:
        kinds = {row["Name"]: row["Tipo_de_Contrato"] for row in csv.DictReader(source)}
    return [(kinds[path.stem], path.read_text("utf-8-sig")) for path in sorted((folder / "texto_ocr_azure").glob("*.txt"))]


def measure_contracts(reference: Path) -> None:
    documents = contracts(reference)
    real = entries_of(schedule(reference, "co_trd_aguas_sucre/trd_dos_oficinas.csv"))
    added = added_classes(reference, {entry.label.split("/")[-1] for entry in real})
    model = fit([*real, *added], [], 0)
    series_of = {entry.label: entry.texts[1] for entry in [*real, *added]}
    named_of = {entry.texts[0]: entry for entry in added if entry.texts[1] == SERIES}
    owner = frozenset(entry.label for entry in added if entry.group == next(iter(named_of.values())).group)
    series = subseries = named = 0
    for kind, text in documents:
        series += series_of[model.propose(text, None).label or ""] == SERIES
        if kind in CONTRACTS:
            named += 1
            subseries += model.propose(text, owner).label == named_of[CONTRACTS[kind]].label
    print(
        f"contracts, schedule of {len(real)} + {len(added)} classes, no example: series right {series}/{len(documents)} (office unknown),"
    )
    print(f"  subseries right {subseries}/{named} where the register names one (office known, {len(owner)} candidates)")
    only = fit(real, [], 0)
    told = Counter((only.propose(text, None).label or "").split("/")[-1] for _, text in documents)
    print(f"  the schedule alone has no series of contracts: it says {dict(told)}")
    table = schedule(reference, "co_trd_cra/trd_cra_2021.csv")
    wide = fit(entries_of(table), [], 0)
    series_of = {f"{row.office_code}/{row.code}": row.series for row in table.rows}
    right = sum(series_of[str(wide.propose(text, None).label)].startswith("CONTRATO") for _, text in documents)
    print(f"  schedule of {len(table.rows)} classes of seven offices, office unknown: series right {right}/{len(documents)}")


def measure_acts(reference: Path) -> None:
    with gzip.open(reference / "data/ar_sibom_municipal/give_train.jsonl.gz", "rt", encoding="utf-8") as source:
        acts = [json.loads(line) for line in source]
    fold_of = folds([act["municipio"] for act in acts])
    kinds = sorted({act["tipo"] for act in acts})
    entries = [ScheduleEntry(kind, "", (kind,)) for kind in kinds]
    truth, told, confidence = [], [], []
    for fold in range(FOLDS):
        learned = [Example(act["tipo"], act["texto"], act["municipio"]) for act in acts if fold_of[act["municipio"]] != fold]
        model = fit(entries, learned, 0)
        held = [act for act in acts if fold_of[act["municipio"]] == fold]
        proposals = [model.propose(act["texto"], None) for act in held]
        truth += [act["tipo"] for act in held]
        told += [proposal.label for proposal in proposals]
        confidence += [proposal.confidence for proposal in proposals]
        share = np.mean([act["tipo"] == proposal.label for act, proposal in zip(held, proposals, strict=True)])
        print(f"  fold {fold}: {'+'.join(model.features)}, {len(held)} acts, accuracy {share:.3f}", flush=True)
    right, sure = np.array(truth) == np.array(told), np.array(confidence)
    order = np.argsort(-sure, kind="stable")[: int(0.45 * len(sure))]
    print(
        f"acts by municipality: accuracy {right.mean():.3f}, macro-F1 {macro_f1(truth, told):.3f}, surest 45 % {right[order].mean():.3f}",
        end="",
    )
    print(f", ECE {expected_calibration_error(sure, right):.3f}, coverage at 5 % error {coverage_at(sure, right, 0.05):.2f}")


def folds(groups: Sequence[str]) -> dict[str, int]:
    """Whole groups, the largest first, each to the emptiest fold."""
    load, found = [0] * FOLDS, {}
    for group, size in sorted(Counter(groups).items(), key=lambda pair: (-pair[1], pair[0])):
        found[group] = load.index(min(load))
        load[found[group]] += size
    return found


def macro_f1(truth: Sequence[str], told: Sequence[str | None]) -> float:
    scores = []
    for label in set(truth):
        hits = sum(a == b == label for a, b in zip(truth, told, strict=True))
        scores.append(2 * hits / (truth.count(label) + list(told).count(label)))
    return float(np.mean(scores))


def measure_import(reference: Path) -> None:
    table = schedule(reference, "co_trd_cra/trd_cra_2021.csv")
    named: defaultdict[str, list[int]] = defaultdict(list)
    for problem in table.problems:
        named[f"{problem.severity}: {problem.code}"].append(problem.line)
    print(f"irregular schedule: {len(table.rows)} classes, importable {not table.has_errors}")
    for code, lines in sorted(named.items()):
        print(f"  {code}: {len(lines)} (lines {', '.join(map(str, lines[:6]))}{'…' if len(lines) > 6 else ''})")


def main() -> int:
    if len(sys.argv) != 2:
        print(__doc__)
        return 2
    reference = Path(sys.argv[1])
    measure_import(reference)
    measure_contracts(reference)
    measure_acts(reference)
    return 0


if __name__ == "__main__":
    sys.exit(main())
