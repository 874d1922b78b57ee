"""Recognition against its goals, on pages made here, everything in one run: `python -m tests.bench.bench_ocr`.

Speed is a ratio of processor seconds to the bare `tesseract` program and to stock OCRmyPDF on the same pages.
Exits 1 when a goal is missed.
"""

import statistics
import sys
import tempfile
from collections import defaultdict
from pathlib import Path

from tests.bench.ocr_chain import Chain, bare_tesseract, stock_ocrmypdf
from tests.corpus.pages import TEMPLATES, make_page
from tests.corpus.renderings import BASE, SPECIAL
from tests.corpus.scans import character_errors, pdf_of, scan

SEED = 77


def main() -> int:
    chain = Chain()
    errors: dict[str, list[tuple[float, bool, str]]] = defaultdict(list)
    bare_errors: dict[str, list[float]] = defaultdict(list)
    bare = recognition = derivation = stock = stock_chain = 0.0
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        chain.run(scan(folder, make_page("oficio", SEED + 1), "fax200"))
        for template in TEMPLATES:
            page = make_page(template, SEED)
            for rendering in BASE:
                image = scan(folder, page, rendering)
                seconds, text = bare_tesseract(image)
                bare_errors[rendering].append(character_errors(page.text, text))
                run = chain.run(image)
                bare, recognition, derivation = bare + seconds, recognition + run.recognition, derivation + run.derivation
                part = run.parts[0]
                errors[rendering].append((character_errors(page.text, part.text), part.doubtful, template))
                if rendering == "limpio300" and template in ("oficio", "acta"):
                    document = pdf_of([image], folder / f"{template}.pdf")
                    stock += stock_ocrmypdf(document, folder / "stock.pdf")
                    again = chain.run(document)
                    stock_chain += again.recognition + again.derivation
        for rendering in SPECIAL:
            for template in ("resolucion", "oficio"):
                page = make_page(template, SEED + 2)
                part = chain.run(scan(folder, page, rendering)).parts[0]
                errors[rendering].append((character_errors(page.text, part.text), part.doubtful, template))
    chain.close()

    print("representación  tasa de error: media  mediana  peor  dudosas  (tesseract solo: media, peor)")
    for rendering, found in errors.items():
        rates = [rate for rate, _, _ in found]
        alone = bare_errors.get(rendering)
        beside = f"({statistics.mean(alone):.4f}, {max(alone):.4f})" if alone else ""
        doubtful = sum(doubt for _, doubt, _ in found)
        print(
            f"{rendering:12} {statistics.mean(rates):.4f} {statistics.median(rates):.4f} {max(rates):.4f} {doubtful}/{len(found)} {beside}"
        )
    base = [item for rendering in BASE for item in errors[rendering]]
    silent = [f"{template} {rate:.3f}" for rate, doubtful, template in base if rate > 0.04 and not doubtful]
    goals = (
        ("velocidad de la cadena frente a tesseract", bare / (recognition + derivation), 0.95),
        ("velocidad de la lectura frente a tesseract", bare / recognition, 1.15),
        ("velocidad frente a ocrmypdf, un archivo de una página", stock / stock_chain, 3.0),
    )
    met = not silent
    for title, ratio, goal in goals:
        met = met and ratio >= goal
        print(f"{title}: {ratio:.2f} (meta {goal})")
    mean = statistics.mean(rate for rate, _, _ in base)
    met = met and mean <= 0.015
    print(f"error medio en las cuatro representaciones: {mean:.4f} (meta 0.015); sobre 0.04 sin marcar: {silent or 'ninguna'}")
    bare, recognition, derivation = (seconds / len(base) for seconds in (bare, recognition, derivation))
    print(f"segundos de procesador por página: tesseract {bare:.2f}, lectura {recognition:.2f}, copia {derivation:.2f}")
    return 0 if met else 1


if __name__ == "__main__":
    sys.exit(main())
