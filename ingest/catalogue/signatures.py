"""Findings about electronic signatures."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from ingest.catalogue.entry import Entry, Severity

_ADES: Final = "ETSI EN 319 102-1"

SIGNATURES: Final[Mapping[str, Entry]] = MappingProxyType(
    {
        "signature.valid": Entry(
            Severity.INFO,
            f"{_ADES}, 5.1: TOTAL-PASSED; revocation only by what the document carries",
            "La firma de {signer} es válida: el documento es el que se firmó y su certificado, de {issuer}, lleva a una raíz en la que se "
            "confía. Fecha: {at} ({proof}).",
            "No hace falta hacer nada: quedó constancia de que al recibirlo era válida.",
        ),
        "signature.altered": Entry(
            Severity.WARNING,
            f"{_ADES}, 5.1: TOTAL-FAILED; ISO 32000-2, 12.8",
            "El documento cambió después de que lo firmara {signer} ({at}): sus bytes no son los firmados, o se le añadió algo que la "
            "firma no permite.",
            "No lo tome por auténtico. Pida el documento firmado a quien lo produjo y compárelos.",
        ),
        "signature.expired": Entry(
            Severity.WARNING,
            f"{_ADES}, 5.1: OUT_OF_BOUNDS_NO_POE",
            "La firma de {signer} ({at}) corresponde al documento, pero su certificado venció el {until} y nada prueba que firmara antes.",
            "Busque otra prueba de su fecha (constancia de recibo, sello de tiempo, acta de entrega) y déjela en la descripción.",
        ),
        "signature.revoked": Entry(
            Severity.WARNING,
            f"{_ADES}, 5.1: REVOKED_NO_POE",
            "La firma de {signer} ({at}) corresponde al documento, pero {issuer} revocó su certificado y nada prueba que firmara antes.",
            "Consulte a quien firmó; si firmó antes de la revocación, deje la prueba en la descripción.",
        ),
        "signature.unknown_chain": Entry(
            Severity.WARNING,
            f"{_ADES}, 5.1: NO_CERTIFICATE_CHAIN_FOUND",
            "La firma de {signer} ({at}) corresponde al documento, pero su certificado, de {issuer}, no lleva a ninguna raíz en la que se "
            "confíe: no se sabe si es de quien dice ser.",
            "Si esa entidad certificadora es de confianza, pida a quien opera el sistema que añada su certificado raíz, y lea de nuevo.",
        ),
        "signature.no_roots": Entry(
            Severity.INFO,
            f"{_ADES}, 5.1: NO_CERTIFICATE_CHAIN_FOUND; ARCHIVO_TRUST_ROOTS is not given or holds no certificate",
            "La firma de {signer} ({at}) corresponde al documento. No se comprobó de quién es: no se han dado certificados raíz en los que "
            "confiar.",
            "Pida que se reúnan en una carpeta que ARCHIVO_TRUST_ROOTS indique; después, lea de nuevo el documento.",
        ),
        "signature.unreadable": Entry(
            Severity.WARNING,
            "ISO 32000-2, 12.8; RFC 5652",
            "Una firma del documento ({field}) no se puede leer: no se sabe si es válida.",
            "Ábralo en un programa que muestre firmas y, si tampoco la lee, pida el documento de nuevo.",
        ),
        "signature.failed": Entry(
            Severity.WARNING,
            "A reader ended by itself, or the file cannot be followed to its signatures",
            "El documento está firmado y sus firmas no se pudieron comprobar.",
            "Compruébelas en un programa que muestre firmas y deje constancia en la descripción.",
        ),
    }
)
