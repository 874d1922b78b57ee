"""archivo classify, publish."""

import argparse
from collections.abc import Callable
from typing import Final

from archivo.access.policy import custody
from archivo.assembly import opened
from archivo.commands.printing import STATUS_IN_WORDS, login, print_error, print_json, print_line
from archivo.errors import ArchivoError
from archivo.intake import publication
from archivo.intake.representing import classification_json
from archivo.records.services import as_document_id
from archivo.retention import classification
from archivo.retention.classification import ClassificationView
from archivo.web.spanish import count

Act = Callable[[argparse.Namespace], int]


def classify(parser: argparse.ArgumentParser) -> Act:
    """Ver, proponer de nuevo o confirmar la clase de un documento."""
    parser.add_argument("id", metavar="ID")
    choice = parser.add_mutually_exclusive_group()
    choice.add_argument("--suggest", action="store_true", help="calcular la propuesta de nuevo, sin confirmar nada")
    choice.add_argument("--confirm", metavar="CÓDIGO")
    parser.add_argument("--json", action="store_true")
    return _classify


def publish(parser: argparse.ArgumentParser) -> Act:
    """Publicar documentos en el catálogo, o retirarlos."""
    parser.add_argument("ids", nargs="+", metavar="ID")
    parser.add_argument("--withdraw", action="store_true")
    parser.add_argument("--json", action="store_true")
    return _publish


COMMANDS: Final = {"classify": classify, "publish": publish}


def _classify(options: argparse.Namespace) -> int:
    from archivo.worker import work_until_done

    with opened() as archive:
        actor = custody(login())
        found: ClassificationView | None
        if options.confirm is not None:
            found = classification.confirm(archive, actor, options.id, options.confirm)
            work_until_done(archive, {options.id})
        elif options.suggest:
            found = classification.suggest(archive, actor, options.id)
        else:
            found = classification.classification_of(archive, actor, options.id)
    if options.json:
        print_json(classification_json(found))
    elif found is None:
        print_line("Este documento no tiene clase: no se ha procesado todavía, o no hay una tabla de retención para su fecha.")
    else:
        sure = "" if found.confidence is None else f", confianza {found.confidence:.2f}"
        print_line(f"{found.item.key + ' ' + found.item.label if found.item else '—'} ({STATUS_IN_WORDS[found.status]}{sure})")
        for reason in found.reasons:
            print_line(f"  {reason}")
    return 0


def _publish(options: argparse.Namespace) -> int:
    from archivo.worker import work_until_done

    done, errors = [], []
    for identifier in options.ids:
        as_document_id(identifier)
    with opened() as archive:
        actor = custody(login())
        for identifier in options.ids:
            try:
                act = publication.withdraw if options.withdraw else publication.publish
                act(archive, actor, identifier)
                done.append(identifier)
            except ArchivoError as fault:
                errors.append({"id": identifier, "code": fault.code, "message": fault.message, "remedy": fault.remedy})
        work_until_done(archive, set(done))
    if options.json:
        print_json({"withdrawn" if options.withdraw else "published": done, "refused": errors})
    else:
        state = "retirado" if options.withdraw else "publicado"
        print_line(f"{count(len(done), f'documento {state}', f'documentos {state}s')}.")
        for error in errors:
            print_error(error["code"], error["message"], error["remedy"], False)
    return 1 if errors else 0
