"""The `archivo` command (contract of the command line). Imports an adapter only in the branch that needs it."""

import importlib
import os
import traceback
from collections.abc import Sequence
from contextlib import suppress
from typing import Final

from archivo.assembly import settings_or_malformed
from archivo.commands.parsing import Misuse, Parser
from archivo.commands.printing import OutputLost, let_go, print_error, print_message, write
from archivo.errors import ArchivoError

PRIVATE: Final = 0o077
"""What is made in the home holds restricted documents: nobody else of the machine reads it. What is exported has the person's own umask."""
FAMILIES: Final = {
    "deposit": "deposit",
    "show": "consult",
    "text": "consult",
    "export": "consult",
    "import": "consult",
    "verify": "consult",
    "validate": "validate",
    "fixity": "keeping",
    "replicas": "keeping",
    "audit": "keeping",
    "hold": "deleting",
    "delete": "deleting",
    "formats": "formats",
    "migrate-formats": "formats",
    "search": "search",
    "classify": "acts",
    "publish": "acts",
    "trd": "trd",
    "rebuild": "upkeep",
    "jobs": "upkeep",
    "reconcile": "reconcile",
    "doctor": "upkeep",
    "user": "people",
    "token": "people",
    "secrets": "shared",
    "migrate-data": "moving",
    "copy-store": "moving",
    "serve": "running",
    "worker": "running",
    "demo": "running",
}


def load(words: Sequence[str]) -> None:
    """Import what a command needs before it is run. What cannot be imported is told by `run`."""
    family = FAMILIES.get(words[0]) if words else None
    if family is not None:
        with suppress(ImportError):
            importlib.import_module(f"archivo.commands.{family}")


def run(words: Sequence[str]) -> int:
    """Run one command; the exit status (0 done, 1 something wrong found or some item failed, 2 misuse)."""
    given = os.umask(PRIVATE)
    try:
        return _run(words, given)
    except OutputLost:
        print_message(
            "No se pudo escribir la respuesta: su salida está cerrada o no tiene espacio. Lo que la orden hizo sigue hecho. "
            "Revise a dónde se envía la salida."
        )
        return 1
    except BrokenPipeError:
        let_go(1)
        return 1
    finally:
        os.umask(given)


def _run(words: Sequence[str], umask: int) -> int:
    as_json = "--json" in words
    try:
        return _dispatch(words, umask)
    except Misuse as fault:
        print_error("usage", f"La orden no está bien escrita: {fault}", "Vea «archivo --help».", as_json)
        return 2
    except ArchivoError as fault:
        print_error(fault.code, fault.message, fault.remedy, as_json)
        return fault.exit_status
    except UnicodeEncodeError:  # a word of the command that is to be kept as text
        print_error(
            "usage.encoding", "La orden lleva bytes que no son texto. No se guardó nada.", "Escríbalos en UTF-8 y repita la orden.", as_json
        )
        return 2
    except KeyboardInterrupt:
        return 130
    except (OutputLost, BrokenPipeError):
        raise
    except Exception as fault:  # a person never sees a stack trace; the log does
        return _internal(fault, as_json)


def _internal(fault: Exception, as_json: bool) -> int:
    log = settings_or_malformed().home / "fallas.log"
    with suppress(OSError), log.open("a", encoding="utf-8") as stream:
        traceback.print_exception(fault, file=stream)
    message = f"La orden no se pudo terminar por una falla del programa ({type(fault).__name__}). Lo que ya estaba guardado sigue intacto."
    print_error("internal", message, f"Repítala; si falla otra vez, avise a quien opera el sistema con el archivo {log}.", as_json)
    return 1


def _dispatch(words: Sequence[str], umask: int) -> int:
    if not words or words[0] in ("-h", "--help"):
        write(_help())
        return 0 if words else 2
    family = FAMILIES.get(words[0])
    if family is None:
        raise Misuse(f"no existe la orden «{words[0]}»")
    module = importlib.import_module(f"archivo.commands.{family}")
    if words[0] not in ("serve", "worker", "validate"):
        _warn_of_unknown_settings()
    parser = Parser(prog=f"archivo {words[0]}", description=module.COMMANDS[words[0]].__doc__)
    act = module.COMMANDS[words[0]](parser)
    parser.set_defaults(umask=umask)
    status: int = act(parser.parse_args(list(words[1:])))
    return status


def _warn_of_unknown_settings() -> None:
    """Say on stderr which variables look like ours and are not."""
    for name in settings_or_malformed().unknown:
        print_message(f"Aviso: no se conoce la variable {name}; no tiene efecto.")


def _help() -> str:
    lines = ["Uso: archivo ORDEN …", "", "Órdenes:"]
    for name, family in FAMILIES.items():
        module = importlib.import_module(f"archivo.commands.{family}")
        lines.append(f"  {name:12} {(module.COMMANDS[name].__doc__ or '').strip()}")
    return "\n".join([*lines, "", "Cada orden explica sus opciones con --help.", ""])
