"""Rules for hospitals by the short names staff use, and for check-up centres. Pure."""

import re
from collections.abc import Iterator
from typing import Final

from services.anonymizer.text.folding.folded_text import FoldedText
from services.anonymizer.text.folding.lexicon import names
from services.anonymizer.text.folding.morphemes import Kind
from services.anonymizer.text.folding.scripts import KANJI as _K
from services.anonymizer.text.rules import Hit, Place, Rule

_ABBREVIATIONS = ("HP", "Hp", "CL", "Cl", "クリ", "医セ", "医療セ", "HOSP")
_OFFICES = (
    "総合", "記念", "中央", "市民", "厚生", "日赤", "赤十字", "労災", "済生会", "共済", "逓信", "県中", "県病", "市病",
)  # fmt: skip
_ABBREVIATION = re.compile("[ ]?(?:HP|Hp|CL|Cl|クリ|医セ|医療セ|HOSP)$")
_GENERIC_OFFICE = re.compile("(?:総合|記念|中央|市民|厚生)$")
# 慢性胃炎HP: Helicobacter pylori
_CLINICAL_BEFORE = re.compile("[炎癌瘍症病腫変部脈管性後前中下上内外菌胃液染血清値]$")
_NOT_PROPER = re.compile(
    "^(?:他|前|当|同|近|各|某|本|貴|以前|前回|今回|国立|私立|公立|単科|出身|地元|近医|前医|他院|地域|市中|救急|診療|病院|"
    "の|は|が|で|に|と|を|より)+$"
)
_NO_PLACE = re.compile(
    "(?i:外来|病棟|当院|初診|CT|MRI?|PET|US|XP|単純|造影|同日|他科|詳細不明|不明|近医|前医|画像|持参|術前|術後|手術|治療|比較|なし|あり|内科|"
    "外科|.*科|.*[頃日月年])$"
)
_CONTEXT_BEFORE = re.compile(
    r"(?:前医|紹介元|紹介先|他院|転院先|転院元|依頼元|画像|出典|病院)[ ]?[((:][ ]?$|"
    r"(?:前医|紹介元|他院|転院先|依頼元)の?[ ]?$"
)
_CONTEXT_AFTER = re.compile(
    r"[ ]?(?:地域連携|医療連携|画像?診断?センター|画診|連携室|放射線科|のDr|の先生|よりご?紹介|からご?紹介|へ紹介|"
    r"に紹介|"
    r"へ転院|より転院|から転院|を受診|受診中|通院中|にて加療|で加療|にて手術|で手術|にて撮影|で撮影)"
)


def _behind_particle(folded: FoldedText, match: re.Match[str]) -> Iterator[Place]:
    """Yield the name from behind the last particle: 右田CL of 血痰で右田CL, but みどりの里 whole."""
    low, end = match.span("v")
    for word in folded.words.within(low, end):
        if (
            word.kind is Kind.OTHER
            and word.end < end
            and folded.text[word.start : word.end] not in ("の", "ヶ", "ケ", "が")
        ):
            low = word.end
    yield low, end


def _is_clinical_or_generic(hit: Hit) -> bool:
    name = _ABBREVIATION.sub("", hit.words)
    return bool(_NOT_PROPER.match(name) or _CLINICAL_BEFORE.search(name))


def _is_generic_after_owner(hit: Hit) -> bool:
    return (
        re.search("(?:立|会|保|JA|赤|聖)[ ]?(?:病院?|医大?|大学|総合|中央|系|で|の|がん|[小中高])$", hit.words)
        is not None
    )


def _is_generic_school(hit: Hit) -> bool:
    return _NOT_PROPER.match(hit.words.split("医大")[0]) is not None


def _is_no_place(hit: Hit) -> bool:
    return bool(_NO_PLACE.fullmatch(hit.words) or _NOT_PROPER.match(hit.words))


