"""A document's state, access and events in words. Steps' outcomes are worded by ingest.outcomes; the institution's own acts here."""

from collections.abc import Mapping
from typing import Any, Final

from ingest.outcomes import OUTCOMES

EVENTS: Final[Mapping[str, str]] = {
    "received": "Se recibió «{filename}», de {size} bytes, con resumen SHA-256 {sha256}.",
    "received.again": "Llegaron otra vez los mismos bytes, con el nombre «{filename}»; no se guardaron de nuevo.",
    "digest": "Se calculó el resumen SHA-256 mientras llegaban los bytes.",
    "packaged": "Se guardó en el paquete, versión {version}, lo obtenido del original.",
    "fixity": "Se leyó de nuevo todo lo guardado y coincide con sus resúmenes.",
    "restored_without_copy": "Un archivo dañado o perdido se restituyó según {source}: {path}, SHA-256 {was} antes y {now} ahora.",
    "restored": "Un archivo dañado o perdido se restituyó desde la copia «{source}»: {path}, SHA-256 {was} antes y {now} ahora.",
    "classified.automatic": "Se clasificó por sí solo en {label}, con confianza del {percent} %.",
    "classified.confirmed": "{actor} clasificó el documento en {label}.",
    "classified.suggested": "Se propuso la clase {label}, que espera la decisión de una persona.",
    "classified.abstained": "No se propuso una clase con suficiente seguridad; decide una persona.",
    "migration.made": (
        "Se hizo una copia de preservación en {target} y se comparó con el original: {before} páginas en uno y {after} en la otra, el "
        "mismo texto, y a lo sumo un {worst} % de puntos distintos en una página."
    ),
    "migration.differs": (
        "La copia en {target} no es igual al original (páginas: {before} y {after}; distintas: {pages}), y se descartó. El original sigue "
        "igual."
    ),
    "migration.invalid": "La copia en {target} no cumple la norma de su formato, y se descartó. El original sigue igual.",
    "migration.impossible": "No se pudo hacer una copia en {target}: {reason}. El original sigue igual.",
    "migration.made.words": (
        "Se hizo una copia de preservación en {target} con LibreOffice y se comparó con el original palabra por palabra: de {words}, "
        "{found}. La copia tiene {shown}. Letras que no están aquí y se sustituyeron: {fonts}. La copia no se puede editar{lost}."
    ),
    "migration.differs.words": (
        "La copia en {target} no dice lo mismo que el original (de {words} palabras, {found}), y se descartó. El original sigue igual."
    ),
    "deleted": (
        "Se eliminó el contenido por {authority} {number} del {date} ({signed_by}). Lo pidió {requested_by} y lo confirmó "
        "{confirmed_by}. Motivo: {reason}"
    ),
    "chain.failed": "No se pudo terminar el procesamiento: {reason}.",
}

STATES: Final[Mapping[str, str]] = {
    "received": "recibido, en espera",
    "processing": "en proceso",
    "preserved": "guardado; falta poder buscarlo",
    "findable": "disponible para búsqueda",
    "failed": "no se pudo procesar",
    "deleted": "eliminado: queda constancia de qué fue",
}
CERTAINTY: Final[Mapping[str, str]] = {
    "container": "Por las firmas de PRONOM de lo que el archivo lleva dentro",
    "signature": "Por la firma de PRONOM en sus bytes",
    "content": "Por cómo son sus bytes, sin una firma de PRONOM: compruébelo si importa",
    "extension": "Solo por la extensión de su nombre: compruébelo si importa",
}
"""What the identity of a format rests on (preservation.formats.Certainty)."""
ACCESS: Final[Mapping[str, str]] = {"publica": "Pública", "clasificada": "Pública clasificada", "reservada": "Pública reservada"}


def event_sentence(code: str, params: Mapping[str, Any]) -> str:
    """An event as a Spanish sentence."""
    return (EVENTS.get(code) or OUTCOMES[code]).format_map(dict(params))
