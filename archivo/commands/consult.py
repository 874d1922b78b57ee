"""archivo show, text, export, verify."""

import argparse
import os
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Final

from archivo.access.policy import AccessClass, custody
from archivo.assembly import opened
from archivo.commands.parsing import Misuse
from archivo.commands.printing import STATUS_IN_WORDS, login, one_line, print_json, print_line, progress
from archivo.custody import services as custody_services
from archivo.custody.oversight import copies_of
from archivo.intake.representing import document_json
from archivo.plain import utc
from archivo.records import services as records
from archivo.records.wording import ACCESS, STATES
from archivo.retention import classification
from archivo.web.spanish import count, edtf

Act = Callable[[argparse.Namespace], int]


def show(parser: argparse.ArgumentParser) -> Act:
    """Mostrar un documento: descripción, original, eventos, hallazgos, clasificación."""
    _takes_document(parser)
    return _show


def text(parser: argparse.ArgumentParser) -> Act:
    """Mostrar el texto de un documento, o sus palabras con su lugar en la página."""
    _takes_document(parser)
    parser.add_argument("--page", type=int, metavar="N")
    parser.add_argument("--words", action="store_true")
    return _text


def export(parser: argparse.ArgumentParser) -> Act:
    """Copiar el paquete de un documento, o solo su original, a una carpeta vacía; o muchos, con una página para cada uno.

    Uno: «export ID DESTINO». Varios: «export ID ID DESTINO --as ocfl», «export --series 100.2 DESTINO»; interrumpida, se repite y sigue.
    """
    parser.add_argument("words", nargs="+", metavar="ID… DESTINO", help="los documentos, y la carpeta donde quedan")
    parser.add_argument("--original", action="store_true", help="solo el archivo original de un documento")
    parser.add_argument("--as", dest="form", choices=("ocfl", "bag", "dip"), help="como depósito OCFL, bolsas BagIt o paquetes E-ARK")
    parser.add_argument("--series", metavar="CÓDIGO", help="los documentos de una serie o subserie")
    parser.add_argument("--fonds", metavar="CÓDIGO", help="los de un fondo")
    parser.add_argument("--search", metavar="PALABRAS", help="los que una búsqueda encuentra")
    parser.add_argument("--all", action="store_true", help="todos")
    parser.add_argument("--without-images", action="store_true", help="no dibujar las páginas")
    parser.add_argument("--without-versions", action="store_true", help="en un paquete E-ARK, solo lo que se consulta hoy: no vuelve")
    parser.add_argument("--json", action="store_true")
    return _export


def verify(parser: argparse.ArgumentParser) -> Act:
    """Leer de nuevo todo lo guardado y compararlo con sus resúmenes."""
    parser.add_argument("ids", nargs="*", metavar="ID")
    parser.add_argument("--repair", action="store_true", help="restituir lo dañado y lo que falta desde una copia comprobada")
    parser.add_argument("--json", action="store_true")
    return _verify


def take_back(parser: argparse.ArgumentParser) -> Act:
    """Recibir de vuelta paquetes que se sacaron: con su identidad, sus versiones y su historia."""
    parser.add_argument("source", metavar="ORIGEN", type=Path, help="una salida, un depósito u objeto OCFL, o bolsas o DIP que lo traigan")
    parser.add_argument("--json", action="store_true")
    return _import


COMMANDS: Final = {"show": show, "text": text, "export": export, "import": take_back, "verify": verify}


