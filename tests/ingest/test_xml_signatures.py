"""The signatures of an XML document are checked as it comes, and only what they lead to counts as signed."""

import asyncio
import base64
import hashlib
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from lxml import etree
from pyhanko.sign import SimpleSigner
from signxml.algorithms import DigestAlgorithm, SignatureConstructionMethod, SignatureMethod
from signxml.signer import XMLSigner
from signxml.util import SigningSettings
from signxml.xades.xades import XAdESSigner

from preservation.premis import Outcome
from tests.ingest.conftest import Take, checking, said, signatures
from tests.ingest.enveloping import enveloped
from tests.ingest.signing import AUTHORITY, Authority

ANA, BRUNO = AUTHORITY.signer("Ana María Ñustes"), AUTHORITY.signer("Bruno Peña")
C14N = "http://www.w3.org/TR/2001/REC-xml-c14n-20010315"
DS = "{http://www.w3.org/2000/09/xmldsig#}"
INVOICE = (
    '<Factura xmlns="urn:ejemplo:factura" xmlns:e="urn:ejemplo:extensiones"><e:Extensiones><e:Firma/></e:Extensiones>'
    '<Numero>FE-0007</Numero><Detalle Id="detalle"><Concepto>Papelería y tóner</Concepto><Valor moneda="COP">125000</Valor></Detalle>'
    "</Factura>"
)
FILENAME = "factura.xml"


def _certificate(signer: SimpleSigner) -> x509.Certificate:
    assert signer.signing_cert is not None
    return x509.load_der_x509_certificate(signer.signing_cert.dump())


def _naming(other: SimpleSigner) -> Callable[..., None]:
    """What names the certificate of another one in the signed properties."""

    def add(self: XAdESSigner, properties: object, sig_root: object, signing_settings: SigningSettings) -> None:
        chain = [_certificate(other)]
        XAdESSigner.add_signing_certificate(self, properties, sig_root, replace(signing_settings, cert_chain=chain))

    return add


def signed(
    content: str | bytes,
    signer: SimpleSigner,
    *,
    xades: bool = True,
    uri: str | None = None,
    method: SignatureConstructionMethod = SignatureConstructionMethod.enveloped,
    sha1: bool = False,
    chosen: SimpleSigner | None = None,
    named: SimpleSigner | None = None,
) -> bytes:
    """The document with a signature; `uri`: what it leads to. `chosen`: whose certificate it carries, and `named`
    whose it says that it was made with; its own unless another is given.
    """
    kind = type("Old", (XAdESSigner if xades else XMLSigner,), {"check_deprecated_methods": lambda self: None})
    if named is not None:
        kind = type("Wrong", (kind,), {"add_signing_certificate": _naming(named)})
    digest, algorithm = (
        (DigestAlgorithm.SHA1, SignatureMethod.ECDSA_SHA1) if sha1 else (DigestAlgorithm.SHA256, SignatureMethod.ECDSA_SHA256)
    )
    signing = kind(method=method, c14n_algorithm=C14N, digest_algorithm=digest, signature_algorithm=algorithm)
    key = serialization.load_der_private_key(signer.signing_key.dump(), None)
    root = etree.fromstring(content)
    whole = signing.sign(root, key=key, cert=[_certificate(chosen or signer)], reference_uri=uri)
    return etree.tostring(whole, xml_declaration=True, encoding="UTF-8")


@pytest.mark.parametrize("xades", [True, False])
def test_a_signature_of_the_whole_document_is_valid(check: Take, xades: bool) -> None:
    taken = check(signed(INVOICE, ANA, xades=xades))
    assert signatures(taken) == ["signature.valid"]
    assert "Ana María Ñustes" in said(taken, "signature.valid")
    assert checking(taken).outcome is Outcome.SUCCESS
    assert "xml.signed" in taken.codes
    assert "Papelería y tóner" in taken.text


def test_when_its_signer_says_that_it_signed_is_told(check: Take) -> None:
    assert f"Fecha: {datetime.now(UTC):%Y-}" in said(check(signed(INVOICE, ANA)), "signature.valid")


def test_a_document_changed_after_it_was_signed_is_altered(check: Take) -> None:
    content = signed(INVOICE, ANA).replace(b">125000<", b">925000<")
    taken = check(content)
    assert signatures(taken) == ["signature.altered"]
    assert checking(taken).outcome is Outcome.WARNING
    assert "925000" in taken.text


def test_the_properties_that_were_signed_cannot_be_changed(check: Take) -> None:
    content = signed(INVOICE, ANA)
    year = f"<xades:SigningTime>{datetime.now(UTC).year}".encode()
    assert year in content
    assert signatures(check(content.replace(year, b"<xades:SigningTime>2001"))) == ["signature.altered"]


