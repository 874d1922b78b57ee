"""How fast the embedded search engine is: `python -m tests.bench.bench_search [--documents N]` prints JSON.

Texts are made here, from a seed: administrative Spanish with a vocabulary that grows as real ones do, numbers, dates, names and some words
misread. The index is compared with bare tantivy fed the same fields, prepared beforehand or in the same run.
"""

import argparse
import json
import os
import random
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from itertools import accumulate
from pathlib import Path

from tantivy import Document, Index

from archivo.data import code_patterns, synonyms
from search.analysis import normalise
from search.codes import NO_PATTERNS, CodePatterns, codes
from search.engines.tantivy import TantivyIndex
from search.engines.tantivy_sampling import levels
from search.engines.tantivy_schema import SETS, analyzers, entries_schema
from search.engines.tantivy_writing import facet_sets, numbered, set_number
from search.highlight import snippet
from search.index import Entry, Query, Scope


def _listed(text: str) -> list[str]:
    return text.split()


LABELS = ("public", "office:100", "office:200", "closed")
KINDS = ("resolución", "decreto", "contrato", "oficio", "acta", "circular")
COMMON = _listed("""
    de la que el en y a los del se las por un para con no una su al lo como más o este si entre cuando sin sobre ser tiene también
""")
WORDS = _listed("""
    administración archivo artículo contratación contrato decreto dirección distrital documento ejecución entidad expedición funcionario
    gestión informe licencia licitación municipio obligación obra oficina pago parágrafo plazo presupuesto procedimiento proceso
    proyecto público recurso registro reglamento resolución responsable salud secretaría servicio solicitud supervisión término trámite
    urbano valor vigencia vivienda zona acuerdo ambiental beneficio calidad capacidad certificado ciudadano comunidad concepto control
    convenio cultura derecho educación empleo espacio evaluación familia fondo garantía impuesto infraestructura interventor inversión
    jurídico laboral libertad mantenimiento medida movilidad multa notificación objeto participación patrimonio pensión permiso petición
    población política prestación programa protección queja red renovación sanción seguridad sistema sociedad suelo técnico territorio
    título trabajador transporte tributo universidad usuario vehículo vía víctima vigilancia alcalde audiencia concesión desarrollo
    edificio equipo escuela historia humedal licenciatura parque plan posesión renuncia restauración transferencia tutela
""")
SYLLABLES = _listed("""
    ba be bo ca ce co cu da de di do fa fe ga go la le li lo ma me mi mo na ne no pa pe po ra re ri ro sa se si so ta te ti to va ve vi
""")
ENDINGS = _listed("""
    ción miento dad ista ario ero able ivo anza ura ado ido ar er ir
""")
NAMES = _listed("""
    María José Luis Ana Carlos Rosa Jorge Marta Andrés Gómez Rodríguez Martínez Pérez Sánchez Ramírez Torres Díaz Rojas Vargas Moreno
    Castro Ortiz Suárez Peña
""")


