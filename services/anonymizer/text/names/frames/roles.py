"""Rules for people behind a role: a word that ends as roles do, a sign or a blank, and then a name. Pure."""

import re
from collections.abc import Callable, Iterable, Iterator
from typing import Final

from services.anonymizer.text.folding.folded_text import FoldedText
from services.anonymizer.text.folding.lexicon import is_clinical
from services.anonymizer.text.folding.scripts import ANY_KANJI as _K
from services.anonymizer.text.names.frames.person import Evidence, evidence, is_side, is_work, person_end
from services.anonymizer.text.names.slots import in_a_row
from services.anonymizer.text.rules import Hit, Place, Rule

_WHO: Final = (
    rf"(?<![前近各])[医師士官]|(?<![患験])者|(?<=[{_K}])[員係]|[医師科部室院所課局係次主会]長|主任|司会|座長|書記|"
    rf"秘書|口述|検印|浄書|代筆|タイピスト|担当[A-Z]{{0,3}}|検定|検収|文責|"
    "ディクテーション|スクリーナー|リーダー|ワーカー|クラーク|ケアマネ|(?<![A-Za-z])(?:Ref|Req|Rad|Att|"
    "Rep)\\.?(?=[ ]?:)|(?<![A-Za-z])(?:MSW|PSW|SW|CRC|Ns|NS|"
    "Tech)\\.?|不在時|照会先|介助|"
    "主治|執刀|測定|鑑定補助|第[12一二]読影|[一二]次(?:読影)?|対応|立会|司法解剖|術者|助手"
)
_WORK: Final = (
    "確定|止血|済|既読|閲覧|差戻し|印刷|修正|診断書|印|窓口|麻酔|臨床工学|清潔|器械|外回り|初療|オペレータ|受付|"
    "照射録|端末|引継|訂正|承認|合議|照合|再読影|読影|報告|第[12一二]|[1-3](?:st|nd|rd)|ER|"
    "放射線科|"
    "(?:[内外]科|整形|脳外|循内|呼内|消内|消外|乳外|泌尿|小児科|婦人科|皮膚科|眼科|総診|麻酔科|救急部?|病理|放診|"
    "放治|糖内|神内|腎内|血内)"
)
_WHO_BEGINS: Final = re.compile(
    "[医師士官者員係科部室院所課局次主会司座書秘口検浄代タ担文デスリワクケRAMPSCNT不照介執測鑑第一二対立術助]"
)
_WORK_BEGINS: Final = re.compile(
    "[123Eオ乳修内再初印受合呼器報外婦小差引循承放救整既止泌消清済照病皮眼確神窓端第糖総脳腎臨血訂診読閲麻]"
)
_SPEAKERS_BEGIN: Final = re.compile("[スタデリ不主代依保修入助受口執報当技担撮文校浄照療発看紹薬補記診読面麻]")
_NO_LETTER: Final = r"(?![A-Za-zァ-ヺー])"
_GAP: Final = r"[ \t]{0,2}[:=|│┃/／・>\])】」]{1,2}[ \t]{0,3}|[ \t]{1,4}"
_ENDS: Final = re.compile(
    r"[ ]*(?:$|[\n、。，,;:.()（）/・|│┃┘─<>「」\[\]】』\"→⇒]|[+&#])|[ ]{2}|[ ](?=[\d(（'HRSTM平令昭]|PHS|内線|TEL|"
    r"連名|"
    r"[^\n ]{0,8}(?:医|師|"
    r"士|者|印|Ns|Dr))|"
    r"[ ]?(?:様|さん|氏|殿|先生|医師|技師|印|記|拝|代|筆|済|他|Dr|Ns|NS|方)|(?:が|は|へ|に|と|より|から|まで|です|"
    r"でした|、|の指示|の依頼)"
)
_QUARTERS: Final = frozenset("中上前南北東西")
_BESIDE: Final = re.compile(r"[ ]?(?:[(][^()\n]{1,8}[)])?[ ]?[、,/・→&][ ]?")


