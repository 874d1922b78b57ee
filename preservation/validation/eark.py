"""Validate an E-ARK information package (CSIP, SIP, AIP, DIP; 2.0 to 2.2) in a folder, a zip or a tar, by our own rules and offline."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

from lxml.etree import XMLSyntaxError

from preservation.findings import Finding, Report
from preservation.validation.archive_rules import told
from preservation.validation.claims import Breach, place_of, verify
from preservation.validation.eark_csip import CsipMets
from preservation.validation.eark_folders import KNOWN, folder_findings, representations
from preservation.validation.eark_profiles import kind_of, profile_findings
from preservation.validation.eark_rules import FILES, found
from preservation.validation.eark_vocabularies import CSIP
from preservation.validation.mets_model import NAMESPACE
from preservation.validation.mets_reading import Claim, Mets, read
from preservation.validation.mets_rules import found as found_in_mets
from preservation.validation.package_files import PackageFiles, opened
from preservation.validation.package_listing import PackageRefused
from preservation.validation.premis import premis_findings
from preservation.validation.schemas import SchemaAbsent, schema_errors
from preservation.validation.telling import limited

_CODES: Final = {element.replace("[@LABEL='CSIP']", ""): codes for element, *codes in FILES}
_SCHEMA: Final = ".xsd"
_BEGINNING: Final = 1 << 16


def validate_package(path: Path, schemas: Path | None = None, now: datetime | None = None) -> Report:
    """Hold what stands at a path for an E-ARK package: its folders, its METS files and the profile they claim, each file's size and digest.

    `schemas` is a folder of XSD files, to judge each METS by its own schema too; `now`, what no date of modification is after; None: nobody
    asks. Nothing is unpacked, no link followed, no entity expanded, no network asked; memory grows with the number of files, not with their
    size.
    """
    kind: list[str] = []
    findings = tuple(limited(_findings(path, kind, schemas, now)))
    return Report(f"E-ARK {kind[0] if kind else 'CSIP'} 2", findings)


def is_package(path: Path) -> bool:
    """Whether what stands at a path has the marks of such a package: a METS.xml beside one of its folders, or that names CSIP; or,
    where there is none, the folders of representations.
    """
    try:
        with opened(path) as files:
            mets = next((name for name in files.sizes if name.lower() == "mets.xml"), None)
            known = sum(folder in files.folders for folder in KNOWN)
            filled = any(folder.startswith("representations/") and folder.endswith("/data") for folder in files.folders)
            if mets is None:
                return filled or ("representations" in files.folders and known > 1)
            return known > 0 or _names_csip(files, mets)
    except PackageRefused as refused:
        return path.is_dir() and refused.reason != "unreadable"


def _names_csip(files: PackageFiles, mets: str) -> bool:
    try:
        with files.open(mets) as source:
            return CSIP.lower().encode() in source.read(_BEGINNING).lower()
    except OSError:
        return False


@dataclass(frozen=True, slots=True)
class _Package:
    """What is being judged; `listed`: what its METS files speak of, so far."""

    files: PackageFiles
    now: datetime | None
    listed: set[str]


def _findings(path: Path, kind: list[str], schemas: Path | None, now: datetime | None) -> Iterator[Finding]:
    try:
        with opened(path) as files:
            yield from folder_findings(files, is_packed=not path.is_dir())
            if "METS.xml" in files.sizes:
                yield from _package(_Package(files, now, {"METS.xml"}), kind)
                yield from _by_schema(files, schemas)
    except PackageRefused as refused:
        yield told(refused.reason, found=refused.detail)


def _package(package: _Package, kind: list[str]) -> Iterator[Finding]:
    root, files, listed = Mets(), package.files, package.listed
    yield from _mets(package, "", files.name, root)
    if root.version == "2":
        yield found("mets2", "METS.xml")
    if root.root is None or root.version != "1":
        return
    yield from profile_findings(root.root, "METS.xml")
    kind.extend(one for one in [kind_of(root.root)] if one)
    pointed = {place_of(claim.href, "", files.sizes, files.twins)[1] for claim in root.claims if claim.path.endswith("/mptr")}
    for name in representations(files):
        mets = f"representations/{name}/METS.xml"
        if mets in files.sizes:
            listed.add(mets)
            if mets not in pointed:
                yield found("CSIP105.absent", "METS.xml", found=name)
            yield from _mets(package, f"representations/{name}", name, Mets())
    for path in files.sizes:
        if path not in listed:
            yield found(_unlisted(path), path, path=path)


def _mets(package: _Package, folder: str, name: str, mets: Mets) -> Iterator[Finding]:
    """One METS and the files it speaks of; their paths are added to those listed."""
    files, listed = package.files, package.listed
    where = f"{folder}/METS.xml" if folder else "METS.xml"
    csip = CsipMets(where, name, mets, files, representation=bool(folder), now=package.now)
    try:
        with files.open(where) as source:
            yield from read(source, where, mets, csip.visit)
    except OSError as error:
        yield found_in_mets("unreadable", where, path=where, detail=error.strerror or str(error))
        return
    yield from csip.finish()
    for claim in mets.claims:
        kind, place = place_of(claim.href, folder, files.sizes, files.twins)
        if kind in ("inside", "twin"):
            listed.add(place)
    for breach in verify(files, folder, mets.claims):
        yield _told(breach, f"{where}:{breach.claim.line}")
    for claim in mets.claims:
        kind, place = place_of(claim.href, folder, files.sizes, files.twins)
        if (claim.kind or "").startswith("PREMIS") and kind == "inside" and place in files.sizes:
            yield from _premis(files, place)


def _premis(files: PackageFiles, path: str) -> Iterator[Finding]:
    try:
        with files.open(path) as source:
            yield from premis_findings(source, path)
    except OSError as error:
        yield found_in_mets("unreadable", path, path=path, detail=error.strerror or str(error))


def _by_schema(files: PackageFiles, schemas: Path | None) -> Iterator[Finding]:
    """What the schema of METS says of each METS of a package."""
    if schemas is None:
        return
    for path in [
        path for path in files.sizes if path == "METS.xml" or (path.startswith("representations/") and path.endswith("/METS.xml"))
    ]:
        try:
            with files.open(path) as source:
                for line, message in schema_errors(source, NAMESPACE, schemas):
                    yield found_in_mets("schema", f"{path}:{line}", detail=message)
        except SchemaAbsent as absent:
            yield found_in_mets("schema_absent", path, found=str(absent))
        except (OSError, XMLSyntaxError):
            continue  # told when it was read before


def _told(breach: Breach, where: str) -> Finding:
    """A false claim, by the code of the rule that asks for it to be true."""
    claim = breach.claim
    codes = _CODES.get(_plain(claim))
    if codes is None or breach.reason in ("external", "unchecked"):
        return found_in_mets(
            breach.reason,
            where,
            path=breach.path,
            found=breach.found or breach.path,
            expected=breach.expected,
            detail=breach.found,
            algorithm=claim.algorithm or "",
        )
    place, size, digest = codes
    if breach.reason == "absent":
        schema = breach.path.lower().endswith(_SCHEMA) and "schemas" in breach.path.split("/")
        return found(f"{place}.{'schema' if schema else 'missing'}", where, path=breach.path)
    name = {"file_size": f"{size}.differs", "digest": f"{digest}.differs"}.get(breach.reason, f"{place}.{breach.reason}")
    return found(name, where, path=breach.path, found=breach.found, expected=breach.expected, algorithm=claim.algorithm or "")


def _plain(claim: Claim) -> str:
    parts = claim.path.split("/")
    return "/".join(part for number, part in enumerate(parts) if part not in ("fileGrp", "file") or part != parts[number - 1])


def _unlisted(path: str) -> str:
    if "/metadata/descriptive/" in f"/{path}":
        return "CSIP17.unlisted"
    return "CSIP32.unlisted" if "/metadata/preservation/" in f"/{path}" else "CSIP58.unlisted"
