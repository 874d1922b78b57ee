"""The catalogue made again from the store alone: `python -m tests.bench.scale_rebuild [--objects N …] [--folder FOLDER] [--finish]`.

Prints JSON. For each N, a home is filled with the rows and the packages of N made-up documents of two pages, and of the fonds and the
schedule that they name; then what `archivo rebuild --catalogue` does is done in a process of its own, on an empty database over the same
store, and every row of every table that it restores is compared with those of the home that was filled (`different`). One document in
twenty has a class that a person confirmed; one in ten a finding.

The packages are written by the product's own packaging, as reception and processing leave them: two versions, nineteen files. Only the
disk's sync waits until the end. `first_tenth` and `last_tenth`: objects a second at the beginning and at the end, which tell whether it
slows down. `peak_mib` is of the process that rebuilds; `bare_mib` is what it takes before it begins. With `--finish`, another process
works the jobs that a rebuild leaves (classes to propose, the index), as the command does before it ends.

A folder that `--folder` names is kept, and used again as it is found there.
"""

import argparse
import itertools
import json
import os
import random
import resource
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from io import BytesIO
from pathlib import Path
from typing import Any, BinaryIO

from sqlalchemy.orm import Session

from archivo.archive import Archive
from archivo.assembly import opened
from archivo.custody.ledger import restore_ledgers
from archivo.database import Base, table_of
from archivo.identifiers import new_uuid, urn
from archivo.intake.keeping import gather_rows
from archivo.intake.rebuilding import objects_to_finish, rebuild_catalogue
from archivo.records.holdings import PRINCIPAL, note_kept
from archivo.records.models import (
    Document,
    DocumentEvent,
    DocumentFinding,
    DocumentPart,
    DocumentState,
    Fonds,
    KeptCopy,
    Office,
    RecordVersion,
    Representation,
)
from archivo.records.packaging import ORIGINAL, RecordRows, event_rows, write_metadata, write_texts
from archivo.records.premis import premis_of
from archivo.retention.models import Classification, Decision, TrdClass, TrdVersion
from archivo.retention.packaging import keep_fonds, keep_trd
from archivo.settings import read_settings
from archivo.worker import work_until_done
from ingest import alto
from ingest.step import Part, PartKind, TextSource, Word
from preservation.fixity import Digest, digest_of
from preservation.ocfl import StorageRoot
from preservation.premis import Event, EventType, Outcome
from preservation.store import Changed, ObjectKey, StoredObject
from preservation.stores.filesystem import FilesystemStore
from search.index import Entry
from tests.bench.bench_search import Writer

NOW = datetime(2026, 1, 1, tzinfo=UTC)
BATCH = 200
OTHERS = 2
"""Objects besides the documents: a fonds and a schedule."""
CONFIRMED, DOUBTFUL = 20, 10
WORDS_A_PAGE = 60
ALTO = "alto/00001-00002.xml"
RESTORED: Sequence[type[Base]] = (
    Fonds,
    Office,
    TrdVersion,
    TrdClass,
    Document,
    RecordVersion,
    Representation,
    DocumentPart,
    DocumentEvent,
    DocumentFinding,
    Classification,
    Decision,
    KeptCopy,
)


class Unsynchronised(FilesystemStore):
    """One sync for all that is put, which is the filler's: batches within its own write nothing to the disk."""

    @contextmanager
    def batch(self) -> Iterator[None]:
        yield

    def replace(self, key: ObjectKey, content: BinaryIO, *, was: Digest) -> StoredObject:
        standing = self.local_path(key)
        assert standing is not None
        with standing.open("rb") as file:
            if digest_of(file, was.algorithm) != was:
                raise Changed(key)
        data = content.read()
        arriving = standing.with_name(".arriving")
        arriving.write_bytes(data)
        arriving.chmod(0o640)
        arriving.rename(standing)
        return StoredObject(key, len(data))


