"""archivo fixity, replicas, audit."""

import argparse
import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

from archivo.access.policy import custody
from archivo.assembly import opened
from archivo.commands.printing import login, print_json, print_line, print_message
from archivo.errors import Conflict, Malformed, reason_of
from archivo.plain import utc
from archivo.web.spanish import count

if TYPE_CHECKING:
    from archivo.audit.anchors import Anchor
    from archivo.audit.chain import Fault
    from archivo.audit.services import ChainReport
    from archivo.audit.stamping import Stamp, StampReport

Act = Callable[[argparse.Namespace], int]


def fixity(parser: argparse.ArgumentParser) -> Act:
    """Decir qué se comprobó de lo guardado en cada lugar, cuándo y qué falta; o comprobarlo ahora."""
    parser.add_argument("--run", action="store_true", help="leer ahora todo lo guardado, sin esperar su noche")
    parser.add_argument("--place", metavar="LUGAR", help="solo este lugar: principal, o el nombre de una copia")
    parser.add_argument("--json", action="store_true")
    return _fixity


def replicas(parser: argparse.ArgumentParser) -> Act:
    """Decir cuánto les falta a las copias, o ponerlas al día ahora."""
    parser.add_argument("--run", action="store_true", help="copiar ahora lo que falte, y leerlo de nuevo")
    parser.add_argument("--json", action="store_true")
    return _replicas


def audit(parser: argparse.ArgumentParser) -> Act:
    """Comprobar la bitácora (verify), anclarla y sacar el ancla (anchor), o mostrar la clave pública que la firma (key)."""
    acts = parser.add_subparsers(dest="act", required=True, metavar="verify|anchor|key")
    verify = acts.add_parser("verify", help="comprobar que nadie alteró, quitó, movió o insertó entradas")
    verify.add_argument("--anchor", action="append", default=[], metavar="ARCHIVO", type=Path, help="un ancla que se guardó fuera")
    verify.add_argument("--key", action="append", default=[], metavar="ARCHIVO", type=Path, help="una clave pública anterior (PEM)")
    verify.add_argument("--json", action="store_true")
    anchor = acts.add_parser("anchor", help="anclar hoy la bitácora")
    anchor.add_argument("--to", metavar="CARPETA", type=Path, help="dejar aquí cada ancla que no esté, su estampa y una hoja para imprimir")
    anchor.add_argument("--json", action="store_true")
    acts.add_parser("key", help="mostrar la clave pública").add_argument("--json", action="store_true")
    return _audit


COMMANDS: Final = {"fixity": fixity, "replicas": replicas, "audit": audit}
FAULTS: Final = {
    "altered": "no es lo que se escribió",
    "removed": "falta",
    "moved": "está fuera de su lugar: se escribió con el número {other}",
    "inserted": "no la escribió este archivo",
    "rewritten": "se recalculó sin la clave: la primera se cambió, se quitó o se insertó",
    "unsigned": "no tiene firma",
    "strange_key": "la firma una clave que no se conoce",
    "cut": "falta al final: consta que existió",
    "headless": "no coincide con la cabeza de la bitácora",
    "head_unsigned": "la cabeza de la bitácora se movió hasta aquí sin la clave",
    "anchored": "no es la que un ancla nombra, o el ancla no se puede leer",
    "unanchored": "deja constancia de un ancla que ya no está en la base de datos",
    "package": "nombra un paquete cuyo inventario no es el que consta",
    "before": "es de antes de que se firmara",
}


def _fixity(options: argparse.Namespace) -> int:
    from archivo.custody import oversight
    from archivo.custody.fixity import Checked, FixityOutcome
    from archivo.worker import work_until_done

    def told(object_id: str, found: Checked) -> None:
        if found.outcome != FixityOutcome.INTACT:
            print_message(f"{object_id}: {oversight.OUTCOMES[found.outcome]}")

    with opened() as archive:
        actor = custody(login())
        if options.run:
            months = oversight.check_now(archive, actor, options.place, told)
            work_until_done(archive, months)
        states = oversight.fixity_state(archive, actor, options.place)
    if options.json:
        print_json({"places": states, "ok": not any(state.alarms for state in states)})
    else:
        for state in states:
            read = f"{count(state.held, 'paquete')}, {count(state.checked, 'leído', 'leídos')}, {count(state.due, 'por leer', 'por leer')}"
            last = f"; lo último, el {utc(state.last)}" if state.last else ""
            print_line(f"{state.location}: {read}, {count(state.wrong, 'con daño', 'con daños')}{last}")
            for alarm in state.alarms:
                print_line(f"  ALARMA: {alarm}")
    return 1 if any(state.alarms for state in states) else 0


