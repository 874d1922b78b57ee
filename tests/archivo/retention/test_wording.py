"""Why a class is proposed, as a person reads it."""

from archivo.retention.wording import reason_sentences


def word(code: str, typed: str, contribution: float = 1.0, *, in_entry: bool = False) -> dict[str, object]:
    return {"code": code, "params": {"word": typed, "contribution": contribution, "in_entry": in_entry}}


def test_words_that_say_the_same_stand_in_one_sentence() -> None:
    reasons = [
        word("word", "acueducto"),
        word("word", "acta", in_entry=True),
        word("word", "comité"),
        word("spelling", "acueducto"),
        word("spelling", "Ibagué"),
        word("spelling", "acueducto"),
        word("word", "factura", -1.0),
    ]
    assert reason_sentences(reasons, {}) == (
        "A favor, en el texto: «acueducto» y «comité».",
        "A favor, en el texto y en la tabla de retención: «acta».",
        "A favor, por su escritura: «acueducto» e «Ibagué».",
        "En contra: «factura».",
    )


def test_a_neighbour_of_each_class_is_told_once() -> None:
    labels = {"k1": "Actas", "k2": "Contratos"}
    neighbours = [{"code": "neighbour", "params": {"label": key, "agrees": key == "k1"}} for key in ("k1", "k2", "k1", "k2")]
    assert reason_sentences(neighbours, labels) == (
        "Se parece a un documento que una persona clasificó aquí.",
        "También se parece a un documento clasificado en Contratos.",
    )


def test_braces_in_a_document_stay_as_written() -> None:
    assert reason_sentences([word("heading", "{label}")], {}) == ("El encabezado dice «{label}».",)
