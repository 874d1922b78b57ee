"""What a browser keeps between two pages: who signed in, the seed of its form tokens, messages to show once. Signed, never secret."""

import base64
import binascii
import hashlib
import hmac
import json
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

COOKIE: Final = "archivo"
LIFE: Final = timedelta(hours=12)
MAX_COOKIE: Final = 3500


@dataclass(frozen=True, slots=True)
class Message:
    """A message to show once. `kind`: done, warning or problem."""

    text: str
    kind: str = "done"


@dataclass(slots=True)
class Session:
    """One browser's session. `key` is what access gave at sign-in; what is changed here is sent back with the response."""

    key: str | None = None
    seed: str = ""
    messages: list[Message] = field(default_factory=list)
    changed: bool = False

    def sign_in(self, key: str) -> None:
        """Begin anew with this key, so that what was known of the session before signing in is worth nothing after."""
        self.key, self.seed, self.changed = key, secrets.token_urlsafe(18), True

    def sign_out(self) -> None:
        self.key, self.seed, self.changed = None, "", True

    def say(self, text: str, kind: str = "done") -> None:
        """Show a message on the next page."""
        self.messages.append(Message(text, kind))
        self.changed = True

    def take_messages(self) -> tuple[Message, ...]:
        """The messages to show now; they will not be shown again."""
        taken = tuple(self.messages)
        if taken:
            self.messages.clear()
            self.changed = True
        return taken


@dataclass(frozen=True, slots=True)
class Signer:
    """Writes and reads sessions with the archive's secret."""

    secret: bytes
    clock: Callable[[], datetime]

    def write(self, session: Session) -> str:
        """The cookie's value; the oldest messages are left out when it would not fit."""
        messages = list(session.messages)
        while True:
            state = [session.key, session.seed, int(self.clock().timestamp()), [[m.text, m.kind] for m in messages]]
            body = base64.urlsafe_b64encode(json.dumps(state, ensure_ascii=False, separators=(",", ":")).encode()).decode()
            value = f"{body}.{self._sign('session', body)}"
            if len(value) <= MAX_COOKIE or not messages:
                return value
            messages.pop(0)

    def read(self, value: str) -> Session:
        """The session of a cookie; a new one when it was not signed here or is too old."""
        body, _, signature = value.partition(".")
        if not hmac.compare_digest(signature.encode(), self._sign("session", body).encode()):
            return Session()
        try:
            key, seed, at, messages = json.loads(base64.urlsafe_b64decode(body))
        except (binascii.Error, ValueError):
            return Session()
        if self.clock().timestamp() - at > LIFE.total_seconds():
            return Session()
        return Session(key, seed, [Message(text, kind) for text, kind in messages])

    def ages(self, value: str) -> bool:
        """Whether a good cookie has lived half its life and deserves to be written again."""
        try:
            at = json.loads(base64.urlsafe_b64decode(value.partition(".")[0]))[2]
        except (binascii.Error, ValueError):
            return False
        return bool(self.clock().timestamp() - at > LIFE.total_seconds() / 2)

    def token(self, session: Session) -> str:
        """The token that this session's forms must bring back; a session without a seed gets one."""
        if not session.seed:
            session.seed, session.changed = secrets.token_urlsafe(18), True
        return self._sign("form", f"{session.seed}.{session.key or ''}")

    def is_token(self, session: Session, token: str) -> bool:
        if not session.seed:
            return False
        return hmac.compare_digest(self._sign("form", f"{session.seed}.{session.key or ''}").encode(), token.encode())

    def _sign(self, purpose: str, text: str) -> str:
        digest = hmac.new(self.secret, f"{purpose}:{text}".encode(), hashlib.sha256).digest()
        return base64.urlsafe_b64encode(digest).decode().rstrip("=")
