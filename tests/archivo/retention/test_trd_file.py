import io
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl import Workbook

from archivo.retention.trd_file import Disposition, Severity, TRDRow, TRDTable, read_trd, write_trd
from archivo.retention.trd_table import rules

HEAD = "dependencia_codigo,dependencia,serie_codigo,serie,subserie_codigo,subserie,retencion_archivo_gestion,retencion_archivo_central,"
HEAD += "disposicion_final,tipos_documentales,procedimiento\n"
GOOD = "100,Despacho,100-2,ACTAS,100-2-01,Actas de consejo,2,10,CT,Citación; Acta,Se conserva\n"


def read(text: str) -> TRDTable:
    return read_trd(text.encode(), "tabla.csv")


def codes(table: TRDTable) -> list[str]:
    return [problem.code for problem in table.problems]


def test_a_clean_table_has_its_rows_and_no_problem() -> None:
    table = read(HEAD + GOOD)
    assert table.problems == ()
    (row,) = table.rows
    assert (row.office_code, row.office, row.series_code, row.series) == ("100", "Despacho", "100-2", "ACTAS")
    assert (row.code, row.subseries, row.types) == ("100-2-01", "Actas de consejo", ("Citación", "Acta"))
    assert (row.ag_years, row.ac_years, row.disposition, row.reproduction, row.line) == (2, 10, Disposition.CT, False, 2)


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
def test_delimiters_and_byte_order_mark(delimiter: str, mark: bytes) -> None:
    text = (HEAD + GOOD).replace("Citación; Acta", "Citación").replace(",", delimiter)
    assert len(read_trd(mark + text.encode(), "t.csv").rows) == 1


def test_windows_text_is_read_and_said() -> None:
    table = read_trd((HEAD + GOOD).encode("cp1252"), "t.csv")
    assert table.rows[0].types[0] == "Citación"
    assert codes(table) == ["file_encoding"]


def test_the_class_of_a_series_without_subseries_has_the_code_of_the_series() -> None:
    table = read(HEAD + "100,Despacho,100-5,CIRCULARES,,,2,5,E,Circular,\n")
    assert table.rows[0].code == "100-5"
    assert table.rows[0].label == "CIRCULARES"


def test_one_code_may_serve_several_offices() -> None:
    table = read(HEAD + GOOD + GOOD.replace("100,Despacho", "200,Archivo"))
    assert [row.office_code for row in table.rows] == ["100", "200"]
    assert not table.problems


def test_the_same_row_twice_is_taken_once_with_a_warning() -> None:
    table = read(HEAD + GOOD + GOOD)
    assert len(table.rows) == 1
    assert codes(table) == ["row_repeated"]
    assert table.problems[0].line == 3


def test_a_line_for_each_type_makes_one_class() -> None:
    table = read(HEAD + GOOD.replace("Citación; Acta", "Citación") + GOOD.replace("Citación; Acta", "Acta"))
    assert table.rows[0].types == ("Citación", "Acta")
    assert not table.problems


@pytest.mark.parametrize(
    ("old", "new", "code", "severity", "cell"),
    [
        (",2,10,", ",dos,10,", "years_wrong", "error", "G2"),
        (",2,10,", ",-2,10,", "years_wrong", "error", "G2"),
        (",2,10,", ",1.5,10,", "years_wrong", "error", "G2"),
        (",2,10,", ",2,,", "years_missing", "warning", "H2"),
        (",CT,", ",CT/E,", "disposition_several", "error", "I2"),
        (",CT,", ",Quemar,", "disposition_wrong", "error", "I2"),
        (",CT,", ",,", "disposition_missing", "warning", "I2"),
        (",CT,", ",S,", "selection_without_sample", "warning", "K2"),
        (",100-2-01,", ",,", "code_missing", "warning", "E2"),
        (",ACTAS,", ",,", "series_missing", "error", "D2"),
        ("Citación; Acta", "", "types_missing", "warning", "J2"),
        ("100,Despacho", ",", "office_missing", "warning", "B2"),
    ],
)
def test_what_is_irregular_names_its_cell_norm_and_remedy(old: str, new: str, code: str, severity: str, cell: str) -> None:
    broken = (GOOD.replace("100-2,ACTAS", ",ACTAS") if code == "code_missing" else GOOD).replace(old, new)
    table = read(HEAD + broken + GOOD.replace("100-2-01", "100-2-02"))
    (found,) = [problem for problem in table.problems if problem.code == code]
    assert found.severity == Severity(severity)
    assert table.has_errors is (severity == "error")
    assert found.cell == cell
    assert found.line == 2
    assert found.message
    assert found.remedy
    assert found.source


