"""What is wrong with this installation, and what to do about it."""

import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from types import MappingProxyType
from typing import Final

from sqlalchemy import func, select, text

from archivo.access.policy import custody
from archivo.archive import Archive
from archivo.audit.chain import FaultKind
from archivo.audit.services import verify_chain
from archivo.audit.stamping import STATES as STAMPS
from archivo.audit.stamping import judge_stamps
from archivo.custody.oversight import fixity_state, retention_of, stamps_to_show
from archivo.custody.places import places
from archivo.errors import ArchivoError
from archivo.identifiers import new_uuid
from archivo.intake.sealing import count_unsealed
from archivo.jobs import Job, JobState, Queue
from archivo.operations.faults import LOCK_RIGHTS, damaged_database, in_words
from archivo.operations.programs import state_of
from archivo.records.models import Document
from archivo.retention.models import TrdVersion
from archivo.web.spanish import count
from ingest.tools.process import ToolError
from preservation.locking import LockDenied, locking
from preservation.ocfl_root import check_root
from preservation.store import ObjectKey, StoreUnavailable
from search.index import Query, Scope

LOW_SPACE: Final = 2 << 30
PROBE: Final = "sonda"

PROMISES: Final[Mapping[str, str]] = {
    "writes_once": "respeta la escritura única",
    "writes_after_deletion": "deja escribir de nuevo lo borrado",
    "joins_once": "la respeta al unir las partes de un objeto grande",
    "swaps": "cambia solo lo que se había visto",
    "deletes_what_was_seen": "borra solo lo que se había visto",
    "refuses_damage": "rechaza los bytes dañados",
    "keeps_digests": "guarda las huellas",
    "gives_ranges": "entrega fragmentos",
    "lists_in_order": "enumera en orden",
    "lists_unfinished": "enumera lo que quedó a medias",
}
WEAKER: Final[Mapping[str, str]] = {
    "deletes_what_was_seen": "No escriba en ese lugar con otro programa.",
    "refuses_damage": "Verifique más a menudo («archivo verify»).",
    "keeps_digests": "Verifique más a menudo («archivo verify»).",
    "lists_unfinished": "Que el servidor borre por sí mismo lo que no se terminó de subir: MinIO lo hace solo; a otro, póngale esa regla.",
}
"""What to do about each thing that a fit server does not keep."""
STATES: Final[Mapping[str, str]] = {"on": "sí", "off": "no", "suspended": "suspendidas", "unknown": "no lo dice"}


@dataclass(frozen=True, slots=True)
class Check:
    """One thing looked at. `status`: ok, warning or error; `remedy` is empty when all is well."""

    name: str
    status: str
    message: str
    remedy: str = ""


def examine(archive: Archive, home: Path, told: Mapping[str, Check] = MappingProxyType({})) -> list[Check]:
    """Look at everything that an opened archive needs, not again at what was `told` already. Nothing that was there is changed."""
    looks: tuple[tuple[str, Callable[[], Check]], ...] = (
        ("base de datos", lambda: _database(archive, home)),
        ("almacén", lambda: _store(archive)),
        ("raíces", lambda: _roots(archive)),
        ("retención en los servidores", lambda: _retention(archive)),
        ("espacio", lambda: _space(home)),
        ("índice", lambda: _index(archive)),
        ("reconocimiento", lambda: _recognition(archive)),
        ("formatos", lambda: _formats(archive)),
        ("programas maliciosos", lambda: _malware(archive)),
        ("tabla de retención", lambda: _trd(archive)),
        ("trabajos", lambda: _jobs(archive)),
        ("mensajería", lambda: _broker(archive)),
        ("sellado", lambda: _sealing(archive)),
        ("bitácora", lambda: _audit(archive)),
        ("estampas", lambda: _stamps(archive)),
        ("custodia", lambda: _custody(archive)),
    )
    checks = []
    for name, look in looks:
        try:
            checks.append(told.get(name) or look())
        except Exception as fault:  # a check that breaks is itself what is wrong
            checks.append(_broken(name, fault, home))
    return [*checks, *(Check(*told) for told in state_of(archive.programs))]


