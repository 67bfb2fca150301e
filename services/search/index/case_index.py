"""The index of cases: tantivy on bigrams. It is disposable; what it was made from can make it again.

One case is one record, replaced whole. All calls block: they run in a thread.
"""

import difflib
import shutil
import threading
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec
import orjson
import tantivy
from tantivy import Query

from services.search.case import Case
from services.search.index import facets, queries
from services.search.index.facets import Facet
from services.search.index.files import damaged_file
from services.search.index.records import FORM, ORDER_FIELDS, PERIODS, case_of, record_of, schema, words_tokenizer
from services.search.index.writer import META, IndexWriter
from services.search.language.query import ORDERS, CaseQuery
from services.search.language.tree import leaves, understood
from shared.logs import decided
from shared.web.access.reach import EVERYTHING, Reach

_STAMP = "position.json"
_ALIKE, _MOST_ALIKE = 0.7, 2000
"""How alike a word is to be (0 to 1), and among how many words of the same first letter it is looked for."""
_REWRITTEN = 500
"""Cases that are read at once while the index is written anew."""


class Hits(msgspec.Struct, frozen=True):
    """total: how many cases there are.  cases: those of the page.  last: the key of its last case if more follow.

    facets: by field, its values and how many of all the cases have each.
    """

    total: int
    cases: list[Case]
    last: int | None = None
    facets: dict[str, Facet] = {}


