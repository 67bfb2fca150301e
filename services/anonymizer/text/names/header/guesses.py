"""Judge a surname in kanji that the header has only by its sound. Pure."""

import re
from typing import Final, NamedTuple

from services.anonymizer.text.folding.folded_text import FoldedText
from services.anonymizer.text.folding.lexicon import clinical_words, names
from services.anonymizer.text.folding.scripts import script
from services.anonymizer.text.names.eponyms import is_eponym
from services.anonymizer.text.names.header.forms import NameForm
from services.anonymizer.text.names.header.verdicts import Verdict
from services.anonymizer.text.names.surnames import may_be_name
from services.anonymizer.text.names.titles import TITLE_AFTER, has_title

_TAIL: Final = re.compile("[ \\t\\n]{0,3}(?P<v>[一-鿿々ヶ]+?)(?=[様殿氏君]|医師|先生|[^一-鿿々ヶ]|$)")
_LONGEST_GIVEN: Final = 3  # kanji


class Guess(NamedTuple):
    """What a surname by its sound is, and where it stands with what belongs to it."""

    verdict: Verdict
    start: int
    end: int


def judge_guess(folded: FoldedText, form: NameForm, guessed: frozenset[str], at: int, start: int, end: int) -> Guess:
    """Judge one occurrence: it needs a title, a fitting given name, or room.

    What stands behind it in one run of kanji goes with it: the dictionary does not have every given name.
    guessed: given names that sound like the header's.  at: the position in ``folded.compact``.
    """
    tail = _TAIL.match(folded.view, end)
    rest = tail["v"] if tail else ""
    in_kanji = script(folded.before(start)) == "kanji"
    given = next((size for size in (3, 2, 1) if len(rest) >= size and rest[:size] in guessed), 0)
    if given and tail:
        fits = len(form.text) > 1 or not in_kanji
        return Guess(Verdict.MARK if fits else Verdict.LEAVE, start, tail.start("v") + given)
    titled = has_title(folded, start, end)
    if in_kanji and not titled:
        return Guess(Verdict.LEAVE, start, end)
    if len(form.text) == 1:
        return _single_kanji(folded, form, tail, start, end)
    if not titled and is_eponym(folded, form.text, at, end):
        return Guess(Verdict.EPONYM, start, end)
    if titled or (form.text not in names().words and form.text not in clinical_words()):
        return _with_rest(folded, form, tail, start, end)
    return Guess(Verdict.LEAVE, start, end)


def _single_kanji(folded: FoldedText, form: NameForm, tail: re.Match[str] | None, start: int, end: int) -> Guess:
    """Judge a surname of one kanji: only a title makes it a name."""
    if form.text in clinical_words():
        return Guess(Verdict.LEAVE, start, end)
    if TITLE_AFTER.match(folded.text, end):
        return Guess(Verdict.MARK, start, end)
    if tail and len(tail["v"]) <= _LONGEST_GIVEN and TITLE_AFTER.match(folded.text, tail.end("v")):
        return Guess(Verdict.MARK, start, tail.end("v"))
    return Guess(Verdict.LEAVE, start, end)


def _with_rest(folded: FoldedText, form: NameForm, tail: re.Match[str] | None, start: int, end: int) -> Guess:
    """Judge a surname that can stand alone, with the kanji right behind it."""
    if tail is None or tail.start("v") != end or TITLE_AFTER.match(folded.text, end):
        return Guess(Verdict.MARK, start, end)
    rest = tail["v"]
    if len(rest) <= _LONGEST_GIVEN and may_be_name(rest) and form.text not in clinical_words():
        return Guess(Verdict.MARK, start, end + len(rest))
    return Guess(Verdict.LEAVE, start, end)
