"""Replicas of different kinds, a folder and two S3 servers: what one of them loses or alters is found there and given back."""

from pathlib import Path

import pytest

from archivo.identifiers import urn
from preservation.ocfl_layout import prefix_of
from tests.s3_servers import S3Server, url_of

from .conftest import Command

pytestmark = [pytest.mark.servers, pytest.mark.usefixtures("embedded")]


def flip(file: Path, at: int) -> None:
    """Another bit in the file of a server: what a disk does in years."""
    content = bytearray(file.read_bytes())
    content[at] ^= 1
    file.chmod(0o644)
    file.write_bytes(content)


def test_rot_on_every_kind_of_place_is_found_and_repaired(
    archivo: Command, home: Path, tmp_path: Path, minio: S3Server, versitygw: S3Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    """MinIO knows its own damage and gives nothing; versitygw gives the damaged bytes as if they were good."""
    places = {"minio": minio.new_bucket(), "vgw": versitygw.new_bucket()}
    addresses = [f"{name}={url_of(place)}" for name, place in places.items()]
    monkeypatch.setenv("ARCHIVO_REPLICAS", " ".join([*addresses, f"carpeta={(tmp_path / 'carpeta').as_uri()}"]))
    notes = [tmp_path / f"nota{number}.txt" for number in range(3)]
    for number, note in enumerate(notes):
        note.write_text(f"La nota {number} habla del acueducto.", "utf-8")
    ids = [one["id"] for one in archivo("deposit", *notes, "--wait", "--json").lines]
    assert archivo("replicas", "--run").status == 0
    assert archivo("fixity", "--run").status == 0
    if minio.folder is None or versitygw.folder is None:
        pytest.skip("not run further: the servers given are not on this disk")
    prefix = prefix_of(urn(ids[0]))
    (kept,) = (versitygw.folder / "root" / places["vgw"].bucket / places["vgw"].prefix / prefix).rglob("original/data")
    flip(kept, 0)
    (kept,) = (minio.folder / "data" / places["minio"].bucket / places["minio"].prefix / prefix).rglob("original/data/xl.meta")
    flip(kept, -8)
    flip(home / "store" / prefix / "v2" / "inventory.json", 0)
    flip(tmp_path / "carpeta" / prefix / "inventory.json", 0)
    found = archivo("fixity", "--run", "--json")
    assert found.status == 1
    assert {state["location"]: [one["id"] for one in state["wrong_copies"]] for state in found.value["places"]} == {
        place: [ids[0]] for place in ("principal", "minio", "vgw", "carpeta")
    }
    repaired = archivo("verify", "--repair", "--json")
    assert (repaired.status, repaired.value["lost"]) == (0, [])
    assert {one["location"] for one in repaired.value["restored"]} == {"principal", "minio", "vgw", "carpeta"}
    assert archivo("replicas", "--run").status == 0
    assert archivo("fixity", "--run").status == 0
    assert archivo("audit", "verify").status == 0
