"""Several documents are acted on at once from their list: shown first, done one by one, told, and brought back."""

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select
from starlette.testclient import TestClient

from archivo import jobs
from archivo.access.policy import CITIZEN, custody, scope
from archivo.access.services import create_user
from archivo.archive import Archive
from archivo.assembly import opened
from archivo.audit.models import AuditEntry
from archivo.audit.services import verify_chain
from archivo.data import bulk_rules
from archivo.discovery.browsing import browse
from archivo.errors import Conflict
from archivo.identifiers import new_uuid
from archivo.intake.bulk import Act, Target
from archivo.intake.bulk_acts import MOST_LISTED, act_on, view_bulk
from archivo.intake.models import BulkAct, BulkDocument
from archivo.intake.publication import withdraw
from archivo.records.models import Document, DocumentState, RecordVersion
from archivo.records.services import describe
from archivo.retention.classification import Status, assign, classification_of
from archivo.retention.models import Classification
from archivo.worker import run_job, work_until_done
from search.index import Entry, Query, SearchIndex

from .test_web_pages import PASSWORD, signed_in, token, words

CUSTODY = custody("pruebas")
HIDDEN = '<input type="hidden" name="{}" value="([^"]*)">'


@pytest.fixture
def kept(filled: Path) -> Iterator[Archive]:
    """The archive of the filled home, with two archivists and a servant."""
    with opened() as archive:
        for login, role in (("ana", "archivist"), ("eva", "archivist"), ("sara", "servant")):
            create_user(archive, CUSTODY, login, role, password=PASSWORD)
        yield archive


@pytest.fixture
def ana(kept: Archive) -> TestClient:
    return signed_in(kept, "ana")


def ids(archive: Archive, **values: object) -> list[str]:
    """The documents whose columns have these values."""
    with archive.reading() as session:
        return list(session.scalars(select(Document.id).filter_by(**values).order_by(Document.id)))


def versions(archive: Archive) -> dict[str, int]:
    with archive.reading() as session:
        return {row.id: row.version for row in session.scalars(select(Document))}


def previewed(client: TestClient, act: str, chosen: list[str], value: str | None = None, *, of: str = "marcados", query: str = "") -> str:
    """The page that shows what would happen."""
    form = {"ficha": token(client.get("/documentos").text), "accion": act, "alcance": of, "doc": chosen}
    answer = client.post(f"/documentos/lote{query}", data=form | ({} if value is None else {"valor": value}))
    assert answer.status_code == 200, words(answer.text)
    return answer.text


def orders(page: str) -> dict[str, str | list[str]]:
    """What the form of that page sends."""
    found = {name: re.findall(HIDDEN.format(name), page) for name in ("ficha", "lote", "accion", "doc")}
    return {"ficha": found["ficha"][0], "lote": found["lote"][0], "accion": found["accion"][0], "doc": found["doc"]}


def done(client: TestClient, page: str) -> tuple[str, str]:
    """Send the form of a preview: the identifier of the act, and what the page of its result says."""
    form = re.findall(r'<form method="post" action="(/documentos/lote[^"]*)"', page)
    answer = client.post(form[0], data=orders(page))
    assert answer.status_code == 303, words(answer.text)
    where = answer.headers["location"]
    return where.rpartition("/")[2], words(client.get(where).text)


def undone(client: TestClient, bulk_id: str) -> str:
    """The page that shows what undoing would do."""
    answer = client.post(f"/documentos/lotes/{bulk_id}/deshacer", data={"ficha": token(client.get("/documentos").text)})
    assert answer.status_code == 200, words(answer.text)
    return answer.text


def public(archive: Archive) -> int:
    return browse(archive, CITIZEN, Query("", limit=0)).total


