"""archivo user, token."""

import argparse
import sys
from collections.abc import Callable
from typing import Final

from archivo.access import services as access
from archivo.access.policy import custody
from archivo.assembly import opened
from archivo.commands.printing import login, print_json, print_line
from archivo.errors import Invalid, Malformed

Act = Callable[[argparse.Namespace], int]


def user(parser: argparse.ArgumentParser) -> Act:
    """Crear y ver las personas."""
    acts = parser.add_subparsers(dest="act", metavar="ACCIÓN", required=True, parser_class=type(parser))
    creating = acts.add_parser("create", help="crear una persona")
    creating.add_argument("name", metavar="USUARIO")
    creating.add_argument("--role", required=True, metavar="PERFIL")
    creating.add_argument("--full-name", default="", metavar="NOMBRE")
    creating.add_argument(
        "--password-stdin", action="store_true", help="leer la contraseña de la entrada; si no, se genera y se muestra una vez"
    )
    creating.add_argument("--json", action="store_true")
    creating.set_defaults(run=_create)
    listing = acts.add_parser("list", help="ver las personas")
    listing.add_argument("--json", action="store_true")
    listing.set_defaults(run=_list)
    return lambda options: int(options.run(options))


def token(parser: argparse.ArgumentParser) -> Act:
    """Crear una ficha de acceso para la API."""
    acts = parser.add_subparsers(dest="act", metavar="ACCIÓN", required=True, parser_class=type(parser))
    creating = acts.add_parser("create", help="crear una ficha, que se muestra una sola vez")
    creating.add_argument("--user", required=True, metavar="USUARIO")
    creating.add_argument("--label", default="")
    creating.add_argument("--json", action="store_true")
    creating.set_defaults(run=_create_token)
    return lambda options: int(options.run(options))


COMMANDS: Final = {"user": user, "token": token}


def _create(options: argparse.Namespace) -> int:
    password = None
    if options.password_stdin:
        password = sys.stdin.readline().rstrip("\n")
        if not password:
            raise Malformed("user.password", "No llegó ninguna contraseña. No se creó nada.", "Escríbala en la entrada de la orden.")
    with opened() as archive:
        try:
            generated = access.create_user(archive, custody(login()), options.name, options.role, name=options.full_name, password=password)
        except Invalid as fault:
            raise Malformed(fault.code, fault.message, fault.remedy) from fault
    if options.json:
        print_json({"login": options.name, "role": options.role, "password": generated})
    elif generated:
        print_line(f"Contraseña de {options.name}, que no se mostrará otra vez: {generated}")
    return 0


def _list(options: argparse.Namespace) -> int:
    with opened() as archive:
        people = access.list_people(archive, custody(login()))
    if options.json:
        print_json(people)
    else:
        for person in people:
            print_line(f"{person.login:20} {person.role:12} {'activa' if person.is_active else 'inactiva'}  {person.name}")
    return 0


def _create_token(options: argparse.Namespace) -> int:
    with opened() as archive:
        value = access.create_token(archive, custody(login()), options.user, options.label)
    if options.json:
        print_json({"token": value})
    else:
        print_line(value)
    return 0
