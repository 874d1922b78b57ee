"""archivo formats."""

import argparse
from collections.abc import Callable
from typing import Final

from archivo.access.policy import custody
from archivo.assembly import opened
from archivo.commands.printing import login, print_json, print_line
from archivo.custody import formats as register
from archivo.web.spanish import count, size

Act = Callable[[argparse.Namespace], int]
RISKS: Final = {"high": "riesgo alto", "unknown": "sin evaluar", "medium": "riesgo medio", "low": "riesgo bajo"}


def formats(parser: argparse.ArgumentParser) -> Act:
    """Mostrar lo guardado por formato, cómo lo toma la política y su riesgo."""
    parser.add_argument("--json", action="store_true")
    return _formats


COMMANDS: Final = {"formats": formats}


def _formats(options: argparse.Namespace) -> int:
    with opened() as archive:
        found = register.register(archive, custody(login()))
    if options.json:
        print_json({"formats": list(found.holdings), "count": found.count, "size": found.size, "unread": found.unread})
        return 0
    for one in found.holdings:
        held = f"{count(one.count, 'documento')}, {size(one.size)}"
        print_line(
            f"{RISKS[one.risk]:13} {one.puid or '-':10} {one.name or one.mime}: {held}. {one.group}{': ' if one.reason else ''}{one.reason}"
        )
    if found.unread:
        print_line(f"Faltan por identificar {count(found.unread, 'documento')}.")
    return 0
