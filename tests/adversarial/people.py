"""Invented people and their identifiers, each in the many ways a hospital writes it."""

import random
import unicodedata
from dataclasses import dataclass, field

from tests.adversarial.vocabulary import FAMILIES, GIVENS, HELD_OUT_FAMILIES, HELD_OUT_GIVENS, HOSPITALS, TOWNS

KATAKANA_TO_HIRAGANA = {code: code - 0x60 for code in range(0x30A1, 0x30F7)}
FULL_WIDTH = {code: code + 0xFEE0 for code in range(0x21, 0x7F)}
_HALF_KANA = {unicodedata.normalize("NFKC", chr(code)): chr(code) for code in range(0xFF66, 0xFF9E)}
KANJI_DIGITS = str.maketrans("0123456789", "〇一二三四五六七八九")


def half_kana(katakana: str) -> str:
    """Return katakana written with half-width letters and separate sound marks."""
    marks = {"゙": "ﾞ", "゚": "ﾟ"}
    return "".join(marks.get(c, _HALF_KANA.get(c, c)) for c in unicodedata.normalize("NFD", katakana))


def ascii_romaji(romaji: str) -> str:
    """Return romaji without macrons."""
    return "".join(c for c in unicodedata.normalize("NFD", romaji) if not unicodedata.combining(c))


@dataclass(frozen=True)
class Name:
    """One person's name in every script."""

    family: str
    old_family: str
    kana: str
    roman: str
    given: str
    given_kana: str
    given_roman: str

    def pn(self, *, ideographic_only: bool = False) -> str:
        """Return the DICOM Person Name, PS3.5 6.2.1: alphabetic=ideographic=phonetic."""
        if ideographic_only:
            return f"={self.family}^{self.given}"
        return (
            f"{ascii_romaji(self.roman).upper()}^{self.given_roman.upper()}"
            f"={self.family}^{self.given}={self.kana}^{self.given_kana}"
        )


def a_name(rng: random.Random, *, held_out: bool = False) -> Name:
    """Return one invented name, of the names held out from all mending or of the others."""
    families, givens = (HELD_OUT_FAMILIES, HELD_OUT_GIVENS) if held_out else (FAMILIES, GIVENS)
    return Name(*rng.choice(families), *rng.choice(givens))


@dataclass(frozen=True)
class Case:
    """Everything that identifies one patient's examination."""

    rng: random.Random = field(repr=False)
    patient: Name
    other: Name
    doctor: Name
    nurse: Name
    patient_id: str
    accession: str
    birth: tuple[int, int, int]
    study: tuple[int, int, int]
    hospital: tuple[str, str, str]
    elsewhere: tuple[str, str, str]
    town: tuple[str, str, str]
    phone: str


def a_case(rng: random.Random, *, held_out: bool = False) -> Case:
    """Return one invented case; no two people in it share a family or given name."""
    names: list[Name] = []
    while len(names) < 4:
        name = a_name(rng, held_out=held_out)
        clash = any(
            name.kana == n.kana or name.given == n.given or ascii_romaji(name.roman)[:4] == ascii_romaji(n.roman)[:4]
            for n in names
        )
        if not clash:
            names.append(name)
    here, there = rng.sample(HOSPITALS, 2)
    return Case(
        rng=rng,
        patient=names[0],
        other=names[1],
        doctor=names[2],
        nurse=names[3],
        patient_id=f"00{rng.randrange(10**5, 10**6)}",
        accession=f"{rng.randrange(10**9, 10**10)}",
        birth=(rng.randrange(1932, 1988), rng.randrange(1, 13), rng.randrange(1, 29)),
        study=(rng.randrange(2020, 2026), rng.randrange(1, 13), rng.randrange(1, 29)),
        hospital=here,
        elsewhere=there,
        town=rng.choice(TOWNS),
        phone=f"0{rng.choice('3456')}-{rng.randrange(5000, 9999)}-{rng.randrange(1000, 9999)}",
    )
