"""Findings about any file: its bytes, its format, images, packages and text."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from ingest.catalogue.entry import Entry, Severity

FILES: Final[Mapping[str, Entry]] = MappingProxyType(
    {
        "file.empty": Entry(
            Severity.ERROR,
            "A record needs content (ISO 15489-1, 5.2.2)",
            "El archivo está vacío: mide cero bytes. Se conserva tal como llegó.",
            "Pida a quien lo entregó que lo envíe de nuevo.",
        ),
        "file.too_slow": Entry(
            Severity.ERROR,
            "Limits.seconds_per_call",
            "El archivo no se terminó de leer en {seconds} segundos, que es el tiempo permitido. Se conserva, pero su texto "
            "no se puede buscar.",
            "Ábralo en un equipo aislado y, si es legítimo, pida una versión más sencilla o en PDF.",
        ),
        "file.too_large_in_memory": Entry(
            Severity.ERROR,
            "ChildLimits.memory",
            "Leer el archivo exige más memoria de la permitida, como ocurre con los archivos hechos para agotar un sistema. "
            "Se conserva, pero su texto no se puede buscar.",
            "Compruebe de dónde viene; si es legítimo, pida que lo entreguen dividido o en PDF.",
        ),
        "file.crashes_reader": Entry(
            Severity.ERROR,
            "A reader ended by itself",
            "El programa que lee este formato se cerró al abrir el archivo, señal de que está dañado o hecho para dañar. Se "
            "conserva, pero su texto no se puede buscar.",
            "Compruebe de dónde viene y pida una copia nueva.",
        ),
        "file.damaged": Entry(
            Severity.ERROR,
            "The format's own rules",
            "El archivo está dañado y no se pudo leer. Se conserva tal como llegó, pero su texto no se puede buscar.",
            "Pida una copia nueva a quien lo entregó.",
        ),
        "file.irregular": Entry(
            Severity.WARNING,
            "The format's own rules",
            "El archivo no cumple del todo las reglas de su formato; su revisión no se pudo completar.",
            "Ábralo y compruebe que se ve completo.",
        ),
        "scan.virus": Entry(
            Severity.ERROR,
            "ISO 16363, 5.1.1.2: threats to the collection",
            "El antivirus encontró «{signature}» en el archivo. El original se conserva, pero no se lee ni se muestra.",
            "No lo abra. Pida a quien lo entregó una copia limpia y avise a seguridad de la información.",
        ),
        "scan.unavailable": Entry(
            Severity.ERROR,
            "ISO 16363, 5.1.1.2",
            "El antivirus está configurado pero no respondió; el archivo no se ha revisado.",
            "Compruebe que el servicio ClamAV está en marcha y reintente el trabajo.",
        ),
        "scan.too_large": Entry(
            Severity.WARNING,
            "clamd.conf(5), StreamMaxLength",
            "El archivo supera el tamaño que el antivirus acepta; no se revisó.",
            "Aumente StreamMaxLength en la configuración de ClamAV o revise el archivo aparte.",
        ),
        "format.unknown": Entry(
            Severity.WARNING,
            "PREMIS 3, 1.5.4: format",
            "No se reconoce el formato del archivo: ni su contenido ni su nombre corresponden a uno conocido.",
            "Pregunte a quien lo entregó con qué programa se abre y regístrelo en la descripción.",
        ),
        "format.unregistered": Entry(
            Severity.INFO,
            "PREMIS 3, 1.5.4.2: format registry",
            "El formato se reconoce por su contenido ({name}), pero ninguna firma del registro PRONOM coincide con el archivo.",
            "No hace falta hacer nada; si el archivo se abre mal, pida una copia nueva.",
        ),
        "format.extension_mismatch": Entry(
            Severity.WARNING,
            "PRONOM signature against the file name",
            "El nombre del archivo termina en «.{extension}», pero su contenido es otro: {name}. Se trata según su contenido.",
            "Compruebe que es el documento que se quería entregar.",
        ),
        "format.failed": Entry(
            Severity.ERROR,
            "A reader ended by itself",
            "No se pudo identificar el formato del archivo. Se conserva tal como llegó, pero su texto no se puede buscar.",
            "Reintente el trabajo; si vuelve a fallar, compruebe de dónde viene el archivo.",
        ),
        "policy.to_migrate": Entry(
            Severity.INFO,
            "The institution's format policy (preservation.formats)",
            "El formato se acepta, pero conviene migrarlo a {target}: {reason} Lo dice: {source}.",
            "Si puede, entregue también una copia como {target}; el original se conserva siempre.",
        ),
        "policy.refused": Entry(
            Severity.WARNING,
            "The institution's format policy (preservation.formats)",
            "El formato no se admite en una transferencia: {reason} Lo dice: {source}. Se conserva tal como llegó.",
            "Pida a quien lo entregó {target}.",
        ),
        "policy.unknown": Entry(
            Severity.INFO,
            "The institution's format policy (preservation.formats)",
            "La política de formatos no dice nada de este formato ({name}): no se sabe si podrá leerse a largo plazo.",
            "Pida que se decida y se anote en la política; mientras tanto, si puede, entregue también una copia en PDF/A.",
        ),
        "image.damaged": Entry(
            Severity.ERROR,
            "The format's own rules",
            "La imagen está dañada y no se puede abrir. Se conserva tal como llegó.",
            "Pida que la digitalicen o la envíen de nuevo.",
        ),
        "image.truncated": Entry(
            Severity.ERROR,
            "The format's own rules",
            "A la imagen le falta una parte: el archivo termina antes de lo que anuncia.",
            "Mírela y, si está cortada, pida que la digitalicen o la envíen de nuevo.",
        ),
        "image.bomb": Entry(
            Severity.ERROR,
            "Limits.max_pixels",
            "La imagen mide {width} × {height} píxeles, más de lo que se puede abrir sin riesgo. Se conserva, pero no se "
            "muestra ni se lee.",
            "Pida una copia con una resolución de 300 puntos por pulgada.",
        ),
        "image.too_many_frames": Entry(
            Severity.ERROR,
            "Limits.max_pages",
            "La imagen tiene más de {limit} páginas, el máximo que se procesa. Se conserva, pero no se lee.",
            "Pida que la entreguen dividida en tomos.",
        ),
        "package.damaged": Entry(
            Severity.ERROR,
            "APPNOTE.TXT 6.3 (zip); ISO/IEC 21320-1",
            "El archivo comprimido que forma el documento está dañado y no se puede abrir. Se conserva tal como llegó, pero "
            "su texto no se puede buscar.",
            "Pida una copia nueva a quien lo entregó.",
        ),
        "package.entry_damaged": Entry(
            Severity.WARNING,
            "APPNOTE.TXT 6.3: CRC-32",
            "Una parte del documento está dañada: {name}. Lo demás se leyó.",
            "Ábralo y compruebe que se ve completo.",
        ),
        "package.bomb": Entry(
            Severity.ERROR,
            "Limits.max_expanded_bytes",
            "El archivo, al descomprimirse, ocuparía mucho más de lo razonable, como los hechos para agotar un sistema. Se "
            "conserva sin descomprimir.",
            "Compruebe de dónde viene y pida que entreguen los documentos por separado.",
        ),
        "package.unsafe_names": Entry(
            Severity.WARNING,
            "APPNOTE.TXT 6.3, 4.4.17",
            "El archivo comprimido contiene nombres que, al descomprimirlo sin cuidado, escribirían fuera de su carpeta. Aquí"
            " no se descomprime.",
            "No lo descomprima en su equipo; pida que entreguen los documentos por separado.",
        ),
        "package.nested": Entry(
            Severity.INFO,
            "Nothing inside is unpacked",
            "El archivo comprimido contiene otros archivos comprimidos.",
            "Pida que entreguen los documentos por separado para poder buscarlos.",
        ),
        "package.contents": Entry(
            Severity.INFO,
            "Nothing inside is unpacked",
            "Es un archivo comprimido (elementos: {count}). Se conserva entero y no se descomprime.",
            "Si son documentos, entréguelos por separado para poder buscarlos y describirlos.",
        ),
        "text.none": Entry(
            Severity.ERROR,
            "Contract: what gives no text says so",
            "El archivo no tiene texto que se pueda leer. Se conserva tal como llegó y se encuentra por su nombre.",
            "Describa en el título y el asunto de qué trata, para que se pueda encontrar.",
        ),
        "text.truncated": Entry(
            Severity.WARNING,
            "Limits.max_text_chars",
            "El texto es tan largo que solo se tomaron sus primeros {characters} caracteres para la búsqueda. El original se "
            "conserva completo.",
            "Si necesita buscar en el resto, entréguelo dividido.",
        ),
        "text.encoding_guessed": Entry(
            Severity.INFO,
            "Unicode: no declared encoding",
            "El archivo de texto no dice con qué codificación se escribió; se dedujo de sus letras.",
            "Si ve letras extrañas, pida una copia en UTF-8.",
        ),
    }
)
