"""An index of the terms in use: tantivy on keys and pairs of characters, made anew when other terminologies are in use.

Each kind of match is asked for only while there is room: exact, beginning, inside, and with one or two typing errors,
which Levenshtein automata over the sorted keys find, so that the work of a request is bounded. All calls block.
"""

import re
import shutil
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final

import msgspec
import tantivy
from tantivy import Occur, Query

from services.search.terms.keys import asked_keys, keys_of, pairs
from shared.terms.catalogue import Catalogue, Source
from shared.terms.term import Term

_DIGIT: Final = re.compile("[0-9]")
_HEAP_BYTES: Final = 64 << 20
_ONE_ERROR_FROM, _TWO_ERRORS_FROM = 3, 8
"""Characters from which on typing errors are looked for."""


class Match(msgspec.Struct, frozen=True, kw_only=True):
    """A term that was found. kind of match: exact, beginning, inside, similar."""

    system: str
    version: str
    match: str
    term: Term


class Completion:
    """The index. folder: its own, wiped when it is made."""

    def __init__(self, catalogue: Catalogue, folder: Path) -> None:
        self._catalogue, self._folder = catalogue, folder
        self._making = threading.Lock()
        self._made: tuple[tuple[tuple[str, str], ...], tantivy.Index] | None = None
        self._schema = _schema()

    def complete(self, text: str, *, systems: Sequence[str] = (), limit: int = 20) -> list[Match]:
        """Return terms for what was typed, the best first; those of these systems, if any are named."""
        keys = asked_keys(text)
        if not keys:
            return []
        searcher = self._index().searcher()
        found: dict[tuple[str, str, str], str] = {}
        for kind, query in self._queries(keys):
            wanted = self._of(query, systems)
            hits = searcher.search(wanted, limit, count=False, order_by_field="rank", order=tantivy.Order.Asc).hits
            for _, address in hits:
                document = searcher.doc(address)
                found.setdefault((document["system"][0], document["version"][0], document["code"][0]), kind)
            if len(found) >= limit:
                break
        return [each for place, kind in list(found.items())[:limit] if (each := self._match(place, kind)) is not None]

    def _match(self, place: tuple[str, str, str], kind: str) -> Match | None:
        system, version, code = place
        term = self._catalogue.source(system, version).get(code)
        return Match(system=system, version=version, match=kind, term=term) if term is not None else None

    def _queries(self, keys: Sequence[str]) -> Iterator[tuple[str, Query]]:
        yield "exact", _any(Query.term_query(self._schema, "key", key) for key in keys)
        yield "beginning", _any(Query.regex_query(self._schema, "key", f"{re.escape(key)}.*") for key in keys)
        longer = [pairs(key) for key in keys if len(key) > 1]
        if longer:
            yield "inside", _any(_phrase(self._schema, each) for each in longer)
        for errors, least in ((1, _ONE_ERROR_FROM), (2, _TWO_ERRORS_FROM)):
            long = [key for key in keys if len(key) >= least and not _DIGIT.search(key)]  # a code is meant as it is
            for is_prefix in (False, True) if long else ():
                yield (
                    "similar",
                    _any(
                        Query.fuzzy_term_query(self._schema, "key", key, distance=errors, prefix=is_prefix)
                        for key in long
                    ),
                )

    def _of(self, query: Query, systems: Sequence[str]) -> Query:
        if not systems:
            return query
        of = _any(Query.term_query(self._schema, "system", system) for system in systems)
        return Query.boolean_query([(Occur.Must, query), (Occur.Must, of)])

    def _index(self) -> tantivy.Index:
        """Return the index of what is in use now."""
        sources = self._catalogue.in_use()
        used = tuple((each.about.system, each.about.version) for each in sources)
        with self._making:
            if self._made is None or self._made[0] != used:
                self._made = used, self._make(sources)
            return self._made[1]

    def _make(self, sources: Sequence[Source]) -> tantivy.Index:
        shutil.rmtree(self._folder, ignore_errors=True)
        self._folder.mkdir(parents=True)
        index = tantivy.Index(self._schema, path=str(self._folder))
        writer = index.writer(_HEAP_BYTES, 1)
        for source in sources:
            for term in source:
                writer.add_document(_document(source, term))
        writer.commit()
        writer.wait_merging_threads()
        index.reload()
        return index


def _schema() -> tantivy.Schema:
    builder = tantivy.SchemaBuilder()
    for name in ("system", "version", "code"):
        builder.add_text_field(name, stored=True, tokenizer_name="raw", index_option="basic")
    builder.add_text_field("key", tokenizer_name="raw", index_option="basic")
    builder.add_text_field("pairs", tokenizer_name="whitespace", index_option="position")
    builder.add_unsigned_field("rank", fast=True)
    return builder.build()


def _document(source: Source, term: Term) -> tantivy.Document:
    keys = keys_of(term)
    rank = len(term.display) + (1000 if term.retired else 0)  # the shortest name first, what is retired last
    fields: dict[str, Any] = {
        "system": source.about.system,
        "version": source.about.version,
        "code": term.code,
        "key": list(keys),
        "pairs": [" ".join(pairs(key)) for key in keys],
        "rank": rank,
    }
    document = tantivy.Document()
    for name, value in fields.items():
        for each in value if isinstance(value, list) else [value]:
            document.add_unsigned(name, each) if name == "rank" else document.add_text(name, each)
    return document


def _phrase(schema: tantivy.Schema, words: list[str]) -> Query:
    if len(words) == 1:
        return Query.term_query(schema, "pairs", words[0])
    return Query.phrase_query(schema, "pairs", list(words))


def _any(queries: Any) -> Query:
    return Query.boolean_query([(Occur.Should, each) for each in queries])
