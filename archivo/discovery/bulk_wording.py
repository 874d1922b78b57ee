"""Acts on several documents in words: what each does, what cannot be brought back, and why one is left out."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Final, TypeVar

from archivo.access.policy import Actor, Grant
from archivo.intake.bulk import GRANTS, Act
from archivo.web.spanish import count

Item = TypeVar("Item")


@dataclass(frozen=True, slots=True)
class ActWords:
    """An act in words. `key` is its word in forms; `choice` names it in a list; `done` says what became of the documents."""

    key: str
    choice: str
    verb: str
    done: tuple[str, str]
    effect: str
    return_: str
    value: str = ""
    value_hint: str = ""


WORDS: Final[Mapping[Act, ActWords]] = {
    Act.PUBLISH: ActWords(
        "publicar",
        "Publicar",
        "Publicar",
        ("publicado", "publicados"),
        "La ciudadanía los encontrará, los leerá y los podrá descargar.",
        "Se puede deshacer: se retiran. Lo que alguien haya leído o descargado entretanto ya no se recoge.",
    ),
    Act.WITHDRAW: ActWords(
        "retirar",
        "Retirar de la consulta pública",
        "Retirar",
        ("retirado", "retirados"),
        "La ciudadanía dejará de encontrarlos. Se conservan igual y su nivel de acceso no cambia.",
        "Se puede deshacer: se publican otra vez, con la fecha de ese día.",
    ),
    Act.CONFIRM: ActWords(
        "confirmar-clase",
        "Confirmar la clase propuesta",
        "Confirmar la clase de",
        ("clasificado", "clasificados"),
        "Cada uno queda en la serie que el sistema propone, como decisión suya.",
        "Una decisión no se borra: se corrige con otra. Deshacer vuelve a decidir la clase que tenían antes; a los que no tenían ninguna "
        "hay que darles otra.",
    ),
    Act.CLASSIFY: ActWords(
        "asignar-clase",
        "Asignar una clase",
        "Clasificar",
        ("clasificado", "clasificados"),
        "Cada uno queda en la serie que usted dice, como decisión suya.",
        "Una decisión no se borra: se corrige con otra. Deshacer vuelve a decidir la clase que tenían antes; a los que no tenían ninguna "
        "hay que darles otra.",
        "Código de la clase",
        "El de la serie o subserie, como 100-02-01. Si sirve a varias oficinas, con la suya: 100/100-02-01.",
    ),
    Act.TYPE: ActWords(
        "fijar-tipo",
        "Fijar el tipo de documento",
        "Cambiar el tipo de",
        ("cambiado de tipo", "cambiados de tipo"),
        "Cambia el tipo con el que se describen y se encuentran.",
        "Se puede deshacer: cada uno vuelve a tener el tipo que tenía.",
        "Tipo de documento",
        "Como «Resolución», «Acta» o «Carta».",
    ),
}
MIGRATE: Final = ("copia-de-preservacion", "Hacer copias de preservación")
"""What is no act on documents at once, but is asked in the same place: it is confirmed and told in pages of its own."""
BY_KEY: Final = {words.key: act for act, words in WORDS.items()}

WHY: Final[Mapping[str, tuple[str, str]]] = {
    "document.unknown": ("No existe, o usted no lo puede consultar.", "No existen, o usted no los puede consultar."),
    "document.changed": (
        "Alguien lo cambió después de que usted lo vio. Sigue como esa persona lo dejó.",
        "Alguien los cambió después de que usted los vio. Siguen como esa persona los dejó.",
    ),
    "document.deleted": ("Su contenido se eliminó.", "Su contenido se eliminó."),
    "publish.restricted": (
        "Es de acceso clasificado o reservado, y no se publica (Ley 1712 de 2014, arts. 18 y 19).",
        "Son de acceso clasificado o reservado, y no se publican (Ley 1712 de 2014, arts. 18 y 19).",
    ),
    "same.published": ("Ya está publicado.", "Ya están publicados."),
    "same.withdrawn": ("No está publicado.", "No están publicados."),
    "same.type": ("Ya tiene ese tipo.", "Ya tienen ese tipo."),
    "same.class": ("Ya tiene esa clase, confirmada por una persona.", "Ya tienen esa clase, confirmada por una persona."),
    "same.confirmed": ("Una persona ya decidió su clase.", "Una persona ya decidió su clase."),
    "same": ("Ya estaba así.", "Ya estaban así."),
    "no.proposal": (
        "El sistema no le propone ninguna clase: hay que leerlo para decidirla.",
        "El sistema no les propone ninguna clase: hay que leerlos para decidirla.",
    ),
    "classification.no_trd": (
        "No hay una tabla de retención vigente para su fecha.",
        "No hay una tabla de retención vigente para sus fechas.",
    ),
    "class.unknown": (
        "La tabla de retención vigente a su fecha no tiene esa clase.",
        "Las tablas de retención vigentes a sus fechas no tienen esa clase.",
    ),
    "class.ambiguous": (
        "Ese código sirve a varias oficinas y el documento no dice cuál es la suya: escriba OFICINA/CÓDIGO.",
        "Ese código sirve a varias oficinas y los documentos no dicen cuál es la suya: escriba OFICINA/CÓDIGO.",
    ),
    "undo.no_class": (
        "No tenía una clase decidida antes, y una decisión no se borra: asígnele otra clase.",
        "No tenían una clase decidida antes, y una decisión no se borra: asígneles otra clase.",
    ),
    "access.refused": ("Su perfil ya no permite hacerlo.", "Su perfil ya no permite hacerlo."),
}
OTHERWISE: Final = ("No se pudo cambiar.", "No se pudieron cambiar.")


@dataclass(frozen=True, slots=True)
class Group:
    """Documents left out for one reason: how many, in words, and why, as a sentence."""

    number: str
    sentence: str
    documents: tuple[object, ...]


def choices(actor: Actor) -> list[tuple[str, str]]:
    """What a person may do with several documents, by its words in forms and in lists."""
    acts = [(WORDS[act].key, WORDS[act].choice) for act, grant in GRANTS.items() if actor.may(grant)]
    return [*acts, MIGRATE] if actor.may(Grant.VERIFY) else acts


def groups(left: Iterable[Item], why: Callable[[Item], str | None], unknown: int) -> list[Group]:
    """Those that have a reason, by it, the most first; `unknown` ones are only counted."""
    by_reason: dict[str, list[Item]] = {}
    for one in left:
        if reason := why(one):
            by_reason.setdefault(reason, []).append(one)
    found = [_group(reason, len(them), tuple(them)) for reason, them in sorted(by_reason.items(), key=lambda pair: -len(pair[1]))]
    return found + ([_group("document.unknown", unknown, ())] if unknown else [])


def _group(reason: str, number: int, documents: tuple[object, ...]) -> Group:
    return Group(count(number, "documento"), WHY.get(reason, OTHERWISE)[number != 1], documents)