def test_withdrawn_and_published_again_at_once(kept: Archive, ana: TestClient) -> None:
    shown, restricted = ids(kept, published=True), ids(kept, access="reservada")
    before, seen = versions(kept), public(kept)
    assert len(shown) >= 5
    assert restricted
    page = previewed(ana, "retirar", shown[:4] + restricted)
    text = words(page)
    assert "Cambiarán 4 documentos" in text
    assert "Todavía no ha cambiado nada" in text
    assert "Ley 1712 de 2014" in text
    assert "1 documento. No está publicado." in text
    assert versions(kept) == before
    bulk_id, told = done(ana, page)
    assert "4 documentos retirados." in told
    work_until_done(kept, shown)
    assert ids(kept, published=True) == shown[4:]
    assert public(kept) == seen - 4
    back = undone(ana, bulk_id)
    assert "Cambiarán 4 documentos" in words(back)
    again, told = done(ana, back)
    assert "4 documentos publicados." in told
    assert "deshace otro acto" in told
    assert "deshecho" in words(ana.get(f"/documentos/lotes/{bulk_id}").text)
    work_until_done(kept, shown)
    assert ids(kept, published=True) == shown
    assert public(kept) == seen
    with kept.reading() as session:
        acts = list(session.scalars(select(RecordVersion.act).where(RecordVersion.document_id == shown[0]).order_by(RecordVersion.n)))
        trail = Counter(session.scalars(select(AuditEntry.act).where(AuditEntry.actor == "ana")))
        sealed = session.get_one(Document, shown[0])
    assert acts[-2:] == ["withdraw", "publish"]
    assert trail.items() >= {"document.bulk": 2, "document.withdraw": 4, "document.publish": 4}.items()
    assert sealed.sealed_version == sealed.version
    assert verify_chain(kept).broken_at is None
    assert words(ana.get("/documentos/lotes").text).count("Publicar") >= 1
    assert again != bulk_id


def test_what_somebody_changed_meanwhile_is_left_and_told(kept: Archive, ana: TestClient) -> None:
    shown = ids(kept, published=True)[:3]
    page = previewed(ana, "fijar-tipo", shown, "Pieza de prueba")
    describe(kept, CUSTODY, shown[1], {"number": "12"})
    bulk_id, told = done(ana, page)
    assert "2 documentos cambiados de tipo." in told
    assert "1 documento. Alguien lo cambió después de que usted lo vio." in told
    assert set(ids(kept, document_type="Pieza de prueba")) == {shown[0], shown[2]}
    describe(kept, CUSTODY, shown[2], {"number": "13"})
    back = undone(ana, bulk_id)
    assert "Cambiará 1 documento;" in words(back)
    assert "1 documento. Alguien lo cambió después de que usted lo vio." in words(back)
    done(ana, back)
    assert ids(kept, document_type="Pieza de prueba") == [shown[2]]


def test_each_gets_back_the_type_that_it_had(kept: Archive, ana: TestClient) -> None:
    shown = ids(kept, published=True)
    with kept.reading() as session:
        before = {row.id: row.document_type for row in session.scalars(select(Document))}
    assert len({before[each] for each in shown}) > 2
    asked = previewed(ana, "fijar-tipo", shown)
    assert "Antes de cambiar nada" in words(asked)
    empty = ana.post("/documentos/lote", data={"ficha": token(asked), "accion": "fijar-tipo", "doc": shown, "valor": " "})
    assert empty.status_code == 422
    assert re.findall(HIDDEN.format("doc"), empty.text) == shown
    bulk_id, _ = done(ana, previewed(ana, "fijar-tipo", shown, "Pieza  de\nprueba"))
    assert len(ids(kept, document_type="Pieza de prueba")) == len(shown)
    done(ana, undone(ana, bulk_id))
    with kept.reading() as session:
        assert {row.id: row.document_type for row in session.scalars(select(Document))} == before


def test_whoever_publishes_withdraws_or_classifies_is_told_by_which_rule() -> None:
    assert set(bulk_rules()) == set(Act) - {Act.TYPE}
    repealed = "Acuerdo AGN 004 de 2019"  # by the Acuerdo 001 de 2024
    assert not [rule for rule in bulk_rules().values() if repealed in rule]


