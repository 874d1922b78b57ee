"""Signs a PDF with a certificate made for the occasion: it proves integrity, and nobody's identity."""

import datetime
import io

from asn1crypto import keys, x509
from cryptography import x509 as certificates
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.sign import PdfSignatureMetadata, SimpleSigner, sign_pdf
from pyhanko_certvalidator.registry import SimpleCertificateStore

NAME = "Brunilda Etayo Cifuentes (firma de demostración)"
FROM = datetime.datetime(2023, 1, 1, tzinfo=datetime.UTC)
UNTIL = datetime.datetime(2043, 1, 1, tzinfo=datetime.UTC)


def sign(pdf: bytes) -> bytes:
    """The PDF with one signature in a field of its own, as an incremental update."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    name = certificates.Name([certificates.NameAttribute(NameOID.COMMON_NAME, NAME)])
    usage = certificates.KeyUsage(True, True, False, False, False, False, False, False, False)
    certificate = (
        certificates.CertificateBuilder(name, name, key.public_key(), 2023, FROM, UNTIL)
        .add_extension(certificates.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(usage, critical=True)
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(serialization.Encoding.DER, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    signer = SimpleSigner(
        signing_cert=x509.Certificate.load(certificate.public_bytes(serialization.Encoding.DER)),
        signing_key=keys.PrivateKeyInfo.load(private),
        cert_registry=SimpleCertificateStore(),  # type: ignore[no-untyped-call]  # pyhanko does not type it
    )
    metadata = PdfSignatureMetadata(field_name="Firma", reason="Expedición", location="Valdeluz", name=NAME)
    written = sign_pdf(IncrementalPdfFileWriter(io.BytesIO(pdf)), metadata, signer)
    return bytes(written.getbuffer())
