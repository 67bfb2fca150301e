"""The index of cases: tantivy on bigrams. It is disposable; what it was made from can make it again.

One case is one record, replaced whole. All calls block: they run in a thread.
"""

import shutil
import threading
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec
import orjson
import tantivy
from tantivy import FieldType, Occur, Query

from services.search.case import Case
from services.search.index.files import damaged_file
from services.search.index.writer import META, IndexWriter
from services.search.language.folding import bigrams, fold_text
from services.search.language.query import CaseQuery
from shared.logs import decided
from shared.web.access.reach import Reach

FORM = "2"  # of the schema; an index of another form is thrown away and made again
_STAMP = "position.json"
_REWRITTEN = 500
"""Cases that are read at once while the index is written anew."""


class Hits(msgspec.Struct, frozen=True):
    """total: how many cases there are.  cases: those of the page."""

    total: int
    cases: list[Case]


class CaseIndex:
    """A folder with the index of cases and the feed positions it reflects."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        if self._stamp().get("form") != FORM or not (folder / META).exists():
            shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True, exist_ok=True)
        self._schema = _schema()
        self._index = self._opened()
        self._index.register_tokenizer("words", _split_at_blanks())
        self._writer = IndexWriter(self._index, folder)
        self._writing = threading.Lock()  # a stop cancels the follower, but not the thread of its last update

    def _opened(self) -> tantivy.Index:
        """Open the index; a damaged one is wiped, as the feeds can make it again."""
        if name := damaged_file(self._folder):
            return self._made_anew(f"checksum of {name.rpartition('.')[2]}")
        try:
            index = tantivy.Index(self._schema, path=str(self._folder))
            index.searcher().search(Query.all_query(), 1, order_by_field="order")
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
            self._writer.replace((), map(_record, self._every()), is_all=True)
            self._index.reload()
            self._writer.collect_garbage()
            self._write_stamp(self.positions(), self.is_complete(), must_rewrite=False)
            decided("index-rewritten", service="search", count=self.count())
            return True

    def _every(self) -> Iterator[Case]:
        """Yield every case, as of now."""
        searcher = self._index.searcher()
        for offset in range(0, int(searcher.num_docs), _REWRITTEN):
            hits = searcher.search(Query.all_query(), _REWRITTEN, order_by_field="order", offset=offset).hits
            for _, address in hits:
                yield _case(searcher, address)

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
                records[case.id] = _record(case)
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
        case = _case(searcher, hits[0][1]) if hits else None
        return case if case is not None and within.holds(case.only_site) else None

    def holding(self, report_ids: Sequence[str]) -> set[str]:
        """Return the ids of the cases that hold any of these reports now."""
        if not report_ids:
            return set()
        searcher = self._index.searcher()
        asked = Query.term_set_query(self._schema, "report_id", list(report_ids))
        hits = searcher.search(asked, max(1, 2 * len(report_ids))).hits
        return {_case(searcher, address).id for _, address in hits}

    def search(self, query: CaseQuery, within: Reach) -> Hits:
        """Return one page of the cases that satisfy the query and are within reach, by date."""
        searcher = self._index.searcher()
        asked = self._query(query, within)
        order = tantivy.Order.Desc if query.newest_first else tantivy.Order.Asc
        most = max(1, query.limit)
        result = searcher.search(asked, most, order_by_field="order", offset=query.offset, order=order)
        total = int(getattr(result, "count", 0) or 0)  # the stubs forget it
        return Hits(total, [_case(searcher, address) for _, address in result.hits[: query.limit]])

    def counts(self, query: CaseQuery, by: str, digits: int, within: Reach) -> dict[str, dict[str, int]]:
        """Count cases: period → value of ``by`` (site or modality) → number. digits: 4 years, 6 months, 8 days."""
        field = {4: "year", 6: "month", 8: "day"}[digits]
        inner = {"values": {"terms": {"field": by, "size": 1000}}}
        asked = {"periods": {"terms": {"field": field, "size": 10_000}, "aggs": inner}}
        answer: dict[str, Any] = self._index.searcher().aggregate(self._query(query, within), asked)
        return {
            str(period["key"]): {str(v["key"]): int(v["doc_count"]) for v in period["values"]["buckets"]}
            for period in sorted(answer["periods"]["buckets"], key=lambda p: str(p["key"]))
        }

    def values(self, field: str, within: Reach) -> dict[str, int]:
        """Return the values of site, modality, sex or body_part and how many cases have each."""
        asked = {"values": {"terms": {"field": field, "size": 1000}}}
        answer: dict[str, Any] = self._index.searcher().aggregate(self._query(CaseQuery(), within), asked)
        return {str(v["key"]): int(v["doc_count"]) for v in answer["values"]["buckets"]}

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

    def _query(self, query: CaseQuery, within: Reach) -> Query:
        parts: list[tuple[Occur, Query]] = [(Occur.Must, Query.all_query())]
        if not within.is_all:
            sites = sorted(within.sites - {""})
            parts.append((Occur.Must, Query.term_set_query(self._schema, "only_site", sites)))
        parts += [(Occur.Must, self._any(group)) for group in query.text.required]
        parts += [(Occur.MustNot, self._term("text", term)) for term in query.text.excluded]
        for field in ("modality", "site", "sex", "body_part"):
            values = getattr(query, field)
            if values:
                parts.append((Occur.Must, Query.term_set_query(self._schema, field, list(values))))
        parts += self._ranges(query)
        if query.diagnosis:
            parts.append((Occur.Must, self._term("diagnosis", query.diagnosis)))
        return Query.boolean_query(parts)

    def _ranges(self, query: CaseQuery) -> list[tuple[Occur, Query]]:
        flags = {"has_images": query.has_images, "has_report": query.has_report}
        bounds = [("date", query.date_from, query.date_to, 1), ("age", query.age_from, query.age_to, 0)]
        bounds += [(name, int(flag), int(flag), 0) for name, flag in flags.items() if flag is not None]
        return [
            (Occur.Must, Query.range_query(self._schema, field, FieldType.Integer, max(low or 0, least), high))
            for field, low, high, least in bounds
            if low is not None or high is not None
        ]

    def _any(self, terms: Sequence[str]) -> Query:
        return Query.boolean_query([(Occur.Should, self._term("text", term)) for term in terms])

    def _term(self, field: str, term: str) -> Query:
        words = bigrams(term)
        if len(term) == 1:
            return Query.term_query(self._schema, f"{field}_single", words[0])
        if len(words) == 1:
            return Query.term_query(self._schema, field, words[0])
        return Query.phrase_query(self._schema, field, list(words))


def _schema() -> tantivy.Schema:
    builder = tantivy.SchemaBuilder()
    for name in ("id", "report_id", "only_site"):
        builder.add_text_field(name, tokenizer_name="raw", index_option="basic")
    builder.add_bytes_field("case", stored=True)
    for name in ("text", "diagnosis"):
        builder.add_text_field(name, tokenizer_name="words", index_option="position")
        builder.add_text_field(f"{name}_single", tokenizer_name="words", index_option="basic")
    for name in ("modality", "site", "sex", "body_part", "year", "month", "day"):
        builder.add_text_field(name, tokenizer_name="raw", index_option="basic", fast=True)
    for name in ("date", "order", "age", "has_images", "has_report"):
        builder.add_integer_field(name, indexed=True, fast=True)
    return builder.build()


def _record(case: Case) -> tantivy.Document:
    record = tantivy.Document()
    record.add_text("id", case.id)
    for report in case.reports:
        record.add_text("report_id", report.report_id)
    record.add_bytes("case", msgspec.json.encode(case))
    _add_text(record, "text", case.texts())
    _add_text(record, "diagnosis", [part for d in case.diagnoses for part in (d.code, d.display, d.note) if part])
    for name, values in (("modality", case.modalities), ("body_part", case.body_parts), ("site", (case.site,))):
        for value in values:
            record.add_text(name, value)
    record.add_text("only_site", case.only_site)
    record.add_text("sex", case.sex)
    day = f"{case.study_date:08d}"
    for name, digits in (("year", 4), ("month", 6), ("day", 8)):
        record.add_text(name, day[:digits])
    record.add_integer("date", case.study_date)
    record.add_integer("order", case.study_date)
    record.add_integer("age", case.age_years)
    record.add_integer("has_images", int(case.has_images))
    record.add_integer("has_report", int(bool(case.reports)))
    return record


def _add_text(record: tantivy.Document, field: str, texts: Sequence[str]) -> None:
    """Each piece is folded by itself; the break between two is a word of its own that no query holds."""
    folded = [fold_text(text) for text in texts]
    record.add_text(field, f" {_BREAK_WORD} ".join(" ".join(bigrams(text)) for text in folded))
    record.add_text(f"{field}_single", " ".join(sorted(set("".join(folded)) - {" "})))


_BREAK_WORD = "\x1d\x1d"


def _case(searcher: tantivy.Searcher, address: tantivy.DocAddress) -> Case:
    stored: Any = searcher.doc(address).get_first("case")
    return msgspec.json.decode(bytes(stored), type=Case)


def _split_at_blanks() -> tantivy.TextAnalyzer:
    return tantivy.TextAnalyzerBuilder(tantivy.Tokenizer.whitespace()).build()
