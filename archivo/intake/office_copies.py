"""Copies of office documents as PDF/A-2b, in words: what was compared, which fonts were not here, what of the original the copy lacks."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from archivo.data import office_copies
from archivo.web.spanish import count, number, pluralised, series
from ingest import office_copy
from ingest.office_copy import NotMade, OfficeCopy
from ingest.step import Workspace
from ingest.steps.identify import identified
from ingest.tools.libreoffice import KINDS

MIMES: Final = frozenset(KINDS)
"""The media types of which LibreOffice makes a copy."""
REASONS: Final[Mapping[str, str]] = {
    "not_loaded": "LibreOffice no lo abre; puede estar dañado o pedir una contraseña",
    "not_pdf_a": "lo que LibreOffice hace de él no cumple PDF/A-2b",
    "no_words": "no tiene palabras con que comparar la copia",
    "not_read": "no se puede leer entero para compararlo",
}
_MOST_FONTS: Final = 20
_SECONDS: Final = 240.0
"""For each thing that is done: a hostile document is shown in four ways at most."""
_PARTS: Final = {"calc": "hoja", "impress": "diapositiva"}


def make(work: Workspace, program: Path, destination: Path) -> tuple[bool, dict[str, Any]]:
    """Write at `destination` the copy of the original of `work`; whether it says the same, and what its event tells.

    Raises NotMade (its `reason` is of REASONS), or ToolError.
    """
    tolerances = dict(office_copies())
    language = tolerances.pop("language")
    rules = {kind: {name: share for name, share in rule.items() if name != "says"} for kind, rule in tolerances.items()}
    work.format = identified(work, work.original, work.filename)[0]
    made = office_copy.make(work, program, destination, tolerance=rules, language=language, seconds=_SECONDS)
    return made.same, _told(made)


def why_not(fault: NotMade) -> str:
    """Why there is no copy, as a person reads it."""
    return REASONS[fault.reason]


def _told(made: OfficeCopy) -> dict[str, Any]:
    fonts = [f"{asked} por {given}" for asked, given in made.fonts[:_MOST_FONTS]]
    more = [count(len(made.fonts) - _MOST_FONTS, "más", "más")] if len(made.fonts) > _MOST_FONTS else []
    lost = _lost(made)
    return {
        "words": made.likeness["words"],
        "found": _found(made),
        "shown": _shown(made),
        "fonts": series([*fonts, *more]) or "ninguna",
        "lost": f", ni lleva {series(lost, 'ni')}" if lost else "",
    }


def _found(made: OfficeCopy) -> str:
    """«faltan 0, en otro orden hay 3, de más hay 0»."""
    likeness = made.likeness
    told = [
        f"faltan {number(likeness['missing'])}",
        f"en otro orden hay {number(likeness['displaced'])}",
        f"de más hay {number(likeness['added'])}",
    ]
    if likeness["shorter"] and not made.same:
        told.append(f"tiene {count(likeness['shorter'], 'letra')} menos")
    if likeness["missing_numbers"]:
        told.append(count(likeness["missing_numbers"], "número no se ve", "números no se ven"))
    if likeness["no_room"]:
        told.append(count(likeness["no_room"], "celda no cabe", "celdas no caben"))
    if made.kind == "impress" and not made.same and made.pages not in (made.parts, 2 * made.parts):
        told.append(f"las páginas son {made.pages} y las diapositivas {made.parts}")
    if made.kind != "writer" and likeness["parts"]:
        name = pluralised(_PARTS[made.kind]) if len(likeness["parts"]) > 1 else _PARTS[made.kind]
        told.append(f"lo que falta está en {name} {series([str(one) for one in likeness['parts']])}")
    return ", ".join(told)


def _shown(made: OfficeCopy) -> str:
    pages = count(made.pages, "página")
    if made.kind == "writer":
        return pages
    what = count(made.parts, _PARTS[made.kind])
    ways = {"wide": ", con las columnas ensanchadas para que se lea todo", "notes": ", con sus notas al final"}
    return f"{pages} para {what}{ways.get(made.way, '')}"


def _lost(made: OfficeCopy) -> list[str]:
    """What of the original does not pass to a copy made of pages."""
    beyond = made.beyond
    told = [
        (beyond["formulas"], f"sus fórmulas ({number(beyond['formulas'])}), de las que queda el resultado"),
        (beyond["macros"], "sus macros"),
        (beyond["moves"], "sus animaciones"),
        (beyond["media"], f"su sonido o video ({number(beyond['media'])})"),
        (beyond["embedded"], f"los archivos incrustados ({number(beyond['embedded'])}), de los que queda la imagen"),
    ]
    return [words for there_is, words in told if there_is]
