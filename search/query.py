"""What a person typed, taken apart. Nothing typed is an error: operators, unpaired quotes and odd characters are plain text.

Also the Spanish wording of how a query was understood (`NOTES`, `worded`): the index answers with codes and parameters, not sentences.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from search.analysis import fold, normalise, words
from search.codes import CodePatterns, Found, find
from search.index import Note
from search.spanish import ASKING, STOP

MOST_CHARACTERS = 400
MOST_WORDS = 24

_QUOTES = str.maketrans("“”«»„", '"' * 5)
_QUOTED = re.compile(r'"([^"]*)"')

NOTES = {
    "also": "Mostrando también: «{word}» (no hay resultados exactos de «{typed}»).",
    "code_cited": "Ningún documento se identifica con «{code}»; estos lo mencionan o tienen sus palabras.",
    "code_absent": "Nada de lo que usted puede consultar se identifica con «{code}» ni lo menciona.",
    "phrase_near": "Nadie escribió exactamente «{phrase}»; estos documentos tienen esas palabras muy cerca.",
    "phrase_words": "No se encontró la frase «{phrase}»; estos documentos tienen sus palabras.",
    "any_word": "Ningún documento reúne esas palabras; estos tienen alguna.",
    "cut": "La consulta es muy larga: se buscó con su comienzo, hasta {words} palabras o {characters} letras.",
}


def worded(note: Note) -> str:
    """The note as a sentence in Spanish for the person who searches."""
    return NOTES[note.code].format_map(note.params)


@dataclass(frozen=True, slots=True)
class Parsed:
    """A query taken apart: words and phrases as typed (normalised), codes, and the words the codes were read from.

    `naming` are the codes by which a document is known (not dates or amounts) and `named` how the first was typed. `typing` is the
    last word, folded, if the person may still be typing it. `cut` says that the query was longer than what is looked for.
    """

    words: tuple[str, ...]
    phrases: tuple[tuple[str, ...], ...]
    codes: tuple[str, ...]
    code_words: tuple[str, ...]
    naming: tuple[str, ...]
    named: str
    typing: str | None
    cut: bool


def parse(text: str, patterns: CodePatterns) -> Parsed:
    """Take a query apart: quoted phrases, codes, and the words that are worth looking for. Never raises."""
    plain = normalise(text[: MOST_CHARACTERS * 4]).replace("\0", " ").translate(_QUOTES)
    cut = len(text) > MOST_CHARACTERS
    plain = plain[:MOST_CHARACTERS]
    phrases: list[tuple[str, ...]] = []
    if plain.count('"') >= 2:
        phrases = [tuple(phrase) for each in _QUOTED.findall(plain) if (phrase := words(each)[:MOST_WORDS])]
        plain = _QUOTED.sub(lambda found: " " * len(found[0]), plain)
    places = _outermost(find(plain, patterns))
    kept = list(plain)
    for place in places:
        kept[place.start : place.end] = " " * (place.end - place.start)
    free = words("".join(kept))
    return Parsed(
        words=_worth(free, alone=not places and not phrases),
        phrases=tuple(phrases),
        codes=tuple(dict.fromkeys(code for place in places for code in place.codes)),
        code_words=tuple(dict.fromkeys(fold(word) for place in places for word in words(plain[place.start : place.end]))),
        naming=tuple(code for place in places if place.names for code in place.codes),
        named=next((plain[place.start : place.end].strip() for place in places if place.names), ""),
        typing=_typing(plain, free),
        cut=cut or len(free) > MOST_WORDS,
    )


def _outermost(places: Sequence[Found]) -> list[Found]:
    """The places not inside a larger one, which reads more: the day of a date is no number."""
    return [
        place
        for place in places
        if not any(
            other.start <= place.start and place.end <= other.end and other.end - other.start > place.end - place.start for other in places
        )
    ]


def _worth(free: list[str], *, alone: bool) -> tuple[str, ...]:
    distinct: dict[str, str] = {}
    for word in free[:MOST_WORDS]:
        distinct.setdefault(fold(word), word)
    telling = [word for key, word in distinct.items() if key not in STOP]
    if len(telling) > 2:
        sought = [word for word in telling if fold(word) not in ASKING]
        telling = sought if len(sought) >= 2 else telling
    return tuple(telling or (distinct.values() if alone else ()))


def _typing(plain: str, free: list[str]) -> str | None:
    """The last word, if the person may still be typing it (no space after it)."""
    last = free[-1] if free else ""
    if len(last) >= 3 and last.isalpha() and plain.endswith(last) and fold(last) not in STOP:
        return fold(last)
    return None
