"""Which slices of a Series the text detector looks at: the first, the middle and the last. Pure.

Slices arrive one by one or many at once, in any order and perhaps again. Of each batch the first, the middle and the
last are looked at, but where the Series is known, only an end that lies outside of what was looked at before. A slice
that arrives alone is looked at if it lies outside by more than a quarter of the width: of a Series that arrives slice
by slice the looks grow with the logarithm of its length.
"""

from collections.abc import Sequence
from typing import Final, NamedTuple

import msgspec

_FEW: Final = 8  # slices: fewer at once are part of a Series that arrives in small pieces
_BEYOND: Final = 0.25  # of the width that is known


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


def chosen(slices: Sequence[Slice], known: SeriesLooks | None) -> list[Slice]:
    """Return the slices of one Series and one batch to look at."""
    ordered = sorted(slices, key=lambda each: (each.number, each.key))
    first, middle, last = ordered[0], ordered[len(ordered) // 2], ordered[-1]
    if known is None:
        return list(dict.fromkeys((first, middle, last)))
    beyond = 0.0 if len(slices) >= _FEW else (known.high - known.low) * _BEYOND
    ends = [first] * (first.number < known.low - beyond) + [last] * (last.number > known.high + beyond)
    return list(dict.fromkeys(ends))


def looked(series: str, numbers: Sequence[int], known: SeriesLooks | None, *, has_text: bool) -> SeriesLooks:
    """Return what is known of a Series after these were looked at. numbers: at least one."""
    low, high = min(numbers), max(numbers)
    if known is not None:
        low, high, has_text = min(low, known.low), max(high, known.high), has_text or known.has_text
    return SeriesLooks(series=series, low=low, high=high, has_text=has_text)
