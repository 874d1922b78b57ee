"""Write what a document holds into the scratch folder, within limits, for a reading of its own."""

from pathlib import Path
from typing import Final

from ingest.tools.answers import Attached, Reading, note
from ingest.tools.passages import clean

MOST: Final = 500
_MAX_BYTES: Final = 512 << 20


def attach(reading: Reading, folder: Path, index: int, name: str, content: bytes, *, left_out: str) -> None:
    """Write the thing of this number, from 1, into `folder`; beyond MOST things or 512 MB in all it is left out, and `left_out` noted."""
    written = sum(Path(attached.path).stat().st_size for attached in reading.attachments)
    if len(reading.attachments) >= MOST or written + len(content) > _MAX_BYTES:
        leave_out(reading, left_out)
        return
    path = folder / f"{index:04d}"
    path.write_bytes(content)
    reading.attachments.append(Attached(clean(name).replace("\n", " ")[:200] or f"anexo-{index}", str(path)))


def leave_out(reading: Reading, code: str) -> None:
    """Note once that something was left out."""
    found = note(code, limit=MOST)
    if found not in reading.notes:
        reading.notes.append(found)
