# ruff: noqa: E501 - tables of patterns stay readable unbroken
"""Find hospitals with their departments, and addresses."""

import re
from collections.abc import Iterator

from services.anonymizer.text.folding.fold import fold_name
from services.anonymizer.text.folding.folded_text import Reading
from services.anonymizer.text.folding.lexicon import clinical_words, names
from services.anonymizer.text.folding.spans import Span

_PREFECTURES = (
    "北海道|青森県|岩手県|宮城県|秋田県|山形県|福島県|茨城県|栃木県|群馬県|埼玉県|千葉県|東京都|神奈川県|新潟県|富山県|石川県|福井県|山梨県|長野県|岐阜県|静岡県|"
    "愛知県|三重県|滋賀県|京都府|大阪府|兵庫県|奈良県|和歌山県|鳥取県|島根県|岡山県|広島県|山口県|徳島県|香川県|愛媛県|高知県|福岡県|佐賀県|長崎県|熊本県|大分県|"
    "宮崎県|鹿児島県|沖縄県"
)
_HOSPITAL = re.compile(
    "病院|医院|クリニック|診療所|医療センター|診療センター|メディカルセンター|循環器病?センター|がんセンター|母子センター|医科大学|大学(?!生|院)|療養所|"
    "保健所|保健センター|健診センター|検診センター|健康管理センター|画像診断センター|ホスピタル|介護老人保健施設|特別養護老人ホーム|老人ホーム"
)
_TAIL = re.compile("(?:医学部|歯学部)?(?:附属|付属)?[一-鿿ァ-ヴー]{0,6}?(?:病院|医院|医療センター|クリニック)")
_RUN = re.compile("(?:第?\\d)?[一-鿿々ヶケノ之ァ-ヴーA-Za-z・]*$")
_HIRAGANA = re.compile("[ぁ-ん]+$")
_GENERIC = re.compile(
    "(?:当|他|前|近|同|本|某|貴|各|別|大|市中|基幹|総合|大学|専門|地域|紹介|紹介元|紹介先|転院先|転院|近隣|近所|地元|関連|連携|救急|二次|三次|一般|精神|個人|"
    "以前|前回|今回|現在|昨年|同日|近医|前医|他院|退院後|開業|中核|急性期|慢性期|療養型|検診|健診|がん|小児|リハビリ|リハビリテーション|動物|複数|国立|公立|市立|県立|医療|"
    "附属|付属|医学部|歯科|眼科|内科|外科|整形外科|皮膚科|耳鼻科|産科|婦人科|透析|CT|MRI|PET|・)*"
)
_ROLE = re.compile(
    "^.*(?:紹介元|紹介先|依頼元|転院元|転院先|以前|前回|今回|昨年|現在|近医|前医|他院|当院|同院|医師|先生|精査|加療|目的|手術|撮影|受診|検査|入院|退院|転院|CT|MRI|PET|XP)・?"
)
_HEAD = re.compile(
    "[ぁ-ん]{0,2}?(?:ため|として|により|より|から|にて|では|には|での|との|への|からの|の|は|が|に|を|で|と|へ|も)"
)
_VERB_END = re.compile("^.*(?:した|された|あり|なし|った|いた|して|って|いて|ます|です|ない|後に|ている|する|なる)")
_COMMON = re.compile(
    "(?:かかりつけ|いつも|ほか|もと|その|この|ある|とある|おなじ|ちかく|よその|べつ|こども|どこか|ある|がん|リハビリ)の?"
)
_INNER = frozenset({"がん", "こども", "こころ", "リハビリ", "のぞみ", "ひかり"})
_CORPORATION = re.compile(
    "(?:医療|社会福祉|社会医療|特定医療|学校|財団|社団|独立行政|宗教)法人(?:社団|財団)?[ ]?[一-鿿々ァ-ヴーぁ-ん]{1,10}?(?:会|団|機構|学園|協会)(?![一-鿿])"
)
_PRACTICE = re.compile(
    "(?:内科|外科|整形外科|脳神経外科|眼科|耳鼻咽喉科|耳鼻科|皮膚科|小児科|産婦人科|婦人科|泌尿器科|胃腸科|循環器科|歯科|心療内科)(?:医院|クリニック|病院)?"
)
_PRACTICE_NAME = re.compile("(?:[一-鿿々]{2,4}|[ぁ-ん]{3,5})$")
_NATURE = re.compile("[門丘里森杜子浜水木花島原宮谷沢風空台泉]$")
_EN_HOSPITAL = re.compile(
    r"(?<![A-Za-z0-9])(?:[A-Z][A-Za-z'.-]+\s(?:(?:of|the|and|for|de|St\.)\s)?){1,6}(?:Hospital|Clinic|Medical Cent(?:er|re)|Infirmary|University|Health Cent(?:er|re)|Cancer Cent(?:er|re)|Hospice|Sanatorium)(?![a-z])"
    r"(?:\s(?:of\s)?[A-Z][A-Za-z]+)?(?:\s(?:Hospital|Clinic|Medical Cent(?:er|re)))?"
)
_EN_SIGNS = (
    "Hospital",
    "Clinic",
    "Medical Cent",
    "Infirmary",
    "University",
    "Health Cent",
    "Cancer Cent",
    "Hospice",
    "Sanatorium",
)
_EN_GENERIC = re.compile(
    r"(?:(?:The|This|That|Our|An?|Outside|Referring|Local|Other|Same|University|General|Community|Private|Previous|At|In|From|Emergency|Teaching|Children's|Day|Mental|Chest|Pain|Outpatient)\s)+"
    r"(?:Hospital|Clinic|Medical Cent(?:er|re)|University|Cancer Cent(?:er|re)|Health Cent(?:er|re)|Infirmary)$"
)
_EN_SCHEME = re.compile(
    r"\s(?:classification|class|criteria|score|scoring|model|grading|staging|system|protocol)(?![A-Za-z0-9])"
)
_DEPARTMENT = re.compile(
    r"[ \t]*の?[ \t]*(?P<v>(?:第[一二三四1-4])?[一-鿿々ァ-ヶー・]{1,12}?(?:科学?|センター|外来|病棟|部門|放射線部|検査部|内視鏡部|救急部|治療部|診断部)(?:学?講座)?(?![一-鿿]))"
)
_ADDRESS = re.compile(
    rf"(?:{_PREFECTURES})(?:[一-鿿々ヶケノぁ-んァ-ヴー]{{1,8}}?(?:市(?!民|立|内|販)|区(?!域|分|画)|郡|町(?!立)|村(?!立)))"
    r"(?:[^\s、。,;:()「」【】]|[ ](?=\d|[一-鿿ァ-ヴー]{2,}[\dA-Z-]|[一-鿿ァ-ヴーA-Za-z]+(?:ハイツ|マンション|アパート|コーポ|ビル|荘|号室))){0,60}"
)
_BLOCK = re.compile(
    r"(?:[一-鿿々ヶケノァ-ヴー]{1,8}(?:市|区|郡|町|村)){0,3}[一-鿿々ヶケノァ-ヴーぁ-ん]{1,8}?\s?[\d一二三四五六七八九十]{1,3}\s?(?:丁目|番地|番町|番(?=\s?\d{1,3}\s?号))"
    r"(?:\s?[\d一二三四五六七八九十]{1,4}\s?(?:番地?|号室?|の|-)?)*(?:\s?[一-鿿ァ-ヴーA-Za-z]{1,12}\s?\d{1,4}号室)?"
)
_KANA_CITIES = "さいたま|いわき|つくば|ひたちなか|かすみがうら|みどり|ふじみ野|あきる野|いなべ|うるま|みやま|みよし|さぬき|たつの|むつ|つがる|にかほ|えびの|いちき串木野|南さつま|東かがわ|あわら|かほく|かすみ|うきは|おいらせ|ときがわ|みなかみ|つくばみらい|いすみ|ひがし"
_CITY = re.compile(
    rf"(?:{_KANA_CITIES})市(?:[一-鿿々ヶケノァ-ヴー]{{1,4}}区)?(?:[^\s、。,在のにへで]{{0,20}})|"
    r"(?<![一-鿿々ァ-ヶ])(?P<v>[一-鿿々ヶケノァ-ヴー]{1,6}(?:市|郡)[一-鿿々ヶケノァ-ヴーぁ-ん]{1,8}?(?:区(?!域|分)|町|村)(?:[一-鿿々ヶケノァ-ヴー]{1,10})?(?:\s?\d{1,4}(?:-\d{1,4}){0,3})?)"
    r"|(?P<w>[一-鿿々ヶケノァ-ヴー]{1,6}(?:市|区|町|村))(?=\s?(?:在住|出身|居住|に住|から来院|より来院|に転居))"
    r"|(?P<x>[一-鿿々ヶケノァ-ヴー]{1,8}(?:市|区|町|村)[一-鿿々ヶケノァ-ヴーぁ-ん]{0,10}\s?\d{1,4}-\d{1,4}(?:-\d{1,4}){0,2})"
)
_LABELLED = re.compile(
    r"(?:現住所|住所|居住地|本籍地?|所在地|(?<![A-Za-z0-9])[Aa]ddress)\s*[:=は]?\s*(?P<v>[^\n。、;]{3,80})"
)
_EN_ADDRESS = re.compile(
    r"(?<![A-Za-z0-9])\d{1,5}(?:-\d{1,4}){0,3},?\s(?:[A-Z][A-Za-z'-]+\s){1,4}(?:Street|St|Avenue|Ave|Road|Rd|Lane|Ln|Drive|Dr|Boulevard|Blvd|Court|Ct|Way|Place|Pl|Terrace)(?![A-Za-z0-9])\.?"
    r"(?:,?\s(?:Apt|Suite|Unit|#)\.?\s?\w+)?(?:,\s?[A-Z][A-Za-z\s'-]+)?(?:,\s?[A-Z]{2}(?![A-Za-z0-9]))?(?:,?\s\d{5}(?:-\d{4})?)?"
    r"|(?<![A-Za-z0-9])\d{1,4}(?:-\d{1,4}){1,3},?\s?[A-Z][A-Za-z-]+(?:,?\s[A-Z][A-Za-z-]+){0,4}(?:-(?:ku|shi|cho|machi|gun|mura|ken|fu|to|son))(?:,?\s[A-Z][A-Za-z-]+){0,3}(?:,?\s\d{3}-\d{4})?"
    r"|(?<![A-Za-z0-9])(?:[A-Z][a-z]+-(?:ku|shi|cho|machi|gun|mura|ken|fu|to|son)(?![a-z-]),?\s?)+(?:[A-Z][a-z]+(?:-(?:ku|shi|ken|fu|to))?)?(?:,?\s\d{3}-\d{4})?"
)


