"""Write what a document holds into the scratch folder, within limits, for a reading of its own."""

from dataclasses import dataclass
from pathlib import Path
from typing import Final

from ingest.tools.answers import Attached, Reading, note
from ingest.tools.passages import clean

MOST: Final = 500
_MAX_BYTES: Final = 512 << 20


@dataclass(slots=True)
class Attaching:
    """Writes what `reading` found inside into `folder`: MOST things, and `max_bytes` or 512 MB in all; beyond, notes `left_out`."""

    reading: Reading
    folder: Path
    left_out: str
    max_bytes: int
    written: int = 0

    def add(self, number: int, name: str, content: bytes) -> None:
        """Write the thing of this number, from 1, by which it is found again."""
        if len(self.reading.attachments) >= MOST or self.written + len(content) > min(self.max_bytes, _MAX_BYTES):
            self.leave_out()
            return
        path = self.folder / f"{number:04d}"
        path.write_bytes(content)
        self.written += len(content)
        self.reading.attachments.append(Attached(clean(name).replace("\n", " ")[:200] or f"anexo-{number}", str(path)))

    def leave_out(self) -> None:
        """Note once that something was left out."""
        found = note(self.left_out, limit=MOST)
        if found not in self.reading.notes:
            self.reading.notes.append(found)