def _behind(least: Evidence) -> Callable[[FoldedText, re.Match[str]], Iterable[Place]]:
    """Return the function that yields who stands behind a role, and beside the first."""

    def places(folded: FoldedText, role: re.Match[str]) -> Iterator[Place]:
        def end_of(at: int) -> int:
            stop = person_end(folded, at, least)
            pair = " " in folded.text[at:stop] and folded.after(stop) == " "  # a given name ends it
            ends = pair or _ENDS.match(folded.text, stop) is not None
            return stop if stop and ends and not _is_state(folded, at, stop, role) else 0

        yield from in_a_row(folded, role.end(), _BESIDE, end_of)

    return places


def _is_state(folded: FoldedText, start: int, end: int, role: re.Match[str]) -> bool:
    """Say whether it is one kanji that says where or what state: 検査 中, 病棟 東."""
    view = folded.view[start:end]
    if not is_side(view):
        return False
    if view in _QUARTERS and ":" in role[0] and folded.after(end) == "\n":
        return False  # 読影:中 at the end of a line
    return not role.re.pattern.startswith(f"(?:{_WHO}") or folded.after(end) not in "\n)、。 (が"


def _at_once(folded: FoldedText, role: re.Match[str]) -> Iterator[Place]:
    """Yield who stands right behind a role that only a person has, without a blank: 口述水野."""
    at = role.end()
    stop = person_end(folded, at, Evidence.LISTED)
    begins = folded.words.begins(at) or evidence(folded, at, stop) >= Evidence.LISTED
    if stop and begins and _ENDS.match(folded.text, stop) and not is_side(folded.view[at:stop]):
        yield at, stop


_LABEL: Final = (
    "(?:第?[一二三1-3]次(?:読影医?)?|(?:依頼|主治|読影|報告|診断|確認|承認|撮影|検像|担当|執刀|検査|指導)(?:医師?|者|"
    "技師|技士)?|オーダー?医|検者)"
)


_ONE: Final = rf"[{_K}]{{1,6}}"


def _is_work_or_place(hit: Hit) -> bool:
    return is_work(hit.view) or is_clinical(hit.view) or hit.words.endswith(("科", "部", "室", "院"))


RULES: Final = (
    Rule(
        "physician",
        re.compile(
            rf"{_LABEL}[ ]?[: ][ ]?(?P<v>{_ONE})[ ]?[/ ][ ]?{_LABEL}[ ]?[: ][ ]?(?P<w>{_ONE})(?=[ ]*(?:$|\n|[/]))"
        ),
        "依頼医 ⟦歯朶⟧ / 主治医 根本\n", "撮影 単純 / 確認 造影\n",
        signs=("/", " "), veto=_is_work_or_place,
    ),
    Rule(
        "physician", re.compile(rf"(?:{_WHO})(?:{_GAP}){_NO_LETTER}(?=[{_K}])"),
        "臨床心理士 ⟦鎌⟧が同席", "検査技師 待機、主治医 不在、患者 単純",
        begins=_WHO_BEGINS,
        place=_behind(Evidence.UNKNOWN),
    ),
    Rule(
        "physician", re.compile(rf"(?:{_WHO})(?:{_GAP})(?=[ァ-ヺー]{{2}}|[A-Z][A-Za-z]{{2}})"),
        "報告者 ⟦ペレイラ ドス サントス マルコス⟧\n", "検査者 CT、患者 ポリープ",
        begins=_WHO_BEGINS,
        place=_behind(Evidence.UNKNOWN),
    ),
    Rule(
        "physician", re.compile(rf"(?:{_WORK})(?:{_GAP})(?=[{_K}])"),
        "照射録 ⟦梁⟧ 2025.06.03", "読影 単純、印 中央、救急 造影",
        begins=_WORK_BEGINS,
        place=_behind(Evidence.LISTED),
    ),
    Rule(
        "physician",
        re.compile(
            "(?:口述|ディクテーション|タイピスト|スクリーナー|入力者?|修正者|記入者|発信者|受信者|報告者|不在時|"
            "照会先|文責|浄書|代筆|リーダー|主治|執刀|"
            "撮影者|撮像|受領|補綴|紹介状|(?:読影|報告|診断|担当|主治|依頼|執刀|麻酔科?|面談|当直|校)医|技師|看護師|"
            "薬剤師|療法士|保健師|助産師)"
            rf"(?=[{_K}])"
        ),
        "ディクテーション⟦島⟧、入力橋本", "入力漏れ、口述中、執刀前",
        begins=_SPEAKERS_BEGIN,
        place=_at_once,
    ),
)  # fmt: skip