class Writer:
    """Writes pages of made-up administrative Spanish; the same seed writes the same pages."""

    def __init__(self, seed: int, vocabulary: int = 60_000) -> None:
        self._random = random.Random(seed)
        made = [
            "".join(self._random.choices(SYLLABLES, k=self._random.randint(1, 3))) + self._random.choice(ENDINGS) for _ in range(vocabulary)
        ]
        self._words = COMMON + WORDS + made
        self._weights = list(accumulate(1 / (rank + 3) for rank in range(len(self._words))))

    def _made_up(self) -> str:
        return "".join(self._random.choices(SYLLABLES, k=self._random.randint(1, 3))) + self._random.choice(ENDINGS)

    def entries(self, documents: int, pages: int = 2) -> Iterator[Entry]:
        for number in range(documents):
            yield from self._document(number, pages)

    def query(self) -> str:
        """A query as people type them: some words, at times misspelt, quoted, unfinished, or a code."""
        words = self._random.sample(WORDS, self._random.randint(1, 4))
        match self._random.randrange(6):
            case 0:
                return f"{self._random.choice(KINDS)} {self._random.randint(1, 5000)} de {self._random.randint(1990, 2025)}"
            case 1:
                at = self._random.randrange(1, len(words[0]) - 1)
                return " ".join((*words[1:], words[0][:at] + words[0][at + 1 :]))
            case 2:
                return f'"{words[0]} de la {words[-1]}"'
            case 3:
                return " ".join(words)[:-2]
            case _:
                return " ".join((words[0], *self._random.choices(self._words, cum_weights=self._weights, k=3)))

    def _document(self, number: int, pages: int) -> Iterator[Entry]:
        chance = self._random
        year, serial, kind = chance.randint(1990, 2025), chance.randint(1, 5000), chance.choice(KINDS)
        series = f"{chance.randint(1, 20)}"
        entry = Entry(
            document=f"BOG-{number:07}",
            page=0,
            title=f"{kind.capitalize()} {serial} de {year}",
            description=self._text(18),
            body="",
            own=f"{kind} {serial} de {year} 1-{year}-{number}",
            labels=frozenset(chance.choices(LABELS, weights=(90, 4, 4, 2))),
            facets={"series": (series, f"{series}.{chance.randint(1, 9)}"), "type": (kind,)},
            years=(year,),
        )
        yield entry
        for page in range(1, pages + 1):
            yield replace(entry, page=page, body=self._text(360))

    def _text(self, length: int) -> str:
        chance = self._random
        words = chance.choices(self._words, cum_weights=self._weights, k=length)
        for at in range(0, length, 60):
            words[at] = chance.choice(
                (
                    f"Ley {chance.randint(1, 2500)} de {chance.randint(1990, 2025)}",
                    f"{chance.randint(1, 28)} de mayo de {chance.randint(1990, 2025)}",
                    f"{chance.randint(10, 999)}.{chance.randint(100, 999)}.{chance.randint(100, 999)}",
                    " ".join(chance.choices(NAMES, k=3)),
                    "\n",
                )
            )
        if chance.random() < 0.1:
            words = [word if chance.random() > 0.1 else word[:1] + chance.choice("nrlic") + word[2:] for word in words]
        return " ".join(words)


def prepared(entry: Entry, patterns: CodePatterns) -> dict[str, object]:
    """The fields of an entry as the engine gets them, for the bare index."""
    title, description, body = map(normalise, (entry.title, entry.description, entry.body))
    number, sets = numbered(entry.document), facet_sets(entry)
    return {
        "bu": body, "bs": body, "tu": title, "ts": title, "du": description, "ds": description,
        "own": " ".join(codes(entry.own, patterns)), "codes": " ".join(codes(body, patterns)), "document": entry.document,
        "label": list(entry.labels), "facet": [f"{facet}\x1f{value}" for facet, values in entry.facets.items() for value in values],
        "facets": json.dumps(sets).encode(), "year": list(entry.years), "doc": number, "page": entry.page, "share": list(levels(number)),
        **{column: set_number(tuple(values)) for column, values in zip(SETS, sets, strict=True)},
    }  # fmt: skip


def _rate(count: int, seconds: float) -> float:
    return round(count / seconds, 1)


def _bare(folder: Path, fields: Iterable[dict[str, object]]) -> None:
    """Index fields by the engine alone, as it comes."""
    folder.mkdir()
    bare = Index(entries_schema(), str(folder))
    for name, analyzer in analyzers().items():
        bare.register_tokenizer(name, analyzer)
    writer = bare.writer(100_000_000, 2)
    for each in fields:
        writer.add_document(Document.from_dict(each, entries_schema()))
    writer.commit()
    writer.wait_merging_threads()


def _best(ways: Mapping[str, Callable[[Path], object]], rounds: int = 3) -> dict[str, tuple[float, float]]:
    """The least seconds and processor seconds of each way, in turns, so that a neighbour's load falls on all."""
    times: dict[str, list[tuple[float, float]]] = {name: [] for name in ways}
    for _ in range(rounds):
        for name, run in ways.items():
            with tempfile.TemporaryDirectory() as folder:
                started, worked = time.perf_counter(), time.process_time()
                run(Path(folder) / "index")
                times[name].append((time.perf_counter() - started, time.process_time() - worked))
    return {name: (min(each[0] for each in taken), min(each[1] for each in taken)) for name, taken in times.items()}