def test_another_class_with_a_used_code_is_left_out() -> None:
    table = read(HEAD + GOOD + GOOD.replace("Actas de consejo", "Actas de junta"))
    assert [row.subseries for row in table.rows] == ["Actas de consejo"]
    assert codes(table) == ["code_duplicated"]
    assert "«Actas de consejo»" in table.problems[0].message


def test_a_code_with_two_names_in_two_offices_is_told() -> None:
    table = read(HEAD + GOOD + GOOD.replace("100,Despacho", "200,Archivo").replace("Actas de consejo", "Actas de junta"))
    assert len(table.rows) == 2
    assert codes(table) == ["code_with_two_names"]


def test_offices_are_agreed() -> None:
    lines = [
        GOOD,
        GOOD.replace("100-2-01", "100-2-02"),
        GOOD.replace("100,D", ",D").replace("100-2-01", "100-2-03"),
        GOOD.replace("Despacho", "Oficina").replace("100-2-01", "100-2-04"),
    ]
    table = read(HEAD + "".join(lines))
    assert {(row.office_code, row.office) for row in table.rows} == {("100", "Despacho")}
    assert codes(table) == ["office_inferred", "office_conflict"]


@pytest.mark.parametrize(
    ("written", "meaning", "copied"),
    [
        ("ConservacionTotal", Disposition.CT, False),
        ("Conservación total", Disposition.CT, False),
        ("Eliminación", Disposition.E, False),
        ("selección", Disposition.S, False),
        ("CT/MT", Disposition.CT, True),
        ("S - M", Disposition.S, True),
    ],
)
def test_how_dispositions_are_written(written: str, meaning: Disposition, copied: bool) -> None:
    row = read(HEAD + GOOD.replace(",CT,", f",{written},")).rows[0]
    assert (row.disposition, row.reproduction) == (meaning, copied)


def test_marks_in_columns() -> None:
    head = "Código;Serie;Subserie;Tipos documentales;AG;AC;CT;E;S;MT;Procedimiento\n"
    table = read(head + "1.1;ACTAS;Actas de comité;Acta;2;8;X;;;X;ok\n1.2;ACTAS;Actas de junta;Acta;2;8;X;;X;;ok\n")
    assert (table.rows[0].disposition, table.rows[0].reproduction) == (Disposition.CT, True)
    assert "disposition_several" in codes(table)


def book(lines: list[list[object]], merges: tuple[str, ...] = (), title: str = "TRD 110") -> bytes:
    made = Workbook()
    sheet = made.active
    assert sheet is not None
    sheet.title = title
    for line in lines:
        sheet.append(line)
    for one in merges:
        sheet.merge_cells(one)
    written = io.BytesIO()
    made.save(written)
    return written.getvalue()