def _is_out_of_context(hit: Hit) -> bool:
    """Say whether it is generic, or no word beside it makes it a hospital."""
    if _NOT_PROPER.match(_GENERIC_OFFICE.sub("", hit.words) or "他"):
        return True
    text = hit.folded.text
    before = _CONTEXT_BEFORE.search(text, max(0, hit.match.start() - 8), hit.match.start())
    return not (before or _CONTEXT_AFTER.match(text, hit.match.end()))


BESIDE_NAMES: Final = (
    # Abbreviations of a school and a hospital that stand behind a proper name only
    Rule(
        "institution",
        re.compile(
            rf"(?P<v>[{_K}ァ-ヺーぁ-ん]{{2,8}}?[ ]?(?:HP|Hp|CL|Cl|クリ|医セ|医療セ|HOSP))"
            r"(?=[ ]?(?:の|より|から|にて|で|へ|に|を|と|[)、。,/\n]|地域|連携|放射線|画診|画像|$))"
        ),
        "⟦若狭野HP⟧より紹介", "慢性胃炎HP、他院HPより",
        signs=_ABBREVIATIONS, place=_behind_particle, veto=_is_clinical_or_generic,
    ),
    Rule(
        "institution",
        re.compile(rf"(?<![{_K}])[{_K}]{{1,5}}医大(?![生学事腸動量出き網腿脳型])(?:病院|附属|付属)?"),
        "⟦北海医大⟧へ", "某医大へ、医大生",
        signs=("医大",), veto=_is_generic_school,
    ),
    Rule(
        "institution",
        re.compile(
            r"(?:他院|前医|近医|かかりつけ医?|紹介元|紹介先|転院元|転院先|依頼元|他施設)(?:画像|検査|"
            r"病院)?[ ]?[(](?P<v>[^()\d\n、。,]{2,14})[)]"
            r"(?=[ ]?(?:CT|MR|PET|US|XP|X線|の|と|で|に|より|から|へ|画像|を|は|,|、|。|$))"
        ),
        "他院(⟦みどりの里⟧)のCT", "他院(単純)のCT",
        signs=("(",), veto=_is_no_place,
    ),
    Rule(
        "institution",
        re.compile(
            rf"(?:^|(?<=[\s、。]))(?P<v>[{_K}ぁ-んァ-ヺー・]{{2,12}})"
            r"(?=[ ]?(?:地域連携室|医療連携室|地域医療連携|画診センター|画像診断センター))",
            re.MULTILINE,
        ),
        "⟦みどりの里⟧地域連携室より", "他院 地域連携室より",
        signs=("連携室", "診センター", "断センター"), place=_behind_particle, veto=_is_no_place,
    ),
    Rule(
        "institution",
        re.compile(
            r"(?:健診|検診|人間ドック|メディカル|ヘルス(?:ケア)?)(?:プラザ|パーク|モール|ステーション|スクエア|"
            r"ポート)[ ]?"
            rf"(?:[{_K}]{{1,6}}|[ァ-ヺー]{{2,8}})?"
        ),
        "⟦メディカルモール青葉⟧にて", "健診にて指摘",
    ),
    Rule(
        "institution",
        re.compile(
            r"(?:[A-Z][a-z]+ ){1,3}(?:Checkup|Check-up|Medical|Health|Screening|Imaging|Diagnostic)[ ]"
            r"(?:Plaza|Park|Mall|Station|Square|Center|Centre)(?![a-z])"
        ),
        "at ⟦Lakeview Imaging Center⟧", "at the imaging center",
    ),
)  # fmt: skip
_KIND_END = (
    "生協|日赤|赤十字|済生会|厚生連|労災|共済|逓信|市民|市立|県立|県中|県病|市病|徳心|徳洲|愛仁|健診|検診|国保|中央HP|HP|Hp|CL|Cl\\.?|Clin|"
    "MC|クリ|医セ|医療C|読影C|診C|画診|泌尿|産婦|整形|脳神|脳外|循環器|レディース|こども|眼科?|皮膚科?|耳鼻科?|小児科?|内科|外科|胃腸科?|総合|中央|記念|ハート|県?セン(?:ター)?|[村島]?診(?![断察療])|総|大病院|大"
)
_TO_OR_FROM = (
    r"(?=[ ]?(?:へ|より|から|にて|で(?=[^すき])|に(?:て|紹介|転院|搬送|受診|返却|通院|入院|CD|返|て)|"
    r"の[一-鿿々]{1,4}(?:先生|Dr|医師)|"
    r"[(]|[)]|先生|[ ][一-鿿々]{1,4}(?:[):]|$|\n)|、|。|,|→|宛|受診|通院|入院|転院|紹介|画像|$|\n|[ ]\d|"
    r"[ ][一-鿿々]{1,4}先生|[ ]{1,2}[HSRT]?\d))"
)
_WORD_BEFORE_SCHOOL = re.compile(
    "(?:拡|最|増|腫|肥|巨|粗|膨|過|強|重|尨|絶|雄|広|偉|寛|盛|多|甚|莫|誇|特|極|等|同|[右左両上下内外中前後]|mm|cm)大$"
)


