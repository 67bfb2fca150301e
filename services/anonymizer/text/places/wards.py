"""Rules for places inside hospitals: wards, rooms, beds. Pure."""

import re
from typing import Final

from services.anonymizer.text.folding.scripts import KANJI as _K
from services.anonymizer.text.rules import Hit, Rule

_SIDE: Final = "東西南北中新旧本別"
_TOWER: Final = f"(?:[{_SIDE}]館?棟?|第?[一二三]|[A-Z]棟|[A-Z])"
_FLOOR: Final = r"\d{1,2}[ ]?(?:階|F|f)?"
_WARD: Final = (
    rf"(?:{_TOWER}[ -]?{_FLOOR}[ ]?(?:[{_SIDE}]|[A-Z](?![a-z]))?|{_FLOOR}[ -]?(?:[{_SIDE}](?:側)?|[A-Z](?![A-Za-z]))?"
    rf"|[{_SIDE}](?:館|棟)?)"
)
_UNIT: Final = "ICU|HCU|CCU|SCU|NICU|GCU|EICU|PICU|MFICU|RCU|KCU|救急病棟|救命|透析室|無菌室|緩和"
_STAY: Final = "入院|在院|入室|転棟|転床|転入|より|から|へ|に|NS|Ns|看護|担当|師長|クラーク|ベッド|まで"
_NOT_STAY: Final = re.compile("[ ]?(?:mm|cm|日|週|ヶ月|か月|月|年|回|時|分|例|枚|mL|ml|mg|度|%|歳|才|人|名)")
_TNM: Final = re.compile(r"[TM][0-4xX]|リンパ|転移|[Ss]tage|期")
_SEGMENT: Final = re.compile(r"[SCTL#]\d|[ABCDGHKQRSTVXYZ]\d")


def _is_measured(hit: Hit) -> bool:
    return _NOT_STAY.match(hit.folded.text, hit.end) is not None


def _is_stage_or_list(hit: Hit) -> bool:
    """Say whether it is of a TNM stage or a segment, by what stands around: T2, N1, M0."""
    text, start, end = hit.folded.text, hit.start, hit.end
    if (hit.words[0] == "S" and "-" not in hit.words) or re.search(r"[A-Za-z] $", text[max(0, start - 2) : start]):
        return True
    return bool(_TNM.search(text[max(0, start - 8) : start]) or _TNM.search(text[end : end + 6]))


def _is_segment(hit: Hit) -> bool:
    """Say whether it is a segment, a vertebra or a measure: S6, L5から, 3に."""
    return _SEGMENT.fullmatch(hit.words) is not None or hit.words.isdecimal() or _is_measured(hit)


def _is_stage(hit: Hit) -> bool:
    """Say whether it is of a TNM stage, or the model of a device: LOGIQ E10."""
    before = hit.folded.text[max(0, hit.start - 8) : hit.start]
    return _TNM.search(before) is not None or re.search("[A-Za-z][ ]?$", before) is not None


_EDGE: Final = r"(?<![一-鿿々A-Za-z\d.\-])"