def test_proposed_classes_are_confirmed_and_a_decision_is_not_unsaid(kept: Archive, ana: TestClient) -> None:
    with kept.reading() as session:
        waiting = session.scalars(select(Classification).where(Classification.status == Status.SUGGESTED))
        proposed = {row.document_id: row.class_id for row in waiting}
        decided = list(session.scalars(select(Classification.document_id).where(Classification.status == Status.CONFIRMED)))
    assert proposed
    assert decided
    page = previewed(ana, "confirmar-clase", [*proposed, *decided])
    assert bulk_rules()[Act.CONFIRM] in words(page)
    assert "Una persona ya decidió su clase." in words(page)
    bulk_id, _ = done(ana, page)
    with kept.reading() as session:
        rows = [session.get_one(Classification, each) for each in proposed]
        assert {row.document_id: row.class_id for row in rows} == proposed
        assert {(row.status, row.decided_by) for row in rows} == {(Status.CONFIRMED, "ana")}
    back = words(undone(ana, bulk_id))
    assert "Ninguno de los elegidos puede cambiar" in back, back
    assert "una decisión no se borra" in back, back


def test_a_class_given_to_several_is_decided_again_as_it_was(kept: Archive, ana: TestClient) -> None:
    with kept.reading() as session:
        decided = list(session.scalars(select(Classification.document_id).where(Classification.status == Status.CONFIRMED)))[:3]
    before = {each: _class(kept, each) for each in decided}
    asked = previewed(ana, "asignar-clase", decided)
    unknown = ana.post("/documentos/lote", data={"ficha": token(asked), "accion": "asignar-clase", "doc": decided, "valor": "999-99"})
    assert unknown.status_code == 422
    assert "Ninguna tabla de retención vigente tiene esa clase" in words(unknown.text)
    bulk_id, told = done(ana, previewed(ana, "asignar-clase", decided, "100/100-01-01"))
    changed = [each for each in decided if before[each] != "100/100-01-01"]
    assert {_class(kept, each) for each in decided} == {"100/100-01-01"}
    assert f"{len(changed)} documento" in told
    assign(kept, CUSTODY, changed[0], "100/100-02-01")
    done(ana, undone(ana, bulk_id))
    assert {each: _class(kept, each) for each in decided} == before | {changed[0]: "100/100-02-01"}


def _class(archive: Archive, document_id: str) -> str:
    view = classification_of(archive, CUSTODY, document_id)
    assert view
    assert view.item
    return view.item.key


def test_all_of_a_filter_and_no_more_than_is_allowed(kept: Archive, ana: TestClient) -> None:
    page = previewed(ana, "retirar", [], of="filtro", query="?situacion=publicado&tipo=Circular")
    assert len(orders(page)["doc"]) == len(ids(kept, published=True, document_type="Circular")) >= 1
    many = ana.post(
        "/documentos/lote",
        data={"ficha": token(page), "accion": "retirar", "doc": [f"0192f0c1-7d3e-7a54-9f1c-{n:012d}" for n in range(501)]},
    )
    assert many.status_code == 422
    assert "500 documentos a la vez" in words(many.text)
    none = ana.post("/documentos/lote", data={"ficha": token(page), "accion": "retirar"})
    assert none.status_code == 422
    assert "No se eligió ningún documento" in words(none.text)


