"""A few cases in an index in memory: which of them satisfy a query, by the same compiled query as the index's."""

from collections.abc import Sequence

import tantivy

from services.search.case import Case
from services.search.index import queries
from services.search.index.records import case_of, record_of, schema, words_tokenizer
from services.search.language.query import CaseQuery
from shared.web.access.reach import EVERYTHING

_WRITER_BYTES = 15_000_000


class CaseBatch:
    """Some cases. One that the index would refuse is not in it."""

    def __init__(self, cases: Sequence[Case]) -> None:
        self._schema = schema()
        self._index = tantivy.Index(self._schema)
        self._index.register_tokenizer("words", words_tokenizer())
        self._count = len(cases)
        writer = self._index.writer(_WRITER_BYTES, 1)
        for case in cases:
            try:
                writer.add_document(record_of(case))
            except Exception:  # noqa: S112 - the index refuses it, too, and says so
                continue
        writer.commit()
        writer.wait_merging_threads()
        self._index.reload()

    def among(self, query: CaseQuery) -> set[str]:
        """Return the ids of those that satisfy the query."""
        searcher = self._index.searcher()
        hits = searcher.search(queries.whole(self._schema, query, EVERYTHING), max(1, self._count)).hits
        return {case_of(searcher, at).id for _, at in hits}
