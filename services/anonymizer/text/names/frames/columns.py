"""Rules for columns: what stands at one place of several rows is of one kind, and a heading tells which. Pure."""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import lru_cache
from typing import Final, NamedTuple

from services.anonymizer.text.folding.folded_text import FoldedText
from services.anonymizer.text.folding.lexicon import is_clinical
from services.anonymizer.text.folding.scripts import ANY_KANJI as _K
from services.anonymizer.text.names.frames.person import Evidence, is_side, person_end
from services.anonymizer.text.names.surnames import is_plain_surname
from services.anonymizer.text.rules import Place, Rule

_SEPARATORS: Final = ("\t", "|", "│", ";", ",", "∥")
_LEAST_ROWS, _LEAST_CELLS, _LONGEST_CELL = 2, 3, 24
_HEADINGS: Final = {
    "physician": re.compile(
        "(?:[一二三]次)?(?:(?:依頼|報告|確認|承認|紹介|検査|記載|入力|登録|検像|診断|判定|施行|処方)(?:医師?|者|"
        "技師)|(?:読影|主治|担当|撮影|指導|執刀|当直)(?:医師?|者|"
        "技師)?)$|医師(?:名)?$|技師(?:名)?$|"
        "看護師(?:名)?$|Dr\\.?$|(?i:(?:ref|req|read|rad|order|attend|oper|tech|phys|author|sign|user)[a-z_ ]*(?:name|"
        "by|"
        "er|or|ian|ist|doc|md)?$)"),
    "name": re.compile("(?:患者|受診者|被検者)?(?:氏名|名前?|姓名)(?:漢字|カナ)?$|カナ(?:氏名)?$|フリガナ$|"
        "(?i:(?:patient|pt)?[_ ]?(?:name|"
        "kana|kanji)$)"),
    "patient_id": re.compile("(?:患者|カルテ|診察券|受診者)?(?:ID|番号|No\\.?)$|(?i:(?:patient|pt|chart)[_ ]?(?:id|"
        "no)$)|ID$"),
    "accession": re.compile("(?:検査|受付|オーダー?|依頼|照射録)(?:ID|番号|No\\.?)$|(?i:acc(?:ession)?[_ ]?(?:no|id|"
        "number)?$)"),
    "login": re.compile("(?:ログイン|ユーザー?|利用者|操作者|端末)(?:ID|名)?$|(?i:login(?:[_ ]?(?:id|name))?$|"
        "user[_ ]?id$|account$)"),
    "department": re.compile("病棟(?:名)?$|病室$|入院先$|(?i:ward$|location$|room$)"),
    "institution": re.compile("施設(?:名)?$|(?:紹介元|依頼元|依頼)?(?:病院|施設|医療機関)(?:名)?$|(?i:institution$|"
        "hospital$|facility$)"),
}  # fmt: skip
_ITEM: Final = re.compile(
    rf"^[ \t]*(?:[・●○■★◆▶>-]|\d{{1,2}}[.)])?[ ]?(?P<v>[{_K}]{{1,5}}(?:[ ][{_K}]{{1,2}})?)[ ](?=[^\s\d(])", re.MULTILINE
)


class Cell(NamedTuple):
    """A cell without the blanks and quotes around it."""

    start: int
    end: int


def _rows(folded: FoldedText) -> list[list[list[Cell]]]:
    """Return the tables: rows that follow each other, of as many cells."""
    tables: list[list[list[Cell]]] = []
    at, rows = 0, list[list[Cell]]()
    for line in folded.text.split("\n"):
        separator = max(_SEPARATORS, key=line.count)
        cells = list(_cells(line, separator, at)) if line.count(separator) >= _LEAST_CELLS - 1 else []
        if not cells or (rows and len(rows[0]) != len(cells)):
            tables += [rows] if len(rows) >= _LEAST_ROWS else []
            rows = []
        rows += [cells] if cells else []
        at += len(line) + 1
    return [*tables, rows] if len(rows) >= _LEAST_ROWS else tables


def _cells(line: str, separator: str, at: int) -> Iterator[Cell]:
    for cell in line.split(separator):
        bare = cell.strip(" \"'")
        start = at + cell.find(bare) if bare else at
        yield Cell(start, start + len(bare))
        at += len(cell) + len(separator)


@lru_cache(4)
def _found(folded: FoldedText) -> tuple[tuple[str, int, int], ...]:
    """Return (category, start, end) of what the columns of all tables tell."""
    found: list[tuple[str, int, int]] = []
    for rows in _rows(folded):
        for column in zip(*rows, strict=True):
            found += _in_column(folded, column)
    return tuple(found)


