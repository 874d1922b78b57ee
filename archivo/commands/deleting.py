"""archivo hold, delete."""

import argparse
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from typing import TYPE_CHECKING, Any, Final

from archivo.access.policy import Actor, custody
from archivo.assembly import opened
from archivo.commands.printing import login, print_json, print_line
from archivo.errors import Invalid, Malformed
from archivo.plain import utc
from archivo.web.spanish import count

if TYPE_CHECKING:
    from archivo.archive import Archive
    from archivo.custody.deletion import DeletionView
    from archivo.custody.holding import PlaceLock
    from archivo.records.holds import Hold

    Locks = Mapping[str, Sequence[PlaceLock]]
Act = Callable[[argparse.Namespace], int]


def hold(parser: argparse.ArgumentParser) -> Act:
    """Retener un documento para que nadie lo elimine (place), levantar la retención (lift), o ver los retenidos (list)."""
    acts = parser.add_subparsers(dest="act", metavar="ACCIÓN", required=True, parser_class=type(parser))
    for name, told, act in (("place", "retener un documento", _place), ("lift", "levantar lo que lo retiene", _lift)):
        one = acts.add_parser(name, help=told)
        one.add_argument("id", metavar="ID")
        one.add_argument("--reason", required=True, metavar="MOTIVO")
        one.add_argument("--json", action="store_true")
        one.set_defaults(run=act)
    listing = acts.add_parser("list", help="ver los documentos retenidos")
    listing.add_argument("--json", action="store_true")
    listing.set_defaults(run=_list_holds)
    return lambda options: int(options.run(options))


def delete(parser: argparse.ArgumentParser) -> Act:
    """Eliminar lo que un acto ordena: pedirlo (request), confirmarlo otra persona (confirm), desistir (withdraw), verlo (list), o hacer
    ahora lo que ya esperó su plazo (run).
    """
    acts = parser.add_subparsers(dest="act", metavar="ACCIÓN", required=True, parser_class=type(parser))
    asking = acts.add_parser("request", help="pedir que se eliminen documentos; nada se toca todavía")
    asking.add_argument("ids", nargs="+", metavar="ID")
    asking.add_argument("--authority", required=True, metavar="TIPO", help="el acto que lo ordena: acta, u orden")
    asking.add_argument("--number", required=True, metavar="NÚMERO", help="el número del acto")
    asking.add_argument("--date", required=True, metavar="FECHA", help="su fecha, como 2027-03-15")
    asking.add_argument("--signed-by", required=True, metavar="QUIÉN", help="quiénes lo firmaron")
    asking.add_argument("--reason", required=True, metavar="MOTIVO")
    asking.add_argument("--json", action="store_true")
    asking.set_defaults(run=_request)
    confirming = acts.add_parser("confirm", help="confirmar lo que otra persona pidió; la contraseña llega por la entrada")
    confirming.add_argument("deletion", metavar="PETICIÓN")
    confirming.add_argument("--user", required=True, metavar="USUARIO")
    confirming.add_argument("--json", action="store_true")
    confirming.set_defaults(run=_confirm)
    for name, told, act in (("withdraw", "desistir de una petición que no ha empezado", _withdraw), ("show", "ver una petición", _show)):
        one = acts.add_parser(name, help=told)
        one.add_argument("deletion", metavar="PETICIÓN")
        one.add_argument("--json", action="store_true")
        one.set_defaults(run=act)
    for name, told, act in (("list", "ver las peticiones", _list), ("run", "hacer ahora lo que ya esperó su plazo", _run)):
        one = acts.add_parser(name, help=told)
        one.add_argument("--json", action="store_true")
        one.set_defaults(run=act)
    return lambda options: int(options.run(options))


COMMANDS: Final = {"hold": hold, "delete": delete}


def _place(options: argparse.Namespace) -> int:
    from archivo.records import holds
    from archivo.worker import work_until_done

    with opened() as archive:
        placed = holds.place(archive, custody(login()), options.id, options.reason)
        work_until_done(archive, {options.id})
        locks = _told_to_servers(archive, options.id)
    _print_holds(options, [placed], locks)
    return 0


def _lift(options: argparse.Namespace) -> int:
    from archivo.records import holds
    from archivo.worker import work_until_done

    with opened() as archive:
        lifted = holds.lift(archive, custody(login()), options.id, options.reason)
        work_until_done(archive, {options.id})
        locks = _told_to_servers(archive, options.id)
    _print_holds(options, lifted, locks)
    return 0


def _list_holds(options: argparse.Namespace) -> int:
    from archivo.custody import holding
    from archivo.records import holds

    with opened() as archive:
        actor = custody(login())
        standing = holds.list_holds(archive, actor)
        locks = {each: holding.read_now(archive, actor, each) for each in sorted({one.document_id for one in standing})}
    _print_holds(options, standing, locks)
    return 0


def _told_to_servers(archive: "Archive", document_id: str) -> "Locks":
    """Have the servers hold a document's package, or let it go, and read it back."""
    from archivo.custody import holding
    from archivo.worker import work_until_done

    if due := holding.schedule(archive, [document_id]):
        work_until_done(archive, due)
    return {document_id: holding.read_now(archive, custody(login()), document_id)}


