"""Turn records, conditions, order and page token into MongoDB's terms.

A record is ``{_id: key, v: version, s: seq, k: key, f: {field: value}, b: body}``. What was deleted from a collection
with a feed stays as ``{_id, s}``: it has no ``k`` and no ``f``, so that no query by k or f finds it.
"""

from collections.abc import Sequence
from typing import Any

from shared.documents import Condition, Eq, In, Order, Prefix, Range, Value, Wildcard
from shared.documents.shape import Scalar, Shape, after_prefix, literal_prefix

Bson = dict[str, Any]
_SPECIAL = frozenset(r"\.^$|()[]{}*+?-/#&~ ")


def path(shape: Shape[Any], field: str) -> str:
    """Return where the values of a field are."""
    return "k" if field == shape.collection.key else f"f.{field}"


def fields_of(shape: Shape[Any], values: Sequence[Scalar], texts: Sequence[Sequence[str]]) -> Bson:
    """Return the part of the record that is queried."""
    several = (list(each) for each in texts)
    return {**dict(zip(shape.scalars, values, strict=True)), **dict(zip(shape.multis, several, strict=True))}


def kept(shape: Shape[Any]) -> list[str]:
    """Return what records are kept up to date with: the declared fields, and the feed if there is one."""
    return sorted([*shape.scalars, *shape.multis, *(["feed"] if shape.collection.feed else [])])


def indexes(shape: Shape[Any]) -> dict[str, list[tuple[str, int]]]:
    """Return the keys of each index by its name. All end with the key, so that they give a total order."""
    by_name: dict[str, list[tuple[str, int]]] = {"k": [("k", 1)]}
    for fields in [*((name,) for name in (*shape.scalars, *shape.multis)), *shape.collection.indexes]:
        if sum(shape.kinds[name] == "texts" for name in fields) <= 1:  # MongoDB indexes one array at a time
            paths = dict.fromkeys([*(path(shape, name) for name in fields), "k"])
            by_name["_".join([*fields, "k"])] = [(each, 1) for each in paths]
    if shape.collection.feed:
        by_name["s"] = [("s", 1)]
    return by_name


def sort_of(shape: Shape[Any], total: Sequence[Order]) -> list[tuple[str, int]]:
    """Return the order."""
    return [(path(shape, term.field), -1 if term.descending else 1) for term in total]


def filter_of(shape: Shape[Any], where: Sequence[Condition]) -> Bson:
    """Return what all conditions come to; it holds for no record that was deleted."""
    return _merged([{path(shape, condition.field): _matches(shape, condition)} for condition in where] or [live(shape)])


def filters_of(
    shape: Shape[Any], where: Sequence[Condition], total: Sequence[Order], place: Sequence[Scalar] | None
) -> list[Bson]:
    """Return the filters whose results, one after the other, are what is found in order after the place.

    After (a, b, key) come: the same a and b and a larger key; then the same a and a larger b; then a larger a. Each is
    one range of an index, which an ``$or`` of them is not.
    """
    conditions = [{path(shape, condition.field): _matches(shape, condition)} for condition in where]
    if place is None:
        first = total[0].field
        none = [_has_value(shape, shape.collection.key if first in shape.optional else first)]
        return [_merged(conditions or none)]
    return [_merged([*conditions, *after]) for after in _after(shape, total, place)]


def _merged(parts: Sequence[Bson]) -> Bson:
    """Return the filter that asks for all parts."""
    merged: Bson = {}
    for name, asked in ((name, asked) for part in parts for name, asked in part.items()):
        known = merged.get(name)
        if name not in merged or known == asked:
            merged[name] = asked
        elif isinstance(known, dict) and isinstance(asked, dict) and not known.keys() & asked.keys():
            merged[name] = known | asked
        else:
            return {"$and": list(parts)}
    return merged


def _matches(shape: Shape[Any], condition: Condition) -> Any:
    operators = _operators(condition, shape.kinds[condition.field])
    if shape.kinds[condition.field] == "texts" and not isinstance(condition, Eq | In):
        return {"$elemMatch": operators}  # else one element may satisfy one end, and another the other
    return operators


def _operators(condition: Condition, kind: str) -> Any:
    match condition:
        case Eq(value=value):
            return value
        case In(values=options):
            return {"$in": list(options)}
        case Range(low=low, high=high):
            return _range(_lowest(kind) if low is None else low, high)
        case Prefix(prefix=prefix):
            return _prefix(prefix)
        case Wildcard(pattern=pattern):
            return {**_prefix(literal_prefix(pattern)), "$regex": regex_of(pattern)}


def _range(low: Value, high: Value | None) -> Bson:
    return {"$gte": low} if high is None else {"$gte": low, "$lte": high}


def _prefix(prefix: str) -> Bson:
    end = after_prefix(prefix)
    return {"$gte": prefix} if end is None else {"$gte": prefix, "$lt": end}


def regex_of(pattern: str) -> str:
    r"""Return the anchored regular expression; ``[\s\S]`` also is the end of a line, and ``$`` may come before one."""
    parts = {"*": r"[\s\S]*", "?": r"[\s\S]", "\0": r"\x00"}
    text = "".join(parts.get(each) or (f"\\{each}" if each in _SPECIAL else each) for each in pattern)
    return f"^{text}(?![\\s\\S])"


def _lowest(kind: str) -> Value:
    return float("-inf") if kind == "number" else ""


def live(shape: Shape[Any]) -> Bson:
    """Return what holds for every record, and not for what was deleted."""
    return _has_value(shape, shape.collection.key)


def _has_value(shape: Shape[Any], field: str) -> Bson:
    """Return what holds for every record that has a value there."""
    return {path(shape, field): {"$gte": _lowest(shape.kinds[field])}}


def _after(shape: Shape[Any], total: Sequence[Order], place: Sequence[Scalar]) -> list[list[Bson]]:
    """Return what holds for each range after the place, in order; null comes first."""
    ranges: list[list[Bson]] = []
    for depth in reversed(range(len(total))):
        same = {path(shape, earlier.field): place[at] for at, earlier in enumerate(total[:depth])}
        ranges += [[same, beyond] for beyond in _beyond(shape, total[depth], place[depth])]
    return ranges


def _beyond(shape: Shape[Any], term: Order, value: Scalar) -> list[Bson]:
    name = path(shape, term.field)
    if not term.descending:
        return [_has_value(shape, term.field) if value is None else {name: {"$gt": value}}]
    if value is None:
        return []
    none = [{name: None, "k": {"$gte": ""}}] if term.field in shape.optional else []
    return [{name: {"$lt": value}}, *none]
