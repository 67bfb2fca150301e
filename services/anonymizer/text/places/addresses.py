"""Rules for addresses, and the postal codes right before them. Pure."""

import re
from collections.abc import Iterator
from typing import Final

from services.anonymizer.text.folding.folded_text import FoldedText
from services.anonymizer.text.folding.lexicon import clinical_words
from services.anonymizer.text.folding.morphemes import Kind
from services.anonymizer.text.folding.scripts import KANJI as _K
from services.anonymizer.text.folding.spans import Span
from services.anonymizer.text.rules import Hit, Rule, hits

_PREFECTURES = (
    "北海道|青森県|岩手県|宮城県|秋田県|山形県|福島県|茨城県|栃木県|群馬県|埼玉県|千葉県|東京都|神奈川県|新潟県|富山県|"
    "石川県|福井県|山梨県|長野県|岐阜県|静岡県|愛知県|三重県|滋賀県|京都府|大阪府|兵庫県|奈良県|和歌山県|鳥取県|島根県|"
    "岡山県|広島県|山口県|徳島県|香川県|愛媛県|高知県|福岡県|佐賀県|長崎県|熊本県|大分県|宮崎県|鹿児島県|沖縄県"
)
_KANA_CITIES = (
    "さいたま|いわき|つくば|ひたちなか|かすみがうら|みどり|ふじみ野|あきる野|いなべ|うるま|みやま|みよし|さぬき|たつの|"
    "むつ|つがる|にかほ|えびの|いちき串木野|南さつま|東かがわ|あわら|かほく|かすみ|うきは|おいらせ|ときがわ|みなかみ|"
    "つくばみらい|いすみ|ひがし"
)
_NOT_TOWNS = (
    "左",
    "右",
    "上",
    "下",
    "内",
    "外",
    "同",
    "当",
    "他",
    "各",
    "市",
    "町",
    "村",
    "区",
    "病",
    "肺",
    "肝",
    "脳",
    "島",
    "膵",
    "皮",
    "ランゲ",
)
_POSTAL_BEFORE = re.compile(r"(?<!\d)\d{3}-\d{4}[ \t]*$")
_NUMBERS = re.compile(r"\d-\d")
_DATE_END = re.compile(r"(?:19|20)\d\d-\d{1,2}(?:-\d{1,2})?$")
_CITY_SIGN = re.compile(
    "[市郡][^\\s、。]{1,8}[区町村]|"
    "[市区町村](?:\\s?(?:在住|出身|居住|に住|から来|より来|に転居)|[^\\s、。]{0,10}\\s?\\d{1,4}-\\d)"
)
_STREETS = (
    "Street", "St", "Ave", "Road", "Rd", "Lane", "Ln", "Drive", "Dr", "Boulevard", "Blvd", "Court", "Way", "Place",
    "Pl", "Terrace",
)  # fmt: skip
_EN_ADDRESS = re.compile(
    r"(?<![A-Za-z0-9])\d{1,5}(?:-\d{1,4}){0,3},?\s(?:[A-Z][A-Za-z'-]+\s){1,4}"
    r"(?:Street|St|Avenue|Ave|Road|Rd|Lane|Ln|Drive|Dr|Boulevard|Blvd|Court|Ct|Way|Place|Pl|Terrace)(?![A-Za-z0-9])\.?"
    r"(?:,?\s(?:Apt|Suite|Unit|#)\.?\s?\w+)?(?:,\s?[A-Z][A-Za-z\s'-]+)?(?:,\s?[A-Z]{2}(?![A-Za-z0-9]))?"
    r"(?:,?\s\d{5}(?:-\d{4})?)?"
    r"|(?<![A-Za-z0-9])\d{1,4}(?:-\d{1,4}){1,3},?\s?[A-Z][A-Za-z-]+(?:,?\s[A-Z][A-Za-z-]+){0,4}"
    r"(?:-(?:ku|shi|cho|machi|gun|mura|ken|fu|to|son))(?:,?\s[A-Z][A-Za-z-]+){0,3}(?:,?\s\d{3}-\d{4})?"
    r"|(?<![A-Za-z0-9])(?:[A-Z][a-z]+-(?:ku|shi|cho|machi|gun|mura|ken|fu|to|son)(?![a-z-]),?\s?)+"
    r"(?:[A-Z][a-z]+(?:-(?:ku|shi|ken|fu|to))?)?(?:,?\s\d{3}-\d{4})?"
)


