"""Rules for hospitals by short names, with kana too, where films came from or something was found or done. Pure."""

import re
from collections.abc import Iterator
from typing import Final

from services.anonymizer.text.folding.folded_text import FoldedText
from services.anonymizer.text.folding.lexicon import is_clinical
from services.anonymizer.text.folding.morphemes import Kind
from services.anonymizer.text.folding.scripts import KANJI as _K
from services.anonymizer.text.rules import Place, Rule

_DISTINCTIVE: Final = "FC|HP|Hp|クリ|がんセ|循セ|医セ|医療セ|医大|日赤|労災|徳洲|済生会|厚生連|協立|医師会|画診"
"""Short for what only a hospital or practice is."""
_ANY_KIND: Final = (
    rf"{_DISTINCTIVE}|こころ|中央|総合|記念|市民|脳外|整形|眼科|皮膚科|耳鼻科|小児科|内科|外科|泌尿器科|循環器|"
    "健診|検診|レディース|こども|ハート|メンタル|リハ|(?:循環器病?|がん|周産期|脳卒中|救命|医療|健診|検診)センター|病院|クリニック|医院"
)
_DAY: Final = r"(?:[HSRT令平昭]?[和成]?\d{1,4}[-/.年]\d{1,2}|'\d\d[-/.])"
_FILMS: Final = "(?:CT|MRI?|PET|US|XP|X線|画像|フィルム|CD|DVD|レポート|検査|紹介状|データ)"
_MENTIONED: Final = (
    rf"(?=で(?:{_DAY}|指摘|発見|診断|手術|切除|加療|治療|フォロー|施行|撮影|検査|精査|経過|の{_FILMS})|にて(?:{_DAY}|指摘|発見|診断|手術|加療|"
    rf"治療|撮影)|の{_FILMS}|[ ]?{_FILMS}(?:持参|あり|取込|比較)|[ ]{_DAY}[^\n]{{0,8}}撮影)"
)
_SIGNED: Final = (
    rf"(?=[ ]{{1,2}}(?:内線|PHS|TEL|Tel|ext\.?|℡|FAX|{_DAY})|[ ]{{1,2}}[{_K}]{{1,4}}[ ]?(?:先生|医師|Dr|技師)|"
    rf"の[{_K}]{{1,4}}(?:と|先生|医師|Dr))"
)
_SHORTEST_SCHOOL: Final = 3
_NO_NAME: Final = re.compile(
    "(?:他|前|当|同|近|各|某|本|貴|別|以前|前回|今回|国立|私立|公立|県立|市立|町立|都立|出身|地元|近医|前医|他院|当院|同院|地域|"
    "救急|診療|紹介|紹介元|転院|専門|一般|総合|大学|中央|外来|病棟|かかりつけ|近く|近所|右|左|両|上|下|内|外|前|後|頭|胸|腹|背|"
    "頸|腰|脊|胃|腸|心|脳|肺|肝|腎|健診|検診|定期|入院|術|の|は|が|で|に|と|を|も|や|から|より|まで)+"
)
_CLINICAL_END: Final = re.compile(
    "[炎癌瘍症病腫変部脈管性膜葉区域側体底尖骨節筋靱帯腔孔溝回室核索巣液腺胃腸肝肺腎脾膵脳期後前中]$|[肺視術照]野$"
)


def _named(folded: FoldedText, match: re.Match[str]) -> Iterator[Place]:
    """Yield from behind the last particle, 血痰でみず中央 → みず中央, if a name is left before the kind."""
    low, behind = match.start("v"), match.start("k")
    for word in folded.words.within(low, behind):
        text = folded.text[word.start : word.end]
        if word.kind is Kind.OTHER and text in ("で", "は", "を", "へ", "と", "も", "が", "に", "より", "から", "ため"):
            low = word.end
    name = folded.text[low:behind]
    if name and not (_NO_NAME.fullmatch(name) or _CLINICAL_END.search(name) or is_clinical(folded.view[low:behind])):
        yield low, match.end("v")


def _pattern(kind: str, behind: str) -> re.Pattern[str]:
    return re.compile(rf"(?<![{_K}ァ-ヺーぁ-んA-Za-z])(?P<v>[{_K}ァ-ヺーぁ-んヶ]{{1,10}}?(?P<k>{kind})){behind}")


RULES: Final = (
    Rule(
        "institution",
        _pattern(_ANY_KIND, _MENTIONED),
        "血痰。⟦白樺こころ⟧で指摘、当科紹介",
        "他院内科で指摘、健診センターで指摘、肺野中央で指摘、定期健診で指摘",
        signs=(
            "指摘",
            "発見",
            "手術",
            "切除",
            "療",
            "フォロー",
            "施行",
            "影",
            "検査",
            "精査",
            "経過",
            "診断",
            "の",
            "持参",
            "取込",
            "で",
        ),
        place=_named,
    ),
    Rule(
        "institution",
        _pattern(_DISTINCTIVE, _SIGNED),
        "読影お願いします。\n⟦桃園Hp⟧ 内線 4432",
        "慢性胃炎HP 内線、他院HP 内線",
        signs=tuple(_DISTINCTIVE.split("|")),
        place=_named,
    ),
    Rule(
        "institution",
        re.compile(rf"(?<![A-Za-z])(?:JCHO|NHO)[ ]?[{_K}ヶ]{{2,6}}(?=より|から|にて|の|で|へ|に|[ 、。\n)]|$)"),
        "⟦JCHO北添⟧より紹介",
        "JCHOより紹介",
        signs=("JCHO", "NHO"),
    ),
    Rule(
        "institution",
        re.compile(
            rf"(?:依頼|紹介|送信|撮影|受診|発信)(?:元)?施設名?[: ][ ]?(?P<v>[{_K}ァ-ヺーぁ-んヶ]{{2,14}})"
            rf"(?=[ ]*(?:$|[\n;,|、]))",
            re.MULTILINE,
        ),
        "依頼施設:⟦桃園大⟧\n検査ID",
        "依頼施設:当院\n",
        signs=("施設",),
        veto=lambda hit: _NO_NAME.fullmatch(hit.words) is not None or hit.words in ("施設", "不明", "なし"),
    ),
    Rule(
        "institution",
        re.compile(
            rf"(?:学校名?|通学先|在籍校)[: ][ ]?(?P<v>[{_K}ァ-ヺーぁ-んヶ]{{2,14}}?(?:[小中高大]|校|園|学院))"
            rf"(?=[ ]*(?:$|[\n、,]|[ ]{{2}}|[1-6]年))",
            re.MULTILINE,
        ),
        "学校名 ⟦けやき通り小⟧\n",
        "学校 最小\n",
        signs=("学校", "通学先", "在籍校"),
        veto=lambda hit: is_clinical(hit.view) or len(hit.words) < _SHORTEST_SCHOOL,
    ),
    Rule(
        "institution",
        re.compile(
            rf"(?<![{_K}ァ-ヺーぁ-んA-Za-z])(?P<v>[{_K}ァ-ヺーぁ-ん]{{2,8}}(?:訪問(?:介護|看護|診療)|居宅介護|介護)"
            r"(?:ステーション|事業所|センター|支援事業所))"
        ),
        "(⟦紫苑訪問介護ステーション⟧ 03-5555-0123)",
        "訪問介護ステーションを利用",
        signs=("訪問", "介護"),
        veto=lambda hit: re.match("(?:訪問|居宅|介護|当該?|同|近く|担当|地域|利用)", hit.words) is not None,
    ),
)