def _broken(name: str, fault: Exception, home: Path) -> Check:
    error = fault if isinstance(fault, ArchivoError) else in_words(fault, home)
    if error is not None:
        return _told(name, error)
    return Check(name, "error", f"No se pudo revisar: {type(fault).__name__}: {fault}", "Revise la configuración y los permisos.")


def _told(name: str, error: ArchivoError) -> Check:
    return Check(name, "error", error.message, error.remedy)


def _database(archive: Archive, home: Path) -> Check:
    with archive.reading() as session:
        documents = session.scalar(select(func.count()).select_from(Document)) or 0
        if archive.database.is_sqlite and session.scalar(text("PRAGMA quick_check")) != "ok":
            return _told("base de datos", damaged_database(home))
        if not archive.database.is_sqlite:
            kept = {name: session.scalar(text(f"SHOW {name}")) for name in ("server_encoding", "fsync", "synchronous_commit")}
            if kept["server_encoding"] != "UTF8":
                remedy = "Haga otra con ENCODING 'UTF8' y traslade las filas con «archivo migrate-data»."
                return Check("base de datos", "error", f"PostgreSQL guarda los textos en {kept['server_encoding']}, no en UTF8.", remedy)
            if "off" in kept.values():
                lost = "PostgreSQL puede perder lo que ya confirmó si se corta la corriente (fsync o synchronous_commit apagados)."
                return Check("base de datos", "warning", lost, "Enciéndalos en la configuración del servidor.")
    return Check("base de datos", "ok", f"Responde; {count(documents, 'documento')}.")


def _store(archive: Archive) -> Check:
    return _s3(archive.store) or _written(archive)


def _roots(archive: Archive) -> Check:
    """The files of each place's own root, as they are now."""
    wrong, away = [], []
    for location, store in places(archive).items():
        try:
            found = check_root(store)
        except StoreUnavailable:
            away.append(location)
            continue
        wrong += [f"{key} en {location}" for key in (*(each.key for each in found.damaged), *found.missing)]
    if wrong:
        message = f"Archivos de la raíz dañados o perdidos: {', '.join(wrong)}. Los documentos no dependen de ellos."
        return Check("raíces", "error", message, "Restitúyalos con «archivo verify --repair», y revise ese disco o servidor.")
    if away:
        return Check("raíces", "warning", f"No respondió: {', '.join(away)}.", "Compruebe que ese lugar funciona.")
    return Check("raíces", "ok", "Los archivos de la raíz de cada lugar están como deben.")


def _written(archive: Archive) -> Check:
    key = ObjectKey(f"{PROBE}-{new_uuid(archive.clock())}")
    archive.store.put(key, BytesIO(b"sonda"))
    try:
        with archive.store.open(key) as stream:
            same = stream.read() == b"sonda"
    finally:
        archive.store.delete(key, authority="uncommitted")
    if not same:
        return Check("almacén", "error", "Devuelve otros bytes que los que se le dieron.", "No reciba nada más y revise el disco.")
    return Check("almacén", "ok", "Escribe, lee y borra.")


def _s3(store: object) -> Check | None:
    """What an S3 server was seen to keep, in words; None for another store."""
    from preservation.stores.s3 import S3Store
    from preservation.stores.s3_probe import probe

    if not isinstance(store, S3Store):
        return None
    kept = probe(store)
    broken = ", no ".join(words for name, words in PROMISES.items() if not getattr(kept, name))
    versions = f"Versiones del cubo: {STATES[kept.versioning]}; bloqueo de objetos: {STATES[kept.object_lock]}."
    if not broken:
        return Check("almacén", "ok", f"{kept.server} escribe, lee y borra, y cumple todo lo que se le pide. {versions}")
    if kept.is_fit:
        remedy = " ".join(words for name, words in WEAKER.items() if not getattr(kept, name))
        return Check("almacén", "warning", f"{kept.server} sirve, pero no {broken}. {versions}", remedy)
    return Check(
        "almacén",
        "warning" if store.wire.address.accepts_overwriting else "error",
        f"{kept.server} no {broken}: no es un almacén seguro para un archivo. {versions}",
        "Use otro servidor para lo que deba conservarse.",
    )


