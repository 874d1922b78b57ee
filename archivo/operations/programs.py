"""What of the machine says more of what comes in: whether it is there, and answers."""

from collections.abc import Sequence
from pathlib import Path
from typing import Final

from ingest.step import Programs
from ingest.tools.process import ToolError, run

SECONDS: Final = 60.0


def state_of(programs: Programs) -> list[tuple[str, str, str, str]]:
    """(name, status, message, remedy) of each, as the doctor tells them."""
    return [
        _program("veraPDF", programs.verapdf, ["--version"], "Los PDF/A se juzgan con el validador propio.", "ARCHIVO_VERAPDF"),
        _program("ffprobe", programs.ffprobe, ["-version"], "De audio y video no se leen las cabeceras.", "ARCHIVO_FFPROBE"),
        _roots(programs.trust_roots),
    ]


def _program(name: str, path: Path | None, words: Sequence[str], without: str, setting: str) -> tuple[str, str, str, str]:
    if path is None:
        return name, "ok", f"No está. {without}", ""
    try:
        done = run([path, *words], timeout=SECONDS)
    except ToolError:
        return name, "error", f"{path} no se puede ejecutar o no responde.", f"Revise {setting}."
    if done.returncode:
        return name, "error", f"{path} termina con un error.", f"Revise {setting}."
    first = (done.stdout.decode("utf-8", "replace").splitlines() or [""])[0]
    return name, "ok", f"Responde: {first[:80]}.", ""


def _roots(folder: Path | None) -> tuple[str, str, str, str]:
    name = "certificados raíz"
    if folder is None:
        return name, "ok", "No se han dado: de las firmas no se dice de quién son.", ""
    held = sum(path.is_file() for path in folder.iterdir()) if folder.is_dir() else 0
    if not held:
        return name, "warning", f"{folder} no tiene ningún archivo.", "Ponga en ella los certificados en que se confía (PEM o DER)."
    return name, "ok", f"{held} archivos en {folder}.", ""
