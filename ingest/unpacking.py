"""Take out what a document holds: the attachments of a message, the pictures of an office document, what a signed envelope holds."""

from pathlib import Path
from typing import Any, Final

from ingest.families import ENVELOPES, MAIL, OFFICE, Family
from ingest.limits import Limits
from ingest.step import Place, Steps, Tools
from ingest.tools.process import ToolFailed

_INSIDE: Final = "inside"
_LEAST_TEXT: Final = 1
"""Characters of the message that are asked for where only its attachments are wanted."""


def folder_of(scratch: Path, steps: Steps) -> Path:
    """Where what is inside the file at `steps` is written, each thing under its number; made if it is not there."""
    folder = scratch / "-".join([_INSIDE, *(str(number) for _, number in steps)])
    folder.mkdir(exist_ok=True)
    return folder


def file_name(number: int) -> str:
    """The name under which the tools write the thing of this number."""
    return f"{number:04d}"


def located(tools: Tools, limits: Limits, original: Path, place: Place, scratch: Path) -> Path:
    """The file that holds `place`, unpacked from the original into `scratch` where that was not done before.

    Raises ToolError: ToolFailed (`page_missing`) when the original no longer holds it.
    """
    path = original
    for depth, (family, number) in enumerate(place.steps):
        inside = folder_of(scratch, place.steps[:depth]) / file_name(number)
        if not inside.is_file():
            unpack(tools, limits, path, Family(family), inside.parent)
        if not inside.is_file():
            raise ToolFailed("page_missing", "the original does not hold it")
        path = inside
    return path


def unpack(tools: Tools, limits: Limits, path: Path, family: Family, folder: Path) -> Any:
    """Write into `folder` what the file at `path` holds, as far as the limit of bytes allows beside what lies unpacked already.

    Answers what the tool answered (ingest.tools.answers.Reading). Raises ToolError.
    """
    if family in MAIL:
        call: tuple[str, str, dict[str, Any]] = ("mail", f"read_{family}", {"max_chars": _LEAST_TEXT})
    elif family in OFFICE:
        call = ("office", "pictures", {"family": family, "max_expanded": limits.max_expanded_bytes})
    elif family in ENVELOPES:
        expanded = {"max_expanded": limits.max_expanded_bytes} if family is Family.P7Z else {}
        call = ("envelopes", f"take_out_{family}", expanded)
    else:
        raise ToolFailed("page_missing", "nothing is taken out of such a file")
    module, function, arguments = call
    beside = sum(file.stat().st_size for file in folder.parent.glob(f"{_INSIDE}*/*") if file.parent != folder)
    limit = max(limits.max_expanded_bytes - beside, 0)
    return tools.call(module, function, timeout=limits.seconds_per_call, path=str(path), folder=str(folder), max_bytes=limit, **arguments)
