"""What every test may ask for. The only place that knows where reference data lies when ARCHIVO_REFERENCE does not say."""

import os
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def reference() -> Path:
    """The folder of reference data (real documents and conformance suites), which users do not have."""
    folder = Path(os.environ.get("ARCHIVO_REFERENCE", Path(__file__).resolve().parents[2] / "shared"))
    if not (folder / "data").is_dir():
        pytest.skip("not run: the reference data is absent (ARCHIVO_REFERENCE)")
    return folder