_DATE_END = re.compile(r"(?:19|20)\d\d-\d{1,2}(?:-\d{1,2})?$")
_STREETS = (
    "Street",
    "St",
    "Ave",
    "Road",
    "Rd",
    "Lane",
    "Ln",
    "Drive",
    "Dr",
    "Boulevard",
    "Blvd",
    "Court",
    "Way",
    "Place",
    "Pl",
    "Terrace",
)
_ADDRESS_RULES = (
    (("北海道", "東京都", "府", "県"), _ADDRESS),
    (("丁目", "番地", "番町", "番 ", *(f"番{digit}" for digit in range(1, 10))), _BLOCK),
    (("市", "区", "郡", "町", "村"), _CITY),
    (("住所", "居住地", "本籍", "所在地", "ddress"), _LABELLED),
    (("-ku", "-shi", "-cho", "-machi", "-gun", "-mura", "-ken", "-fu", "-to", "-son"), _EN_ADDRESS),
    (tuple(f" {word}" for word in _STREETS), _EN_ADDRESS),
)
_CITY_SIGN = re.compile(
    "[市郡][^\\s、。]{1,8}[区町村]|[市区町村](?:\\s?(?:在住|出身|居住|に住|から来|より来|に転居)|[^\\s、。]{0,10}\\s?\\d{1,4}-\\d)"
)


