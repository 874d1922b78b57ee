"""A golden set over real documents: which page of which document answers each query.

By hand (golden.toml): paraphrases, questions, misspellings, codes with words. By rule, from the documents: words, phrases, names, codes and
prefixes of a page, as written or spoilt, whose truth is every page that holds all of them (five at most).
"""

import csv
import gzip
import json
import random
import re
import tomllib
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from hashlib import sha256
from pathlib import Path

from search.analysis import fold, normalise, words
from search.index import Entry
from search.spanish import STOP
from search.spelling import number_forms

PAGE = 2_400
PUBLIC = frozenset({"public"})


@dataclass(frozen=True, slots=True)
class Golden:
    """A query and what answers it; `pages` (document, page) where the rule knows them."""

    kind: str
    text: str
    documents: frozenset[str]
    pages: frozenset[tuple[str, int]] = frozenset()

    @property
    def half(self) -> str:
        return "tuning" if sha256(f"{self.kind}{self.text}".encode()).digest()[0] % 2 else "untouched"


def documents(reference: Path) -> Iterator[list[Entry]]:
    """Each document's entries: laws, municipal acts and contracts, cut into pages of about 2,400 characters."""
    for file in sorted((reference / "data/co_leyes_json/seed").glob("*.json")):
        law = json.loads(file.read_text("utf-8"))
        text = "\n".join(each["content"] for each in law["provisions"])
        yield _pages(law["id"], law["title"], law.get("description", ""), text)
    with gzip.open(reference / "data/ar_sibom_municipal/give_train.jsonl.gz", "rt", encoding="utf-8") as lines:
        for number, line in enumerate(lines):
            act = json.loads(line)
            yield _pages(f"act-{number}", act["titulo"], act["municipio"], act["texto"])
    contracts = reference / "data/co_secop_contratos"
    with (contracts / "ground_truth_metadatos.csv").open(encoding="utf-8") as rows:
        for row in csv.DictReader(rows):
            text = (contracts / "texto_ocr_azure" / f"{row['Name']}.txt").read_text("utf-8")
            yield _pages(
                row["Name"], f"Contrato {row['Numero_del_Contrato']}", f"{row['Objeto_a_Contratar']} {row['Nombre_de_la_Entidad']}", text
            )


def _pages(document: str, title: str, description: str, text: str) -> list[Entry]:
    entry = Entry(document, 0, title, description, "", title, PUBLIC)
    found = [entry]
    start = 0
    while start < len(text):
        end = text.rfind(" ", start, start + PAGE) if start + PAGE < len(text) else len(text)
        end = end if end > start else start + PAGE
        found.append(replace(entry, page=len(found), body=text[start:end]))
        start = end
    return found


def damaged(text: str, seed: int) -> str:
    """The text as poor recognition gives it: about 3.5% of the letters wrong, half of the accents lost."""
    chance = random.Random(seed)
    shapes = {
        "l": "1",
        "o": "0",
        "i": "l",
        "e": "c",
        "n": "u",
        "u": "n",
        "a": "o",
        "s": "5",
        "t": "f",
        "r": "t",
        "c": "e",
        "m": "rn",
        "b": "h",
    }
    made: list[str] = []
    for letter in text:
        if ord(letter) > 127 and chance.random() < 0.5:
            letter = unicodedata.normalize("NFD", letter)[0]
        made.append(shapes.get(letter, letter) if chance.random() < 0.035 else letter)
    return "".join(made)


def by_hand() -> list[Golden]:
    listed = tomllib.loads((Path(__file__).parent / "golden.toml").read_text("utf-8"))["query"]
    return [Golden(each["kind"], each["text"], frozenset(each["documents"])) for each in listed]


