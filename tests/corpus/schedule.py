"""A made retention schedule worded as schedules are, and long documents in its genres, none of which a model was taught.

Purpose: measure the classifier where it has no example. Source: written for this project (schedule.txt, forms.txt; the names of series are
those that schedules share). Licence: that of the project.
"""

import random
import re
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from tests.corpus.classes import Sample, damage, fill

FOLDER = Path(__file__).parent
LETTERHEADS = (
    "",
    "",
    "REPÚBLICA DE COLOMBIA\n",
    "ENTIDAD DISTRITAL\nNIT 899.999.{n}\n",
    "GESTIÓN INSTITUCIONAL\nCódigo 2-{n} Versión {k}\n",
    "Al contestar cite el No. {n}\nFecha: {f} Folios: {k} Anexos: {k}\n",
    "CONTROL DE DOCUMENTOS DEL SISTEMA DE GESTIÓN DE CALIDAD\nPágina 1 de {k}\n",
)


@dataclass(frozen=True)
class ScheduledClass:
    """A class as its schedule words it, and what its documents say."""

    code: str
    office: str
    series: str
    name: str
    types: str
    procedure: str
    genre: str
    titles: tuple[str, ...]
    wordings: tuple[str, ...]


@lru_cache(1)
def load_schedule() -> tuple[ScheduledClass, ...]:
    found = []
    for at, block in enumerate(re.split(r"(?m)^@", (FOLDER / "schedule.txt").read_text("utf-8"))[1:]):
        head, titles, *wordings = block.strip().splitlines()
        office, series, name, types, procedure, genre = head.split("|")
        lines = tuple(line.removeprefix("-") for line in wordings)
        found.append(
            ScheduledClass(f"{office}-{at + 1}", office, series, name, types, procedure, genre, tuple(titles[1:].split(";")), lines)
        )
    return tuple(found)


@lru_cache(1)
def load_forms() -> dict[str, tuple[str, ...]]:
    blocks = re.split(r"(?m)^@", (FOLDER / "forms.txt").read_text("utf-8"))[1:]
    parted = (block.partition("\n") for block in blocks)
    return {name.strip(): tuple(form.strip() for form in body.split("\n--\n")) for name, _, body in parted}


@lru_cache(1)
def load_tails() -> dict[str, tuple[str, ...]]:
    """What follows in long documents of a genre, and under `*` in any: paragraphs that speak of other classes as much as of theirs."""
    blocks = re.split(r"(?m)^@", (FOLDER / "tails.txt").read_text("utf-8"))[1:]
    return {name: tuple(paragraphs) for name, *paragraphs in (block.strip().splitlines() for block in blocks)}


def make_long(one: ScheduledClass, draw: random.Random, misread: float = 0.0) -> Sample:
    """A document of a class in a form of its genre. Three in four bear a title of the class, the others only the name of their kind.

    One title in five is not in capitals, and one document in six comes without line ends, as some recognisers give it.
    """
    forms = load_forms()[one.genre]
    chosen = draw.randrange(len(forms))
    first, second = draw.sample(one.wordings, 2)
    titled = draw.random() < 0.75
    title = draw.choice(one.titles) if titled else one.genre.upper()
    if draw.random() < 0.2:
        title = title.capitalize()
    body = forms[chosen].replace("{t}", title).replace("{w2}", second).replace("{w}", first)
    text = fill(draw.choice(LETTERHEADS) + body, draw)
    tails = [*load_tails().get(one.genre, ()), *load_tails()["*"]]
    text = "\n".join([text, *(fill(tail, draw) for tail in draw.sample(tails, draw.randrange(len(tails) + 1)))])
    if draw.random() < 1 / 6:
        text = text.replace("\n", " ")
    return Sample(one.code, damage(text, misread, draw), f"{one.code}-{chosen}-{one.wordings.index(first)}")
