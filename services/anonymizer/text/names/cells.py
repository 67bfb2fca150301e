"""Rules for people by the layout: what stands alone in a cell, between signs, behind a role or before a title.

A cell is what stands between line ends, tabs, bars, brackets, slashes, commas and the like. A role in front or a title
behind makes it a person's, so that a name goes there that no list has; without them a listed surname goes. Pure.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import lru_cache
from typing import Final

from services.anonymizer.text.folding.folded_text import FoldedText
from services.anonymizer.text.folding.lexicon import is_clinical, names, word_list
from services.anonymizer.text.folding.morphemes import Kind, Morpheme
from services.anonymizer.text.folding.scripts import ANY_KANJI as _K
from services.anonymizer.text.folding.scripts import script
from services.anonymizer.text.names.given import SIDES, is_given_part
from services.anonymizer.text.names.readings import are_words, is_family, may_stand_in_slot
from services.anonymizer.text.names.surnames import is_name
from services.anonymizer.text.rules import Place, Rule

_CELL: Final = re.compile(
    r"[^\n\t|,;:/()\[\]{}<>「」『』【】〔〕《》〈〉^=・★☆●○■□◆◇▼▲※→⇒←>@、。．!?\"“”*│┃┤├─━∥~+…&\ufffc#＃\\]+"
)
_ROLE: Final = re.compile(
    rf"(?:{word_list('roles')})(?:医師?|者|技師|担当)?(?:[0-9①-⑨]|[A-Z](?![A-Za-z]))?[ 　の・.]{{0,3}}"
)
_TITLE: Final = re.compile(rf"[ ]?(?:{word_list('titles')})")
_LABEL_END: Final = re.compile(
    rf"(?:{word_list('roles')})(?:医師?|者|技師|担当)?[ ]?[)\]】》]?[ ]?[:=/|│>→\t]?[ ]*\n?[ ]*$"
)
_REST: Final = re.compile(
    r"[ ]?$|[ ]{2,}|[ ]?(?:記|印|筆|拝|代|他|より|から|へ|に|が|は|と|の|も|を|で|まで|宛|達|ら[^ぁ-ん]|待機|来|済|"
    r"確認|説明|同席|同行|到着|付|連絡|"
    r"報告|撮影|施行|読影|対応|受|当番|当直|担当|判定|入力|介入|コール|OK|了解|再照合|照合|医師|診察|研修|既読|"
    r"「|電話|TEL|PHS|内線|\d)|[ ](?=\S)"
)
_LIST: Final = re.compile("[ ]?(?:[(][^()\n]{1,8}[)])?[ ]?[、,/・→]+[ ]?")
_ORGANS: Final = frozenset(
    "肝肺腎脳骨胃腸心胸腹頭頸眼耳鼻歯舌胆膵脾脊髄血尿便痰乳陰陽良高低軽重強弱正異像癌腫瘤瘍痛熱術後様氏殿者医師士長員名科部室課印付宛記版期型回群級度相層葉枚個例"
)
_ALONE_SIGNS: Final = ("(", "[", "/", "【", "〔", "《", "<", "^", "|", "→", "@", ":", "=", "│", "∥")
_TOKEN: Final = re.compile(rf"[{_K}]{{1,7}}(?:[ぁ-ん]{{2,4}}(?![ぁ-ん]))?(?![{_K}ァ-ヺー])")
_AGE: Final = re.compile(r"[ ]{0,2}\d{1,3}[ ]?(?:M|F|歳|才|y|男|女)")
_PAIR: Final = re.compile(
    rf"(?P<f>[{_K}]{{1,4}})[ ]{{1,2}}(?P<g>[{_K}]{{1,3}}|[ぁ-ん]{{2,4}}|[ァ-ヺー]{{2,4}})(?![{_K}ぁ-んァ-ヺー])"
)
_CLOSING_SIGNS: Final = ("/", ")", "→", "|", "^", "│", "∥", ":", "「", "@", ">")
_LONGEST, _LONGEST_NAME = 24, 9
_NOBODY: Final = frozenset(
    "なし 無し 不明 同上 未定 本人 家族 患者 医師 看護師 技師 先生 当直 当番 担当 主治医 "
    "他院 当院 前医 放射線 専門医".split()
)


@lru_cache(4)
def _people(folded: FoldedText) -> tuple[tuple[str, int, int], ...]:
    """Return (category, start, end) of who stands in a cell."""
    found: list[tuple[str, int, int]] = []
    for cell in _CELL.finditer(folded.text):
        start, end = cell.span()
        while start < end and folded.text[start] == " ":
            start += 1
        if start < end and end - start <= _LONGEST and not folded.text[start:end].isascii():
            beside = bool(found) and _LIST.fullmatch(folded.text, found[-1][2], start) is not None
            found += _in_cell(folded, start, end, beside=beside)
    return tuple(found)


def _in_cell(folded: FoldedText, start: int, end: int, *, beside: bool) -> Iterator[tuple[str, int, int]]:
    """Yield the person of a cell: behind roles, before a title, or alone. beside: whether it follows a person's."""
    at, roles = start, False
    while (role := _ROLE.match(folded.text, at, end)) is not None and role.end() > at:
        if role.end() < end and not folded.words.begins(role.end()):
            break
        at, roles = role.end(), True
    labelled = _LABEL_END.search(folded.text, max(0, start - 14), start) is not None
    strict = roles or labelled or beside
    stop = _name_end(folded, at, end, strict=strict)
    title = _TITLE.match(folded.text, stop) if stop else None
    if stop and (title or strict or _is_alone(folded, at, stop, end)) and _rest_fits(folded, stop, end, title):
        yield "physician", at, stop
        return
    for role in _ROLE.finditer(folded.text, start, end):
        stop = _name_end(folded, role.end(), end, strict=True) if _is_word(folded, role) else 0
        if stop - role.end() > 1 and _rest_fits(folded, stop, end, _TITLE.match(folded.text, stop)):
            yield "physician", role.end(), stop
            return
    yield from _titled(folded, start, end)


