"""Side, size and comparison of a finding, from the tokens around it. Pure."""

import re
from collections.abc import Sequence
from typing import Final

from services.search.findings.tokens import Token

_SIDES: Final = ("right", "left", "both")
_COMPARISONS: Final = ("new", "larger", "smaller", "unchanged", "gone")
_ENDS: Final = ("comma", "breaks", "affirms", "negates", "doubts", "past", "relatives")
_NUMBER: Final = re.compile(r"(\d{1,4}(?:\.\d{1,2})?)\s?(mm|cm|ミリ|センチ)?")
_IN_CM: Final = ("cm", "センチ")
_MOST_MM: Final = 2000.0
_NEAR: Final = 6  # signs between a finding and a size that still is its own


def sides(tokens: Sequence[Token]) -> dict[int, str]:
    """Return the sides of the terms that have one, by the term's place among the tokens.

    The side of its own part of the sentence, else the last one said before.
    """
    found: dict[int, str] = {}
    last = ""
    for at, token in enumerate(tokens):
        if token.kind in _SIDES:
            last = token.kind
        elif token.kind == "term" and (side := _own_side(tokens, at) or last):
            found[at] = side
    return found


def _own_side(tokens: Sequence[Token], term: int) -> str:
    before: list[str] = []
    for at in range(term - 1, -1, -1):
        token = tokens[at]
        if token.kind in _SIDES:
            before.append(token.kind)
        elif before or token.kind in _ENDS:
            break
    if before:
        return before[0] if len(set(before)) == 1 else "both"
    for at in range(term + 1, len(tokens)):
        token = tokens[at]
        if token.kind in _SIDES:
            return token.kind
        if token.kind in ("term", *_ENDS):
            break
    return ""


def sizes(low: str, tokens: Sequence[Token]) -> dict[int, tuple[float, ...]]:
    """Return the diameters in mm of the terms that have them, by the term's place among the tokens."""
    found: dict[int, tuple[float, ...]] = {}
    for at, token in enumerate(tokens):
        if token.kind == "size" and (owner := _owner(low, tokens, at)) is not None and owner not in found:
            found[owner] = millimetres(low[token.start : token.end])
    return {owner: values for owner, values in found.items() if values}


def millimetres(text: str) -> tuple[float, ...]:
    """Return the numbers of a size in mm: 3x2cm is (30, 20). A number without a unit has the next one's."""
    values: list[float] = []
    unit = ""
    for number, own in reversed(_NUMBER.findall(text)):
        unit = own or unit
        values.append(round(float(number) * (10.0 if unit in _IN_CM else 1.0), 2))
    return tuple(reversed(values)) if all(0 < value <= _MOST_MM for value in values) else ()


def _owner(low: str, tokens: Sequence[Token], at: int) -> int | None:
    size = tokens[at]
    before = next((i for i in range(at - 1, -1, -1) if tokens[i].kind == "term"), None)
    behind = next(
        (i for i in range(at + 1, len(tokens)) if tokens[i].kind in ("term", "comma", "breaks", "closes")), None
    )
    if behind is not None and tokens[behind].kind != "term":
        behind = None
    if before is not None and behind is not None:
        is_near = size.start - tokens[before].end <= _NEAR and not low[size.start : size.end].endswith(("大", "の"))
        is_parted = any(token.kind in ("comma", "breaks", *_ENDS) for token in tokens[before:at])
        return (
            before
            if is_near and not is_parted and tokens[behind].start - size.end > 0 and low[size.end] != "の"
            else behind
        )
    return before if behind is None else behind


def comparisons(low: str, tokens: Sequence[Token]) -> dict[int, str]:
    """Return how terms compare with an earlier examination, by the term's place among the tokens."""
    found: dict[int, str] = {}
    for at, token in enumerate(tokens):
        if token.kind not in _COMPARISONS:
            continue
        is_before = token.kind == "new" and low[token.start : token.end].startswith(("新", "new"))
        owner = _compared(low, tokens, at, is_before)
        if owner is not None:
            found.setdefault(owner, token.kind)
    return found


def _compared(low: str, tokens: Sequence[Token], at: int, is_before: bool) -> int | None:
    before = next((i for i in range(at - 1, -1, -1) if tokens[i].kind == "term"), None)
    behind = next((i for i in range(at + 1, len(tokens)) if tokens[i].kind in ("term", "comma", "breaks")), None)
    behind = behind if behind is not None and tokens[behind].kind == "term" else None
    word = low[tokens[at].start : tokens[at].end]
    attributive = is_before or low[tokens[at].end : tokens[at].end + 1] in ("の", "し") or word.isascii()
    if behind is not None and (before is None or (attributive and tokens[behind].start - tokens[at].end <= 12)):
        return behind
    return before
