"""Kana to romaji as names are really spelt: Hepburn and Kunrei, long vowels kept, dropped or written with h."""

import itertools
import re
from collections.abc import Iterator
from functools import lru_cache

import jaconv

_ROWS = {
    "": "アイウエオ", "k": "カキクケコ", "s": "サシスセソ", "t": "タチツテト", "n": "ナニヌネノ", "h": "ハヒフヘホ",
    "m": "マミムメモ", "r": "ラリルレロ", "g": "ガギグゲゴ", "z": "ザジズゼゾ", "d": "ダヂヅデド", "b": "バビブベボ",
    "p": "パピプペポ",
}  # fmt: skip
_KUNREI = {kana: row + vowel for row, kanas in _ROWS.items() for kana, vowel in zip(kanas, "aiueo", strict=True)}
_KUNREI |= {"ヤ": "ya", "ユ": "yu", "ヨ": "yo", "ワ": "wa", "ヲ": "o", "ン": "n", "ヂ": "zi", "ヅ": "zu", "ヴ": "vu"}
_HEPBURN = _KUNREI | {"シ": "shi", "チ": "chi", "ツ": "tsu", "フ": "fu", "ジ": "ji", "ヂ": "ji"}
_GLIDES = {"ャ": "a", "ュ": "u", "ョ": "o"}
_SMALL = {"ァ": "a", "ィ": "i", "ゥ": "u", "ェ": "e", "ォ": "o"}
_MAX_SPELLINGS = 24
_PARTED = str.maketrans({"ナ": "ンア", "ニ": "ンイ", "ヌ": "ンウ", "ネ": "ンエ", "ノ": "ンオ"})


@lru_cache(4096)
def romaji(kana: str) -> tuple[str, ...]:
    """Return the likely spellings of a name in katakana, lower case; empty if it is not all kana."""
    kana = jaconv.hira2kata(kana)
    if not re.fullmatch("[ァ-ヴー]+", kana):
        return ()
    spellings: dict[str, None] = {}
    for table in (_HEPBURN, _KUNREI):
        for spelling in _long_vowels(_spell(kana, table)):
            spellings[spelling] = None
            spellings[re.sub("n(?=[bmp])", "m", spelling)] = None
    return tuple(itertools.islice(spellings, _MAX_SPELLINGS))


def _spell(kana: str, table: dict[str, str]) -> str:
    out = ""
    double = False
    for sign in kana:
        if sign == "ッ":
            double = True
            continue
        if sign == "ー":
            out += out[-1:]
        elif sign in _GLIDES:
            stem = out[:-1]
            out = stem + _GLIDES[sign] if stem.endswith(("sh", "ch", "j")) else stem + "y" + _GLIDES[sign]
        elif sign in _SMALL:
            out = out[:-1] + _SMALL[sign]
        else:
            syllable = table.get(sign, "")
            first = "t" if syllable.startswith("ch") else syllable[:1]
            out += (first if double else "") + syllable
        double = False
    return out


def _long_vowels(spelling: str) -> list[str]:
    short = re.sub("ou|oo", "o", re.sub("uu", "u", spelling))
    return [
        spelling,
        short,
        re.sub("ou|oo", "oh", re.sub("uu", "u", spelling)),
        re.sub("oo", "o", spelling).replace("uu", "u"),
        re.sub("(?:ou|oo)(?=.)", "o", spelling),
    ]


@lru_cache(4096)
def kana_spellings(latin: str) -> tuple[str, ...]:
    """Return katakana that a romanised name may stand for; empty if it is not romanised Japanese."""
    latin = latin.lower()
    if not re.fullmatch("[a-z]+", latin):
        return ()
    latin = re.sub("m(?=[bmp])", "n", latin)
    latin = re.sub("oh(?![aiueoy])", "ou", latin)
    kana = jaconv.hira2kata(jaconv.alphabet2kana(latin.replace("tch", "cch")))
    if not re.fullmatch("[ァ-ヴー]+", kana):
        return ()
    parted = kana.translate(_PARTED)  # JUNICHIRO: ジュニチロ or ジュンイチロ
    return tuple(dict.fromkeys((kana, *_lengthened(kana), parted, *_lengthened(parted))))


def _lengthened(kana: str) -> Iterator[str]:
    """Yield the kana with any of its o and u made long, as romaji leave it unsaid: ショタ → ショウタ, オノ → オオノ."""
    places = [match.end() for match in re.finditer("[オコソトノホモヨロゴゾドボポョクスツヌフムユルグズブプュ]", kana)]
    for count in (1, 2):
        for chosen in itertools.combinations(places[:5], count):
            long = kana
            for at in reversed(chosen):
                long = long[:at] + "ウ" + long[at:]
            yield long
    if kana.startswith(("オ", "コ", "ト")):
        yield kana[0] + "オ" + kana[1:]


def kana_variants(kana: str) -> tuple[str, ...]:
    """Return the kana with its long o and u also as ー or as ウ."""
    bar = re.sub("(?<=[オコソトノホモヨロゴゾドボポョウクスツヌフムユルグズブプュ])ウ", "ー", kana)
    return tuple(dict.fromkeys((kana, bar, kana.replace("ー", "ウ"))))
