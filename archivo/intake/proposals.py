"""Propose title, date, number, producer and kind of a document from its own text, each with the words that say so. Never raises."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Any

from archivo.intake.proposal_dates import ProposedDate, complete_year, make_date, propose_date
from archivo.intake.proposal_words import Span, TextLine, alike, begins, fold, lines_of, words

READ = 6_000  # characters from the beginning
HEADING_LINES = 18  # where letterhead, kind, number and subject stand
LONGEST_TITLE = 250

_NUMBER = re.compile(
    r"[ .:]*(?P<name>[a-z ]{0,40}?)[ .:]*(?P<sign>n[°º.]?[ ]?[o°º]?[.:]?|no?[.:]|num\.?|numero|radicad[oa]|#)?[ .:]*"
    r"(?P<number>[a-z]{0,6}[-.]?[0-9][0-9a-z./-]{0,24})(?:[ ,]+(?:de[l]?|d[ec])[ ]+(?P<year>[12][.]?[0-9]{3}))?(?![0-9])"
)
_SPACED = re.compile(r"(?:[a-z][ ]){4,20}[a-z](?![a-z])")
_DIGIT = re.compile("[0-9]")
_LETTER = re.compile(r"[^\W\d_]")
_OFFICE_LIKENESS = 0.86


@dataclass(frozen=True, slots=True)
class Proposed:
    """`confidence` 0 to 1; `evidence`: the words of the text that say it."""

    value: str
    confidence: float
    evidence: tuple[Span, ...]


@dataclass(frozen=True, slots=True)
class Proposals:
    """What the text says of itself; None where it does not."""

    title: Proposed | None = None
    date: ProposedDate | None = None
    number: Proposed | None = None
    producer: Proposed | None = None
    document_type: Proposed | None = None

    def as_json(self) -> dict[str, Any]:
        """Each value under its name, and under `evidence` its confidence and the places that say so."""
        named = {name: getattr(self, name) for name in ("title", "date", "number", "producer", "document_type")}
        found = {name: one for name, one in named.items() if one is not None}
        evidence = {
            name: {
                "confidence": one.confidence,
                "spans": [{"start": span.start, "end": span.end, "quote": span.quote} for span in one.evidence],
            }
            for name, one in found.items()
        }
        return {**{name: one.value for name, one in found.items()}, **({"evidence": evidence} if evidence else {})}


@dataclass(frozen=True, slots=True)
class _Heading:
    """The line that names the document: its kind, its number and its year where said."""

    line: TextLine
    kind: str
    kind_end: int
    number: str = ""
    year: str = ""
    end: int = 0


def propose_description(text: str, offices: Mapping[str, str]) -> Proposals:
    """Read the beginning of a text. `offices`: code to name of those that may have produced it."""
    text = text[:READ]
    lines = lines_of(text)
    top = lines[:HEADING_LINES]
    heading = _heading(top)
    return Proposals(
        title=_title(top, heading),
        date=_date(text, top, heading),
        number=Proposed(heading.number, 0.85, (heading.line.span(0, heading.end),)) if heading and heading.number else None,
        producer=_producer(top, offices) or _sender(lines, offices),
        document_type=_document_type(heading),
    )


def _heading(lines: Sequence[TextLine]) -> _Heading | None:
    """The first line that begins with the name of a kind of document and reads as a heading; one with a number goes before."""
    found = [heading for line in lines if (heading := _read_heading(line))]
    return next((one for one in found if one.number), found[0] if found else None)


def _read_heading(line: TextLine) -> _Heading | None:
    if not (_DIGIT.search(line.folded) or _stands_out(line.text)):  # neither a number nor a heading: asked first, for it costs least
        return None
    named = _kind(line.folded)
    if named is None:
        return None
    kind, end = named
    match = _NUMBER.match(line.folded[end : end + 120])
    if match and (match["sign"] or match["year"] or not match["name"].strip()):
        stop = end + match.end()
        return _Heading(
            line, kind, end, _as_written(line, end + match.start("number"), match), (match["year"] or "").replace(".", ""), stop
        )
    return _Heading(line, kind, end, end=len(line.text)) if _stands_out(line.text) else None


def _as_written(line: TextLine, start: int, match: re.Match[str]) -> str:
    return line.text[start : start + len(match["number"])].rstrip("./-")


def _kind(folded: str) -> tuple[str, int] | None:
    """The kind that a line begins with, and where its name ends; letters may be spaced out or one misread."""
    spaced = _SPACED.match(folded)
    if spaced:
        squeezed = spaced.group().replace(" ", "")
        for heading, kind in words().types.items():
            if squeezed.startswith(heading):
                return kind, min(len(folded), 2 * len(heading))
    line = folded.split(" ")
    for heading, kind in words().types.items():
        count = heading.count(" ") + 1
        said = " ".join(line[:count]).rstrip(".,:;")
        if said == heading or (len(heading) >= 6 and len(line) >= count and alike(said, heading)):
            return kind, len(said)
    return None


def _stands_out(text: str) -> bool:
    """A heading: mostly capitals, or a few words without the end of a sentence."""
    letters = _LETTER.findall(text)
    capitals = sum(letter.isupper() for letter in letters)
    return bool(letters) and (capitals / len(letters) > 0.7 or (len(text.split()) <= 8 and not text.endswith((".", ",", ";"))))


def _document_type(heading: _Heading | None) -> Proposed | None:
    if heading is None:
        return None
    return Proposed(heading.kind, 0.9 if heading.number else 0.75, (heading.line.span(0, heading.kind_end),))


def _date(text: str, lines: Sequence[TextLine], heading: _Heading | None) -> ProposedDate | None:
    """The day under its heading, or its own date elsewhere; without one, the year of its number."""
    if heading and heading.year:
        at = lines.index(heading.line)
        under = [one for line in lines[at + 1 : at + 3] if (one := complete_year(heading.year, line))]
        if under:
            return under[0]
    found = propose_date(text)
    if found or heading is None or not heading.year:
        return found
    return make_date(heading.year, 0.6, heading.line.span(0, heading.end))


def _title(lines: Sequence[TextLine], heading: _Heading | None) -> Proposed | None:
    """Kind and number with what it is about; without a subject, the heading itself."""
    about = _subject(lines)
    name = _name(heading) if heading else ""
    if about:
        subject, span = about
        value = f"{name}: {_small_initial(subject)}" if name else subject
        evidence = (heading.line.span(0, heading.end), span) if heading and heading.line.start != span.start else (span,)
        return Proposed(_cut(value), 0.85 if name else 0.7, evidence)
    if heading is None:
        return None
    if heading.number:
        return Proposed(name, 0.7, (heading.line.span(0, heading.end),))
    return Proposed(_cut(calm(heading.line.text)), 0.6, (heading.line.span(),)) if len(heading.line.text.split()) > 1 else None


def _name(heading: _Heading) -> str:
    if not heading.number:
        return heading.kind
    return f"{heading.kind} {heading.number}" + (f" de {heading.year}" if heading.year else "")


def _subject(lines: Sequence[TextLine]) -> tuple[str, Span] | None:
    """What follows `Asunto:`, or the clause `por la cual…`, with the lines it goes on for."""
    for at, line in enumerate(lines):
        folded = line.folded.lstrip("\"“«'")
        skipped = len(line.folded) - len(folded)
        label = begins(folded, words().subjects)
        if label and folded[len(label) :].lstrip(" .")[:1] == ":":
            start = skipped + folded.index(":", len(label)) + 1
            start += len(line.text[start:]) - len(line.text[start:].lstrip())
            if start >= len(line.text):
                continue
        elif begins(folded, words().clauses):
            start = skipped
        else:
            continue
        last, said = _go_on(lines, at, start)
        end = last.start + len(last.text)
        value = calm(said.strip(" \"“”«».'"))
        if len(value) >= 4 and fold(value) not in words().clauses:
            return value, Span(line.start + start, end, said)
    return None


def _go_on(lines: Sequence[TextLine], at: int, start: int) -> tuple[TextLine, str]:
    """Up to three more lines, while the sentence has no end and nothing else begins."""
    said, last = lines[at].text[start:], lines[at]
    for line in lines[at + 1 : at + 4]:
        if line.apart or said.rstrip().endswith((".", "”", '"', "»")) or len(said) > LONGEST_TITLE or _begins_another(line):
            break
        if line.text[:1].isupper() and calm(said) == " ".join(said.split()):
            break
        said, last = f"{said} {line.text}", line
    return last, said


def _begins_another(line: TextLine) -> bool:
    opening = re.match(r"[a-z ]{2,24}:", line.folded)
    return bool(opening) or _kind(line.folded) is not None or bool(begins(line.folded, words().addressee))


def calm(text: str) -> str:
    """A line in capitals as a sentence, with the proper names that are known; other lines as they are, blanks joined."""
    text = " ".join(text.split())
    letters = _LETTER.findall(text)
    if not letters or sum(letter.isupper() for letter in letters) / len(letters) <= 0.7:
        return text
    small = text.lower()
    for name in words().proper:
        small = re.sub(rf"\b{re.escape(name.lower())}\b", name, small)
    return small[:1].upper() + small[1:]


def _small_initial(subject: str) -> str:
    """`Por la cual` goes on in small letters after the name of the act."""
    return subject[:1].lower() + subject[1:] if begins(fold(subject), words().clauses) else subject


def _cut(value: str) -> str:
    """At a blank, no longer than a title may be."""
    return value if len(value) <= LONGEST_TITLE else value[:LONGEST_TITLE].rsplit(" ", 1)[0] + "…"


def _producer(lines: Sequence[TextLine], offices: Mapping[str, str]) -> Proposed | None:
    """The office named in the letterhead, or after `De:`; never the one it is written to."""
    best: Proposed | None = None
    for at, line in enumerate(lines):
        before = lines[at - 1].folded if at else ""
        if begins(line.folded, words().addressee) or (begins(before, words().addressee) and ":" not in before):
            continue
        found = _office_in(line, offices)
        if found is not None and (best is None or found.confidence > best.confidence):
            best = found
    return best


def _sender(lines: Sequence[TextLine], offices: Mapping[str, str]) -> Proposed | None:
    """The office that signs, in the last lines read."""
    signed = _producer(lines[HEADING_LINES:][-8:], offices)
    return Proposed(signed.value, round(signed.confidence - 0.2, 2), signed.evidence) if signed else None


def _office_in(line: TextLine, offices: Mapping[str, str]) -> Proposed | None:
    """The office whose name is the line, or the longest that a short line holds; a misread letter is forgiven."""
    sender = begins(line.folded, words().sender)
    said = re.sub(r"^[ .:]+", "", line.folded[len(sender) :]) if sender and ":" in line.folded else line.folded
    for name in sorted(offices.values(), key=lambda one: (-len(one), one)):
        wanted = fold(name).strip()
        if len(wanted) < 4 or len(said) > 160:
            continue
        if said.strip(" .") == wanted:
            return Proposed(name, 0.92, (line.span(),))
        if " " in wanted and re.search(rf"\b{re.escape(wanted)}\b", said) and len(said) <= 3 * len(wanted):
            return Proposed(name, 0.85, (line.span(),))
        if len(wanted) >= 8 and abs(len(said) - len(wanted)) <= 4 and SequenceMatcher(None, said, wanted).ratio() >= _OFFICE_LIKENESS:
            return Proposed(name, 0.7, (line.span(),))
    return None
