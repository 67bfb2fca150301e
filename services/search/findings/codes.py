"""The code of a term in the open list of findings and diseases. Pure.

A code is given to a name of the list, or to one behind words that leave its meaning as it is (places, degrees):
右肺上葉結節 is 結節.  Any other word before it may make it something else, and no code is given.
"""

import re
from functools import cache
from typing import Final

from services.search.findings.patterns import any_of, words
from services.search.findings.view import low
from shared.terms.open_terms import open_terms

_LONGEST: Final = 40


def names() -> tuple[str, ...]:
    """Return the names of the open list that are looked for in reports."""
    left_out = words("open_stop")
    return tuple(name for name in _every() if name not in left_out)


def code_of(term: str) -> str:
    """Return the id of the open list for a term as it stands in ``View.low``; "" if it is not one of the list."""
    codes = _codes()
    for form in (term, term.removesuffix("s"), term.removesuffix("es")):
        if form in codes:
            return codes[form]
    if len(term) > _LONGEST:
        return ""
    for start in range(1, len(term) - 1):
        if term[start:] in codes and _modifiers().fullmatch(term, 0, start):
            return codes[term[start:]]
    return ""


@cache
def _modifiers() -> re.Pattern[str]:
    spoken = words("describing_en", whole_lines=True)
    return re.compile(rf"(?:{any_of(map(low, words('modifiers_ja')))}|(?:{any_of(spoken)}) )+")


@cache
def _codes() -> dict[str, str]:
    """Names by code; a name that two rows have has none."""
    codes: dict[str, str] = {}
    for term in reversed(open_terms()):
        for name in (term.ja, term.en, *term.synonyms_ja, *term.synonyms_en):
            codes[low(name)] = term.id
    return codes


@cache
def _every() -> tuple[str, ...]:
    rows = open_terms()
    every = (name for row in rows for name in (row.ja, row.en, *row.synonyms_ja, *row.synonyms_en))
    return tuple(dict.fromkeys(filter(None, every)))
