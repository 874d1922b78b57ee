"""The pages of docs/ that are made from the code: `python -m tests.architecture.pages` writes them, a test compares them.

Each says at its head that it is generated. What a person must explain stands in the pages written by hand beside them.
"""

import argparse
import ast
import importlib
import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Final

from tests.architecture.source import PACKAGES, ROOT, Module, modules

HEAD: Final = "<!-- Generated from the code by `make docs`; change the code, not this page. -->\n"
PORTS: Final = (
    ("preservation/store.py", "ObjectStore", "preservation/stores/"),
    ("search/index.py", "SearchIndex", "search/engines/"),
    ("ingest/step.py", "IngestStep", "ingest/steps/"),
    ("archivo/archive.py", "Legs", "archivo/broker.py and the in-process worker"),
)


def first_sentence(text: str) -> str:
    """A docstring's first sentence, on one line; tables and lists in it are left out."""
    paragraph = " ".join(text.split("\n\n")[0].split())
    return re.split(r"(?<=[.!?])\s+(?=[A-Z`])", paragraph)[0].replace("|", "\\|")


def architecture() -> str:
    """Every module and the first sentence of its docstring, package by package."""
    parts = [HEAD, "# Map of the modules\n"]
    for package in PACKAGES:
        found = [module for module in modules(package) if module.text.strip()]
        parts.append(f"\n## {package}\n\n{first_sentence(found[0].docstring)}\n")
        rows: dict[str, list[str]] = {}
        for module in found:
            folder = module.path.rpartition("/")[0]
            name = module.path.rpartition("/")[2]
            if module.path != f"{package}/__init__.py":
                rows.setdefault(folder, []).append(f"| `{name}` | {first_sentence(module.docstring)} |")
        for folder, lines in rows.items():
            parts.append(f"\n### {folder}/\n\n| Module | What it is for |\n|---|---|\n" + "\n".join(lines) + "\n")
    return "".join(parts)


def ports() -> str:
    """The ports as the code writes them: promises, errors, signatures."""
    parts = [HEAD, "# Ports\n\nA port is a promise that any adapter keeps, checked for each by one suite of tests/contracts.\n"]
    for path, name, adapters in PORTS:
        module = Module(path, (ROOT / path).read_text(encoding="utf-8"))
        protocol = next(node for node in module.tree.body if isinstance(node, ast.ClassDef) and node.name == name)
        parts.append(f"\n## {name}\n\n`{path}`; adapters: {adapters}.\n\n```python\n{ast.unparse(protocol)}\n```\n")
    return "".join(parts)


def data_model() -> str:
    """Every table: what a row is, its columns, what they refer to, what is unique."""
    from archivo.database import Base

    for module in modules("archivo"):
        if "__tablename__" in module.text:
            importlib.import_module(module.name)
    parts = [
        HEAD,
        "# Data model\n\nInstants are UTC; sizes are 64 bits; identifiers are UUIDv7. JSON columns say in the class what they hold.\n",
    ]
    for mapper in sorted(Base.registry.mappers, key=lambda found: str(found.local_table)):
        table, row = mapper.local_table, mapper.class_
        parts.append(f"\n## {table}\n\n`{row.__module__}.{row.__name__}`. {first_sentence(row.__doc__ or '')}\n\n")
        parts.append("| Column | Type | Refers to |\n|---|---|---|\n")
        for column in table.columns:
            kind = f"{type(column.type).__name__}{'' if column.nullable else ', not null'}{', key' if column.primary_key else ''}"
            keys = ", ".join(sorted(f"{key.column.table.name}.{key.column.name}" for key in column.foreign_keys))
            parts.append(f"| `{column.name}` | {kind} | {keys} |\n")
    return "".join(parts)


