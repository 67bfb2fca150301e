"""What a policy makes of dates, times and ages: kept, removed, shifted or made coarser. Pure."""

import re
from collections.abc import Iterable, Iterator
from datetime import date
from typing import Final

from services.anonymizer.text.dates.calendar import Day, era_of
from services.anonymizer.text.dates.find import WrittenDate, is_birth
from services.anonymizer.text.dates.times import AGES, DAYS_OF_RELATIVE_MONTHS, RELATIVE, TIMES, age_of
from services.anonymizer.text.folding.folded_text import FoldedText
from services.anonymizer.text.folding.spans import Span
from services.anonymizer.text.names.header.identifiers import Identifiers
from services.anonymizer.text.policy import TextPolicy
from services.anonymizer.text.rules import find, hits

_NO_EXAM_BEFORE: Final = 2005
_NO_EXAM_ON_FILM: Final = 2000  # a whole date before it is a birth, unless something was done then
_TREATED: Final = re.compile(
    "手術|術|施行|撮影|CT|MR|PET|US|XP|検査|入院|退院|生検|治療|発症|受診|受傷|診断|切除|摘出|移植|開始|終了|と比|前回|死亡|事故|施設|頃|前|既往|後"
)
_BESIDE_SIGNS: Final = 9
_BESIDE: Final = re.compile(r"[)\]\s、,/|;:様]*(?:(?:男|女|M|F|m|f)性?[)\]\s、,/|;:]*)?")
_AGE_BEHIND: Final = re.compile(r"[ ]{0,3}[(]?[ ]?(?:満)?\d{1,3}[ ]?(?:歳|才|y)|[ ]?[|,;\t][ ]?[FM男女][ ]?[|,;\t]")
_TITLE_BEFORE: Final = re.compile(r"(?:様|さん|殿|氏)[ ]?[(]$")
_SEX_CELL_BEFORE: Final = re.compile(r"[|,;\t]\s?(?:[FMfmＦＭ♀♂]|男性?|女性?|[12])\s?[|,;\t]\s?$")
_DIGITS_OF_A_DAY: Final = re.compile(
    r"(?<![\d.])(?=(?P<v>(?P<y>\d{1,4})(?P<s>[-/.・])0?(?P<m>[1-9]\d?)(?P=s)0?(?P<d>[1-9]\d?)|\d{8}|\d{6})(?!\d))"
)


def time_spans(
    folded: FoldedText, dates: Iterable[WrittenDate], identifiers: Identifiers, policy: TextPolicy, japanese: bool
) -> Iterator[Span]:
    """Yield what goes of dates, times and ages."""
    yield from _date_spans(folded, dates, identifiers, policy)
    if policy.dates != "keep":
        yield from (span._replace(replacement="") for span in find(DAYS_OF_RELATIVE_MONTHS, folded))
    yield from _birth_digits(folded.text, identifiers.birth_date)
    if policy.dates == "remove":
        yield from find(TIMES, folded)
    if policy.relative == "generalise":
        yield from _coarse(folded)
    if policy.ages_over is not None:
        yield from _ages(folded, policy.ages_over, japanese)


def _date_spans(
    folded: FoldedText, dates: Iterable[WrittenDate], identifiers: Identifiers, policy: TextPolicy
) -> Iterator[Span]:
    birth = _day(identifiers.birth_date)
    exam = next((day for day in map(_date, identifiers.study_dates) if day), None)
    for written in dates:
        if is_birth(written, folded.text, birth):
            yield Span(written.start, written.end, "birth_date")
        elif policy.dates == "remove":
            yield Span(written.start, written.end, "date")
        elif policy.dates == "shift":
            yield Span(written.start, written.end, "date", _shifted(written, policy.shift_days, exam))


def births_beside(folded: FoldedText, dates: Iterable[WrittenDate], people: list[Span]) -> Iterator[Span]:
    """Yield dates of before 2005 right behind a name, 山田花子（ﾔﾏﾀﾞ ﾊﾅｺ）19630519: no exam or signature is so old."""
    ends = {person.end for person in people}
    for written in dates:
        day = written.days[0]
        if day.year is None or day.year >= _NO_EXAM_BEFORE or day.day is None:
            continue
        if _SEX_CELL_BEFORE.search(folded.text, max(0, written.start - 8), written.start):
            yield Span(written.start, written.end, "birth_date")
        if _AGE_BEHIND.match(folded.text, written.end) or _TITLE_BEFORE.search(
            folded.text, max(0, written.start - 4), written.start
        ):
            yield Span(written.start, written.end, "birth_date")
        if day.year < _NO_EXAM_ON_FILM and not _TREATED.search(
            folded.text[max(0, written.start - 6) : written.start] + "|" + folded.text[written.end : written.end + 8]
        ):
            yield Span(written.start, written.end, "birth_date")
        near = (end for end in range(written.start - _BESIDE_SIGNS, written.start + 1) if end in ends)
        if any(_BESIDE.fullmatch(folded.text, end, written.start) for end in near):
            yield Span(written.start, written.end, "birth_date")


def _day(yyyymmdd: str) -> Day | None:
    return Day(int(yyyymmdd[:4]), int(yyyymmdd[4:6]), int(yyyymmdd[6:8])) if len(yyyymmdd) == 8 else None


def _date(yyyymmdd: str) -> date | None:
    day = _day(yyyymmdd)
    return date(day.year, day.month, day.day) if day and day.valid() and day.year and day.month and day.day else None


def _birth_digits(text: str, birth: str) -> Iterator[Span]:
    """Yield the header's birth date as bare digits or with short years: 19700503, 700503, 70.5.3, 45.5.3 (昭和)."""
    day = _day(birth)
    if day is None or day.year is None or day.month is None or day.day is None:
        return
    years = {birth[:4], birth[2:4], str(era_of(day.year, day.month, day.day)[2])}
    for match in _DIGITS_OF_A_DAY.finditer(text):
        year, month, number = match["y"], match["m"], match["d"]
        is_bare = year is None and match["v"] in (birth, birth[2:])
        if is_bare or (year in years and (month, number) == (str(day.month), str(day.day))):
            yield Span(*match.span("v"), "birth_date")


def _shifted(written: WrittenDate, days: int | None, exam: date | None) -> str | None:
    if days is None:
        return None
    candidates = written.days
    if exam is not None and len(candidates) > 1:  # two-digit years, day or month first: what is nearest to the exam
        whole = [day for day in candidates if day.year and day.month and day.day]
        whole.sort(key=lambda day: abs((date(*day) - exam).days))  # type: ignore[arg-type]
        candidates = tuple(whole) or candidates
    moved = candidates[0].shifted(days, exam)
    return None if moved is None else written.form.write(written.match, moved)


def _coarse(folded: FoldedText) -> Iterator[Span]:
    for form in RELATIVE:
        for hit in hits((form.rule,), folded):
            yield Span(hit.start, hit.end, hit.rule.category, form.coarse(hit.match))


def _ages(folded: FoldedText, limit: int, japanese: bool) -> Iterator[Span]:
    for hit in hits(AGES, folded):
        age = age_of(hit)
        if age is not None and age > limit:
            unit = hit.match["ja"]
            yield Span(hit.start, hit.end, hit.rule.category, f"{limit}{unit}超" if unit else f"over {limit} years old")