class Rules:
    """Queries made from pages, by rule; the same seed makes the same queries."""

    def __init__(self, entries: list[Entry], blurred: frozenset[str], seed: int = 17) -> None:
        self._entries = entries
        self._random = random.Random(seed)
        self._blurred = blurred
        self._words = [frozenset(map(fold, words(normalise(f"{each.title} {each.description} {each.body}")))) for each in entries]
        self._holding: dict[str, set[int]] = {}
        for at, held in enumerate(self._words):
            for word in held:
                self._holding.setdefault(word, set()).add(at)
        self._clear = [at for at, each in enumerate(entries) if each.page and each.document not in blurred and len(self._words[at]) > 40]
        self._spoilt = [at for at, each in enumerate(entries) if each.page and each.document in blurred and len(self._words[at]) > 40]

    def made(self, each: int = 45) -> list[Golden]:
        kinds: dict[str, Callable[[], Golden | None]] = {
            "passage": lambda: self._of_page("passage", self._clear, self._random.randint(2, 5)),
            "no accents": lambda: self._changed("no accents", fold, lambda word: fold(word) != word.lower()),
            "inflected": self._inflected,
            "phrase": self._phrase,
            "code": self._code,
            "entity": self._entity,
            "misspelt": lambda: self._changed("misspelt", self._misspelt, lambda word: len(word) > 6),
            "damaged": lambda: self._of_page("damaged", self._spoilt, self._random.randint(2, 4)),
            "prefix": self._prefix,
            "description": self._description,
        }
        found: list[Golden] = []
        for make in kinds.values():
            tries = (make() for _ in range(20_000))
            kept: dict[str, Golden] = {}
            for golden in tries:
                if golden is not None:
                    kept.setdefault(golden.text, golden)
                if len(kept) == each:
                    break
            found += kept.values()
        return found

    def good_words(self, count: int) -> list[str]:
        """Words of undamaged pages, right as they are: in three pages or more."""
        listed = sorted(
            word for word, held in self._holding.items() if len(held) > 2 and len(word) > 3 and word.isalpha() and word not in STOP
        )
        clear = set(self._clear)
        return self._random.sample([word for word in listed if len(self._holding[word] & clear) > 2], count)

    def _pick(self, among: list[int], count: int, accept: Callable[[str], bool] = lambda _: True) -> tuple[int, list[str]]:
        at = self._random.choice(among)
        held = [word for word in words(normalise(self._entries[at].body)) if len(word) > 4 and word.isalpha() and accept(word)]
        useful = [word for word in held if fold(word) not in STOP and 1 < len(self._holding[fold(word)]) < 400]
        return at, self._random.sample(useful, count) if len(set(useful)) >= count else []

    def _truth(self, kind: str, text: str, held: list[str], most: int = 5) -> Golden | None:
        pages = set.intersection(*(self._holding.get(fold(word), set()) for word in held)) if held else set()
        return self._golden(kind, text, pages, most)

    def _golden(self, kind: str, text: str, pages: set[int], most: int = 5) -> Golden | None:
        if not 0 < len(pages) <= most:
            return None
        entries = [self._entries[at] for at in pages]
        return Golden(kind, text, frozenset(each.document for each in entries), frozenset((each.document, each.page) for each in entries))

    def _of_page(self, kind: str, among: list[int], count: int) -> Golden | None:
        _, held = self._pick(among, count)
        return self._truth(kind, " ".join(held), held)

    def _changed(self, kind: str, change: Callable[[str], str], accept: Callable[[str], bool]) -> Golden | None:
        _, held = self._pick(self._clear, 3, accept)
        return self._truth(kind, " ".join(change(word) for word in held[:2] + held[2:]), held) if held else None

    def _misspelt(self, word: str) -> str:
        at = self._random.randrange(1, len(word) - 1)
        match self._random.randrange(4):
            case 0:
                return word[:at] + word[at + 1 :]
            case 1:
                return word[:at] + word[at + 1] + word[at] + word[at + 2 :]
            case 2:
                return word[:at] + self._random.choice("aeiorsnl") + word[at:]
            case _:
                swaps = {"b": "v", "v": "b", "c": "s", "s": "c", "z": "s", "g": "j", "j": "g", "h": "", "y": "ll", "x": "s"}
                return next(
                    (word[:n] + swaps[c] + word[n + 1 :] for n, c in enumerate(word) if n and c in swaps), word[:at] + word[at + 1 :]
                )

    def _inflected(self) -> Golden | None:
        _, held = self._pick(self._clear, 3)
        other = [next((form for form in number_forms(fold(word)) if form in self._holding), word) for word in held]
        if not held or other == held:
            return None
        pages = set.intersection(*({*self._holding[fold(a)], *self._holding[fold(b)]} for a, b in zip(held, other, strict=True)))
        return self._golden("inflected", " ".join(other), pages)

    def _phrase(self) -> Golden | None:
        at = self._random.choice(self._clear)
        held = words(normalise(self._entries[at].body))
        start = self._random.randrange(max(1, len(held) - 6))
        chosen = held[start : start + self._random.randint(4, 6)]
        wanted = f" {' '.join(map(fold, chosen))} "
        candidates = set.intersection(*(self._holding[fold(word)] for word in chosen)) if chosen else set()
        if len(candidates) > 300:
            return None
        pages = {each for each in candidates if wanted in f" {' '.join(map(fold, words(normalise(self._entries[each].body))))} "}
        return self._golden("phrase", f'"{" ".join(chosen)}"', pages, 3)

    def _code(self) -> Golden | None:
        entry = self._entries[self._random.choice(self._clear)]
        found = re.match(r"(Ley|Decreto|Ordenanza|Resolución)\D*(\d+)(?: de |[/-])(\d{2,4})$", entry.title)
        if not found:
            return None
        kind, number, year = found.groups()
        shape = self._random.choice(("{k} {n} de {y}", "{k} {n}/{y}", "{k} No. {n} del {y}", "{k} nº {n} de {y}", "{k} {n}/{s}"))
        full = year if len(year) == 4 else f"20{year}"
        same = [e.document for e in self._entries if e.page == 0 and (m := re.match(r"(\w+)\D*(\d+)(?: de |[/-])(\d{2,4})$", e.title))
                and (m[1], int(m[2]), m[3][-2:]) == (kind, int(number), full[-2:])]  # fmt: skip
        return Golden("code", shape.format(k=kind.lower(), n=int(number), y=full, s=full[-2:]), frozenset(same)) if len(same) < 4 else None

    def _entity(self) -> Golden | None:
        at = self._random.choice(self._clear)
        names = re.findall(r"\b(?:[A-ZÁÉÍÓÚÑ][a-záéíóúñ]{3,} (?:de (?:la )?)?){1,3}[A-ZÁÉÍÓÚÑ][a-záéíóúñ]{3,}\b", self._entries[at].body)
        if not names:
            return None
        name = self._random.choice(names)
        return self._truth("entity", name, words(name))

    def _prefix(self) -> Golden | None:
        _, held = self._pick(self._clear, 2)
        if not held or len(held[1]) < 8:
            return None
        start = fold(held[1][:-3])
        begun = set.union(*(pages for word, pages in self._holding.items() if word.startswith(start)))
        return self._golden("prefix", f"{held[0]} {held[1][:-3]}", begun & self._holding[fold(held[0])])

    def _description(self) -> Golden | None:
        entry = self._entries[self._random.choice(self._clear)]
        held = [word for word in words(normalise(entry.description)) if len(word) > 4 and word.isalpha() and fold(word) not in STOP]
        if len(held) < 6:
            return None
        chosen = self._random.sample(held, 4)
        pages = set.intersection(*(self._holding[fold(word)] for word in chosen))
        found = frozenset(self._entries[at].document for at in pages)
        return Golden("description", " ".join(chosen), found) if len(found) <= 3 else None


def kinds(set_: list[Golden]) -> Counter[str]:
    return Counter(each.kind for each in set_)
