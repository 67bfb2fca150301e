"""Keep liver segments, vertebrae, fractions and names of months apart from dates. Pure."""

import re
from typing import Final

from services.anonymizer.text.rules import Hit

BIRTH_BEFORE: Final = re.compile(
    r"(?:生年月日|誕生日|出生日?|生まれ|生年|(?<![A-Za-z0-9])DOB|D\.O\.B\.?|[Dd]ate of [Bb]irth|[Bb]irth\s?[Dd]ate|"
    r"BIRTH(?:\s?DATE)?|DATE OF BIRTH|[Bb]irthday|(?<![A-Za-z])Birth|セイネンガッピ|(?<![A-Za-z])B\.?D\.?(?=[:= ])|"
    r"(?<![発先後学人衛再新])生(?![一-鿿])|[Bb]orn(?: on| in)?|(?<![A-Za-z0-9])b\.)[\s:=は(（・│|／/]*$"
)
BIRTH_AFTER: Final = re.compile(
    r"\s*[)）]?\s*(?:[、,][^。\n]{0,16}(?:に|で)(?:生まれ|出生)|生まれ|うまれ|産まれ|出生|生(?![体検理食化存活命殖着後前])|\(?DOB(?![A-Za-z0-9])|\(?born)"
)
_MOST_PARTS: Final = 12
_MODALITIES: Final = (
    "CT|MRI?|PET|US|XP|XR|CR|DR|MG|RI|NM|In|On|Since|From|At|By|Of|To|Until|Dated?|OP|Ope|PCI|CABG|TAVI|ECG|ADM|VIA"
)
# A year behind a name in capitals or a word for a rule, or before such a word, tells which edition it is
_EDITION_BEFORE: Final = re.compile(
    rf"(?<![A-Za-z])(?!(?:{_MODALITIES})[ (]*$)[A-Z][A-Za-z/&+.-]*[ (,:v-]{{0,3}}$|"
    r"(?:ガイドライン|分類|規約|基準|学会|指針|提言|勧告|声明|criteria|classification|guidelines?|consensus|system|score|version|ver\.?|"
    r"レポート|スコア|コンセンサス|マニュアル|手引き?|研究会|治験|試験|改訂|改定|型番|機種)(?:法)?[ 　(（:,『「]{0,3}$",
)
_EDITION_AFTER: Final = re.compile(
    r"\s?年?度?[)）]?(?:[ ]?(?:版|改訂|改定|分類|基準|規約|ガイドライン|criteria|classification|guideline|"
    r"update|edition|revision|"
    r"ed(?![a-z])|WHO|AJCC|UICC|JCOG|ESC|ACR|モデル|model|series|シリーズ|consensus|report))"
)
_NUMBER_BEFORE: Final = re.compile(
    r"(?:画像(?:番号|No\.?)|ス\n?ライス|シリーズ|ロット(?:番号)?|疼痛スケール|"
    r"(?<![A-Za-z])(?:DLP|CTDI(?:vol)?|Im(?:age)?|Se(?:ries)?|ADC|SUV[a-z]{0,4}|[Vv][Ee][Rr](?:[ ]?\d+(?:\.\d+){1,3})?|"
    r"[Ll][Oo][Tt](?:[ ]?[Nn]o\.?)?|TR|TE|TI|NRS|VAS|FLACC|BOP|[Ss]core[ ]\d[+]\d[、, \n]{1,3}生検))"
    r"[ :.=(第/]{0,3}$"
)
_COUNTED_AFTER: Final = re.compile(r"[ ]?(?:本|[かカヶケ箇]所|コア|スライス|コース|クール|頁|ページ|枚|個|例|点(?!滴))")
_VERSION_BEFORE: Final = re.compile(
    r"(?:[Vv]er(?:sion)?\.?|VER|[vV]|第|図|表|§|[Ff]ig\.?|[Ss]ection|[Rr]ev\.?|[Rr]elease|FW|SW)[ ]?"
    r"(?:\d+(?:\.\d+){1,3}[ ])?$"
)
_ALONE_AFTER: Final = re.compile(r"[ ]?(?:$|[\n)\]】、,;]|[ ])")
_MOST_YEARS: Final = 40  # of two digits, as 令和 and western years of this century are written
_SHORTEST_WITH_POINTS: Final = 8  # signs: 24.04.01
_SLASH_BEFORE: Final = re.compile(
    r"(?:前回|前々回|今回|初回|次回|報告|予約|再診|来院|退院|入院|施行|依頼|受付|作成|記載|確認|受診|生検|開始|終了|発症|初診|紹介|転院|"
    r"受傷|転倒|外来|予定|採血|撮影|手術|検査|抜糸|面談|登録|更新|印刷|出力|オペ|ope|op|同年|本年|昨年|検査日|撮影日|手術日|on|dated|since|from|CT|MRI?)[\s(:]*$",
    re.IGNORECASE,
)
_EXAM = (  # fmt: skip
    "CT|MR|XP|XR|CR|US|PET|SPECT|シンチ|検査|撮影|施行|単純|造影|画像|入院|退院|"
    "手術|受診|生検|治療|発症|来院|転院|外来|救急|健診|検診|と比|時点|頃|付|カテ|予約|予定|再診|オペ|OP|ope|面談|IC|採血|発熱|"
    "転倒|受傷|転棟|転入|搬送|入室|退室|開始|終了|連絡|報告|説明|依頼|紹介|初診|内視鏡|透析|化学療法|照射|輸血|抜管|挿管|挿入|抜去|実施"
)
_SLASH_AFTER: Final = re.compile(
    rf"\s?\)?(?:\s?\([日月火水木金土]\)|(?:の|に|より|から|まで|時)?\s?(?:{_EXAM})|に[一-鿿]{{2,8}}で(?:撮影|施行|検査|手術)|\s(?:[01]?\d|2[0-3]):[0-5]\d|~|-\d)"
)
_PARTICLE_AFTER: Final = re.compile("\\s?(?:の|に|より|から|まで|時|以降)")
_UNIT: Final = re.compile(r"\s?(?:mm|cm|mL|ml|mg|HU|%|度|枚|回|Gy)(?![A-Za-z])")
_DECEMBER, _LAST_DAY = 12, 31
_BLANKS: Final = ("", " ", "\n", "\t", "(", "[", ":", "】")
_STAGE_LETTERS: Final = ("S", "T", "M")


