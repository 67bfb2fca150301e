"""Fold a text to one width and form, and keep the way back to every original character. Pure.

Rules and dictionaries look at the folded text; what they find is a place of the original, so nothing else changes.
"""

import re
import unicodedata
from collections.abc import Sequence
from typing import Final, NamedTuple

_HYPHENS = "‐‑‒–—―−－﹣ｰ"
_SPACES = "\u3000\u00a0\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u202f\u205f"
_ODD = re.compile(
    "[\u0300-\u036f\u3099\u309a\uff9e\uff9f\ufe00-\ufe0f\U000e0100-\U000e01ef\u200b-\u200f\u2060\ufeff\u00ad"
    "\u3220-\u32ff\u3300-\u33ff\ufb00-\ufb06\U0001d400-\U0001d7ff]"
)
_MARKS = "\u0300-\u036f\u3099\u309a\uff9e\uff9f\ufe00-\ufe0f\U000e0100-\U000e01ef\u200b-\u200f\u2060\ufeff\u00ad"
_CLUSTER = re.compile(f".[{_MARKS}]*", re.DOTALL)
_HYPHEN_OF_NUMBERS = re.compile(r"(?<=[\d〇一二三四五六七八九])[ーｰ](?=[\d〇一二三四五六七八九])")  # 090ー1234
_UNSEEN = re.compile("[\ufe00-\ufe0f\U000e0100-\U000e01ef\u200b-\u200f\u2060\ufeff\u00ad]")

# Latin letters with marks, as of Vietnamese, Portuguese and Polish names
_ACCENTED = "".join(
    chr(code)
    for code in (*range(0xC0, 0x250), *range(0x1E00, 0x1F00))
    if unicodedata.normalize("NFD", chr(code))[0].isascii()
)


class Traced(NamedTuple):
    """text: folded.  starts, ends: for each folded character, its original span; None when positions are the same."""

    text: str
    length: int
    starts: Sequence[int] | None = None
    ends: Sequence[int] | None = None

    def original(self, start: int, end: int) -> tuple[int, int]:
        """Return the original span of a folded one."""
        if self.starts is None or self.ends is None:
            return start, end
        if start >= end:
            at = self.starts[start] if start < len(self.starts) else self.length
            return at, at
        return self.starts[start], self.ends[end - 1]


def fold(text: str) -> Traced:
    """Return the text in one width (NFKC where it matters), its characters still traceable."""
    plain = _HYPHEN_OF_NUMBERS.sub("-", text.translate(_WIDTH))
    if len(plain) == len(text) and not _ODD.search(plain):
        return Traced(plain, len(text))
    out: list[str] = []
    starts: list[int] = []
    ends: list[int] = []
    for match in _CLUSTER.finditer(text):
        piece = match[0]
        if len(piece) > 1 or _ODD.match(piece):
            piece = _UNSEEN.sub("", unicodedata.normalize("NFKC", _UNSEEN.sub("", piece)))
        piece = piece.translate(_WIDTH)
        out.append(piece)
        starts.extend([match.start()] * len(piece))
        ends.extend([match.end()] * len(piece))
    return Traced(_HYPHEN_OF_NUMBERS.sub("-", "".join(out)), len(text), starts, ends)


def _width_table() -> dict[int, str]:
    table = {code: chr(code - 0xFEE0) for code in range(0xFF01, 0xFF5F)}
    table.update({code: unicodedata.normalize("NFKC", chr(code)) for code in range(0xFF61, 0xFF9E)})
    table.update({ord(hyphen): "-" for hyphen in _HYPHENS})
    table.update({ord(space): " " for space in _SPACES})
    table.update({ord(letter): _plain(letter) for letter in _ACCENTED})
    table |= {ord("đ"): "d", ord("Đ"): "D", ord("ø"): "o", ord("Ø"): "O", ord("ł"): "l", ord("Ł"): "L"}
    return table | {ord("〜"): "~", ord("～"): "~", ord("’"): "'", ord("‘"): "'", ord("〇"): "〇", ord("\r"): "\n"}


def _plain(letter: str) -> str:
    """Return a letter without its accent, in its case: the rules for Latin names see ASCII only."""
    return unicodedata.normalize("NFD", letter)[0]


_WIDTH: Final = _width_table()
