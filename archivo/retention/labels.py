"""The names of series, for lists that hold only their codes."""

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from archivo.archive import Archive
from archivo.retention.models import TrdClass, TrdVersion


def series_labels(archive: Archive) -> dict[str, str]:
    """The name of each series and subseries code, those of the newest version first."""
    with archive.reading() as session:
        versions = session.execute(select(func.count(), func.max(TrdVersion.id)).select_from(TrdVersion)).one()
        return archive.shelf.get(f"series:{versions}", lambda: _series_labels(session))


def _series_labels(session: Session) -> dict[str, str]:
    labels: dict[str, str] = {}
    columns = (TrdClass.series_code, TrdClass.series, TrdClass.code, TrdClass.subseries)
    versions = select(*columns).join(TrdVersion, TrdVersion.id == TrdClass.trd_id)
    for series_code, series, code, subseries in session.execute(versions.order_by(TrdVersion.number.desc(), TrdClass.position)):
        labels.setdefault(series_code, series)
        labels.setdefault(code, subseries or series)
    return labels