RULES: Final = (
    Rule(
        "department",
        re.compile(
            rf"(?:^|(?<=[\s、,]))(?P<v>\d{{1,2}}-[A-F])(?=[ ]{{1,3}}(?:[{_K}]{{1,8}}科|主治医|担当|[{_K}]{{1,4}}Ns))|"
            r"病棟[ ]?[:|│┃ ][ ]?(?P<w>\d{1,2}-[A-F])(?![A-Za-z0-9])",
            re.MULTILINE,
        ),
        "⟦2-C⟧ 整形外科\n", "2-C 領域、図 2-C",
        signs=("-",),
    ),
    Rule(
        "department",
        re.compile(
            r"(?:^|(?<=[\s|│/,、;:→(「と\"^]))(?:\d{1,2}-?[ESWN]|[EW]-?\d{1,2}|N-?[4-9])(?=$|[\s|│/,、;:)」\"^]|"
            r"-\d{2,4}|で|"
            r"に(?:入|転|帰|戻)|へ|より|の[一-鿿])",
            re.MULTILINE,
        ),
        "明日転棟→⟦3E⟧\n", "T2N1、cT3 N2、LOGIQ E10",
        signs=("E", "W", "N", "S"), veto=_is_stage,
    ),
    Rule(
        "department",
        re.compile(r"(?<![\d./-])(?P<v>[1-9]\d{2,3}-\d{1,2})(?=[ ]?(?:に移動|へ移動|の?[一-鿿]{1,4}[ ]?(?:さん|様|氏|"
            r"殿)|へ(?:帰室|"
            r"入室|転床|戻)|"
            r"に(?:入室|帰室)))"),
        "⟦633-3⟧の加藤さん", "100-3の結節",
        signs=("-",),
    ),
    Rule(
        "department",
        re.compile(
            rf"(?:緩和ケア|救急|一般|回復期)?(?:(?:新|旧|本|別|中央|[{_SIDE}A-Z])(?:館|棟)[ ]?\d{{1,2}}(?:階|"
            rf"F)?|{_EDGE}\d{{1,2}}(?:階|F)[ ]?[{_SIDE}])"
            rf"(?:[{_SIDE}A-E](?![A-Za-z]))?(?:側|病棟)?"
        ),
        "迎え ⟦新館3階⟧", "3階から転落、本館へ",
        signs=("館", "棟", "階", "F"),
    ),
    Rule(
        "department",
        re.compile(
            rf"{_EDGE}(?:(?:緩和ケア|救急|一般|回復期)?\d{{1,2}}(?:階|F)?(?:[{_SIDE}A-Z]|[ ]?-[ ]?(?:\d{{1,2}}|"
            rf"[A-Z]))?|[A-Z]-?\d{{1,2}})[ ]?"
            r"(?:病棟|ビョウトウ)"
        ),
        "⟦7-3病棟⟧へ", "病棟より",
        signs=("病棟", "ビョウトウ"),
    ),
    Rule(
        "department", re.compile(rf"{_EDGE}(?:[東西南北]\d{{1,2}}|\d{{1,2}}[東西南北])(?:(?![{_SIDE}\d一-鿿々])|"
            rf"(?=帰室|戻|主治医|師長|看護|担当))(?:病棟)?"),
        "桂 ⟦7東⟧ 造影", "東3丁目、3東海",
        signs=("東", "西", "南", "北"),
    ),
    Rule(
        "department", re.compile(r"第[一二三四五六七八九十\d]{1,2}病棟"),
        "⟦第五病棟⟧に入院", "第五の病棟",
        signs=("病棟",),
    ),
    Rule(
        "department",
        re.compile(
            r"(?<=[(、,:;\"|\t 。])(?P<v>[NSEW]-?\d{1,2}|\d{1,2}[NSEW])(?=[)、,|\";\t。]|帰室|師長|[ ]看護|"
            r"[ ]?$|[ ]?\n|[(])"
        ),
        "迎え ⟦6N⟧、", "T2, N1, M0、S6へ",
        signs=("N", "S", "E", "W"), veto=_is_stage_or_list,
    ),
    Rule(
        "department",
        re.compile(
            r"(?<=[|^;,:(\s。、.])(?P<v>\d{1,2}[NSEW]|[NSEW]-?\d{1,2})(?=[|^;,)]|[ ]?(?:Rm|RM|\d{3,4}(?:-\d|号|"
            r"室)|病棟|号室|戻り|へ|より|Ns|NS|[(]個室))"
        ),
        "|⟦12N⟧^Rm.405", "T2N1、S6より",
        veto=_is_stage_or_list,
    ),
    Rule(
        "department",
        re.compile(
            r"Rm\.?[ ]?\d{2,4}(?:-\d{1,2})?|(?:個室|病室|部屋)[ :]?\d{2,4}(?!\d)|(?<![\d.])\d{3,4}室(?!長)|"
            r"(?<![\d.])\d{2,4}号(?:室)?(?:[ ]?(?:ベッド)?\d{1,2}(?:ベッド)?|[ ]?[A-D](?![A-Za-z]))?(?![棟機])"
        ),
        "東病棟 ⟦740号2⟧", "1号、部屋で",
        signs=("Rm", "室", "部屋", "号"),
    ),
    Rule(
        "department",
        re.compile(
            rf"(?:病棟|階|F|館|棟|[{_SIDE}NSEW]|[(|^│]|R:|病室|ward|"
            rf"室:|シツ:|ｼﾂ:)[ ]{{0,3}}(?P<v>\d{{3,4}}-\d{{1,2}})(?![\d-])"),
        "北4病棟 ⟦740-3⟧", "Se 740-3",
        signs=("-",),
    ),
    Rule(
        "department",
        re.compile(
            rf"(?:(?:[{_SIDE}]別?館?|第)?[ ]?(?:\d{{1,2}}(?:階|F)?[ ]?)[{_SIDE}A-Z]?[ ]?(?:病棟|棟)"
            rf"|[{_SIDE}A-Z](?:館|棟)?[ ]?(?:\d{{1,2}}[ ]?(?:階|F)?)?[ ]?病棟(?:[ ]?\d{{1,2}}(?:階|F)?)?"
            r"|病棟[ ]?\d{1,2}(?:階|F)?(?![\d日月年名人例]))"
        ),
        "⟦東5階病棟⟧に入院", "病棟で3日間、病棟に入院",
        signs=("棟",),
    ),
    Rule(
        "department",
        re.compile(
            rf"(?:病棟名?|ビョウトウ|病室|部屋(?:番号)?|入院先|所属|(?<![A-Za-z])(?:WARD|Ward|ward|LOC|Loc|BED|Bed|"
            rf"ROOM|Room))"
            rf"[ \t]*[:=/】\])>|][ \t]*(?P<v>(?:{_WARD}|{_UNIT}|\d{{3,4}})(?:[ -]?[\d①-⑳]{{1,4}}(?:号室?|床|"
            rf"番)?)*)(?![A-Za-z0-9])"
        ),
        "病棟:⟦東6⟧", "病棟:不明、所属:外科",
        signs=("病", "ビョウトウ", "部屋", "入院先", "所属", "ard", "ARD", "oc", "OC", "ed", "ED", "oom", "OOM"),
    ),
    Rule(
        "department",
        re.compile(
            rf"(?<![A-Za-z0-9.])(?P<v>\d{{1,2}}[ ]?(?:[{_SIDE}]|[A-F])|[{_SIDE}][ ]?\d{{1,2}})(?=[ ]?(?:{_STAY}))"),
        "⟦11A⟧入院中", "3に、S6より、中3日から",
        veto=_is_measured,
    ),
    Rule(
        "department",
        re.compile(
            rf"(?:連絡先|病棟|返却|搬送|送付先?|宛先?)[ ]?[:=→][ ]?(?P<v>\d{{1,2}}[ ]?[{_SIDE}A-F]|"
            rf"[{_SIDE}][ ]?\d{{1,2}})(?![A-Za-z0-9])"),
        "連絡先:⟦7西⟧", "連絡先:03",
        signs=(":", "=", "→"),
    ),
    Rule(
        "department",
        re.compile(
            r"(?<![A-Za-z0-9])(?:ICU|HCU|CCU|SCU|NICU|GCU|EICU|PICU)[ -]?\d{1,2}"
            r"(?!\d|[ ]?(?:日|回|月|年|時|人|名|例|週|/|hr|day))(?:[ ]?(?:床|番|号)(?:ベッド)?)?"
        ),
        "⟦ICU 3番⟧", "ICU 3日目",
        signs=("CU",),
    ),
    Rule(
        "department", re.compile(r"(?<!\d)\d{3,4}[ ]?(?:号室|号)(?:[ ]?[\d①-⑳]{1,2}(?:床|番|ベッド)?)?"),
        "⟦512号室⟧", "この号室は満床",
        signs=("号",),
    ),
    Rule(
        "department", re.compile(
            r"(?:様|さん|殿|氏|病棟|階|棟|[東西南北])[ ]?[(\[](?P<v>\d{3,4}(?:-[\d①-⑳A-Z]{1,2})?)[)\]]"),
        "様(⟦307-②⟧)", "(512)、様(3)",
        signs=("(", "["),
    ),
    Rule(
        "department",
        re.compile(
            r"(?<![A-Za-z])(?:[Ww]ard|[Rr]oom|[Bb]ed|WARD|ROOM|BED|Rm\.?)[ :#=-]{1,2}(?:[Nn]o\.?[ ]?|#)?"
            r"(?:\d{1,4}[A-Z]?|[A-Z]-?\d{1,3})(?:[ ,/]+[Bb]ed[ ]\d{1,2})?(?![A-Za-z0-9])"
        ),
        "in ⟦Room 512, Bed 2⟧", "at room temperature",
        signs=("ard", "oom", "ed", "ARD", "OOM", "ED", "Rm"),
    ),
    Rule(
        "department", re.compile(r"(?<=[FWEN階棟東西南北中][/／])[ ]?(?P<v>\d{3,4}-\d{1,2})(?=[ ]*(?:$|[\n、。|]))"),
        "病室:新館6F/⟦882-3⟧", "L5/S1、6F/120-80 mmHg",
        signs=("/",),
    ),
)  # fmt: skip
