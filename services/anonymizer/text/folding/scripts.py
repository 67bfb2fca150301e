"""Which script a sign belongs to, and the ranges of signs that patterns name. Pure."""

import re
from typing import Final

KANJI: Final = "一-鿿々ヶ"
ANY_KANJI: Final = "一-鿿々ヶ豈-\ufaff\U00020000-\U0002ffff"  # with those outside the first plane
_KANJI: Final = re.compile("[一-鿿㐀-䶿豈-﫿\U00020000-\U0003ffff々ヶヵ〆]")
_HIRAGANA: Final = re.compile("[ぁ-ゖ]")
_KATAKANA: Final = re.compile("[ァ-ヺー]")


def script(sign: str) -> str:
    """Return kanji, hiragana, katakana, latin, digit or other."""
    if _KANJI.match(sign):
        return "kanji"
    if _HIRAGANA.match(sign):
        return "hiragana"
    if _KATAKANA.match(sign):
        return "katakana"
    if sign.isalpha():
        return "latin"
    return "digit" if sign.isdigit() else "other"
