"""Years gathered in spans, marks brought to their boxes and lines, addresses that hold the state of a list."""

import pytest

from archivo.discovery.addresses import pieces, within, year
from archivo.discovery.placing import boxes_of, doubtful_spans, line_of, spans_of
from archivo.discovery.timeline import bins
from archivo.discovery.views import Box
from archivo.web.addresses import attachment, changer
from ingest.step import Word


def test_years_are_gathered_in_round_spans_that_keep_their_proportion() -> None:
    spans = bins({1929: 1, 1936: 2, 2024: 5}, lambda first, last: f"{first}-{last}", most=20)
    assert {span.end - span.start for span in spans} == {4}
    assert sum(span.count for span in spans) == 8
    assert [span.label for span in spans if span.count] == ["1925–1929", "1935–1939", "2020–2024"]
    assert [span.address for span in spans if span.count] == ["1925-1929", "1935-1939", "2020-2024"]


def test_few_years_still_make_an_axis() -> None:
    spans = bins({2024: 3}, lambda first, last: "x", chosen=(2024, 2024))
    assert len(spans) == 8
    assert [span.label for span in spans if span.is_chosen] == ["2024"]
    assert bins({}, lambda first, last: "x") == []


def words() -> list[Word]:
    return [
        Word("ampliación", 96, 50, 100, 120, 112),
        Word("de", 95, 125, 100, 140, 112),
        Word("la", 95, 145, 100, 155, 112),
        Word("Calle", 41, 160, 100, 190, 112),
        Word("Veintiséis", 90, 50, 120, 110, 132),
        Word("fin", 90, 115, 120, 130, 132),
    ]


TEXT = "ampliación de la Calle\nVeintiséis fin"


def test_marks_have_the_boxes_of_their_words_one_a_line() -> None:
    spans = spans_of(TEXT, words())
    assert spans[4] == (23, 33)
    one, two = boxes_of([(0, 10), (17, 33)], spans, words())
    assert one == (Box(50, 100, 120, 112),)
    assert two == (Box(160, 100, 190, 112), Box(50, 120, 110, 132))


def test_a_word_that_the_text_lacks_has_no_place_and_spoils_no_other() -> None:
    spans = spans_of(TEXT, [Word("intruso", 90, 0, 0, 9, 9), *words()])
    assert spans[0] is None
    assert spans[1] == (0, 10)


def test_the_line_of_a_hit_holds_its_words_and_not_the_next() -> None:
    line = line_of(3, (612, 792), Box(50, 100, 120, 112), words(), [Box(50, 100, 120, 112), Box(50, 120, 110, 132)])
    assert line.region.x0 < 50 < 190 < line.region.x1
    assert line.region.x1 - line.region.x0 > 0.7 * 612
    assert line.region.y1 < 126
    assert line.marks == (Box(50, 100, 120, 112),)
    assert within(line.marks, line.region)[0].x0 == pytest.approx(50 - line.region.x0)


def test_a_narrow_screen_shows_the_line_around_the_hit_and_cuts_no_word() -> None:
    row = [Word("palabra", 90, 40 + 60 * place, 100, 90 + 60 * place, 112) for place in range(8)]
    for place, word in enumerate(row):
        line = line_of(1, (612, 792), Box(word.x0, word.y0, word.x1, word.y1), row, [])
        left, right = line.near
        assert line.region.x0 <= left <= word.x0 < word.x1 <= right <= line.region.x1
        assert 0.3 < (right - left) / (line.region.x1 - line.region.x0) < 0.6, place
        assert not [each for each in row if each.x0 < left < each.x1 or each.x0 < right < each.x1], place


def test_a_word_wider_than_a_narrow_screen_is_shown_whole() -> None:
    row = [Word("de", 90, 40, 100, 60, 112), Word("interminable", 90, 70, 100, 560, 112)]
    left, right = line_of(1, (612, 792), Box(70, 100, 560, 112), row, []).near
    assert 60 <= left <= 70
    assert right >= 560


def test_doubtful_words_are_found_in_the_text() -> None:
    assert doubtful_spans(spans_of(TEXT, words()), words()) == [(17, 22)]


def test_a_text_is_cut_at_its_marks() -> None:
    assert pieces("la calle 26", [(3, 8)]) == [("la ", False), ("calle", True), (" 26", False)]
    assert pieces("calle", [(0, 5)]) == [("calle", True)]


def test_addresses_hold_what_was_chosen_and_nothing_else() -> None:
    change = changer("/buscar", {"q": "calle 26", "serie": "", "desde": "1936"})
    assert change() == "/buscar?q=calle+26&desde=1936"
    assert change(desde=None, pagina=2) == "/buscar?q=calle+26&pagina=2"
    assert [year(text) for text in ("1936", " 1936 ", "mil", "-3", "99999", "0")] == ["1936", "1936", "", "", "", ""]


def test_a_file_keeps_its_own_name_when_it_is_downloaded() -> None:
    header = attachment('año "31".pdf')
    assert header == "attachment; filename=\"a_o _31_.pdf\"; filename*=UTF-8''a%C3%B1o%20%2231%22.pdf"
    assert "\n" not in attachment("a\r\nx: y.pdf")
