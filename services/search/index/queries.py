"""Compiles a tree of the language, and a reach, to a query of tantivy. Pure."""

from collections.abc import Sequence
from functools import partial

import tantivy
from tantivy import FieldType, Occur, Query

from services.search.case import Case
from services.search.index.records import single_field, text_field
from services.search.language.folding import bigrams, fold_text, runs
from services.search.language.query import ORDERS, CaseQuery
from services.search.language.tree import (
    TEXT,
    All,
    Any,
    Between,
    Contains,
    Is,
    Node,
    Not,
    Word,
    leaves,
    value_form,
    word_form,
)
from shared.web.access.reach import Reach

_TELLING = 40
"""How many pairs of characters, the rarest that another case has, stand for a text."""


def whole(schema: tantivy.Schema, query: CaseQuery, within: Reach) -> Query:
    """Return the query for what a search asks of what is within reach."""
    return Query.boolean_query([(Occur.Must, compiled(schema, query.tree())), (Occur.Must, reached(schema, within))])


def after(schema: tantivy.Schema, query: CaseQuery, asked: Query) -> Query:
    """Return the query for what comes behind the last case of the page before."""
    if query.after is None:
        return asked
    name, is_largest_first = ORDERS[query.order]
    bounds = (0, query.after - 1) if is_largest_first else (query.after + 1, (1 << 63) - 1)
    rest = Query.range_query(schema, f"order_{name}", FieldType.Integer, *bounds)
    return Query.boolean_query([(Occur.Must, asked), (Occur.Must, rest)])


def like(searcher: tantivy.Searcher, schema: tantivy.Schema, case: Case, within: Reach) -> Query | None:
    """Return the query for other cases whose text is like that of the reports of this one; None if it has none.

    tantivy's own query of this kind panics on an index that has deleted documents, so the words are chosen here.
    """
    field = text_field(TEXT)
    texts = [text for report in case.reports for _, text in report.sections()]
    words = {word for text in texts for word in bigrams(fold_text(text))}
    known = {word: number for word in words if (number := int(searcher.doc_freq(field, word))) > 1}
    telling = sorted(known, key=lambda word: (known[word], word))[:_TELLING]
    if not telling:
        return None
    alike = Query.boolean_query([(Occur.Should, Query.term_query(schema, field, word)) for word in telling])
    itself = Query.term_query(schema, "id", case.id)
    parts = [(Occur.Must, alike), (Occur.Must, _unscored(reached(schema, within))), (Occur.MustNot, itself)]
    return Query.boolean_query(parts)


def words_of(node: Node) -> set[str]:
    """Return the words of letters that a tree looks for anywhere."""
    needles = (needle for leaf in leaves(node) if isinstance(leaf, Contains) for needle in leaf.needles[:1])
    return {word for needle in needles for word in runs(needle) if len(word) > 2 and word.isalpha()}


def _unscored(asked: Query) -> Query:
    return Query.const_score_query(asked, 0.0)


def reached(schema: tantivy.Schema, within: Reach) -> Query:
    """Return the query for all that is within reach."""
    if within.is_all:
        return Query.all_query()
    return Query.term_set_query(schema, "only_site", sorted(within.sites - {""}))


def compiled(schema: tantivy.Schema, node: Node) -> Query:
    """Return the query for a tree; it finds what ``tree.holds`` says, and nothing else."""
    match node:
        case All(parts):
            return _all(schema, parts)
        case Any(parts):
            return _either(list(map(partial(compiled, schema), parts)))
        case Not(part):
            return _all(schema, (Not(part),))
        case Contains(field, needles):
            return _either([_contains(schema, field, needle) for needle in needles])
        case Word(parts):
            return Query.regex_query(schema, "word", word_form(parts))
        case Is(field, value):
            if "*" in value:
                return Query.regex_query(schema, f"v_{field}", value_form(value))
            return Query.term_query(schema, f"v_{field}", value)
        case Between(field, low, high):
            if low is not None and high is not None and low > high:
                return Query.empty_query()
            return Query.range_query(schema, f"n_{field}", FieldType.Float, low, high)


def _all(schema: tantivy.Schema, parts: Sequence[Node]) -> Query:
    """Return the query for all of these; what must not be there is taken from what the others find."""
    clauses = [
        (Occur.MustNot, compiled(schema, part.part)) if isinstance(part, Not) else (Occur.Must, compiled(schema, part))
        for part in parts
    ]
    if all(occur == Occur.MustNot for occur, _ in clauses):
        clauses.append((Occur.Must, Query.all_query()))
    return Query.boolean_query(clauses) if len(clauses) > 1 else clauses[0][1]


def _either(queries: Sequence[Query]) -> Query:
    return queries[0] if len(queries) == 1 else Query.boolean_query([(Occur.Should, query) for query in queries])


def _contains(schema: tantivy.Schema, field: str, needle: str) -> Query:
    words = bigrams(needle)
    if not words:
        return Query.all_query()
    if len(needle) == 1:
        return Query.term_query(schema, single_field(field), words[0])
    if len(words) == 1:
        return Query.term_query(schema, text_field(field), words[0])
    return Query.phrase_query(schema, text_field(field), list(words))
