"""`archivo` on a machine whose clock a test sets: `python -m tests.faults.clocked ORDEN …`. FAULTS_CLOCK names a file with the seconds
that it is ahead.
"""

import os
import sys
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

from archivo import assembly
from archivo.cli import run

CLOCK: Final = "FAULTS_CLOCK"


def main() -> int:
    told, right = Path(os.environ[CLOCK]), assembly._now

    def now() -> datetime:
        return right() + timedelta(seconds=float(told.read_text("ascii")))

    assembly._now = now
    return run(sys.argv[1:])


if __name__ == "__main__":
    sys.exit(main())
