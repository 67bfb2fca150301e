"""The word lists: surnames and given names with readings, and the clinical terms that look like names."""

import re
from bisect import bisect_right
from collections.abc import Mapping, Set
from functools import lru_cache
from importlib import resources
from itertools import islice, takewhile
from types import MappingProxyType
from typing import Final, NamedTuple

from services.anonymizer.text.folding.fold import fold_name

_LONGEST_TERM: Final = 16  # signs of a term of which a name can be a part


class Names(NamedTuple):
    """surnames, words: in the name view; words, and given_words, are also ordinary nouns.

    by_reading, given_by_reading: katakana → kanji.  readings, given_readings: kanji → katakana.
    """

    surnames: frozenset[str]
    words: frozenset[str]
    given: frozenset[str]
    given_words: frozenset[str]
    by_reading: Mapping[str, tuple[str, ...]]
    given_by_reading: Mapping[str, tuple[str, ...]]
    readings: Mapping[str, tuple[str, ...]]
    given_readings: Mapping[str, tuple[str, ...]]


@lru_cache(1)
def names() -> Names:
    """Return all surnames and given names that are known here: our own lists, and those of SudachiDict beside them.

    See data/NOTICE-sudachidict.txt; docs/names_from_sudachi.py makes them.
    """
    own = own_names()
    readings = _joined(own.readings, "surnames_sudachi.tsv")
    given_readings = _joined(own.given_readings, "given_names_sudachi.tsv")
    return _names(readings, given_readings, own.words, own.given_words)


@lru_cache(1)
def own_names() -> Names:
    """Return the names of the IPA dictionary (see data/NOTICE-ipadic.txt) and of our own additions."""
    readings, words = _name_list("surnames.tsv", "surnames_more.tsv")
    given_readings, given_words = _name_list("given_names.tsv", "given_names_more.tsv")
    plainly_names = frozenset(map(fold_name, _lines("surnames_not_words.txt")))
    return _names(readings, given_readings, words - plainly_names, given_words)


def _names(
    readings: Mapping[str, tuple[str, ...]],
    given_readings: Mapping[str, tuple[str, ...]],
    words: Set[str],
    given_words: Set[str],
) -> Names:
    return Names(
        surnames=frozenset(readings),
        words=frozenset(words),
        given=frozenset(given_readings),
        given_words=frozenset(given_words),
        by_reading=_turned(readings),
        given_by_reading=_turned(given_readings),
        readings=readings,
        given_readings=given_readings,
    )


def _joined(readings: Mapping[str, tuple[str, ...]], file: str) -> Mapping[str, tuple[str, ...]]:
    """Return the names with those of a file of (name, its readings), which is in the name view already."""
    joined = dict(readings)
    for line in _lines(file):
        name, _, spoken = line.partition("\t")
        joined[name] = tuple(spoken.split())
    return MappingProxyType(joined)


def _name_list(*files: str) -> tuple[Mapping[str, tuple[str, ...]], set[str]]:
    readings: dict[str, tuple[str, ...]] = {}
    words: set[str] = set()
    for line in (line for file in files for line in _lines(file)):
        written, reading, kind = line.split("\t")
        name = fold_name(written)
        readings[name] = (*readings.get(name, ()), *map(fold_name, reading.split()))  # 渡邊 and 渡辺 are one here
        if kind == "word":
            words.add(name)
    return MappingProxyType(readings), words


def _turned(readings: Mapping[str, tuple[str, ...]]) -> Mapping[str, tuple[str, ...]]:
    turned: dict[str, list[str]] = {}
    for name, kanas in readings.items():
        for kana in kanas:
            turned.setdefault(kana, []).append(name)
    return MappingProxyType({kana: tuple(kanji) for kana, kanji in turned.items()})


@lru_cache(1)
def clinical_terms() -> frozenset[str]:
    """Return clinical terms of which a part can also be a name, in the name view."""
    return frozenset(fold_name(term) for term in _lines("clinical_terms.txt"))


