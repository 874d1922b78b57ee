"""People, sign-in, sessions, tokens."""

import hashlib
import re
import secrets
import string
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from typing import TYPE_CHECKING, Final

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from archivo.access.models import ApiToken, FailedAttempt, SignIn, User
from archivo.access.policy import CITIZEN, Actor, Grant, require
from archivo.archive import Archive
from archivo.audit import services as audit
from archivo.database import added, without_nul
from archivo.errors import Conflict, Invalid, NotSignedIn, Throttled, Unknown
from archivo.identifiers import new_uuid

if TYPE_CHECKING:
    from argon2 import PasswordHasher

LOGIN: Final = re.compile(r"[a-z0-9][a-z0-9._-]{1,59}")
MIN_PASSWORD: Final = 12
SESSION_LIFE: Final = timedelta(hours=12)
THROTTLE_WINDOW: Final = timedelta(minutes=15)
THROTTLE_LOGIN: Final = 5
THROTTLE_ADDRESS: Final = 30


@dataclass(frozen=True, slots=True)
class Person:
    """A person as lists show them."""

    login: str
    name: str
    role: str
    is_active: bool
    created_at: datetime
    tokens: int


@dataclass(frozen=True, slots=True)
class TokenView:
    """A token as lists show it; its value is never shown again."""

    id: str
    login: str
    label: str
    created_at: datetime
    last_used_on: str | None
    is_revoked: bool


def create_user(archive: Archive, actor: Actor, login: str, role: str, *, name: str = "", password: str | None = None) -> str | None:
    """Create a person. Without `password` one is generated and given back, once. Raises Invalid, Conflict, Refused."""
    require(archive, actor, Grant.MANAGE_PEOPLE)
    if not LOGIN.fullmatch(login):
        raise Invalid(
            "user.login",
            f"«{login}» no sirve como nombre de usuario. No se creó nada.",
            "Use de 2 a 60 letras minúsculas sin tilde, cifras, punto, guion o guion bajo.",
        )
    if role not in archive.institution.roles:
        known = ", ".join(sorted(archive.institution.roles))
        raise Invalid("user.role", f"No existe el perfil «{role}». No se creó nada.", f"Elija uno de estos: {known}.")
    generated = None if password is not None else _generate_password()
    chosen = password if password is not None else generated
    assert chosen is not None
    _check_password(chosen)
    hashed = _hasher().hash(chosen)
    with archive.transaction() as transaction:
        name = without_nul(name) or login
        user = User(login=login, name=name, role=role, password_hash=hashed, is_active=True, created_at=transaction.now)
        if not added(transaction.session, user):
            raise Conflict("user.exists", f"Ya existe la persona «{login}». No se cambió nada.", "Elija otro nombre de usuario.")
        audit.record(transaction, actor.login, "user.create", login, detail={"role": role})
    return generated


def set_password(archive: Archive, actor: Actor, login: str, password: str) -> None:
    """Change a password (one's own, or anyone's with the grant) and end the person's sessions."""
    if actor.login != login:
        require(archive, actor, Grant.MANAGE_PEOPLE, login)
    _check_password(password)
    hashed = _hasher().hash(password)
    with archive.transaction() as transaction:
        _user(transaction.session, login).password_hash = hashed
        transaction.session.execute(delete(SignIn).where(SignIn.login == login))
        audit.record(transaction, actor.login, "user.password", login)


def set_active(archive: Archive, actor: Actor, login: str, is_active: bool) -> None:
    """Let a person in, or no more; ending also their sessions."""
    require(archive, actor, Grant.MANAGE_PEOPLE, login)
    with archive.transaction() as transaction:
        _user(transaction.session, login).is_active = is_active
        if not is_active:
            transaction.session.execute(delete(SignIn).where(SignIn.login == login))
        audit.record(transaction, actor.login, "user.activate" if is_active else "user.deactivate", login)


def set_role(archive: Archive, actor: Actor, login: str, role: str) -> None:
    """Change what a person may do."""
    require(archive, actor, Grant.MANAGE_PEOPLE, login)
    if role not in archive.institution.roles:
        raise Invalid("user.role", f"No existe el perfil «{role}». No se cambió nada.", "Elija un perfil de la tabla de permisos.")
    with archive.transaction() as transaction:
        _user(transaction.session, login).role = role
        audit.record(transaction, actor.login, "user.role", login, detail={"role": role})


