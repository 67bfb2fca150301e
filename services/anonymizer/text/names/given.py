"""Given names: by the lists, or by the kanji that given names are made of. Pure."""

from collections import Counter
from functools import lru_cache
from typing import Final

from services.anonymizer.text.folding.lexicon import clinical_words, names, own_names

_NOT_LAST: Final = (
    "学県市区町村部科病院側面域性内外上下前後"  # 国立大学, 長野市内: what words end with, and hardly a name
)
# Of names given since about 1990, which the dictionary is too old for
_MODERN: Final = frozenset("颯翔蓮凛湊紬陽結愛咲心悠琉瑛煌朔碧芽莉凪蒼樹葵柊楓杏梨桜彩羽音虹斗菜希奏絢晴暖詩依唯")
SIDES: Final = frozenset(
    "右左上下中前後内外有無男女大小新旧要否可不同他済未再初以"
)  # of one kanji, which reports are full of
_LONGEST: Final = 6
_ERAS: Final = frozenset({"令和", "平成", "昭和", "大正", "明治"})
_COMMON: Final = 5  # given names in which a kanji stands before it counts as one that names are made of


def is_given(piece: str) -> bool:
    """Say whether it is a listed given name, and no clinical word."""
    return len(piece) > 1 and piece in names().given and piece not in clinical_words() and piece[-1] not in _NOT_LAST


def is_given_part(piece: str) -> bool:
    """Say whether what stands behind a surname and a blank is a given name: 健, さくら, but not 左乳房 or 術前."""
    if piece in clinical_words() or piece in SIDES or not 1 <= len(piece) <= _LONGEST:
        return False
    return piece in names().given or piece in names().given_by_reading or is_made_like_given(piece)


def is_made_like_given(piece: str) -> bool:
    """Say whether two or three kanji are such as given names are made of, and no ordinary word of the lists."""
    if not 2 <= len(piece) <= 3 or piece in clinical_words() | _ERAS or piece in names().surnames:
        return False
    anywhere, last = _name_kanji()
    return piece[-1] in last and piece[-1] not in _NOT_LAST and all(kanji in anywhere for kanji in piece)


@lru_cache(1)
def _name_kanji() -> tuple[frozenset[str], frozenset[str]]:
    """Return the kanji that many given names hold, and those that many end with."""
    given = [name for name in own_names().given if len(name) > 1]  # a list of all names that ever were tells nothing
    anywhere, last = Counter(kanji for name in given for kanji in set(name)), Counter(name[-1] for name in given)
    return (
        _MODERN | {kanji for kanji, count in anywhere.items() if count >= _COMMON},
        _MODERN | {kanji for kanji, count in last.items() if count >= 2},
    )
