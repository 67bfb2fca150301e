"""A name behind 氏 名 : however it is spread over blanks and lines, up to the next label. Pure."""

import re
from collections.abc import Iterator
from typing import Final

from services.anonymizer.text.folding.folded_text import FoldedText
from services.anonymizer.text.folding.lexicon import names
from services.anonymizer.text.names.surnames import may_be_name
from services.anonymizer.text.rules import Place

_PIECE: Final = re.compile(r"[^ \n]+")
_NEXT_LABEL: Final = re.compile(
    "^(?:様|殿|さん|性別?|男|女|年齢|住所|生年|患者|番号|歳|検査|撮影|電話|保険|科|氏名|受診|身長|体重|依頼)"
)


def spread_name(folded: FoldedText, match: re.Match[str]) -> Iterator[Place]:
    """Yield the longest run of pieces in group v, from its first, that is a whole name."""
    start, end, joined = match.start("v"), 0, ""
    for piece in _PIECE.finditer(match["v"]):
        broken = "\n" in match["v"][: piece.start()]
        if joined and (_NEXT_LABEL.match(piece[0]) or (broken and end)):
            break
        joined += folded.view[start + piece.start() : start + piece.end()]
        if _is_whole(joined):
            end = start + piece.end()
    if end:
        yield start, end


def _is_whole(name: str) -> bool:
    """Say whether it is a surname with up to four signs of a given name, in kanji or by its sound."""
    by_sound, given = names().by_reading, names().given
    if any(name[:size] in by_sound and name[size:] in names().given_by_reading for size in range(2, len(name))):
        return True
    if any(name[size:] in given and len(name) - size > 1 and may_be_name(name) for size in (2, 3, 4)):
        return True
    sizes = [size for size in (1, 2, 3, 4, 5) if name[:size] in names().surnames]
    return any(1 <= len(name) - size <= 4 for size in sizes) and may_be_name(name)
