"""Read a retention schedule (TRD) from a CSV or XLSX file, in the official form or with a column for each datum, and write it back.

Irregular rows are warnings that name cell, norm and remedy; with an error nothing may be imported. Never raises on odd files.
"""

import csv
import io
import re
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import replace

from archivo.retention.sheets import Sheet, SheetUnreadable, read_sheets
from archivo.retention.trd_cells import Reader
from archivo.retention.trd_headings import Header, bare, find_header
from archivo.retention.trd_rows import read_columns, read_form
from archivo.retention.trd_table import Disposition, Problem, Severity, TRDRow, TRDTable, problem

__all__ = ["COLUMNS", "Disposition", "Problem", "Severity", "TRDRow", "TRDTable", "read_trd", "write_trd"]

COLUMNS = (
    "dependencia_codigo",
    "dependencia",
    "serie_codigo",
    "serie",
    "subserie_codigo",
    "subserie",
    "tipos_documentales",
    "soporte",
    "retencion_archivo_gestion",
    "retencion_archivo_central",
    "disposicion_final",
    "reproduccion",
    "procedimiento",
    "norma",
    "acceso",
)

_SAMPLE = re.compile(r"\d\s*(%|por ciento)|muestra|muestreo|aleatori|por ciento", re.IGNORECASE)
_COPY = re.compile(r"copia|medio t[eé]cnico|digitaliza|microfilm|reproducci", re.IGNORECASE)


def read_trd(content: bytes, filename: str) -> TRDTable:
    """The rows of every sheet, in order, and everything irregular in them. What the file is, its bytes say; `filename` is for messages."""
    try:
        sheets = read_sheets(content)
    except SheetUnreadable as error:
        return TRDTable((), (problem(error.code, detail=f"{filename}: {error}"),))
    rows: list[tuple[Sheet, Header, TRDRow]] = []
    problems: list[Problem] = []
    headed = False
    for sheet in sheets:
        if sheet.encoding == "windows-1252":
            problems.append(problem("file_encoding"))
        header = find_header(sheet.lines)
        if header is None:
            continue
        headed = True
        problems.extend(_headings(sheet, header))
        reader = Reader(sheet, header)
        read = read_form(reader) if header.column("name") is not None else read_columns(reader)
        problems.extend(reader.problems)
        rows.extend((sheet, header, row) for row in read)
    if not headed:
        return TRDTable((), (*problems, problem("heading_missing")))
    return _together(rows, problems)


def write_trd(rows: Sequence[TRDRow]) -> bytes:
    """The rows as CSV in UTF-8; reading it gives the same rows. The same rows give the same bytes."""
    written = io.StringIO(newline="")
    writer = csv.writer(written, lineterminator="\n")
    writer.writerow(COLUMNS)
    for row in rows:
        years = ["" if one is None else str(one) for one in (row.ag_years, row.ac_years)]
        codes = [row.office_code, row.office, row.series_code, row.series, row.subseries_code, row.subseries]
        rest = [row.procedure, row.norms, row.access_default or ""]
        writer.writerow([*codes, "; ".join(row.types), row.support, *years, row.disposition or "", "X" if row.reproduction else "", *rest])
    return written.getvalue().encode()


def _headings(sheet: Sheet, header: Header) -> list[Problem]:
    return [
        problem(code, line=header.last, cell=sheet.address(header.last, column), column=header.titles[column], value=header.titles[column])
        for code, columns in (("heading_unknown", header.unknown), ("heading_repeated", header.repeated))
        for column in columns
        if column in header.titles
    ]


def _together(read: Sequence[tuple[Sheet, Header, TRDRow]], problems: list[Problem]) -> TRDTable:
    """All sheets as one table: offices agreed, each class once, and each row looked at."""
    kept: dict[tuple[str, str], tuple[Sheet, Header, TRDRow]] = {}
    for sheet, header, row in _with_offices(read, problems):
        first = kept.setdefault((row.office_code or row.office, row.code), (sheet, header, row))[2]
        if first is row:
            continue
        if (first.series, first.subseries) == (row.series, row.subseries) and set(row.types) - set(first.types) and _agree(first, row):
            kept[row.office_code or row.office, row.code] = (sheet, header, _join(first, row))
        elif replace(first, line=0) == replace(row, line=0) or (_agree(first, row) and first.label == row.label):
            problems.append(_at(sheet, header, row, "row_repeated", "subseries", row.label, first_line=first.line))
        else:
            details: dict[str, str | int] = {"first": first.label, "first_line": first.line, "second": row.label}
            problems.append(_at(sheet, header, row, "code_duplicated", "code", row.code, **details))
    for sheet, header, row in kept.values():
        problems.extend(_look(sheet, header, row))
    problems.extend(_across_offices(list(kept.values())))
    if not kept:
        problems.append(problem("table_empty"))
    ordered = sorted(problems, key=lambda one: one.line)
    return TRDTable(tuple(row for _, _, row in kept.values()), tuple(ordered))


