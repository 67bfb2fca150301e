"""Rules for hospitals and homes by a proper name and a short word for what they are, wherever they stand. Pure."""

import re
from collections.abc import Iterator
from typing import Final

from services.anonymizer.text.folding.folded_text import FoldedText
from services.anonymizer.text.folding.lexicon import is_clinical, names
from services.anonymizer.text.folding.morphemes import Kind
from services.anonymizer.text.folding.scripts import KANJI as _K
from services.anonymizer.text.rules import Hit, Place, Rule

_OWNER: Final = (
    "市民|町民|厚生連?|労災|日赤|赤十字|済生会|国保|生協|徳洲会|共済|逓信|協会|記念|医療C|医療セン(?:ター)?|がんC|"
    "がんセン(?:ター)?|読影C|読影センター|"
    "健診C|検診C|画診|県病|市病|町病|県中|県セン(?:ター)?|市立|県立|医大|医師会"
)
_SPECIALTY: Final = (
    "脳神経外科|整形外科|産婦人科|耳鼻咽喉科|泌尿器科|形成外科|循環器内科|消化器内科|呼吸器内科|脳外|脳神経?|整形|産婦|泌尿|循環器|消化器|呼吸器|眼科|皮膚科|耳鼻科|小児科|胃腸科?|内科|外科|形成|透析|歯科|"
    "婦人科|総|読影|クリ|診療|診(?![断察療])|Clin|CL|Cl\\.?|中央|"
    "HP|Hp\\.?|Hosp\\.?|MC|CC|がん|ハート|レディース|こども|ペイン|メンタル|リハ"
)
_BEHIND: Final = (
    r"(?=[ ]?(?:$|[\n、。，,;:|^()（）「」\[\]】/→⇒<>]|の(?!方向|間|み)|へ|より|から|にて|で(?:[^すきあ]|$)|に(?:て|"
    r"紹介|転院|搬送|受診|通院|入院|依頼|電話|連絡|"
    r"返却|照会)|"
    r"と(?:電話|連絡|調整)|を(?:受診|紹介|経由)|フィルム|画像|放射線|受診|通院|入院|転院|紹介|宛|御中|ID|外来|連携室|"
    r"地域|CD|貸出|持参|主治医|"
    r"[ ](?:on|at|in|for)[ ]|[ ]{1,2}[\d一-鿿ァ-ヺ'A-Z]|[一-鿿]{1,4}(?:Dr|先生|医師)))"
)
_HOME: Final = (
    "グループホーム|特別養護老人ホーム|有料老人ホーム|老人ホーム|介護老人保健施設|介護医療院|老健|特養|サ高住|"
    "ケアハウス|ケアホーム|ショートステイ|デイサービス|デイケア|"
    "訪問看護ステーション|訪看|小規模多機能(?:ホーム)?|住宅型有料|保育園|こども園|幼稚園"
)
_HOME_NAME: Final = rf"[ 「]?(?P<n>[{_K}ぁ-んァ-ヺーヶケ]{{2,14}}?)"
_HOME_BEHIND: Final = (
    r"(?=[ 」]?(?:入所|入居|利用|通所|在園|在住|通園|施設長|管理者|相談員|看護|職員|ケアマネ|より|から|へ|"
    r"に[入転戻帰通居電連]|と(?:調整|連絡|電話|情報)|の(?:看護|職員|相談|ケアマネ|"
    r"嘱託|同僚|施設|送迎)|にて|を利用|で[^すき]|"
    r"[\s、。,;:()|/\n]|$))"
)
_NOT_PROPER: Final = re.compile(
    "(?:他|前|当|同|近|各|某|本|貴|以前|前回|今回|今後|国立|私立|公立|県立|市立|単科|出身|地元|近医|前医|他院|当院|"
    "同院|地域|市中|救急|診療|病院|かかりつけ|近く|紹介|紹介元|"
    "紹介先|転院|依頼|一般|総合|大学|専門|外来|病棟|日本|東京都|北海道|右|左|両|上|下|内|外|の|は|が|で|に|と|を|"
    "より|から|へ|も|や)+"
)
_GENERIC_HOME: Final = re.compile(
    "入所|入居|利用|待機|退所|通所|勤務|職員|宿泊|施設|在宅|自宅|[ぁ-ん]{1,2}$|(?:より|から|への?|にて?|での?|を|は|"
    "が|と|の)|なし|あり|希望|検討|申請|調整|相談|紹介|入院|退院|"
    "予定|中|先|長期|短期"
)
_UNMISTAKABLE: Final = re.compile("医療C|がんC|労災|日赤|赤十字|済生会|厚生連|国保|徳洲会|共済|逓信|県病|市病|HP")
_CLINICAL_END: Final = re.compile(
    "[炎癌瘍症病腫変部脈管性膜葉区域側頭体尾底尖骨節筋靱帯腔孔溝回室核索巣液胃腸肝肺腎脾膵脳]$"
)


def _proper_start(folded: FoldedText, match: re.Match[str]) -> Iterator[Place]:
    """Yield from where the proper name begins: behind the last particle, date or common phrase."""
    low, end = match.span("v")
    for word in folded.words.within(low, match.start("k")):
        text = folded.text[word.start : word.end]
        if (word.kind is Kind.OTHER and text not in ("の", "ヶ", "ケ", "が")) or text in (
            "前回",
            "今回",
            "以前",
            "現在",
            "同日",
            "先日",
        ):
            low = max(low, word.end)
    name = folded.text[low : match.start("k")]
    if name and _is_proper(folded, low, match.start("k")):
        yield low, end


