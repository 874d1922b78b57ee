"""archivo secrets."""

import argparse
from collections.abc import Callable
from typing import Final

from archivo.access.policy import custody
from archivo.assembly import opened
from archivo.audit import sharing
from archivo.commands.printing import login, print_json, print_line
from archivo.starting import known_secret, read_secret, settings_to_start

Act = Callable[[argparse.Namespace], int]


def secrets(parser: argparse.ArgumentParser) -> Act:
    """Decir si el secreto de las sesiones y la clave de la bitácora de esta máquina son los del archivo; o hacer que lo sean (--adopt)."""
    parser.add_argument("--adopt", action="store_true", help="de aquí en adelante, los del archivo son los de esta máquina")
    parser.add_argument("--json", action="store_true")
    return _secrets


COMMANDS: Final = {"secrets": secrets}


def _secrets(options: argparse.Namespace) -> int:
    settings = settings_to_start()
    with opened(settings) as archive:
        if options.adopt:
            sharing.adopt(archive, custody(login()).login, read_secret(settings))
        wrong = sharing.differences(archive, known_secret(settings))
    if options.json:
        print_json({"shared": not wrong, "wrong": [{"code": each.code, "message": each.message, "remedy": each.remedy} for each in wrong]})
    else:
        for each in wrong:
            print_line(f"{each.message} {each.remedy}")
        if not wrong:
            print_line("El secreto de las sesiones y la clave de la bitácora de esta máquina no son otros que los del archivo.")
    return 1 if wrong else 0