def _replicas(options: argparse.Namespace) -> int:
    from archivo.custody import oversight

    with opened() as archive:
        actor = custody(login())
        failed = oversight.replicate_now(archive, actor) if options.run else []
        behind = oversight.replica_lag(archive, actor)
    if options.json:
        print_json({"replicas": behind, "failed": failed})
    else:
        if not behind:
            print_line("No hay copias: nómbrelas en ARCHIVO_REPLICAS.")
        for lag in behind:
            since = f", desde el {utc(lag.since)}" if lag.since else ""
            lacks = f"le faltan {count(lag.behind, 'paquete')}{since}" if lag.behind else "al día"
            print_line(f"{lag.location}: {lacks}")
        for one in failed:
            print_line(f"  {one.location}: {one.id} no se pudo copiar: {oversight.COPYING[one.outcome]}")
    return 1 if failed or any(lag.behind for lag in behind) else 0


def _audit(options: argparse.Namespace) -> int:
    return {"verify": _audit_verify, "anchor": _audit_anchor, "key": _audit_key}[options.act](options)


def _audit_verify(options: argparse.Namespace) -> int:
    from archivo.audit.anchors import BadAnchor, read_anchor, stamp_of
    from archivo.audit.signing import BadKey, read_public
    from archivo.custody import oversight

    try:
        anchors = [read_anchor(_read(path).decode("utf-8", "replace")) for path in options.anchor]
        stamped = [each for path in options.anchor for each in stamp_of(path)]
        keys = [read_public(_read(path)) for path in options.key]
    except (BadAnchor, BadKey, OSError) as fault:
        raise Malformed(
            "audit.file", "Un archivo no es un ancla, o no es una clave. No se comprobó nada.", "Revise los archivos."
        ) from fault
    with opened() as archive:
        report = oversight.verify_trail(archive, custody(login()), keys=keys, anchors=anchors)
        stamps = oversight.verify_stamps(archive, custody(login()), stamped, keys=keys)
    is_whole = not (report.faults or stamps.wrong)
    if options.json:
        told = {"entries": report.entries, "anchors": report.anchors, "faults": report.faults, "warnings": report.warnings}
        print_json({"ok": is_whole, **told, "stamps": stamps.stamps, "unstamped": stamps.unstamped})
    else:
        _print_report(report)
        _print_stamps(stamps)
    return 0 if is_whole else 1


def _print_report(report: "ChainReport") -> None:
    print_line(f"{count(report.entries, 'entrada')}, contra {count(report.anchors, 'ancla')}.")
    for each in report.faults:
        print_line(f"  {_which(each)}: {FAULTS[each.kind].format(other=each.other)}")
    kinds = {each.kind for each in report.faults}
    if "strange_key" in kinds:
        print_line("Si antes se firmó con otra clave, dé su parte pública con --key y compruebe de nuevo.")
    if kinds - {"strange_key"}:
        print_line("Guarde la base de datos como está, busque la última copia de respaldo en que la bitácora esté bien, y avise.")
    if not kinds:
        print_line("Nadie alteró, quitó, movió ni insertó nada.")
    for each in report.warnings:
        print_line(f"  Aviso, {_which(each)}: {FAULTS[each.kind]}")
    if {each.kind for each in report.warnings} - {"before"}:
        print_line("Así las deja una versión anterior del programa mientras se actualizan las máquinas. Si ninguna trabajaba, avise.")