def test_a_servant_learns_nothing_of_what_is_not_theirs_to_see(kept: Archive, ana: TestClient) -> None:
    sara = signed_in(kept, "sara")
    (hidden, *_), mine = ids(kept, access="reservada"), ids(kept, published=True)[0]
    made_up = "0192f0c1-7d3e-7a54-9f1c-2b6d8e4a9c10"
    with kept.reading() as session:
        title = session.get_one(Document, hidden).title
    pages = [words(previewed(sara, "fijar-tipo", [mine, other], "Pieza")) for other in (hidden, made_up)]
    assert pages[0] == pages[1]
    assert "1 documento. No existe, o usted no lo puede consultar." in pages[0]
    shown = previewed(sara, "fijar-tipo", [mine], "Pieza")
    results = []
    for other in (hidden, made_up):
        form = orders(previewed(sara, "fijar-tipo", [mine], f"Pieza {other}"))
        form["doc"] = [*form["doc"], f"{other}:1:Pieza", f"{other}:2:Pieza"]
        answer = sara.post("/documentos/lote/hacer", data=form)
        result = sara.get(answer.headers["location"])
        assert (answer.status_code, result.status_code) == (303, 200)
        assert title not in result.text
        results.append(re.sub(r"\d+:\d\d", "", words(result.text)))
    assert results[0] == results[1]
    assert ids(kept, document_type="Pieza") == []
    for act in ("publicar", "retirar"):
        refused = sara.post("/documentos/lote", data={"ficha": token(shown), "accion": act, "doc": [mine]})
        assert refused.status_code == 403
        forced = sara.post("/documentos/lote/hacer", data=orders(shown) | {"accion": act})
        assert forced.status_code == 403
    bulk_id, _ = done(ana, previewed(ana, "retirar", [mine]))
    assert sara.get(f"/documentos/lotes/{bulk_id}").status_code == 404
    other_id, _ = done(ana, previewed(ana, "fijar-tipo", [hidden], "Pieza reservada"))
    assert sara.get(f"/documentos/lotes/{other_id}").status_code == 404
    assert other_id not in sara.get("/documentos/lotes").text
    assert sara.post(f"/documentos/lotes/{other_id}/deshacer", data={"ficha": token(shown)}).status_code == 404


def test_another_who_may_do_the_act_may_undo_it(kept: Archive, ana: TestClient) -> None:
    shown = ids(kept, published=True)[:2]
    bulk_id, _ = done(ana, previewed(ana, "retirar", shown))
    with kept.transaction() as transaction:
        later = transaction.now + timedelta(seconds=1)
        unseen = {"at": later, "actor": "otra", "act": Act.WITHDRAW, "undoes": None, "ended_at": later}
        transaction.session.add_all(BulkAct(id=new_uuid(later), **unseen) for _ in range(MOST_LISTED))
    eva = signed_in(kept, "eva")
    assert bulk_id in eva.get("/documentos/lotes").text
    _, told = done(eva, undone(eva, bulk_id))
    assert "2 documentos publicados." in told
    assert eva.post(f"/documentos/lotes/{bulk_id}/seguir", data={"ficha": token(eva.get("/documentos").text)}).status_code == 404


def test_the_same_form_sent_again_does_nothing_more(kept: Archive, ana: TestClient) -> None:
    shown = ids(kept, published=True)[:2]
    page = previewed(ana, "retirar", shown)
    first = done(ana, page)
    after = versions(kept)
    assert done(ana, page) == first
    assert versions(kept) == after


def test_one_cut_short_is_gone_on_with_and_repeats_nothing(kept: Archive, ana: TestClient) -> None:
    """As when the process ends in the middle: one done, two not done."""
    shown = ids(kept, published=True)[:3]
    bulk_id, _ = done(ana, previewed(ana, "retirar", shown))
    with kept.transaction() as transaction:
        session = transaction.session
        for each in shown[1:]:
            session.get_one(BulkDocument, (bulk_id, each)).made_version = None
            document = session.get_one(Document, each)
            session.delete(session.get_one(RecordVersion, (each, document.version)))
            document.published, document.version = True, document.version - 1
    done_before = versions(kept)
    answer = ana.post(f"/documentos/lotes/{bulk_id}/seguir", data={"ficha": token(ana.get("/documentos").text)})
    assert "3 documentos retirados." in words(ana.get(answer.headers["location"]).text)
    after = versions(kept)
    assert {each: after[each] - done_before[each] for each in shown} == {shown[0]: 0, shown[1]: 1, shown[2]: 1}
    assert not set(shown) & set(ids(kept, published=True))