def _takes_document(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("id", metavar="ID")
    parser.add_argument("--json", action="store_true")


def _show(options: argparse.Namespace) -> int:
    with opened() as archive:
        actor = custody(login())
        view = records.view_document(archive, actor, options.id)
        if view.access == AccessClass.PUBLICA:  # to look at another one is noted by whoever does it
            custody_services.note_use(archive, actor, "document.view", options.id)
        found = classification.classification_of(archive, actor, options.id)
        copies = copies_of(archive, view.id)
    if options.json:
        print_json({**document_json(view, found), "copies": copies})
        return 0
    print_line(view.title)
    print_line(f"{view.id} · {STATES[view.state]} · {edtf(view.date)} · {count(view.part_count, 'parte')} · acceso: {ACCESS[view.access]}")
    kept = view.original
    print_line(f"Original: {one_line(view.filename)}, {kept.size} bytes, {kept.puid or 'formato desconocido'}, {kept.sha256}")
    if found is not None:
        print_line(f"Clase: {found.item.code + ' ' + found.item.label if found.item else '—'} ({STATUS_IN_WORDS[found.status]})")
    if view.tombstone is not None:
        gone = sum(each.size for each in view.tombstone.files)
        files = count(len(view.tombstone.files), "archivo")
        print_line(f"Eliminado el {utc(view.tombstone.at)}: {files}, {gone} bytes. El paquete dice el resumen de cada uno.")
    for finding in view.findings:
        print_line(f"  {finding.message} {finding.remedy}")
    for event in view.events:
        print_line(f"  {utc(event.at)}  {one_line(event.detail)}")
    return 0


def _text(options: argparse.Namespace) -> int:
    with opened() as archive:
        actor = custody(login())
        parts = records.view_parts(archive, actor, options.id, options.page)
        custody_services.note_use(archive, actor, "document.text", options.id)
        words = records.words_of(archive, actor, options.id, [part.number for part in parts]) if options.words else {}
    if options.words:
        pages = [
            {
                "page": part.number,
                "width": part.width,
                "height": part.height,
                "words": [
                    {"text": w.text, "confidence": w.confidence, "x0": w.x0, "y0": w.y0, "x1": w.x1, "y1": w.y1} for w in words[part.number]
                ],
            }
            for part in parts
        ]
        print_json(pages[0] if options.page is not None else pages)
    elif options.json:
        print_json({"pages": [{"page": part.number, "text": part.text} for part in parts]})
    else:
        print_line("\f".join(part.text for part in parts))
    return 0


def _export(options: argparse.Namespace) -> int:
    *ids, folder = options.words
    is_selection = options.all or any(each is not None for each in (options.series, options.fonds, options.search))
    if is_selection == bool(ids):
        raise Misuse("diga qué documentos, por su identificador o con --series, --fonds, --search o --all, y la carpeta al final")
    if is_selection or options.form or len(ids) > 1:
        if options.original:
            raise Misuse("--original es para un solo documento")
        if options.without_versions and options.form != "dip":
            raise Misuse("--without-versions es para --as dip: un depósito OCFL y una bolsa siempre llevan todas las versiones")
        return _export_many(options, ids, Path(folder))
    with opened() as archive:
        os.umask(options.umask)
        written = custody_services.export(archive, custody(login()), ids[0], Path(folder), only_original=options.original)
    if options.json:
        print_json({"id": ids[0], "destination": str(written)})
    else:
        print_line(f"Quedó en {written}.")
    return 0


def _export_many(options: argparse.Namespace, ids: list[str], folder: Path) -> int:
    from archivo.discovery import taking_away

    selection = taking_away.Selection(ids, options.series, options.fonds, options.search)
    with opened() as archive:
        os.umask(options.umask)
        actor = custody(login())
        chosen = taking_away.chosen(archive, actor, selection)
        with progress("Documentos", len(chosen)) as counter:
            form = taking_away.Form(options.form or "ocfl")
            report = taking_away.take_away(
                archive,
                actor,
                chosen,
                folder,
                form,
                images=not options.without_images,
                told=lambda _: counter.step(),
                whole=not options.without_versions,
            )
    if options.json:
        print_json({"destination": str(folder), "made": report.made, "already": report.already, "failed": report.failed})
    else:
        already = f", {count(report.already, 'que ya estaba', 'que ya estaban')}" if report.already else ""
        print_line(f"{count(report.made, 'documento')} en {folder}{already}. Para leerlos: {folder / 'indice.html'}")
        for one in report.failed:
            print_line(f"  {one.id} no se copió: {one.reason}")
    return 1 if report.failed else 0


def _import(options: argparse.Namespace) -> int:
    from archivo.intake.importing import take_back
    from archivo.worker import work_until_done

    with opened() as archive:
        report = take_back(archive, custody(login()), options.source, lambda _: None)
        work_until_done(archive, set(report.taken))
    if options.json:
        print_json({"taken": report.taken, "already": report.already, "refused": report.refused})
    else:
        already = count(len(report.already), "que ya estaba", "que ya estaban")
        print_line(f"{count(len(report.taken), 'paquete recibido', 'paquetes recibidos')}, {already}.")
        for one in report.refused:
            print_line(f"  {one.place} no se recibió: {one.reason}")
    return 1 if report.refused else 0


def _verify(options: argparse.Namespace) -> int:
    if options.repair:
        return _repair(options)
    with opened() as archive:
        report = custody_services.verify(archive, custody(login()), options.ids)
    if options.json:
        print_json(report)
    else:
        _print_found(report)
        if report.ahead:
            print_line("Una versión que no consta puede ser de una interrupción: si es de este archivo, «archivo rebuild» la reconoce.")
        if report.damaged or report.missing:
            print_line("Restituya lo dañado y lo que falta con «archivo verify --repair», o desde la copia de seguridad.")
    return 0 if report.is_clean else 1


def _repair(options: argparse.Namespace) -> int:
    from archivo.custody.places import ROOT
    from archivo.custody.repair import LEFT, follows_from, verify_and_repair
    from archivo.worker import work_until_done

    with opened() as archive:
        report, done = verify_and_repair(archive, custody(login()), options.ids)
        work_until_done(archive, {one.id for one in done.restored})
    is_whole = done.is_whole and not report.unexpected
    if options.json:
        print_json({**asdict(report), "restored": done.restored, "lost": done.lost, "left": done.left})
        return 0 if is_whole else 1
    _print_found(report)
    for one in done.restored:
        print_line(f"  restituido en {one.location}: {one.key}, {f'desde {one.source}' if one.source else f'según {follows_from(one)}'}")
    for lost in done.lost:
        print_line(f"  ALARMA: en {lost.location}, {lost.id} sigue sin estar íntegro, y ninguna copia tiene bien: {', '.join(lost.keys)}")
    for left in done.left:
        print_line(f"  {'la raíz' if left.id == ROOT else left.id}, en {left.location}, se dejó como estaba: {LEFT[left.why]}.")
    if done.lost:
        print_line("Nada se escribió encima. Busque esos archivos en la copia de seguridad.")
    return 0 if is_whole else 1


def _print_found(report: custody_services.FixityReport) -> None:
    read = count(report.checked, "documento leído", "documentos leídos")
    print_line(f"{read}: {count(report.ok, 'íntegro')}.")
    for damage in report.damaged:
        print_line(f"  dañado: {damage.id} {damage.key} (se esperaba {damage.expected}, hay {damage.found})")
    for key in report.missing:
        print_line(f"  falta: {key}")
    for ahead in report.ahead:
        print_line(f"  tiene una versión que no consta en la bitácora: {ahead}")
    for key in report.unexpected:
        print_line(f"  sobra: {key}")
    if report.unexpected:
        print_line("Lo que sobra no pertenece a ningún documento: mírelo antes de apartarlo.")