def _is_word(folded: FoldedText, role: re.Match[str]) -> bool:
    """Say whether a role within a cell is whole words: 保健師 in 5/22 保健師 一二三."""
    return folded.words.begins(role.start()) and (role.end() == role.endpos or folded.words.begins(role.end()))


def _titled(folded: FoldedText, start: int, end: int) -> Iterator[tuple[str, int, int]]:
    """Yield who stands before a title that only people of a profession have: 森OT, 轟隊長, 口石CW."""
    for title in _TITLE.finditer(folded.text, start, end):
        behind = folded.after(title.end())
        if title.end() < end and (behind.isalpha() and script(behind) == script(folded.text[title.end() - 1])):
            continue
        words = [word for word in folded.words.within(start, title.start()) if word.end <= title.start()]
        low = _first_of_name(folded, words, title.start())
        if low < title.start():
            yield "physician", low, title.start()


def _first_of_name(folded: FoldedText, words: Iterable[Morpheme], stop: int) -> int:
    """Return where the name begins that ends before a title; its end if there is none."""
    low, last = stop, stop
    for word in reversed(list(words)):
        if word.end != last or stop - word.start > _LONGEST_NAME:
            break
        view = folded.view[word.start : word.end]
        one = len(view) == 1 and script(folded.text[word.start]) == "kanji" and view not in SIDES
        known = one and (view in names().surnames or view in names().given)
        if not (may_stand_in_slot(folded, word) or known):
            break
        low = last = word.start
    return stop if _is_nobody(folded.view[low:stop]) else low


def _name_end(folded: FoldedText, at: int, end: int, *, strict: bool) -> int:
    """Return where the name ends that begins at a place in a cell; 0 if none does."""
    if strict and (stop := _listed_end(folded, at, end)):
        return stop
    words = [word for word in folded.words.within(at, end) if word.start >= at and word.end <= end]
    if not words or words[0].start != at:
        return 0
    stop = at
    for number, word in enumerate(words):
        if number and folded.text[word.start : word.end] == " " and stop == word.start:
            stop = _given_behind(folded, words[number + 1 : number + 2], stop)
            break
        if word.start != stop or word.end - at > _LONGEST_NAME or not _fits(folded, word, number, strict=strict):
            break
        stop = word.end
    return stop if stop > at and not _is_nobody(folded.view[at:stop]) else 0


