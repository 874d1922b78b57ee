"""Recognition on the reference pages, scored once and reported as it is: `ARCHIVO_REFERENCE=… python -m tests.bench.final_ocr`."""

import os
import statistics
import sys
from collections import defaultdict
from pathlib import Path

from tests.bench.ocr_chain import Chain, bare_tesseract
from tests.corpus.scans import character_errors


def main() -> int:
    reference = os.environ.get("ARCHIVO_REFERENCE")
    if reference is None:
        print("no se ejecutó: falta ARCHIVO_REFERENCE", file=sys.stderr)
        return 2
    data = Path(reference) / "data"
    chain = Chain()
    rates: dict[str, list[tuple[float, float, bool]]] = defaultdict(list)
    bare = recognition = derivation = 0.0
    for truth in sorted((data / "ocr_simulado_es" / "give").glob("*.gt.txt")):
        text = truth.read_text(encoding="utf-8")
        for image in sorted(truth.parent.glob(truth.name.removesuffix(".gt.txt") + ".*")):
            if image.name.endswith(".gt.txt"):
                continue
            seconds, alone = bare_tesseract(image)
            run = chain.run(image)
            bare, recognition, derivation = bare + seconds, recognition + run.recognition, derivation + run.derivation
            part = run.parts[0]
            rates[image.suffixes[-2].strip(".")].append((character_errors(text, part.text), character_errors(text, alone), part.doubtful))
    print("representación  media  mediana  peor  dudosas  (tesseract solo: media, peor)")
    for rendering, found in rates.items():
        ours, theirs = [item[0] for item in found], [item[1] for item in found]
        figures = f"{statistics.mean(ours):.4f} {statistics.median(ours):.4f} {max(ours):.4f} {sum(item[2] for item in found)}/{len(found)}"
        print(f"{rendering:12} {figures} ({statistics.mean(theirs):.4f}, {max(theirs):.4f})")
    print(f"velocidad frente a tesseract: cadena {bare / (recognition + derivation):.2f}, lectura {bare / recognition:.2f}")

    images = sorted(path for folder in data.glob("es_manuscritos_*") for path in folder.rglob("*.jpg"))
    flagged = [path for path in images if chain.run(path).parts[0].doubtful]
    chain.close()
    print(f"manuscritos marcados: {len(flagged)} de {len(images)}")
    return 0 if len(flagged) == len(images) else 1


if __name__ == "__main__":
    sys.exit(main())