def place_spans(reading: Reading, known: list[Span]) -> Iterator[Span]:
    """Yield hospitals, their departments (also those behind an institution that is already known), and addresses."""
    text = reading.text
    hospitals = [*_hospitals(text), *(span for span in known if span.category == "institution")]
    yield from hospitals
    for span in hospitals:
        if match := _DEPARTMENT.match(text, span.end):
            yield Span(*match.span("v"), "department")
    yield from _addresses(text)


def _hospitals(text: str) -> Iterator[Span]:
    for match in _HOSPITAL.finditer(text):
        start = _hospital_start(text, match.start())
        if start is not None:
            tail = _TAIL.match(text, match.end())
            yield Span(start, tail.end() if tail else match.end(), "institution")
    if "法人" in text:
        yield from (Span(match.start(), match.end(), "institution") for match in _CORPORATION.finditer(text))
    for match in _PRACTICE.finditer(text) if "科" in text else ():
        name = _PRACTICE_NAME.search(text, max(0, match.start() - 5), match.start())
        if name and _is_surname(name[0]):
            yield Span(name.start(), match.end(), "institution")
    for match in _EN_HOSPITAL.finditer(text) if any(sign in text for sign in _EN_SIGNS) else ():
        if not _EN_GENERIC.fullmatch(match[0]) and not _EN_SCHEME.match(text, match.end()):
            yield Span(match.start(), match.end(), "institution")


