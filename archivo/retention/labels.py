"""The names of series, for lists that hold only their codes."""

from collections import defaultdict
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from archivo.archive import Archive
from archivo.retention.models import TrdClass, TrdVersion


@dataclass(frozen=True, slots=True)
class SeriesName:
    """The name of a series or subseries; with the office that produces it, where another code has the same name and this has one office."""

    label: str
    office: str = ""


def series_names(archive: Archive) -> dict[str, SeriesName]:
    """The name of each series and subseries code, those of the newest version first."""
    with archive.reading() as session:
        versions = ",".join(session.scalars(select(TrdVersion.id).order_by(TrdVersion.id)))
        return archive.shelf.get(f"series:{versions}", lambda: _series_names(session))


def _series_names(session: Session) -> dict[str, SeriesName]:
    labels: dict[str, str] = {}
    offices: defaultdict[str, set[str]] = defaultdict(set)
    newest: dict[str, int] = {}
    columns = (TrdVersion.number, TrdClass.series_code, TrdClass.series, TrdClass.code, TrdClass.subseries, TrdClass.office)
    classes = select(*columns).join(TrdVersion, TrdVersion.id == TrdClass.trd_id)
    for number, series_code, series, code, subseries, office in session.execute(
        classes.order_by(TrdVersion.number.desc(), TrdClass.position)
    ):
        for each, label in ((series_code, series), (code, subseries or series)):
            labels.setdefault(each, label)
            if newest.setdefault(each, number) == number:
                offices[each].add(office)
    codes: defaultdict[str, list[str]] = defaultdict(list)
    for code, label in labels.items():
        codes[label].append(code)
    shared = {code for sharing in codes.values() if len(sharing) > 1 for code in sharing if len(offices[code]) == 1}
    return {code: SeriesName(label, next(iter(offices[code])) if code in shared else "") for code, label in labels.items()}
