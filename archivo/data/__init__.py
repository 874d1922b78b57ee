"""The institution's own data, handed in to the instruments, which know nothing of it."""

import tomllib
from collections.abc import Mapping
from datetime import date
from functools import cache, lru_cache
from importlib.resources import files
from typing import Any

from preservation.formats import FormatPolicy, FormatRule, Standing
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


def deletion_data() -> dict[str, Any]:
    """Under which acts, after how long and leaving what said, documents are deleted (deletion_rules.toml)."""
    return _read("deletion_rules.toml")


@cache
def office_copies() -> dict[str, Any]:
    """What a copy of an office document may have that its original has not, by kind, and its language (office_copies.toml)."""
    return _read("office_copies.toml")


@lru_cache(maxsize=8)
def format_policy(day: date) -> FormatPolicy:
    """How formats are taken on a day (format_policy.toml); a refusal also tells the norm that forbids it in transfers."""
    data = _read("format_policy.toml")
    in_force = [rule for rule in data["rules"] if rule.get("valid_from", day) <= day <= rule.get("valid_to", day)]
    return FormatPolicy.of(one for rule in in_force for one in _format_rules({**data["defaults"], **rule}, data["transfer"]))


def _format_rules(rule: Mapping[str, Any], transfer: Mapping[str, Any]) -> list[FormatRule]:
    standing = Standing(rule["standing"])
    told = [rule, transfer] if standing is Standing.REFUSED else [rule]
    marks = ("" if each["status"] == "verified" else " (por verificar)" for each in told)
    source = "; ".join(f"{each['norm']}, {each['article']}".rstrip(", ") + mark for each, mark in zip(told, marks, strict=True))
    verified = all(each["status"] == "verified" for each in told)
    words = (source, rule["name"], rule["says"], rule.get("to", ""), verified)
    return [FormatRule(format, standing, *words) for format in rule["formats"]]
