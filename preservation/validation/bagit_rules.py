"""The rules of BagIt (RFC 8493, and draft 0.97 where it is milder). BagIt has no codes of its own: these are ours."""

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Final

from preservation.findings import Finding, Param, Rule, Severity, by_code, shown

_ASK: Final = "Pida a quien entregó la bolsa que la genere de nuevo; no la corrija a mano."
_RESEND: Final = "Pida de nuevo ese archivo, o la bolsa entera, a quien la entregó."
_NOTHING: Final = "No hace falta hacer nada."
_DANGER: Final = "No abra ni complete esta bolsa con otros programas: avise a quien la entregó y pida otra."

_ERRORS: Final = (
    ("declaration_missing", "2.1.1", "Falta «bagit.txt»: la bolsa no dice que lo es ni de qué versión.", _ASK),
    ("declaration_bom", "2.1.1", "«bagit.txt» empieza con una marca de orden de bytes (BOM), que no puede llevar.", _ASK),
    ("declaration_encoding", "2.1.1", "«bagit.txt» no está en UTF-8.", _ASK),
    ("declaration_lines", "2.1.1", "«bagit.txt» no tiene exactamente las dos líneas que debe: falta o sobra «{line}».", _ASK),
    ("declaration_spaces", "2.1.1", "En «bagit.txt», «{line}» tiene espacios o mayúsculas donde no puede haberlos.", _ASK),
    ("version", "2.1.1", "«{version}» no es una versión de BagIt que se conozca.", "Compruebe con qué programa se hizo la bolsa."),
    ("encoding", "2.1.1", "No se conoce la codificación «{encoding}» que dice «bagit.txt».", _ASK),
    ("payload_missing", "2.1.2", "Falta la carpeta «data»: la bolsa no trae nada.", _RESEND),
    (
        "payload_not_folder",
        "2.1.2",
        "«data» es un archivo, y debe ser la carpeta del contenido: la bolsa no trae nada que se pueda comprobar.",
        _RESEND,
    ),
    ("manifest_missing", "2.1.3", "No hay ningún manifiesto del contenido: no se puede comprobar nada de lo que trae.", _ASK),
    (
        "algorithm",
        "2.4",
        "No se conoce el algoritmo «{algorithm}» del manifiesto «{name}»: no se pudo comprobar.",
        "Pida un manifiesto sha256 o sha512.",
    ),
    ("two_manifests", "2.1.3", "Hay dos manifiestos del mismo algoritmo: «{name}» y «{other}».", _ASK),
    ("tag_encoding", "2.3", "El archivo no se puede leer en la codificación {encoding} que dice «bagit.txt».", _ASK),
    ("tag_bom", "2.3", "El archivo empieza con una marca de orden de bytes (BOM), que su codificación no pide.", _ASK),
    (
        "tag_size",
        "2.3",
        "El archivo pesa más de {limit} bytes, más de lo que este validador lee: no se revisó.",
        "Divida la bolsa en otras más pequeñas.",
    ),
    ("line", "2.1.3", "La línea no tiene la forma «RESUMEN RUTA»: «{text}».", _ASK),
    ("digest_form", "2.4", "«{digest}» no es un resumen {algorithm} en hexadecimal.", _ASK),
    ("path_escapes", "5.1", "La ruta «{path}» sale de la bolsa: podría leer o escribir en cualquier lugar del equipo.", _DANGER),
    ("path_absolute", "5.1", "La ruta «{path}» es absoluta: señala un lugar del equipo, no de la bolsa.", _DANGER),
    ("path_home", "5.1", "La ruta «{path}» señala la carpeta de una persona del equipo, no la bolsa.", _DANGER),
    ("path_variable", "5.1", "La ruta «{path}» depende de una variable del equipo, no de la bolsa.", _DANGER),
    ("path_backslash", "2.1.3", "La ruta «{path}» separa las carpetas con «\\» en vez de «/».", _ASK),
    ("path_form", "2.1.3", "La ruta «{path}» tiene caracteres que ninguna ruta puede tener.", _ASK),
    ("path_outside", "2.1.3", "El manifiesto del contenido nombra «{path}», que no está en «data».", _ASK),
    ("tag_lists_payload", "2.2.1", "El manifiesto de etiquetas nombra «{path}», que es contenido.", _ASK),
    ("tag_lists_tag_manifest", "2.2.1", "El manifiesto de etiquetas nombra otro manifiesto de etiquetas: «{path}».", _ASK),
    (
        "tag_lacks_manifest",
        "2.2.1",
        "El manifiesto de etiquetas no nombra «{manifest}»: alguien pudo cambiar ese manifiesto, y con él el contenido, sin que se note.",
        _ASK,
    ),
    ("listed_twice", "2.1.3", "«{path}» está dos veces en el manifiesto.", _ASK),
    ("listed_twice_differing", "2.1.3", "«{path}» está dos veces en el manifiesto, con resúmenes distintos: no se sabe cuál vale.", _ASK),
    ("file_missing", "3", "Falta un archivo que nombra «{manifest}»: la bolsa está incompleta.", _RESEND),
    ("file_unlisted", "3", "El archivo no está en ningún manifiesto: nadie puede saber si llegó íntegro.", _ASK),
    ("file_unlisted_somewhere", "3", "El archivo no está en «{manifest}»: en BagIt 1.0 cada manifiesto nombra todo el contenido.", _ASK),
    ("digest", "3", "El archivo cambió o se dañó: su resumen {algorithm} es {found} y «{manifest}» dice {expected}.", _RESEND),
    ("info_line", "2.2.2", "La línea no tiene la forma «Etiqueta: valor»: «{text}».", _ASK),
    (
        "info_spaces",
        "2.2.2",
        "La línea no tiene la forma exacta «Etiqueta: valor», con un espacio tras los dos puntos y ninguno antes: «{text}».",
        _ASK,
    ),
    ("oxum_repeated", "2.2.2", "«Payload-Oxum» está más de una vez.", _ASK),
    ("oxum_form", "2.2.2", "«Payload-Oxum» dice «{value}», que no es «BYTES.ARCHIVOS».", _ASK),
    ("oxum", "2.2.2", "«Payload-Oxum» dice {expected} (bytes y archivos) y en «data» hay {found}: falta o sobra algo.", _RESEND),
    ("fetch_line", "2.2.3", "La línea no tiene la forma «DIRECCIÓN TAMAÑO RUTA»: «{text}».", _ASK),
    ("fetch_tag_file", "2.2.3", "«fetch.txt» nombra «{path}», que no es contenido de «data».", _ASK),
    ("fetch_unlisted", "2.2.3", "«fetch.txt» nombra «{path}», que no está en «{manifest}»: no habría cómo comprobarlo.", _ASK),
    (
        "fetch_pending",
        "2.2.3",
        "El archivo no vino en la bolsa: hay que traerlo de {url}. Hasta entonces está incompleta.",
        "Pida que lo incluyan, o complete la bolsa.",
    ),
    (
        "fetch_outside",
        "5.2",
        "El archivo debe traerse de {url}, que está fuera de la carpeta permitida. No se leyó.",
        "Pida que incluyan el archivo en la bolsa.",
    ),
    ("fetch_size", "5.3", "El archivo que se trajo pesa {found} bytes y «fetch.txt» dice {expected}.", _RESEND),
    (
        "link",
        "5.1",
        "Es un enlace simbólico: lo que guarda está fuera de la bolsa. No se leyó.",
        "Pida que incluyan el archivo mismo en la bolsa.",
    ),
    ("special", "2.1.2", "No es un archivo ni una carpeta. No se leyó.", "Pida la bolsa sin él."),
    (
        "unreadable",
        "3",
        "No se pudo leer: {reason}. Mientras no se lea, no se sabe si está bien.",
        "Revise los permisos y el disco, y valide de nuevo.",
    ),
)
_WARNINGS: Final = (
    ("declaration_spaces_old", "2.1.1", "En «bagit.txt», «{line}» tiene espacios, líneas o mayúsculas de más.", _NOTHING),
    ("encoding_not_utf8", "2.1.1", "Los archivos de etiquetas están en {encoding}; se recomienda UTF-8.", _NOTHING),
    ("manifest_name", "2.4", "El nombre «{name}» no está normalizado: solo minúsculas y cifras.", _NOTHING),
    ("path_dot_slash", "2.1.3", "La ruta «{path}» empieza por «./» o tiene partes de más; se leyó sin ellas.", _NOTHING),
    ("path_percent", "2.1.3", "La ruta «{path}» tiene «%» sin codificar como «%25»; se tomó tal cual.", _NOTHING),
    ("md5sum_star", "6.1.3", "Las rutas llevan «*» delante, como las escribe md5sum; se leyó sin él.", _NOTHING),
    ("listed_twice_old", "2.1.3", "«{path}» está dos veces en el manifiesto, con el mismo resumen.", _NOTHING),
    (
        "case_twins",
        "6.1.1.1",
        "«{path}» y «{other}» solo se distinguen por las mayúsculas: en Windows o macOS uno borraría al otro.",
        "Pida que cambien el nombre de uno.",
    ),
    (
        "unicode_twins",
        "6.1.1.2",
        "«{path}» y otro nombre se ven igual pero se escriben con códigos Unicode distintos ({form} y {other_form}): quizá sean el mismo.",
        "Pida que los nombren de una sola manera.",
    ),
    (
        "file_by_other_case",
        "6.1.1.1",
        "El manifiesto lo nombra «{path}»; se encontró con otras mayúsculas.",
        "Pida que corrijan el nombre en el manifiesto.",
    ),
    (
        "file_by_other_form",
        "6.1.1.2",
        "El nombre está en {form} y el manifiesto lo escribe en {other_form}; se leen igual.",
        _NOTHING,
    ),
    ("file_unlisted_somewhere_old", "3", "El archivo no está en «{manifest}», aunque sí en otro manifiesto.", _NOTHING),
    ("system_file", "6.1", "«{name}» lo hizo el sistema operativo de quien armó la bolsa; no es un documento.", _NOTHING),
    (
        "system_file_missing",
        "3",
        "Falta «{name}», un archivo vacío que hizo el sistema operativo: no se perdió nada. Otros validadores pueden rechazar la bolsa.",
        _NOTHING,
    ),
    ("info_spaces_old", "2.2.2", "La línea no tiene la forma exacta «Etiqueta: valor»: «{text}».", _NOTHING),
    ("oxum_repeated_old", "2.2.2", "«Payload-Oxum» está más de una vez.", _NOTHING),
    ("info_date", "2.2.2", "«Bagging-Date» dice «{value}», que no es una fecha AAAA-MM-DD.", _NOTHING),
    ("fetch_unlisted_old", "2.2.3", "«fetch.txt» nombra «{path}», que no está en «{manifest}».", _NOTHING),
)
_NOTES: Final = (
    ("version_old", "2.1.1", "La bolsa es de BagIt {version}, anterior a la 1.0.", _NOTHING),
    (
        "weak_algorithm",
        "2.4",
        "Los manifiestos son solo de {algorithm}, que descubre daños pero no una alteración intencionada.",
        "Pida manifiestos sha256 o sha512.",
    ),
    (
        "empty_folder",
        "2.1.3",
        "La carpeta está vacía: BagIt no la registra y puede perderse al copiar.",
        "Si importa, pida que pongan en ella un archivo «.keep».",
    ),
    ("more", "3", "Hay {count} hallazgos más {code}, que no se muestran.", "Corrija los que se muestran y valide de nuevo."),
)
MOST: Final = 1000
"""Findings of one kind that are told of one bag; the rest are counted."""


