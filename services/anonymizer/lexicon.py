"""The word lists: surnames and given names with readings, and the clinical terms that look like names."""

import re
from collections.abc import Mapping
from functools import lru_cache
from importlib import resources
from types import MappingProxyType
from typing import NamedTuple

from services.anonymizer.text_fold import fold_name


class Names(NamedTuple):
    """surnames, words: in the name view; words are also ordinary nouns.  by_reading: katakana → kanji."""

    surnames: frozenset[str]
    words: frozenset[str]
    given: frozenset[str]
    by_reading: Mapping[str, tuple[str, ...]]
    given_by_reading: Mapping[str, tuple[str, ...]]


@lru_cache(1)
def names() -> Names:
    """Return the surnames and given names (IPA dictionary; see data_text/NOTICE-ipadic.txt)."""
    surnames, words, by_reading = _name_list("surnames.tsv")
    given, _, given_by_reading = _name_list("given_names.tsv")
    plainly_names = frozenset(map(fold_name, _lines("surnames_not_words.txt")))
    return Names(surnames, words - plainly_names, given, by_reading, given_by_reading)


def _name_list(file: str) -> tuple[frozenset[str], frozenset[str], Mapping[str, tuple[str, ...]]]:
    all_names: set[str] = set()
    words: set[str] = set()
    readings: dict[str, list[str]] = {}
    for line in _lines(file):
        written, reading, kind = line.split("\t")
        name = fold_name(written)
        all_names.add(name)
        if kind == "word":
            words.add(name)
        for kana in reading.split():
            readings.setdefault(fold_name(kana), []).append(name)
    return frozenset(all_names), frozenset(words), MappingProxyType({key: tuple(v) for key, v in readings.items()})


@lru_cache(1)
def clinical_terms() -> frozenset[str]:
    """Return clinical terms of which a part can also be a name, in the name view."""
    return frozenset(fold_name(term) for term in _lines("clinical_terms.txt"))


@lru_cache(1)
def clinical_words() -> frozenset[str]:
    """Return whole words (Latin or kana) that are clinical or everyday and also somebody's name, in the name view."""
    return frozenset(fold_name(term) for term in _lines("clinical_words.txt"))


@lru_cache(8192)
def terms_with(name: str) -> tuple[tuple[str, int], ...]:
    """Return the clinical terms that contain a name, each with every place in it."""
    return tuple(
        (term, match.start())
        for term in clinical_terms()
        if name in term and name != term
        for match in re.finditer(re.escape(name), term)
    )


def _lines(file: str) -> list[str]:
    text = resources.files("services.anonymizer").joinpath("data_text", file).read_text("utf-8")
    return [line for line in text.splitlines() if line and not line.startswith("#")]
