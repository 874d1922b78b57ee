"""The institution's own data, handed in to the instruments, which know nothing of it."""

import tomllib
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Any

from search.codes import CodePatterns


def _read(name: str) -> dict[str, Any]:
    return tomllib.loads(files("archivo.data").joinpath(name).read_text("utf-8"))


@cache
def code_patterns() -> CodePatterns:
    """What is read as a code in pages and queries (codes.toml)."""
    data = _read("codes.toml")
    patterns = [(each["expression"], each["codes"], each.get("names", True), each.get("at_number", False)) for each in data["patterns"]]
    return CodePatterns.compiled(data["kinds"], data["months"], data["parts"], patterns, data["pivot"])


@cache
def bulk_rules() -> Mapping[str, str]:
    """The rule under which an act on several documents is done, as a person reads it, by the act (bulk_rules.toml)."""
    read = [rule for rule in _read("bulk_rules.toml")["rules"] if rule["status"] == "verified"]
    return {act: f"{rule['norm']}, {rule['articles']}: {rule['says']}" for rule in read for act in rule["acts"]}


def synonyms() -> tuple[tuple[str, ...], ...]:
    """Groups of words and expressions that mean the same to a person who searches (synonyms.toml)."""
    return tuple(tuple(group) for group in _read("synonyms.toml")["groups"])
