"""Says whether Attributes match a key: the reference that every index condition must agree with. Pure.

Source: PS3.4 C.2.2.2.1 (single value), .2 (list of UID), .4 (wild card), .5 (range), .6 (Sequence).
"""

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
        return wildcard_matches(key.values[0], str(value))
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


def wildcard_matches(pattern: str, value: str) -> bool:
    """Match a wild card key: * is any characters, ? is one (PS3.4 C.2.2.2.4).

    The first and last piece between the stars are held against the ends of the value, the others are found from left
    to right. The cost is at most the product of both lengths: no regular expression of a client ever runs.
    """
    first, *rest = pattern.split("*")
    if not rest:
        return len(first) == len(value) and _piece_at(first, value, 0)
    *middle, last = rest
    end = len(value) - len(last)
    if end < len(first) or not _piece_at(first, value, 0) or not _piece_at(last, value, end):
        return False
    at = len(first)
    for piece in filter(None, middle):
        place = _find(piece, value, at, end)
        if place < 0:
            return False
        at = place + len(piece)
    return True


def _find(piece: str, value: str, start: int, end: int) -> int:
    """Return where a piece first is within value[start:end]; -1 if nowhere."""
    if "?" not in piece:
        return value.find(piece, start, end)
    return next((at for at in range(start, end - len(piece) + 1) if _piece_at(piece, value, at)), -1)


def _piece_at(piece: str, value: str, at: int) -> bool:
    if "?" not in piece:
        return value.startswith(piece, at)
    return all(want in ("?", char) for want, char in zip(piece, value[at : at + len(piece)], strict=True))


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
    return wildcard_matches(fold(asked), fold(group))


def fuzzy_matches(groups: list[str], asked: str) -> bool:
    """Return whether every word of the key begins a component, in any order, folded for case, width and kana."""
    components = [word for group in groups for word in words_of(group)]
    return all(any(c.startswith(word) for c in components) for word in wanted_words(asked))


def _number_matches(value: Any, asked: str) -> bool:
    try:
        return float(value) == float(asked)
    except (TypeError, ValueError):
        return str(value) == asked