def _across_offices(read: Sequence[tuple[Sheet, Header, TRDRow]]) -> list[Problem]:
    """One code means one class in every office that has it: the same name and the same disposition."""
    found = []
    first: dict[str, TRDRow] = {}
    for sheet, header, row in read:
        before = first.setdefault(row.code, row)
        details: dict[str, str | int] = {"first": before.label, "first_line": before.line, "second": row.label}
        if bare(before.label) != bare(row.label):
            found.append(_at(sheet, header, row, "code_with_two_names", "code", row.code, **details))
        elif row.disposition and before.disposition and row.disposition is not before.disposition:
            details = {"other": before.disposition, "first_line": before.line, "mark": row.disposition}
            found.append(_at(sheet, header, row, "disposition_differs", "disposition", row.label, **details))
    return found


def _agree(first: TRDRow, row: TRDRow) -> bool:
    """Whether the second says nothing other than the first about retention and disposition."""
    pairs = zip((first.ag_years, first.ac_years, first.disposition), (row.ag_years, row.ac_years, row.disposition), strict=True)
    return all(second is None or second == one for one, second in pairs)


def _join(first: TRDRow, row: TRDRow) -> TRDRow:
    """One line a type: the types of both."""
    procedure = first.procedure or row.procedure
    return replace(first, types=tuple(dict.fromkeys((*first.types, *row.types))), procedure=procedure)


def _with_offices(read: Sequence[tuple[Sheet, Header, TRDRow]], problems: list[Problem]) -> list[tuple[Sheet, Header, TRDRow]]:
    """Codes of offices given where other rows tell them; one name for each code, the one most rows give."""
    names: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for _, _, row in read:
        if row.office_code and row.office:
            names[row.office_code][row.office] += 1
    named = {code: counted.most_common(1)[0][0] for code, counted in names.items()}
    codes = {name: code for code, name in named.items()}
    agreed = []
    for sheet, header, row in read:
        if not row.office_code and not row.office:
            problems.append(_at(sheet, header, row, "office_missing", "office"))
        elif not row.office_code and row.office in codes:
            problems.append(_at(sheet, header, row, "office_inferred", "office_code", codes[row.office], office=row.office))
            row = replace(row, office_code=codes[row.office])
        elif row.office_code and row.office and row.office != named[row.office_code]:
            agreed_name = named[row.office_code]
            problems.append(
                _at(sheet, header, row, "office_conflict", "office", row.office, office_code=row.office_code, office=agreed_name)
            )
            row = replace(row, office=named[row.office_code])
        elif row.office_code and not row.office:
            row = replace(row, office=named.get(row.office_code, ""))
        agreed.append((sheet, header, row))
    return agreed


def _look(sheet: Sheet, header: Header, row: TRDRow) -> list[Problem]:
    """What the norm asks of each class and a table already in force may lack: warnings."""
    found = []
    for years, name, where in ((row.ag_years, "ag", "archivo de gestión"), (row.ac_years, "ac", "archivo central")):
        if years is None:
            found.append(_at(sheet, header, row, "years_missing", name, where=where))
    if row.disposition is None:
        found.append(_at(sheet, header, row, "disposition_missing", "disposition"))
    if row.disposition is Disposition.S and not _SAMPLE.search(row.procedure):
        found.append(_at(sheet, header, row, "selection_without_sample", "procedure", row.label))
    if row.disposition is Disposition.E and row.reproduction and not _COPY.search(row.procedure):
        found.append(_at(sheet, header, row, "reproduction_of_destroyed", "reproduction"))
    if not row.types:
        found.append(_at(sheet, header, row, "types_missing", "types", row.label))
    return found


def _at(sheet: Sheet, header: Header, row: TRDRow, code: str, name: str, value: str = "", **params: str | int) -> Problem:
    column = header.column(name)
    cell = sheet.address(row.line, column) if column is not None else sheet.address(row.line, 0)
    title = header.titles.get(column, "") if column is not None else ""
    return problem(code, line=row.line, cell=cell, column=title, value=value, **params)
