"""Folded forms of person names: what is matched without regard to case, width and kana.

Source: PS3.4 C.2.2.2 (matching of PN is case-insensitive by choice), PS3.5 6.2.1 (component groups).
"""

import re
import unicodedata

from shared.dicom.json_values import Json, person_groups, values
from shared.text.japanese import katakana

_SEPARATORS = re.compile(r"[\s^]+")


def forms(attributes: Json, tag: str) -> tuple[str, ...]:
    """Return every component group of a PN Attribute, folded, in the order alphabetic, ideographic, phonetic."""
    groups = [fold(group) for value in values(attributes, tag) for group in person_groups(value)]
    return tuple(dict.fromkeys(group for group in groups if group))


def words(attributes: Json, tag: str) -> tuple[str, ...]:
    """Return what fuzzy matching of a PN Attribute looks for the beginning of: components, and groups run together."""
    return tuple(dict.fromkeys(word for form in forms(attributes, tag) for word in words_of(form)))


def words_of(group: str) -> list[str]:
    """Return the folded components of a component group, and them run together: 山田太郎 for 山田^太郎."""
    folded = fold(group)
    parts = [word for word in _SEPARATORS.split(folded) if word]
    return [*parts, "".join(parts)] if len(parts) > 1 else parts


def wanted_words(key: str) -> list[str]:
    """Return the words of a fuzzy key."""
    return [word for word in _SEPARATORS.split(fold(key.replace("=", "^")).replace("*", "")) if word]


def fold(name: str) -> str:
    """Fold case, width and kana; trailing empty components are insignificant (PS3.5 6.2.1.1)."""
    return katakana(unicodedata.normalize("NFKC", name).casefold().strip()).rstrip("^ ")
