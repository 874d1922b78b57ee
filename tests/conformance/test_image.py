"""The image without containers: another judges how docker-compose.yml is written, and the Dockerfile's steps are done in a clean folder."""

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import pytest

ROOT = Path(__file__).resolve().parents[2]
DOCKERFILE = (ROOT / "Dockerfile").read_text("utf-8")
NOT_HERE: Final = ("apt-get update", "apt-get install ", "rm -rf /var/lib/apt/", "useradd ", "install -d -o archivo ")
"""How the steps begin that belong to the image's own system: its packages, its user and that user's folder."""
KNOWN: Final = {"FROM", "RUN", "WORKDIR", "ARG", "COPY", "USER", "ENV", "VOLUME", "EXPOSE", "ENTRYPOINT", "CMD"}


def instructions(dockerfile: str) -> list[tuple[str, str]]:
    """Each instruction with what it is told, the values of ARG in it."""
    text = re.sub(r"^#.*\n", "", dockerfile, flags=re.MULTILINE)
    told: list[tuple[str, str]] = []
    values: dict[str, str] = {}
    for line in re.sub(r"\\\n", " ", text).splitlines():
        if line.strip():
            word, _, rest = line.partition(" ")
            for name, value in values.items():
                rest = rest.replace(f"${{{name}}}", value)
            if word == "ARG":
                name, _, value = rest.partition("=")
                values[name] = value
            told.append((word, rest.strip()))
    return told


@dataclass(frozen=True, slots=True)
class Image:
    """What the image holds, in a folder of this machine, with a Python of its own."""

    folder: Path
    environment: Mapping[str, str]

    def run(self, *words: str, folder: Path | None = None, **more: str) -> "subprocess.CompletedProcess[str]":
        environment = {**self.environment, **more}
        return subprocess.run(words, cwd=folder or self.folder, env=environment, capture_output=True, text=True, timeout=1200, check=False)

    def do(self, words: str) -> None:
        done = self.run(*shlex.split(words))
        assert done.returncode == 0, f"{words}: {done.stdout[-1000:]}{done.stderr[-3000:]}"


def copied(context: Path, told: str, to: Path) -> None:
    """COPY: a folder's content into another, or files into a folder."""
    *sources, target = told.split()
    for source in sources:
        if (context / source).is_dir():
            shutil.copytree(context / source, to / target, dirs_exist_ok=True)
        else:
            shutil.copy2(context / source, to / target)


@pytest.fixture(scope="module")
def image(tmp_path_factory: pytest.TempPathFactory) -> Image:
    """What is committed, taken through the steps of the Dockerfile; packages come from the same sources as for `make setup`."""
    if shutil.which("npm") is None:
        pytest.skip("not run: npm is not installed")
    away = tmp_path_factory.mktemp("imagen")
    context, folder, python = away / "context", away / "opt", away / "python"
    context.mkdir()
    folder.mkdir()
    archived = subprocess.run(["git", "archive", "HEAD"], cwd=ROOT, capture_output=True, check=True).stdout
    subprocess.run(["tar", "-x", "-C", str(context)], input=archived, check=True)
    subprocess.run([sys.executable, "-m", "venv", str(python)], check=True)
    ours = {name: value for name, value in os.environ.items() if not name.startswith(("ARCHIVO_", "PYTHON", "VIRTUAL_ENV"))}
    made = Image(folder, {**ours, "PATH": f"{python / 'bin'}{os.pathsep}{os.environ['PATH']}"})
    told = instructions((context / "Dockerfile").read_text("utf-8"))
    (inside,) = [rest for word, rest in told if word == "WORKDIR"]
    for word, rest in told:
        if word == "COPY":
            copied(context, rest, folder)
        elif word == "RUN":
            for step in rest.split(" && "):
                if not step.strip().startswith(NOT_HERE):
                    made.do(step.strip().replace(inside, str(folder)))
    return made


def test_the_compose_file_is_one_by_its_specification() -> None:
    judged = subprocess.run(
        [sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.compose-spec", str(ROOT / "docker-compose.yml")],
        capture_output=True,
        text=True,
        check=False,
    )
    assert judged.returncode == 0, judged.stdout + judged.stderr


def test_the_judge_of_compose_files_finds_what_is_wrong(tmp_path: Path) -> None:
    text = (ROOT / "docker-compose.yml").read_text("utf-8")
    (tmp_path / "docker-compose.yml").write_text(text.replace("stop_grace_period:", "stop_grace:"), "utf-8")
    command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.compose-spec", str(tmp_path / "docker-compose.yml")]
    assert subprocess.run(command, capture_output=True, check=False).returncode == 1


def test_every_step_of_the_image_is_carried_out_here_or_is_of_its_system() -> None:
    told = instructions(DOCKERFILE)
    steps = [step.strip() for word, rest in told if word == "RUN" for step in rest.split(" && ")]
    assert {word for word, _ in told} == KNOWN
    assert [sum(step.startswith(start) for step in steps) for start in NOT_HERE] == [1] * len(NOT_HERE)
    (packages,) = [step.split("--no-install-recommends")[1].split() for step in steps if step.startswith("apt-get install ")]
    setup = (ROOT / ".ci/setup").read_text("utf-8")
    assert [name for name in packages if name != "npm" and name not in setup] == []


def test_the_image_holds_the_program_and_nothing_else(image: Image) -> None:
    sources = {source for word, rest in instructions(DOCKERFILE) if word == "COPY" for source in rest.split()[:-1]}
    assert {path.name for path in image.folder.iterdir()} == sources
    assert any((image.folder / "archivo/web/static/vendor").iterdir())
    where = image.run("python", "-P", "-c", "import archivo; print(archivo.__file__)", folder=Path("/"))
    assert where.stdout.strip() == str(image.folder / "archivo/__init__.py")


def test_the_program_of_the_image_runs_from_any_folder(image: Image, tmp_path: Path) -> None:
    (entry,) = [json.loads(rest) for word, rest in instructions(DOCKERFILE) if word == "ENTRYPOINT"]
    examined = image.run(*entry, "doctor", "--json", folder=tmp_path, ARCHIVO_HOME=str(tmp_path / "casa"))
    assert examined.returncode == 0, examined.stderr
    checks: list[dict[str, Any]] = json.loads(examined.stdout)["checks"]
    assert len(checks) > 10
    assert [check for check in checks if check["status"] == "error"] == []
