"""A report as the rules read it: one width, lower case, one form of each kanji. Pure.

Every place in it is known in the original.
"""

from typing import Final, NamedTuple

from shared.text.width import Traced, fold

_VARIANTS: Final = {ord(pair[0]): pair[1] for pair in ("囊嚢", "頚頸", "靭靱", "弯彎", "剝剥", "攣攣", "癒癒", "彌弥")}
_LOWER: Final = {code: chr(code + 32) for code in range(ord("A"), ord("Z") + 1)}
_LOW: Final = _VARIANTS | _LOWER


class View(NamedTuple):
    """cased: in one width.  low: of the same length, in lower case and one form of each kanji."""

    cased: str
    low: str
    traced: Traced


def view(text: str) -> View:
    """Return how the rules see a text."""
    traced = fold(text)
    cased = traced.text.translate(_VARIANTS)
    return View(cased, cased.translate(_LOWER), traced)


def low(text: str) -> str:
    """Return a word as it stands in ``View.low``."""
    return fold(text).text.translate(_LOW)
