"""The manifest of a deposit: a CSV checked whole before anything is stored."""

import csv
import io
import stat
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from archivo.access.policy import AccessClass
from archivo.archive import Archive
from archivo.errors import ArchivoError, Invalid
from archivo.intake.services import Metadata, Upload, check_metadata

COLUMNS: Final = ("path", "title", "date", "office", "series", "document_type", "access", "published")
TRUE: Final = frozenset(("si", "true", "1"))
FALSE: Final = frozenset(("no", "false", "0", ""))


@dataclass(frozen=True, slots=True)
class ManifestProblem:
    """What is wrong in one cell. Lines count from 1, the heading's included; that of a row is the first of its lines."""

    line: int
    column: str
    value: str
    message: str
    remedy: str


@dataclass(frozen=True, slots=True)
class ManifestRow:
    """A file to deposit and what is said of it."""

    line: int
    path: Path
    metadata: Metadata


@dataclass(frozen=True, slots=True)
class Manifest:
    """A manifest read. It may be used only when `problems` is empty."""

    total: int
    rows: tuple[ManifestRow, ...]
    problems: tuple[ManifestProblem, ...]


def plain(text: str) -> str:
    """Lower case without accents or spaces around, as values are compared."""
    decomposed = unicodedata.normalize("NFD", text.strip().lower())
    return "".join(c for c in decomposed if not unicodedata.combining(c))


def read_access(text: str) -> AccessClass | None:
    """The access class a person wrote, case and accents ignored; None when it is none."""
    value = plain(text) or AccessClass.PUBLICA
    return AccessClass(value) if value in set(AccessClass) else None


def read_published(text: str) -> bool | None:
    """si/no/true/false/1/0; None when it is none of them."""
    value = plain(text)
    return True if value in TRUE else False if value in FALSE else None


def mode_of(path: Path) -> int:
    """What a path leads to (its `st_mode`); 0 when nothing can be there, a name too long for the machine included."""
    try:
        return path.stat().st_mode
    except (OSError, ValueError):
        return 0


def read_manifest(archive: Archive, path: Path) -> Manifest:
    """Read and check a manifest: UTF-8, with or without BOM, `,` or `;`; paths relative to the CSV. Stores nothing."""
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError as fault:
        problem = ManifestProblem(1, "", "", f"El manifiesto no está en UTF-8 (byte {fault.start}).", "Guárdelo como CSV UTF-8.")
        return Manifest(0, (), (problem,))
    heading = text.partition("\n")[0]
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=";" if heading.count(";") > heading.count(",") else ",", strict=True)
    table: list[tuple[int, list[str]]] = []
    line = 1
    try:
        for cells in reader:
            if any(cell.strip() for cell in cells):
                table.append((line, cells))
            line = reader.line_num + 1
    except csv.Error:
        message = "El CSV está mal formado en la fila que empieza en esta línea: sus comillas no cierran bien, o una celda no tiene fin."
        return Manifest(0, (), (ManifestProblem(line, "", "", message, "Revise las comillas de esa fila."),))
    if not table:
        return Manifest(0, (), (ManifestProblem(1, "", "", "El manifiesto está vacío.", "Escriba una fila por archivo."),))
    names = [cell.strip().lower() for cell in table[0][1]]
    problems = _heading_problems(names)
    if problems:
        return Manifest(len(table) - 1, (), tuple(problems))
    rows: list[ManifestRow] = []
    named: dict[Path, int] = {}
    for line, cells in table[1:]:
        if len(cells) != len(names):
            message = f"La línea tiene {len(cells)} columnas y el encabezado {len(names)}."
            problems.append(ManifestProblem(line, "", "", message, "Revise los separadores y las comillas."))
            continue
        row, found = _read_row(archive, path.parent, line, dict(zip(names, (cell.strip() for cell in cells), strict=True)))
        problems.extend(found)
        if row is None:
            continue
        before = named.setdefault(row.path.resolve(), line)
        if before != line:
            message = f"Este archivo ya está en la línea {before}."
            problems.append(ManifestProblem(line, "path", cells[names.index("path")].strip(), message, "Deje una sola fila por archivo."))
        rows.append(row)
    return Manifest(len(table) - 1, tuple(rows), tuple(problems))


def _heading_problems(names: Sequence[str]) -> list[ManifestProblem]:
    known = f"Las columnas son: {', '.join(COLUMNS)}."
    problems = [ManifestProblem(1, n, n, f"No existe la columna «{n}».", known) for n in names if n not in COLUMNS]
    problems += [ManifestProblem(1, n, n, f"La columna «{n}» está repetida.", known) for n in set(names) if names.count(n) > 1]
    if "path" not in names:
        problems.append(ManifestProblem(1, "path", "", "Falta la columna «path».", known))
    return problems


def _read_row(archive: Archive, folder: Path, line: int, cells: Mapping[str, str]) -> tuple[ManifestRow | None, list[ManifestProblem]]:
    problems: list[ManifestProblem] = []

    def wrong(column: str, message: str, remedy: str) -> None:
        problems.append(ManifestProblem(line, column, cells.get(column, ""), message, remedy))

    given = cells["path"]
    file = folder / given
    if "\x00" not in given and not _is_inside(folder, file):
        wrong("path", f"«{given}» está fuera de la carpeta del manifiesto.", "Ponga el manifiesto en una carpeta que lo contenga.")
    elif not given or not stat.S_ISREG(mode_of(file)):
        wrong("path", f"No existe el archivo «{given}» junto al manifiesto.", "Escriba la ruta relativa a la carpeta del manifiesto.")
    access = read_access(cells.get("access", ""))
    if access is None:
        wrong("access", f"«{cells['access']}» no es un nivel de acceso.", "Escriba publica, clasificada o reservada.")
    published = read_published(cells.get("published", ""))
    if published is None:
        wrong("published", f"«{cells['published']}» no dice si se publica.", "Escriba si o no.")
    metadata = Metadata(
        title=cells.get("title"),
        date=cells.get("date"),
        office=cells.get("office"),
        series=cells.get("series"),
        document_type=cells.get("document_type"),
        access=access or AccessClass.PUBLICA,
        published=bool(published),
    )
    for column, fault in _faults(archive, Upload(io.BytesIO(), file.name, metadata)):
        wrong(column, fault.message, fault.remedy)
    return (ManifestRow(line, file, metadata) if not problems else None), problems


_COLUMN_OF: Final = {"date.edtf": "date", "document.office": "office", "publish.restricted": "published", "filename.long": "path"}


def _faults(archive: Archive, upload: Upload) -> Iterator[tuple[str, ArchivoError]]:
    """Each column that cannot be accepted and why; what was found wrong is left out before looking for the next."""
    metadata = upload.metadata
    while (fault := _fault(archive, replace(upload, metadata=metadata))) is not None:
        column = _COLUMN_OF.get(fault.code, "series")
        yield column, fault
        match column:
            case "date":
                metadata = replace(metadata, date=None)
            case "office":
                metadata = replace(metadata, office=None)
            case "series":
                metadata = replace(metadata, series=None)
            case "published":
                metadata = replace(metadata, published=False)
            case _:
                return


def _fault(archive: Archive, upload: Upload) -> ArchivoError | None:
    try:
        with archive.transaction() as transaction:
            check_metadata(transaction, archive, upload)
    except Invalid as fault:
        return fault
    return None


def _is_inside(folder: Path, file: Path) -> bool:
    return file.resolve().is_relative_to(folder.resolve())