def fill(home: Path, documents: int) -> None:
    """Rows and packages of so many documents."""
    with opened(read_settings({"ARCHIVO_HOME": str(home)})) as archive:
        store = Unsynchronised(home / "store", home / "incoming")
        archive = replace(archive, store=store, packages=StorageRoot(store))
        with FilesystemStore.batch(store):
            fonds, classes = _fonds_and_schedule(archive)
            chance = random.Random(5)
            entries = Writer(7).entries(documents)
            for start in range(0, documents, BATCH):
                with archive.database.writing() as session:
                    for number in range(start, min(start + BATCH, documents)):
                        chosen = classes[number % len(classes)] if number % CONFIRMED == 0 else None
                        _keep(archive, session, fonds, chosen, list(itertools.islice(entries, 3)), number, chance)


def _fonds_and_schedule(archive: Archive) -> tuple[str, list[TrdClass]]:
    fonds, trd = new_uuid(NOW), new_uuid(NOW)
    source = b"made by a bench"
    classes = [
        TrdClass(
            id=new_uuid(NOW),
            trd_id=trd,
            position=position,
            office_code="100",
            office="Oficina de medidas",
            code=f"{series}.{sub}",
            series_code=f"{series}",
            series=f"Serie {series}",
            subseries_code=f"{series}.{sub}",
            subseries=f"Subserie {sub}",
            types=["Oficio", "Informe"],
            procedure="Se conserva la totalidad por su valor para la historia de la entidad.",
            norms=[],
        )
        for position, (series, sub) in enumerate(itertools.product(range(1, 9), range(1, 9)))
    ]
    told: dict[str, Any] = {"filename": "trd.csv", "sha256": sha256(source).hexdigest(), "imported_at": NOW, "imported_by": "bench"}
    with archive.database.writing() as session:
        session.add(Fonds(id=fonds, code="MED", name="Entidad de medidas", created_at=NOW))
        session.flush()
        session.add(Office(id=new_uuid(NOW), fonds_id=fonds, code="100", name="Oficina de medidas"))
        session.add(TrdVersion(id=trd, fonds_id=fonds, number=1, source=source, warnings=[], **told))
        session.flush()
        session.add_all(classes)
    keep_fonds(archive, fonds)
    keep_trd(archive, trd)
    return fonds, classes


def _keep(
    archive: Archive, session: Session, fonds: str, chosen: TrdClass | None, entries: Sequence[Entry], number: int, chance: random.Random
) -> None:
    """A document, and its package of two versions: received, and processed."""
    first, *pages = entries
    original = chance.randbytes(chance.randint(1000, 6000))
    document = _document(fonds, first, original, NOW + timedelta(seconds=number))
    session.add(document)
    session.flush()
    received = _received(gather_rows(session, document.id, ()), original)
    with archive.packages.new_version(urn(document.id), base=None) as writer:
        writer.put(ORIGINAL, BytesIO(original))
        write_metadata(writer, received, premis_of(received))
        writer.commit("Recepción", "bench", "", document.received_at)
    if chosen is not None:
        session.add_all(_decided(document, chosen))
        session.flush()
    parts = [_part(page, chance) for page in pages]
    processed = _processed(gather_rows(session, document.id, ()), received, parts, doubtful=number % DOUBTFUL == 0)
    with archive.packages.new_version(urn(document.id), base=1) as writer:
        writer.put_bytes(ALTO, alto.dump(parts))
        write_texts(writer, processed.parts)
        write_metadata(writer, processed, premis_of(processed))
        inventory = writer.commit("Procesamiento", "Archivo", "", document.received_at)
    for rows in (processed.versions, processed.representations, processed.parts, processed.events, processed.findings):
        session.add_all(rows)
    note_kept(session, PRINCIPAL, document.id, inventory.head, inventory.fingerprint(), document.received_at)
    session.flush()
    session.expunge_all()


def _document(fonds: str, first: Entry, original: bytes, at: datetime) -> Document:
    year = f"{first.years[0]}"
    return Document(
        id=new_uuid(at),
        fonds_id=fonds,
        state=DocumentState.RECEIVED,
        title=first.title,
        title_source="person",
        description=first.description,
        date=year,
        date_source="person",
        begins_on=f"{year}-01-01",
        ends_on=f"{year}-12-31",
        document_type=first.facets["type"][0],
        access="publica",
        published=True,
        published_at=at,
        filename=f"{first.document}.pdf",
        size=len(original),
        sha256=sha256(original).hexdigest(),
        received_at=at,
        received_by="bench",
        version=1,
        sealed_version=1,
        ocfl_version=1,
        proposals={},
    )


