"""All the ways one person's name can be written in a text, from what the header holds.

Source: PS3.5 6.2.1 (PN: component groups alphabetic, ideographic, phonetic, parted by "="; components by "^").
"""

import itertools
import re
from collections.abc import Iterable, Iterator
from typing import Literal

import msgspec

from services.anonymizer.lexicon import names
from services.anonymizer.text_fold import fold, name_view
from services.anonymizer.text_kana import kana_spellings, kana_variants, romaji

Part = Literal["full", "family", "given", "guess"]
_KANJI = re.compile("[一-鿿㐀-䶿豈-﫿\U00020000-\U0003ffff々〆]")
_KANA = re.compile("[ァ-ヶー]+")
_LATIN = re.compile("[a-z]+")
_JUNK = re.compile(r"[\s・.,\-'_/*]+")
_TITLES = re.compile(r"^(?:dr|mr|mrs|ms|miss|prof|md|phd|様|殿|先生|医師)$")


class NameForm(msgspec.Struct, frozen=True):
    """One way to write a name or a part of it. text: in the name view, without spaces and punctuation."""

    text: str
    part: Part
    category: str


def name_forms(value: str, category: str) -> Iterator[NameForm]:
    """Yield the forms of one PN value; scripts that the header lacks are supplied by reading."""
    people = [_split(group) for group in value.split("=") if group.strip(" ^　")]
    families = list(dict.fromkeys(part for family, _ in people for part in _spellings(family)))
    givens = list(dict.fromkeys(part for _, given in people for part in _spellings(given)))
    for family, given in people:
        yield from _forms(family, given, category)
    for family, given in itertools.product(families, givens):
        yield NameForm(family + given, "full", category)
        if _LATIN.fullmatch(family) and _LATIN.fullmatch(given):
            yield NameForm(given + family, "full", category)
            yield NameForm(family + given[0], "full", category)
            yield NameForm(given[0] + family, "full", category)
    yield from (NameForm(family, "family", category) for family in families if len(family) > 1 or _KANJI.match(family))
    yield from (NameForm(given, "given", category) for given in givens if len(given) > 1 or _KANJI.match(given))
    if not any(_KANJI.search(family) for family, _ in people):
        yield from _kanji_by_reading(families, category)


def _forms(family: str, given: str, category: str) -> Iterator[NameForm]:
    for part in (family, given):
        pieces = [piece for piece in _JUNK.split(part) if len(piece) > 2]
        if len(pieces) > 1:  # SMITH-JONES, DE LA CRUZ: each long piece is a name too
            yield from (NameForm(piece, "family" if part is family else "given", category) for piece in pieces)
    whole = _bare(family) + _bare(given)
    if len(whole) > 1:
        yield NameForm(whole, "full" if family and given else "family", category)


def _split(group: str) -> tuple[str, str]:
    """Return family and given (with middle) of one component group, in the name view."""
    view = name_view(fold(group).text).strip()
    if "^" in view:
        parts = [part.strip() for part in view.split("^")]
        given = " ".join(part for part in parts[1:3] if part)
        if parts[0] or given:
            return (parts[0], given) if parts[0] else (given, "")
    if "," in view:
        family, given = view.split(",", 1)
        return family.strip(), given.strip()
    words = [word for word in view.replace(".", " ").split() if not _TITLES.match(word)]
    if len(words) > 1:
        if all(_LATIN.fullmatch(word) for word in words) and not kana_spellings(words[0]):
            return words[-1], " ".join(words[:-1])
        return words[0], " ".join(words[1:])
    return _split_kanji(words[0]) if words else ("", "")


def _split_kanji(name: str) -> tuple[str, str]:
    if _KANJI.search(name) and len(name) > 2:
        for size in (min(len(name) - 1, 4), 3, 2, 1):
            if name[:size] in names().surnames and size < len(name):
                return name[:size], name[size:]
    return name, ""


def _spellings(part: str) -> Iterable[str]:
    text = _bare(part)
    if not text:
        return ()
    if _KANA.fullmatch(text):
        raw = _JUNK.sub("", part)
        return (*map(name_view, kana_variants(raw)), *romaji_of(raw))
    if _LATIN.fullmatch(text):
        kana = kana_spellings(text)
        return (text, *map(name_view, kana), *(spelling for form in kana for spelling in romaji(form)))
    return (text,)


def romaji_of(kana_in_view: str) -> tuple[str, ...]:
    """Return spellings of kana whose small signs the name view has made large: シヨウ is read as ショウ too."""
    glide = re.sub("(?<=[キシチニヒミリギジビピ])([ヤユヨ])", lambda m: "ャュョ"["ヤユヨ".index(m[1])], kana_in_view)
    double = re.sub("(?<=[ァ-ヴ])ツ(?=[カキクケコサシスセソタチツテトパピプペポ])", "ッ", glide)
    return tuple(dict.fromkeys((*romaji(kana_in_view), *romaji(glide), *romaji(double))))


def _kanji_by_reading(families: list[str], category: str) -> Iterator[NameForm]:
    """Yield surnames in kanji that the header's kana or romaji may stand for; only beside a title or alone."""
    for family in families:
        for kanji in names().by_reading.get(family, ()):
            yield NameForm(kanji, "guess", category)


def _bare(part: str) -> str:
    return _JUNK.sub("", part)
