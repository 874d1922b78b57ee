"""archivo validate: judge a package that somebody sends, or one of ours, without touching any archive."""

import argparse
from collections.abc import Callable, Iterator
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Final

from archivo.commands.printing import one_line, print_json, print_line
from archivo.errors import Malformed
from archivo.web.spanish import count
from preservation.findings import Finding, Report, Severity

Act = Callable[[argparse.Namespace], int]
_SHOWN: Final = 10
"""Places told of one rule; the JSON tells them all."""
_LONGEST: Final = 160
"""Characters told of a place; the JSON tells it whole."""
_KINDS: Final = {"object": "Objeto ", "storage_root": "Raíz de almacenamiento "}
_HEADS: Final = {Severity.ERROR: "Errores", Severity.WARNING: "Avisos", Severity.INFO: "Información"}


def validate(parser: argparse.ArgumentParser) -> Act:
    """Comprobar un paquete: OCFL, BagIt, E-ARK, METS, PREMIS o PDF/A."""
    parser.add_argument("path", metavar="RUTA", help="una carpeta o un archivo; se reconoce qué es por sus marcas")
    parser.add_argument("--fetch-root", metavar="CARPETA", help="dónde se pueden leer los archivos que una bolsa deja por traer")
    parser.add_argument("--schemas", metavar="CARPETA", help="esquemas XSD con los que juzgar además METS y PREMIS")
    parser.add_argument("--json", action="store_true")
    return _validate


COMMANDS: Final = {"validate": validate}


def _validate(options: argparse.Namespace) -> int:
    from archivo.assembly import settings_or_malformed
    from archivo.clock import now
    from archivo.custody.pdf_judgement import judge_pdf
    from preservation import validate as judging

    path = Path(options.path)
    fetch_root, schemas = _folder(options.fetch_root), _folder(options.schemas)
    try:
        report = judging.validate(
            path, others=[partial(judge_pdf, verapdf=settings_or_malformed().verapdf)], fetch_root=fetch_root, schemas=schemas, now=now()
        )
    except FileNotFoundError as fault:
        raise Malformed("validate.missing", f"No hay nada en «{options.path}». No se revisó nada.", "Compruebe la ruta.") from fault
    if options.json:
        print_json(report.to_json())
    else:
        for line in told(report):
            print_line(line)
    return 0 if report.valid else 1


def _folder(given: str | None) -> Path | None:
    if given is None or Path(given).is_dir():
        return None if given is None else Path(given)
    raise Malformed("validate.folder", f"«{given}» no es una carpeta. No se revisó nada.", "Compruebe la ruta.")


def told(report: Report) -> Iterator[str]:
    """A report for a person: the verdict, then each rule once, with its places and what to do."""
    yield _verdict(report)
    for severity, head in _HEADS.items():
        found = [finding for finding in report.findings if finding.severity is severity]
        if found:
            yield ""
            yield f"{head} ({len(found)}):"
        for group in _by_rule(found):
            yield from _group(group)


def _verdict(report: Report) -> str:
    if report.standard is None:
        return "No se reconoce: no se pudo validar."
    errors = sum(finding.severity is Severity.ERROR for finding in report.findings)
    warnings = sum(finding.severity is Severity.WARNING for finding in report.findings)
    counted = f"{count(errors, 'error', 'errores')}, {count(warnings, 'aviso')}"
    what = _KINDS.get(str(report.details.get("kind")), "") + report.standard
    complete = (
        ""
        if "complete" not in report.details
        else " La bolsa está completa."
        if report.details["complete"]
        else " La bolsa está incompleta."
    )
    undecided = report.details.get("verdict") == "undecided"
    verdict = "no se sabe si cumple" if undecided else "cumple" if report.valid else "NO cumple"
    judge = f" Lo juzgó: {one_line(str(report.details['judge']))}." if "judge" in report.details else ""
    return f"{what}: {verdict} ({counted}).{complete}{judge}"


def _by_rule(findings: list[Finding]) -> list[list[Finding]]:
    groups: dict[str, list[Finding]] = {}
    for finding in findings:
        groups.setdefault(f"{finding.code} {finding.rule.message}", []).append(finding)
    return list(groups.values())


def _group(group: list[Finding]) -> Iterator[str]:
    first = group[0]
    source = f"{first.rule.standard} {first.rule.paragraph}".strip()
    yield f"  {first.code}" + (f"  ({source})" if source else "")
    for finding in islice(group, _SHOWN):
        yield f"    {one_line(_place(finding.where))}: {one_line(finding.message)}" if finding.where else f"    {one_line(finding.message)}"
    if len(group) > _SHOWN:
        yield f"    … y {len(group) - _SHOWN} más."
    yield f"    Qué hacer: {one_line(first.remedy)}"


def _place(where: str) -> str:
    """A place, without its middle where it is long: how it begins, and the name at its end, are what is looked for."""
    half = _LONGEST // 2
    return where if len(where) <= _LONGEST else f"{where[:half]}…{where[-half + 1 :]}"
