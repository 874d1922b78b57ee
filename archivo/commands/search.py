"""archivo search."""

import argparse
from collections.abc import Callable
from typing import Final

from archivo.access.policy import CITIZEN
from archivo.assembly import opened
from archivo.commands.printing import print_json, print_line
from archivo.discovery.representing import found_json
from archivo.discovery.services import FoundList, find
from archivo.errors import Malformed, Unknown
from search.index import Query

Act = Callable[[argparse.Namespace], int]


def search(parser: argparse.ArgumentParser) -> Act:
    """Buscar por lo que dicen los documentos; sin --as, como ciudadano."""
    parser.add_argument("words", nargs="*", metavar="PALABRAS")
    parser.add_argument("--as", dest="login", metavar="USUARIO")
    parser.add_argument("--series", metavar="CÓDIGO")
    parser.add_argument("--from", dest="from_year", type=int, metavar="AÑO")
    parser.add_argument("--to", dest="to_year", type=int, metavar="AÑO")
    parser.add_argument("--limit", type=int, default=10, metavar="N")
    parser.add_argument("--json", action="store_true")
    return _search


COMMANDS: Final = {"search": search}


def _search(options: argparse.Namespace) -> int:
    if options.limit < 1:
        raise Malformed("search.limit", "El límite debe ser mayor que cero.", "Escriba un número de resultados.")
    with opened() as archive:
        actor = CITIZEN
        if options.login is not None:
            from archivo.access import services as access

            try:
                actor = access.actor_of_login(archive, options.login)
            except Unknown as fault:
                raise Malformed(fault.code, fault.message, fault.remedy) from fault
        query = Query(
            " ".join(options.words),
            filters={"series": options.series} if options.series else {},
            from_year=options.from_year,
            to_year=options.to_year,
            limit=options.limit,
        )
        found = find(archive, actor, query)
    if options.json:
        print_json(found_json(found))
    else:
        print_found(found)
    return 0


def print_found(found: FoundList) -> None:
    """Results for a person, the words found between «»."""
    about = "" if found.total_is_exact else "unos "
    print_line(f"{about}{found.total} {'documento' if found.total == 1 else 'documentos'}")
    for note in found.notes:
        print_line(f"  {note}")
    for hit in found.hits:
        print_line(f"{hit.title}{f', página {hit.page}' if hit.page else ''}  [{hit.id}]")
        marked, last = "", 0
        for start, end in hit.highlights:
            marked += hit.snippet[last:start] + "«" + hit.snippet[start:end] + "»"
            last = end
        print_line(f"    {(marked + hit.snippet[last:]).strip()}")
    if found.suggestion:
        print_line(f"¿Quiso decir {found.suggestion}?")
