"""Japanese script for whoever compares or searches text. Pure."""

import re
from types import MappingProxyType
from typing import Final

HIRAGANA_TO_KATAKANA: Final = MappingProxyType({code: chr(code + 0x60) for code in range(0x3041, 0x3097)})

_NOT_LATIN_1: Final = re.compile(rb"[\x80-\x9f]|[\xa1-\xfe]{6}")


def katakana(text: str) -> str:
    """Return the text of the same length with hiragana as katakana."""
    return text.translate(HIRAGANA_TO_KATAKANA)


def may_be_latin_1(data: bytes) -> bool:
    """Say whether bytes under the name of ISO 8859-1 can be that, and not UTF-8, Shift_JIS or EUC-JP.

    These have controls of C1, valid sequences of UTF-8, or runs of high bytes, which no language of Latin-1 writes.
    """
    if data.isascii():
        return True
    try:
        data.decode("utf-8")
    except UnicodeDecodeError:
        return _NOT_LATIN_1.search(data) is None
    return False
