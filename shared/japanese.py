"""Japanese script for whoever compares or searches text. Pure."""

from types import MappingProxyType
from typing import Final

HIRAGANA_TO_KATAKANA: Final = MappingProxyType({code: chr(code + 0x60) for code in range(0x3041, 0x3097)})


def katakana(text: str) -> str:
    """Return the text of the same length with hiragana as katakana."""
    return text.translate(HIRAGANA_TO_KATAKANA)
