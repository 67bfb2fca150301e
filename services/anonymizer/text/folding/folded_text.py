"""One text as the rules see it: folded, as the name view, and without separators, with the way back. Pure."""

import re
from bisect import bisect_left
from collections.abc import Iterator
from functools import cached_property
from typing import Final

from services.anonymizer.text.folding import morphemes
from services.anonymizer.text.folding.breaks import breaks, spaced_lines
from services.anonymizer.text.folding.fold import name_view
from services.anonymizer.text.folding.morphemes import Morphemes
from services.anonymizer.text.folding.scripts import KANJI
from services.anonymizer.text.folding.spans import MARKER
from shared.text.width import Traced, fold

_SEPARATORS: Final = " \t\n\u000b\u000c・.,-'_/^=*"
_DROP: Final = {ord(sign): None for sign in _SEPARATORS}
_THREE_DIGITS: Final = re.compile(r"\d[\d\s().-]?\d[\d\s().-]?\d")
_PARTED_KANJI: Final = re.compile(rf"[{KANJI}] [{KANJI}ぁ-んァ-ヺ]")


class FoldedText:
    """A folded text and what is derived from it, each computed at most once.

    analyse: whether the morphological analyser reads it; without it there are no words, and the answer to every
    question about them is no.
    """

    def __init__(self, text: str | Traced, *, analyse: bool = True) -> None:
        self._traced = text if isinstance(text, Traced) else fold(text)
        self._analyse = analyse
        self._line_ends: list[int] = []  # that were dropped
        self._doubtful: list[int] = []  # those of them that may be none of a word
        self._places: dict[re.Pattern[str], list[int]] = {}
        # Markers of an earlier pass are blotted out, so that their words (氏名, 住所) are no context for a rule.
        self.markers = [match.span() for match in MARKER.finditer(self._traced.text)]
        self.text: str = MARKER.sub(_blot, self._traced.text) if self.markers else self._traced.text

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

    def unbroken(self) -> "FoldedText | None":
        """Return the text without the blanks and line ends that may stand inside words; None if none does."""
        dropped, doubtful = breaks(self._traced.text)
        if not dropped:
            return None
        kept = [at for at in range(len(self._traced.text)) if at not in dropped]
        text = "".join(self._traced.text[at] for at in kept)
        places = [self._traced.original(at, at + 1) for at in kept]
        traced = Traced(text, self._traced.length, [start for start, _ in places], [end for _, end in places])
        unbroken = FoldedText(traced, analyse=self._analyse)
        unbroken._line_ends = [
            self._traced.original(at, at + 1)[0] for at in sorted(dropped) if self._traced.text[at] == "\n"
        ]
        unbroken._doubtful = [self._traced.original(at, at + 1)[0] for at in sorted(doubtful)]
        return unbroken

    def crosses(self, start: int, end: int) -> bool:
        """Say whether something was dropped within a place."""
        low, high = self.original(start, end)
        return high - low > end - start

    def line_ends_within(self, start: int, end: int, *, doubtful: bool) -> list[int]:
        """Return where line ends were dropped within a place of the unfolded text. doubtful: that may be of no word."""
        dropped = self._doubtful if doubtful else self._line_ends
        return dropped[bisect_left(dropped, start) : bisect_left(dropped, end)]

    def part(self, start: int, end: int) -> str:
        """Return what stands in a place of the unfolded text, as names are compared."""
        low, high = (bisect_left(self._traced.starts or (), at) for at in (start, end))
        return self.view[low:high]

    @cached_property
    def words(self) -> Morphemes:
        """The words that the analyser reads. Raises SettingsError: it is wanted and not installed."""
        return morphemes.read(self.text) if self._analyse else Morphemes(())

    def places_of(self, pattern: re.Pattern[str]) -> list[int]:
        """Return where a pattern of one sign matches."""
        places = self._places.get(pattern)
        if places is None:
            places = self._places[pattern] = [match.start() for match in pattern.finditer(self.text)]
        return places

    @cached_property
    def spaced_lines(self) -> list[tuple[int, int]]:
        """The lines in which blanks stand between single signs."""
        return list(spaced_lines(self.text))

    @cached_property
    def has_numbers(self) -> bool:
        """Whether three digits stand together: without them no rule for numbers is tried."""
        return _THREE_DIGITS.search(self.text) is not None

    @cached_property
    def has_parted_kanji(self) -> bool:
        """Whether a blank parts two words of Japanese, as in 佐藤 健."""
        return _PARTED_KANJI.search(self.text) is not None

    def original(self, start: int, end: int) -> tuple[int, int]:
        """Return the place in the unfolded text of one in the folded text."""
        return self._traced.original(start, end)

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


def _blot(match: re.Match[str]) -> str:
    return "\ufffc" * len(match[0])
