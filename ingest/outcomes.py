"""What each step did, in Spanish: the sentence of every event code. `{name}` stands for a parameter of the event."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

OUTCOMES: Final[Mapping[str, str]] = MappingProxyType(
    {
        "scan.clean": "El antivirus revisó el archivo y no encontró nada ({engine}).",
        "scan.infected": "El antivirus encontró «{signature}» ({engine}).",
        "scan.not_configured": "No se buscó software malicioso: no hay un antivirus configurado.",
        "scan.unavailable": "No se pudo buscar software malicioso: el antivirus no respondió.",
        "scan.too_large": "No se buscó software malicioso: el archivo supera el tamaño que el antivirus acepta ({engine}).",
        "identify.identified": "Formato identificado en PRONOM: {name} ({puid}).",
        "identify.unregistered": "Formato reconocido por su contenido, sin identificador de PRONOM: {name}.",
        "identify.unknown": "No se reconoció el formato.",
        "identify.failed": "No se pudo identificar el formato.",
        "identify.empty": "El archivo está vacío: no hay formato que identificar.",
        "validate.valid": "El archivo cumple lo que se revisó de su formato.",
        "validate.noted": "El archivo se revisó; hay observaciones ({findings}).",
        "validate.unreadable": "El archivo no se puede leer; hay observaciones ({findings}).",
        "validate.failed": "No se pudo terminar la revisión del archivo.",
        "validate.while_reading": "Este formato se revisa al leer su texto.",
        "validate.no_rules": "No hay reglas para revisar este formato.",
        "validate.not_readable": "No se revisó, porque el archivo no se puede leer.",
        "conform.conforms": "El archivo está construido como pide la norma de su formato, según {by}.",
        "conform.pdfa": "El PDF es el PDF/A-{flavour} que dice ser, según {by}.",
        "conform.breaches": "El archivo no cumple del todo la norma de su formato, según {by}; hay observaciones ({findings}).",
        "conform.undecided": "No se pudo comprobar del todo que el PDF sea el PDF/A-{flavour} que dice ser, según {by}.",
        "conform.no_claim": "El PDF no dice ser PDF/A: no hay una norma de preservación con que compararlo.",
        "conform.no_rules": "No hay reglas de construcción para este formato.",
        "conform.no_program": "No se comparó con la norma de su formato: falta el programa {program}.",
        "conform.not_readable": "No se comparó con la norma de su formato, porque el archivo no se puede leer.",
        "conform.failed": "No se pudo terminar de comparar el archivo con la norma de su formato.",
        "policy.none": "No hay una política de formatos con que compararlo.",
        "policy.preferred": "Según la política de formatos, es de los preferidos para conservar: {name}.",
        "policy.accepted": "Según la política de formatos, se acepta: {name}.",
        "policy.to_migrate": "Según la política de formatos, se acepta y conviene migrarlo: {name}.",
        "policy.refused": "Según la política de formatos, no se admite en una transferencia: {name}. Se conservó.",
        "policy.unknown": "La política de formatos no dice nada de este formato.",
        "signature.none": "No hay firmas que comprobar.",
        "signature.checked": (
            "Firmas comprobadas sin conexión: válidas, {valid}; alteradas, {altered}; de certificado vencido, {expired}; revocadas, "
            "{revoked}; de cadena desconocida, {unknown_chain}; ilegibles, {unreadable} (certificados raíz: {roots})."
        ),
        "signature.judged": (
            "Firmas comprobadas sin conexión: válidas, {valid}; alteradas, {altered}; de certificado vencido, {expired}; revocadas, "
            "{revoked}; de cadena desconocida, {unknown_chain}; de algoritmo débil, {weak}; sin decidir, {undecided}; ilegibles, "
            "{unreadable} (certificados raíz: {roots})."
        ),
        "signature.not_readable": "No se comprobaron firmas, porque el archivo no se puede leer.",
        "signature.failed": "No se pudieron comprobar las firmas del documento.",
        "extract.done": "Texto extraído (partes: {parts}; caracteres: {characters}).",
        "extract.pending": "Texto extraído (partes: {parts}; caracteres: {characters}; por reconocer de su imagen: {pending}).",
        "extract.none": "El archivo no tiene texto que se pueda extraer.",
        "extract.failed": "No se pudo extraer el texto.",
        "extract.not_readable": "No se extrajo texto, porque el archivo no se puede leer.",
        "ocr.nothing_pending": "Ninguna página necesitaba reconocimiento de texto.",
        "ocr.unavailable": "No se pudo reconocer texto: faltan los datos del idioma «{language}».",
        "ocr.done": "Texto reconocido en las imágenes (páginas: {pages}; dudosas: {doubtful}; sin leer: {failed}).",
        "ocr.failed": "No se pudo reconocer el texto de ninguna página (páginas: {pages}).",
        "derivative.no_recognised_text": "No hacía falta una copia con texto: no se reconoció ninguno.",
        "derivative.only_inside": "No se hizo una copia con texto: lo reconocido está dentro del documento, en sus anexos o imágenes.",
        "derivative.taken_out": "Se sacó del sobre firmado una copia del documento que contiene: {name}.",
        "derivative.made": "Se hizo una copia PDF con el texto reconocido (páginas: {pages}).",
        "derivative.lost_text": "La copia PDF se descartó: perdía texto en las páginas {pages}.",
        "derivative.failed": "No se pudo hacer la copia PDF con el texto reconocido.",
    }
)
