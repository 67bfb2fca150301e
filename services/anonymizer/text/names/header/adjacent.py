"""What goes with a name of the header: a given name or initials behind it, a surname before it. Pure."""

import re
from typing import Final

from services.anonymizer.text.folding.folded_text import FoldedText
from services.anonymizer.text.folding.lexicon import clinical_words, names
from services.anonymizer.text.folding.scripts import script
from services.anonymizer.text.names.header.forms import NameForm
from services.anonymizer.text.names.titles import has_title
from services.anonymizer.text.rules import Place

PARTICLE: Final = re.compile(
    "[ \t]*(?:さん|さま|様|ちゃん|くん|君|殿|氏|先生|は|が|の|を|に|と|も|へ|で|から|より|です|である|による|"
    "について|、|。)"
)
KANA_TAIL: Final = re.compile(
    "(?:[ァ-ヺー]{2,5}(?![ァ-ヺー])|[ぁ-ゖ]{2,5}?(?=さん|さま|様|ちゃん|くん|殿|氏|[^ぁ-ゖ]|$))"
)
_INITIALS: Final = re.compile(r",? ?(?:[A-Z]\.){1,3}(?![a-z])")


def with_adjacent_names(folded: FoldedText, form: NameForm, start: int, end: int) -> Place:
    """Return the place of a name with the parts of a name beside it that the header does not know."""
    return _with_family(folded, form, start), _with_given(folded, form, end)


def _with_family(folded: FoldedText, form: NameForm, start: int) -> int:
    """Return the start of the span, with another's surname right before a given name that is the header's too."""
    if form.part == "given" and script(form.text[0]) == "kanji":
        for size in (3, 2):
            family = folded.view[max(0, start - size) : start]
            if len(family) == size and family in names().surnames and family not in clinical_words():
                return start - size
    return start


def _with_given(folded: FoldedText, form: NameForm, end: int) -> int:
    """Return the end of the span, with a given name that the header does not know but that stands right behind."""
    if form.text.isascii() and (initials := _INITIALS.match(folded.text, end)):
        return initials.end()
    if form.part != "family":
        return end
    if script(form.text[0]) == "katakana" and script(folded.after(end)) == script(folded.text[end - 1]):
        tail = KANA_TAIL.match(folded.text, end)
        return tail.end() if tail and not PARTICLE.match(folded.text, end) else end
    return end + _given_behind(folded, end)


def _given_behind(folded: FoldedText, end: int) -> int:
    gap = 1 if folded.after(end) == " " else 0
    for size in (3, 2):
        piece = folded.view[end + gap : end + gap + size]
        if len(piece) == size and piece in names().given and piece not in clinical_words():
            behind = end + gap + size
            if script(folded.after(behind)) != "kanji" or has_title(folded, behind, behind):
                return gap + size
    return 0
