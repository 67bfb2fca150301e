"""A sentence as tokens: findings, cues, sides, sizes and the signs that part them. Pure."""

import re
from collections.abc import Iterator
from typing import Final, NamedTuple

from services.search.findings import lexicon
from services.search.findings.cues import CUE, KINDS, kind_of
from services.search.findings.sentences import Sentence
from services.search.findings.view import View

_NUMBER: Final = r"\d{1,4}(?:\.\d{1,2})?"
_UNIT: Final = r"(?:mm|cm|ミリ(?:メートル)?|センチ(?:メートル)?)(?![a-z])"
_SIZE: Final = re.compile(
    rf"(?<![\d.a-z])(?P<prior>(?:前回|以前|previously|prior|formerly|from)(?:の|は|:| )?\s?)?"
    rf"(?:約|φ|径|長径|短径|最大径?|ø)?\s?"
    rf"{_NUMBER}\s?(?:{_UNIT})?(?:\s?[x×*~-]\s?{_NUMBER}\s?(?:{_UNIT})?){{0,2}}"
    rf"(?<=[mcチミルリト])(?P<thick>厚|の?スライス|間隔|ごと|毎)?(?P<of>大|程度の|ほどの|径の?|長の|までの)?"
)
_SIDE: Final = re.compile(
    r"(?P<both>両側|両(?=[一-龯])|左右(?!差|対称|方向)|\bbilateral(?:ly)?\b|\bbil\b\.?|\bboth\b"
    r"|右[>＞<＜=・,、/]左|左[>＞<＜=・,、/]右|r[><=]l|l[><=]r)"
    r"|(?P<right>右(?!心|室|房|冠|左)|\bright\b|\brt\b\.?|[(\[]r[)\]])"
    r"|(?P<left>左(?!心|室|房|冠|右|前下)|\bleft\b(?! ventric| atri)|\blt\b\.?|[(\[]l[)\]])"
)
_DEGREE: Final = re.compile(
    r"軽度|中等度|高度|著明|少量|中等量|多量|大量|多発|散在|多数|単発|びまん性に|\b(?:mild|moderate|severe|marked|small|large|trace)(?:ly)?\b"
)
_SIGN: Final = re.compile(r"(?P<comma>、|,(?!\d)|\n)|(?P<opens>[(\[])|(?P<closes>[)\]])|(?P<colon>:)")


class Token(NamedTuple):
    """kind: ``term``, a side, ``size``, ``prior`` (a size of before), a sign, or the kind of a cue."""

    kind: str
    start: int
    end: int


def tokens(view: View, sentence: Sentence) -> list[Token]:
    """Return the tokens of a sentence in order, none within another; neighbouring words of one finding are one."""
    queue = sorted(_every(view, sentence), key=lambda token: (-token.start, token.end))
    parted: list[Token] = []
    while queue:
        token = queue.pop()
        last_end = parted[-1].end if parted else sentence.start
        if token.start >= last_end:
            is_next = bool(parted) and parted[-1].kind == "term" and token.start == last_end
            parted.append(_extended(view.low, token, last_end, is_next))
        elif token.end > last_end and token.kind in KINDS and (rest := _cue(view.low, last_end, token.end)):
            queue.append(rest)  # a finding took the first signs of a cue: what is left may be another
    return _merged(view.low, parted)


def _cue(low: str, start: int, end: int) -> Token | None:
    match = CUE.search(low, start, end)
    return Token(kind_of(match), match.start(), match.end()) if match else None


def _every(view: View, sentence: Sentence) -> Iterator[Token]:
    low, start, end = view.low, sentence.start, sentence.end
    for match in lexicon.terms().finditer(low, start, end):
        yield Token(lexicon.kind(match[0]), match.start(), match.end())
    for match in lexicon.english().finditer(low, start, end):
        yield Token("term", match.start(), match.end())
    for match in lexicon.abbreviations().finditer(view.cased, start, end):
        yield Token("term", match.start(), match.end())
    for match in CUE.finditer(low, start, end):
        if match.end() > match.start():
            yield Token(kind_of(match), match.start(), match.end())
    for match in _SIDE.finditer(low, start, end):
        yield Token(str(match.lastgroup), match.start(), match.end())
    for match in _SIZE.finditer(low, start, end):
        kind = "thickness" if match["thick"] else "prior" if match["prior"] else "size"
        yield Token(kind, match.start(), match.end())
    for match in _DEGREE.finditer(low, start, end):
        yield Token("degree", match.start(), match.end())
    for match in _SIGN.finditer(low, start, end):
        yield Token(str(match.lastgroup), match.start(), match.end())


def _extended(low: str, token: Token, least: int, is_next: bool) -> Token:
    """Return a Japanese word with what stands before its end in one word: 肺結節 for 結節."""
    if token.kind not in ("japanese", "bound"):
        return token
    stem = lexicon.stem_start(low, max(least, token.start - lexicon.LONGEST_STEM), token.start)
    if token.kind == "bound" and stem == token.start and not is_next:
        return Token("stop", token.start, token.end)
    return Token("term", stem, token.end)


def _merged(low: str, parted: list[Token]) -> list[Token]:
    out: list[Token] = []
    for token in parted:
        last = out[-1] if out else None
        if last and token.kind == last.kind == "term" and _are_one(low, last, token):
            out[-1] = Token("term", last.start, token.end)
        elif token.kind != "stop":
            out.append(token)
    return out


def _are_one(low: str, first: Token, second: Token) -> bool:
    between = low[first.end : second.start]
    if between == "":
        return not (low[first.end - 1] in "水液" and low[second.end - 1] in "水液")
    return between in (" ", "性", "状", "様", "-") and (
        between != " " or (low[first.end - 1].isascii() and low[second.start].isascii())
    )