class CaseIndex:
    """A folder with the index of cases and the feed positions it reflects."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        if self._stamp().get("form") != FORM or not (folder / META).exists():
            shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True, exist_ok=True)
        self._schema = schema()
        self._index = self._opened()
        self._index.register_tokenizer("words", words_tokenizer())
        self._writer = IndexWriter(self._index, folder)
        self._writing = threading.Lock()  # a stop cancels the follower, but not the thread of its last update

    def _opened(self) -> tantivy.Index:
        """Open the index; a damaged one is wiped, as the feeds can make it again."""
        if name := damaged_file(self._folder):
            return self._made_anew(f"checksum of {name.rpartition('.')[2]}")
        try:
            index = tantivy.Index(self._schema, path=str(self._folder))
            index.searcher().search(Query.all_query(), 1, order_by_field="order_date")
            index.searcher().search(Query.term_query(self._schema, "id", ""), 1)  # opens postings and positions
        except Exception as error:  # tantivy raises ValueError and others, by what is damaged
            return self._made_anew(type(error).__name__)
        return index

    def _made_anew(self, error: str) -> tantivy.Index:
        decided("index-damaged", level="error", service="search", error=error)
        shutil.rmtree(self._folder, ignore_errors=True)
        self._folder.mkdir(parents=True)
        return tantivy.Index(self._schema, path=str(self._folder))

    def is_complete(self) -> bool:
        """Say whether it ever held all that the feeds had: a half-built index answers nobody."""
        return bool(self._stamp().get("complete"))

    def complete(self) -> None:
        """Note that it holds all that the feeds have."""
        with self._writing:
            stamp = self._stamp()
            if not stamp.get("complete"):
                self._write_stamp({name: int(value) for name, value in stamp.get("positions", {}).items()}, True)

    def note_withdrawal(self) -> None:
        """Note that a case was withdrawn: its bytes stay in the index's files until these are written anew."""
        with self._writing:
            self._write_stamp(self.positions(), self.is_complete(), must_rewrite=True)

    def rewrite_after_withdrawal(self) -> bool:
        """Write all files anew if a case was withdrawn; say whether that was done. Readers see the same cases."""
        with self._writing:
            if not self._stamp().get("must_rewrite"):
                return False
            self._writer.replace((), map(record_of, self._every()), is_all=True)
            self._index.reload()
            self._writer.collect_garbage()
            self._write_stamp(self.positions(), self.is_complete(), must_rewrite=False)
            decided("index-rewritten", service="search", count=self.count())
            return True

    def _every(self) -> Iterator[Case]:
        """Yield every case, as of now."""
        searcher = self._index.searcher()
        for offset in range(0, int(searcher.num_docs), _REWRITTEN):
            hits = searcher.search(Query.all_query(), _REWRITTEN, order_by_field="order_date", offset=offset).hits
            for _, address in hits:
                yield case_of(searcher, address)

    def positions(self) -> dict[str, int]:
        """Return the feed positions up to which everything is in the index."""
        return {name: int(value) for name, value in self._stamp().get("positions", {}).items()}

    def update(
        self, changed: Sequence[Case], gone: Sequence[str], positions: Mapping[str, int]
    ) -> dict[str, Exception]:
        """Replace and remove cases; durable on return. The positions are written last: a crash repeats, never skips.

        Return the ids of cases that the index cannot take, with the reason; they stay as they were.
        """
        with self._writing:
            return self._update(changed, gone, positions)

    def _update(
        self, changed: Sequence[Case], gone: Sequence[str], positions: Mapping[str, int]
    ) -> dict[str, Exception]:
        records: dict[str, tantivy.Document] = {}
        refused: dict[str, Exception] = {}
        for case in changed:
            try:
                records[case.id] = record_of(case)
            except Exception as error:
                refused[case.id] = error
        if records or gone:
            self._writer.replace([*gone, *records], records.values())
        self._write_stamp(positions, self.is_complete())
        self._index.reload()
        return refused

    def _write_stamp(self, positions: Mapping[str, int], complete: bool, must_rewrite: bool | None = None) -> None:
        stamp = self._folder / (_STAMP + ".new")
        due = bool(self._stamp().get("must_rewrite")) if must_rewrite is None else must_rewrite
        state = {"form": FORM, "positions": dict(positions), "complete": complete, "must_rewrite": due}
        stamp.write_bytes(orjson.dumps(state))
        stamp.replace(self._folder / _STAMP)

    def get(self, case_id: str, within: Reach) -> Case | None:
        """Return one case, if it is within reach."""
        searcher = self._index.searcher()
        hits = searcher.search(Query.term_query(self._schema, "id", case_id), 1).hits
        case = case_of(searcher, hits[0][1]) if hits else None
        return case if case is not None and within.holds(case.only_site) else None

    def holding(self, report_ids: Sequence[str]) -> set[str]:
        """Return the ids of the cases that hold any of these reports now."""
        if not report_ids:
            return set()
        searcher = self._index.searcher()
        asked = Query.term_set_query(self._schema, "report_id", list(report_ids))
        hits = searcher.search(asked, max(1, 2 * len(report_ids))).hits
        return {case_of(searcher, address).id for _, address in hits}

    def search(self, query: CaseQuery, within: Reach) -> Hits:
        """Return one page of the cases that satisfy the query and are within reach, in its order, and its facets.

        The total and the facets are of all pages.
        """
        searcher = self._index.searcher()
        asked = queries.whole(self._schema, query, within)
        name, is_largest_first = ORDERS[query.order]
        order = tantivy.Order.Desc if is_largest_first else tantivy.Order.Asc
        page = queries.after(self._schema, query, asked)
        offset = query.offset if query.after is None else 0
        most = max(1, query.limit)
        result = searcher.search(page, most, order_by_field=ORDER_FIELDS[name], offset=offset, order=order)
        found: Any = result
        total = int(found.count or 0) if query.after is None else _count(searcher, asked)
        hits = result.hits[: query.limit]
        more = query.limit > 0 and int(found.count or 0) > offset + len(hits)
        counted = facets.count(searcher, asked, query.facets)
        return Hits(total, [case_of(searcher, at) for _, at in hits], int(hits[-1][0]) if more else None, counted)

    def similar(self, case: Case, most: int, within: Reach) -> list[tuple[float, Case]]:
        """Return other cases within reach whose reports have the most telling words in common, with their scores."""
        searcher = self._index.searcher()
        asked = queries.like(searcher, self._schema, case, within)
        hits = searcher.search(asked, most).hits if asked is not None else []
        return [(float(score), case_of(searcher, at)) for score, at in hits]

    def among(self, query: CaseQuery, case_ids: Sequence[str]) -> set[str]:
        """Return those of these cases that satisfy the query as the index holds them."""
        searcher = self._index.searcher()
        own = (tantivy.Occur.Must, Query.term_set_query(self._schema, "id", list(case_ids)))
        asked = Query.boolean_query([own, (tantivy.Occur.Must, queries.whole(self._schema, query, EVERYTHING))])
        hits = searcher.search(asked, max(1, len(case_ids))).hits
        return {case_of(searcher, at).id for _, at in hits}

    def tallies(self, query: CaseQuery, within: Reach) -> dict[str, int]:
        """Return how many cases within reach each term of the text finds by itself."""
        searcher = self._index.searcher()
        return {
            understood(leaf): _count(searcher, queries.whole(self._schema, CaseQuery(where=leaf), within))
            for leaf in leaves(query.text.tree)
        }

    def likely(self, query: CaseQuery, within: Reach) -> dict[str, list[str]]:
        """Return, of each word of letters that no case within reach has, words that some have and that look like it."""
        searcher = self._index.searcher()
        reached = queries.reached(self._schema, within)
        found: dict[str, list[str]] = {}
        for word in sorted(queries.words_of(query.text.tree)):
            listed = searcher.terms_with_prefix("word", word[0], reached, _MOST_ALIKE)
            words = [known for known, _ in listed]
            if word not in words and (alike := difflib.get_close_matches(word, words, 3, _ALIKE)):
                found[word] = alike
        return found

    def counts(self, query: CaseQuery, by: str, digits: int, within: Reach) -> dict[str, dict[str, int]]:
        """Count cases: period → value of ``by`` (site or modality) → number. digits: 4 years, 6 months, 8 days."""
        asked = queries.whole(self._schema, query, within)
        return facets.by_period(self._index.searcher(), asked, by, PERIODS[digits])

    def values(self, field: str, within: Reach) -> dict[str, int]:
        """Return the values of site, modality, sex or body_part and how many cases have each."""
        counted = facets.count(self._index.searcher(), queries.reached(self._schema, within), (field,))
        return dict(counted[field].values)

    def count(self) -> int:
        """Count all cases."""
        return int(self._index.searcher().num_docs)

    def close(self) -> None:
        """Let an update that is under way end, and merges."""
        with self._writing:
            self._writer.close()

    def _stamp(self) -> dict[str, Any]:
        try:
            stamp: dict[str, Any] = orjson.loads((self._folder / _STAMP).read_bytes())
            return stamp
        except (FileNotFoundError, orjson.JSONDecodeError):
            return {}


def _count(searcher: tantivy.Searcher, asked: Query) -> int:
    result: Any = searcher.search(asked, 1)  # the stubs forget the count
    return int(result.count or 0)
