"""The key that signs the trail: Ed25519 (RFC 8032), kept outside the database."""

import base64
import hashlib
import os
from collections.abc import Callable
from contextlib import suppress
from functools import cached_property
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

NAMED: Final = 16
"""Hexadecimal digits of the digest of a public key by which it is named."""


class BadKey(ValueError):
    """The text is no Ed25519 key in PEM."""


class Signer:
    """Signs with a private key in PEM (PKCS 8), which `read` gives when it is first needed: few commands write the trail.

    `is_made` tells whether a key that `read` makes was made already; None for one that it never makes. Raises BadKey, at the first use,
    for what is no such key.
    """

    def __init__(self, read: Callable[[], bytes], is_made: Callable[[], bool] | None = None) -> None:
        self._read = read
        self._is_made = is_made

    @property
    def is_there(self) -> bool:
        return self._is_made is None or self._is_made()

    @property
    def has_signed(self) -> bool:
        return self._is_made is not None and self._is_made()

    def sign(self, text: str) -> str:
        """The signature of a text, in base64 (88 characters)."""
        return base64.b64encode(self._key.sign(text.encode())).decode("ascii")

    @cached_property
    def public(self) -> bytes:
        """The 32 bytes of the public key."""
        return self._key.public_key().public_bytes_raw()

    @cached_property
    def name(self) -> str:
        return key_name(self.public)

    @cached_property
    def public_pem(self) -> str:
        """The public key as other programs read it (SubjectPublicKeyInfo, RFC 8410)."""
        from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

        return self._key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode("ascii")

    @cached_property
    def _key(self) -> "Ed25519PrivateKey":
        from cryptography.exceptions import UnsupportedAlgorithm
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
        from cryptography.hazmat.primitives.serialization import load_pem_private_key

        try:
            key = load_pem_private_key(self._read(), password=None)
        except (ValueError, TypeError, UnsupportedAlgorithm) as fault:
            raise BadKey("not a private key in PEM") from fault
        if not isinstance(key, Ed25519PrivateKey):
            raise BadKey("not an Ed25519 key")
        return key


def key_name(public: bytes) -> str:
    """A short name of a public key."""
    return hashlib.sha256(public).hexdigest()[:NAMED]


def is_signed(public: bytes, text: str, signature: str) -> bool:
    """Whether the signature of a text, as sign() gives it, is of this key."""
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    try:
        Ed25519PublicKey.from_public_bytes(public).verify(base64.b64decode(signature, validate=True), text.encode())
    except (InvalidSignature, ValueError):
        return False
    return True


def read_public(pem: bytes) -> bytes:
    """The 32 bytes of a public key in PEM. Raises BadKey."""
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
    from cryptography.hazmat.primitives.serialization import load_pem_public_key

    try:
        key = load_pem_public_key(pem)
    except (ValueError, TypeError, UnsupportedAlgorithm) as fault:
        raise BadKey("not a public key in PEM") from fault
    if not isinstance(key, Ed25519PublicKey):
        raise BadKey("not an Ed25519 key")
    return key.public_bytes_raw()


def kept_in(path: Path) -> bytes:
    """The private key of a file, which is made (0600) where there is none; of several processes that begin at once one makes it for all."""
    if not path.exists():
        _make(path)
    return path.read_bytes()


def _make(path: Path) -> None:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

    pem = Ed25519PrivateKey.generate().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    with NamedTemporaryFile(dir=path.parent, prefix=f".{path.name}-") as made:  # 0600
        made.write(pem)
        made.flush()
        os.fsync(made.fileno())
        with suppress(FileExistsError):
            os.link(made.name, path)
