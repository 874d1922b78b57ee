"""Certificates of authorities in which the operator trusts, and names as they are told (RFC 5280)."""

from collections.abc import Iterator
from pathlib import Path
from typing import Final

from asn1crypto import pem, x509

_MOST_ROOTS: Final = 2000
_LARGEST_ROOT: Final = 1 << 20


def common_name(name: x509.Name) -> str:
    """The common name, or else the whole name, on one line."""
    parts = name.native
    told = parts.get("common_name") or name.human_friendly
    return " ".join(str(told if isinstance(told, str) else told[0]).split())[:200]


def roots_in(folder: Path) -> Iterator[x509.Certificate]:
    """The certificates of a folder (PEM or DER); what is none is passed over."""
    for path in sorted(folder.iterdir())[:_MOST_ROOTS]:
        if not path.is_file() or path.stat().st_size > _LARGEST_ROOT:
            continue
        content = path.read_bytes()
        try:
            blocks = (
                [der for kind, _, der in pem.unarmor(content, multiple=True) if kind == "CERTIFICATE"] if pem.detect(content) else [content]
            )
            certificates = [x509.Certificate.load(der, strict=True) for der in blocks]
            for certificate in certificates:
                _ = certificate.subject.native, certificate.public_key.native
        except (ValueError, TypeError):
            continue
        yield from certificates