def test_each_signature_of_several_is_told(check: Take) -> None:
    stranger = Authority("Desconocida").signer("Carlos")
    once = signed(INVOICE, ANA, uri="#detalle", xades=False)
    assert signatures(check(signed(once, stranger, xades=False))) == ["signature.partial", "signature.unknown_chain"]


def test_a_signature_of_a_part_says_which_part(check: Take) -> None:
    taken = check(signed(INVOICE, ANA, uri="#detalle", xades=False))
    assert signatures(taken) == ["signature.partial"]
    message = said(taken, "signature.partial")
    assert "«Detalle»" in message
    assert "la firma es válida" in message
    assert checking(taken).outcome is Outcome.WARNING


def test_what_is_wrapped_around_a_signed_element_is_not_taken_for_signed(check: Take) -> None:
    """Signature wrapping: the signed element is put aside, where its reference still finds it, and another one stands in its place."""
    root = etree.fromstring(signed(INVOICE, ANA, uri="#detalle", xades=False))
    detail = root.find("{urn:ejemplo:factura}Detalle")
    assert detail is not None
    forged = etree.fromstring(etree.tostring(detail).replace(b"125000", b"925000").replace(b'Id="detalle"', b'Id="otro"'))
    aside = etree.SubElement(root[0], "{urn:ejemplo:extensiones}Aparte")
    root.replace(detail, forged)
    aside.append(detail)
    taken = check(etree.tostring(root))
    assert signatures(taken) == ["signature.partial"]
    assert "Lo demás no está firmado" in said(taken, "signature.partial")


def test_a_signed_document_inside_another_root_is_only_a_part(check: Take) -> None:
    whole = INVOICE.replace("<Factura ", '<Factura Id="factura" ')
    content = signed(whole, ANA, uri="#factura", xades=False)
    assert signatures(check(content)) == ["signature.valid"]


def test_a_signed_root_that_is_put_inside_another_is_only_a_part(check: Take) -> None:
    whole = INVOICE.replace("<Factura ", '<Factura Id="factura" ')
    content = etree.tostring(etree.fromstring(signed(whole, ANA, uri="#factura", xades=False)))
    taken = check(b"<Otra><Valor>1</Valor>" + content + b"</Otra>")
    assert signatures(taken) == ["signature.partial"]
    assert "«Factura»" in said(taken, "signature.partial")


def test_two_elements_of_one_name_leave_the_signature_unreadable(check: Take) -> None:
    content = signed(INVOICE, ANA, uri="#detalle", xades=False)
    assert signatures(check(content.replace(b"<Numero>", b'<Numero Id="detalle">'))) == ["signature.unreadable"]


def test_what_is_elsewhere_is_never_fetched(check: Take, tmp_path: Path) -> None:
    (tmp_path / "fuera.xml").write_text("<a/>")
    content = signed(INVOICE, ANA, xades=False).replace(b'URI=""', f'URI="file://{tmp_path}/fuera.xml"'.encode())
    taken = check(content)
    assert signatures(taken) == ["signature.undecided"]
    assert "no vino con ella" in said(taken, "signature.undecided")


@pytest.mark.parametrize(
    "algorithm",
    [
        b"http://www.w3.org/TR/1999/REC-xslt-19991116",
        b"http://www.w3.org/TR/1999/REC-xpath-19991116",
        b"http://www.w3.org/2000/09/xmldsig#base64",
    ],
)
def test_steps_that_are_not_done_here_leave_the_signature_undecided(check: Take, algorithm: bytes) -> None:
    content = signed(INVOICE, ANA, xades=False).replace(b"http://www.w3.org/2000/09/xmldsig#enveloped-signature", algorithm)
    taken = check(content)
    assert signatures(taken) == ["signature.undecided"]
    assert "no se conoce" in said(taken, "signature.undecided")


def test_entities_are_never_expanded(check: Take) -> None:
    content = signed(INVOICE, ANA, xades=False)
    bomb = b'<!DOCTYPE Factura [<!ENTITY a "1"><!ENTITY b "&a;&a;&a;">]>'
    place = content.index(b"<Factura")
    taken = check(content[:place] + bomb + content[place:])
    assert signatures(taken) == ["signature.failed"]
    assert "xml.entities" in taken.codes


def test_the_certificate_of_another_is_no_signature_of_theirs(check: Take) -> None:
    taken = check(signed(INVOICE, ANA, chosen=BRUNO, xades=False))
    assert signatures(taken) == ["signature.altered"]


def test_a_certificate_that_the_signed_properties_do_not_name_leaves_it_undecided(check: Take) -> None:
    """The signed properties say which certificate was used (ETSI EN 319 132-1, 5.2.2)."""
    taken = check(signed(INVOICE, ANA, named=BRUNO))
    assert signatures(taken) == ["signature.undecided"]
    assert "no trae el certificado de quien firmó" in said(taken, "signature.undecided")