def _is_no_hospital(hit: Hit) -> bool:
    """Say whether a short name has no proper part: 他院内科, 腫大, 当院整形."""
    name = re.sub(f"(?:{_KIND_END})$", "", hit.words)
    if not name or _NOT_PROPER.match(name) or _WORD_BEFORE_SCHOOL.search(hit.words) or _CLINICAL_BEFORE.search(name):
        return True
    kinds = {word.kind for word in hit.folded.words.within(hit.start, hit.start + len(name))}
    proper = bool(kinds & {Kind.PLACE, Kind.FAMILY, Kind.PROPER, Kind.UNKNOWN, Kind.GIVEN})
    short = all(word.end - word.start == 1 for word in hit.folded.words.within(hit.start, hit.start + len(name)))
    return not (proper or (short and len(name) > 1) or name in names().surnames)


IN_CONTEXT: Final = (
    Rule(
        "institution",
        re.compile(rf"(?<![{_K}ァ-ヺーA-Za-z])(?P<v>[{_K}ヶケノの]{{1,6}}?(?:{_KIND_END})){_TO_OR_FROM}"),
        "⟦鷺浜生協⟧へ転院", "他院内科へ、腫大。、拡大(",
        veto=_is_no_hospital,
    ),
    Rule(
        "institution",
        re.compile(
            rf"(?:済生会|徳洲会|国立|県立|府立|都立|市立|国保|JA|日赤|聖)[ ]?[{_K}]{{1,4}}(?:病|総合|中央|"
            rf"中)?{_TO_OR_FROM}"),
        "⟦済生会榎川⟧より紹介", "済生会系、国立へ",
        signs=("済生会", "徳洲会", "NHO", "国病", "立", "国保", "JA", "日赤", "聖"), veto=_is_generic_after_owner,
    ),
    Rule(
        "institution",
        re.compile(
            rf"(?<![{_K}A-Za-z])(?:府立医|県立医|都立医|市立医|県医大?|府医大?|市大|県大|府大|都大|県中|県央|市病|県病|国がん|国循|日赤|赤十字|済生会|"
            r"労災|市民|都立|県立|中央病)(?=[ ]?(?:へ|より|から|にて|で(?:[^すき])|の[一-鿿々]{1,4}(?:先生|Dr)|"
            r"[)]|に(?:CD|転院|紹介|返)))"
        ),
        "⟦府立医⟧へ転院", "市民の、県立の",
    ),
    Rule(
        "institution",
        re.compile(
            rf"(?P<v>[{_K}ァ-ヺーヶノ]{{2,6}}(?:総合|記念|中央|市民|厚生|日赤|赤十字|労災|済生会|共済|逓信|県中|県病|市病))"
        ),
        "⟦架空記念⟧より紹介", "架空記念の日、当総合より紹介",
        signs=_OFFICES, veto=_is_out_of_context,
    ),
)  # fmt: skip
