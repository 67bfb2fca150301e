"""Spans: what rules find in a folded text, and how they are put together and shown."""

import re
import unicodedata
from bisect import bisect_right
from collections.abc import Callable, Iterable, Sequence
from itertools import islice
from typing import NamedTuple

MARKERS: dict[str, tuple[str, str]] = {
    "name": ("【氏名】", "[NAME]"),
    "physician": ("【医師名】", "[PHYSICIAN]"),
    "patient_id": ("【患者ID】", "[PATIENT ID]"),
    "accession": ("【検査番号】", "[ACCESSION]"),
    "birth_date": ("【生年月日】", "[BIRTH DATE]"),
    "date": ("【日付】", "[DATE]"),
    "time": ("【時刻】", "[TIME]"),
    "relative_date": ("【時期】", "[SOME TIME]"),
    "age": ("【高齢】", "[AGE OVER LIMIT]"),
    "phone": ("【電話】", "[PHONE]"),
    "address": ("【住所】", "[ADDRESS]"),
    "postal_code": ("【郵便番号】", "[POSTAL CODE]"),
    "institution": ("【施設】", "[INSTITUTION]"),
    "department": ("【診療科】", "[DEPARTMENT]"),
    "email": ("【メール】", "[EMAIL]"),
    "url": ("【URL】", "[URL]"),
    "uid": ("【UID】", "[UID]"),
    "vehicle": ("【車両番号】", "[VEHICLE]"),
    "insurance": ("【保険番号】", "[INSURANCE]"),
    "my_number": ("【個人番号】", "[MY NUMBER]"),
    "login": ("【利用者名】", "[LOGIN]"),
    "other_id": ("【番号】", "[ID]"),
}
MARKER = re.compile("|".join(re.escape(marker) for pair in MARKERS.values() for marker in pair))
_BETWEEN = re.compile(r"[ \t・]*(?:[A-Z]\.? )?")  # a middle initial belongs to the names around it
_JAPANESE = re.compile("[、-ヿ一-鿿ｦ-ﾟ]")


class Span(NamedTuple):
    """What is to go. replacement: None stands for the category's marker.  reason: why a person should look at it."""

    start: int
    end: int
    category: str
    replacement: str | None = None
    reason: str = ""


class ResidualRisk(NamedTuple):
    """A place, (start, end), and why a person should read it, as a word without any value."""

    start: int
    end: int
    reason: str


class Findings(NamedTuple):
    """spans: what is to go.  risks: what a person should look at, be it cut or left."""

    spans: list[Span]
    risks: list[ResidualRisk]


def outside(spans: Iterable[Span], kept: Sequence[tuple[int, int]]) -> list[Span]:
    """Return the spans without the parts that lie in kept ones (markers of an earlier pass), which are in order."""
    out: list[Span] = []
    ends = [high for _, high in kept]
    for span in spans:
        pieces, begin = [], span.start
        for low, high in islice(kept, bisect_right(ends, span.start), None):
            if low >= span.end:
                break
            pieces.append((begin, low))
            begin = max(begin, high)
        pieces = [(low, high) for low, high in [*pieces, (begin, span.end)] if low < high]
        whole = pieces == [(span.start, span.end)]
        out.extend(span if whole else Span(a, b, span.category) for a, b in pieces)
    return out


def merged(spans: Iterable[Span], text: str) -> list[Span]:
    """Return disjoint spans in order; overlapping ones, and neighbours of one category, become one."""
    out: list[Span] = []
    for span in sorted(spans, key=lambda span: (span.start, -span.end)):
        last = out[-1] if out else None
        if last and span.start < last.end:
            if span.end > last.end or (last.replacement is not None and span.replacement is None):
                longer = last if last.end - last.start >= span.end - span.start else span
                out[-1] = Span(last.start, max(last.end, span.end), longer.category)
        elif last and _same(last, span) and _BETWEEN.fullmatch(text, last.end, span.start):
            out[-1] = Span(last.start, span.end, span.category)
        else:
            out.append(span)
    return out


def _same(a: Span, b: Span) -> bool:
    return a.category == b.category and a.replacement is None and b.replacement is None


def is_japanese(text: str) -> bool:
    """Say whether markers are to be Japanese."""
    return _JAPANESE.search(text) is not None


def shown(span: Span, japanese: bool) -> str:
    """Return what stands in the place of a span."""
    return MARKERS[span.category][0 if japanese else 1] if span.replacement is None else span.replacement


def brief(text: str, spans: Sequence[Span]) -> str:
    """Return the text with a star for every span: nowhere longer than it was, for values of a limited length."""
    return _replaced(text, spans, lambda span: span.replacement or _star(text[span.start : span.end]))


def render(text: str, spans: Sequence[Span], japanese: bool) -> str:
    """Return the text with every span replaced."""
    return _replaced(text, spans, lambda span: shown(span, japanese))


def _star(hidden: str) -> str:
    """Return a mark of the width of what it hides: as many bytes as one sign in most character sets."""
    return "＊" if any(unicodedata.east_asian_width(sign) in "WF" for sign in hidden) else "*"


def _replaced(text: str, spans: Sequence[Span], mark: Callable[[Span], str]) -> str:
    out: list[str] = []
    at = 0
    for span in spans:
        out += text[at : span.start], mark(span)
        at = span.end
    out.append(text[at:])
    return "".join(out)