def _rules(severity: Severity, rows: Iterable[tuple[str, str, str, str]]) -> Iterable[Rule]:
    return (Rule(f"bagit.{name}", severity, "RFC 8493", paragraph, message, remedy) for name, paragraph, message, remedy in rows)


BAGIT: Final[Mapping[str, Rule]] = by_code(
    [*_rules(Severity.ERROR, _ERRORS), *_rules(Severity.WARNING, _WARNINGS), *_rules(Severity.INFO, _NOTES)]
)
VALIDITY: Final = frozenset({"bagit.digest"})
"""What a complete bag may still lack to be valid (3): every other error leaves it incomplete."""


class BagNotes:
    """What is found in one bag. `at` is its path in the tree: places are told from there."""

    def __init__(self, at: str = "") -> None:
        self._at = at
        self._found: list[Finding] = []
        self._times: Counter[str] = Counter()

    def add(self, name: str, where: str = "", /, **params: object) -> None:
        """Note a breach by its name without `bagit.`, at a path of the bag; parameters are cut where they are long."""
        self._times[name] += 1
        if self._times[name] <= MOST:
            given: dict[str, Param] = {key: value if isinstance(value, int) else shown(value) for key, value in params.items()}
            place = f"{self._at}/{where}" if self._at and where else self._at or where
            self._found.append(Finding(BAGIT[f"bagit.{name}"], place, given))

    def findings(self) -> tuple[Finding, ...]:
        """All that was noted, and how much more there was."""
        more = [(name, times - MOST) for name, times in self._times.items() if times > MOST]
        return (*self._found, *(Finding(BAGIT["bagit.more"], self._at, {"count": count, "code": f"bagit.{name}"}) for name, count in more))
