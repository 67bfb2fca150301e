"""Where the proper name of a hospital begins, before 病院 and the like. Pure."""

import re

_RUN = re.compile("(?:第?\\d)?[一-鿿々ヶケノ之ァ-ヴーA-Za-z・]*$")
_HIRAGANA = re.compile("[ぁ-ん]+$")
_GENERIC = re.compile(
    "(?:当|他|前|近|同|本|某|貴|各|別|大|市中|基幹|総合|大学|専門|地域|紹介|紹介元|紹介先|転院先|転院|近隣|近所|地元|関連|"
    "連携|救急|二次|三次|一般|精神|個人|以前|前回|今回|現在|昨年|同日|近医|前医|他院|退院後|開業|中核|急性期|慢性期|療養型|"
    "検診|健診|がん|小児|リハビリ|リハビリテーション|動物|複数|国立|公立|市立|県立|医療|"
    "附属|付属|医学部|歯科|眼科|内科|外科|整形外科|皮膚科|耳鼻科|産科|婦人科|透析|CT|MRI|PET|・)*"
)
_ROLE = re.compile(
    "^.*(?:紹介元|紹介先|依頼元|転院元|転院先|以前|前回|今回|昨年|現在|近医|前医|他院|当院|同院|医師|先生|精査|加療|目的|"
    "手術|撮影|受診|検査|入院|退院|転院|CT|MRI|PET|XP)・?"
)
_PARTICLE = re.compile(
    "[ぁ-ん]{0,2}?(?:ため|として|により|より|から|にて|では|には|での|との|への|からの|の|は|が|に|を|で|と|へ|も)"
)
_VERB_END = re.compile("^.*(?:した|された|あり|なし|った|いた|して|って|いて|ます|です|ない|後に|ている|する|なる)")
_COMMON = re.compile(
    "(?:かかりつけ|いつも|ほか|もと|その|この|ある|とある|おなじ|ちかく|よその|べつ|こども|どこか|ある|がん|リハビリ)の?"
)
_INNER = frozenset({"がん", "こども", "こころ", "リハビリ", "のぞみ", "ひかり"})
_NATURE = re.compile("[門丘里森杜子浜水木花島原宮谷沢風空台泉]$")
_REACH = 24  # signs that a name can be long


def name_start(text: str, at: int) -> int | None:
    """Return where the proper name before a position begins; None if there is none, as in 近くの総合病院."""
    low = max(0, at - _REACH)
    run = _RUN.search(text, low, at)
    start = run.start() if run else at
    role = _ROLE.match(text[start:at])
    if role:
        start += role.end()
    elif text[start : start + 1] in ("年", "月", "日", "時") and text[start - 1 : start].isdigit():
        start += 1
    plain = None if _GENERIC.fullmatch(text[start:at]) else start
    kana = None if role else _HIRAGANA.search(text, low, start)
    return _with_kana(text, kana, start, at, plain) if kana else plain


def _with_kana(text: str, kana: re.Match[str], start: int, at: int, plain: int | None) -> int | None:
    """Return where a name begins that hiragana belong to: みなと総合病院, 国立がん研究センター, 虎の門病院."""
    head = _kana_head(text, kana.start(), kana.end())
    if head is not None:
        return head
    if kana[0] in _INNER:
        left = _RUN.search(text, max(0, kana.start() - 8), kana.start())
        return left.start() if left else kana.start()
    if kana[0] == "の" and _NATURE.match(text[start : start + 1]) and at - start < 3:
        left = _RUN.search(text, max(0, kana.start() - 3), kana.start())
        return left.start() if left else start
    return plain


def _kana_head(text: str, start: int, end: int) -> int | None:
    """Return where a name in hiragana begins within a run of it: みなと, but not the of 近くの."""
    if start > 0 and _is_of_a_name(text[start - 1]):
        particle = _PARTICLE.match(text, start, end)
        verb = _VERB_END.match(text[start:end])
        skip = particle.end() - start if particle else 0
        start += max(skip, verb.end() if verb else 0)
        if not particle and not verb:
            return None
    rest = text[start:end]
    if rest.endswith(("にて", "より", "から", "ため", "ので", "して")):
        return None
    return start if len(rest) >= 2 and not _COMMON.fullmatch(rest) else None


def _is_of_a_name(sign: str) -> bool:
    run = _RUN.search(sign)
    return run is not None and bool(run[0])
