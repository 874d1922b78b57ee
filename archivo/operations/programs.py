"""What of the machine says more of what comes in: whether it is there, and answers."""

from collections.abc import Sequence
from pathlib import Path
from typing import Final

from archivo.web.spanish import series
from ingest.step import Programs
from ingest.tools.confinement import possible
from ingest.tools.process import ToolError, run

SECONDS: Final = 60.0
_WITHOUT_LIBREOFFICE: Final = (
    "De los documentos de oficina no se hacen copias en PDF/A. Para hacerlas: apt-get install --no-install-recommends "
    "libreoffice-writer-nogui libreoffice-calc-nogui libreoffice-impress-nogui libreoffice-math-nogui fonts-liberation "
    "fonts-crosextra-carlito fonts-crosextra-caladea."
)
_KEPT_FROM: Final = {"files": "los demás archivos", "network": "la red"}


def state_of(programs: Programs) -> list[tuple[str, str, str, str]]:
    """(name, status, message, remedy) of each, as the doctor tells them."""
    return [
        _program("veraPDF", programs.verapdf, ["--version"], "Los PDF/A se juzgan con el validador propio.", "ARCHIVO_VERAPDF"),
        _program("ffprobe", programs.ffprobe, ["-version"], "De audio y video no se leen las cabeceras.", "ARCHIVO_FFPROBE"),
        _libreoffice(programs.soffice),
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


def _libreoffice(path: Path | None) -> tuple[str, str, str, str]:
    name, status, message, remedy = _program("LibreOffice", path, ["--version"], _WITHOUT_LIBREOFFICE, "ARCHIVO_SOFFICE")
    lacking = [what for what, there_is in possible().items() if not there_is]
    if path is None or status != "ok" or not lacking:
        return name, status, message, remedy
    what = series([_KEPT_FROM[one] for one in lacking])
    return (
        name,
        "warning",
        f"{message} El sistema de este equipo no deja apartarlo de {what}: un documento hecho para dañar llegaría más lejos.",
        "Use un núcleo de Linux con Landlock y seccomp (5.13 o posterior), o ARCHIVO_SOFFICE=no si recibe documentos de extraños.",
    )


def _roots(folder: Path | None) -> tuple[str, str, str, str]:
    name = "certificados raíz"
    if folder is None:
        return name, "ok", "No se han dado: de las firmas no se dice de quién son.", ""
    held = sum(path.is_file() for path in folder.iterdir()) if folder.is_dir() else 0
    if not held:
        return name, "warning", f"{folder} no tiene ningún archivo.", "Ponga en ella los certificados en que se confía (PEM o DER)."
    return name, "ok", f"{held} archivos en {folder}.", ""
