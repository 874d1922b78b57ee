"""The embedded engine's fields and how query trees become its queries."""

from collections.abc import Mapping
from functools import cache, lru_cache

from tantivy import FieldType, Filter, Index, Occur, Query, Schema, SchemaBuilder, TextAnalyzer, TextAnalyzerBuilder, Tokenizer

from search.index import Query as Asked
from search.index import Scope
from search.tree import Best, Constant, Every, Node, Nothing, Phrase, Prefix, Required, Some, Term, Weighted

SEPARATOR = "\x1f"
SETS = ("set0", "set1", "set2", "set3")
"""Columns with a number for the values an entry has in a facet; there are few such sets, and each is read once."""


def analyzers() -> Mapping[str, TextAnalyzer]:
    """How the engine cuts texts: `u` folded words, `s` their folded stems."""
    unstemmed = (
        TextAnalyzerBuilder(Tokenizer.simple()).filter(Filter.remove_long(60)).filter(Filter.lowercase()).filter(Filter.ascii_fold())
    )
    stemmed = TextAnalyzerBuilder(Tokenizer.simple()).filter(Filter.remove_long(60)).filter(Filter.lowercase())
    return {"u": unstemmed.build(), "s": stemmed.filter(Filter.stemmer("spanish")).filter(Filter.ascii_fold()).build()}


@cache
def entries_schema() -> Schema:
    """One engine document per entry. `doc` is a number for the document; `facets` has the values of each of `SETS` as JSON;
    `share` tells in which samples the document is (engines.tantivy_sampling).
    """
    builder = SchemaBuilder()
    for field in ("bu", "bs", "tu", "ts", "du", "ds"):
        builder.add_text_field(field, tokenizer_name=field[1])
    for field in ("own", "codes"):
        builder.add_text_field(field, tokenizer_name="whitespace", index_option="freq")
    builder.add_text_field("document", stored=True, tokenizer_name="raw", index_option="basic")
    for field in ("label", "facet"):
        builder.add_text_field(field, tokenizer_name="raw", index_option="basic")
    builder.add_bytes_field("facets", stored=True)
    builder.add_unsigned_field("year", indexed=True, fast=True)
    builder.add_unsigned_field("share", indexed=True)
    for field in ("doc", "page", *SETS):
        builder.add_unsigned_field(field, fast=True)
    return builder.build()


@cache
def words_schema() -> Schema:
    """One engine document per spelling of a word that was ever indexed: the folded word, its sound, and the spelling itself."""
    builder = SchemaBuilder()
    builder.add_text_field("word", stored=True, tokenizer_name="raw", index_option="basic")
    builder.add_text_field("sound", tokenizer_name="raw", index_option="basic")
    builder.add_text_field("spelling", stored=True, tokenizer_name="raw", index_option="basic")
    return builder.build()


def opened(path: str, schema: Schema, *, create: bool = False) -> Index:
    """The index in a folder, its analysers registered; reload() is called by whoever reads."""
    index = Index(schema, path, reuse=False) if create else Index.open(path)
    index.config_reader("manual")
    for name, analyzer in analyzers().items():
        index.register_tokenizer(name, analyzer)
    return index


def within(schema: Schema, scope: Scope) -> Query:
    """Entries that one of the reader's labels opens; scores nothing."""
    return _any_of(schema, "label", sorted(scope.labels))


def filters(schema: Schema, asked: Asked, scope: Scope) -> list[Query]:
    """What an entry has to answer besides its words: the reader may see it, and what was chosen lets it through. They score nothing."""
    required = [within(schema, scope)]
    required += [_any_of(schema, "facet", [f"{facet}{SEPARATOR}{value}"]) for facet, value in asked.filters.items()]
    if asked.from_year is not None or asked.to_year is not None:
        required.append(silent(_years(schema, asked.from_year, asked.to_year)))
    return required


def filtered(schema: Schema, asked: Asked, scope: Scope, wanted: Query) -> Query:
    """`wanted`, only among what the reader may see and the filters let through."""
    return Query.boolean_query([(Occur.Must, wanted), *((Occur.Must, each) for each in filters(schema, asked, scope))])


def _years(schema: Schema, first: int | None, last: int | None) -> Query:
    low, high = max(0, first or 0), min(9999, 9999 if last is None else last)
    return Query.range_query(schema, "year", FieldType.Unsigned, low, high) if low <= high else Query.empty_query()


def _any_of(schema: Schema, field: str, values: list[str]) -> Query:
    terms = [Query.term_query(schema, field, value.encode("utf-8", "replace").decode(), "basic") for value in values]
    return silent(terms[0] if len(terms) == 1 else Query.boolean_query([(Occur.Should, term) for term in terms]))


def silent(query: Query) -> Query:
    """The query, scoring nothing."""
    return Query.const_score_query(query, 0.0)


@lru_cache(maxsize=100)
def _beginning(field: str, start: str) -> Query:
    return Query.regex_query(entries_schema(), field, f"{start}.*")


def translated(schema: Schema, node: Node) -> Query:
    """The engine's query for a tree."""
    match node:
        case Term(field, word):
            return Query.term_query(schema, field, word, "freq")
        case Phrase(field, phrase, slop):
            return Query.phrase_query(schema, field, list(phrase), slop)
        case Prefix(field, start):
            return _beginning(field, start)
        case Every(parts):
            return Query.boolean_query([(Occur.Must, translated(schema, part)) for part in parts])
        case Some(parts, least):
            some = [(Occur.Should, translated(schema, part)) for part in parts]
            return Query.boolean_query(some, minimum_number_should_match=least) if least > 1 else Query.boolean_query(some)
        case Best(parts, tie):
            return Query.disjunction_max_query([translated(schema, part) for part in parts], tie)
        case Weighted(part, weight):
            return Query.boost_query(translated(schema, part), weight)
        case Constant(part, score):
            return Query.const_score_query(translated(schema, part), score)
        case Required(must, should):
            parts_ = [(Occur.Must, translated(schema, must)), *((Occur.Should, translated(schema, part)) for part in should)]
            return Query.boolean_query(parts_)
        case Nothing():
            return Query.empty_query()
