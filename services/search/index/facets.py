"""Counts of values over the cases that a query finds."""

from collections.abc import Sequence
from typing import Any, Final

import msgspec
import tantivy
from tantivy import Query

from services.search.language.fields import COUNTED_VALUES

MOST_VALUES: Final = 200
_DECADES: Final = {"age": 10.0}


class Facet(msgspec.Struct, frozen=True):
    """values: the most frequent values, and how many cases have each.  others: cases of values that are not listed."""

    values: tuple[tuple[str, int], ...]
    others: int = 0


def count(searcher: tantivy.Searcher, asked: Query, names: Sequence[str]) -> dict[str, Facet]:
    """Return the facets of these fields, of what the query finds; a value that none has is not listed."""
    if not names:
        return {}
    answer: dict[str, Any] = searcher.aggregate(asked, {name: _asked(name) for name in names})
    return {name: _facet(answer[name]) for name in names}


def by_period(searcher: tantivy.Searcher, asked: Query, by: str, period: str) -> dict[str, dict[str, int]]:
    """Return period → value → number of cases."""
    inner = {"values": {"terms": {"field": f"f_{by}", "size": 1000}}}
    answer: dict[str, Any] = searcher.aggregate(
        asked, {"periods": {"terms": {"field": period, "size": 10_000}, "aggs": inner}}
    )
    return {
        str(each["key"]): {str(v["key"]): int(v["doc_count"]) for v in each["values"]["buckets"]}
        for each in sorted(answer["periods"]["buckets"], key=lambda each: str(each["key"]))
    }


def _asked(name: str) -> dict[str, Any]:
    if name in _DECADES:
        return {"histogram": {"field": f"n_{name}", "interval": _DECADES[name], "min_doc_count": 1}}
    field = f"f_{name}" if name in COUNTED_VALUES else f"n_{name}"
    return {"terms": {"field": field, "size": MOST_VALUES}}


def _facet(answer: dict[str, Any]) -> Facet:
    values = tuple((_shown(each["key"]), int(each["doc_count"])) for each in answer["buckets"])
    return Facet(values, int(answer.get("sum_other_doc_count") or 0))


def _shown(key: object) -> str:
    return f"{key:g}" if isinstance(key, float) else str(key)