def test_a_signature_without_a_certificate_is_left_undecided(check: Take) -> None:
    root = etree.fromstring(signed(INVOICE, ANA, xades=False))
    (information,) = root.iter(f"{DS}KeyInfo")
    information.clear()
    assert signatures(check(etree.tostring(root))) == ["signature.undecided"]


def test_an_algorithm_that_can_be_imitated_is_told(check: Take) -> None:
    taken = check(signed(INVOICE, ANA, sha1=True, xades=False))
    assert signatures(taken) == ["signature.weak"]
    assert "sha1" in said(taken, "signature.weak")


def test_a_certificate_that_ended_is_told(check: Take) -> None:
    ended = AUTHORITY.signer("Ana", until=datetime(2021, 1, 1, tzinfo=UTC))
    assert signatures(check(signed(INVOICE, ended))) == ["signature.expired"]


def stamped(content: bytes, at: datetime, of: bytes | None = None) -> bytes:
    """The document with a time stamp of its signature (ETSI EN 319 132-1, 5.3)."""
    root = etree.fromstring(content)
    (value,), (properties,) = root.iter(f"{DS}SignatureValue"), root.iter("{*}QualifyingProperties")
    imprint = hashlib.sha256(of or etree.tostring(value, method="c14n", with_tail=False)).digest()
    token = asyncio.run(AUTHORITY.stamper(at).async_timestamp(imprint, "sha256"))
    unsigned = properties
    for name in ("UnsignedProperties", "UnsignedSignatureProperties", "SignatureTimeStamp", "EncapsulatedTimeStamp"):
        unsigned = etree.SubElement(unsigned, f"{{http://uri.etsi.org/01903/v1.3.2#}}{name}")
    unsigned.text = base64.b64encode(token.dump()).decode()
    return etree.tostring(root)


def test_a_certificate_that_ended_is_good_where_a_stamp_proves_that_it_signed_before(check: Take) -> None:
    ended = AUTHORITY.signer("Ana", until=datetime(2021, 1, 1, tzinfo=UTC))
    taken = check(stamped(signed(INVOICE, ended), datetime(2020, 6, 5, tzinfo=UTC)))
    assert signatures(taken) == ["signature.valid"]
    assert "2020-06-05 (probada por un sello de tiempo)" in said(taken, "signature.valid")


@pytest.mark.parametrize(("year", "of"), [(2021, None), (2020, b"otra cosa")])
def test_a_stamp_that_is_later_or_of_something_else_proves_nothing(check: Take, year: int, of: bytes | None) -> None:
    ended = AUTHORITY.signer("Ana", until=datetime(2021, 1, 1, tzinfo=UTC))
    assert signatures(check(stamped(signed(INVOICE, ended), datetime(year, 6, 5, tzinfo=UTC), of))) == ["signature.expired"]


def test_a_document_in_the_text_of_another_is_read_and_its_signature_checked(check: Take) -> None:
    """As an electronic invoice comes in its container (UBL 2.1, AttachedDocument)."""
    inner = signed(INVOICE, BRUNO).decode()
    outer = etree.fromstring("<Contenedor xmlns='urn:ejemplo'><Emisor>Papeles del Sur</Emisor><Anexo/></Contenedor>")
    outer[1].text = etree.CDATA(inner)
    taken = check(signed(etree.tostring(outer), ANA))
    assert signatures(taken) == ["signature.valid", "signature.valid"]
    assert {"Ana María Ñustes", "Bruno Peña"} == {str(f.params["signer"]) for f in taken.work.findings if f.code == "signature.valid"}
    assert "Papelería y tóner" in taken.text
    assert "<Valor" not in taken.text


def test_an_enveloping_signature_covers_what_it_holds(check: Take) -> None:
    content = signed(INVOICE, ANA, method=SignatureConstructionMethod.enveloping, xades=False)
    assert signatures(check(content)) == ["signature.valid"]


def test_a_signed_document_in_a_signed_envelope_has_both_checked(check: Take) -> None:
    taken = check(enveloped(signed(INVOICE, ANA), BRUNO), "factura.xml.p7m")
    assert signatures(taken) == ["signature.valid", "signature.valid"]


def test_the_numbers_of_a_signature_are_not_text_to_be_found(check: Take) -> None:
    content = signed(INVOICE, ANA)
    value = etree.fromstring(content).findtext(f".//{DS}SignatureValue")
    assert value
    assert value not in check(content).text


def test_many_references_are_left_undecided_and_not_followed(check: Take) -> None:
    content = signed(INVOICE, ANA, xades=False)
    start, end = content.index(b"<ds:Reference"), content.index(b"</ds:Reference>") + len(b"</ds:Reference>")
    assert signatures(check(content[:end] + content[start:end] * 50_000 + content[end:])) == ["signature.undecided"]