def _is_surname(text: str) -> bool:
    """Say whether a practice may be called so: 松本耳鼻咽喉科, かわさき整形外科, but not 総合内科."""
    name = fold_name(text)
    if name in clinical_words() or name in names().words:
        return False
    return name in names().surnames or (text < "ァ" and name in names().by_reading)


def _hospital_start(text: str, at: int) -> int | None:
    """Return where the proper name before 病院 and the like begins; None if there is none, as in 近くの総合病院."""
    low = max(0, at - 24)
    run = _RUN.search(text, low, at)
    start = run.start() if run else at
    skip = _ROLE.match(text[start:at])
    if skip:
        start += skip.end()
    elif text[start : start + 1] in ("年", "月", "日", "時") and text[start - 1 : start].isdigit():
        start += 1
    named = not _GENERIC.fullmatch(text[start:at])
    if skip:
        return start if named else None
    kana = _HIRAGANA.search(text, low, start)
    if not kana:
        return start if named else None
    head = _kana_head(text, kana.start(), kana.end())
    if head is None and kana[0] in _INNER:
        left = _RUN.search(text, max(0, kana.start() - 8), kana.start())  # 国立がん研究センター
        return left.start() if left else kana.start()
    if head is None and kana[0] == "の" and _NATURE.match(text[start : start + 1]) and at - start < 3:
        left = _RUN.search(text, max(0, kana.start() - 3), kana.start())  # 虎の門病院
        return left.start() if left else start
    if head is None:
        return start if named else None
    return head


def _kana_head(text: str, start: int, end: int) -> int | None:
    """Return where a name in hiragana begins within a run of it: みなと, but not の of 近くの."""
    if start > 0 and _RUN.search(text[start - 1]) and _RUN.search(text[start - 1])[0]:  # type: ignore[index]
        particle = _HEAD.match(text, start, end)
        verb = _VERB_END.match(text[start:end])
        skip = particle.end() - start if particle else 0
        start += max(skip, verb.end() if verb else 0)
        if not particle and not verb:
            return None
    rest = text[start:end]
    return start if len(rest) >= 2 and not _COMMON.fullmatch(rest) else None


def _addresses(text: str) -> Iterator[Span]:
    for signs, pattern in _ADDRESS_RULES:
        if not any(sign in text for sign in signs) or (pattern is _CITY and not _CITY_SIGN.search(text)):
            continue
        for match in pattern.finditer(text):
            if pattern is _CITY and match["x"] and _DATE_END.search(match["x"]):
                continue  # 嶋村悠真 2021-10-09
            groups = [name for name in ("v", "w", "x") if name in pattern.groupindex and match[name]]
            yield Span(*match.span(groups[0] if groups else 0), "address")
            if postal := re.search(r"(?<!\d)\d{3}-\d{4}[ \t]*$", text[max(0, match.start() - 12) : match.start()]):
                at = max(0, match.start() - 12) + postal.start()
                yield Span(at, at + 8, "postal_code")
