"""A certification authority of the tests, and PDFs signed by those it vouches for."""

import io
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from itertools import count
from pathlib import Path

from asn1crypto import keys
from asn1crypto import x509 as asn1
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.types import CertificateIssuerPrivateKeyTypes
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.sign import PdfSignatureMetadata, SimpleSigner, sign_pdf
from pyhanko.sign.timestamps import DummyTimeStamper
from pyhanko_certvalidator.registry import SimpleCertificateStore

_SERIALS = count(2)
FROM, UNTIL = datetime(2020, 1, 1, tzinfo=UTC), datetime(2060, 1, 1, tzinfo=UTC)


def named(name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])


@dataclass(frozen=True)
class Authority:
    """A root that signs certificates. `name` is invented."""

    name: str = "Entidad Certificadora de Prueba"

    @cached_property
    def key(self) -> ec.EllipticCurvePrivateKey:
        return ec.generate_private_key(ec.SECP256R1())

    @cached_property
    def root(self) -> x509.Certificate:
        usage = x509.KeyUsage(False, False, False, False, False, True, True, False, False)
        return (
            x509.CertificateBuilder(named(self.name), named(self.name), self.key.public_key(), 1, FROM, UNTIL)
            .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
            .add_extension(usage, critical=True)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(self.key.public_key()), critical=False)
            .sign(self.key, hashes.SHA256())
        )

    def trusted_in(self, folder: Path, encoding: serialization.Encoding = serialization.Encoding.PEM) -> Path:
        """`folder`, with the root in it."""
        folder.mkdir(exist_ok=True)
        (folder / "raiz.crt").write_bytes(self.root.public_bytes(encoding))
        return folder

    def signer(
        self,
        name: str,
        until: datetime = UNTIL,
        *,
        key: CertificateIssuerPrivateKeyTypes | None = None,
        is_for_signing: bool = True,
        is_for_stamping: bool = False,
    ) -> SimpleSigner:
        """Somebody who signs with a certificate of this authority."""
        key = key or ec.generate_private_key(ec.SECP256R1())
        usage = x509.KeyUsage(is_for_signing, is_for_signing, not is_for_signing, False, False, False, False, False, False)
        building = (
            x509.CertificateBuilder(named(self.name), named(name), key.public_key(), next(_SERIALS), FROM, until)
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(usage, critical=True)
            .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(self.key.public_key()), critical=False)
        )
        lists = [x509.DistributionPoint([x509.UniformResourceIdentifier("http://ca.invalid/lista.crl")], None, None, None)]
        building = building.add_extension(x509.CRLDistributionPoints(lists), critical=False)
        if is_for_stamping:
            building = building.add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.TIME_STAMPING]), critical=True)
        certificate = building.sign(self.key, hashes.SHA256())
        der = key.private_bytes(serialization.Encoding.DER, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        return SimpleSigner(
            signing_cert=asn1.Certificate.load(certificate.public_bytes(serialization.Encoding.DER)),
            signing_key=keys.PrivateKeyInfo.load(der),
            cert_registry=SimpleCertificateStore(),  # type: ignore[no-untyped-call]  # pyhanko does not type it
        )

    def revoking(self, signer: SimpleSigner, at: datetime) -> bytes:
        """A list of revocation (RFC 5280, 5) with the certificate of this signer, revoked at this instant."""
        assert signer.signing_cert is not None
        revoked = x509.RevokedCertificateBuilder().serial_number(signer.signing_cert.serial_number).revocation_date(at).build()
        building = x509.CertificateRevocationListBuilder().issuer_name(named(self.name)).last_update(at).next_update(UNTIL)
        building = building.add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(self.key.public_key()), critical=False)
        building = building.add_extension(x509.CRLNumber(1), critical=False)
        return building.add_revoked_certificate(revoked).sign(self.key, hashes.SHA256()).public_bytes(serialization.Encoding.DER)

    def stamper(self, at: datetime) -> DummyTimeStamper:
        """Who stamps with this instant, with a certificate of this authority (RFC 3161)."""
        key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        who = self.signer("Autoridad de Estampado", key=key, is_for_stamping=True)
        return DummyTimeStamper(who.signing_cert, who.signing_key, fixed_dt=at)


AUTHORITY = Authority()


def signed(pdf: bytes, signer: SimpleSigner, field: str = "Firma", stamper: DummyTimeStamper | None = None) -> bytes:
    """The PDF with one signature more."""
    written = sign_pdf(IncrementalPdfFileWriter(io.BytesIO(pdf)), PdfSignatureMetadata(field_name=field), signer, timestamper=stamper)
    return bytes(written.getbuffer())
