"""Cuts a typed query into tokens with their places. Pure; linear in the length of the text."""

import enum
import unicodedata
from collections.abc import Iterator
from typing import Final

import msgspec

from services.search.language.fields import NAMES

_OPENING: Final = "(（"
_CLOSING: Final = ")）"
_QUOTES: Final = {'"': '"”“＂', "“": '”"“', "”": '”"', "＂": '＂"', "「": "」", "『": "』"}
_MINUS: Final = "-－−"
_COLONS: Final = ":："
_WORDS: Final = {"AND": "AND", "OR": "OR", "NOT": "NOT", "|": "OR", "&": "AND"}


class Kind(enum.Enum):
    """What a token is."""

    OPEN = enum.auto()
    CLOSE = enum.auto()
    AND = enum.auto()
    OR = enum.auto()
    NOT = enum.auto()
    WORD = enum.auto()
    PHRASE = enum.auto()
    FIELD = enum.auto()


class Token(msgspec.Struct, frozen=True):
    """position: of its first character, from 1.  text: without quotes.  is_open: its quote does not end."""

    kind: Kind
    text: str
    position: int
    is_open: bool = False


def tokens(text: str) -> Iterator[Token]:
    """Yield the tokens of a query."""
    at = 0
    while at < len(text):
        if text[at].isspace():
            at += 1
            continue
        token, at = _token(text, at)
        yield token


def _token(text: str, at: int) -> tuple[Token, int]:
    first, place = text[at], at + 1
    if first in _OPENING:
        return Token(Kind.OPEN, first, place), at + 1
    if first in _CLOSING:
        return Token(Kind.CLOSE, first, place), at + 1
    if first in _QUOTES:
        end = next((i for i in range(at + 1, len(text)) if text[i] in _QUOTES[first]), None)
        stop = len(text) if end is None else end
        return Token(Kind.PHRASE, text[at + 1 : stop], place, is_open=end is None), stop + 1
    if first in _MINUS and at + 1 < len(text) and not text[at + 1].isspace():
        return Token(Kind.NOT, first, place), at + 1
    end = _end_of_word(text, at)
    word = text[at:end]
    if operator := _WORDS.get(unicodedata.normalize("NFKC", word)):
        return Token(Kind[operator], word, place), end
    if name := _field(text, at, end):
        after = at + len(name) + 1
        while after < len(text) and text[after].isspace():
            after += 1
        return Token(Kind.FIELD, name, place), after
    return Token(Kind.WORD, word, place), end


def _end_of_word(text: str, at: int) -> int:
    """Return where the word ends: at a blank, a quote, or a bracket that is not one of its own."""
    end = at
    while end < len(text) and not text[end].isspace() and text[end] not in _CLOSING and text[end] not in _QUOTES:
        if text[end] in _OPENING:
            inner = _own_bracket(text, end)
            if end == at or inner is None or _WORDS.get(unicodedata.normalize("NFKC", text[at:end])):
                return end
            end = inner
        end += 1
    return end


def _own_bracket(text: str, at: int) -> int | None:
    """Return where a bracket closes that is part of a word, as in ``T2(FLAIR)``: before any blank or other bracket."""
    for end in range(at + 1, min(len(text), at + 100)):
        if text[end] in _CLOSING:
            return end if end > at + 1 else None
        if text[end].isspace() or text[end] in _OPENING or text[end] in _QUOTES:
            return None
    return None


def _field(text: str, at: int, end: int) -> str:
    """Return the name before a colon if a field is called so."""
    colon = next((i for i in range(at, end) if text[i] in _COLONS), None)
    if colon is None:
        return ""
    name = text[at:colon]
    return name if field_name(name) in NAMES else ""


def field_name(typed: str) -> str:
    """Return the name of a field as the table has it."""
    return unicodedata.normalize("NFKC", typed).lower()