def _retention(archive: Archive) -> Check:
    """What each place that may lock is asked to, and whether its bucket can."""
    name = "retención en los servidores"
    told, lockless, away, denied = [], [], [], []
    for location, store in places(archive).items():
        if (one := locking(store)) is None:
            continue
        asked = retention_of(archive, location)
        try:
            is_able = one.locks()
        except LockDenied:
            denied.append(location)
            continue
        except StoreUnavailable:
            away.append(location)
            continue
        if asked and not is_able:
            lockless.append(location)
        words = f"cada objeto, {asked}" if asked else "no se pide" + (", y puede retener un documento" if is_able else "; no tiene bloqueo")
        told.append(f"{location}: {words}")
    if lockless:
        return Check(
            name,
            "error",
            f"Se pide retención y el cubo no tiene bloqueo de objetos: {', '.join(lockless)}. En él no se guarda nada.",
            "Dé un cubo hecho con bloqueo de objetos, que solo se le pone al hacerlo, o quite retencion=… de la dirección.",
        )
    if denied:
        is_asked = any(retention_of(archive, each) for each in denied)
        means = "y donde se pide retención no se guarda nada" if is_asked else "y no se retiene en él ni se elimina del almacén propio"
        message = f"No deja preguntar si su cubo tiene bloqueo: {', '.join(denied)}; {means}."
        return Check(name, "error" if is_asked else "warning", message, LOCK_RIGHTS)
    if away:
        return Check(name, "warning", f"No respondió: {', '.join(away)}.", "Compruebe que ese servidor funciona.")
    return Check(name, "ok", f"{'; '.join(told)}." if told else "Ningún lugar está en un servidor que pueda retener.")


def _space(home: Path) -> Check:
    free = shutil.disk_usage(home).free
    if free < LOW_SPACE:
        return Check("espacio", "warning", f"Quedan {free >> 20} MiB libres.", "Libere espacio: sin él no se recibe nada más.")
    return Check("espacio", "ok", f"Quedan {free >> 30} GiB libres.")


def _index(archive: Archive) -> Check:
    archive.index.search(Query("archivo", limit=1), scope=Scope(frozenset(("public",))))
    return Check("índice", "ok", "Responde.")


def _recognition(archive: Archive) -> Check:
    packages = "tesseract-ocr tesseract-ocr-spa tesseract-ocr-osd"
    try:
        engine = archive.tools.call("ocr", "describe", timeout=60, language="spa")
    except ToolError as fault:
        return Check("reconocimiento", "warning", f"No se leen escaneos: {fault}", f"Instale: apt-get install {packages}")
    return Check("reconocimiento", "ok", f"Lee escaneos {engine}.")


def _formats(archive: Archive) -> Check:
    try:
        archive.tools.call("identification", "identify", timeout=60, path=__file__, folder=str(archive.cache), extension="py")
    except ToolError as fault:
        return Check("formatos", "error", f"PRONOM no responde: {fault}", "Instale de nuevo las dependencias con «make setup».")
    return Check("formatos", "ok", "PRONOM responde.")


def _malware(archive: Archive) -> Check:
    if archive.clamav_socket is None:
        return Check(
            "programas maliciosos", "warning", "No se buscan: no hay un ClamAV configurado.", "Instálelo y dé ARCHIVO_CLAMAV_SOCKET."
        )
    if not archive.clamav_socket.exists():
        return Check("programas maliciosos", "error", f"No existe el socket {archive.clamav_socket}.", "Arranque clamav-daemon.")
    return Check("programas maliciosos", "ok", "ClamAV está configurado.")


def _trd(archive: Archive) -> Check:
    with archive.reading() as session:
        versions = session.scalar(select(func.count()).select_from(TrdVersion)) or 0
    if not versions:
        return Check("tabla de retención", "warning", "No hay ninguna: no se clasifica.", "Importe una con «archivo trd import».")
    return Check("tabla de retención", "ok", f"{versions} versiones.")