def errors() -> str:
    """Every error a person can see, with the place that raises it."""
    from archivo import errors as tree

    classes = {name: kind for name, kind in vars(tree).items() if isinstance(kind, type) and issubclass(kind, tree.ArchivoError)}
    rows = set()
    for module in modules("archivo"):
        known = _constants(module.tree)
        for node in ast.walk(module.tree):
            if isinstance(node, ast.Call) and ast.unparse(node.func).rpartition(".")[2] in classes and node.args:
                code, *words = [_wording(argument, known) for argument in node.args]
                words += [_wording(keyword.value, known) for keyword in node.keywords if keyword.arg in ("message", "remedy")]
                if re.fullmatch(r"[a-z_]+(\.[a-z_]+)+", code) and len(words) >= 2:
                    kind = classes[ast.unparse(node.func).rpartition(".")[2]]
                    rows.add(f"| `{code}` | {kind.status} | {words[0]} | {words[1]} |")
    head = "# Errors\n\nWhat a person can be told: code, HTTP status (of its class in `archivo/errors.py`), message and remedy.\n"
    return HEAD + head + "\n| Code | HTTP | Message | Remedy |\n|---|---|---|---|\n" + "\n".join(sorted(rows)) + "\n"


def _constants(tree: ast.Module) -> Mapping[str, ast.expr]:
    """The constants of a module by their names, and what each is."""
    named = (node for node in tree.body if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name))
    return {ast.unparse(node.target): node.value for node in named if isinstance(node.value, ast.Constant)}


def _wording(node: ast.expr, known: Mapping[str, ast.expr]) -> str:
    """A text as written, with the constants of its module, its slots named."""
    if isinstance(node, ast.Constant):
        return str(node.value).replace("|", "\\|")
    if isinstance(node, ast.JoinedStr):
        return "".join(_wording(part, known) for part in node.values)
    if isinstance(node, ast.FormattedValue):
        name = ast.unparse(node.value)
        return _wording(known[name], known) if name in known else "{" + re.sub(r"[^\w.]+", " ", name).strip().rpartition(".")[2] + "}"
    return "{…}"