@lru_cache(1)
def _terms_by_first_sign() -> Mapping[str, tuple[str, ...]]:
    by_first: dict[str, list[str]] = {}
    for term in clinical_terms():
        if 1 < len(term) <= _LONGEST_TERM:
            by_first.setdefault(term[0], []).append(term)
    return MappingProxyType({sign: tuple(terms) for sign, terms in by_first.items()})


def is_inside_term(view: str, start: int, end: int) -> bool:
    """Say whether a place in a text, in the name view, is a part of a longer clinical term there."""
    by_first = _terms_by_first_sign()
    for low in range(max(0, start - _LONGEST_TERM), start + 1):
        for term in by_first.get(view[low : low + 1], ()):
            if len(term) > end - start and low + len(term) >= end and view.startswith(term, low):
                return True
    return bool(_site.terms) and _is_inside_a_sites_term(view, start, end)


def _is_inside_a_sites_term(view: str, start: int, end: int) -> bool:
    for low in range(max(0, start - _LONGEST_TERM), start + 1):
        for high in range(max(end, low + 2), min(len(view), low + _LONGEST_TERM) + 1):
            if high - low > end - start and view[low:high] in _site.terms:
                return True
    return False


class _Site:
    """The terms of a site's own lists that this process uses, also in order."""

    terms: frozenset[str] = frozenset()
    in_order: tuple[str, ...] = ()
    digest: str = ""


_site: Final = _Site()


def use_terms(terms: frozenset[str], digest: str) -> None:
    """Use the terms of a site's own lists, in the name view, beside ours from now on."""
    _site.terms, _site.in_order, _site.digest = terms, tuple(sorted(terms)), digest
    terms_with.cache_clear()


def digest_of_terms() -> str:
    """Return which lists of the site this process uses; empty: none."""
    return _site.digest


def is_sites_term(view: str) -> bool:
    """Say whether a word, in the name view, is a term of a site's own lists."""
    return view in _site.terms


@lru_cache(1)
def clinical_words() -> frozenset[str]:
    """Return whole words (Latin or kana) that are clinical or everyday and also somebody's name, in the name view."""
    return frozenset(fold_name(term) for term in _lines("clinical_words.txt"))


def is_clinical(view: str) -> bool:
    """Say whether a word, in the name view, is clinical or everyday as a whole, or a clinical term."""
    return view in clinical_words() or view in clinical_terms() or view in _site.terms


@lru_cache(8)
def word_list(name: str) -> str:
    """Return a pattern for the words of a list, the longest that fits, which tries each sign once."""
    return _pattern(tuple(_lines(f"{name}.txt")))


def _pattern(words: tuple[str, ...]) -> str:
    by_first: dict[str, list[str]] = {}
    for word in words:
        if word:
            by_first.setdefault(word[0], []).append(word[1:])
    parts = [re.escape(first) + _pattern(tuple(rest)) for first, rest in by_first.items()]
    if not parts:
        return ""
    whole = parts[0] if len(parts) == 1 else f"(?:{'|'.join(parts)})"
    return f"(?:{whole})?" if "" in words else whole


@lru_cache(8192)
def terms_with(name: str) -> tuple[tuple[str, int], ...]:
    """Return the clinical terms that contain a name, each with every place in it; of a site's, those it begins."""
    low = bisect_right(_site.in_order, name)
    begun = takewhile(lambda term: term.startswith(name), islice(_site.in_order, low, None))
    return (
        *(
            (term, match.start())
            for term in clinical_terms()
            if name in term and name != term
            for match in re.finditer(re.escape(name), term)
        ),
        *((term, 0) for term in begun),
    )


def _lines(file: str) -> list[str]:
    text = resources.files("services.anonymizer.text.folding").joinpath("data", file).read_text("utf-8")
    return [line for line in text.splitlines() if line and not line.startswith("#")]
