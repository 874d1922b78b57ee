"""How well what people ask is found: `ARCHIVO_REFERENCE=… python -m tests.bench.final_search [--half tuning|untouched]` prints JSON.

Thresholds are chosen on the tuning half alone; the untouched half is what is reported.
"""

import argparse
import json
import os
import tempfile
import time
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from archivo.data import code_patterns, synonyms
from search.engines.tantivy import TantivyIndex
from search.index import Query, Scope
from tests.bench.golden import PUBLIC, Golden, Rules, by_hand, damaged, documents

SCOPE = Scope(PUBLIC)
HOSTILE = (
    '"',
    "'",
    "*",
    "a AND OR",
    "(((",
    "label:public",
    "\0",
    "\ud800",
    "😀",
    "\u202e",
    "x" * 10_000,
    "ley ley ley " * 900,
    "de la que",
    "¿?",
    "",
)


def measured(index: TantivyIndex, golden: Iterable[Golden]) -> dict[str, dict[str, float]]:
    """For each kind and for all: how many, success at 1 and 10 by document, right page first where the page is known."""
    counts: dict[str, dict[str, int]] = {}
    for each in golden:
        hits = index.search(Query(each.text), scope=SCOPE).hits
        rank = next((n for n, hit in enumerate(hits, 1) if hit.document in each.documents), 0)
        for kind in (each.kind, "all"):
            count = counts.setdefault(kind, dict.fromkeys(("n", "first", "ten", "paged", "page"), 0))
            count["n"] += 1
            count["first"] += rank == 1
            count["ten"] += rank > 0
            if each.pages:
                count["paged"] += 1
                count["page"] += bool(hits) and (hits[0].document, hits[0].pages[0].page) in each.pages
    return {
        kind: {
            "n": count["n"],
            "s@1": round(count["first"] / count["n"], 3),
            "s@10": round(count["ten"] / count["n"], 3),
            **({"page@1": round(count["page"] / count["paged"], 3)} if count["paged"] else {}),
        }
        for kind, count in counts.items()
    }


def missed(index: TantivyIndex, golden: Iterable[Golden]) -> list[tuple[str, str, int]]:
    """What is not found first, with the rank at which it is (0: not in ten)."""
    found: list[tuple[str, str, int]] = []
    for each in golden:
        hits = index.search(Query(each.text), scope=SCOPE).hits
        rank = next((n for n, hit in enumerate(hits, 1) if hit.document in each.documents), 0)
        if rank != 1:
            found.append((each.kind, each.text, rank))
    return found


def altered(index: TantivyIndex, good: Iterable[str]) -> dict[str, int]:
    """Good words for which another word was looked for as well, or only suggested."""
    results = [index.search(Query(word), scope=SCOPE) for word in good]
    return {
        "words": len(results),
        "altered": sum(any(note.code == "also" for note in each.notes) for each in results),
        "suggested": sum(each.did_you_mean is not None for each in results),
    }


def errors(index: TantivyIndex) -> int:
    failed = 0
    for text in HOSTILE:
        try:
            index.search(Query(text), scope=SCOPE)
        except Exception:
            failed += 1
    return failed


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--half", choices=("tuning", "untouched"), default="untouched")
    options.add_argument(
        "--missed", action="store_true", help="list the hand-written and rule-made queries not found first (tuning half only)"
    )
    chosen = options.parse_args()
    every = list(documents(Path(os.environ["ARCHIVO_REFERENCE"])))
    blurred = frozenset(each[0].document for number, each in enumerate(every) if number % 9 == 4)
    clear = [entry for each in every for entry in each]
    rules = Rules(clear, blurred)
    golden = [each for each in (*by_hand(), *rules.made()) if each.half == chosen.half]
    with tempfile.TemporaryDirectory() as folder:
        index = TantivyIndex(Path(folder), code_patterns(), synonyms())
        started = time.perf_counter()
        index.rebuild(replace(each, body=damaged(each.body, n)) if each.document in blurred else each for n, each in enumerate(clear))
        built = time.perf_counter() - started
        report: dict[str, object] = {
            "half": chosen.half,
            "documents": len(every),
            "entries_per_second": round(len(clear) / built),
            "results": measured(index, golden),
            "good": altered(index, rules.good_words(500)),
            "errors": errors(index),
        }
        if chosen.missed and chosen.half == "tuning":
            report["missed"] = missed(index, golden)
    print(json.dumps(report, indent=1, ensure_ascii=False))


if __name__ == "__main__":
    main()
