"""Find the dates in a folded text, and say which is the patient's birth date. Pure."""

import re
from bisect import bisect_left
from collections.abc import Collection, Iterator
from typing import Final, NamedTuple

from services.anonymizer.text.dates.calendar import Day
from services.anonymizer.text.dates.context import BIRTH_AFTER, BIRTH_BEFORE
from services.anonymizer.text.dates.forms import FORMS, DateForm
from services.anonymizer.text.folding.folded_text import FoldedText
from services.anonymizer.text.rules import Hit, hits

_NUMERAL: Final = re.compile(r"\d|[〇一二三四五六七八九十元]\s?[年月]|[昭平令大]\s?[一二三四五六七八九十元]")


class WrittenDate(NamedTuple):
    """One date in the text. days: what it may mean, likeliest first; only days that there can be."""

    start: int
    end: int
    form: DateForm
    days: tuple[Day, ...]
    match: re.Match[str]


def find_dates(folded: FoldedText, known: Collection[tuple[int, int]] = ()) -> list[WrittenDate]:
    """Return the dates of a folded text, longest reading first, none overlapping.

    known: (month, day) of the header's dates; 5/7 is one of them, whatever stands around it.
    """
    dates: list[WrittenDate] = []  # in order
    if not _NUMERAL.search(folded.text):
        return dates
    for form in FORMS:
        for hit in _hits(form, folded, known):
            at = bisect_left(dates, hit.end, key=_start)  # so many begin before it ends
            if at and dates[at - 1].end > hit.start:
                continue
            if days := tuple(day for day in form.read(hit.match) if day.valid()):
                dates.insert(at, WrittenDate(hit.start, hit.end, form, days, hit.match))
    return dates


def _hits(form: DateForm, folded: FoldedText, known: Collection[tuple[int, int]]) -> Iterator[Hit]:
    rule = form.rule
    if not (known and form.may_be_fraction and rule.veto):
        yield from hits((rule,), folded)
        return
    for hit in hits((rule._replace(veto=None),), folded):
        if (int(hit.match["m"]), int(hit.match["d"])) in known or not rule.veto(hit):
            yield hit


def _start(date: WrittenDate) -> int:
    return date.start


def is_birth(date: WrittenDate, text: str, birth: Day | None) -> bool:
    """Say whether a date is the patient's birth date, by the header or by the words around it."""
    for day in date.days if birth else ():
        is_anniversary = birth and day.year is None and day[1:] == birth[1:]
        if day == birth or (is_anniversary and not date.form.may_be_fraction):
            return True
    before = BIRTH_BEFORE.search(text, max(0, date.start - 20), date.start)
    return before is not None or BIRTH_AFTER.match(text, date.end) is not None
