"""Others' broken, odd and hostile files, and our own, through the steps with real children.

Each must end with text, with pages to recognise, or with an error that gives its reason and remedy; the original stays as it was.
"""

from collections.abc import Iterator
from pathlib import Path

import pytest

from ingest.limits import Limits
from ingest.tools.process import ToolBox
from tests.ingest.conftest import Take, take, tools
from tests.ingest.hostile import FILES

__all__ = ["take", "tools"]

GROUPS = ("hostil_", "pdf_", "ofimatica_")


def files(reference: Path, group: str) -> Iterator[Path]:
    for folder in sorted((reference / "data").glob(f"{group}*")):
        yield from (path for path in sorted(folder.rglob("*")) if path.is_file())


@pytest.mark.parametrize("group", GROUPS)
def test_a_file_of_others_is_read_or_explained(take: Take, reference: Path, group: str) -> None:
    found = list(files(reference, group))
    assert found
    for path in found:
        taken = take(path, path.name, limits=Limits(seconds_per_call=30))
        assert taken.text or taken.work.pending or taken.errors, path


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("zip_bomba_1GB.zip", "package.bomb"),
        ("html_disfrazado.pdf", "format.extension_mismatch"),
        ("pdf_truncado_50pct.pdf", "pdf.truncated"),
        ("pdf_cifrado_clave_usuario_secreto.pdf", "pdf.encrypted"),
        ("xml_billion_laughs.xml", "xml.entities"),
        ("xml_xxe_archivo.xml", "xml.entities"),
        ("zip_slip.zip", "package.unsafe_names"),
        ("vacio_0_bytes.pdf", "file.empty"),
    ],
)
def test_what_was_made_to_harm_is_told_by_its_name(take: Take, reference: Path, name: str, code: str) -> None:
    path = reference / "data" / "hostil_sintetico" / name
    if not path.exists():
        pytest.skip("not run: the file is not in the reference data")
    assert code in take(path, name).codes


def test_the_queue_goes_on_with_the_same_children(take: Take, tools: ToolBox) -> None:
    for name, (make, _) in FILES.items():
        take(make(), name, limits=Limits(seconds_per_call=30))
    assert take(b"Hola", "siguiente.txt").text == "Hola"
