"""From a query taken apart to the tree an engine runs, with the measured weights, and to what is said about it.

Weights come from the measured design (golden set of 702 queries, two engines): changing one is a measurement, not an opinion.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import pairwise

from search.analysis import fold, normalise, stem, words
from search.index import Note, Understood
from search.query import MOST_CHARACTERS, MOST_WORDS, Parsed
from search.spanish import STOP
from search.spelling import Vocabulary, corrections, idf, misreadings, number_forms, numbers
from search.tree import Best, Constant, Every, Field, Node, Nothing, Phrase, Prefix, Required, Some, Term, Weighted

_UNSTEMMED: tuple[tuple[Field, float], ...] = (("bu", 1.0), ("tu", 0.8), ("du", 0.8))
_STEMMED: tuple[tuple[Field, float], ...] = (("bs", 0.7), ("ts", 0.56), ("ds", 0.56))
_TIE = 0.1
_NUMBER = 0.7
_SYNONYM = 0.6
_SYNONYM_PHRASE = 0.36
_CORRECTIONS = (1.0, 0.7, 0.5)
_MISREADING = 0.8
_PREFIX = 0.7
_OWN_CODE, _CODE, _CODE_WORDS = 6.0, 3.0, 0.3
_ALL_WORDS = 0.5
_PAIR_SLOP, _PAIR = 6, 0.5
_TOGETHER_SLOP, _TOGETHER = 12, 1.0

Synonyms = Mapping[str, tuple[tuple[str, ...], ...]]
"""For a folded word, the expressions (folded words) that mean the same."""


@dataclass(frozen=True, slots=True)
class Step:
    """A tree to run; `note` is said if it was this one that found something.

    `whole`: what of it answers every part of the query, with the same scores, where that is less than the tree. `adjacent`: words have to
    stand next to each other, so how common they are does not tell how many entries answer.
    """

    tree: Node
    note: Note | None = None
    whole: Node | None = None
    adjacent: bool = False


@dataclass(frozen=True, slots=True)
class Word:
    """A word of the query with the other forms it is looked for in."""

    typed: str
    folded: str
    forms: tuple[str, ...]
    corrected: tuple[str, ...]
    misread: tuple[str, ...]
    synonyms: tuple[tuple[str, ...], ...]
    suggestion: str | None

    @property
    def likely(self) -> str:
        return self.corrected[0] if self.corrected else self.typed


@dataclass(frozen=True, slots=True)
class Plan:
    """The trees to run, in order, until one finds something; and what of its words is said in any case."""

    steps: tuple[Step, ...]
    understood: Understood
    text: str
    words: tuple[Word, ...]
    is_cut: bool

    def notes(self, vocabulary: Vocabulary) -> tuple[Note, ...]:
        """What is said of words that were corrected, as the vocabulary spells them, and of a text that was too long."""
        corrected = (each for each in self.words if each.corrected)
        also = tuple(Note("also", {"typed": each.typed, "word": vocabulary.spelled(each.corrected[0])}) for each in corrected)
        return (*also, Note("cut", {"words": MOST_WORDS, "characters": MOST_CHARACTERS})) if self.is_cut else also

    def did_you_mean(self, vocabulary: Vocabulary) -> str | None:
        """The query with each doubtful word as it may have been meant."""
        whole = better = normalise(self.text)
        for word in self.words:
            if word.suggestion:
                better = re.sub(rf"(?<!\w){re.escape(word.typed)}(?!\w)", vocabulary.spelled(word.suggestion), better)
        return better if better != whole else None


def synonym_table(groups: Iterable[Sequence[str]]) -> Synonyms:
    """The table for groups of words and expressions that mean the same, also by their plurals and singulars."""
    table: dict[str, dict[tuple[str, ...], None]] = {}
    for group in groups:
        expressions = [tuple(fold(word) for word in words(each)) for each in group]
        for one in expressions:
            if len(one) == 1:
                others = dict.fromkeys(other for other in expressions if other != one)
                for form in (one[0], *number_forms(one[0])):
                    table.setdefault(form, {}).update(others)
    return {word: tuple(others) for word, others in table.items()}


def plan(text: str, parsed: Parsed, vocabulary: Vocabulary, synonyms: Synonyms) -> Plan:
    """What to ask of an engine for `text`, for the reader whose vocabulary is handed in."""
    looked_for = [_looked_for(word, vocabulary, synonyms) for word in parsed.words]
    steps = _steps(parsed, looked_for, vocabulary, synonyms)
    return Plan(steps, _understood(parsed, looked_for), text, tuple(looked_for), parsed.cut)


def _looked_for(word: str, vocabulary: Vocabulary, synonyms: Synonyms) -> Word:
    folded = fold(word)
    near = corrections(folded, vocabulary)
    unknown = bool(near) and vocabulary.pages(folded) == 0
    return Word(
        typed=word,
        folded=folded,
        forms=tuple(numbers(folded, vocabulary)),
        corrected=tuple(each.word for each in near) if unknown else (),
        misread=tuple(misreadings(folded, vocabulary)),
        synonyms=synonyms.get(folded, ())[:4],
        suggestion=near[0].word if near else None,
    )


def _steps(parsed: Parsed, looked_for: list[Word], vocabulary: Vocabulary, synonyms: Synonyms) -> tuple[Step, ...]:
    units = [_unit(each, vocabulary, parsed.typing) for each in looked_for]
    phrases = [_exactly(phrase, 0) for phrase in parsed.phrases]
    if parsed.codes:
        units.append(_code_unit(parsed, vocabulary, synonyms))
    if not phrases:
        whole = _together(units, looked_for, least=len(units)) if len(units) > 1 else None
        first = Step(_together(units, looked_for, least=_half(units)), None, whole)
        return (first, Step(_together(units, looked_for, least=1), Note("any_word"))) if len(units) > 2 else (first,)
    said = {"phrase": " ".join(parsed.phrases[0])}
    near = [_exactly(phrase, 3) for phrase in parsed.phrases]
    adjacent = any(len(phrase) > 1 for phrase in parsed.phrases)
    loose = replace(parsed, phrases=(), words=tuple(dict.fromkeys((*parsed.words, *_telling(parsed.phrases)))))
    return (
        Step(Required(Every(tuple(phrases)), tuple(units)), adjacent=adjacent),
        Step(Required(Every(tuple(near)), tuple(units)), Note("phrase_near", said), adjacent=adjacent),
        *(replace(step, note=Note("phrase_words", said)) for step in _loose_steps(loose, vocabulary, synonyms)),
    )


def _loose_steps(parsed: Parsed, vocabulary: Vocabulary, synonyms: Synonyms) -> tuple[Step, ...]:
    return _steps(parsed, [_looked_for(word, vocabulary, synonyms) for word in parsed.words], vocabulary, synonyms)


def _telling(phrases: Iterable[tuple[str, ...]]) -> list[str]:
    every = [word for phrase in phrases for word in phrase]
    return ([word for word in every if fold(word) not in STOP] or every)[:MOST_WORDS]


@lru_cache(maxsize=1_000)
def _everywhere(word: str, weight: float) -> tuple[Node, ...]:
    """The word and its stem in each text, with their weights. Remembered, for a query is planned several times."""
    unstemmed = tuple(Weighted(Term(field, fold(word)), weight * own) for field, own in _UNSTEMMED)
    return unstemmed + tuple(Weighted(Term(field, stem(word)), weight * own) for field, own in _STEMMED)


def _unit(word: Word, vocabulary: Vocabulary, typing: str | None) -> Node:
    parts = list(_everywhere(word.typed, 1.0))
    parts += [Weighted(Term("bu", form), _NUMBER) for form in word.forms]
    for synonym in word.synonyms:
        if len(synonym) == 1:
            parts += [Weighted(Term("bs", stem(synonym[0])), _SYNONYM), Weighted(Term("ds", stem(synonym[0])), _SYNONYM)]
        else:
            parts.append(Weighted(Phrase("bs", tuple(map(stem, synonym))), _SYNONYM_PHRASE))
    for corrected, weight in zip(word.corrected, _CORRECTIONS, strict=False):
        parts += _everywhere(corrected, weight)
        parts += [Weighted(Term("bu", form), weight * _NUMBER) for form in number_forms(corrected)]
    if word.misread:
        score = _MISREADING * idf(vocabulary.pages(word.folded), vocabulary.size())
        parts += [Constant(Term("bu", each), score) for each in word.misread]
    if typing == word.folded and (pages := vocabulary.starting(typing)):
        parts.append(Constant(Prefix("bu", typing), _PREFIX * idf(pages, vocabulary.size())))
    return Best(tuple(parts), _TIE)


def _code_unit(parsed: Parsed, vocabulary: Vocabulary, synonyms: Synonyms) -> Node:
    parts: list[Node] = [Weighted(Term("own", code), _OWN_CODE) for code in parsed.codes]
    parts += [Weighted(Term("codes", code), _CODE) for code in parsed.codes]
    telling = [_looked_for(word, vocabulary, synonyms) for word in parsed.code_words if word not in STOP]
    if telling:
        parts.append(Weighted(Every(tuple(_unit(word, vocabulary, None) for word in telling)), _CODE_WORDS))
    return Best(tuple(parts), _TIE)


def _exactly(phrase: tuple[str, ...], slop: int) -> Node:
    folded = tuple(map(fold, phrase))
    fields: tuple[Field, ...] = ("bu", "tu", "du")
    return Best(tuple(_phrase(field, folded, slop) for field in fields))


def _phrase(field: Field, folded: tuple[str, ...], slop: int) -> Node:
    return Phrase(field, folded, slop) if len(folded) > 1 else Term(field, folded[0])


def _half(units: list[Node]) -> int:
    return (len(units) + 1) // 2 if len(units) > 2 else 1


def _together(units: list[Node], looked_for: list[Word], *, least: int) -> Node:
    """At least so many of the units, better all, better near each other."""
    if not units:
        return Nothing()
    every = Every(tuple(units))
    base = units[0]
    if len(units) > 1:
        base = Weighted(every, 1 + _ALL_WORDS) if least == len(units) else Some((*units, Weighted(every, _ALL_WORDS)), least)
    likely = [stem(each.likely) for each in looked_for]
    if len(likely) < 2:
        return base
    pairs = [Weighted(Phrase("bs", pair, _PAIR_SLOP), _PAIR) for pair in pairwise(likely)]
    return Required(base, (Weighted(Phrase("bs", tuple(likely), _TOGETHER_SLOP), _TOGETHER), *pairs))


def _understood(parsed: Parsed, looked_for: list[Word]) -> Understood:
    forms: set[str] = set()
    stems: set[str] = set()
    for word in looked_for:
        synonyms = [each[0] for each in word.synonyms if len(each) == 1]
        forms.update((word.folded, *word.forms, *word.corrected, *word.misread, *synonyms))
        stems.update(map(stem, (word.typed, *word.corrected, *synonyms)))
    phrases = tuple(tuple(map(fold, phrase)) for phrase in parsed.phrases)
    synonym_phrases = tuple(each for word in looked_for for each in word.synonyms if len(each) > 1)
    return Understood(frozenset(forms), frozenset(stems), phrases + synonym_phrases, parsed.typing, frozenset(parsed.codes))
