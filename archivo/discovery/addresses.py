"""The addresses of a list of results: its facets, its years, its filters, and what stands in each of its lines."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import urlencode

from archivo.discovery.services import FoundList
from archivo.discovery.timeline import Bin, bins
from archivo.discovery.views import Box, Mark
from archivo.web.addresses import Change


@dataclass(frozen=True, slots=True)
class Choice:
    """A value of a facet and the address that chooses it. `office`: see FacetView."""

    label: str
    count: int
    address: str
    office: str = ""


def year(text: str) -> str:
    """A year as typed, or nothing."""
    plain = text.strip()
    return plain if plain.isdecimal() and len(plain) <= 4 and int(plain) > 0 else ""


def number(text: str) -> int | None:
    return int(text) if text else None


def facets(found: FoundList, change: Change, series: str) -> list[tuple[str, list[Choice]]]:
    """The facets to refine by, in words."""
    return [
        ("Serie", [Choice(v.label, v.count, change(serie=v.value), v.office) for v in found.facets.get("series", ()) if v.value != series]),
        ("Tipo de documento", [Choice(v.label, v.count, change(tipo=v.value)) for v in found.facets.get("type", ())]),
    ]


def year_bins(found: FoundList, change: Change, chosen: Mapping[str, str]) -> list[Bin]:
    """The years of what was found, in spans to choose."""
    years = {int(v.value): v.count for v in found.facets.get("year", ()) if v.value.isdecimal()}
    span = (number(chosen["desde"]), number(chosen["hasta"]))
    return bins(years, lambda first, last: change(desde=first, hasta=last), most=24, chosen=span)


def applied(found: FoundList, change: Change, chosen: Mapping[str, str]) -> list[tuple[str, str]]:
    """The filters in force, each with the address that takes it away."""
    in_force = []
    if chosen["serie"]:
        labels = (f"{v.label}, {v.office}" if v.office else v.label for v in found.facets.get("series", ()) if v.value == chosen["serie"])
        label = next(labels, chosen["serie"])
        in_force.append((f"Serie: {label}", change(serie=None)))
    if chosen["tipo"]:
        in_force.append((f"Tipo: {chosen['tipo']}", change(tipo=None)))
    if chosen["desde"] or chosen["hasta"]:
        if chosen["desde"] == chosen["hasta"]:
            words = f"Año {chosen['desde']}"
        elif not chosen["hasta"]:
            words = f"Desde {chosen['desde']}"
        elif not chosen["desde"]:
            words = f"Hasta {chosen['hasta']}"
        else:
            words = f"De {chosen['desde']} a {chosen['hasta']}"
        in_force.append((words, change(desde=None, hasta=None)))
    return in_force


def pieces(text: str, marks: Iterable[Mark]) -> list[tuple[str, bool]]:
    """A text cut at its marks: each piece and whether it is marked."""
    cut: list[tuple[str, bool]] = []
    cursor = 0
    for start, end in marks:
        cut += [(text[cursor:start], False), (text[start:end], True)]
        cursor = end
    cut.append((text[cursor:], False))
    return [piece for piece in cut if piece[0]]


def quoted(text: str, marks: Sequence[Mark]) -> list[tuple[str, bool]]:
    """A stretch of a longer text, cut at its marks, with dots where it goes on."""
    skipped = len(text) - len(text.lstrip(" .,;:)·-"))
    cut = pieces(text[skipped:], [(start - skipped, end - skipped) for start, end in marks if start >= skipped])
    if cut and text[skipped].islower():
        cut.insert(0, ("…", False))
    if cut and text[-1].isalnum():
        cut.append(("…", False))
    return cut


def crop(document_id: str, page: int, region: Box) -> str:
    """The address of the image of a stretch of a page."""
    corners = {"x0": f"{region.x0:.1f}", "y0": f"{region.y0:.1f}", "x1": f"{region.x1:.1f}", "y1": f"{region.y1:.1f}"}
    return f"/documentos/{document_id}/paginas/{page}/recorte?{urlencode(corners)}"


def within(boxes: Sequence[Box], region: Box) -> list[Box]:
    """Boxes of a page in the coordinates of a region of it."""
    return [Box(b.x0 - region.x0, b.y0 - region.y0, b.x1 - region.x0, b.y1 - region.y0) for b in boxes]
