"""The words of a command, read by argparse and told in Spanish."""

import argparse
from collections.abc import Mapping
from typing import Final, NoReturn

from archivo.commands.printing import write

SPANISH: Final[Mapping[str, str]] = {
    "usage: ": "Uso: ",
    "positional arguments": "palabras",
    "options": "opciones",
    "show this help message and exit": "mostrar esta ayuda y terminar",
    "argument %(argument_name)s: %(message)s": "%(argument_name)s: %(message)s",
    "unrecognized arguments: %s": "no se conoce: %s",
    "the following arguments are required: %s": "falta: %s",
    "one of the arguments %s is required": "falta una de estas: %s",
    "not allowed with argument %s": "no puede ir con %s",
    "ignored explicit argument %r": "no lleva valor, y se le dio %r",
    "expected one argument": "falta su valor",
    "expected at most one argument": "lleva un solo valor",
    "expected at least one argument": "faltan sus valores",
    "invalid choice: %(value)r (choose from %(choices)s)": "«%(value)s» no está entre %(choices)s",
    "invalid %(type)s value: %(value)r": "«%(value)s» no es un número entero",
    "ambiguous option: %(option)s could match %(matches)s": "%(option)s puede ser %(matches)s: escríbala completa",
}
"""What argparse says, by what it says in English. Values of commands that can be wrong by their type are whole numbers."""

vars(argparse)["_"] = lambda text: SPANISH.get(text, text)  # where argparse looks for each of its texts


class Misuse(Exception):
    """The words of the command are wrong."""


class Parser(argparse.ArgumentParser):
    """Misuse is raised; help goes where answers go."""

    def print_help(self, file: object = None) -> None:
        write(self.format_help())

    def error(self, message: str) -> NoReturn:
        raise Misuse(f"{message}. {self.format_usage().strip()}")