def addresses(folded: FoldedText) -> Iterator[Span]:
    """Yield addresses, and postal codes without 〒 right before them."""
    for hit in hits(RULES, folded):
        yield Span(hit.start, hit.end, hit.rule.category)
        low = max(0, hit.match.start() - 12)
        if postal := _POSTAL_BEFORE.search(folded.text[low : hit.match.start()]):
            yield Span(low + postal.start(), low + postal.start() + len("000-0000"), "postal_code")


def _names_a_city(folded: FoldedText) -> bool:
    return _CITY_SIGN.search(folded.text) is not None


def _has_block_numbers(folded: FoldedText) -> bool:
    return _NUMBERS.search(folded.text) is not None


def _is_no_town(hit: Hit) -> bool:
    """Say whether it is a word that ends like a town, and not one: 領域区, 側島."""
    words = hit.folded.words.within(hit.start, hit.end)
    proper = any(word.kind in (Kind.PLACE, Kind.FAMILY, Kind.PROPER, Kind.UNKNOWN, Kind.GIVEN) for word in words)
    parts = [word for word in words if word.kind is Kind.NOUN and word.end - word.start == 1]
    return hit.view in clinical_words() or not (proper or len(parts) > 1) or hit.words.startswith(_NOT_TOWNS)


def _ends_in_date(hit: Hit) -> bool:
    """Say whether it is 嶋村悠真 2021-10-09."""
    return bool(hit.match["x"] and _DATE_END.search(hit.match["x"]))


