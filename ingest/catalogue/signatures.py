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
        "signature.weak": Entry(
            Severity.WARNING,
            f"{_ADES}, 5.1: CRYPTO_CONSTRAINTS_FAILURE_NO_POE; ETSI TS 119 312",
            "La firma de {signer} ({at}) corresponde al documento, pero con algoritmos que ya no se tienen por seguros ({algorithm}): otro "
            "documento podría hacerse pasar por este.",
            "Busque otra prueba de que es el que se firmó (acta, constancia, copia de otra fuente) y déjela en la descripción.",
        ),
        "signature.partial": Entry(
            Severity.WARNING,
            "XML Signature Best Practices (W3C, 2013), 2.1: see what is signed",
            "La firma de {signer} ({at}, certificado de {issuer}) cubre solo una parte del documento: {covers}. De esa parte, la firma "
            "{judgement}. Lo demás no está firmado y pudo cambiarse sin que se note.",
            "Tome por firmado solo lo que la firma cubre; si importa el resto, pida el documento firmado entero.",
        ),
        "signature.undecided": Entry(
            Severity.WARNING,
            f"{_ADES}, 5.1: INDETERMINATE",
            "No se pudo decidir si la firma de {signer} (certificado de {issuer}) es válida: {reason}. El documento se conserva y se lee "
            "igual.",
            "Compruébela en un programa que muestre firmas, o pida lo que falta a quien firmó, y deje constancia en la descripción.",
        ),
        "signature.unreadable": Entry(
            Severity.WARNING,
            "ISO 32000-2, 12.8; RFC 5652",
            "Una firma del documento ({field}) no se puede leer: no se sabe si es válida.",
            "Ábralo en un programa que muestre firmas y, si tampoco la lee, pida el documento de nuevo.",
        ),
        "cms.signed": Entry(
            Severity.INFO,
            "RFC 5652, 5; ETSI EN 319 122-1",
            "El archivo es un sobre firmado con el documento dentro (firmas: {count}). Se conserva tal como llegó, y lo que se lee, se "
            "muestra y se busca es el documento que contiene.",
            "No hace falta hacer nada; la copia de consulta es el documento sin su sobre, y no conserva la firma.",
        ),
        "cms.detached": Entry(
            Severity.WARNING,
            "RFC 5652, 5.2: external signature",
            "El archivo es solo una firma: el documento que firma no viene dentro. Por sí sola no prueba nada ni tiene texto.",
            "Entregue el documento con su firma en un mismo sobre (P7M o P7Z), o relacione los dos en la descripción.",
        ),
        "cms.no_signers": Entry(
            Severity.WARNING,
            "RFC 5652, 5.1: degenerate signed-data",
            "El archivo tiene la forma de un sobre firmado, pero nadie lo firmó: solo lleva certificados o un documento sin firma.",
            "Pida el documento firmado a quien lo entregó.",
        ),
        "cms.encrypted": Entry(
            Severity.ERROR,
            "RFC 5652, 6: enveloped-data",
            "El archivo está cifrado para quien tenga la clave y no se puede abrir. Se conserva tal como llegó, pero su texto no se puede "
            "buscar.",
            "Pida a quien lo entregó que lo envíe sin cifrar.",
        ),
        "cms.damaged": Entry(
            Severity.ERROR,
            "RFC 5652, 3; ITU-T X.690",
            "El sobre firmado está dañado o cortado y no se puede abrir. Se conserva tal como llegó, pero ni su texto se puede buscar ni "
            "sus firmas se pueden comprobar.",
            "Pida una copia nueva a quien lo entregó.",
        ),
        "cms.left_out": Entry(
            Severity.WARNING,
            "Limits.max_expanded_bytes",
            "El sobre firmado contiene más de lo que se puede sacar de él (como mucho {limit} documentos, y un tamaño máximo); el resto "
            "no se leyó. El original lo conserva.",
            "Pida que se entreguen por separado los documentos que contiene.",
        ),
        "cms.nesting": Entry(
            Severity.WARNING,
            "Limits.max_nesting",
            "Hay sobres firmados dentro de otros más allá de {limit} niveles; los más profundos no se abrieron.",
            "Pida el documento en un solo sobre.",
        ),
        "signature.failed": Entry(
            Severity.WARNING,
            "A reader ended by itself, or the file cannot be followed to its signatures",
            "El documento está firmado y sus firmas no se pudieron comprobar.",
            "Compruébelas en un programa que muestre firmas y deje constancia en la descripción.",
        ),
    }
)
