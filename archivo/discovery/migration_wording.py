"""Migrations of formats in words: what was chosen, why a document is left, how a copy and its original compare."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from archivo.custody.formats import RISK_WORDS, Risk
from archivo.discovery.format_pages import RISKS
from archivo.discovery.lists import STANDINGS as SITUATIONS
from archivo.intake.migration_plan import DryRun
from archivo.intake.migration_views import PreservationCopy, Reason, Standing
from archivo.records.wording import ACCESS, event_sentence
from archivo.web.spanish import count, series

STANDINGS: Final = {
    Standing.MADE: ("hechas", "hecha", "ok"),
    Standing.WAITING: ("en-espera", "en espera", "wait"),
    Standing.REFUSED: ("descartadas", "no se guardó", "bad"),
    Standing.STUCK: ("detenidas", "detenida", "bad"),
    Standing.LEFT: ("innecesarias", "no se intentó", ""),
}
"""How the copy of a document stands: its word in addresses, in a sentence and its mark."""
HEADS: Final = {
    Standing.MADE: "Hechas",
    Standing.WAITING: "En espera",
    Standing.REFUSED: "No se guardaron",
    Standing.STUCK: "Detenidas",
    Standing.LEFT: "No se intentaron",
}
WHY: Final[Mapping[str, tuple[str, str]]] = {
    "no_pair": ("No hay aquí con qué migrarlo.", "No hay aquí con qué migrarlos."),
    "no_program": ("Aquí no está el programa con que se migraría.", "Aquí no está el programa con que se migrarían."),
    "is_kept_well": ("Ya está en un formato de preservación.", "Ya están en un formato de preservación."),
    "done": ("Ya tiene su copia de preservación.", "Ya tienen su copia de preservación."),
    "not_ready": ("No se ha terminado de procesar.", "No se han terminado de procesar."),
    "deleted": ("Su contenido se eliminó.", "Su contenido se eliminó."),
    "withdrawn": ("Alguien desistió antes de que se intentara.", "Alguien desistió antes de que se intentaran."),
    "migration.differs": (
        "La copia no resultó igual al original, y se descartó.",
        "Las copias no resultaron iguales a sus originales, y se descartaron.",
    ),
    "migration.invalid": (
        "La copia no cumple la norma de su formato, y se descartó.",
        "Las copias no cumplen la norma de su formato, y se descartaron.",
    ),
    "migration.impossible": ("No se pudo hacer la copia: {detail}.", "No se pudieron hacer las copias: {detail}."),
}
OTHERWISE: Final = ("No se pudo migrar.", "No se pudieron migrar.")
LABELS: Final = {
    "formato": "formato",
    "medio": "tipo de medio",
    "serie": "serie",
    "tipo": "tipo",
    "q": "con las palabras",
}


@dataclass(frozen=True, slots=True)
class Left:
    """How many documents, and why they have no copy, as a sentence."""

    number: str
    sentence: str


@dataclass(frozen=True, slots=True)
class Compared:
    """A copy and its original, in words: pages of each, the text, the points; empty where they were not compared."""

    pages: str
    text: str
    points: str


_RISK_NAMED: Final = {**RISK_WORDS, **{risk.value: risk for risk in Risk}}
"""Risks as pages and as commands name them."""
NOT_COMPARED: Final = Compared("", "", "")


def title_of(planned: DryRun) -> str:
    """What a migration is of, and to what: «De Graphics Interchange Format a PNG»."""
    targets = series(list(dict.fromkeys(one.target for one in planned.conversions)))
    if len(planned.conversions) == 1:
        (one,) = planned.conversions
        return f"De {one.name or one.mime} a {targets}"
    return f"De {count(len(planned.conversions), 'formato')} a {targets}"


def chosen_in_words(told: Mapping[str, str]) -> str:
    """Which documents were chosen, by the names of an address: «formato fmt/4», «los de la lista: serie 100-02, desde 1990»."""
    said = [f"{LABELS[name]} {told[name]}" for name in LABELS if told.get(name)]
    if risk := _RISK_NAMED.get(told.get("riesgo", "")):
        said.append(f"riesgo {RISKS[risk][0]}")
    if told.get("situacion") in SITUATIONS:
        said.append(f"situación: {SITUATIONS[told['situacion']][1].lower()}")
    if told.get("acceso") in ACCESS:
        said.append(f"acceso: {ACCESS[told['acceso']].lower()}")
    said += [f"{words} {told[name]}" for name, words in (("desde", "desde"), ("hasta", "hasta")) if told.get(name)]
    if told.get("documentos"):
        said.append(count(int(told["documentos"]), "documento elegido uno por uno", "documentos elegidos uno por uno"))
    return ", ".join(said) or "todos los documentos de la lista"


def left_in_words(left: Mapping[str, int]) -> list[Left]:
    """Why documents are left as they are (Planned.why), what is most first."""
    return [Left(count(number, "documento"), WHY.get(why, OTHERWISE)[number != 1]) for why, number in left.items()]


def reasons_in_words(reasons: Iterable[Reason]) -> list[Left]:
    """Why copies were not kept."""
    return [Left(count(one.count, "documento"), _why(one.code, one.count, one.detail)) for one in reasons]


def why_one(code: str | None, told: Mapping[str, Any]) -> str:
    """Why there is no copy of a document."""
    return _why(code or "", 1, str(told.get("reason", "")))


def comparison_in_words(copy: PreservationCopy) -> str:
    """How a copy and its original compare, in sentences."""
    words = compared(copy.told)
    if words.points:
        return f"Páginas del original y de la copia: {words.pages}. Texto: {words.text}. Puntos de una página: {words.points}."
    return event_sentence(copy.code, copy.told) if copy.code else "No consta."


def compared(told: Mapping[str, Any]) -> Compared:
    """How a copy and its original compare, as an event keeps it: page by page, or word by word where the original has no pages."""
    if "before" not in told:
        by_words = {"words", "found", "shown"} <= told.keys()
        return (
            Compared(f"copia de {told['shown']}", f"de {count(told['words'], 'palabra')}, {told['found']}", "")
            if by_words
            else NOT_COMPARED
        )
    pages = f"{told['before']} y {told['after']}"
    text = f"distinto en {_listed(told['text'])}" if told.get("text") else "igual"
    points = "menos de 0,01 % distintos" if told["worst"] == "0,00" else f"hasta {told['worst']} % distintos"
    return Compared(pages, text, f"{points}; más de lo admitido en {_listed(told['points'])}" if told.get("points") else points)


def validity_in_words(copy: PreservationCopy) -> tuple[str, str, str]:
    """Whether a copy is what its format asks, in a word, with its mark and by whom it was judged."""
    match copy.told.get("valid"):
        case True:
            return "válida", "ok", str(copy.told.get("by", ""))
        case False:
            return "sin juzgar del todo", "warn", str(copy.told.get("by", ""))
        case _:
            return "sin comprobar", "wait", ""


def _listed(pages: str) -> str:
    return f"las páginas {pages}" if "," in pages else f"la página {pages}"


def _why(code: str, number: int, detail: str) -> str:
    """A reason for so many documents; what is compared otherwise has a code that says it at its end, and the same reason."""
    known = next((code[:end] for end in (len(code), code.rfind(".")) if code[:end] in WHY), "")
    return WHY.get(known, OTHERWISE)[number != 1].replace("{detail}", detail)
