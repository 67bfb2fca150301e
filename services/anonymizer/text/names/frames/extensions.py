"""Rules for who stands before an extension: a word beside 内線 or PHS, or alone with a short number. Pure."""

import re
from collections.abc import Callable, Iterable, Iterator
from typing import Final

from services.anonymizer.text.folding.folded_text import FoldedText
from services.anonymizer.text.folding.lexicon import word_list
from services.anonymizer.text.folding.scripts import ANY_KANJI as _K
from services.anonymizer.text.names.frames.person import Evidence, evidence, is_side
from services.anonymizer.text.names.unfamiliar import is_said
from services.anonymizer.text.rules import Hit, Place, Rule

_BEFORE: Final = r"(?:^|(?<=[\s、。,:・→⇒>(/はへ-]))"
_NUMBER: Final = r"(?!(?:19|20)\d\d(?!\d))\d{3,5}"
_ALONE: Final = re.compile(
    rf"(?:^|(?<=[\n→⇒>、。-]))[ ]?(?P<v>[{_K}]{{2,3}})[ ]{{1,2}}(?P<w>{_NUMBER})(?=[ ]*(?:$|[、。)]))", re.MULTILINE
)
_QUOTED: Final = re.compile(rf"[「『][ ]?(?P<v>[{_K}]{{1,5}})[ ]{{1,2}}(?P<w>{_NUMBER})[ ]?[」』]")
_NOBODY: Final = re.compile(
    rf".*[科部室課院棟階局所番係席台口量値圧率数重温拍球板素酸糖度幅径長期力能齢計点]|(?:{word_list('roles')}|受付|直通|夜間|救急|病棟|外来|事務|総務|医事|本部|緊急|共通|院内|読影)"
)
_STAFF: Final = re.compile(
    "医師|先生|連絡|報告|内線|PHS|看護|技師|担当|当直|主治|Dr|問い?合わ?せ|コール|TEL|電話|メモ|伝言"
)
_NEAR: Final = 40


def _is_nobody(hit: Hit) -> bool:
    """Say whether it is a place, a role or a clinical word; one kanji that says where, unless a bracket follows."""
    if is_side(hit.view):
        return hit.folded.after(hit.end) != "("
    return _NOBODY.fullmatch(hit.words) is not None or is_said(hit.view)


def _is_near_staff(folded: FoldedText, match: re.Match[str]) -> bool:
    return _STAFF.search(folded.text, max(0, match.start() - _NEAR), match.end() + _NEAR) is not None


def _alone(group: str, least: Evidence) -> Callable[[FoldedText, re.Match[str]], Iterable[Place]]:
    """Return the function that yields the name or the number of a line that holds nothing else.

    least: the evidence for the name; of what has none, a word for staff must be near.
    """

    def places(folded: FoldedText, match: re.Match[str]) -> Iterator[Place]:
        start, end = match.span("v")
        if _NOBODY.fullmatch(match["v"]) or is_said(folded.view[start:end]):
            return
        seen = evidence(folded, start, end)
        is_near = _is_near_staff(folded, match)
        if (seen >= least) if least else (is_near and len(match["w"]) > 3 and seen < Evidence.LISTED):
            yield match.span(group)

    return places


def _quoted(group: str) -> Callable[[FoldedText, re.Match[str]], Iterable[Place]]:
    """Return the function that yields the name or the number of a note that is nothing else: 「背戸 3599」."""

    def places(folded: FoldedText, match: re.Match[str]) -> Iterator[Place]:
        start, end = match.span("v")
        view = folded.view[start:end]
        known = evidence(folded, start, end) or _is_near_staff(folded, match)
        if known and not (_NOBODY.fullmatch(match["v"]) or is_said(view) or is_side(view)):
            yield match.span(group)

    return places


RULES: Final = (
    Rule(
        "physician", _QUOTED,
        "メモ「⟦背戸⟧ 3599」", "「体重 3599」、「平成 30」",
        signs=("「", "『"), place=_quoted("v"),
    ),
    Rule(
        "phone", _QUOTED,
        "メモ「背戸 ⟦3599⟧」", "「体重 3599」、「平成 30」",
        signs=("「", "『"), place=_quoted("w"),
    ),
    Rule(
        "physician",
        re.compile(
            rf"{_BEFORE}(?P<v>[{_K}]{{1,4}})(?=[ ]?[(]?(?:内線|PHS|ピッチ|ポケベル|[☎℡])[ :.]{{0,2}}\d{{3,5}})",
            re.MULTILINE,
        ),
        "不明点は⟦前⟧(内線865)まで", "放射線科(内線865)、右 内線300",
        signs=("内線", "PHS", "ピッチ", "ポケベル", "☎", "℡"), veto=_is_nobody,
    ),
    Rule(
        "physician", _ALONE,
        "主治医へ→⟦轟木⟧ 3599", "体重 3599",
        gate=lambda folded: folded.has_numbers, place=_alone("v", Evidence.LISTED),
    ),
    Rule(
        "phone", _ALONE,
        "主治医へ→轟木 ⟦3599⟧", "体重 3599",
        gate=lambda folded: folded.has_numbers, place=_alone("w", Evidence.LISTED),
    ),
)  # fmt: skip
RESIDUAL: Final = (
    Rule(
        "name-like-words", _ALONE,
        "主治医へ連絡→⟦背戸⟧ 3599", "尿量 3599",
        gate=lambda folded: folded.has_numbers, place=_alone("v", Evidence.NONE),
    ),
)  # fmt: skip