def was_handed_over(session: Session, login: str, since: datetime) -> bool:
    """Whether an account was made, or given its password, its role or its standing by another person, at that time or later."""
    return audit.was_done_by_others(session, login, ("user.create", "user.password", "user.role", "user.activate"), since)


def list_people(archive: Archive, actor: Actor) -> list[Person]:
    """Everybody, by login."""
    require(archive, actor, Grant.MANAGE_PEOPLE)
    with archive.reading() as session:
        valid = select(ApiToken.login, func.count()).where(ApiToken.revoked_at.is_(None)).group_by(ApiToken.login)
        tokens = {login: count for login, count in session.execute(valid)}
        users = session.scalars(select(User).order_by(User.login))
        return [Person(u.login, u.name, u.role, u.is_active, u.created_at, tokens.get(u.login, 0)) for u in users]


def export_people(archive: Archive, actor: Actor) -> list[Person]:
    """Everybody, to take away. Leaves an entry in the trail."""
    people = list_people(archive, actor)
    audit.record_export(archive, actor.login, "people", len(people))
    return people


def sign_in(archive: Archive, login: str, password: str, address: str) -> str:
    """Check a password and open a session; the cookie's value. Raises NotSignedIn or Throttled; both say nothing of which was wrong."""
    now = archive.clock()
    login = login if LOGIN.fullmatch(login) else ""
    subjects = (f"login:{login}", f"address:{address[:60]}")
    with archive.reading() as session:
        _refuse_if_throttled(session, subjects, now)
        user = session.get(User, login)
    right = _matches(user.password_hash if user else _no_hash(), password)
    if user is None or not user.is_active or not right:
        with archive.transaction() as transaction:
            old = FailedAttempt.at < now - timedelta(hours=1)
            transaction.session.execute(delete(FailedAttempt).where(old))
            for subject in subjects:
                transaction.session.add(FailedAttempt(id=new_uuid(now), subject=subject, at=now))
            audit.record(transaction, login if user else "desconocido", "sign_in", refused=True)
        raise NotSignedIn(
            "sign_in.wrong",
            "El usuario o la contraseña no son correctos.",
            "Revise que las mayúsculas estén bien y vuelva a intentarlo; si la olvidó, pida una nueva a quien administra las personas.",
        )
    value = secrets.token_urlsafe(32)
    with archive.transaction() as transaction:
        transaction.session.execute(delete(SignIn).where(SignIn.expires_at < now))
        transaction.session.execute(delete(FailedAttempt).where(FailedAttempt.subject == subjects[0]))
        transaction.session.add(SignIn(digest=_digest(value), login=login, created_at=now, expires_at=now + SESSION_LIFE))
        audit.record(transaction, login, "sign_in")
    return value


def sign_out(archive: Archive, value: str) -> None:
    """End a session."""
    with archive.transaction() as transaction:
        found = transaction.session.get(SignIn, _digest(value))
        if found is not None:
            transaction.session.delete(found)
            audit.record(transaction, found.login, "sign_out")


def actor_of_session(archive: Archive, value: str | None) -> Actor:
    """Who a cookie speaks for; a citizen when it speaks for nobody."""
    if not value:
        return CITIZEN
    with archive.reading() as session:
        found = session.get(SignIn, _digest(value))
        if found is None or found.expires_at < archive.clock():
            return CITIZEN
        user = session.get(User, found.login)
    return CITIZEN if user is None or not user.is_active else _actor(archive, user)


def actor_of_token(archive: Archive, token: str) -> Actor:
    """Who an API token speaks for. Raises NotSignedIn."""
    with archive.reading() as session:
        found = session.scalars(select(ApiToken).where(ApiToken.digest == _digest(token), ApiToken.revoked_at.is_(None))).first()
        user = session.get(User, found.login) if found else None
    if found is None or user is None or not user.is_active:
        raise NotSignedIn(
            "token.invalid",
            "La ficha de acceso no es válida o fue retirada. No se recibió nada.",
            "Pida una ficha nueva a quien administra las personas y permisos.",
        )
    today = archive.clock().date().isoformat()
    if found.last_used_on != today:
        with archive.transaction() as transaction:
            used = transaction.session.get(ApiToken, found.digest)
            if used is not None:
                used.last_used_on = today
    return _actor(archive, user)