def indexing(documents: int, patterns: CodePatterns) -> dict[str, float | dict[str, float]]:
    """Entries a second, and ratios to bare tantivy, by the clock and in processor seconds.

    The bare index is fed the same fields, prepared beforehand (`ratio_to_prepared`), with and without the codes and their extraction; or
    it prepares them itself while it is timed (`ratio_both_preparing`).
    """
    entries = list(Writer(7).entries(documents))
    fields = [prepared(entry, patterns) for entry in entries]
    fields_without_codes = [prepared(entry, NO_PATTERNS) for entry in entries]
    taken = _best(
        {
            "codes": lambda _: [codes(normalise(entry.body), patterns) for entry in entries],
            "ours": lambda folder: TantivyIndex(folder, patterns).rebuild(entries),
            "ours_without_codes": lambda folder: TantivyIndex(folder).rebuild(entries),
            "bare": lambda folder: _bare(folder, fields),
            "bare_without_codes": lambda folder: _bare(folder, fields_without_codes),
            "bare_preparing": lambda folder: _bare(folder, (prepared(entry, patterns) for entry in entries)),
        }
    )
    ratios = {
        "ratio_to_prepared": ("bare", "ours"),
        "ratio_to_prepared_without_codes": ("bare_without_codes", "ours_without_codes"),
        "ratio_both_preparing": ("bare_preparing", "ours"),
    }
    return {
        "entries": len(entries),
        "entries_per_second": {name: _rate(len(entries), clock) for name, (clock, _) in taken.items()},
        **{name: round(taken[bare][0] / taken[ours][0], 3) for name, (bare, ours) in ratios.items()},
        **{f"processor_{name}": round(taken[bare][1] / taken[ours][1], 3) for name, (bare, ours) in ratios.items()},
    }


def searching(folder: Path, documents: int, patterns: CodePatterns, queries: int = 300) -> dict[str, float]:
    """Milliseconds of a search with facets, ten hits and their snippets, one client, each query new.

    Processor time is what one client alone would wait for on an idle machine, about: a search runs in the thread that asks. The index is
    built while its texts are made, which takes a part of the time (`making`).
    """
    writer = Writer(7)
    index = TantivyIndex(folder / "many", patterns, synonyms())
    making = [0.0]
    started, worked = time.perf_counter(), time.process_time()
    count = index.rebuild(_timed(writer.entries(documents), making))
    built, worked = time.perf_counter() - started, time.process_time() - worked
    scope = Scope(frozenset({"public", "office:100"}))
    page = next(entry.body for entry in Writer(8).entries(1) if entry.page)
    asked = [Query(writer.query()) for _ in range(queries)]
    index.search(Query("calentamiento"), scope=scope)
    times: list[float] = []
    processor: list[float] = []
    for query in asked:
        started, worked = time.perf_counter(), time.thread_time()
        results = index.search(query, scope=scope)
        for _ in results.hits:
            snippet(page, results.understood, patterns=patterns)
        times.append((time.perf_counter() - started) * 1000)
        processor.append((time.thread_time() - worked) * 1000)
    started = time.perf_counter()
    index.put(Writer(9).entries(1))
    putting = time.perf_counter() - started
    return {
        "documents": documents,
        "entries": count,
        "build_entries_per_second": _rate(count, built),
        "build_processor_us_per_entry": round((worked - making[0]) / count * 1e6),
        "making_processor_us_per_entry": round(making[0] / count * 1e6),
        **_spread("ms", times),
        **_spread("processor_ms", processor),
        "put_one_document_ms": round(putting * 1000, 1),
    }


def _timed(entries: Iterator[Entry], taken: list[float]) -> Iterator[Entry]:
    """The entries; the processor seconds that making them takes are added to `taken[0]`."""
    while True:
        started = time.thread_time()
        entry = next(entries, None)
        taken[0] += time.thread_time() - started
        if entry is None:
            return
        yield entry


def _spread(unit: str, values: list[float]) -> dict[str, float]:
    ordered = sorted(values)
    places = {"p50": len(ordered) // 2, "p95": len(ordered) * 95 // 100, "max": len(ordered) - 1}
    return {f"{name}_{unit}": round(ordered[at], 2) for name, at in places.items()}


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--documents", type=int, default=100_000)
    documents = options.parse_args().documents
    patterns = code_patterns()
    with tempfile.TemporaryDirectory() as folder:
        report = {
            "cpus": os.cpu_count(),
            "load": os.getloadavg(),
            "indexing": indexing(min(documents, 20_000), patterns),
            "searching": searching(Path(folder), documents, patterns),
        }
    print(json.dumps(report, indent=1))


if __name__ == "__main__":
    main()
