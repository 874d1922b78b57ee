"""The homes the acts begin from, made once, and the children that recovery uses."""

import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PIL import Image, ImageDraw

from archivo.demo import TRD
from ingest.tools.process import ToolBox
from tests.corpus.pages import font
from tests.corpus.scans import pdf_of
from tests.ingest import made
from tests.kill.acts import deposit_described, deposit_file, finish, import_schedule, order_deletion, publish
from tests.kill.homes import Victims, opened, victims

LETTER = "Oficio 41 de 2023. El puente de la quebrada Chivatera necesita barandas nuevas y un farol.\n"
CIRCULAR = "Circular interna 7 de 2024. Horario de la biblioteca Ñandú durante la semana de receso.\n"


@pytest.fixture(autouse=True, scope="package")
def temporary(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """A folder for temporary files that no other process uses: a document that is left there is out of the archive's custody."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TMPDIR", str(tmp_path_factory.mktemp("temporal")))
        patch.setattr(tempfile, "tempdir", None)
        yield


@pytest.fixture(scope="package")
def tools() -> Iterator[ToolBox]:
    box = ToolBox(size=1)
    yield box
    box.close()


@pytest.fixture(scope="package")
def victim(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Victims]:
    with victims(tmp_path_factory.mktemp("respuestas")) as starting:
        yield starting


@pytest.fixture(scope="package")
def files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """What is deposited."""
    folder = tmp_path_factory.mktemp("entrega")
    made = {
        "letter": folder / "oficio.txt",
        "circular": folder / "circular.txt",
        "empty": folder / "vacío.txt",
        "again": folder / "copia.txt",
    }
    for name, text in {"letter": LETTER, "circular": CIRCULAR, "empty": "", "again": LETTER}.items():
        made[name].write_text(text, "utf-8")
    made["trd"] = folder / "trd.csv"
    rows = TRD.read_text("utf-8").splitlines()
    made["trd"].write_text("\n".join([rows[0], *[row for row in rows if row.startswith("100,")]]) + "\n", "utf-8")
    return made


@pytest.fixture(scope="package")
def templates(tmp_path_factory: pytest.TempPathFactory, tools: ToolBox, files: dict[str, Path]) -> Callable[[str], Path]:
    """Homes by name, each made at first use: `empty`; `one`, a schedule and a letter found; `two`, with a circular received besides."""
    folder = tmp_path_factory.mktemp("plantillas")

    def make(name: str, home: Path) -> None:
        if name == "empty":
            with opened(home, tools):
                return
        before = {"one": "empty", "two": "one", "public": "one", "scan": "one", "message": "one", "ordered": "one"}[name]
        shutil.copytree(template(before), home)
        with opened(home, tools) as archive:
            match name:
                case "one":
                    list(import_schedule(archive, files["trd"]))
                    list(deposit_file(archive, files["letter"]))
                    finish(archive)
                case "two":
                    list(deposit_described(archive, files["circular"]))
                case "public":
                    list(publish(archive))
                case "ordered":
                    list(order_deletion(archive))
                case "scan":
                    list(deposit_file(archive, scanned(folder)))
                case "message":
                    message = folder / "correo.eml"
                    message.write_bytes(made.eml([("acta.pdf", "application/pdf", scanned(folder).read_bytes())]))
                    list(deposit_file(archive, message))

    def template(name: str) -> Path:
        home = folder / name
        if not home.exists():
            make(name, home)
        return home

    return template


def scanned(folder: Path) -> Path:
    """A scan of three small pages of two lines each."""
    images = []
    for number in range(1, 4):
        image = Image.new("L", (1000, 500), 255)
        draw = ImageDraw.Draw(image)
        draw.text((80, 120), f"Acta {number} de la junta de aguas", fill=0, font=font("serif", 44))
        draw.text((80, 240), "reunida en la villa de Sumapaz", fill=0, font=font("serif", 44))
        path = folder / f"{number}.png"
        image.save(path, dpi=(200, 200))
        images.append(path)
    return pdf_of(images, folder / "escaneado.pdf")