def actor_of_login(archive: Archive, login: str) -> Actor:
    """The actor a person would be. Raises Unknown."""
    with archive.reading() as session:
        return _actor(archive, _user(session, login))


def create_token(archive: Archive, actor: Actor, login: str, label: str = "") -> str:
    """Create an API token for a person; its value, given once."""
    require(archive, actor, Grant.MANAGE_PEOPLE, login)
    value = f"archivo_{secrets.token_urlsafe(32)}"
    with archive.transaction() as transaction:
        _user(transaction.session, login)
        token = ApiToken(digest=_digest(value), id=new_uuid(transaction.now), login=login, created_at=transaction.now)
        token.label = without_nul(label)[:120]
        transaction.session.add(token)
        audit.record(transaction, actor.login, "token.create", login, detail={"token": token.id})
    return value


def revoke_token(archive: Archive, actor: Actor, token_id: str) -> None:
    """Make a token worthless."""
    require(archive, actor, Grant.MANAGE_PEOPLE)
    with archive.transaction() as transaction:
        token = transaction.session.scalars(select(ApiToken).where(ApiToken.id == token_id)).first()
        if token is None:
            raise Unknown("token.unknown", "No existe esa ficha de acceso.", "Revise la lista de fichas.")
        token.revoked_at = transaction.now
        audit.record(transaction, actor.login, "token.revoke", token.login, detail={"token": token.id})


def list_tokens(archive: Archive, actor: Actor) -> list[TokenView]:
    """All tokens, newest first."""
    require(archive, actor, Grant.MANAGE_PEOPLE)
    with archive.reading() as session:
        tokens = session.scalars(select(ApiToken).order_by(ApiToken.created_at.desc()))
        return [TokenView(t.id, t.login, t.label, t.created_at, t.last_used_on, t.revoked_at is not None) for t in tokens]


def export_tokens(archive: Archive, actor: Actor) -> list[TokenView]:
    """All tokens, to take away. Leaves an entry in the trail."""
    tokens = list_tokens(archive, actor)
    audit.record_export(archive, actor.login, "tokens", len(tokens))
    return tokens


def _actor(archive: Archive, user: User) -> Actor:
    return Actor(user.login, user.role, archive.institution.roles.get(user.role, frozenset()))


def _user(session: Session, login: str) -> User:
    user = session.get(User, login)
    if user is None:
        raise Unknown("user.unknown", f"No existe la persona «{login}».", "Revise el nombre en la lista de personas.")
    return user


def _refuse_if_throttled(session: Session, subjects: tuple[str, str], now: datetime) -> None:
    for subject, most in zip(subjects, (THROTTLE_LOGIN, THROTTLE_ADDRESS), strict=True):
        recent = (FailedAttempt.subject == subject, FailedAttempt.at > now - THROTTLE_WINDOW)
        if (session.scalar(select(func.count()).select_from(FailedAttempt).where(*recent)) or 0) >= most:
            raise Throttled(
                "sign_in.throttled",
                "Hubo demasiados intentos fallidos y el ingreso está detenido unos minutos.",
                "Espere quince minutos y vuelva a intentarlo.",
            )


def _check_password(password: str) -> None:
    if not MIN_PASSWORD <= len(password) <= 1000:
        raise Invalid(
            "user.password",
            f"La contraseña debe tener al menos {MIN_PASSWORD} caracteres. No se cambió nada.",
            "Use una frase de varias palabras que recuerde.",
        )


def _generate_password() -> str:
    alphabet = string.ascii_lowercase + string.digits
    return "-".join("".join(secrets.choice(alphabet) for _ in range(5)) for _ in range(4))


@cache
def _hasher() -> "PasswordHasher":
    from argon2 import PasswordHasher

    return PasswordHasher()


@cache
def _no_hash() -> str:
    """A hash that nobody knows the password of, so that an unknown login costs the same time as a wrong password."""
    return _hasher().hash(secrets.token_urlsafe(32))


def _matches(hashed: str, password: str) -> bool:
    from argon2.exceptions import VerifyMismatchError

    try:
        return _hasher().verify(hashed, password[:1000])
    except VerifyMismatchError:
        return False


def _digest(value: str) -> str:
    return hashlib.sha256(value.encode()).hexdigest()
