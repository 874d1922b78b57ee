"""Who may do and see what, as one readable table (archivo/data/roles.toml gives each role its grants).

Access classes (Ley 1712 de 2014, arts. 6, 18, 19) and publication decide the labels of a document; a person holds labels through grants:

| label                  | on a document                     | held by whom                     |
|------------------------|-----------------------------------|----------------------------------|
| `public`               | `publica` and published           | everybody                        |
| `class:publica`        | `publica`, published or not       | grant `see.publica`              |
| `class:clasificada`    | `clasificada`                     | grant `see.clasificada`          |
| `class:reservada`      | `reservada`                       | grant `see.reservada`            |
| `deposited:<login>`    | what that person handed over      | that person                      |
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from archivo.archive import Archive
from archivo.audit.services import record_refusal
from archivo.errors import refused
from search.index import Scope


class AccessClass(StrEnum):
    """Levels of access (Ley 1712 de 2014, arts. 6, 18 y 19). The Spanish terms are legal and false friends in English."""

    PUBLICA = "publica"
    CLASIFICADA = "clasificada"
    RESERVADA = "reservada"


class Grant(StrEnum):
    """What a role may do. The value is what roles.toml writes; ACTS words it."""

    DEPOSIT = "deposit"
    SEE_PUBLICA = "see.publica"
    SEE_CLASIFICADA = "see.clasificada"
    SEE_RESERVADA = "see.reservada"
    DESCRIBE = "describe"
    CLASSIFY = "classify"
    PUBLISH = "publish"
    MANAGE_TRD = "trd"
    SEE_JOBS = "jobs.see"
    RETRY_JOBS = "jobs.retry"
    MANAGE_PEOPLE = "people"
    VERIFY = "verify"
    HOLD = "hold"
    DELETE = "delete"


ACTS: Final = {
    Grant.DEPOSIT: "entregar documentos",
    Grant.SEE_PUBLICA: "consultar documentos públicos sin publicar",
    Grant.SEE_CLASIFICADA: "consultar documentos clasificados",
    Grant.SEE_RESERVADA: "consultar documentos reservados",
    Grant.DESCRIBE: "describir documentos",
    Grant.CLASSIFY: "clasificar documentos",
    Grant.PUBLISH: "publicar documentos",
    Grant.MANAGE_TRD: "administrar las tablas de retención",
    Grant.SEE_JOBS: "ver los trabajos",
    Grant.RETRY_JOBS: "reintentar trabajos",
    Grant.MANAGE_PEOPLE: "administrar personas y permisos",
    Grant.VERIFY: "verificar la integridad",
    Grant.HOLD: "retener documentos para que no se eliminen",
    Grant.DELETE: "pedir y confirmar eliminaciones",
}

PUBLIC: Final = "public"


@dataclass(frozen=True, slots=True)
class Actor:
    """Who acts: a person of the archive, an entity's system, a citizen, or custody of the machine."""

    login: str
    role: str
    grants: frozenset[str]

    @property
    def is_citizen(self) -> bool:
        return self.role == "citizen"

    def may(self, grant: Grant) -> bool:
        return grant in self.grants


CITIZEN: Final = Actor("ciudadanía", "citizen", frozenset())


def custody(login: str) -> Actor:
    """The command line: custody of the machine, which may do and see everything; each use is audited."""
    return Actor(f"cli:{login}", "custody", frozenset(Grant))


def require(archive: Archive, actor: Actor, grant: Grant, object_id: str | None = None) -> None:
    """Raise Refused, and leave the refusal in the trail, unless the actor has the grant."""
    if not actor.may(grant):
        record_refusal(archive, actor.login, grant, object_id)
        raise refused(ACTS[grant])


def labels_held(actor: Actor) -> frozenset[str]:
    """The labels a person holds."""
    held = {PUBLIC}
    for access, grant in (
        (AccessClass.PUBLICA, Grant.SEE_PUBLICA),
        (AccessClass.CLASIFICADA, Grant.SEE_CLASIFICADA),
        (AccessClass.RESERVADA, Grant.SEE_RESERVADA),
    ):
        if actor.may(grant):
            held.add(f"class:{access}")
    if not actor.is_citizen and actor.may(Grant.DEPOSIT):
        held.add(f"deposited:{actor.login}")
    return frozenset(held)


def labels_of(access: str, published: bool, deposited_by: str) -> frozenset[str]:
    """The labels any one of which opens a document."""
    labels = {f"class:{access}", f"deposited:{deposited_by}"}
    if published and access == AccessClass.PUBLICA:
        labels.add(PUBLIC)
    return frozenset(labels)


def scope(actor: Actor) -> Scope:
    """What the actor may find."""
    return Scope(labels_held(actor))


def may_see(actor: Actor, access: str, published: bool, deposited_by: str) -> bool:
    """Whether the actor may know of a document."""
    return bool(labels_held(actor) & labels_of(access, published, deposited_by))
