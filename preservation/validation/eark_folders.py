"""What E-ARK CSIP asks of the folders of a package (CSIPSTR1 to CSIPSTR16), and what its archive may not hold."""

from collections.abc import Iterator
from typing import Final

from preservation.findings import Finding
from preservation.validation.archive_rules import told
from preservation.validation.eark_rules import found
from preservation.validation.package_files import PackageFiles

KNOWN: Final = ("metadata", "representations", "schemas", "documentation")


def representations(files: PackageFiles) -> list[str]:
    """The names of the representation folders."""
    return sorted(folder.partition("/")[2] for folder in files.folders if folder.startswith("representations/") and folder.count("/") == 1)


def folder_findings(files: PackageFiles, *, is_packed: bool) -> Iterator[Finding]:
    """What is wrong with the package as folders and files, before any of them is read. `is_packed`: it came in a zip or a tar."""
    for odd in files.oddities:
        yield told(odd.reason, odd.path, path=odd.path) if is_packed else found(f"CSIPSTR1.{odd.reason}", odd.path, path=odd.path)
    if len(files.tops) != 1 or files.tops[0] in files.sizes:
        yield found("CSIPSTR1.several", found=", ".join(files.tops[:10]) or "nada")
    if "METS.xml" not in files.sizes:
        near = next((path for path in files.sizes if path.lower() == "mets.xml"), None)
        yield found("CSIPSTR4.case", near, found=near) if near else found("CSIPSTR4.absent")
    yield from _metadata(files)
    yield from _representations(files)
    names = representations(files)
    for code, folder in (("CSIPSTR15", "schemas"), ("CSIPSTR16", "documentation")):
        if not any(place in files.folders for place in (folder, *(f"representations/{name}/{folder}" for name in names))):
            yield found(f"{code}.absent")
    for folder in sorted(files.folders):
        if "/" not in folder and folder not in KNOWN:
            yield found("CSIPSTR14.extra", folder, found=folder)


def _metadata(files: PackageFiles) -> Iterator[Finding]:
    if "metadata" not in files.folders:
        yield found("CSIPSTR5.absent")
        return
    for code, folder in (("CSIPSTR6", "metadata/preservation"), ("CSIPSTR7", "metadata/descriptive")):
        if folder not in files.folders:
            yield found(f"{code}.absent", "metadata")


def _representations(files: PackageFiles) -> Iterator[Finding]:
    if "representations" not in files.folders:
        yield found("CSIPSTR9.absent")
        return
    names = representations(files)
    if not names:
        yield found("CSIPSTR10.absent", "representations")
    for path in files.sizes:
        if path.startswith("representations/") and path.count("/") == 1:
            yield found("CSIPSTR10.loose", path, path=path)
    for name in names:
        where = f"representations/{name}"
        if f"{where}/data" not in files.folders:
            yield found("CSIPSTR11.absent", where, found=name)
        if f"{where}/METS.xml" not in files.sizes:
            yield found("CSIPSTR12.absent", where, found=name)
        if f"{where}/metadata" not in files.folders:
            yield found("CSIPSTR13.absent", where, found=name)