def _received(rows: RecordRows, original: bytes) -> RecordRows:
    document, at = rows.document, rows.document.received_at
    told: dict[str, str | int] = {"filename": document.filename, "size": document.size, "sha256": document.sha256}
    events = [
        Event(EventType.RECEPTION, Outcome.SUCCESS, "Archivo", at, "received", told),
        Event(EventType.MESSAGE_DIGEST_CALCULATION, Outcome.SUCCESS, "Archivo", at, "digest", {}),
    ]
    changes = {"access": [None, "publica"], "title": [None, document.title]}
    kept = Representation(document_id=document.id, role="original", path=ORIGINAL, sha256=document.sha256, size=len(original))
    return replace(
        rows,
        versions=[RecordVersion(document_id=document.id, n=1, at=at, actor="bench", act="deposit", changes=changes, sealed_in=1)],
        representations=[kept],
        events=event_rows(document.id, events),
    )


def _processed(rows: RecordRows, received: RecordRows, parts: Sequence[Part], *, doubtful: bool) -> RecordRows:
    document, at = rows.document, rows.document.received_at
    document.part_count, document.ocfl_version, document.state = len(parts), 2, DocumentState.FINDABLE
    document.mime, document.puid, document.format_name = "application/pdf", "fmt/18", "Acrobat PDF 1.4"
    for kept in received.representations:
        kept.mime, kept.puid = document.mime, document.puid
    events = [
        Event(EventType.INFORMATION_PACKAGE_CREATION, Outcome.SUCCESS, "Archivo", at, "packaged", {"version": 2}),
        Event(EventType.FIXITY_CHECK, Outcome.SUCCESS, "Archivo", at, "fixity", {}),
    ]
    found = [DocumentFinding(document_id=document.id, sequence=1, code="ocr.doubtful", params={"page": 1})]
    return replace(
        rows,
        versions=received.versions,
        representations=received.representations,
        parts=[_part_row(document.id, part) for part in parts],
        events=[*received.events, *event_rows(document.id, events, 3)],
        findings=found if doubtful else [],
    )


def _decided(document: Document, chosen: TrdClass) -> list[Base]:
    at = document.received_at
    return [
        Classification(
            document_id=document.id,
            trd_id=chosen.trd_id,
            class_id=chosen.id,
            status="confirmed",
            reasons=[],
            alternatives=[],
            decided_by="bench",
            at=at,
        ),
        Decision(id=new_uuid(at), document_id=document.id, trd_id=chosen.trd_id, at=at, actor="bench", class_key=chosen.key),
    ]


def _part(page: Entry, chance: random.Random) -> Part:
    words, x, y = [], 72.0, 72.0
    body = " ".join(page.body.split()[:WORDS_A_PAGE])
    for text in body.split():
        width = round(5.5 * len(text) + chance.random(), 2)
        if x + width > 540:
            x, y = 72.0, y + 14
        words.append(Word(text, 100.0, x, y, x + width, y + 11))
        x += width + 4
    return Part(page.page, PartKind.PAGE, body, TextSource.EMBEDDED, width=612.0, height=792.0, words=tuple(words))


def _part_row(document_id: str, part: Part) -> DocumentPart:
    kept = {"number": part.number, "kind": str(part.kind), "text": part.text, "source": str(part.source), "alto": ALTO}
    return DocumentPart(
        document_id=document_id, **kept, width=part.width, height=part.height, label="", turn=0, is_doubtful=False, engine=""
    )


def settings_of(home: Path, store: Path) -> dict[str, str]:
    return {"ARCHIVO_HOME": str(home), "ARCHIVO_STORE_URL": f"file://{store}"}