FORM: list[list[object]] = [
    ["ENTIDAD PRODUCTORA: Municipio de prueba"],
    ["OFICINA PRODUCTORA: 110 - Oficina Jurídica", None, None, None, None, None, None, None, None, None, None, "HOJA 1 DE 1"],
    [],
    [
        "CÓDIGO",
        None,
        None,
        "SERIES, SUBSERIES Y TIPOS DOCUMENTALES",
        "SOPORTE",
        "RETENCIÓN",
        None,
        "DISPOSICIÓN FINAL",
        None,
        None,
        None,
        "PROCEDIMIENTO",
    ],
    ["D", "S", "Sb", None, None, "ARCHIVO DE GESTIÓN", "ARCHIVO CENTRAL", "CT", "E", "S", "M/D", None],
    [110, 2, None, "ACTAS"],
    [110, 2, 1, "Actas de comité de conciliación", None, 2, 8, "X", None, None, "X", "Se conserva por su valor."],
    [None, None, None, "- Citación", "Papel"],
    [None, None, None, "- Acta", "Papel"],
    [110, 2, 5, "Actas de eliminación", None, 2, 18, "X", None, None, None, "Se conserva."],
    [None, None, None, "• Acta", "PDF"],
    [110, 7, None, "CIRCULARES", None, 1, 4, None, "X", None, None, "Se elimina con acta."],
    [None, None, None, "Circular", "PDF"],
    ["CONVENCIONES: CT Conservación total; E Eliminación"],
    [None, None, None, "Firma del jefe de archivo"],
]
FORM_MERGES = ("A1:L1", "A4:C4", "D4:D5", "E4:E5", "F4:G4", "H4:K4", "L4:L5", "F7:F9", "G7:G9", "L7:L9")


def test_the_official_form_with_merged_cells() -> None:
    table = read_trd(book(FORM, FORM_MERGES), "trd.xlsx")
    assert not table.problems
    assert [(row.office_code, row.office) for row in table.rows] == [("110", "Oficina Jurídica")] * 3
    assert [(row.code, row.series, row.subseries) for row in table.rows] == [
        ("110.2.1", "ACTAS", "Actas de comité de conciliación"),
        ("110.2.5", "ACTAS", "Actas de eliminación"),
        ("110.7", "CIRCULARES", ""),
    ]
    assert [row.types for row in table.rows] == [("Citación", "Acta"), ("Acta",), ("Circular",)]
    assert [(row.ag_years, row.ac_years, row.disposition) for row in table.rows] == [
        (2, 8, Disposition.CT),
        (2, 18, Disposition.CT),
        (1, 4, Disposition.E),
    ]
    assert table.rows[0].reproduction
    assert table.rows[0].support == "Papel"


def test_the_form_with_whole_codes_in_one_column() -> None:
    head: list[object] = ["CÓDIGO", "SERIES, SUBSERIES Y TIPOS DOCUMENTALES", "AG", "AC", "CT", "E", "S", "PROCEDIMIENTO"]
    lines: list[list[object]] = [
        ["OFICINA PRODUCTORA:", "DIRECCIÓN DE ARCHIVO", "CÓDIGO: 200"],
        head,
        ["200.05", "CONCEPTOS"],
        ["200.05.01", "Conceptos técnicos", 3, 7, None, None, "X", "Muestra del 10 %."],
        [None, "Solicitud"],
        [None, "Concepto"],
        ["OFICINA PRODUCTORA:", "OFICINA DE PRENSA", "CÓDIGO: 300"],
        head,
        ["300.09", "BOLETINES", 1, 2, None, "X", None, "Se elimina."],
        [None, "Boletín"],
    ]
    table = read_trd(book(lines), "trd.xlsx")
    assert not table.problems
    assert [(row.office_code, row.office, row.code, row.types) for row in table.rows] == [
        ("200", "DIRECCIÓN DE ARCHIVO", "200.05.01", ("Solicitud", "Concepto")),
        ("300", "OFICINA DE PRENSA", "300.09", ("Boletín",)),
    ]


def test_cells_of_a_workbook_are_named_with_their_sheet() -> None:
    table = read_trd(
        book([["Código", "Serie", "Subserie", "AG", "AC", "CT"], ["1.1", "ACTAS", "Actas", "muchos", 3, "x"]], title="Hoja A"), "t"
    )
    (wrong,) = [problem for problem in table.problems if problem.code == "years_wrong"]
    assert wrong.cell == "Hoja A!D2"
    assert wrong.column == "AG"


def test_written_and_read_again_it_is_the_same() -> None:
    table = read_trd(book(FORM, FORM_MERGES), "trd.xlsx")
    written = write_trd(table.rows)
    again = read_trd(written, "trd.csv")
    assert [replace(row, line=0) for row in again.rows] == [replace(row, line=0) for row in table.rows]
    assert write_trd(again.rows) == written


