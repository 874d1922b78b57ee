"""Judge one PDF file as `archivo validate` does: whether it is what it says of PDF/A. The file is opened in a child process."""

import re
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path
from typing import Any, Final

from ingest.tools.process import ToolBox, ToolError, ToolFailed
from preservation.findings import Finding, Report, Rule, Severity, by_code, shown

_BEGINS: Final = b"%PDF-"
_WITHIN: Final = 1024
"""A PDF says what it is in its first bytes (ISO 32000-1, annex H, implementation note 13)."""
_SECONDS: Final = 300.0
_CLAUSE: Final = re.compile(r"ISO_19005_([1-4]):([0-9.]+)(?:-[0-9]+)?")
_COPY: Final = "Pida el original a quien lo entregó, o expórtelo de nuevo como PDF/A desde el programa que lo hizo."

PDF_RULES: Final[Mapping[str, Rule]] = by_code(
    [
        Rule("pdf.unreadable", Severity.ERROR, "ISO 32000-1", "7.5", "El PDF no se puede abrir: está dañado, cifrado o incompleto.", _COPY),
        Rule(
            "pdf.too_much",
            Severity.ERROR,
            "ISO 32000-1",
            "7.5",
            "El PDF no se pudo revisar: pide demasiado tiempo o memoria.",
            "Valídelo en un equipo con más memoria, o pida el documento en partes.",
        ),
        Rule(
            "pdf.not_pdfa",
            Severity.WARNING,
            "ISO 19005",
            "6",
            "El PDF se puede abrir, pero no dice cumplir PDF/A: nada asegura que se vea igual dentro de unos años.",
            "Si es para conservar, pídalo como PDF/A.",
        ),
        Rule(
            "pdf.part_unknown",
            Severity.ERROR,
            "ISO 19005",
            "6",
            "El PDF dice cumplir PDF/A-{claim}, que este validador no comprueba: no se sabe si lo cumple.",
            "Compruébelo con veraPDF.",
        ),
        Rule(
            "pdf.level",
            Severity.INFO,
            "ISO 19005",
            "6",
            "El PDF dice cumplir PDF/A-{claim}; aquí se comprobó solo el nivel b (que se vea igual), no el texto ni la estructura.",
            "Compruebe el resto con veraPDF si lo necesita.",
        ),
        Rule(
            "pdf.violation",
            Severity.ERROR,
            "ISO 19005",
            "6",
            "No cumple {clause}, que el propio PDF dice cumplir. Detalle del verificador: {detail}.",
            _COPY,
        ),
        Rule(
            "pdf.unchecked",
            Severity.ERROR,
            "ISO 19005",
            "6",
            "Tiene algo que este validador no sabe comprobar: no se sabe si es PDF/A. Detalle del verificador: {detail}.",
            "Compruébelo con veraPDF.",
        ),
        Rule(
            "pdf.more",
            Severity.INFO,
            "ISO 19005",
            "6",
            "Hay {count} incumplimientos más, que no se muestran.",
            "Corrija los que se muestran y valide de nuevo.",
        ),
    ]
)


def judge_pdf(path: Path) -> Report | None:
    """The judgement of a PDF file; None if it is none by its first bytes. Raises OSError if it cannot be read."""
    if not path.is_file():
        return None
    with path.open("rb") as file:
        if _BEGINS not in file.read(_WITHIN):
            return None
    with closing(ToolBox(1)) as tools:
        try:
            answer = tools.call("pdfa", "check", timeout=_SECONDS, path=str(path.absolute()))
        except ToolFailed:
            return Report("PDF", (Finding(PDF_RULES["pdf.unreadable"]),))
        except ToolError:
            return Report("PDF", (Finding(PDF_RULES["pdf.too_much"]),))
    return _report(answer)


def _report(answer: Mapping[str, Any]) -> Report:
    claim = answer["claim"]
    if claim is None:
        return Report("PDF", (Finding(PDF_RULES["pdf.not_pdfa"]),))
    told = {"claim": shown(claim)}
    if answer["checked"] is None:
        return Report("PDF", (Finding(PDF_RULES["pdf.part_unknown"], "", told),))
    findings = [_finding(each) for each in answer["findings"]]
    if claim != answer["checked"]:
        findings.append(Finding(PDF_RULES["pdf.level"], "", told))
    if answer["more"]:
        findings.append(Finding(PDF_RULES["pdf.more"], "", {"count": answer["more"]}))
    return Report(f"PDF/A-{answer['checked']}", tuple(findings))


def _finding(each: Mapping[str, Any]) -> Finding:
    match = _CLAUSE.fullmatch(each["rule"])
    clause = f"el apartado {match.group(2)} de ISO 19005-{match.group(1)}" if match else each["rule"]
    params = {"clause": clause, "detail": shown(each["detail"].rstrip("."))}
    return Finding(PDF_RULES["pdf.violation" if each["violation"] else "pdf.unchecked"], shown(each["where"]), params)
