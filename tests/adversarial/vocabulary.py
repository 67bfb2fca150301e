"""The words of the adversary's corpus: invented people and places, and clinical terms that look like them."""

from pathlib import Path
from typing import Final

_FOLDER: Final = Path(__file__).parents[1] / "data" / "adversarial"


def _words(name: str) -> list[str]:
    return (_FOLDER / f"{name}.txt").read_text(encoding="utf-8").splitlines()


def _pairs(name: str) -> list[tuple[str, str]]:
    return [(one, two) for one, two in _cells(name)]


def _triples(name: str) -> list[tuple[str, str, str]]:
    return [(one, two, three) for one, two, three in _cells(name)]


def _fours(name: str) -> list[tuple[str, str, str, str]]:
    return [(one, two, three, four) for one, two, three, four in _cells(name)]


def _cells(name: str) -> list[list[str]]:
    return [line.split("\t") for line in (_FOLDER / f"{name}.tsv").read_text(encoding="utf-8").splitlines()]


FAMILIES = _fours("families")
"""Kanji, old or variant writing, katakana, romaji."""
GIVENS = _triples("givens")
"""Kanji, katakana, romaji."""
FOREIGN = _pairs("foreign")
HOSPITALS = _triples("hospitals")
"""Full, short or abbreviated, English."""
TOWNS = _triples("towns")
WARDS = _words("wards")
PLATES = ["足立 501 に 98-76", "京都300ら1234", "横浜 330 さ 12-34", "品川５００あ８８－０１", "なにわ 480 え 5-67"]

EPONYMS = _words("eponyms")
"""Clinical words that look like names, places, numbers or dates, and are none; as are the next two."""
CLINICAL = _words("clinical")
ENGLISH_CLINICAL = _words("english_clinical")

HELD_OUT_FAMILIES = _fours("held_out_families")
"""Names that no list or rule was mended by. Those of the first such score are in the history; these were written before
SudachiDict's names were added, without a look at any list."""
HELD_OUT_GIVENS = _triples("held_out_givens")
