"""The reasons of a proposal, and of a new model's verdict, as Spanish sentences."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any, Final

from archivo.web.spanish import series

REASONS: Final[Mapping[str, str]] = {
    "heading": "El encabezado dice {words}.",
    "word": "A favor, en el texto: {words}.",
    "word.entry": "A favor, en el texto y en la tabla de retención: {words}.",
    "heading.entry": "El encabezado dice {words}, como la tabla de retención.",
    "spelling": "A favor, por su escritura: {words}.",
    "against": "En contra: {words}.",
    "neighbour": "Se parece a un documento que una persona clasificó aquí.",
    "neighbour.other": "También se parece a un documento clasificado en {label}.",
    "mask": "Compiten {candidates} de las {classes} clases de la tabla.",
    "examples": "Documentos confirmados en esta clase: {count}.",
    "examples.none": "Todavía no hay documentos confirmados en esta clase: hablan solo las palabras de la tabla.",
    "no_candidates": "La oficina no tiene clases en la tabla de retención vigente.",
    "no_text": "El documento no tiene texto con qué proponer una clase.",
    "novel": "No se parece a nada conocido; por eso decide una persona.",
    "abstained": "No se propone con suficiente seguridad.",
    "owner_unknown": "No se sabe de qué oficina es; por eso decide una persona.",
    "few_examples": "Hay pocos documentos confirmados de esta clase para dejar que se clasifique por sí sola.",
    "unproven": "Todavía no hay decisiones suficientes para probar que el error es pequeño.",
    "unsure": "La confianza no alcanza la que se ha probado segura.",
}

VERDICTS: Final[Mapping[str, str]] = {
    "first": "Es el primer modelo de esta tabla.",
    "few_held": "Se reservaron {held} documentos para comparar y hacen falta {least}: basta con que no acierte menos que la tabla.",
    "a.accuracy": "Acierta menos que el anterior en los documentos reservados.",
    "b.loss": "Da menos probabilidad a la clase correcta que el anterior.",
    "c.calibration": "Su confianza se aparta más de lo que acierta.",
    "d.coverage": "Con el mismo error clasificaría por sí solo menos documentos.",
    "e.recall": "Acierta mucho menos en {label}.",
    "f.below_entries": "Acierta menos que las palabras de la tabla solas.",
}


def verdict_sentence(code: str, params: Mapping[str, Any], labels: Mapping[str, str]) -> str:
    """Why a new model was promoted or not, as a sentence."""
    return VERDICTS[code].format_map({**params, "label": _label(params, labels)})


def reason_sentences(reasons: Iterable[Mapping[str, Any]], labels: Mapping[str, str]) -> tuple[str, ...]:
    """Reasons as sentences, each said once with all its words; `labels` name the classes by their keys."""
    keyed = [(_key(reason["code"], reason["params"]), reason["params"]) for reason in reasons]
    words: defaultdict[str, dict[str, None]] = defaultdict(dict)
    for key, params in keyed:
        if "word" in params:
            words[key][f"«{params['word']}»"] = None
    sentences = (
        REASONS[key].format_map({**params, "label": _label(params, labels), "words": series([*words[key]])}) for key, params in keyed
    )
    return tuple(dict.fromkeys(sentences))


def _label(params: Mapping[str, Any], labels: Mapping[str, str]) -> str:
    key = str(params.get("label", ""))
    return labels.get(key, key)


def _key(code: str, params: Mapping[str, Any]) -> str:
    """The sentence that a reason takes."""
    key = code
    if code in ("word", "heading", "spelling") and float(params.get("contribution", 0)) < 0:
        key = "against"
    elif code in ("word", "heading") and params.get("in_entry"):
        key = f"{code}.entry"
    elif code == "neighbour" and not params.get("agrees"):
        key = "neighbour.other"
    elif code == "examples" and not params.get("count"):
        key = "examples.none"
    return key
