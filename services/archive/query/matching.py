"""Says whether Attributes match a key: the reference that every index condition must agree with. Pure.

Source: PS3.4 C.2.2.2.1 (single value), .2 (list of UID), .4 (wild card), .5 (range), .6 (Sequence).
"""

import re
from functools import lru_cache
from typing import Any

from services.archive.attributes.person_names import fold, wanted_words, words_of
from services.archive.query.parameters import COMBINED, EMPTY, MatchingKey, split_range
from shared.dicom.json_values import Json, items, person_groups, text, values

_WILD = frozenset("AE CS LO LT PN SH ST UC UR UT".split())


def matches(attributes: Json, key: MatchingKey, *, fuzzy: bool = False) -> bool:
    """Return whether any value of the Attribute matches the key."""
    if key.vr == COMBINED:
        return _moment_matches(attributes, key)
    if key.values == (EMPTY,):
        return not any(value not in (None, "", {}) for value in _values(attributes, key.path))
    return any(_value_matches(value, key, fuzzy) for value in _values(attributes, key.path))


def _values(attributes: Json, path: tuple[str, ...]) -> list[Any]:
    if len(path) == 1:
        return values(attributes, path[0])
    return [value for item in items(attributes, path[0]) for value in _values(item, path[1:])]


def _value_matches(value: Any, key: MatchingKey, fuzzy: bool) -> bool:
    if value is None:
        return False
    if key.vr == "PN":
        return _name_matches(value, key.values[0], fuzzy)
    if key.vr == "UI":
        return str(value) in key.values
    if key.vr in ("DA", "TM", "DT"):
        return in_range(str(value), key.vr, key.values[0])
    if key.vr in _WILD:
        return wildcard(key.values[0]).fullmatch(str(value)) is not None
    return _number_matches(value, key.values[0])


def in_range(value: str, vr: str, asked: str) -> bool:
    """Match a date or time: a less precise end takes in all that it is the beginning of."""
    ends = split_range(vr, asked)
    if ends is None:
        return value == asked or (vr != "DA" and value.startswith(asked))
    low, high = ends
    return (not low or value >= low or value.startswith(low)) and (not high or value <= high or value.startswith(high))


def _moment_matches(attributes: Json, key: MatchingKey) -> bool:
    values = [text(attributes, tag) for tag in key.path]
    dates, times = split_range("DA", key.values[0]) or ("", ""), split_range("TM", key.values[1]) or ("", "")
    low, high = (date and date + time for date, time in zip(dates, times, strict=True))  # an open end has no time
    return in_range("".join(values), "DT", f"{low}-{high}")


@lru_cache(1024)
def wildcard(pattern: str, *, ignore_case: bool = False) -> re.Pattern[str]:
    """Return the pattern of a wild card key: * any characters, ? one."""
    parts = (".*" if c == "*" else "." if c == "?" else re.escape(c) for c in re.sub(r"\*+", "*", pattern))
    return re.compile("".join(parts), re.DOTALL | (re.IGNORECASE if ignore_case else 0))


def _name_matches(value: Any, asked: str, fuzzy: bool) -> bool:
    """Match a name by component group: those of the key that are there, or any group if the key has only one."""
    groups = person_groups(value)
    if fuzzy:
        return fuzzy_matches(groups, asked)
    wanted = asked.split("=")
    if len(wanted) == 1:
        return any(_group_matches(group, asked) for group in groups if group)
    return all(_group_matches(group, want) for group, want in zip(groups, wanted, strict=False) if want.strip("*"))


def _group_matches(group: str, asked: str) -> bool:
    return wildcard(fold(asked)).fullmatch(fold(group)) is not None


def fuzzy_matches(groups: list[str], asked: str) -> bool:
    """Return whether every word of the key begins a component, in any order, folded for case, width and kana."""
    components = [word for group in groups for word in words_of(group)]
    return all(any(c.startswith(word) for c in components) for word in wanted_words(asked))


def _number_matches(value: Any, asked: str) -> bool:
    try:
        return float(value) == float(asked)
    except (TypeError, ValueError):
        return str(value) == asked
