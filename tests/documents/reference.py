"""A plain reference of find: what the port promises, in the most obvious way."""

import functools
import re
from collections.abc import Sequence
from typing import Any

from shared.documents import Condition, Eq, In, Order, Prefix, Range, Wildcard
from tests.documents.records import Item


def found(items: Sequence[Item], where: Sequence[Condition], order: Sequence[Order]) -> list[Item]:
    """Return those that satisfy all conditions, ordered, None first, ties by key in the direction of the last term."""
    rows = [item for item in items if all(_holds(item, condition) for condition in where)]
    last = Order("uid", descending=bool(order) and order[-1].descending)

    def compare(one: Item, other: Item) -> int:
        return _compare(one, other, [*order, last])

    return sorted(rows, key=functools.cmp_to_key(compare))


def _compare(one: Item, other: Item, order: Sequence[Order]) -> int:
    for term in order:
        a, b = getattr(one, term.field), getattr(other, term.field)
        sign = -1 if term.descending else 1
        if a == b:
            continue
        if a is None or b is None:
            return -sign if a is None else sign
        return -sign if a < b else sign
    return 0


def _holds(item: Item, condition: Condition) -> bool:
    value = getattr(item, condition.field)
    values = value if isinstance(value, tuple) else () if value is None else (value,)
    return any(_satisfies(each, condition) for each in values)


def _satisfies(value: Any, condition: Condition) -> bool:
    match condition:
        case Eq(value=wanted):
            return bool(value == wanted)
        case In(values=options):
            return value in options
        case Range(low=low, high=high):
            return (low is None or value >= low) and (high is None or value <= high)
        case Prefix(prefix=prefix):
            return bool(value.startswith(prefix))
        case Wildcard(pattern=pattern):
            parts = {"*": ".*", "?": "."}
            text = "".join(parts.get(each, re.escape(each)) for each in pattern)
            return bool(re.fullmatch(text, value, re.DOTALL))
