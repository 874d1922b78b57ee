"""Judge one PDF file as `archivo validate` does: whether it is what it says of PDF/A. The file is opened in a child process.

veraPDF judges where it is given, else our own validator; the report tells who.
"""

import re
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path
from typing import Any, Final

from archivo.custody.pdf_clauses import CLAUSE_RULES, EXPORT, VIOLATION, rule_of
from ingest.tools import verapdf as verapdf_program
from ingest.tools.process import ToolBox, ToolError, ToolFailed
from preservation.findings import Finding, Report, Rule, Severity, by_code, shown

_BEGINS: Final = b"%PDF-"
_WITHIN: Final = 1024
"""A PDF says what it is in its first bytes (ISO 32000-1, annex H, implementation note 13)."""
_SECONDS: Final = 300.0
_CLAUSE: Final = re.compile(r"ISO_19005_([1-4]):([0-9.]+)(?:-[0-9]+)?")
_CLAIM: Final = re.compile(r"1[ab]|[23][abu]|4[ef]?")
"""The claims that veraPDF has a profile for."""
_OBJECT: Final = re.compile(r"\bobj (\d+) \d+")
_KEY: Final = re.compile(r"[A-Z][A-Za-z0-9]{0,30}(?:, [A-Z][A-Za-z0-9]{0,30})*")
"""A key or name of PDF, which is the same in every language."""
_VERAPDF: Final = "Compruébelo con veraPDF (indique su ruta en ARCHIVO_VERAPDF)."
_UNCHECKED: Final = {
    "content stream": "las instrucciones de una página",
    "ICC profile": "un perfil de color",
    "embedded file": "un archivo adjunto",
}
_VERDICTS: Final = {"pass": "conforms", "fail": "violates", "not_checked": "undecided"}

PDF_RULES: Final[Mapping[str, Rule]] = by_code(
    [
        Rule(
            "pdf.unreadable", Severity.ERROR, "ISO 32000-1", "7.5", "El PDF no se puede abrir: está dañado, cifrado o incompleto.", EXPORT
        ),
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
            "pdf.unidentified",
            Severity.ERROR,
            "ISO 19005",
            "6.7.11 (parte 1); 6.6.4 (partes 2 y 3)",
            "El PDF lleva el perfil de color de PDF/A, pero sus metadatos no dicen qué parte y qué nivel cumple: no es PDF/A.",
            EXPORT,
        ),
        Rule(
            "pdf.part_unknown",
            Severity.ERROR,
            "ISO 19005",
            "6",
            "El PDF dice cumplir PDF/A-{claim}, que este validador no comprueba: no se sabe si lo cumple.",
            _VERAPDF,
        ),
        Rule(
            "pdf.level",
            Severity.WARNING,
            "ISO 19005",
            "5",
            "El PDF dice cumplir PDF/A-{claim}; aquí se comprobó solo el nivel b (que se vea igual). No se comprobó lo que ese nivel "
            "pide además, del texto y de la estructura: no se sabe si lo cumple.",
            _VERAPDF,
        ),
        Rule(
            "pdf.unchecked",
            Severity.ERROR,
            "ISO 19005",
            "6",
            "Tiene algo que este validador no sabe comprobar ({detail}): no se sabe si es PDF/A.",
            _VERAPDF,
        ),
        Rule(
            "pdf.no_verapdf",
            Severity.INFO,
            "",
            "",
            "Está configurado veraPDF y no dio un veredicto sobre este PDF; lo juzgó el validador propio.",
            "Compruebe con «archivo doctor» que veraPDF se puede ejecutar.",
        ),
        Rule(
            "pdf.more",
            Severity.INFO,
            "ISO 19005",
            "6",
            "Hay {count} incumplimientos más, que no se muestran.",
            "Corrija los que se muestran y valide de nuevo.",
        ),
        VIOLATION,
        *CLAUSE_RULES.values(),
    ]
)


def judge_pdf(path: Path, verapdf: Path | None = None) -> Report | None:
    """The judgement of a PDF file, by the program `verapdf` if it is given; None if the file is none by its first bytes.

    The report's `verdict` is `conforms`, `violates` or `undecided` (of what the file says it is, so that a level that nobody judged leaves
    it undecided), and its `judge` tells who judged. Raises OSError if the file cannot be read.
    """
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
    claim = answer["claim"]
    if verapdf is None or claim is None or not _CLAIM.fullmatch(claim):
        return _report(answer)
    try:
        return _by_verapdf(verapdf_program.judge(verapdf, path.absolute(), claim, _SECONDS))
    except ToolError:
        return _report(answer, Finding(PDF_RULES["pdf.no_verapdf"]))


def _report(answer: Mapping[str, Any], *notes: Finding) -> Report:
    """What our own validator found."""
    claim, checked = answer["claim"], answer["checked"]
    if claim is None:
        return Report("PDF", (Finding(PDF_RULES["pdf.not_pdfa"]),))
    details = {"verdict": _VERDICTS[answer["verdict"]], "judge": answer["agent"]}
    if checked is None:
        code = "pdf.unidentified" if claim == "?" else "pdf.part_unknown"
        details["verdict"] = "violates" if claim == "?" else "undecided"
        return Report("PDF", (Finding(PDF_RULES[code], "", {"claim": shown(claim)}), *notes), details)
    findings = [*map(_finding, answer["findings"]), *notes]
    if claim[1:] in ("a", "u"):
        findings.append(Finding(PDF_RULES["pdf.level"], "", {"claim": claim}))
    if answer["more"]:
        findings.append(Finding(PDF_RULES["pdf.more"], "", {"count": answer["more"]}))
    return Report(f"PDF/A-{checked}", tuple(findings), details)


def _by_verapdf(answer: Mapping[str, Any]) -> Report:
    """What veraPDF found: it tells the clauses that are broken, not where."""
    part = answer["flavour"][:1]
    clauses = dict.fromkeys(clause for clause, _ in answer["breaches"])
    details = {"verdict": answer["verdict"], "judge": answer["agent"]}
    return Report(f"PDF/A-{answer['flavour']}", tuple(Finding(rule_of(part, clause)) for clause in clauses), details)


def _finding(each: Mapping[str, Any]) -> Finding:
    match, where = _CLAUSE.fullmatch(each["rule"]), shown(_OBJECT.sub(r"objeto \1", each["where"]))
    if match is None or not each["violation"]:
        detail = _UNCHECKED.get(each["detail"], "una letra o fuente" if each["rule"].startswith("pikepdf:") else "una parte del archivo")
        return Finding(PDF_RULES["pdf.unchecked"], where, {"detail": detail})
    key = f"({each['detail']})" if _KEY.fullmatch(each["detail"]) else ""
    return Finding(rule_of(match[1], match[2]), f"{where} {key}".strip())