def _is_proper(folded: FoldedText, start: int, end: int) -> bool:
    """Say whether a proper part stands there: a place, a surname, or a word that nobody has."""
    name, view = folded.text[start:end], folded.view[start:end]
    if _NOT_PROPER.fullmatch(name) or _CLINICAL_END.search(name) or is_clinical(view):
        return False
    words = folded.words.within(start, end)
    if _UNMISTAKABLE.match(folded.text, end) and len(name) > 1 and not name.endswith(("腺", "臓", "性", "型")):
        return True
    if len(name) > 1 and name.endswith(("台", "丘", "原", "沢", "川", "浜", "町", "村")):
        return True
    if any(word.kind in (Kind.PLACE, Kind.FAMILY, Kind.PROPER, Kind.UNKNOWN, Kind.GIVEN) for word in words):
        return True
    return view in names().surnames or (len(name) > 1 and all(word.end - word.start == 1 for word in words))


def _is_proper_only(hit: Hit) -> bool:
    return not _is_proper(hit.folded, hit.start, hit.end)


def _is_generic_home(hit: Hit) -> bool:
    return _GENERIC_HOME.match(hit.match["n"]) is not None


RULES: Final = (
    Rule(
        "institution",
        re.compile(rf"(?<![{_K}ァ-ヺーA-Za-z])(?P<v>[{_K}ヶケノのが]{{1,7}}?(?P<k>{_OWNER})){_BEHIND}"),
        "⟦十勝原労災⟧の画像", "当院労災の、上部協会、肺野中央の",
        place=_proper_start,
    ),
    Rule(
        "institution",
        re.compile(rf"(?<![{_K}ァ-ヺーA-Za-z])(?P<v>[{_K}ヶケノのが]{{2,7}}?(?P<k>{_SPECIALTY})){_BEHIND}"),
        "⟦鶴ヶ谷整形⟧の北先生", "他院内科へ、肝硬変HPの、当院外科の",
        place=_proper_start,
    ),
    Rule(
        "institution",
        re.compile(
            rf"(?<![{_K}])(?:済生会|徳洲会|日赤|自衛隊|国病|国立病院機構|NHO|JCHO|JR|JA|県立|市立|町立|府立|道立|都立|"
            rf"組合立|公立|聖)[ ]?"
            rf"(?P<v>[{_K}ヶケノのが]{{2,6}}?)(?:病院?|総合|中央)?(?=[ ]?(?:への?|より|から|にて|"
            rf"の(?:[{_K}]{{1,4}}(?:先生|部長|医師|Dr)|画像|"
            rf"フィルム|CD)|[(（)）、。,\n|^→]|通院|にFAX|で|に[転紹入受]|"
            r"[ ](?:on|at)[ ]|$))"
        ),
        "国病⟦稲野台⟧より紹介", "国立病院より、聖域で",
        signs=("済生会", "徳洲会", "日赤", "自衛隊", "国病", "国立", "NHO", "JCHO", "JR", "JA", "立", "聖"),
        veto=_is_proper_only,
    ),
    Rule(
        "institution",
        re.compile(rf"(?P<v>[{_K}ヶケノ]{{1,6}}?(?:駅前|駅南|駅北|通り?|台|中央|町)(?:脳神経外科|整形外科|泌尿器科|"
            rf"胃腸科|外科胃腸科|循環器内科|消化器内科|眼科|皮膚科|"
            rf"耳鼻科|産婦人科|小児科|内科小児科|内科|外科){{1,2}})(?![{_K}])(?=[ ]?(?:$|[\n、。,()（）|]|の|へ|より|"
            rf"から|[ ][{_K}]))"),
        "⟦檜見駅前整形外科⟧より", "当院整形外科へ",
        signs=("駅前", "駅南", "駅北", "通", "台", "中央", "町"),
    ),
    Rule(
        "institution",
        re.compile(rf"(?<=[会団院])(?P<v>[{_K}ヶケノ]{{2,12}}(?:[医診]院|クリニック|診療所|[内外眼]科|泌尿器科|"
            rf"整形外科|胃腸科|小児科|皮膚科|病院))(?![{_K}])"),
        "医療法人仁泉会⟦上条泌尿器科⟧", "医療法人の科",
        signs=("法人",), veto=lambda hit: "法人" not in hit.folded.text[max(0, hit.start - 12) : hit.start],
    ),
    Rule(
        "institution", re.compile(rf"(?:{_HOME}){_HOME_NAME}{_HOME_BEHIND}"),
        "入所先:⟦グループホームひまわり⟧入所中", "老健入所中、特養より、デイサービス利用",
        signs=(
            "ホーム", "老健", "特養", "サ高住", "ケア", "ステイ", "デイ", "訪問看護", "訪看", "医療院", "小規模",
            "有料",
            "園",
        ),
        veto=_is_generic_home,
    ),
    Rule(
        "institution",
        re.compile(rf"お?世話になって(?:おり|い)ます[。、,.]?[ ]?(?P<v>[{_K}ァ-ヺーヶA-Za-z]{{2,14}})の(?=[{_K}]"
            rf"{{1,4}}(?:です|と))"),
        "お世話になっております、⟦葦浜診⟧の畠山です", "世話になっている方の件です",
        signs=("世話になって",),
    ),
)  # fmt: skip
