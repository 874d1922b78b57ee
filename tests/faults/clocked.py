"""`archivo` on a machine whose clock a test sets: `python -m tests.faults.clocked ORDEN …`. FAULTS_CLOCK names a file with the seconds
that it is ahead.
"""

import os
import sys
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final
from unittest.mock import patch

from archivo import assembly, clock
from archivo.cli import run

CLOCK: Final = "FAULTS_CLOCK"


def main() -> int:
    told = Path(os.environ[CLOCK])

    def now() -> datetime:
        return clock.now() + timedelta(seconds=float(told.read_text("ascii")))

    patch.object(assembly, "now", now).start()
    return run(sys.argv[1:])


if __name__ == "__main__":
    sys.exit(main())