def _in_column(folded: FoldedText, column: Sequence[Cell]) -> Iterator[tuple[str, int, int]]:
    heading = folded.text[slice(*column[0])]
    for category, pattern in _HEADINGS.items():
        if pattern.match(heading) and len(heading) <= _LONGEST_CELL:
            yield from ((category, *cell) for cell in column[1:] if _can_be(category, folded, cell))
            return
    people = [cell for cell in column if _is_person(folded, cell, Evidence.LISTED)]
    if len(people) >= _LEAST_ROWS and 2 * len(people) >= len(column):
        yield from (("name", *cell) for cell in column if _is_person(folded, cell, Evidence.UNKNOWN))


def _can_be(category: str, folded: FoldedText, cell: Cell) -> bool:
    view = folded.view[slice(*cell)]
    if not view or len(view) > _LONGEST_CELL or is_clinical(view) or view in ("-", "なし"):
        return False
    has_digits = any(sign.isdigit() for sign in view)
    if category in ("patient_id", "accession"):
        return has_digits
    if category in ("physician", "name"):
        return not has_digits and view[0].isalpha() and not view.endswith(("科", "部", "室"))
    return view[0].isalnum()


def _is_person(folded: FoldedText, cell: Cell, least: Evidence) -> bool:
    return (
        cell.start < cell.end
        and not folded.text[cell.start].isascii()
        and person_end(folded, *cell[:1], least) == cell.end
    )


def _of(category: str) -> Callable[[FoldedText, re.Match[str]], Iterable[Place]]:
    def places(folded: FoldedText, _: re.Match[str]) -> Iterator[Place]:
        yield from ((start, end) for kind, start, end in _found(folded) if kind == category)

    return places


@lru_cache(4)
def _items(folded: FoldedText) -> tuple[tuple[int, int], ...]:
    """Return the names with which two lines or more begin, one of them a plain surname: 佐野 肺気腫あり."""
    places = []
    for match in _ITEM.finditer(folded.text):
        start = match.start("v")
        stop = person_end(folded, start, Evidence.LISTED)
        if stop and not is_side(folded.view[start:stop]) and folded.after(stop) == " ":
            places.append((start, stop))
    plain = [place for place in places if is_plain_surname(folded.view[slice(*place)].split(" ")[0])]
    return tuple(places) if len(places) >= _LEAST_ROWS and plain else ()


def _has_rows(folded: FoldedText) -> bool:
    return "\n" in folded.text


_TEXT: Final = re.compile(r"\A")
RULES: Final = (
    Rule(
        "physician", _TEXT, "科,主治医,所見\n外科,⟦鎌⟧,不変\n", "科,部位,所見\n外科,頭,不変\n",
        gate=_has_rows, place=_of("physician"),
    ),
    Rule(
        "name", _TEXT, "患者名|所見|判定\n⟦みどりの⟧|不変|A\n", "部位|所見|判定\n頭|不変|A\n",
        gate=_has_rows, place=_of("name"),
    ),
    Rule(
        "patient_id", _TEXT, "ID|所見|判定\n⟦7-33⟧|不変|A\n", "部位|所見|判定\n頭|不変|A\n",
        gate=_has_rows, place=_of("patient_id"),
    ),
    Rule(
        "accession", _TEXT, "検査番号|所見|判定\n⟦7-33⟧|不変|A\n", "部位|所見|判定\n頭|不変|A\n",
        gate=_has_rows, place=_of("accession"),
    ),
    Rule(
        "login", _TEXT, "ログイン|所見|判定\n⟦oa⟧|不変|A\n", "部位|所見|判定\n頭|不変|A\n",
        gate=_has_rows, place=_of("login"),
    ),
    Rule(
        "department", _TEXT, "病棟|所見|判定\n⟦みなみ棟⟧|不変|A\n", "部位|所見|判定\n頭|不変|A\n",
        gate=_has_rows, place=_of("department"),
    ),
    Rule(
        "institution", _TEXT, "施設名|所見|判定\n⟦みどりの里⟧|不変|A\n", "部位|所見|判定\n頭|不変|A\n",
        gate=_has_rows, place=_of("institution"),
    ),
    Rule(
        "physician", _TEXT, "⟦佐野⟧ 肺気腫あり\n楠 正常\n", "肝 腫大\n右 正常\n",
        gate=_has_rows, place=lambda folded, _: _items(folded),
    ),
)  # fmt: skip
