"""All the ways one person's name can be written in a text, from what the header holds.

Source: PS3.5 6.2.1 (PN: component groups alphabetic, ideographic, phonetic, parted by "="; components by "^").
"""

import itertools
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Literal

import msgspec

from services.anonymizer.text.folding.fold import name_view
from services.anonymizer.text.folding.folded_text import FoldedText
from services.anonymizer.text.folding.lexicon import clinical_words, names
from services.anonymizer.text.folding.scripts import COMPATIBLE, HANGUL
from services.anonymizer.text.folding.spans import Span
from services.anonymizer.text.names.kana import kana_spellings, kana_variants, romaji
from services.anonymizer.text.names.surnames import surname_end
from shared.text.width import fold

Part = Literal["full", "family", "given", "guess", "guessed-given"]
_UMLAUTS = str.maketrans(
    {"ä": "ae", "ö": "oe", "ü": "ue", "Ä": "AE", "Ö": "OE", "Ü": "UE", "ß": "ss", "ø": "oe", "Ø": "OE", "å": "aa"}
)
_MAX_READINGS, _MAX_LATIN = 5, 5
_KANJI = re.compile(f"[一-鿿㐀-䶿{COMPATIBLE}\U00020000-\U0003ffff々〆{HANGUL}]")  # a name of one sign is one
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
    if (spelt_out := value.translate(_UMLAUTS)) != value:
        yield from name_forms(spelt_out, category)
    people = [_split(group) for group in value.split("=") if group.strip(" ^　")]
    spoken = any(_is_spoken(family) for family, _ in people)
    families = _all_spellings((family for family, _ in people), None if spoken else names().readings)
    givens = _all_spellings((given for _, given in people), None if spoken else names().given_readings)
    for family, given in people:
        yield from _forms(family, given, category)
    yield from (NameForm(text, "full", category) for text in _joined(families, givens))
    yield from (NameForm(family, "family", category) for family in families if len(family) > 1 or _KANJI.match(family))
    yield from (NameForm(given, "given", category) for given in givens if len(given) > 1 or _KANJI.match(given))
    if not any(_KANJI.search(family) for family, _ in people):
        yield from _kanji_by_reading(families, givens, category)


def surnames_of(folded: FoldedText, people: Iterable[Span]) -> tuple[NameForm, ...]:
    """Return the surnames of people found once, so that they are found wherever else they stand."""
    forms: dict[str, NameForm] = {}
    for span in people:
        for word in folded.view[span.start : span.end].replace(",", " ").split():
            name = word[: surname_end(word)] if not word.isascii() else word.strip(".'-")
            plain = len(name) > 1 and name not in names().words and name not in clinical_words()
            if plain and (len(name) > 3 or not name.isascii()):
                forms[name] = NameForm(name, "family", span.category)
    return tuple(forms.values())


def _is_spoken(part: str) -> bool:
    """Say whether a part tells how the name sounds: kana or Latin."""
    text = _bare(part)
    return bool(_KANA.fullmatch(text) or _LATIN.fullmatch(text))


def _all_spellings(parts: Iterable[str], readings: Mapping[str, tuple[str, ...]] | None) -> list[str]:
    spellings = dict.fromkeys(spelling for part in parts for spelling in _spellings(part))
    for text in tuple(spellings) if readings else ():
        kanas = readings.get(text, ())[:_MAX_READINGS] if readings else ()
        spellings |= dict.fromkeys(spelling for kana in kanas for spelling in _spellings(kana))
    return [text for text in spellings if text]


def _joined(families: list[str], givens: list[str]) -> Iterator[str]:
    """Yield whole names without a space: Japanese in order, Latin in both, and with one initial."""
    latin_families, latin_givens = ([text for text in part if text.isascii()] for part in (families, givens))
    for family in families:
        yield from (family + given for given in givens if not (family.isascii() and given.isascii()))
    for family, given in itertools.product(latin_families[:_MAX_LATIN], latin_givens[:_MAX_LATIN]):
        yield from (family + given, given + family, family + given[0], given[0] + family)


def _forms(family: str, given: str, category: str) -> Iterator[NameForm]:
    for part in (family, given):
        parts = [piece for piece in _JUNK.split(part) if piece]
        pieces = [piece for piece in parts if len(piece) > 2 or (len(piece) > 1 and _KANA.fullmatch(piece))]
        if len(parts) > 1:  # SMITH-JONES, DE LA CRUZ: each long piece is a name too
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
    if _KANJI.search(name) and len(name) > 1 and name not in names().surnames:
        sizes = [size for size in (4, 3, 2, 1) if size < len(name) and name[:size] in names().surnames]
        sizes.sort(key=lambda size: name[size:] not in names().given)  # 森一郎 is 森 + 一郎 and not 森一 + 郎
        if sizes:
            return name[: sizes[0]], name[sizes[0] :]
    return name, ""


def _spellings(part: str) -> Iterable[str]:
    text = _bare(part)
    if not text:
        return ()
    if _KANA.fullmatch(text):
        raw = _JUNK.sub("", part)
        return (*map(name_view, kana_variants(raw)), *romaji_of(raw))
    if _LATIN.fullmatch(text):
        kana = _likely(kana_spellings(text))
        return (text, *map(name_view, kana), *(spelling for form in kana for spelling in romaji(form)))
    return (text,)


def _likely(kanas: tuple[str, ...]) -> tuple[str, ...]:
    """Return the first, and of the others (a long vowel more) those that are somebody's name."""
    known = names().by_reading, names().given_by_reading
    return kanas[:1] + tuple(kana for kana in kanas[1:] if any(name_view(kana) in readings for readings in known))


def romaji_of(kana_in_view: str) -> tuple[str, ...]:
    """Return spellings of kana whose small signs the name view has made large: シヨウ is read as ショウ too."""
    glide = re.sub("(?<=[キシチニヒミリギジビピ])([ヤユヨ])", lambda m: "ャュョ"["ヤユヨ".index(m[1])], kana_in_view)
    double = re.sub("(?<=[ァ-ヴ])ツ(?=[カキクケコサシスセソタチツテトパピプペポ])", "ッ", glide)
    return tuple(dict.fromkeys((*romaji(kana_in_view), *romaji(glide), *romaji(double))))


def _kanji_by_reading(families: list[str], givens: list[str], category: str) -> Iterator[NameForm]:
    """Yield kanji that the header's kana or romaji may stand for; guesses.py believes them only in company."""
    for family in families:
        yield from (NameForm(kanji, "guess", category) for kanji in names().by_reading.get(family, ()))
    for given in givens:
        yield from (NameForm(kanji, "guessed-given", category) for kanji in names().given_by_reading.get(given, ()))


def _bare(part: str) -> str:
    return _JUNK.sub("", part)
