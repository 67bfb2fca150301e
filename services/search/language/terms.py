"""Turns one word, phrase or value of a query into a leaf of its tree. Pure."""

import re
import unicodedata
from typing import Final

import msgspec

from services.search.language import notes as say
from services.search.language.fields import Field, bounds_of
from services.search.language.fields import Kind as FieldKind
from services.search.language.folding import fold_text, runs
from services.search.language.notes import Notes
from services.search.language.synonyms import widened
from services.search.language.tokens import Kind, Token
from services.search.language.tree import TEXT, All, Any, Between, Contains, Is, Node, Word, folded_value

_STARS: Final = re.compile(r"[*＊]+")
_UNITS: Final = frozenset(
    "mm cm m km nm um kg g mg ug ml l dl cc hu kv ma mas s ms min h mgy gy sv msv mci mbq t % 歳 才 年 月 日 週 時間"
    " 分 秒 か月 カ月 ヶ月 ヵ月 ケ月 箇月 個 回 枚 椎体 度 倍".split()
)
_YES, _NO = ("yes", "true", "1", "はい", "あり", "有"), ("no", "false", "0", "いいえ", "なし", "無")
_IDENTIFIER: Final = re.compile(r"(?=[^\d]*\d)[0-9A-Za-z][0-9A-Za-z._-]{7,}")


def joined_units(listed: list[Token]) -> list[Token]:
    """Make one term of a number and of the unit that stands behind it with blanks between."""
    joined: list[Token] = []
    for token in listed:
        before = joined[-1] if joined else None
        if before is not None and _is_unit(token) and _is_number(before):
            joined[-1] = msgspec.structs.replace(before, text=f"{before.text} {token.text}")
        else:
            joined.append(token)
    return joined


def _is_unit(token: Token) -> bool:
    return token.kind is Kind.WORD and unicodedata.normalize("NFKC", token.text).lower() in _UNITS


def _is_number(token: Token) -> bool:
    text = unicodedata.normalize("NFKC", token.text)
    return token.kind is Kind.WORD and re.fullmatch(r"[<>=]{0,2}\d+(\.\d+)?", text) is not None


def term(field: str, token: Token, notes: Notes, *, synonyms: bool) -> Node | None:
    """Return what a word or phrase means in a field of text; None, and a note, if it holds nothing to search for."""
    if token.kind is Kind.PHRASE:
        needle = fold_text(token.text)
        node: Node | None = Contains(field, (needle,), f'"{token.text}"') if needle.strip() else None
    else:
        node = _word(field, token, notes, synonyms=synonyms)
    if node is None:
        notes.add(say.NOTHING, token.position, token.text or '""')
    return node


def _word(field: str, token: Token, notes: Notes, *, synonyms: bool) -> Node | None:
    pieces = _STARS.split(token.text)
    folded = [_opened(fold_text(piece), at > 0, at < len(pieces) - 1) for at, piece in enumerate(pieces)]
    needles = [needle for needle in folded if needle.strip()]
    if not needles:
        return None
    if len(needles) > 1:
        return _of_parts(field, [needle.strip() for needle in folded], needles, token.text)
    _say_of_colon(token, notes)
    forms = widened(needles[0]) if synonyms else (needles[0],)
    node = Contains(field, forms, token.text)
    if field == TEXT and _IDENTIFIER.fullmatch(token.text):
        return Any((node, Is("identifier", folded_value(token.text), token.text)))
    return node


def _opened(folded: str, is_left: bool, is_right: bool) -> str:
    """Return a folded piece without the border of a word on the sides where a ``*`` stands."""
    folded = folded.removeprefix(" ") if is_left else folded
    return folded.removesuffix(" ") if is_right else folded


def _of_parts(field: str, parts: list[str], needles: list[str], shown: str) -> Node:
    """Within one word the parts stand in this order; parts of text without blanks are each anywhere in it."""
    if field == TEXT and all(runs(part) == {part} for part in parts if part):
        return Word(tuple(parts), shown)
    return All(tuple(Contains(field, (needle,), _starred(needle)) for needle in needles))


def _starred(needle: str) -> str:
    return f"{'' if needle.startswith(' ') else '*'}{needle.strip()}{'' if needle.endswith(' ') else '*'}"


def _say_of_colon(token: Token, notes: Notes) -> None:
    name, colon, rest = unicodedata.normalize("NFKC", token.text).partition(":")
    if colon and rest and name.isalpha() and name.isascii():
        notes.add(say.NO_FIELD, token.position, name)


def value(field: Field, token: Token, notes: Notes, *, synonyms: bool) -> Node | None:
    """Return what a value means in a field; None, and a note that the query is wrong, if it cannot have it."""
    shown = f'"{token.text}"' if token.kind is Kind.PHRASE or " " in token.text else token.text
    match field.kind:
        case FieldKind.TEXT | FieldKind.NAME:
            return term(field.name, token, notes, synonyms=synonyms)
        case FieldKind.VALUE:
            return _values(field, token, shown, notes)
        case FieldKind.FLAG:
            return _flag(field, token, notes)
        case _:
            bounds = bounds_of(field, token.text)
            if bounds is not None:
                return Between(field.name, *bounds, shown)
            text = say.NO_DATE if field.kind is FieldKind.DATE else say.NO_NUMBER
            notes.add(text, token.position, field.name, is_wrong=True)
            return None


def _values(field: Field, token: Token, shown: str, notes: Notes) -> Node | None:
    typed = [token.text] if token.kind is Kind.PHRASE else token.text.replace("、", ",").split(",")
    found = [Is(field.name, _form(text), text if len(typed) > 1 else shown) for text in typed if _form(text)]
    if not found:
        notes.add(say.NO_VALUE, token.position, field.name, is_wrong=True)
        return None
    return found[0] if len(found) == 1 else Any(tuple(found))


def _form(text: str) -> str:
    return "*".join(folded_value(piece) for piece in _STARS.split(text))


def _flag(field: Field, token: Token, notes: Notes) -> Node | None:
    text = unicodedata.normalize("NFKC", token.text).strip().lower()
    if text not in (*_YES, *_NO):
        notes.add(say.NO_FLAG, token.position, field.name, is_wrong=True)
        return None
    number = float(text in _YES)
    return Between(field.name, number, number, token.text)
