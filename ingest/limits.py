"""What one document may cost."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Limits:
    """What one document may cost; beyond it a step fails with a finding, and the original is kept.

    `max_expanded_bytes` holds for each package, and for all that is unpacked of one document to be read, however deep.
    """

    max_pages: int = 20_000
    max_pixels: int = 200_000_000
    max_expanded_bytes: int = 1 << 30
    max_nesting: int = 6
    max_text_chars: int = 50_000_000
    seconds_per_call: float = 120.0
    seconds_per_page: float = 90.0
