"""METS as we write it, and as we judge what others wrote: references, digests, sizes, and files that do what they should not."""

import io
import tracemalloc
from collections.abc import Callable
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from lxml import etree

from preservation.fixity import Digest
from preservation.mets import Division, FileGroup, MetsAgent, MetsFile, MetsHeader, StructuralMap, identifier_of, write_mets
from preservation.validation.mets import validate_mets
from preservation.validation.mets_rules import METS
from tests.preservation.eark_made import made

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer

NOW = datetime(2026, 3, 2, 15, 4, 5, tzinfo=UTC)
HEADER = MetsHeader("acta", "Mixed", NOW, [MetsAgent("Archivo", "CREATOR", "OTHER", "SOFTWARE")])
STRUCTURE = StructuralMap("todo", [Division("datos", ("Data",))], label="propio")


def described(path: str, data: bytes = b"hola") -> MetsFile:
    return MetsFile(path, len(data), "text/plain", Digest("sha256", sha256(data).hexdigest()), NOW)


def written(files: list[MetsFile]) -> bytes:
    target = io.BytesIO()
    write_mets(target, HEADER, [], [FileGroup("Data", iter(files)), FileGroup("Nada", [])], STRUCTURE)
    return target.getvalue()


def document(folder: Path) -> Path:
    """A METS, with the two files that it describes beside it."""
    (folder / "datos").mkdir()
    for name in ("uno.txt", "dos ñ.txt"):
        (folder / "datos" / name).write_bytes(b"hola")
    path = folder / "METS.xml"
    path.write_bytes(written([described("datos/uno.txt"), described("datos/dos ñ.txt")]))
    return path


def test_what_we_write_is_found_right(tmp_path: Path) -> None:
    report = validate_mets(document(tmp_path))
    assert report.standard == "METS 1.12.1"
    assert report.findings == ()


def test_the_same_description_gives_the_same_bytes_and_no_identifier_depends_on_the_order() -> None:
    files = [described("a"), described("b")]
    assert written(files) == written(list(files))
    assert identifier_of("file", "a").encode() in written([described("b"), described("a")])


def test_a_path_is_written_as_a_url() -> None:
    root = etree.fromstring(written([described("años/1 (2) 100%.txt"), described("no\udcf1.txt")]))
    assert root.xpath("//@*[local-name()='href']") == ["a%C3%B1os/1%20(2)%20100%25.txt", "no%F1.txt"]


def test_a_group_of_many_files_is_written_without_keeping_them() -> None:
    class Sunk(io.BytesIO):
        size = 0

        def write(self, data: "ReadableBuffer") -> int:
            self.size += len(bytes(data))
            return len(bytes(data))

    def peak(count: int) -> int:
        tracemalloc.start()
        write_mets(Sunk(), HEADER, [], [FileGroup("Data", (described(f"datos/{n}") for n in range(count)))], STRUCTURE)
        used = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return used

    peak(10)
    assert peak(11_000) < peak(100) + 200_000


def test_what_cannot_be_told_is_refused() -> None:
    with pytest.raises(ValueError, match="no name for sha3"):
        written([MetsFile("a", 1, "text/plain", Digest("sha3_256", "a"), NOW)])
    with pytest.raises(ValueError, match="offset"):
        written([MetsFile("a", 1, "text/plain", Digest("md5", "a" * 32), NOW.replace(tzinfo=None))])


def text(old: str, new: str) -> Callable[[Path], None]:
    def change(path: Path) -> None:
        data = path.read_text(encoding="utf-8")
        assert old in data
        path.write_text(data.replace(old, new, 1), encoding="utf-8")

    return change


def other_root(path: Path) -> None:
    text("<mets ", "<otro ")(path)
    text("</mets>", "</otro>")(path)


