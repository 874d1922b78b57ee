"""How query trees become the server's queries. What a person typed is never parsed by the server: words are sent as terms.

The server's BM25 has the factor k1 + 1, as the trees' constant scores.
"""

from search.analysis import encodable
from search.engines.elastic_operations import Json
from search.engines.tantivy_schema import SEPARATOR
from search.index import Query as Asked
from search.index import Scope
from search.tree import Best, Constant, Every, Node, Nothing, Phrase, Prefix, Required, Some, Term, Weighted, telling


def translated(node: Node, weight: float = 1.0) -> Json:
    """The server's query for a tree, its scores multiplied by the weight."""
    match node:
        case Term(field, word):
            return {"term": {field: {"value": word, "boost": weight}}}
        case Phrase(field, words, slop):
            return {"match_phrase": {field: {"query": " ".join(words), "slop": slop, "boost": weight}}}
        case Prefix(field, start):
            return {"prefix": {field: {"value": start, "boost": weight}}}
        case Every(parts):
            return {"bool": {"must": [translated(part) for part in parts], "boost": weight}}
        case Some(parts, least):
            return {"bool": {"should": [translated(part) for part in parts], "minimum_should_match": least, "boost": weight}}
        case Best(parts, tie):
            return {"dis_max": {"queries": [translated(part) for part in parts], "tie_breaker": tie, "boost": weight}}
        case Weighted(part, own):
            return translated(part, weight * own)
        case Constant(part, score):
            return {"constant_score": {"filter": translated(part), "boost": weight * score}}
        case Required(must, should):
            return {"bool": {"must": [translated(must)], "should": [translated(part) for part in should], "boost": weight}}
        case Nothing():
            return {"match_none": {}}


def unscored(node: Node) -> Json:
    """The server's query for what answers a tree, in no order: without the parts that find nothing more."""
    match node:
        case Every(parts):
            return {"bool": {"filter": [unscored(part) for part in parts]}}
        case Some(parts, least):
            return {"bool": {"should": [unscored(part) for part in telling(parts)], "minimum_should_match": least}}
        case Best(parts, _):
            return {"bool": {"should": [unscored(part) for part in parts], "minimum_should_match": 1}}
        case Weighted(part, _) | Constant(part, _) | Required(part, _):
            return unscored(part)
        case _:
            return translated(node)


def within(scope: Scope) -> Json:
    """Entries that one of the reader's labels opens."""
    return {"terms": {"label": sorted(map(encodable, scope.labels))}}


def filters(asked: Asked, scope: Scope) -> list[Json]:
    """What the reader may see and the filters let through."""
    let_through = [within(scope)]
    let_through += [{"term": {"facet": encodable(f"{facet}{SEPARATOR}{value}")}} for facet, value in asked.filters.items()]
    if asked.from_year is not None or asked.to_year is not None:
        first, last = max(0, asked.from_year or 0), min(9999, 9999 if asked.to_year is None else asked.to_year)
        let_through.append({"range": {"year": {"gte": first, "lte": last}}} if first <= last else {"match_none": {}})
    return let_through


def share(level: int) -> list[Json]:
    """One document in 2**level, fairly chosen."""
    return [{"term": {"share": str(level)}}] if level else []


def level_for(entries: float, wanted: int, deepest: int) -> int:
    """The deepest level at which about `wanted` of so many entries are left."""
    return min(max(0, int(entries / wanted).bit_length() - 1), deepest)
