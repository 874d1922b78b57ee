"""Invented documents of 64 invented classes, made from a seed: clean or misread, in the forms a model was taught or in others.

Purpose: measure and test the classifier. Source: written for this project (classes.txt, strangers.txt). Licence: that of the project.
"""

import random
import re
from dataclasses import dataclass
from pathlib import Path

FOLDER = Path(__file__).parent
TAUGHT, UNSEEN = "taught", "unseen"

NAMES = (
    "Elvira Montaña",
    "Tobías Quiroga",
    "Nelly Arciniegas",
    "Fabio Urrego",
    "Marlén Patarroyo",
    "Octavio Bejarano",
    "Luz Dary Cifuentes",
)
FIRMS = ("Distribuciones El Roble", "Ingeniería Páramo S.A.S.", "Papeles del Oriente", "Servicios Tunjuelo Ltda.", "Consorcio Sumapaz")
MONTHS = ("enero", "febrero", "marzo", "abril", "mayo", "junio", "julio", "agosto", "septiembre", "octubre", "noviembre", "diciembre")
HEADS = {
    TAUGHT: ("ALCALDÍA MUNICIPAL\nNit 899.000.{k}", "MUNICIPIO DE PRUEBA\nDespacho", "Página {k} de {k}\nCódigo FT-{k} versión {k}", ""),
    UNSEEN: ("ADMINISTRACIÓN CENTRAL\nCarrera {k} número {k}", "Al responder cite {n}\nFolios {k}", "REPÚBLICA\nEntidad territorial", ""),
}
FILLERS = {
    TAUGHT: (
        "De conformidad con la normatividad vigente se procede a lo pertinente.",
        "Para constancia se firma a los {f}.",
        "Se anexan {k} folios.",
        "Lo anterior para los fines que estime convenientes.",
        "Cualquier inquietud será atendida en la extensión {n}.",
    ),
    UNSEEN: (
        "Sin otro particular, me despido con un cordial saludo.",
        "Dado en la ciudad el {f}, en dos ejemplares.",
        "Según las competencias asignadas, se adelanta la actuación.",
        "Copia de este escrito queda en la carpeta respectiva.",
        "Quedamos pendientes de sus instrucciones.",
    ),
}
ENDS = {TAUGHT: ("Proyectó: {p}. Revisó: {p}.", "{p}\nProfesional"), UNSEEN: ("Firma autorizada: {p}", "Atentamente,\n{p}")}
MISREAD = {
    "m": "rn",
    "l": "1",
    "o": "0",
    "e": "c",
    "i": "l",
    "u": "n",
    "n": "u",
    "a": "o",
    "á": "a",
    "ó": "6",
    "é": "e",
    "í": "i",
    "ñ": "n",
}


@dataclass(frozen=True)
class DocumentClass:
    """`taught`: wordings a model may learn; `unseen`: wordings only for measuring."""

    code: str
    office: str
    series: str
    name: str
    types: str
    taught: tuple[str, ...]
    unseen: tuple[str, ...]


@dataclass(frozen=True)
class Sample:
    """A made document. `form` names the wording it was made from."""

    code: str
    text: str
    form: str


def load_classes() -> tuple[DocumentClass, ...]:
    found = []
    for at, block in enumerate(re.split(r"(?m)^@", (FOLDER / "classes.txt").read_text("utf-8"))[1:]):
        head, *lines = block.strip().splitlines()
        office, series, name, types = head.split("|")
        taught = tuple(line[1:] for line in lines if line.startswith("+"))
        unseen = tuple(line[1:] for line in lines if line.startswith("-"))
        found.append(DocumentClass(f"{office}.{at + 1}", office, series, name, types, taught, unseen))
    return tuple(found)


def strangers() -> tuple[str, ...]:
    """Texts of no class."""
    return tuple((FOLDER / "strangers.txt").read_text("utf-8").splitlines())


def make(one: DocumentClass, kind: str, draw: random.Random, others: tuple[DocumentClass, ...] = (), misread: float = 0.0) -> Sample:
    """A document of a class. Some have its title, some a useless one; with `others`, some mention another class."""
    wordings = one.taught if kind == TAUGHT else one.unseen
    chosen = draw.randrange(len(wordings))
    lines = [draw.choice(HEADS[kind])]
    lot = draw.random()
    if lot < 0.25:
        lines.append(one.name.upper())
    elif lot < 0.5:
        lines.append(draw.choice(("OFICIO {n}", "CONSTANCIA", "FORMATO", "INFORME", "ACTA DE REUNIÓN")))
    body = [wordings[chosen], *draw.sample(FILLERS[kind], draw.randint(1, 3))]
    if others and draw.random() < 0.3:
        body.append(f"Anexo: {draw.choice(others).name.lower()}.")
    draw.shuffle(body)
    text = fill("\n".join([*lines, *body, draw.choice(ENDS[kind])]), draw)
    return Sample(one.code, damage(text, misread, draw), f"{kind}-{one.code}-{chosen}")


def fill(text: str, draw: random.Random) -> str:
    def value(found: re.Match[str]) -> str:
        return {
            "n": lambda: str(draw.randint(100, 99999)),
            "k": lambda: str(draw.randint(2, 60)),
            "a": lambda: str(draw.randint(1995, 2025)),
            "m": lambda: draw.choice(MONTHS),
            "f": lambda: f"{draw.randint(1, 28)} de {draw.choice(MONTHS)} de {draw.randint(1995, 2025)}",
            "v": lambda: f"$ {draw.randint(300, 900) * 1000:,}".replace(",", "."),
            "p": lambda: draw.choice(NAMES),
            "e": lambda: draw.choice(FIRMS),
        }[found[1]]()

    return re.sub(r"\{([nkamfvpe])\}", value, text)


def damage(text: str, rate: float, draw: random.Random) -> str:
    """As a recogniser might misread it: `rate` of the characters changed, lost or doubled."""
    if not rate:
        return text
    read = []
    for letter in text:
        lot = draw.random() if letter != "\n" else 1.0
        if lot < rate * 0.6:
            read.append(MISREAD.get(letter.lower(), letter))
        elif lot < rate * 0.8:
            continue
        elif lot < rate:
            read.append(letter * 2)
        else:
            read.append(letter)
    return "".join(read)