FILE_ID = identifier_of("file", "datos/uno.txt")
OTHER_ID = identifier_of("file", "datos/dos ñ.txt")
GROUP_ID = identifier_of("group", "Data")
SUM = sha256(b"hola").hexdigest()
BREAKS: dict[str, Callable[[Path], None]] = {
    "xml": text("</mets>", ""),
    "doctype": text("<mets ", '<!DOCTYPE mets [<!ENTITY a "b">]><mets '),
    "root": other_root,
    "element": text("<metsHdr", "<otro/><metsHdr"),
    "missing": text("<name>Archivo</name>", ""),
    "order": text("</metsHdr>", "</metsHdr><metsHdr/>"),
    "attribute": text("<fileSec ", '<fileSec NUEVO="1" '),
    "required": text(' LOCTYPE="URL"', ""),
    "value": text('SIZE="4"', 'SIZE="cuatro"'),
    "text": text("<fileSec", "suelto<fileSec"),
    "id": text(f'ID="{OTHER_ID}"', f'ID="{FILE_ID}"'),
    "reference": text(f'FILEID="{GROUP_ID}"', 'FILEID="nada"'),
    "reference_kind": text(f'ID="{FILE_ID}"', f'ID="{FILE_ID}" DMDID="{GROUP_ID}"'),
    "checksum": text(SUM, SUM[:-1]),
    "checksum_type": text(' CHECKSUMTYPE="SHA-256"', ""),
    "unchecked": text('CHECKSUMTYPE="SHA-256"', 'CHECKSUMTYPE="WHIRLPOOL"'),
    "outside": text("datos/uno.txt", "../uno.txt"),
    "external": text("datos/uno.txt", "https://example.org/uno.txt"),
    "absent": text("datos/uno.txt", "datos/tres.txt"),
    "file_size": text('SIZE="4"', 'SIZE="5"'),
    "digest": text(SUM, "0" * 64),
    "more": text("<fileSec", "".join(f'<amdSec ID="a{n}" ADMID="x"/>' for n in range(120)) + "<fileSec"),
}
ELSEWHERE = {"size", "unreadable", "schema", "schema_absent", "twin"}
"""Need a document of gigabytes, a file that cannot be read, schemas, or a whole package: see the tests of archives and of E-ARK."""


@pytest.mark.parametrize("name", set(METS) - ELSEWHERE)
def test_what_is_wrong_with_a_mets_is_found(tmp_path: Path, name: str) -> None:
    path = document(tmp_path)
    BREAKS[name](path)
    report = validate_mets(path)
    assert f"mets.{name}" in {finding.code for finding in report.findings}, [finding.to_json() for finding in report.findings]
    assert all("{" not in finding.message + finding.remedy for finding in report.findings if finding.rule is METS[name])


def test_metadata_may_be_wrapped_before_it_is_referred_to(tmp_path: Path) -> None:
    path = document(tmp_path)
    inside = '<mdWrap MDTYPE="DC"><xmlData><x xmlns="urn:x"/></xmlData></mdWrap>'
    reference = '<mdRef LOCTYPE="URL" MDTYPE="DC" xlink:href="https://example.org/dc.xml"/>'
    text("<fileSec", f'<dmdSec ID="d">{inside}{reference}</dmdSec><fileSec')(path)
    assert {finding.code for finding in validate_mets(path).findings} == {"mets.external"}


SECOND = """<mets xmlns="http://www.loc.gov/METS/v2" OBJID="uno">
  <metsHdr CREATEDATE="2026-03-02T15:04:05Z"><agent ROLE="CREATOR"><name>Archivo</name></agent></metsHdr>
  <mdSec><md ID="md-1" USE="DESCRIPTIVE"><mdWrap MDTYPE="DC"><xmlData><x xmlns="urn:x"/></xmlData></mdWrap></md></mdSec>
  <fileSec>
    <file ID="file-1" MDID="md-1" SIZE="4" CHECKSUM="DIGEST" CHECKSUMTYPE="SHA-256"><FLocat LOCTYPE="URL" LOCREF="uno.txt"/></file>
  </fileSec>
  <structSec><structMap><div LABEL="uno"><fptr FILEID="file-1"/></div></structMap></structSec>
</mets>"""


def second(folder: Path) -> Path:
    """A METS 2, valid by its schema, and the file that it speaks of."""
    (folder / "uno.txt").write_bytes(b"hola")
    path = folder / "METS.xml"
    path.write_text(SECOND.replace("DIGEST", SUM), encoding="utf-8")
    return path


def test_a_good_mets_of_the_second_version_has_no_findings(tmp_path: Path) -> None:
    report = validate_mets(second(tmp_path))
    assert (report.standard, report.findings, report.valid) == ("METS 2", (), True)


