"""What follows from what the learned reader sees: likely words go unless they are clinical, others flag. Pure.

The likelihoods were chosen on writers that a model had not learned from; docs/deidentification-adversarial.md has the
figures.
"""

import re
from collections.abc import Iterator, Sequence
from typing import Final

from services.anonymizer.text.folding.folded_text import FoldedText
from services.anonymizer.text.folding.lexicon import is_clinical, is_inside_term, names
from services.anonymizer.text.folding.morphemes import Kind
from services.anonymizer.text.folding.spans import Findings, ResidualRisk, Span
from services.anonymizer.text.learned import reader
from services.anonymizer.text.learned.reader import Likely
from services.anonymizer.text.names.eponyms import EPONYM_EN, EPONYM_FOREIGN, EPONYM_JA
from services.anonymizer.text.names.unfamiliar import SINGLE_WORDS

GOES: Final = 0.9
"""Of the likeliest word of a name or number."""
CALLED: Final = 0.7
"""Of a telephone number: short, and nothing that a finding needs."""
BELONGS: Final = 0.5
"""Of the other words of it."""
IS_READ: Final = 0.6
"""By a person."""
COMMON_IS_READ: Final = 0.8
"""A common word of two signs and more that is no name by any list: 胆石, ドプラ."""
CERTAIN: Final = 0.97
"""Of a common word that is a name here: 読影:前."""
_DEGREES: Final = frozenset("高低軽重強弱正異像無有否可済未要大小多少新旧")
"""What stands alone where a value or a result does."""
REASON: Final = "likely-identifier"
PLACES: Final = frozenset({"institution", "department", "address"})
PEOPLE: Final = frozenset({"name", "physician"})
_NAMES: Final = (Kind.FAMILY, Kind.GIVEN, Kind.PERSON, Kind.PLACE, Kind.PROPER, Kind.UNKNOWN)
_BETWEEN: Final = re.compile(r"[ ・,.^=-]{0,2}")
_BETWEEN_DIGITS: Final = re.compile(r"[-._@/]?")
_FEWEST_DIGITS: Final = 5
"""Of a number that is no measured value."""
_SHORT: Final = 3
"""Letters or digits of what is no account: L4, Th12, cT1N0M0."""
_TNM: Final = re.compile(r"[cpyra]{0,3}T[0-4isXx]{1,2}[a-d]?N[0-3Xx][a-c]?(?:M[01Xx][a-c]?)?")
_LIKE: Final = re.compile(
    "様[の]?(?:陰影|影|所見|変化|病変|構造|結節|腫瘤|濃度|エコー|低|高|骨|石灰化|信号|像|型|物|パターン)"
)
"""Behind what a finding looks like, where 様 is no title."""
_OF_IMAGES: Final = re.compile(
    r"(?:(?i:im|img|images?|se|series|slices?)|スライス|画像|シリーズ)[ .:#/]{0,2}[\d-]{0,4}$"
)
"""Before the numbers of images: IM:12-17."""
_CODE: Final = re.compile(r"[A-Za-z]{2,5}\d{1,6}")
"""No telephone number, but a code of a terminology: RID3874."""
_REACH: Final = 12
_ANY_PLACE: Final = frozenset(
    "総合 病院 市民 市立 県立 国立 大学 医療 センター 診療所 クリニック 医院 当院 他院 前医 近医 近く 機関 紹介 元 "
    "病棟 階 号室 外来 入院".split()
)
"""Words for what a place is, which name none."""


def read(folded: FoldedText, *, places: bool) -> Findings:
    """Return what goes and what a person should look at, in the folded text. places: whether names of these go."""
    words = [word for word in reader.read(folded) if places or word.category not in PLACES]
    spans, left = [], [word for word in words if word.likelihood < BELONGS]
    for run in _runs(folded, [word for word in words if word.likelihood >= BELONGS]):
        best = max(run, key=lambda word: word.likelihood)
        least = CALLED if best.category == "phone" else GOES
        if best.likelihood >= least and _may_go(folded, run, best.category):
            spans.append(Span(run[0].start, run[-1].end, best.category))
        else:
            left += run
    doubted = [
        word
        for word in left
        if word.likelihood >= _is_read_from(folded, word)
        and not (_is_clinical(folded, word) or _is_of_images(folded, word))
    ]
    return Findings(spans, [ResidualRisk(word.start, word.end, REASON) for word in doubted])


def _is_read_from(folded: FoldedText, word: Likely) -> float:
    view, known = folded.view[word.start : word.end], names()
    is_listed = view in known.surnames or view in known.given or view in known.by_reading
    is_common = len(view) > 1 and folded.words.are(word.start, word.end, Kind.NOUN)
    return COMMON_IS_READ if is_common and not is_listed else IS_READ


def _runs(folded: FoldedText, words: Sequence[Likely]) -> Iterator[list[Likely]]:
    """Yield words that stand side by side and are of one category, a person's name whoever it is."""
    run: list[Likely] = []
    for word in words:
        sort = _sort(word)
        between = _BETWEEN if sort == "person" or sort in PLACES else _BETWEEN_DIGITS
        if run and (sort != _sort(run[-1]) or not between.fullmatch(folded.text, run[-1].end, word.start)):
            yield run
            run = []
        run.append(word)
    if run:
        yield run


def _is_of_images(folded: FoldedText, word: Likely) -> bool:
    return _OF_IMAGES.search(folded.text, max(0, word.start - _REACH), word.start) is not None


def _sort(word: Likely) -> str:
    return "person" if word.category in PEOPLE else word.category


def _may_go(folded: FoldedText, run: Sequence[Likely], category: str) -> bool:
    """Say whether words are of a form that their category has: common words are no name, a short number is a value."""
    if all(_is_clinical(folded, word) for word in run) or _LIKE.match(folded.text, run[-1].end):
        return False
    if _is_of_images(folded, run[0]):
        return False
    if category in PEOPLE:
        return any(_is_name(folded, word) for word in run)
    if category in PLACES:
        return any(folded.text[word.start : word.end] not in _ANY_PLACE for word in run)
    written = folded.text[run[0].start : run[-1].end]
    digits, letters = sum(map(str.isdigit, written)), sum(map(str.isalpha, written))
    if category == "other_id":
        return digits >= _FEWEST_DIGITS
    if category == "phone" and (digits < _SHORT or _CODE.fullmatch(written)):
        return False  # such as a stage: pT1b
    return category != "login" or digits > _SHORT or letters > _SHORT


def _is_name(folded: FoldedText, word: Likely) -> bool:
    """Say whether a word may be a name: surely, or of a kind or on a list of names; no Latin one without a capital."""
    written, view, known = folded.text[word.start : word.end], folded.view[word.start : word.end], names()
    if written.isascii() and written.islower():
        return False
    if word.likelihood >= CERTAIN and written not in _DEGREES:
        return True
    if written in SINGLE_WORDS:
        return False
    return view in known.surnames or view in known.given or folded.words.are(word.start, word.end, *_NAMES)


def _is_clinical(folded: FoldedText, word: Likely) -> bool:
    """Say whether it is a part of a clinical term or begins an eponym, or is a clinical word and not surely a name."""
    view = folded.view[word.start : word.end]
    if _TNM.fullmatch(folded.text, word.start, word.end) or _LIKE.match(folded.text, word.end):
        return True
    if is_inside_term(folded.view, word.start, word.end):
        return True
    if word.likelihood < CERTAIN and is_clinical(view):
        return True
    return any(pattern.match(folded.text, word.end) for pattern in (EPONYM_JA, EPONYM_FOREIGN, EPONYM_EN))
