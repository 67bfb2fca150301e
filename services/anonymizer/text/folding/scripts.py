"""Which script a sign belongs to, and the ranges of signs that patterns name. Pure."""

import re
from typing import Final

KANJI: Final = "一-鿿々ヶ"
COMPATIBLE: Final = "\uf900-\ufaff"  # CJK Compatibility Ideographs, as some registers write names
ANY_KANJI: Final = f"一-鿿々ヶ{COMPATIBLE}\U00020000-\U0002ffff"  # with those outside the first plane
_KANJI: Final = re.compile(f"[一-鿿㐀-䶿{COMPATIBLE}\U00020000-\U0003ffff々ヶヵ〆]")
HANGUL: Final = "가-힣"
_HANGUL: Final = re.compile(f"[{HANGUL}]")
_HIRAGANA: Final = re.compile("[ぁ-ゖ]")
_KATAKANA: Final = re.compile("[ァ-ヺー]")


def script(sign: str) -> str:
    """Return kanji, hangul, hiragana, katakana, latin, digit or other."""
    if _KANJI.match(sign):
        return "kanji"
    if _HANGUL.match(sign):
        return "hangul"
    if _HIRAGANA.match(sign):
        return "hiragana"
    if _KATAKANA.match(sign):
        return "katakana"
    if sign.isalpha():
        return "latin"
    return "digit" if sign.isdigit() else "other"