RULES: Final = (
    Rule(
        "address",
        re.compile(
            rf"(?:{_PREFECTURES})(?:[一-鿿々ヶケノぁ-んァ-ヴー]{{1,8}}?"
            r"(?:市(?!民|立|内|販)|区(?!域|分|画)|郡|町(?!立)|村(?!立)))"
            r"(?:[^\s、。,;:()「」【】]|[ ](?=\d|[一-鿿ァ-ヴー]{2,}[\dA-Z-]|"
            r"[一-鿿ァ-ヴーA-Za-z]+(?:ハイツ|マンション|アパート|コーポ|ビル|荘|号室))){0,60}"
        ),
        "⟦東京都港区架空町1-2-3⟧", "静岡県出身、東京都内",
        signs=("北海道", "東京都", "府", "県"),
    ),
    Rule(
        "address",
        re.compile(
            r"(?:[一-鿿々ヶケノァ-ヴー]{1,8}(?:市|区|郡|町|村)){0,3}[一-鿿々ヶケノァ-ヴーぁ-ん]{1,8}?[ ]?"
            r"[\d一二三四五六七八九十]{1,3}[ ]?(?:丁目|番地|番町|番(?=[ ]?\d{1,3}[ ]?号))"
            r"(?:[ ]?[\d一二三四五六七八九十]{1,4}[ ]?(?:番地?|号室?|の|"
            r"-)?)*(?:[ ]?[一-鿿ァ-ヴーA-Za-z]{1,12}[ ]?\d{1,4}号室)?"
        ),
        "⟦架空台2丁目3番4号⟧", "12番リンパ節、番地不明",
        signs=("丁目", "番地", "番町", "番 ", *(f"番{digit}" for digit in range(1, 10))),
    ),
    Rule(
        "address",
        re.compile(
            rf"(?:{_KANA_CITIES})市(?:[一-鿿々ヶケノァ-ヴー]{{1,4}}区)?(?:[^\s、。,在のにへで]{{0,20}})|"
            r"(?<![一-鿿々ァ-ヶ])(?P<v>[一-鿿々ヶケノァ-ヴー]{1,6}(?:市|郡)[一-鿿々ヶケノァ-ヴーぁ-ん]{1,8}?"
            r"(?:区(?!域|分)|町|村)(?:[一-鿿々ヶケノァ-ヴー]{1,10})?(?:\s?\d{1,4}(?:-\d{1,4}){0,3})?)"
            r"|(?P<w>[一-鿿々ヶケノァ-ヴー]{1,6}(?:市|区|町|村))(?=\s?(?:在住|出身|居住|に住|から来院|より来院|に転居))"
            r"|(?P<x>[一-鿿々ヶケノァ-ヴー]{1,8}(?:市|区|町|村)[一-鿿々ヶケノァ-ヴーぁ-ん]{0,10}\s?\d{1,4}-\d{1,4}"
            r"(?:-\d{1,4}){0,2})"
        ),
        "⟦港区⟧在住", "市中肺炎、S6区域、志村悠真 2021-10-09",
        signs=("市", "区", "郡", "町", "村"), gate=_names_a_city, veto=_ends_in_date,
    ),
    Rule(
        "address",
        re.compile(
            r"(?:現住所|住所|居住地|本籍地?|所在地|(?<![A-Za-z0-9])[Aa]ddress)\s*[:=は]?\s*(?P<v>[^\n。、;]{3,80})"
        ),
        "現住所:⟦みどりの里3⟧", "住所:。現住地",
        signs=("住所", "居住地", "本籍", "所在地", "ddress"),
    ),
    Rule(
        "address", _EN_ADDRESS,
        "at ⟦1-2-3 Kakuu-cho, Minato-ku, Tokyo⟧", "up-to-date 1-2 lesions",
        signs=("-ku", "-shi", "-cho", "-machi", "-gun", "-mura", "-ken", "-fu", "-to", "-son"),
    ),
    Rule(
        "address", _EN_ADDRESS,
        "at ⟦12 Elm Street, Springfield, IL 62704⟧", "12 Stable nodules; St Jude valve",
        signs=tuple(f" {word}" for word in _STREETS),
    ),
)  # fmt: skip
STREETS: Final = (
    Rule(
        "address", re.compile(rf"(?:lives? in|living in|resid(?:es|ent|ing) (?:in|at|of)|"
            rf"moved to)[ ](?P<v>[{_K}ヶケノ]{{2,6}})"),
        "Pt. lives in ⟦田辺市⟧.", "lives in a home",
        signs=("liv", "resid", "moved"),
    ),
    Rule(
        "address",
        re.compile(
            rf"(?<![{_K}])(?P<v>[{_K}ヶケノ]{{1,6}}(?:市|町|村|区|島|地区))(?=[ ]?(?:$|[)\]、。,\n]|の(?:自宅|"
            rf"[{_K}]{{1,4}}(?:を営|に生|の家)|[{_K}]{{1,6}}に生)|"
            rf"より|から|で(?=[{_K}])|出身|在住|に(?:住|転居|生)|路上|会場|住民|署|[{_K}]{{0,2}}(?:消防|警察|分署)|"
            rf"福祉|役場|内の|健診|検診|へ帰))"
        ),
        "⟦鷺坂市⟧で食堂を営む", "外町、中区域、病理区で",
        signs=("市", "町", "村", "区", "島"), veto=_is_no_town,
    ),
    Rule(
        "address",
        re.compile(
            r"〒\s*\d{3}\s?-?\s?\d{4}[ \t]+(?P<v>[^\n。:=|│\t]{3,60}?)"
            r"(?=[ ]*(?:$|\n|TEL|Tel|tel|電話|FAX|℡|[。)」|│\t])|[ ]{2}|[ ][一-鿿]{2,6}[:=]|\d{0,2}[ ][一-鿿]{2,5}:)"
        ),
        "〒123-4567 ⟦みどりの里3⟧", "〒不明 みどりの里",
        signs=("〒",),
    ),
    Rule(
        "address",
        re.compile(
            rf"(?:[{_K}ぁ-んァ-ヺー]{{1,7}}[町村野台丘通原浜島崎里山川谷沢田井本木森橋坂条元ヶが前東西南北中])"
            r"(?<!前回)(?<!肺野)\d{1,2}-\d{1,3}(?:-\d{1,4}(?![\d-]|[ ]?[mc]m|/)"
            r"|[ ]?(?:メゾン|ハイツ|コーポ|マンション|アパート|レジデンス|ハイム|グリーン|サン|パーク|ヴィラ)"
            r"[^\s、。]{0,16}?\d{1,4}(?:号室?)?)"
        ),
        "⟦若葉台2-14-5⟧の自宅", "肺野2-14-5、長径2-3 mm",
        signs=("-",), gate=_has_block_numbers,
    ),
    Rule(
        "address",
        re.compile(
            rf"^[ \t]*[{_K}ぁ-んァ-ヺー]{{2,12}}\d{{1,4}}-\d{{1,3}}(?:-\d{{1,4}})?[ \t]*$", re.MULTILINE
        ),
        "紹介元\n⟦みどりの里3-4⟧\n", "結節は3-4 mm",
        signs=("-",), gate=_has_block_numbers,
    ),
)  # fmt: skip
