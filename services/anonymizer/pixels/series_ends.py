"""Which slices of a Series the text detector looks at: the first, the middle and the last. Pure.

Slices arrive one by one or many at once, in any order and perhaps again, and nothing says which is the last of its
Series. So of few at once every one is looked at, for each may be an end. Of many the first, the middle and the last
are; where the Series is known, only an end that does not lie within what was looked at before. A Series without
Instance Numbers has its ends in every batch.
"""

from collections.abc import Sequence
from typing import Final, NamedTuple

import msgspec

_FEW: Final = 8  # slices: fewer at once are a short Series, or part of one that arrives in small pieces


class Slice(NamedTuple):
    """One slice. key: of its blob, or its name.  number: Instance Number (0020,0013), 0 if it has none.

    series: its Series, named as the caller likes.
    """

    key: str
    series: str
    number: int


class SeriesLooks(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of a Series. series: the pseudonym of its UID.  low, high: Instance Numbers that were looked at.

    has_text: the detector saw some, so every slice is looked at.
    """

    series: str
    low: int
    high: int
    has_text: bool = False


def chosen(slices: Sequence[Slice], known: SeriesLooks | None, beside: int = 0) -> list[Slice]:
    """Return the slices of one Series and one batch to look at.

    beside: how many others were already being looked at when these arrived, which makes these part of a larger batch.
    """
    ordered = sorted(slices, key=lambda each: (each.number, each.key))
    if len(ordered) + beside < _FEW:
        return ordered
    first, middle, last = ordered[0], ordered[len(ordered) // 2], ordered[-1]
    if known is None:
        ends = [first, middle, last]
    else:
        ends = [first] * (first.number <= known.low) + [last] * (last.number >= known.high)
    return list(dict.fromkeys(ends))


def looked(series: str, numbers: Sequence[int], known: SeriesLooks | None, *, has_text: bool) -> SeriesLooks:
    """Return what is known of a Series after these were looked at. numbers: at least one."""
    low, high = min(numbers), max(numbers)
    if known is not None:
        low, high, has_text = min(low, known.low), max(high, known.high), has_text or known.has_text
    return SeriesLooks(series=series, low=low, high=high, has_text=has_text)
