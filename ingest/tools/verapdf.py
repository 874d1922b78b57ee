"""veraPDF, where it is installed: a program beside this one, which judges a PDF/A by the profiles of its consortium."""

import json
import re
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

from ingest.tools.process import ToolCrashed, run

_FLAVOUR: Final = re.compile(r"PDF/A-(\d)([A-Z]?) validation profile")
_LEAST_SECONDS: Final = 60.0
"""What the Java machine may take to begin on a busy computer, besides the judging."""


def judge(command: Path, path: Path, flavour: str, seconds: float, scratch: Path | None = None) -> dict[str, Any]:
    """What ingest.tools.pdfa.judge answers, by veraPDF: `flavour` as the file says it is (`2b`), or "" for what veraPDF takes it for.

    What it takes out of the document while it judges is written in `scratch`, by default the system's, and goes when it ends or is ended.

    Raises ToolTimeout, or ToolCrashed where the program cannot be started or gives no verdict (on a file it cannot parse, too).
    """
    profile = ["--flavour", flavour] if flavour else []
    with TemporaryDirectory(dir=scratch) as folder:
        java = {"JAVA_TOOL_OPTIONS": f'-Djava.io.tmpdir="{folder}"'}  # TMPDIR is nothing to Java
        done = run([command, "--format", "json", *profile, path], timeout=max(seconds, _LEAST_SECONDS), environment=java)
    try:
        report = json.loads(done.stdout)["report"]
        results = report["jobs"][0]["validationResult"]
        result = results[0] if isinstance(results, list) else results
        summaries = result["details"]["ruleSummaries"]
        profiled = _FLAVOUR.match(result["profileName"])
        releases = {one["id"]: one["version"] for one in report["buildInformation"]["releaseDetails"]}
        compliant = bool(result["compliant"])
    except (ValueError, KeyError, IndexError, TypeError) as fault:
        raise ToolCrashed(f"veraPDF gave no verdict: {done.stderr[:300]!r}") from fault
    return {
        "flavour": flavour or (profiled[1] + profiled[2].lower() if profiled else ""),
        "verdict": "conforms" if compliant else "violates",
        "breaches": [(f"{one['clause']}", str(one.get("description", ""))[:200]) for one in summaries[:50]],
        "agent": f"veraPDF {releases.get('core') or next(iter(releases.values()), '')}".strip(),
    }
