"""Parts a report into sections and sentences. Pure.

A line end parts sentences unless the line was cut within one: a denial at the start of the next line still counts.
"""

import re
from collections.abc import Iterator
from typing import Final, Literal, NamedTuple

Section = Literal["", "history", "family", "recommended", "indication", "technique"]

_TITLES: Final[dict[Section, str]] = {
    "history": r"既往(?:歴|症)?|手術歴|past (?:medical |surgical )?history|pmh|psh|phx?",
    "family": r"家族歴|family history|fhx?",
    "recommended": r"推奨(?:事項)?|提案|今後の方針|追加検査|recommendations?|suggestions?|plan|advice",
    "indication": r"(?:検査|撮影|依頼)?目的|臨床(?:情報|診断|経過|所見|症状)|依頼(?:内容|事項|理由|元コメント)?|"
    r"主訴|現病歴|病歴|検査理由|紹介理由|適応|症状|経過|indications?|"
    r"clinical (?:information|history|indication|data|details?|question)|"
    r"reason(?: for (?:the )?(?:exam(?:ination)?|study|test))?|(?:present )?history|c/c|cc|hx|hpi",
    "technique": r"撮影(?:法|方法|条件|範囲|部位)|検査(?:方法|法|手技|部位|条件)|方法|技術|プロトコル|"
    r"technique|protocol|procedure|比較(?:対象|検査|画像)?|comparison|exam(?:ination)?|検査名",
    "": r"(?:画像|読影|検査|主要|主な|追加)?所見|(?:画像|総合|読影|放射線)?診断|"
    r"印象|判定|結論|結果|まとめ|総括|総合評価|"
    r"考察|評価|コメント|読影(?:結果)?|findings?|impressions?|conclusions?|diagnos[ie]s|"
    r"results?|opinion|comments?|"
    r"assessment|summary|report",
}
_KINDS: Final = tuple(_TITLES)
_OPEN: Final = r"[ \t]*(?:[【\[<〔《■●◆○◎◇□▼▽★☆※#*\-=]|\d{1,2}[.)] ?)*[ \t]*"
_TITLE: Final = re.compile(
    "(?:(?:^|(?<=[\n。.;]))"
    + _OPEN
    + "|(?<=[】\\]>〕》])[ \t]*[【\\[<〔《]|[【\\[〔《])(?:"
    + "|".join(f"(?P<k{number}>{pattern})" for number, pattern in enumerate(_TITLES.values()))
    + r")[ \t]*(?:[】\]>〕》:=]+[ \t]*:?|(?=[ \t]*(?:\n|$)))",
    re.MULTILINE,
)
_END: Final = re.compile(
    r"[。!;]+|\.(?=\s|$|"
    r"[^\x00-\x7f])(?<!\brt\.)(?<!\blt\.)(?<!\bbil\.)(?<!\bvs\.)(?<!\bsusp\.)(?<!\bno\.)(?<!\bapprox\.)(?<!\bn\.p\.)"
    r"|\n(?:[ \t]*\n)*|[①-⑳]|(?<=\s)#\d"
)
_NUMBERED: Final = re.compile(
    r"[ \t]*(?:\d{1,2}[.)](?!\d)|[①-⑳]|\(\d{1,2}\)|#\d{0,2}|[・●■◆○◇□▪•*>※]|-(?=[ \t]))[ \t]*"
)
_GOES_ON: Final = re.compile(r"[、,をはがにのとやもでへ及びつ]$|(?:および|または|あるいは|並びに|から|より)$")
_CONTINUES: Final = re.compile(
    r"(?!びまん|すりガラス|くも膜|のう胞|ごく|やや|わずか|まだら|ほぼ|その|この|いずれ|あわせ)[ぁ-ん、]|(?:認め|見られ|指摘|無し|無く|無い|疑|否定|伴|検出|確認|描出|"
    r"存在|可能性|所見(?:なし|を|は|な)|有り|有)"
)
_LONGEST: Final = 800  # signs of a sentence that are read as one: what is longer was not written as one
_LONG_LINE: Final = 40  # signs after which a line of English may have been cut


class Sentence(NamedTuple):
    """A place (start, end) in the folded text, and the section that it stands in."""

    start: int
    end: int
    section: Section


def sentences(low: str, cased: str, section: Section = "") -> Iterator[Sentence]:
    """Yield the sentences of a text, in order, without headings and numbers of lists.

    low, cased: the folded text in lower case, and as it was written, of the same length.  section: of what stands
    before the first heading.
    """
    for start, end, kind in _sections(low, section):
        at = start
        for match in _END.finditer(low, start, end):
            if match[0][0] == "\n" and _is_within_sentence(low, cased, at, match):
                continue
            yield from _sentence(low, at, match.start(), kind)
            at = match.end()
        yield from _sentence(low, at, end, kind)


def _sentence(low: str, start: int, end: int, section: Section) -> Iterator[Sentence]:
    number = _NUMBERED.match(low, start, end)
    start = number.end() if number else start
    while end - start > _LONGEST:
        cut = max(low.rfind("、", start, start + _LONGEST), low.rfind(" ", start, start + _LONGEST)) + 1
        cut = cut if cut > start else start + _LONGEST
        yield Sentence(start, cut, section)
        start = cut
    if low[start:end].strip():
        yield Sentence(start, end, section)


def _sections(low: str, section: Section) -> Iterator[tuple[int, int, Section]]:
    """Yield (start, end, section) between headings."""
    titles = [(match.start(), match.end(), _kind(match)) for match in _TITLE.finditer(low)]
    has_body = [kind == "" for _, _, kind in titles]
    yield 0, titles[0][0] if titles else len(low), section
    for number, (_, end, kind) in enumerate(titles):
        stop = titles[number + 1][0] if number + 1 < len(titles) else len(low)
        cut = stop
        if kind and not any(has_body[number + 1 : number + 4]):
            cut = _end_of_paragraph(low, end, stop, kind)
        yield end, cut, kind
        if cut < stop:
            yield cut, stop, ""


def _end_of_paragraph(low: str, start: int, stop: int, kind: Section) -> int:
    """Return where a section ends that no heading of findings follows: with its line, or the lines below its title."""
    line_end = low.find("\n", start, stop)
    if low[start : line_end if line_end >= 0 else stop].strip():
        if kind in ("indication", "technique", "history", "family") and (full := _full_stop(low, start, stop)) >= 0:
            line_end = full if line_end < 0 else min(full, line_end)
        return line_end if line_end >= 0 else stop
    blank = low.find("\n\n", line_end + 1, stop) if line_end >= 0 else -1
    return blank if blank >= 0 else stop


def _full_stop(low: str, start: int, stop: int) -> int:
    end = _END.search(low, start, stop)
    return end.end() if end and end[0][0] in "。." else -1


def _kind(match: re.Match[str]) -> Section:
    return _KINDS[int(str(match.lastgroup)[1:])]


def _is_within_sentence(low: str, cased: str, start: int, line_end: re.Match[str]) -> bool:
    """Say whether a line end was put into a sentence by the width of the page."""
    if "\n" in line_end[0][1:]:
        return False
    before, behind = low[max(start, line_end.start() - 8) : line_end.start()].rstrip(), line_end.end()
    while behind < len(low) and low[behind] in " \t":
        behind += 1
    if not before or _NUMBERED.match(low, behind):
        return False
    if _GOES_ON.search(before):
        return True
    if behind < len(low) and "a" <= cased[behind] <= "z" and line_end.start() - start >= _LONG_LINE:
        return not before.endswith(":")
    return _CONTINUES.match(low, behind) is not None and not before.endswith((":", "】", "]"))
