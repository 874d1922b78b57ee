"""PDF: structure (pypdf) and own text (pdfium)."""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, Final

from ingest.tools.pdf_structure import examine
from ingest.tools.pdf_text import read

CALLS: Final[Mapping[str, Callable[..., Any]]] = MappingProxyType({"examine": examine, "read": read})
