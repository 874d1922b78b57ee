"""Validate a METS document on its own, with the files that stand beside it."""

from collections.abc import Iterator
from pathlib import Path

from preservation.findings import Finding, Report
from preservation.validation.claims import place_of, verify
from preservation.validation.mets_model import NAMESPACE, NAMESPACE_2
from preservation.validation.mets_reading import Mets, read
from preservation.validation.mets_rules import found
from preservation.validation.package_files import beside
from preservation.validation.schemas import SchemaAbsent, schema_errors
from preservation.validation.telling import limited


def validate_mets(path: Path, schemas: Path | None = None) -> Report:
    """Hold a file for METS 1.11 to 1.12.1, or METS 2: its model, its identifiers and references, SIZE and CHECKSUM of the files beside it.

    `schemas` is a folder of XSD files, to judge by METS's own schema too. OSError if it cannot be read.
    """
    mets = Mets()
    findings = list(limited(_judged(path, mets, schemas)))
    return Report("METS 2" if mets.version == "2" else "METS 1.12.1", tuple(findings))


def _judged(path: Path, mets: Mets, schemas: Path | None) -> Iterator[Finding]:
    unread = True
    with path.open("rb") as source:
        for finding in read(source, path.name, mets):
            unread = unread and finding.code not in ("mets.xml", "mets.doctype", "mets.size", "mets.root")
            yield finding
    if schemas is not None and unread:
        yield from by_schema(path, NAMESPACE_2 if mets.version == "2" else NAMESPACE, schemas)
    places = {where for claim in mets.claims for kind, where in [place_of(claim.href, "", {}, {})] if kind == "inside"}
    files = beside(path.parent, places)
    for breach in verify(files, "", mets.claims):
        what = {"algorithm": breach.claim.algorithm or "", "detail": breach.found, "expected": breach.expected}
        yield found(
            breach.reason, f"{path.name}:{breach.claim.line}", **{**what, "path": breach.path, "found": breach.found or breach.path}
        )


def by_schema(path: Path, namespace: str, schemas: Path) -> Iterator[Finding]:
    """What the schema of a namespace in a folder says of a well-formed document."""
    try:
        with path.open("rb") as source:
            for line, message in schema_errors(source, namespace, schemas):
                yield found("schema", f"{path.name}:{line}", detail=message)
    except SchemaAbsent as absent:
        yield found("schema_absent", path.name, found=str(absent))