def _listed_end(folded: FoldedText, at: int, end: int) -> int:
    """Return where a name ends that is one by our lists, or that a given name behind a blank makes one; else 0."""
    token = _TOKEN.match(folded.text, at, end)
    view = folded.view[at : token.end()] if token else ""
    if token and len(view) > 1 and is_name(view, words=True):
        return 0 if are_words(folded, at, token.end()) and view not in names().surnames else token.end()
    pair = _PAIR.match(folded.text, at, end)
    if pair is None or pair["f"] in _NOBODY or pair["f"] in SIDES or are_words(folded, *pair.span("g")):
        return 0
    return pair.end() if is_given_part(folded.view[slice(*pair.span("g"))]) else 0


def _given_behind(folded: FoldedText, following: Sequence[Morpheme], stop: int) -> int:
    """Return where a given name behind a blank ends, else where the surname ends."""
    for word in following:
        one = word.end - word.start == 1
        if (one or word.kind not in (Kind.NOUN, Kind.OTHER)) and is_given_part(folded.view[word.start : word.end]):
            return word.end
    return stop


def _is_nobody(view: str) -> bool:
    return view in _NOBODY or is_clinical(view)


def _fits(folded: FoldedText, word: Morpheme, number: int, *, strict: bool) -> bool:
    view = folded.view[word.start : word.end]
    if len(view) == 1 and script(folded.text[word.start]) == "kanji":
        if not strict and view in _ORGANS:
            return False
        known = (strict and view not in _ORGANS) or view in names().surnames if number == 0 else is_given_part(view)
        return view not in SIDES and (known or word.kind in (Kind.FAMILY, Kind.GIVEN))
    if number:
        return word.kind in (Kind.FAMILY, Kind.GIVEN, Kind.PERSON, Kind.PLACE, Kind.UNKNOWN)
    if strict:
        return may_stand_in_slot(folded, word)
    if view.isascii():
        return False  # Fazekas: who is called so in a report is no person
    listed = view in names().surnames and view not in names().words and len(view) > 1
    return is_family(folded, word) or (listed and word.kind is not Kind.NOUN)


def _is_alone(folded: FoldedText, at: int, stop: int, end: int) -> bool:
    """Say whether a name is all there is in a cell; one kanji only where a sign opens it."""
    if _AGE.match(folded.text, stop, end):
        return not _is_joined(folded, at, stop)
    if stop != end and folded.text[stop:end].strip():
        return False
    if _is_joined(folded, at, end):
        return False
    opened = folded.before(at) in _ALONE_SIGNS or folded.after(end) in _CLOSING_SIGNS
    return stop - at > 1 or opened


def _is_joined(folded: FoldedText, at: int, end: int) -> bool:
    """Say whether a dot or a hyphen joins it to another word: フォークト・小柳・原田."""
    before = folded.before(at) in "・-" and folded.before(at - 1).isalpha()
    return before or (folded.after(end) in "・-" and folded.after(end + 1).isalpha())


def _rest_fits(folded: FoldedText, stop: int, end: int, title: re.Match[str] | None) -> bool:
    return title is not None or _REST.match(folded.text, stop, end) is not None


def _named(category: str) -> Callable[[FoldedText, re.Match[str]], Iterable[Place]]:
    def places(folded: FoldedText, _: re.Match[str]) -> Iterator[Place]:
        yield from ((start, end) for kind, start, end in _people(folded) if kind == category)

    return places


RULES: Final = (
    Rule(
        "physician", re.compile(r"\A"),
        "会計 ⟦巌⟧ 確認", "造影/単純/右",
        place=_named("physician"),
    ),
)  # fmt: skip
