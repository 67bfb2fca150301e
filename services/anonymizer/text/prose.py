"""What is prose, and can be cleaned: texts that say they are plain, and are not, are decoded or refused. Pure."""

import re
from html import unescape
from typing import Final

from services.anonymizer.text.rtf import without_rtf
from shared.errors import Refused
from shared.text import iso_2022_jp, japanese

_REFERENCE: Final = re.compile(r"&#(?:\d{1,7}|[xX][0-9a-fA-F]{1,6});?")
_MOST_TURNS: Final = 3  # &amp;#40658; is written too
_AMPERSAND: Final = re.compile(r"&amp;(?=#(?:\d|[xX]))")
_CODECS: Final = ("utf-8", "cp932", "euc_jp")
_JAPANESE: Final = re.compile("[ぁ-んァ-ヶ一-鿿]")
_FORMATS: Final = re.compile(r"\{\\rtf|%PDF-\d|\x1b|[\x80-\x84\x86-\x9f]")  # 85 is a line end of mainframes
_BASE_64: Final = re.compile(r"(?:[A-Za-z0-9+/]{40,}={0,2}\s*){2,}|[A-Za-z0-9+/]{100,}")


def readable(text: str) -> str:
    """Return the text with RTF, numeric character references and characters of another set resolved.

    Raises Refused for what is no prose all the same: bytes in base64, PDF, escape sequences, controls, RTF that breaks.
    """
    text = without_rtf(_in_its_set(text))
    for _ in range(_MOST_TURNS):
        resolved = _REFERENCE.sub(lambda reference: unescape(reference[0]), _AMPERSAND.sub("&", text))
        if resolved == text:
            break
        text = resolved
    if not is_prose(text):
        raise Refused("text-not-readable", "a text holds a document or bytes in an encoding, and cannot be cleaned")
    return text


def is_prose(text: str) -> bool:
    """Say whether nothing in the text is of a file format, an escape sequence, or a long run of base64."""
    return _FORMATS.search(text) is None and _BASE_64.search(text) is None


def _in_its_set(text: str) -> str:
    """Return what bytes mean that were read as ISO 8859-1 and cannot be that, or that still hold escape sequences."""
    try:
        data = text.encode("latin-1")
    except UnicodeEncodeError:
        return text
    if iso_2022_jp.is_used(data):
        return iso_2022_jp.decode(data) or text
    if japanese.may_be_latin_1(data):
        return text
    for codec in _CODECS:
        try:
            meant = data.decode(codec)
        except UnicodeDecodeError:
            continue
        return meant if _JAPANESE.search(meant) else text
    return text
