"""The demonstration: a small corpus of invented documents of an invented public body, and the schedule that classifies it.

The paths are real files: the package is installed unpacked (see MANIFEST for the format in docs/archivistas/entregar.md).
"""

from importlib.resources import files
from pathlib import Path

_HERE = Path(str(files(__name__)))

CORPUS = _HERE / "corpus"
MANIFEST = CORPUS / "manifest.csv"
TRUTH = CORPUS / "truth.csv"
TRD = _HERE / "trd.csv"