NAME = st.text(alphabet="abcdefghijklmnñopqrstuvwxyzáéíóú", min_size=1, max_size=12)


@settings(max_examples=30, deadline=None)
@given(
    st.lists(
        st.builds(
            TRDRow,
            office_code=st.sampled_from(["100", "200"]),
            office=st.just(""),
            series_code=st.integers(1, 40).map(str),
            series=NAME,
            types=st.lists(NAME, max_size=3, unique=True).map(tuple),
            ag_years=st.none() | st.integers(0, 99),
            ac_years=st.none() | st.integers(0, 99),
            disposition=st.none() | st.sampled_from(Disposition),
            reproduction=st.booleans(),
            procedure=NAME,
            access_default=st.sampled_from([None, "publica", "clasificada", "reservada"]),
        ),
        min_size=1,
        unique_by=lambda row: (row.office_code, row.series_code),
    )
)
def test_any_table_survives_writing(rows: list[TRDRow]) -> None:
    assert [replace(row, line=0) for row in read_trd(write_trd(rows), "t.csv").rows] == rows


def bomb(part: bytes) -> bytes:
    original = zipfile.ZipFile(io.BytesIO(book([["a"]])))
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in original.namelist():
            archive.writestr(name, part if name == "xl/worksheets/sheet1.xml" else original.read(name))
    return made.getvalue()


SHEET = b'<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main">%s</worksheet>'
ROW = b'<sheetData><row r="1"><c r="A1" t="inlineStr"><is><t>x</t></is></c></row></sheetData>'


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "heading_missing"),
        (b"hola", "heading_missing"),
        (HEAD.encode(), "table_empty"),
        (b"PK\x03\x04roto", "file_unreadable"),
        (b"\x00\x01\x02", "file_unreadable"),
        (bomb(b" " * (21 * 1024 * 1024)), "file_too_large"),
        (bomb(b"<worksheet"), "file_unreadable"),
        (bomb(SHEET % (ROW + b"<mergeCells>" + b'<mergeCell ref="A1:IV20000"/>' * 3 + b"</mergeCells>")), "file_too_large"),
        (bomb(b'<!DOCTYPE w [<!ENTITY a SYSTEM "file:///etc/passwd">]>' + SHEET % ROW.replace(b">x<", b">&a;<")), "heading_missing"),
    ],
)
def test_hostile_or_useless_files_say_so_and_give_nothing(content: bytes, code: str) -> None:
    table = read_trd(content, "x")
    assert table.rows == ()
    assert table.has_errors
    assert codes(table) == [code]


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=400) | st.text(max_size=400).map(lambda text: (HEAD + GOOD + text).encode("utf-8", "ignore")))
def test_it_never_raises(content: bytes) -> None:
    read_trd(content, "x")


def test_every_rule_names_its_source_and_its_remedy() -> None:
    for rule in rules().values():
        assert rule.severity in ("error", "warning")
        assert rule.source
        assert rule.remedy.endswith(".")


def test_a_source_that_another_norm_replaced_says_so() -> None:
    sources = [rule.source for rule in rules().values() if "Acuerdo AGN 004 de 2019" in rule.source]
    assert sources
    assert all(source.endswith("(reemplazado por el Acuerdo AGN 001 de 2024)") for source in sources)


def test_a_real_table_of_two_offices(reference: Path) -> None:
    table = read_trd((reference / "data/co_trd_aguas_sucre/trd_dos_oficinas.csv").read_bytes(), "trd.csv")
    assert len(table.rows) == 57
    assert set(codes(table)) <= {"selection_without_sample"}


def test_a_real_irregular_table_is_imported_with_its_irregularities_named(reference: Path) -> None:
    table = read_trd((reference / "data/co_trd_cra/trd_cra_2021.csv").read_bytes(), "trd.csv")
    assert not table.has_errors
    assert len(table.rows) == 234
    assert codes(table).count("code_missing") == 8
    assert codes(table).count("code_duplicated") == 2
    assert {"office_inferred", "office_conflict", "row_repeated", "years_missing", "disposition_missing", "code_with_two_names"} <= set(
        codes(table)
    )
