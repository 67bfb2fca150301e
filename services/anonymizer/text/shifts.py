"""What a policy makes of dates, times and ages: kept, removed, shifted or made coarser."""

import re
from collections.abc import Iterator
from datetime import date

from services.anonymizer.text.dates.calendar import FULL_MONTHS, MONTHS, Day, era_of, number
from services.anonymizer.text.dates.find import AGE, RELATIVE, TIME, FoundDate, is_birth
from services.anonymizer.text.folding.folded_text import Reading
from services.anonymizer.text.folding.spans import Span
from services.anonymizer.text.names.identifiers import Identifiers
from services.anonymizer.text.policy import TextPolicy

# 先月3日 keeps its month, which is relative, and loses its day, which would tell by how much the other dates moved
_DAY_OF_MONTH = re.compile(r"(?:先々月|先月|今月|来月|前月|翌月|当月|同月)(?P<d>の?\s?\d{1,2}日)(?![間目])")
_NO_EXAM_BEFORE = 2005
_BESIDE = re.compile(r"[)\]\s、,/様]*")
_DIGIT_OR_POINT = tuple("0123456789.")


def time_spans(reading: Reading, identifiers: Identifiers, policy: TextPolicy, japanese: bool) -> Iterator[Span]:
    """Yield what goes of dates, times and ages."""
    text = reading.text
    birth = _day(identifiers.birth_date)
    near = next((day for day in map(_date, identifiers.study_dates) if day), None)
    for found in reading.dates:
        if is_birth(found, text, birth):
            yield Span(found.start, found.end, "birth_date")
        elif policy.dates == "remove":
            yield Span(found.start, found.end, "date")
        elif policy.dates == "shift":
            yield Span(found.start, found.end, "date", _shifted(found, policy.shift_days, near))
    if policy.dates != "keep":
        yield from (Span(match.start("d"), match.end(), "date", "") for match in _DAY_OF_MONTH.finditer(text))
    yield from _birth_digits(text, identifiers.birth_date)
    if policy.dates == "remove":
        yield from (Span(match.start(), match.end(), "time") for match in TIME.finditer(text))
    if policy.relative == "generalise":
        yield from _coarse(text)
    if policy.ages_over is not None:
        yield from _ages(text, policy.ages_over, japanese)


def births_beside(reading: Reading, people: list[Span]) -> Iterator[Span]:
    """Yield dates of before 2005 right behind a name, 山田花子（ﾔﾏﾀﾞ ﾊﾅｺ）19630519: no exam or signature is so old."""
    for found in reading.dates:
        year = found.days[0].year
        if year is None or year >= _NO_EXAM_BEFORE or found.days[0].day is None:
            continue
        for span in people:
            if span.end <= found.start <= span.end + 4 and _BESIDE.fullmatch(reading.text, span.end, found.start):
                yield Span(found.start, found.end, "birth_date")


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
    era = era_of(day.year, day.month, day.day)[2]
    years = f"(?:{birth[:2]})?{birth[2:4]}|{era}"
    pattern = rf"(?:{birth[:2]})?{birth[2:]}|(?:{years})(?P<s>[-/.・])0?{day.month}(?P=s)0?{day.day}"
    for match in re.finditer(rf"(?:{pattern})(?!\d)", text):
        if text[match.start() - 1 : match.start()] not in _DIGIT_OR_POINT:
            yield Span(match.start(), match.end(), "birth_date")


def _shifted(found: FoundDate, days: int | None, near: date | None) -> str | None:
    if days is None:
        return None
    readings = found.days
    if near is not None and len(readings) > 1:  # two-digit years, day or month first: what is nearest to the exam
        whole = [day for day in readings if day.year and day.month and day.day]
        readings = tuple(sorted(whole, key=lambda day: abs((date(*day) - near).days))) or readings  # type: ignore[arg-type]
    moved = readings[0].shifted(days, near)
    return None if moved is None else _written_like(found, moved)


def _written_like(found: FoundDate, day: Day) -> str:
    """Return a day in the form the text used."""
    match, parts = found.match, found.match.groupdict()
    if parts.get("mon"):
        return _english(found.kind, parts, day)
    if parts.get("era"):
        return _era(parts, day)
    if found.kind == "dual" or "年" in match[0] or "月" in match[0]:
        shown = zip((day.year, day.month, day.day), "年月日", strict=True)
        return "".join(f"{value}{unit}" for value, unit in shown if value is not None)
    if found.kind == "month_name":
        return f"{day.day} {MONTHS[(day.month or 1) - 1]} {day.year}"
    if found.kind == "six":
        return f"{(day.year or 0) % 100:02d}{day.month:02d}{day.day:02d}"
    if found.kind == "compact":
        return f"{day.year:04d}{day.month:02d}{day.day:02d}"
    values = [value for value in day if value is not None]
    if found.kind == "numeric":
        month_first = int(parts["a"]) <= 12
        values = (
            [day.month or 1, day.day or 1, day.year or 1]
            if month_first
            else [day.day or 1, day.month or 1, day.year or 1]
        )
    pad = re.search(r"(?<!\d)0\d", match[0]) is not None
    return str(parts.get("s") or "/").join(f"{value:02d}" if pad else str(value) for value in values)


def _english(kind: str, parts: dict[str, str | None], day: Day) -> str:
    written = str(parts["mon"]).rstrip(".")
    names = FULL_MONTHS if len(written) > 4 else MONTHS
    month = names[(day.month or 1) - 1]
    if kind == "day_month":
        return " ".join(str(part) for part in (day.day, month, day.year) if part is not None)
    tail = f", {day.year}" if day.year and day.day else (f" {day.year}" if day.year else "")
    return month + (f" {day.day}" if day.day else "") + tail


def _era(parts: dict[str, str | None], day: Day) -> str:
    name, letter, year = era_of(day.year or 2000, day.month or 7, day.day or 15)
    written = str(parts["era"])
    era = name if len(written) > 1 else (letter if written.isascii() else name[0])
    if parts.get("s"):
        return str(parts["s"]).join([f"{era}{year}", *(str(part) for part in day[1:] if part is not None)])
    rest = "".join(
        f"{value}{unit}" for value, unit in zip((day.month, day.day), "月日", strict=True) if value is not None
    )
    return f"{era}{year}年{rest}"


def _coarse(text: str) -> Iterator[Span]:
    for match in RELATIVE.finditer(text):
        if match["u"] and match["n"] != "数":
            unit = {"週": "週間", "週間": "週間", "日": "日", "年": "年"}.get(match["u"], "か月")
            yield Span(match.start(), match.end(), "relative_date", f"数{unit}{match['w']}")
        elif match["eu"]:
            yield Span(match.start(), match.end(), "relative_date", f"some {match['eu'].rstrip('s')}s {match['ew']}")
        elif match["word"] and match["word"] != "本日":
            coarse = "last year" if match["word"] == "last year" else "recently"
            yield Span(match.start(), match.end(), "relative_date", coarse if match["word"].isascii() else "以前")


def _ages(text: str, limit: int, japanese: bool) -> Iterator[Span]:
    for match in AGE.finditer(text):
        written = match["n"] or match["e"] or match["a"]
        try:
            age = number(written) if "百" not in written else 100
        except ValueError:
            continue
        if age > limit:
            coarse = f"{limit}{match['ja']}超" if match["ja"] else f"over {limit} years old"
            yield Span(match.start("a") if match["a"] else match.start(), match.end(), "age", coarse)
