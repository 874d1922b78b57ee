import subprocess
import sys
from pathlib import Path

HEAVY = {"numpy", "scipy", "sklearn", "symspellpy", "sqlalchemy", "elasticsearch", "lxml", "fastapi"}


def test_the_engine_loads_nothing_heavy() -> None:
    program = "import sys, search.engines.tantivy, search.highlight; print(*sorted({name.partition('.')[0] for name in sys.modules}))"
    root = Path(__file__).resolve().parents[2]
    loaded = subprocess.run([sys.executable, "-c", program], cwd=root, check=True, capture_output=True, text=True).stdout.split()
    assert "tantivy" in loaded
    assert HEAVY.isdisjoint(loaded)