def rebuild(home: Path, store: Path) -> dict[str, object]:
    """What the command does, in this process."""
    instants: list[tuple[int, float]] = []

    def told(done: int, total: int) -> None:
        if total and (not instants or (done == total > instants[-1][0]) or done >= instants[-1][0] + max(1, total // 20)):
            instants.append((done, time.perf_counter()))

    with opened(read_settings(settings_of(home, store))) as archive:
        bare, began, worked = peak(), time.perf_counter(), time.process_time()
        restored = rebuild_catalogue(archive, told)
        restore_ledgers(archive, restored.ledgers)
    seconds = time.perf_counter() - began
    return {
        "documents": restored.documents,
        "unreadable": len(restored.unreadable),
        "seconds": round(seconds, 1),
        "processor": round(time.process_time() - worked, 1),
        "before_the_first": round(instants[0][1] - began, 1),
        "a_second": round(restored.documents / seconds, 1),
        "first_tenth": rate(instants[:3]),
        "last_tenth": rate(instants[-3:]),
        "bare_mib": bare,
        "peak_mib": peak(),
    }


def finish(home: Path, store: Path) -> dict[str, object]:
    with opened(read_settings(settings_of(home, store))) as archive:
        began, worked = time.perf_counter(), time.process_time()
        work_until_done(archive, objects_to_finish(archive))
    return {
        "finish_seconds": round(time.perf_counter() - began, 1),
        "finish_processor": round(time.process_time() - worked, 1),
        "finish_peak_mib": peak(),
    }


def rate(instants: Sequence[tuple[int, float]]) -> float:
    (done, began), (more, ended) = instants[0], instants[-1]
    return round((more - done) / (ended - began), 1) if ended > began else 0.0


def peak() -> int:
    """Mebibytes this process took at most."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss >> 10


def differences(filled: Path, rebuilt: Path) -> dict[str, int]:
    """Rows that are not the same in both catalogues, by table, with how many were compared."""
    found = {"rows": 0, "different": 0}
    with closing(sqlite3.connect(filled)) as one, closing(sqlite3.connect(rebuilt)) as other:
        for model in RESTORED:
            for mine, theirs in itertools.zip_longest(_rows(one, model), _rows(other, model)):
                found["rows"] += 1
                found["different"] += mine != theirs
    return found


def _rows(connection: sqlite3.Connection, model: type[Base]) -> Iterator[tuple[object, ...]]:
    table = table_of(model)
    names, key = ", ".join(column.name for column in table.c), ", ".join(column.name for column in table.primary_key)
    for row in connection.execute(f"select {names} from {table.name} order by {key}"):
        yield tuple(map(_plain, row))


def _plain(value: object) -> object:
    """JSON is the same in any order of its names."""
    return json.loads(value) if isinstance(value, str) and value[:1] in ("{", "[") else value


def measured(folder: Path, documents: int, *, finishing: bool) -> dict[str, object]:
    filled = folder / f"filled-{documents}"
    report: dict[str, object] = {"objects": documents + OTHERS}
    if not (filled / "archivo.db").exists():
        began = time.perf_counter()
        fill(filled, documents)
        report["fill_a_second"] = round(documents / (time.perf_counter() - began), 1)
    with tempfile.TemporaryDirectory(dir=folder) as name:
        home = Path(name)
        report |= _apart("rebuild", home, filled / "store")
        report |= differences(filled / "archivo.db", home / "archivo.db")
        if finishing:
            report |= _apart("finish", home, filled / "store")
    return report


def _apart(what: str, home: Path, store: Path) -> dict[str, object]:
    command = [sys.executable, "-m", "tests.bench.scale_rebuild", "--apart", what, str(home), str(store)]
    answer: dict[str, object] = json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout)
    return answer


APART: dict[str, Callable[[Path, Path], dict[str, object]]] = {"rebuild": rebuild, "finish": finish}


def main(arguments: Sequence[str]) -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--objects", type=int, nargs="*", default=[2_000, 20_000])
    parser.add_argument("--folder", type=Path)
    parser.add_argument("--finish", action="store_true")
    parser.add_argument("--apart", nargs=3, help=argparse.SUPPRESS)
    options = parser.parse_args(arguments)
    if options.apart:
        what, home, store = options.apart
        print(json.dumps(APART[what](Path(home), Path(store))))
        return
    with tempfile.TemporaryDirectory() as name:
        folder = options.folder or Path(name)
        folder.mkdir(parents=True, exist_ok=True)
        runs = [measured(folder, documents, finishing=options.finish) for documents in options.objects]
    print(
        json.dumps(
            {"command": " ".join(["python -m tests.bench.scale_rebuild", *arguments]), "load": os.getloadavg()[0], "runs": runs}, indent=1
        )
    )


if __name__ == "__main__":
    main(sys.argv[1:])
