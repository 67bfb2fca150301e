"""Words that are written in several ways that folding does not make one. Data, and how a term is widened by them. Pure.

Spellings and abbreviations of one thing only, no narrower or wider terms: what is found stays what was asked for.
"""

from typing import Final

from services.search.language.folding import fold_text

_GROUPS: Final = """
癌 がん
腫瘤 腫りゅう
動脈瘤 動脈りゅう
嚢胞 のう胞
骨粗鬆症 骨粗しょう症
蛋白 たんぱく タンパク
頭蓋 頭がい
咽頭 いん頭
喉頭 こう頭
脊椎 せきつい
捻挫 ねんざ
梗塞 こうそく
すりガラス 磨りガラス 摺りガラス
すりガラス結節 GGN
造影剤 造影薬
単純X線 単純レントゲン
リンパ節 淋巴節
くも膜下出血 SAH
"""


def _groups() -> list[tuple[str, ...]]:
    return [tuple(fold_text(word) for word in line.split()) for line in _GROUPS.split("\n") if line]


_FOLDED: Final = tuple(_groups())
_MOST: Final = 8


def widened(needle: str) -> tuple[str, ...]:
    """Return the folded term and what else it may be written as, without repeats; the term itself is first."""
    forms = {needle: None}
    for group in _FOLDED:
        for form in list(forms):
            word = max((word for word in group if word in form), key=len, default="")
            if word:
                forms |= dict.fromkeys(form.replace(word, other) for other in group)
    return tuple(forms)[:_MOST]