def _print_stamps(report: "StampReport") -> None:
    from archivo.audit.stamping import GOOD, STATES

    good = [each for each in report.stamps if each.state == GOOD]
    if good:
        last = good[0]
        print_line(
            f"{count(len(good), 'estampa cronológica válida', 'estampas cronológicas válidas')}; "
            f"la última, del ancla del {last.day}: {last.at}, {last.authority}."
        )
    for each in report.wrong:
        print_line(f"  Estampa del ancla del {each.day}: {STATES[each.state].format(until=each.until[:10])}")
    if report.wrong:
        print_line("Una estampa que está junto a su ancla se quita, y vuelve sola de la bitácora. Si sigue mal, avise: alguien la cambió.")
    for each in report.ended:
        print_line(f"  Aviso, estampa del ancla del {each.day}: {STATES[each.state].format(until=each.until[:10])}")
    if any(not each.state for each in report.stamps):
        print_line("  Aviso: hay estampas que no se juzgaron. Dé los certificados raíz en ARCHIVO_TSA_ROOTS.")
    for day in report.unstamped:
        print_line(f"  Aviso, ancla del {day}: todavía no tiene estampa; se sigue pidiendo.")


def _which(fault: "Fault") -> str:
    return f"entrada {fault.sequence}" if fault.sequence == fault.last else f"entradas {fault.sequence} a {fault.last}"


def _audit_anchor(options: argparse.Namespace) -> int:
    from archivo.custody import oversight

    with opened() as archive:
        actor = custody(login())
        made = oversight.anchor_trail(archive, actor)
        why = oversight.stamp_anchors(archive, actor)
        kept = oversight.anchors(archive, actor)
        last = oversight.stamps_to_show(archive, actor).last
        written = []
        if options.to:
            stamps = {each.day: each for each in reversed(oversight.verify_stamps(archive, actor).stamps)}
            answers = oversight.kept_stamps(archive, actor)
            os.umask(options.umask)
            written = _written(kept, answers, stamps, options.to)
    stamp = last if made and last and last.day == made.at[:10] else None
    if options.json:
        told = made and {"at": made.at, "sequence": made.sequence, "hash": made.hash, "stamp": stamp}
        print_json({"anchor": told, "unstamped": why, "written": written})
    elif made is None:
        print_line("La bitácora está vacía: no hay qué anclar.")
    else:
        print_line(f"Ancla del {made.at}: entrada {made.sequence}, {made.hash}")
        if stamp is not None:
            print_line(f"Estampa cronológica: {stamp.at}, {stamp.authority}, serie {stamp.serial}, política {stamp.policy}")
        if why is not None:
            print_line(f"Aviso: {why}. El ancla vale igual, y la estampa se pedirá de nuevo.")
        for path in written:
            print_line(f"  {path}")
    return 0


def _written(anchors: Sequence["Anchor"], answers: Mapping[str, bytes], stamps: Mapping[str, "Stamp"], folder: Path) -> list[str]:
    """Each anchor's file, its stamp where it has one, and its sheet: those that were not there."""
    from archivo.audit.anchors import write_anchor, write_stamp
    from archivo.audit.sheets import write_sheet

    made: list[Path | None] = []
    try:
        for each in anchors:
            made.append(write_anchor(each, folder))
            if each.statement in answers:
                made.append(write_stamp(each, answers[each.statement], folder))
            made.append(write_sheet(each, stamps.get(each.at[:10]), folder))
        return [str(path) for path in made if path is not None]
    except OSError as fault:
        raise Conflict(
            "audit.unwritable", f"No se pudo escribir en «{folder}» ({reason_of(fault)}).", "El ancla quedó en la base: saque otra copia."
        ) from fault


def _audit_key(options: argparse.Namespace) -> int:
    from archivo.audit.services import begin_signing

    with opened() as archive:
        begin_signing(archive)
        name, pem = archive.signer.name, archive.signer.public_pem
    if options.json:
        print_json({"name": name, "public_key": pem})
    else:
        print_line(pem.rstrip())
    return 0


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as fault:
        raise Malformed("audit.file", f"No se pudo leer «{path}». No se comprobó nada.", "Revise el nombre y los permisos.") from fault