def test_of_two_acts_of_one_person_upon_the_same_version_one_did_it(kept: Archive) -> None:
    """Whatever the clocks of the processes that did them say."""
    (document, version), *_ = sorted((each, versions(kept)[each]) for each in ids(kept, published=True))
    first, second = new_uuid(kept.clock()), new_uuid(kept.clock())
    slow = kept.clock() - timedelta(minutes=1)
    act_on(kept, CUSTODY, Act.WITHDRAW, [Target(document, version)], first)
    act_on(replace(kept, clock=lambda: slow), CUSTODY, Act.WITHDRAW, [Target(document, version)], second)
    assert [view_bulk(kept, CUSTODY, each).done for each in (first, second)] == [1, 0]
    assert [one.why for one in view_bulk(kept, CUSTODY, second).documents] == ["document.changed"]


def test_one_that_fails_does_not_stop_the_others(kept: Archive, ana: TestClient) -> None:
    shown = ids(kept, published=True, access="publica", state=DocumentState.FINDABLE)[:3]
    for each in shown:
        withdraw(kept, CUSTODY, each)
    page = previewed(ana, "publicar", shown)
    form = orders(page)
    describe(kept, CUSTODY, shown[0], {"access": "clasificada"})
    form["doc"] = [f"{shown[0]}:{versions(kept)[shown[0]]}:", *form["doc"][1:]]
    answer = ana.post("/documentos/lote/hacer", data=form)
    told = words(ana.get(answer.headers["location"]).text)
    assert "2 documentos publicados." in told
    assert "1 documento. Es de acceso clasificado o reservado" in told


@pytest.mark.parametrize("act", ["withdraw", "restrict"])
def test_what_stays_public_after_an_act_in_vain_is_found_again(kept: Archive, act: str) -> None:
    """Somebody else changes the document, and the index is made to follow, just before the act takes it out of the index."""
    chosen = ids(kept, published=True, state=DocumentState.FINDABLE)[0]
    seen, before = versions(kept)[chosen], public(kept)
    meddled = replace(kept, index=Meddled(kept.index, lambda: meddle(kept, chosen)))
    acts: dict[str, Callable[..., object]] = {
        "withdraw": partial(withdraw, meddled),
        "restrict": partial(describe, meddled, changes={"access": "reservada"}),
    }
    with pytest.raises(Conflict, match="cambió este documento"):
        acts[act](actor=CUSTODY, document_id=chosen, seen_version=seen)
    work_until_done(kept, {chosen})
    assert public(kept) == before
    assert [hit.document for hit in kept.index.search(Query("entretanto"), scope=scope(CITIZEN)).hits] == [chosen]


@dataclass
class Meddled:
    """An index before whose first change something else happens."""

    index: SearchIndex
    happening: Callable[[], None] | None

    def put(self, entries: Iterable[Entry]) -> None:
        self._happen()
        self.index.put(entries)

    def remove(self, documents: Iterable[str]) -> None:
        self._happen()
        self.index.remove(documents)

    def _happen(self) -> None:
        if (happening := self.happening) is not None:
            self.happening = None
            happening()

    def __getattr__(self, name: str) -> Any:
        return getattr(self.index, name)


def meddle(archive: Archive, document_id: str) -> None:
    describe(archive, custody("otra"), document_id, {"title": "Cambiado entretanto"})
    with archive.transaction() as transaction:
        (job,) = [each for each in jobs.open_jobs(transaction.session, document_id) if (each.kind, each.state) == ("index", "queued")]
        lease = jobs.claim_one(transaction.session, job.id, "otro", transaction.now)
    assert lease is not None
    run_job(archive, lease)