def _print_holds(options: argparse.Namespace, found: "list[Hold]", locks: "Locks") -> None:
    from archivo.custody.holding import in_words

    if options.json:
        print_json([{**asdict(one), "places": locks[one.document_id]} for one in found])
        return
    for one in found:
        lifted = f"; la levantó {one.lifted_by} el {utc(one.lifted_at)}: {one.lifted_reason}" if one.lifted_at else ""
        print_line(f"{one.document_id}: retenido por {one.placed_by} el {utc(one.placed_at)}: {one.reason}{lifted}")
        for lock in locks[one.document_id]:
            print_line(f"  en «{lock.location}», {in_words(lock)}")
    if not found:
        print_line("No hay documentos retenidos.")


def _request(options: argparse.Namespace) -> int:
    from archivo.custody import deletion

    order = deletion.Order(options.authority, options.number, options.date, options.signed_by)
    with opened() as archive:
        try:
            view = deletion.request(archive, custody(login()), options.ids, order, options.reason)
        except Invalid as error:  # what an option says: nothing was asked for
            raise Malformed(error.code, error.message, error.remedy) from error
    _print(options, view)
    return 0


def _confirm(options: argparse.Namespace) -> int:
    from archivo.custody import deletion

    with opened() as archive, _signed_in(archive, options.user) as actor:
        view = deletion.confirm(archive, actor, options.deletion)
    _print(options, view)
    return 0


@contextmanager
def _signed_in(archive: "Archive", user: str) -> Iterator[Actor]:
    """A person of the archive, by the password that comes in the input: for as long as the act takes."""
    from archivo.access import services as access

    password = sys.stdin.readline().rstrip("\n")
    if not password:
        raise Malformed("user.password", "No llegó ninguna contraseña. No se confirmó nada.", "Escríbala en la entrada de la orden.")
    key = access.sign_in(archive, user, password, "cli")
    try:
        yield access.actor_of_session(archive, key)
    finally:
        access.sign_out(archive, key)


def _withdraw(options: argparse.Namespace) -> int:
    from archivo.custody import deletion

    with opened() as archive:
        view = deletion.withdraw(archive, custody(login()), options.deletion)
    _print(options, view)
    return 0


def _show(options: argparse.Namespace) -> int:
    from archivo.custody import deletion

    with opened() as archive:
        view = deletion.view_deletion(archive, custody(login()), options.deletion)
    _print(options, view)
    return 0


def _list(options: argparse.Namespace) -> int:
    from archivo.custody import deletion

    with opened() as archive:
        found = deletion.list_deletions(archive, custody(login()))
    if options.json:
        print_json([_json(each) for each in found])
    else:
        for one in found:
            _print(options, one)
        if not found:
            print_line("Nadie ha pedido eliminar nada.")
    return 0


def _run(options: argparse.Namespace) -> int:
    from archivo.custody import deletion
    from archivo.worker import work_until_done

    with opened() as archive:
        actor = custody(login())
        due = deletion.schedule(archive, again=True)
        work_until_done(archive, {*due, *deletion.documents_of(archive, due)})
        found = [deletion.view_deletion(archive, actor, each) for each in due]
    if options.json:
        print_json([_json(each) for each in found])
    else:
        for one in found:
            _print(options, one)
        if not found:
            print_line("No hay nada que eliminar hoy.")
    return 1 if any(each.executed_at is None or each.places for each in found) else 0


def _print(options: argparse.Namespace, view: "DeletionView") -> None:
    from archivo.custody.deletion import STATES

    if options.json:
        print_json(_json(view))
        return
    print_line(
        f"{view.id}: {STATES[view.state]}. {count(len(view.documents), 'documento')}, por {view.authority} {view.number} del {view.date}."
    )
    print_line(f"  Pidió {view.requested_by} el {utc(view.requested_at)}: {view.reason}")
    if view.confirmed_at is not None and view.due_at is not None:
        print_line(f"  Confirmó {view.confirmed_by} el {utc(view.confirmed_at)}; espera hasta el {utc(view.due_at)}")
    if view.withdrawn_at is not None:
        print_line(f"  Desistió {view.withdrawn_by} el {utc(view.withdrawn_at)}")
    if view.executed_at is not None:
        print_line(f"  Ejecutada el {utc(view.executed_at)}")
    if view.is_held:
        print_line("  DETENIDA: algún documento está retenido.")
    if view.kept:
        print_line(f"  DETENIDA: {view.kept}")
    if view.places:
        print_line(f"  Falta en las copias que no han respondido, o cuyo servidor no deja borrar: {', '.join(view.places)}")


def _json(view: "DeletionView") -> dict[str, Any]:
    instants = ("requested_at", "confirmed_at", "due_at", "withdrawn_at", "executed_at")
    told = {name: getattr(view, name) for name in view.__dataclass_fields__ if name not in (*instants, "documents")}
    when = {name: getattr(view, name) and utc(getattr(view, name)) for name in instants}
    documents = [{"id": d.id, "title": d.title, "is_held": d.is_held, "done_at": d.done_at and utc(d.done_at)} for d in view.documents]
    return {**told, **when, "is_held": view.is_held, "documents": documents}
