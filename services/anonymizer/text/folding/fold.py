"""Fold a text to one width and form, and keep the way back to every original character.

Rules and dictionaries look at the folded text; only what they find is cut from the original, so nothing else changes.
"""

import re
import unicodedata
from collections.abc import Sequence
from typing import NamedTuple

from shared.text.japanese import HIRAGANA_TO_KATAKANA

_HYPHENS = "‐‑‒–—―−－﹣ｰ"
_SPACES = "\u3000\u00a0\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u202f\u205f"
_ODD = re.compile(
    "[\u0300-\u036f\u3099\u309a\uff9e\uff9f\ufe00-\ufe0f\U000e0100-\U000e01ef\u200b-\u200f\u2060\ufeff\u00ad"
    "\u3220-\u32ff\u3300-\u33ff\ufb00-\ufb06\U0001d400-\U0001d7ff]"
)
_MARKS = "\u0300-\u036f\u3099\u309a\uff9e\uff9f\ufe00-\ufe0f\U000e0100-\U000e01ef\u200b-\u200f\u2060\ufeff\u00ad"
_CLUSTER = re.compile(f".[{_MARKS}]*", re.DOTALL)
_HYPHEN_OF_NUMBERS = re.compile(r"(?<=[\d〇一二三四五六七八九])[ーｰ](?=[\d〇一二三四五六七八九])")  # 090ー1234
_UNSEEN = re.compile("[\ufe00-\ufe0f\U000e0100-\U000e01ef\u200b-\u200f\u2060\ufeff\u00ad]")

# Variants of one kanji (異体字) that registers and reports mix; the last character of each word is the form we fold to.
_VARIANTS = (
    "髙高 齋斎 齊斎 斉斎 﨑崎 嵜崎 碕崎 邊辺 邉辺 濵浜 濱浜 澤沢 櫻桜 廣広 國国 嶋島 嶌島 德徳 惠恵 眞真 榮栄 壽寿 "
    "龍竜 瀧滝 "
    "條条 與与 圓円 塚塚 增増 淸清 靑青 桒桑 栁柳 栃栃 槇槙 樋樋 橘橘 淵渕 淺浅 渡渡 濤涛 關関 顯顕 晴晴 豐豊 萬万 "
    "藏蔵 緖緒 "
    "隆隆 𠮷吉 吉吉 冨富 峯峰 嶽岳 舘館 篭籠 曾曽 兒児 假仮 黑黒 横横 橫横 戶戸 户戸 薗園 梅梅 槗橋 𣘺橋 靜静 賴頼 "
    "諸諸 都都 "
    "實実 勳勲 彌弥 亙亘 淨浄 來来 禮礼 將将 專専 學学 總総 聰聡 從従 敎教 黃黄 團団 傳伝 縣県 鄕郷 驛駅 當当 檜桧 "
    "鷗鴎 穗穂 "
    "寬寛 晉晋 祐祐 祥祥 福福 精精 羽羽 神神 祖祖 社社 郎郎 朗朗 廊廊 海海 祿禄 佛仏 藝芸 瀨瀬 凜凛 應応 歐欧 檢検 "
    "鐵鉄 "
    "ヶケ ヵカ"
)


# Latin letters with marks, as of Vietnamese, Portuguese and Polish names
_ACCENTED = "".join(
    chr(code)
    for code in (*range(0xC0, 0x250), *range(0x1E00, 0x1F00))
    if unicodedata.normalize("NFD", chr(code))[0].isascii()
)


def _width_table() -> dict[int, str]:
    table = {code: chr(code - 0xFEE0) for code in range(0xFF01, 0xFF5F)}
    table.update({code: unicodedata.normalize("NFKC", chr(code)) for code in range(0xFF61, 0xFF9E)})
    table.update({ord(hyphen): "-" for hyphen in _HYPHENS})
    table.update({ord(space): " " for space in _SPACES})
    table.update({ord(letter): _plain(letter) for letter in _ACCENTED})
    table |= {ord("đ"): "d", ord("Đ"): "D", ord("ø"): "o", ord("Ø"): "O", ord("ł"): "l", ord("Ł"): "L"}
    return table | {ord("〜"): "~", ord("～"): "~", ord("’"): "'", ord("‘"): "'", ord("〇"): "〇", ord("\r"): "\n"}


def _name_table() -> dict[int, str]:
    table = dict(HIRAGANA_TO_KATAKANA)
    small = dict(zip("ァィゥェォッャュョヮヂヅヰヱヲ", "アイウエオツヤユヨワジズイエオ", strict=True))
    table.update({ord(little): big for little, big in small.items()})
    table.update({ord(chr(ord(little) - 0x60)): big for little, big in small.items()})
    table.update({ord(pair[0]): pair[-1] for pair in _VARIANTS.split()})
    table.update({code: chr(code + 32) for code in range(65, 91)})
    for letter in "āáàâäãåēéèêëīíìîïōóòôöõøūúùûüçñýÿšžčđłńśźżćęąőűěřťďňůĀÁÀÂÄÃÅĒÉÈÊËĪÍÌÎÏŌÓÒÔÖÕØŪÚÙÛÜÇÑÝ":
        table[ord(letter)] = _bare(letter)
    return table


def _plain(letter: str) -> str:
    """Return a letter without its accent, in its case: the rules for Latin names see ASCII only."""
    return unicodedata.normalize("NFD", letter)[0]


def _bare(letter: str) -> str:
    plain = {"ø": "o", "đ": "d", "ł": "l", "Ø": "o"}.get(letter)
    return plain or unicodedata.normalize("NFD", letter)[0].lower()


_WIDTH = _width_table()
_NAME = _name_table()


class Traced(NamedTuple):
    """text: folded.  starts, ends: for each folded character, its original span; None when positions are the same."""

    text: str
    length: int
    starts: Sequence[int] | None = None
    ends: Sequence[int] | None = None

    def original(self, start: int, end: int) -> tuple[int, int]:
        """Return the original span of a folded one."""
        if self.starts is None or self.ends is None:
            return start, end
        if start >= end:
            at = self.starts[start] if start < len(self.starts) else self.length
            return at, at
        return self.starts[start], self.ends[end - 1]


def fold(text: str) -> Traced:
    """Return the text in one width (NFKC where it matters), its characters still traceable."""
    plain = _HYPHEN_OF_NUMBERS.sub("-", text.translate(_WIDTH))
    if len(plain) == len(text) and not _ODD.search(plain):
        return Traced(plain, len(text))
    out: list[str] = []
    starts: list[int] = []
    ends: list[int] = []
    for match in _CLUSTER.finditer(text):
        piece = match[0]
        if len(piece) > 1 or _ODD.match(piece):
            piece = _UNSEEN.sub("", unicodedata.normalize("NFKC", _UNSEEN.sub("", piece)))
        piece = piece.translate(_WIDTH)
        out.append(piece)
        starts.extend([match.start()] * len(piece))
        ends.extend([match.end()] * len(piece))
    return Traced(_HYPHEN_OF_NUMBERS.sub("-", "".join(out)), len(text), starts, ends)


def name_view(folded: str) -> str:
    """Return a text of the same length in which all ways to write one name are alike: kana, variants, case, accents."""
    return folded.translate(_NAME)


def fold_name(value: str) -> str:
    """Return a value as the name view shows it."""
    return name_view(fold(value).text)
