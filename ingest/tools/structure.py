"""Whether an image is built as its format's standard says, beyond whether it opens; packages are looked at in package_structure."""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, Final

from ingest.tools import image_structure, tiff_structure
from ingest.tools.answers import Examined, plain

_BY_MIME: Final[Mapping[str, Callable[[str, Examined], None]]] = MappingProxyType(
    {
        "image/jpeg": image_structure.jpeg,
        "image/png": image_structure.png,
        "image/tiff": tiff_structure.tiff,
        "image/jp2": image_structure.jp2,
        "image/jpx": image_structure.jp2,
    }
)


def image(path: str, mime: str) -> dict[str, object]:
    """Examine the image at `path` against the rules of its format; nothing is decoded. No note for a format without rules here."""
    found = Examined()
    check = _BY_MIME.get(mime)
    if check is not None:
        check(path, found)
    return plain(found)


def knows(mime: str) -> bool:
    """Whether image() has rules for a format."""
    return mime in _BY_MIME


CALLS: Final[Mapping[str, Callable[..., Any]]] = MappingProxyType({"image": image})
