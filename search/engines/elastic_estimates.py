"""About how many entries answer a tree, from how many of the reader's answer its words: what to ask of the server first, never what to say.

Words are taken to stand in entries as if by chance, each for itself.
"""

from collections.abc import Callable, Iterable

from search.tree import Best, Constant, Every, Node, Nothing, Phrase, Prefix, Required, Some, Term, Weighted, telling

Share = Callable[[Term | Prefix], float]
"""What part of all entries answers a Term or a Prefix; 0 where it is not known."""


def likely_share(node: Node, known: Share) -> float:
    """What part of all entries answers a tree, about, between 0 and 1."""
    match node:
        case Term() | Prefix():
            return known(node)
        case Phrase(field, words, _):
            return _every(known(Term(field, word)) for word in words)
        case Every(parts):
            return _every(likely_share(part, known) for part in parts)
        case Some(parts, least):
            return _some((likely_share(part, known) for part in telling(parts)), least)
        case Best(parts, _):
            return min(1.0, sum({_bare(part): likely_share(part, known) for part in parts}.values()))
        case Weighted(part, _) | Constant(part, _) | Required(part, _):
            return likely_share(part, known)
        case Nothing():
            return 0.0


def _bare(node: Node) -> Node | str:
    """What is looked for, whatever the field and the weight: the same word in several fields answers in the same entries."""
    match node:
        case Weighted(part, _) | Constant(part, _):
            return _bare(part)
        case Term(_, word):
            return word
        case _:
            return node


def _every(shares: Iterable[float]) -> float:
    product = 1.0
    for share in shares:
        product *= share
    return product


def _some(shares: Iterable[float], least: int) -> float:
    """That at least so many answer."""
    exactly = [1.0]
    for share in shares:
        exactly = [without * (1 - share) + one_less * share for without, one_less in zip([*exactly, 0.0], [0.0, *exactly], strict=True)]
    return sum(exactly[least:])
