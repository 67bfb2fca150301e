"""What changed between two versions of a text, word by word; Japanese character by character. Pure."""

import re
from collections.abc import Iterator
from difflib import SequenceMatcher
from typing import Final, Literal

import msgspec

MOST_WORDS: Final = 3000
"""Of one text: longer ones are compared line by line, and those with more lines not at all (the time is quadratic)."""
_WORDS: Final = re.compile(r"[A-Za-z0-9]+(?:[.,][0-9]+)*|\s+|.", re.DOTALL)
_LINES: Final = re.compile(r"[^\n]*\n|[^\n]+")


class Change(msgspec.Struct, frozen=True):
    """A run of text. kind: in both versions, only in the earlier one, or only in the later one."""

    kind: Literal["same", "removed", "added"]
    text: str


def changes(earlier: str, later: str) -> list[Change]:
    """Return the runs of both versions in order; without the added ones they are the earlier text, and so on."""
    for pattern in (_WORDS, _LINES):
        old, new = pattern.findall(earlier), pattern.findall(later)
        if max(len(old), len(new)) <= MOST_WORDS:
            return list(_runs(old, new))
    return [Change("removed", earlier), Change("added", later)]


def _runs(old: list[str], new: list[str]) -> Iterator[Change]:
    for kind, i, j, k, m in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if kind == "equal":
            yield Change("same", "".join(old[i:j]))
            continue
        if i < j:
            yield Change("removed", "".join(old[i:j]))
        if k < m:
            yield Change("added", "".join(new[k:m]))