def _jobs(archive: Archive) -> Check:
    with archive.reading() as session:
        failed = session.scalar(select(func.count()).select_from(Job).where(Job.state == JobState.FAILED)) or 0
    if failed:
        return Check("trabajos", "warning", f"{failed} fallaron y esperan a una persona.", "Véalos con «archivo jobs --failed».")
    return Check("trabajos", "ok", "Ninguno ha fallado.")


def _broker(archive: Archive) -> Check:
    archive.legs.check()
    carried = [archive.legs.carried(queue) for queue in Queue]
    if None in carried:
        return Check("mensajería", "ok", "No se usa: los trabajos se toman de la base de datos.")
    return Check("mensajería", "ok", f"Responde; {count(sum(each or 0 for each in carried), 'mensaje')} en espera.")


def _sealing(archive: Archive) -> Check:
    with archive.reading() as session:
        unsealed = count_unsealed(session)
    if unsealed:
        return Check(
            "sellado", "warning", f"{unsealed} documentos tienen actos sin sellar.", "Se sellan solos mientras serve o worker trabajan."
        )
    return Check("sellado", "ok", "Todos los actos están sellados en sus paquetes.")


def _custody(archive: Archive) -> Check:
    states = fixity_state(archive, custody("doctor"))
    alarms = [f"{state.location}: {alarm}" for state in states for alarm in state.alarms]
    if alarms:
        is_damaged = any(state.wrong or state.root for state in states)
        return Check("custodia", "error" if is_damaged else "warning", alarms[0], "Vea todo con «archivo fixity», o en la página Custodia.")
    if len(states) == 1:
        return Check(
            "custodia", "warning", "No hay copias en otro lugar: si este se pierde, se pierde todo.", "Nómbrelas en ARCHIVO_REPLICAS."
        )
    return Check("custodia", "ok", f"Todo se leyó a su tiempo en {count(len(states), 'lugar')}.")


def _audit(archive: Archive) -> Check:
    report = verify_chain(archive)
    if report.faults and {fault.kind for fault in report.faults} == {FaultKind.STRANGE_KEY}:
        return Check(
            "bitácora",
            "warning",
            f"Desde la entrada {report.broken_at} hay firmas de una clave que no se conoce.",
            "Si se cambió de clave, compruébelas con «archivo audit verify --key» y la anterior; si no, avise a control interno.",
        )
    if report.broken_at is not None:
        return Check(
            "bitácora",
            "error",
            f"La cadena se rompe en la entrada {report.broken_at}.",
            "Guarde la base de datos y avise a control interno.",
        )
    return Check("bitácora", "ok", f"{report.entries} entradas, cadena completa.")


def _stamps(archive: Archive) -> Check:
    name = "estampas"
    report = judge_stamps(archive)
    if report.wrong:
        first = report.wrong[0]
        message = f"La estampa del ancla del {first.day} no vale: {STAMPS[first.state].format(until=first.until[:10])}."
        return Check(name, "error", message, "Vea todas con «archivo audit verify»; guarde la base de datos y avise a control interno.")
    shown = stamps_to_show(archive, custody("doctor"))
    if shown.alarm:
        return Check(name, "warning", shown.alarm, "Revise ARCHIVO_TSA_URL y que se llegue a esa dirección.")
    if report.ended:
        message = f"Venció el certificado de la estampa del ancla del {report.ended[0].day}, y ninguna posterior la respalda."
        return Check(name, "warning", message, "Dé en ARCHIVO_TSA_URL una autoridad que estampe las anclas siguientes.")
    if any(not each.state for each in report.stamps):
        return Check(name, "warning", "Hay estampas que no se pueden juzgar.", "Dé los certificados raíz en ARCHIVO_TSA_ROOTS.")
    if not shown.is_asked:
        return Check(name, "ok", "No se piden estampas cronológicas de las anclas (ARCHIVO_TSA_URL).")
    waits = f"; {count(len(report.unstamped), 'ancla espera', 'anclas esperan')} la suya" if report.unstamped else ""
    return Check(name, "ok", f"{count(len(report.stamps), 'estampa')}, y valen todas{waits}.")
