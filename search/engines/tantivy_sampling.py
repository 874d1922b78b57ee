"""How many entries answer a tree, and a fair sample of their documents, without looking at all of them.

Documents are numbered evenly over 64 bits. Those whose number begins with `level` zeros are one in 2**level of all, fairly chosen, and a
term that all their entries hold finds them. Each leaf of a tree is met with that term before the leaves are joined: the engine joins
whole stretches of entries, so a term met with the tree as a whole would spare it no work.
"""

from collections.abc import Iterable

from tantivy import Occur, Query

from search.engines.tantivy_schema import entries_schema, filters, silent, translated
from search.engines.tantivy_storage import Reading
from search.index import Query as Asked
from search.index import Scope
from search.tree import Best, Constant, Every, Node, Nothing, Phrase, Prefix, Required, Some, Term, Weighted, telling

DEEPEST = 16
_DENSE = 2
"""Up to this level, meeting each leaf with the share costs more than it spares."""


def levels(number: int) -> Iterable[int]:
    """The levels of which a document of this number (64 bits) is a part, level 0 (all) left out."""
    return range(1, min(64 - number.bit_length(), DEEPEST) + 1)


def level_for(entries: float, wanted: int) -> int:
    """The deepest level at which about `wanted` of so many entries are left."""
    return min(max(0, int(entries / wanted).bit_length() - 1), DEEPEST)


def most(reading: Reading, node: Node) -> int:
    """A number of entries that the tree cannot exceed, from the frequencies of its words."""
    match node:
        case Term(field, word):
            return reading.frequency(field, word)
        case Phrase(field, words, _):
            return min(reading.frequency(field, word) for word in words)
        case Prefix():
            return reading.entries.num_docs
        case Every(parts):
            return min(most(reading, part) for part in parts)
        case Some(parts, least):
            return sum(most(reading, part) for part in telling(parts)) // least
        case Best(parts, _):
            return sum(most(reading, part) for part in parts)
        case Weighted(part, _) | Constant(part, _) | Required(part, _):
            return most(reading, part)
        case Nothing():
            return 0


def of_a_share(tree: Node, asked: Asked, scope: Scope, level: int) -> Query:
    """What answers the tree and what else is asked, among the documents of a level; it scores nothing."""
    schema = entries_schema()
    let_through = [(Occur.Must, each) for each in filters(schema, asked, scope)]
    if level == 0:
        return Query.boolean_query([(Occur.Must, silent(translated(schema, tree))), *let_through])
    share = silent(Query.term_query(schema, "share", level, "basic"))
    if level <= _DENSE:
        return Query.boolean_query([(Occur.Must, silent(translated(schema, tree))), (Occur.Must, share), *let_through])
    return Query.boolean_query([(Occur.Must, silent(_met(tree, share))), *let_through])


def _met(node: Node, share: Query) -> Query:
    match node:
        case Every(parts):
            return Query.boolean_query([(Occur.Must, _met(part, share)) for part in parts])
        case Some(parts, least):
            some = [(Occur.Should, _met(part, share)) for part in telling(parts)]
            return Query.boolean_query(some, minimum_number_should_match=least)
        case Best(parts, _):
            return Query.boolean_query([(Occur.Should, _met(part, share)) for part in parts])
        case Weighted(part, _) | Constant(part, _) | Required(part, _):
            return _met(part, share)
        case _:
            return Query.boolean_query([(Occur.Must, translated(entries_schema(), node)), (Occur.Must, share)])
