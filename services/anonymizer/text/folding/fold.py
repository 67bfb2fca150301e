"""All ways to write one name, folded to one: kana, variants of kanji, case, accents. Pure."""

import unicodedata

from shared.text.japanese import HIRAGANA_TO_KATAKANA
from shared.text.width import fold

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


def _bare(letter: str) -> str:
    plain = {"ø": "o", "đ": "d", "ł": "l", "Ø": "o"}.get(letter)
    return plain or unicodedata.normalize("NFD", letter)[0].lower()


_NAME = _name_table()


def name_view(folded: str) -> str:
    """Return a text of the same length in which all ways to write one name are alike: kana, variants, case, accents."""
    return folded.translate(_NAME)


def fold_name(value: str) -> str:
    """Return a value as the name view shows it."""
    return name_view(fold(value).text)
