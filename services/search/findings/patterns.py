"""Many words as one regular expression that takes the longest, in time linear in the text. Pure."""

import re
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import Any, Final

_WORDS: Final = Path(__file__).parent / "words"


@cache
def words(name: str, *, whole_lines: bool = False) -> tuple[str, ...]:
    """Return the words of a list; lines that begin with # say what it is."""
    lines = (_WORDS / f"{name}.txt").read_text(encoding="utf-8").splitlines()
    kept = [line.strip() for line in lines if line.strip() and not line.startswith("#")]
    return tuple(kept if whole_lines else [word for line in kept for word in line.split()])


def any_of(choices: Iterable[str]) -> str:
    """Return a pattern without groups that matches the longest of the words.

    Words share their beginnings as a tree, so that a place in the text is looked at once and not word by word.
    """
    tree: dict[str, Any] = {}
    for word in choices:
        node = tree
        for sign in word:
            node = node.setdefault(sign, {})
        node[""] = {}
    return _pattern(tree)


def _pattern(tree: dict[str, Any]) -> str:
    branches = [re.escape(sign) + _pattern(node) for sign, node in sorted(tree.items()) if sign]
    if not branches:
        return ""
    body = branches[0] if len(branches) == 1 and "" not in tree else f"(?:{'|'.join(branches)})"
    return f"{body}?" if "" in tree else body
