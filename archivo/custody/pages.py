"""Custody as a person answers for it: what was read again in each place and when, what is due, what is amiss, how the copies stand."""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from fastapi import APIRouter, Request
from starlette.responses import Response

from archivo.access.door import Here, Staff
from archivo.access.policy import Grant
from archivo.custody import oversight
from archivo.custody.oversight import Night, PlaceState
from archivo.web.layout import page

router = APIRouter(include_in_schema=False)

LEAST_NIGHTS: Final = 30
MARKS: Final = {"damaged": "bad", "missing": "bad", "altered": "bad", "unexpected": "wait"}


@dataclass(frozen=True, slots=True)
class NightBar:
    """A night in the plot of a place; None where nothing was read. Heights in hundredths of the tallest."""

    day: date
    night: Night | None
    height: float
    wrong_height: float


@router.get("/custodia")
def overview(request: Request, archive: Here, actor: Staff) -> Response:
    """Every place: its figures, its alarms, its nights, and what is not intact in it."""
    places = oversight.fixity_state(archive, actor)
    return page(
        request,
        "custody/custodia.html",
        here="custodia",
        locations=places,
        bars={each.location: _bars(each) for each in places},
        outcomes=oversight.OUTCOMES,
        marks=MARKS,
        anchors=oversight.anchors(archive, actor),
        stamps=oversight.stamps_to_show(archive, actor),
        may_delete=actor.may(Grant.DELETE),
    )


def _bars(place: PlaceState) -> list[NightBar]:
    """A bar for each night from the first that is told to the last, gaps included so that time is in proportion."""
    if not place.nights:
        return []
    by_day = {date.fromisoformat(night.day): night for night in place.nights}
    last = max(by_day)
    first = min(min(by_day), last - timedelta(days=LEAST_NIGHTS - 1))
    most = max(max(night.checked for night in place.nights), 1)
    days = (first + timedelta(days=number) for number in range((last - first).days + 1))
    return [_bar(day, by_day.get(day), most) for day in days]


def _bar(day: date, night: Night | None, most: int) -> NightBar:
    if night is None:
        return NightBar(day, None, 0, 0)
    return NightBar(day, night, max(98 * night.checked / most, 1.5), max(98 * night.wrong / most, 4) if night.wrong else 0)
