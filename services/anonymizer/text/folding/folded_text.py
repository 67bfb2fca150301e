# ruff: noqa: E501 - tables of patterns stay readable unbroken
"""One text as the rules see it: folded, as the name view, and without separators, with the way back."""

import re
from collections.abc import Iterator
from functools import cached_property

from services.anonymizer.text.dates.find import FoundDate, find_dates
from services.anonymizer.text.folding.fold import Folded, fold, name_view
from services.anonymizer.text.folding.spans import MARKER

_SEPARATORS = " \t\n\u000b\u000c・.,-'_/^=*"
_DROP = {ord(sign): None for sign in _SEPARATORS}
_HIRAGANA = re.compile("[ぁ-ゖ]")
_KATAKANA = re.compile("[ァ-ヺー]")
_KANJI = re.compile("[一-鿿㐀-䶿豈-﫿\U00020000-\U0003ffff々ヶヵ〆]")

TITLE_AFTER = re.compile(
    r"[ \t\n]*[((]?(?:様|さま|さん|サン|殿|どの|氏(?![名病法]|手術|徴候|分類)|君|くん|ちゃん|先生|せんせい|医師|Dr(?![A-Za-z0-9])|DR(?![A-Za-z0-9])|ドクター|技師|看護師|教授|准教授|講師|助教|"
    r"部長|医長|院長|副院長|師長|研修医|女史|翁|M\.?D\.?(?<![A-Za-z0-9])|Ph\.?D)"
)
TITLE_BEFORE = re.compile(
    r"(?:(?<![A-Za-z0-9])(?:Dr|Mr|Mrs|Ms|Miss|Prof|Doctor|Pt|Patient|Sir|Madam|Name)(?![A-Za-z0-9])\.?|患者(?:様|さん|氏名|名)?|氏名|名前|読影医?|依頼医|主治医|担当医|医師|"
    r"報告者|記載者|文責|指導医|執刀医|術者|技師|看護師|先生|父|母|妻|夫|長男|長女|次男|次女|兄|弟|姉|妹)[ \t\n:・は(]{0,3}$",
    re.IGNORECASE,
)

PATIENT_BEFORE = re.compile("(?:患者|氏名|本人)$")


class Reading:
    """A folded text and what is derived from it, each computed at most once."""

    def __init__(self, text: str) -> None:
        self.folded: Folded = fold(text)
        # Markers of an earlier pass are blotted out, so that their words (氏名, 住所) are no context for a rule.
        self.markers = [match.span() for match in MARKER.finditer(self.folded.text)]
        self.text: str = MARKER.sub(_blot, self.folded.text) if self.markers else self.folded.text

    @cached_property
    def view(self) -> str:
        """The folded text as names are compared."""
        return name_view(self.text)

    @cached_property
    def compact(self) -> str:
        """The view without spaces and separators."""
        return self.view.translate(_DROP)

    @cached_property
    def index(self) -> list[int]:
        """The position in the text of each sign of ``compact``."""
        return [at for at, sign in enumerate(self.view) if sign not in _SEPARATORS]

    @cached_property
    def dates(self) -> list[FoundDate]:
        """The dates in the text."""
        return find_dates(self.text)

    def has(self, *signs: str) -> bool:
        """Say whether any of these stands in the text: far cheaper than trying a pattern everywhere."""
        return any(sign in self.text for sign in signs)

    def occurrences(self, needle: str) -> Iterator[tuple[int, int, int]]:
        """Yield (position in compact, start, end) of a needle, whatever separators stand in it."""
        at = self.compact.find(needle)
        while at >= 0:
            yield at, self.index[at], self.index[at + len(needle) - 1] + 1
            at = self.compact.find(needle, at + 1)

    def before(self, at: int) -> str:
        """Return the sign before a position, or a line end."""
        return self.text[at - 1] if at > 0 else "\n"

    def after(self, at: int) -> str:
        """Return the sign at a position, or a line end."""
        return self.text[at] if at < len(self.text) else "\n"

    def has_title(self, start: int, end: int) -> bool:
        """Say whether a title or a word for a person stands right before or after."""
        if TITLE_AFTER.match(self.text, end):
            return True
        return TITLE_BEFORE.search(self.text, max(0, start - 14), start) is not None


def _blot(match: re.Match[str]) -> str:
    return "\ufffc" * len(match[0])


def script(sign: str) -> str:
    """Return kanji, hiragana, katakana, latin, digit or other."""
    if _KANJI.match(sign):
        return "kanji"
    if _HIRAGANA.match(sign):
        return "hiragana"
    if _KATAKANA.match(sign):
        return "katakana"
    if sign.isalpha():
        return "latin"
    return "digit" if sign.isdigit() else "other"