BREAKS_2: dict[str, tuple[str, str, str]] = {
    "a name that it does not know": ("element", "<mdSec>", "<mdSec><dmdSec/>"),
    "no section of metadata in the place of one": ("missing", "<file ID", "<fileGrp/><file ID"),
    "parts in another order": ("order", "</fileSec>", "</fileSec><fileSec><file ID='file-2'/></fileSec>"),
    "an attribute that it does not know": ("attribute", "<file ID", '<file FOO="1" ID'),
    "an attribute of another vocabulary where none may be": ("attribute", "<div ", '<div xmlns:o="urn:o" o:p="1" '),
    "no identifier": ("required", ' ID="md-1"', ""),
    "no location": ("required", ' LOCREF="uno.txt"', ""),
    "a size that is none": ("value", 'SIZE="4"', 'SIZE="cuatro"'),
    "loose text": ("text", "<fileSec>", "<fileSec>suelto"),
    "nothing wrapped": ("missing", '<x xmlns="urn:x"/>', ""),
    "an identifier twice": ("id", 'ID="file-1"', 'ID="md-1"'),
    "a reference to nothing": ("reference", 'MDID="md-1"', 'MDID="md-2"'),
    "a reference to another thing": ("reference_kind", 'FILEID="file-1"', 'FILEID="md-1"'),
    "another size": ("file_size", 'SIZE="4"', 'SIZE="5"'),
    "another digest": ("digest", SUM, "0" * 64),
}


@pytest.mark.parametrize("name", BREAKS_2)
def test_what_is_wrong_with_a_mets_of_the_second_version_is_found(tmp_path: Path, name: str) -> None:
    path = second(tmp_path)
    code, old, new = BREAKS_2[name]
    text(old, new)(path)
    report = validate_mets(path)
    assert f"mets.{code}" in {finding.code for finding in report.findings}, [finding.to_json() for finding in report.findings]
    assert report.valid is (code == "reference_kind")


@pytest.mark.parametrize(
    "attack",
    [
        '<!DOCTYPE mets [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">]><mets xmlns="http://www.loc.gov/METS/">&b;</mets>',
        '<!DOCTYPE mets SYSTEM "http://127.0.0.1:1/mets.dtd"><mets xmlns="http://www.loc.gov/METS/"/>',
        '<!DOCTYPE mets [<!ENTITY x SYSTEM "file:///etc/passwd">]><mets xmlns="http://www.loc.gov/METS/" LABEL="1">&x;</mets>',
        '<mets xmlns="http://www.loc.gov/METS/">' + "<div>" * 5000,
        '<mets xmlns="http://www.loc.gov/METS/" LABEL="' + "a" * 11_000_000 + '"/>',
        "",
        "\x00",
        "no es XML",
    ],
    ids=["bomb", "dtd", "file", "deep", "long", "empty", "nul", "text"],
)
def test_a_hostile_document_is_refused_without_harm(tmp_path: Path, attack: str) -> None:
    path = tmp_path / "METS.xml"
    path.write_text(attack, encoding="utf-8")
    report = validate_mets(path)
    assert not report.valid
    assert {finding.code for finding in report.findings} <= {"mets.xml", "mets.doctype", "mets.element", "mets.text", "mets.missing"}


def test_a_file_reached_through_a_link_is_not_read(tmp_path: Path) -> None:
    (tmp_path / "fuera").mkdir()
    (tmp_path / "fuera/secreto.txt").write_bytes(b"hola")
    inside = tmp_path / "dentro"
    inside.mkdir()
    (inside / "datos").symlink_to(tmp_path / "fuera")
    (inside / "METS.xml").write_bytes(written([described("datos/secreto.txt", b"otra")]))
    assert {finding.code for finding in validate_mets(inside / "METS.xml").findings} == {"mets.absent"}


def test_schemas_that_the_operator_hands_in_judge_too(reference: Path, tmp_path: Path) -> None:
    path = made(tmp_path) / "METS.xml"
    schemas = reference / "data/conf_esquemas"
    assert validate_mets(path, schemas).findings == ()
    text('SIZE="', 'SIZE="x')(path)
    assert "mets.schema" in {finding.code for finding in validate_mets(path, schemas).findings}
    assert "mets.schema_absent" in {finding.code for finding in validate_mets(path, tmp_path).findings}
    (tmp_path / "dos").mkdir()
    path = second(tmp_path / "dos")
    assert validate_mets(path, schemas).findings == ()
    text("<div ", '<div FOO="1" ')(path)
    assert "mets.schema" in {finding.code for finding in validate_mets(path, schemas).findings}