def is_stage(hit: Hit) -> bool:
    """Say whether S4/5/8 is rather segments: an era with slashes and a small year."""
    year = hit.match["ey"]
    is_letter = hit.match["s"] == "/" and hit.match["era"].upper() in _STAGE_LETTERS
    if not (is_letter and year.isdecimal() and int(year) <= 12):
        return False
    text = hit.folded.text
    is_birth = BIRTH_BEFORE.search(text, max(0, hit.start - 20), hit.start) or BIRTH_AFTER.match(text, hit.end)
    return not (is_birth or hit.match["dot"] or year.startswith("0"))


def is_month_alone(hit: Hit) -> bool:
    """Say whether it is the name of a month without day or year: May."""
    return not (hit.match["d"] or hit.match["y"])


def is_fraction(hit: Hit) -> bool:
    """Say whether it may be a part of something: 1/2に縮小, 5/8に腫瘍; 12/5に and 3/28より are not."""
    is_part = int(hit.match["m"]) < int(hit.match["d"]) <= _MOST_PARTS
    if _COUNTED_AFTER.match(hit.folded.text, hit.end) or is_of_thing(hit):
        return True
    return (is_part or not _PARTICLE_AFTER.match(hit.folded.text, hit.end)) and is_out_of_context(hit)


def is_measured(hit: Hit) -> bool:
    """Say whether three numbers are a measurement, or a number of a version or a section."""
    if _UNIT.match(hit.folded.text, hit.end):
        return True
    if hit.rule.pattern.groupindex.get("a") and _is_year_first(hit):
        return True  # a later row reads it
    if _is_alone(hit):
        return False
    return hit.match["s"] == "." and len(hit.match[0]) < _SHORTEST_WITH_POINTS and is_out_of_context(hit)


def is_of_thing(hit: Hit) -> bool:
    """Say whether it is the number of an image or the like, or a dose: 画像番号 2017, DLP 1987.8."""
    return _NUMBER_BEFORE.search(hit.folded.text, max(0, hit.start - 18), hit.start) is not None


def is_edition(hit: Hit) -> bool:
    """Say whether a year tells an edition, or is no year: Fleischner 2017, WHO 2021, 2019年版, DLP 1987.8."""
    if is_of_thing(hit):
        return True
    if hit.match.groupdict().get("m"):
        return False
    text, start = hit.folded.text, hit.start
    before = _EDITION_BEFORE.search(text, max(0, start - 24), start)
    return before is not None or _EDITION_AFTER.match(text, hit.end) is not None


def _is_year_first(hit: Hit) -> bool:
    """Say whether 24.3.15 begins with its year, as Japanese dates do: it can be no month, and the last can be a day."""
    first, last = int(hit.match["a"]), hit.match["c"]
    return hit.match["s"] != "-" and _DECEMBER < first <= _MOST_YEARS and len(last) == 2 and int(last) <= _LAST_DAY


def _is_alone(hit: Hit) -> bool:
    """Say whether 24.3.15 stands between blanks or line ends, as no measurement and no version does."""
    text, start = hit.folded.text, hit.start
    years = int(hit.match[0].split(hit.match["s"])[0])
    if years > _MOST_YEARS or _VERSION_BEFORE.search(text, max(0, start - 18), start):
        return False
    return text[max(0, start - 1) : start] in _BLANKS and _ALONE_AFTER.match(text, hit.end) is not None


def is_out_of_context(hit: Hit) -> bool:
    """Say whether no word around makes a number a date."""
    text, start = hit.folded.text, hit.start
    if is_of_thing(hit):
        return True
    return not (
        _SLASH_BEFORE.search(text, max(0, start - 8), start)
        or _SLASH_AFTER.match(text, hit.end)
        or BIRTH_BEFORE.search(text, max(0, start - 20), start)
        or BIRTH_AFTER.match(text, hit.end)
    )