def findings() -> str:
    """For archivists: every finding, what it means and what to do."""
    from ingest.findings import CATALOGUE

    words = {"error": "Error", "warning": "Aviso", "info": "Información"}
    head = (
        "# Hallazgos\n\nLo que el sistema puede encontrar en un documento, qué significa y qué hacer.\n"
        "El original se conserva siempre tal como llegó.\n\n"
        "**Error**: no se pudo leer como debía. **Aviso**: conviene que una persona lo mire. **Información**: es bueno saberlo.\n"
    )
    parts = [HEAD, head, "\n| Código | Gravedad | Qué pasa | Qué hacer |\n|---|---|---|---|\n"]
    for code, entry in sorted(CATALOGUE.items()):
        cells = (entry.message, entry.remedy)
        parts.append(f"| `{code}` | {words[entry.severity]} | " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |\n")
    return "".join(parts)


def package_findings() -> str:
    """For archivists: what is asked of packages and of PDF/A, rule by rule."""
    from archivo.custody.pdf_judgement import PDF_RULES
    from preservation.validation.archive_rules import ARCHIVE
    from preservation.validation.bagit_rules import BAGIT
    from preservation.validation.eark_rules import EARK
    from preservation.validation.mets_rules import METS
    from preservation.validation.ocfl_rules import OCFL
    from preservation.validation.premis_rules import PREMIS

    words = {"error": "Error", "warning": "Aviso", "info": "Información"}
    head = (
        "# Hallazgos en paquetes\n\nLo que «archivo validate» puede decir de un paquete, qué significa y qué hacer. "
        "Los códigos E y W son los de OCFL; CSIP, SIP, AIP y DIP, los de E-ARK; «…» es lo que cambia en cada caso.\n\n"
        "**Error**: se incumple una obligación y el paquete no es válido. **Aviso**: se incumple una recomendación. "
        "**Información**: es bueno saberlo.\n"
    )
    parts = [HEAD, head]
    standards = (("OCFL", OCFL), ("BagIt", BAGIT), ("E-ARK", EARK), ("METS", METS), ("PREMIS", PREMIS), ("PDF/A", PDF_RULES))
    for title, rules in (*standards, ("Paquetes en ZIP o TAR", ARCHIVE)):
        parts.append(f"\n## {title}\n\n| Código | Gravedad | Dónde | Qué pasa | Qué hacer |\n|---|---|---|---|---|\n")
        for rule in sorted(rules.values(), key=lambda one: [int(run) if run.isdigit() else run for run in re.split(r"(\d+)", one.code)]):
            told = [re.sub(r"«?\{\w+\}»?", "…", text).replace("|", "\\|") for text in (rule.message, rule.remedy)]
            parts.append(
                f"| `{rule.code}` | {words[rule.severity]} | {rule.paragraph.replace('|', chr(92) + '|')} | {told[0]} | {told[1]} |\n"
            )
    return "".join(parts)


def commands() -> str:
    """Every command of `archivo`, its words and options."""
    from archivo.cli import FAMILIES

    head = (
        "# Órdenes\n\n`archivo ORDEN …`, o `python -m archivo ORDEN …`, desde cualquier carpeta.\n"
        "Sale con 0 si todo se hizo, 1 si encontró algo mal o algo falló, 2 si la orden está mal escrita.\n"
    )
    parts = [HEAD, head]
    for name, family in FAMILIES.items():
        describe = importlib.import_module(f"archivo.commands.{family}").COMMANDS[name]
        parser = argparse.ArgumentParser(prog=f"archivo {name}", add_help=False)
        describe(parser)
        parts.append(f"\n## archivo {name}\n\n{describe.__doc__ or ''}\n\n" + "\n".join(_words(parser)) + "\n")
    return "".join(parts)


def _words(parser: argparse.ArgumentParser, before: str = "") -> Iterator[str]:
    """The words a parser takes, one a line, those of its subcommands after theirs."""
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            for name, inner in action.choices.items():
                yield f"- `{before}{name}`"
                yield from _words(inner, f"{before}{name} … ")
        elif not isinstance(action, argparse._HelpAction):
            value = action.metavar or (action.dest.upper() if action.nargs != 0 else "")
            value = " ".join(value) if isinstance(value, tuple) else value
            text = (
                ", ".join(f"{option} {value}".strip() for option in action.option_strings)
                or f"{value}{'…' if action.nargs in ('*', '+') else ''}"
            )
            yield f"- `{before}{text}`" + (f": {action.help}" if action.help else "")


def settings() -> str:
    """Every setting, as settings.py explains it."""
    from archivo.settings import KNOWN, RESERVED

    head = (
        "# Settings\n\nAll come from the environment, or from the file that `ARCHIVO_CONFIG` names; each has a working default.\n"
        "An unknown `ARCHIVO_*` is a warning in commands and a refusal in `serve` and `worker`.\n"
    )
    rows = "\n".join(f"| `{name}` | {meaning} |" for name, meaning in KNOWN.items())
    kept = ", ".join(f"`{name}{'*' if name.endswith('_') else ''}`" for name in RESERVED)
    return HEAD + head + f"\n| Variable | Meaning |\n|---|---|\n{rows}\n\nReserved for tests: {kept}.\n"


GENERATED: Final[Mapping[str, Callable[[], str]]] = {
    "docs/ingenieria/modules.md": architecture,
    "docs/ingenieria/ports.md": ports,
    "docs/ingenieria/data-model.md": data_model,
    "docs/ingenieria/errors.md": errors,
    "docs/ingenieria/settings.md": settings,
    "docs/archivistas/hallazgos.md": findings,
    "docs/archivistas/hallazgos-paquetes.md": package_findings,
    "docs/archivistas/ordenes.md": commands,
}


def main() -> None:
    for name, make in GENERATED.items():
        path = Path(ROOT / name)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(make(), encoding="utf-8")


if __name__ == "__main__":
    main()
