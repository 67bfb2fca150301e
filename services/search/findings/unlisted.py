"""Findings that no list has, where a sentence says that one stands there: No X, X なし, X(-), X を疑う. Pure."""

import re
from collections.abc import Iterator, Sequence
from functools import cache
from typing import Final

from services.search.findings.patterns import words
from services.search.findings.tokens import Token
from services.search.findings.view import View

_MOST_WORDS: Final = 4
_LONGEST: Final = 40
_SAYING: Final = ("negates", "doubts", "affirms", "gone")
_NAMING: Final = ("negates_next", "past_next", "doubts_one", "doubts_next")
_PARTS: Final = ("comma", "breaks", "opens", "closes", "affirms_next")
_WORD: Final = re.compile(r"[a-z][a-z'-]*")
_JAPANESE_END: Final = re.compile(r"([一-龯々ァ-ヶー]{2,12})(?:[はをもがの]|が?\s)?\Z")
_LATIN_END: Final = re.compile(r"((?:[a-z][a-z'-]{2,} ){0,2}[a-z][a-z'-]{2,})\s?[はをもがの]?\Z")
_IS_THERE: Final = re.compile(r"[をがはも]?(?:認め|あり|有り|見られ|みられ|散見)|[(\[]|伴")
_PLACE: Final = re.compile(
    r"[上中下前後内外]?(?:葉|区|部|側|枝|野|域|位|管|脈|節|房|室|腔|孔|弁|筋|靱帯|椎|骨|腺|体|頭|尾|門|膜|節)\Z"
)


def with_unlisted(view: View, parts: Sequence[Token]) -> list[Token]:
    """Return the tokens with the findings among them that no list has."""
    added = [*_denied(view.low, parts), *_said(view.low, parts)]
    if not added:
        return list(parts)
    taken = sorted([*parts, *added], key=lambda token: (token.start, token.kind != "term"))
    return [token for at, token in enumerate(taken) if not at or token.start >= taken[at - 1].end]


def _said(low: str, parts: Sequence[Token]) -> Iterator[Token]:
    """Yield what stands directly before a predicate, where its part of the sentence names no finding."""
    for at, token in enumerate(parts):
        if token.kind not in _SAYING or (token.kind == "affirms" and not _IS_THERE.match(low, token.start)):
            continue
        before = next((parts[i] for i in range(at - 1, -1, -1) if parts[i].kind in ("term", *_PARTS, *_SAYING)), None)
        if before is not None and before.kind in ("term", *_SAYING):
            continue
        least = max(parts[at - 1].end if at else 0, token.start - _LONGEST)
        text = low[least : token.start]
        match = _JAPANESE_END.search(text) or (
            (not low[token.start].isascii() or low[token.start] in "([") and _LATIN_END.search(text)
        )
        if match and not _is_stop(match[1]):
            yield Token("term", least + match.start(1), least + match.end(1))


def _is_stop(phrase: str) -> bool:
    if not phrase.isascii():
        return phrase.endswith(_stops()) or _PLACE.search(phrase) is not None
    return phrase.rpartition(" ")[2] in _stops()


def _denied(low: str, parts: Sequence[Token]) -> Iterator[Token]:
    """Yield the phrases of an English list behind no, without or history of that have no finding of the lists."""
    for at, token in enumerate(parts):
        if token.kind not in _NAMING or (token.kind == "past_next" and not low[: token.end].endswith("of")):
            continue
        for start, end, has_term in _phrases(low, parts, at):
            if not has_term and (phrase := _phrase(low, start, end)):
                yield phrase
            if token.kind != "negates_next":
                break


def _phrases(low: str, parts: Sequence[Token], at: int) -> Iterator[tuple[int, int, bool]]:
    """Yield (start, end, whether it has a finding) of the parts of the list behind a token."""
    start, has_term = parts[at].end, False
    for place in range(at + 1, len(parts)):
        token = parts[place]
        if token.kind == "term":
            has_term = True
            continue
        yield start, token.start, has_term
        if token.kind != "comma":
            return
        start, has_term = token.end, False
    if not has_term:
        yield start, _sentence_end(low, start), False


def _sentence_end(low: str, start: int) -> int:
    for end in range(start, min(len(low), start + 2 * _LONGEST)):
        if low[end] in ".;\n。、" or ord(low[end]) > 0x2E80:
            return end
    return min(len(low), start + 2 * _LONGEST)


def _phrase(low: str, start: int, end: int) -> Token | None:
    """Return what a phrase names: its words up to a preposition, without those that say nothing."""
    found: list[re.Match[str]] = []
    for word in _WORD.finditer(low, start, end):
        if word[0] in words("phrase_end_en") and (found or word[0] not in ("or", "and", "of")):
            break
        if found or word[0] not in (*words("filler_en"), "or", "and", "of"):
            found.append(word)
    if not 0 < len(found) <= _MOST_WORDS or (found[-1][0] in _stops() and len(found) < 3) or len(found[-1][0]) < 3:
        return None
    return Token("term", found[0].start(), found[-1].end())


@cache
def _stops() -> tuple[str, ...]:
    return words("unlisted_stop")
