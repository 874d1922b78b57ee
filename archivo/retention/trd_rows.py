"""The two layouts of a retention schedule: a column for each datum, and the official form, with all names in one column."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

from archivo.retention.sheets import Line
from archivo.retention.trd_cells import Reader, clean_code, is_part, split_types
from archivo.retention.trd_headings import bare, header_at
from archivo.retention.trd_table import TRDRow

_PREFIXED = re.compile(r"^([A-Z]{0,6}[0-9][A-Z0-9.]*)\s*[-–:.]?\s+(?=\D)(.+)$")
_OFFICE = re.compile(r"^(oficina|dependencia|unidad|seccion)( productora| administrativa)?\b")
_FOOT = re.compile(r"^(convenciones|firma|elaboro|reviso|aprobo|ct conservacion|fecha de (aprobacion|convalidacion))\b")


def read_columns(reader: Reader) -> list[TRDRow]:
    """One line a class, or a line for each of its types."""
    found: list[TRDRow] = []
    above = TRDRow("", "", "", "")
    for line in _below(reader):
        office_code, office = _office(reader, line)
        row = TRDRow(office_code, office, *_codes(reader, line))
        if not row.series and row.subseries and above.series and row.office_code == above.office_code and row.code:
            reader.report("series_carried", line, "series", above.series)
            row = replace(row, series=above.series, series_code=row.series_code or above.series_code)
        if not row.code:
            reader.report(
                "code_missing", line, "subseries_code" if reader.header.column("subseries_code") else "code", _shown(reader, line)
            )
            continue
        if not row.series:
            reader.report("series_missing", line, "series", row.label)
            continue
        above = row
        found.append(reader.complete(row, line))
    return found


def _shown(reader: Reader, line: Line) -> str:
    return next((text for name in ("subseries", "series", "name", "types") if (text := reader.text(line, name))), "")


def _below(reader: Reader) -> Iterator[Line]:
    """The lines under the headings that are not headings again."""
    lines = reader.sheet.lines
    skip = 0
    for at, line in enumerate(lines):
        if line.number <= reader.header.last:
            continue
        if skip:
            skip -= 1
        elif (again := header_at(lines, at)) and len(again.columns) >= len(reader.header.columns) - 1:
            skip = again.last > again.first
        else:
            yield line


def _office(reader: Reader, line: Line) -> tuple[str, str]:
    code = clean_code(reader.text(line, "office_code"))
    name = reader.text(line, "office").strip(" .")
    found = _PREFIXED.match(name) if not code else None
    return (clean_code(found[1]), found[2].strip()) if found else (code, name)


def _codes(reader: Reader, line: Line) -> tuple[str, str, str, str]:
    """Code and name of the series, code and name of the subseries (empty where there is none)."""
    series, subseries = reader.text(line, "series").strip(" ."), reader.text(line, "subseries").strip(" .")
    whole = clean_code(reader.text(line, "code"))
    series_code = clean_code(reader.text(line, "series_code") or reader.text(line, "code_series"))
    subseries_code = clean_code(reader.text(line, "subseries_code") or reader.text(line, "code_subseries"))
    if whole and not series_code and not subseries_code:
        parent = re.match(r"^(.+)[.\-/_][^.\-/_]+$", whole)
        return (parent[1] if parent else "", series, whole, subseries) if subseries else (whole, series, "", "")
    if not subseries:
        return series_code or whole or subseries_code, series, "", ""
    return series_code, series, _full(series_code, subseries_code or whole), subseries


def _full(series_code: str, code: str) -> str:
    """A subseries numbered only within its series takes the code of the series before its own."""
    if not code or not series_code or code.startswith(series_code) or re.search(r"[.\-/_]", code):
        return code
    separator = re.search(r"[.\-/_]", series_code)
    return f"{series_code}{separator[0] if separator else '.'}{code}"


@dataclass(slots=True)
class _Place:
    """Where in the form we are."""

    office_code: str = ""
    office: str = ""
    series_code: str = ""
    series: str = ""


def read_form(reader: Reader) -> list[TRDRow]:
    """Series, then its subseries, then the types of each, one below another; offices above the headings or between blocks."""
    place = _Place()
    for line in reader.sheet.lines:
        if line.number < reader.header.first:
            _office_line(line, place)
    found: list[TRDRow] = []
    closed = False
    for line in _below(reader):
        if _office_line(line, place):
            closed = False
            continue
        closed = closed or any(_FOOT.match(bare(cell)) for cell in line.cells)
        if not closed:
            _form_line(reader, line, place, found)
    return found


def _office_line(line: Line, place: _Place) -> bool:
    """Take the office from a line such as `OFICINA PRODUCTORA: 110 - Oficina Jurídica`."""
    cells = list(dict.fromkeys(cell.replace("\n", " ") for cell in line.cells if cell))
    for at, cell in enumerate(cells):
        if not _OFFICE.match(bare(cell)) or (":" not in cell and len(cells) < 2):
            continue
        said = cell.partition(":")[2].strip() or (cells[at + 1].strip() if at + 1 < len(cells) else "")
        if not said or len(bare(cell).split()) > 12:
            continue
        prefixed = _PREFIXED.match(said)
        code, name = (prefixed[1], prefixed[2]) if prefixed else ("", said)
        if not code:
            code = next((found[1] for other in cells if (found := re.search(r"(?i)c[oó]d(?:igo|\.)?[^:]*:\s*([\w.\-]+)", other))), "")
        if name != place.office or code != place.office_code:
            place.office_code, place.office, place.series_code, place.series = clean_code(code), name.strip(" ."), "", ""
        return True
    return False


def _form_line(reader: Reader, line: Line, place: _Place, found: list[TRDRow]) -> None:
    name = reader.text(line, "name")
    code, level = _form_code(reader, line, place)
    if not name:
        return
    if not code:
        _form_type(reader, line, found, place)
        return
    office_code = clean_code(reader.text(line, "office_code")) or place.office_code or _own_office(reader, line)
    office = reader.text(line, "office") or place.office
    name = name.strip(" .")
    if level == "series":
        place.series_code, place.series = code, name
        if reader.has_rule(line) or _stands_alone(reader, line):
            found.append(reader.complete(TRDRow(office_code, office, code, name), line))
        return
    if not place.series:
        reader.report("series_missing", line, "name", name)
        return
    row = TRDRow(office_code, office, place.series_code, place.series, code, name)
    found[:] = [one for one in found if not (one.code == place.series_code and one.line == _series_line(found, place) and not one.types)]
    found.append(reader.complete(row, line))


def _series_line(found: list[TRDRow], place: _Place) -> int:
    return next((one.line for one in reversed(found) if one.series_code == place.series_code and not one.subseries), -1)


def _stands_alone(reader: Reader, line: Line) -> bool:
    """A series whose next coded line is another series: it has no subseries and is itself the class."""
    place = _Place(series_code=_form_code(reader, line, _Place())[0])
    for after in reader.sheet.lines:
        if after.number > line.number and reader.text(after, "name"):
            code, level = _form_code(reader, after, place)
            if code:
                return level == "series"
    return True


def _own_office(reader: Reader, line: Line) -> str:
    return clean_code(reader.text(line, "code_office"))


def _form_code(reader: Reader, line: Line, place: _Place) -> tuple[str, str]:
    """The code on this line itself and whether it is of a `series` or a `subseries`."""
    whole = clean_code(reader.text(line, "code", own=True))
    if whole:
        return whole, "subseries" if is_part(whole, place.series_code) else "series"
    parts = [clean_code(reader.text(line, name, own=name == "code_subseries")) for name in ("code_office", "code_series", "code_subseries")]
    own = clean_code(reader.text(line, "code_series", own=True))
    if not (own or parts[2]):
        return "", ""
    if not parts[1] and parts[2] and place.series_code:
        return f"{place.series_code}.{parts[2]}", "subseries"
    return ".".join(part for part in parts if part), "subseries" if parts[2] else "series"


def _form_type(reader: Reader, line: Line, found: list[TRDRow], place: _Place) -> None:
    """A line without code is a type of the class above it; its medium is the class's where the class has none."""
    written = reader.text(line, "name")
    column = reader.header.column("name")
    if not found or found[-1].series_code != place.series_code:
        reader.report("type_astray", line, "name", written)
        return
    if reader.has_rule(line):
        reader.report("code_missing", line, "code", written)
        return
    types = (*found[-1].types, *split_types(line[column] if column is not None else written))
    support = found[-1].support or reader.complete(found[-1], line).support
    found[-1] = replace(found[-1], types=tuple(dict.fromkeys(types)), support=support)
