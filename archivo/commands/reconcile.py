"""archivo reconcile."""

import argparse
from collections.abc import Callable
from dataclasses import fields
from typing import Final

from archivo.assembly import opened
from archivo.commands.printing import print_json, print_line

Act = Callable[[argparse.Namespace], int]
SHOWN: Final = 20
WORDS: Final = {
    "orphan_objects": "paquetes sin registro",
    "orphan_rows": "registros sin paquete o recepciones a medias",
    "dead_leases": "trabajos y paquetes retenidos por procesos que ya no existen",
    "lost_jobs": "pasos pendientes sin trabajo o sin aviso",
    "entries_without_record": "documentos del buscador sin registro",
    "records_without_entry": "registros que el buscador no tiene",
}


def reconcile(parser: argparse.ArgumentParser) -> Act:
    """Contar lo que no concuerda entre almacén, catálogo, trabajos y buscador, y corregirlo."""
    parser.add_argument("--check", action="store_true", help="solo contar, sin corregir nada")
    parser.add_argument("--json", action="store_true")
    return _reconcile


COMMANDS: Final = {"reconcile": reconcile}


def _reconcile(options: argparse.Namespace) -> int:
    from archivo.operations import consistency
    from archivo.worker import work_until_done

    with opened() as archive:
        found = left = consistency.examine(archive)
        if not options.check:
            work_until_done(archive, consistency.mend(archive, found))
            left = consistency.examine(archive)
    names = [field.name for field in fields(found)]
    if options.json:
        print_json(
            {
                **{name: _count(getattr(found, name)) for name in names},
                "left": {name: _count(getattr(left, name)) for name in names},
                "ids": {name: getattr(left, name) for name in names},
                "reconciled": not options.check,
                "ok": left.is_whole,
            }
        )
    else:
        for name in names:
            _tell(WORDS[name], getattr(found, name), getattr(left, name), mended=not options.check)
        print_line("Todo concuerda." if left.is_whole else _remedy(options.check))
    return 0 if left.is_whole else 1


def _count(found: tuple[str, ...] | None) -> int | None:
    return None if found is None else len(found)


def _tell(words: str, found: tuple[str, ...] | None, left: tuple[str, ...] | None, *, mended: bool) -> None:
    if found is None or left is None:
        print_line(f"   ?  {words}: este buscador no sabe decir qué tiene")
        return
    print_line(f"{len(found):4}  {words}" + (f"; {'queda' if len(left) == 1 else 'quedan'} {len(left)}" if mended and found else ""))
    for identifier in left[:SHOWN]:
        print_line(f"        {identifier}")
    if len(left) > SHOWN:
        print_line(f"        y {len(left) - SHOWN} más; véalos con --json")


def _remedy(is_check: bool) -> str:
    if is_check:
        return "Hay cosas que no concuerdan. Corríjalas con «archivo reconcile»."
    return "Quedan cosas que no concuerdan: recupere los paquetes que faltan de la copia de seguridad y vea «archivo verify»."
