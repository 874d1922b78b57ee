"""Parts survive ALTO unharmed, and the file is one that others can read."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from ingest import alto
from ingest.step import Part, PartKind, TextSource, Word
from ingest.words import SharedWords

LETTERS = st.characters(exclude_categories=("Cc", "Cs", "Cn"), exclude_characters="\ufffe\uffff")
LENGTHS = st.integers(0, 500_000).map(lambda hundredths: hundredths / 100)
PERCENTS = st.integers(0, 10_000).map(lambda hundredths: hundredths / 100)
WORDS = st.text(LETTERS, min_size=1, max_size=12).map(lambda text: "".join(text.split())).filter(bool)


@st.composite
def boxed(draw: st.DrawFn, text: st.SearchStrategy[str] = WORDS) -> Word:
    x0, y0 = draw(LENGTHS), draw(LENGTHS)
    return Word(draw(text), draw(PERCENTS), x0, y0, round(x0 + draw(LENGTHS), 2), round(y0 + draw(LENGTHS), 2))


@st.composite
def parts(draw: st.DrawFn, number: int) -> Part:
    if draw(st.booleans()):
        lines = draw(st.lists(st.lists(boxed(), min_size=1, max_size=4), max_size=4))
        words = tuple(word for line in lines for word in line)
        breaks = [draw(st.sampled_from(["\n", "\n\n"])) for _ in lines]
        text = "".join(" ".join(word.text for word in line) + end for line, end in zip(lines, breaks, strict=True)).rstrip("\n")
    else:
        words = tuple(draw(st.lists(boxed(), max_size=3)))
        text = draw(st.text(st.one_of(LETTERS, st.sampled_from("\n\t \r")), max_size=60))
    return Part(
        number=number,
        kind=draw(st.sampled_from(PartKind)),
        text=text,
        source=draw(st.sampled_from(TextSource)),
        label=draw(st.one_of(st.just(""), WORDS)),
        width=draw(st.one_of(st.none(), LENGTHS)),
        height=draw(st.one_of(st.none(), LENGTHS)),
        turn=draw(st.sampled_from((0, 90, 180, 270))),
        words=words,
        confidence=draw(st.one_of(st.none(), PERCENTS)),
        coverage=draw(st.one_of(st.none(), st.integers(0, 1000).map(lambda n: n / 1000))),
        doubtful=draw(st.booleans()),
        engine=draw(st.sampled_from(("", "Motor 1.0, spa", "Otro <&> motor"))),
    )


@given(st.data())
def test_a_file_gives_back_the_parts_it_was_made_of(data: st.DataObject) -> None:
    given_parts = [data.draw(parts(number)) for number in range(3, 3 + data.draw(st.integers(0, 3)))]
    assert alto.load(alto.dump(given_parts)) == given_parts


@given(st.data())
def test_the_words_of_some_pages_are_those_of_the_whole_file(data: st.DataObject) -> None:
    given_parts = [data.draw(parts(number)) for number in range(3, 3 + data.draw(st.integers(0, 3)))]
    wanted = data.draw(st.sets(st.integers(2, 6)))
    assert alto.words(alto.dump(given_parts), wanted) == {part.number: part.words for part in given_parts if part.number in wanted}


def test_words_that_follow_the_text_carry_their_boxes_in_place() -> None:
    words = (Word("Señor", 96.0, 72, 72, 110.5, 84), Word("Alcalde", 91.0, 72, 100, 120, 112), Word("mayor", 88.0, 124, 100, 160, 112))
    part = Part(7, PartKind.PAGE, "Señor\n\nAlcalde mayor", TextSource.RECOGNISED, width=612.0, height=792.0, turn=90, words=words)
    root = etree.fromstring(alto.dump([part]))
    page = root.find(f".//{{{alto.NAMESPACE}}}Page")
    assert page is not None
    assert (page.get("WIDTH"), page.get("HEIGHT"), page.get("ROTATION")) == ("10200", "13200", "90")
    strings = list(root.iter(f"{{{alto.NAMESPACE}}}String"))
    assert [(string.get("CONTENT"), string.get("HPOS"), string.get("WC")) for string in strings] == [
        ("Señor", "1200", "0.96"), ("Alcalde", "1200", "0.91"), ("mayor", "2066.667", "0.88")]  # fmt: skip


def test_a_character_that_xml_cannot_hold_is_shown_as_lost() -> None:
    (part,) = alto.load(alto.dump([Part(1, PartKind.SECTION, "uno\x00dos", TextSource.EMBEDDED)]))
    assert part.text == "uno\ufffddos"


@pytest.mark.parametrize(
    "content", [b"", b"<html/>", b"<alto", b'<alto xmlns="http://www.loc.gov/standards/alto/ns-v4#"><Layout><Page/></Layout></alto>']
)
def test_something_else_is_refused(content: bytes) -> None:
    with pytest.raises(ValueError, match="ALTO"):
        alto.load(content)
    with pytest.raises(ValueError, match="ALTO"):
        alto.words(content, {1})


def test_equal_words_of_several_files_are_held_once() -> None:
    files = []
    for number in (1, 2):
        words = (Word("acta", 96.0, 10.5, 20.25, 40.0, 30.0),)
        files.append(alto.dump([Part(number, PartKind.PAGE, "acta", TextSource.RECOGNISED, words=words)]))
    shared = SharedWords()
    (first,), (second,) = (alto.load(file, shared)[0].words for file in files)
    assert first == second
    assert first.text is second.text
    assert first.y0 is second.y0
