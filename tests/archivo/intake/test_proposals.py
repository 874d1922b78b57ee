from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from archivo.intake.proposals import Proposals, propose_description

OFFICES = {"100": "Despacho de la Alcaldesa", "200": "Dirección de Archivo y Memoria", "300": "Oficina Jurídica"}


def read(text: str) -> Proposals:
    return propose_description(text, OFFICES)


@pytest.mark.parametrize(
    ("text", "date"),
    [
        ("Bogotá, D.C., 3 de mayo de 2019\n\nSeñores", "2019-05-03"),
        ("14 de marzo de 1962", "1962-03-14"),
        ("l4 de rnarzo de l962", "1962-03-14"),
        ("22 de febrer0 de 1.948", "1948-02-22"),
        ("1º de setiembre de 1936", "1936-09-01"),
        ("marzo 14 de 1962", "1962-03-14"),
        ("Fecha: 02/04/2024", "2024-04-02"),
        ("Fecha: 2024-04-02", "2024-04-02"),
        ("Dada en Tunja, a los catorce (14) días del mes de marzo de mil novecientos sesenta y dos (1962).", "1962-03-14"),
        ("Se reunió, a los veinte días del mes de mayo de mil novecientos treinta y seis, la junta", "1936-05-20"),
        ("RESOLUCIÓN NÚMERO 41 DE 2023\n(18 de abril)\n", "2023-04-18"),
        ("MEMORANDO\nmarzo de 1999", "1999-03"),
        ("RESOLUCIÓN 147 DE 1962", "1962"),
        ("Informe de visita\n1974", "1974"),
        ("30 de febrero de 1962", None),
        ("El año entrante habrá lluvias.", None),
        ("14 de marzo de 3962", None),
    ],
)
def test_dates(text: str, date: str | None) -> None:
    found = read(text).date
    assert (found.value if found else None) == date


def test_a_date_has_the_days_it_may_mean() -> None:
    found = read("MEMORANDO\nmarzo de 1999").date
    assert found is not None
    assert (found.begins_on, found.ends_on) == ("1999-03-01", "1999-03-31")


def test_the_date_of_another_act_is_not_the_documents() -> None:
    text = (
        "OFICIO 12\n"
        + "palabras del cuerpo " * 15
        + "\nEn virtud del Decreto 45 del 3 de enero de 1950 se responde.\nDado en Tunja, el 8 de junio de 1951."
    )
    found = read(text).date
    assert found is not None
    assert found.value == "1951-06-08"


@pytest.mark.parametrize(
    ("heading", "kind", "number", "title"),
    [
        ("RESOLUCIÓN NÚMERO 147 DE 1962", "Resolución", "147", "Resolución 147 de 1962"),
        ("Resolución 147 de 1962", "Resolución", "147", "Resolución 147 de 1962"),
        ("RES0LUCI0N N° 0088 DE 1948", "Resolución", "0088", "Resolución 0088 de 1948"),
        ("R E S O L U C I Ó N  No. 0147", "Resolución", "0147", "Resolución 0147"),
        ("CONTRATO DE OBRA No. 310 DE 2021", "Contrato", "310", "Contrato 310 de 2021"),
        ("ACTA No. 12", "Acta", "12", "Acta 12"),
        ("CIRCULAR 005", "Circular", "005", "Circular 005"),
        ("OFICIO N.º 2-2019-4471", "Oficio", "2-2019-4471", "Oficio 2-2019-4471"),
        ("INFORME DE VISITA AL ARCHIVO", "Informe", None, "Informe de visita al archivo"),
    ],
)
def test_headings(heading: str, kind: str, number: str | None, title: str) -> None:
    found = read(f"ALCALDÍA MUNICIPAL\n\n{heading}\n\nCuerpo del documento en varias palabras.")
    assert found.document_type is not None
    assert found.document_type.value == kind
    assert (found.number.value if found.number else None) == number
    assert found.title is not None
    assert found.title.value == title


@pytest.mark.parametrize(
    "sentence", ["El informe dice que la resolución 5 de 1990 no vale.", "Planeando la obra, se midió el lote.", "Actas y otras cosas."]
)
def test_a_sentence_is_no_heading(sentence: str) -> None:
    assert read(sentence).document_type is None
    assert read(sentence).number is None


@pytest.mark.parametrize(
    ("text", "title"),
    [
        (
            'RESOLUCIÓN 41 DE 1950\n"Por la cual se nombra\nun portero".\nEL ALCALDE',
            "Resolución 41 de 1950: por la cual se nombra un portero",
        ),
        ("Asunto: Envío de inventarios\nCordial saludo", "Envío de inventarios"),
        ("MEMORANDO\nASUNTO: HORARIO EN BOGOTÁ\n", "Memorando: Horario en Bogotá"),
        ("Objeto: arreglar el techo\n\nOtra cosa", "arreglar el techo"),
    ],
)
def test_titles_say_what_it_is_about(text: str, title: str) -> None:
    found = read(text).title
    assert found is not None
    assert found.value == title


@pytest.mark.parametrize(
    ("text", "office"),
    [
        ("ALCALDÍA\nDIRECCIÓN DE ARCHIVO Y MEMORIA\nOFICIO 3", "Dirección de Archivo y Memoria"),
        ("ALCALDÍA\n0FICINA JURlDICA\nOFICIO 3", "Oficina Jurídica"),
        ("CIRCULAR 3\nDE: Oficina Jurídica\nPARA: Despacho de la Alcaldesa", "Oficina Jurídica"),
        ("OFICIO 3\nSeñores\nOficina Jurídica\n", None),
        ("OFICIO 3\nHoy fuimos a la plaza.", None),
        ("OFICIO 3\n" + "Línea.\n" * 20 + "Despacho de la Alcaldesa", "Despacho de la Alcaldesa"),
    ],
)
def test_producers(text: str, office: str | None) -> None:
    found = read(text).producer
    assert (found.value if found else None) == office


def proposed(found: Proposals) -> Iterator[tuple[float, tuple[tuple[int, int, str], ...]]]:
    for one in (found.title, found.date, found.number, found.producer, found.document_type):
        if one is not None:
            yield one.confidence, tuple((span.start, span.end, span.quote) for span in one.evidence)


PIECES = st.sampled_from(
    [
        "RESOLUCIÓN ",
        "No. ",
        "147",
        " DE ",
        "1962",
        "\n",
        "Asunto: ",
        "por la cual",
        "a los",
        "14 de marzo de 1962",
        "Oficina Jurídica",
        "İß\u0301",
        "(",
    ]
)


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=200) | st.lists(PIECES | st.text(max_size=4), max_size=40).map("".join))
def test_any_text_is_read_and_what_is_quoted_stands_there(text: str) -> None:
    found = read(text)
    for confidence, spans in proposed(found):
        assert 0 < confidence <= 1
        assert spans
        for start, end, quote in spans:
            assert text[start:end] == quote or quote.split() == text[start:end].split()
    assert set(found.as_json()) <= {"title", "date", "number", "producer", "document_type", "evidence"}


@pytest.mark.parametrize("text", ["a " * 50_000, "1 de " * 20_000, "mil y " * 20_000, "(" * 50_000, "R E S O L " * 10_000])
def test_long_odd_texts_are_read(text: str) -> None:
    assert read(text).number is None
