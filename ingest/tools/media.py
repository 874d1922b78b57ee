"""Audio and video through ffprobe, where it is installed: what their headers say. Nothing is decoded and no address is followed."""

import json
from pathlib import Path
from typing import Any, Final

from ingest.tools.process import ToolCrashed, run

_CONTAINERS: Final = (
    "aac,aiff,asf,avi,flac,flv,matroska,mov,mp3,mpeg,mpegts,mpegvideo,mxf,ogg,rm,w64,wav,webm_dash_manifest,amr,au,caf,dv,ivf"
)
"""The formats that hold what they show: not those that are lists of other files or addresses."""


def probe(command: Path, path: Path, seconds: float) -> dict[str, Any] | None:
    """{format, duration (seconds as text), streams [{type, codec}]} of the file at `path`; None where it is no audio nor video that opens.

    Raises ToolTimeout, or ToolCrashed where the program cannot be started.
    """
    options = ["-hide_banner", "-v", "error", "-protocol_whitelist", "file", "-format_whitelist", _CONTAINERS]
    done = run([command, *options, "-show_format", "-show_streams", "-of", "json", f"file:{path.absolute()}"], timeout=seconds)
    if done.returncode not in (0, 1):
        raise ToolCrashed(f"ffprobe ended with {done.returncode}")
    try:
        answer = json.loads(done.stdout or b"{}")
    except ValueError as fault:
        raise ToolCrashed("ffprobe gave no JSON") from fault
    if done.returncode or not isinstance(answer.get("format"), dict):
        return None
    streams = [{"type": str(one.get("codec_type", "")), "codec": str(one.get("codec_name", ""))} for one in answer.get("streams", [])[:50]]
    told = answer["format"]
    return {"format": str(told.get("format_name", "")), "duration": str(told.get("duration", "")), "streams": streams}
