"""The image of a page, and of a stretch of it: drawn in a child at the first asking, kept under the original's digest."""

import shutil
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from archivo.access.policy import Actor
from archivo.archive import Archive
from archivo.discovery.views import Box
from archivo.errors import Unavailable, Unknown
from archivo.records.services import HeldFile, find_file, view_parts
from archivo.records.views import PartView, RepresentationView
from ingest.step import Place
from ingest.tools.process import ToolError
from ingest.unpacking import located

WIDTHS: Final = (280, 700, 1200, 2400)
CROP_WIDTH: Final = 1300
SECONDS: Final = 30.0


@dataclass(frozen=True, slots=True)
class Source:
    """The file that holds a page, and which of its pages it is."""

    path: Path
    mime: str
    page: int

    def drawn(self, part: PartView, destination: Path) -> dict[str, object]:
        """How a renderer is asked for it."""
        return {"path": str(self.path), "mime": self.mime, "page": self.page, "turn": part.turn, "destination": str(destination)}


def page_image(archive: Archive, actor: Actor, document_id: str, number: int, width: int) -> Path:
    """A WebP file of the page as shown, of the first of WIDTHS that is at least `width`. Raises Unknown, Unavailable."""
    part = _drawable(archive, actor, document_id, number)
    wide = next((each for each in WIDTHS if each >= width), WIDTHS[-1])

    def draw(source: Source, destination: Path) -> None:
        archive.tools.call("render", "page", timeout=SECONDS, width_px=wide, **source.drawn(part, destination))

    return _kept(archive, actor, document_id, part, str(wide), draw)


def line_image(archive: Archive, actor: Actor, document_id: str, number: int, region: Box) -> Path:
    """A WebP file of a stretch of the page. Raises Unknown for one outside the page, Unavailable."""
    part = _drawable(archive, actor, document_id, number)
    width, height = part.width or 0.0, part.height or 0.0
    if not (0 <= region.x0 < region.x1 <= width + 1 and 0 <= region.y0 < region.y1 <= height + 1):
        raise _no_image()
    corners = (region.x0, region.y0, region.x1, region.y1)

    def draw(source: Source, destination: Path) -> None:
        archive.tools.call("render", "crop", timeout=SECONDS, width_px=CROP_WIDTH, box=corners, **source.drawn(part, destination))

    return _kept(archive, actor, document_id, part, "-".join(str(round(corner * 10)) for corner in corners), draw)


def _drawable(archive: Archive, actor: Actor, document_id: str, number: int) -> PartView:
    part = view_parts(archive, actor, document_id, number)[0]
    if part.width is None or part.height is None:
        raise _no_image()
    return part


def _kept(archive: Archive, actor: Actor, document_id: str, part: PartView, name: str, draw: Callable[[Source, Path], None]) -> Path:
    held = find_file(archive, actor, document_id, "original")
    folder = archive.cache / "pages" / held.representation.sha256[:2] / held.representation.sha256
    place = Place.from_json(part.place) if part.place else None
    page = str(part.number) if place is None else ".".join([*(str(number) for _, number in place.steps), str(place.page)])
    kept = folder / f"{page}-{part.turn}-{name}.webp"
    if kept.is_file():
        return kept
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    try:
        with archive.scratch_for("draw") as scratch:
            original = held.local or _copied(held, scratch / "original")
            if place is None:
                source = Source(original, _mime(held.representation), part.number)
            else:
                limits = replace(archive.limits, seconds_per_call=SECONDS)
                source = Source(located(archive.tools, limits, original, place, scratch), place.mime, place.page)
            draw(source, kept)
    except ToolError as fault:
        raise Unavailable(
            "image.unavailable",
            "No se pudo dibujar esta página. El original está intacto y puede descargarse.",
            "Recargue la página; si sigue igual, lea el texto o descargue el original.",
        ) from fault
    return kept


def _copied(held: HeldFile, path: Path) -> Path:
    with held.open(0, None) as stream, path.open("wb") as copy:
        shutil.copyfileobj(stream, copy, 1 << 20)
    return path


def _mime(representation: RepresentationView) -> str:
    return representation.mime or "application/octet-stream"


def _no_image() -> Unknown:
    return Unknown("image.unknown", "Esa página no tiene imagen.", "Consulte el texto del documento o descargue el original.")
