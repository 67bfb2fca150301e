"""Rules for places where only a person stands: behind a label, a role or a word for a relative.

There a name goes even if no list has it: what the analyser does not know as a common word is one. Pure.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Final

from services.anonymizer.text.folding.folded_text import FoldedText
from services.anonymizer.text.folding.lexicon import clinical_words, is_clinical, names
from services.anonymizer.text.folding.morphemes import Kind, Morpheme
from services.anonymizer.text.folding.scripts import ANY_KANJI as _K
from services.anonymizer.text.folding.scripts import script
from services.anonymizer.text.names.analysed import WORK
from services.anonymizer.text.names.given import SIDES, is_given_part
from services.anonymizer.text.names.readings import is_family, is_given_name, is_job, joined_by, may_stand_in_slot
from services.anonymizer.text.names.titles import TITLE_AFTER
from services.anonymizer.text.rules import Hit, Place, Rule

_PATIENT: Final = (
    "患者(?:様|さん)?氏?名|患者|受診者氏?名?|被検者氏?名?|お?名前|御名前|氏[ ]?名|姓[ ]?名|シメイ|カナ氏名|フリガナ|"
    "ふりがな"
)
_STAFF: Final = (
    "(?:[一二三]次)?(?:読影|診断|報告|記載|作成|入力|確認|承認|依頼|担当|指導|紹介|執刀|検査|施行|撮影|校閲|立会|当直|検診|判定|"
    "記録|説明|麻酔|診察|連絡|受信|送信|対応|検像|処方|指示|外来|病棟|紹介元|当番|オンコール|登録|更新|転記|電話受)(?:医師?|者|技師)|"
    "(?:読影|報告|記載|作成|入力|確認|承認|依頼|担当|検像|撮影|執刀|代行|主治|紹介|記入|照合|文責|署名|サイン|検印)"
    "(?:医師?|者|技師|入力)?|責任者|術者|助手|主治医?|研修医|専攻医|医員|レジデント|フェロー|かかりつけ医|産業医|学?校医|嘱託医|読影室?|"
    "(?:診療放射線|放射線|臨床検査|臨床工学|エコー|超音波|検査)?技[師士]|(?:病棟|外来|認定|担当|受持ち?)?看護師|准看護師|助産師|保健師|"
    "(?:病棟)?薬剤師|(?:管理)?栄養士|(?:理学|作業)療法士|言語聴覚士|(?:医療)?ソーシャルワーカー|社会福祉士|介護福祉士|相談員|"
    "ケアマネ(?:ージャー)?|ヘルパー|クラーク|秘書|事務員?|受付|師長|主任|科長|室長|医長|部長|副?院長|教授|講師|助教|施設長|"
    "宛先?|報告先|報告相手|連絡相手|連絡先|通訳|電話対応|MSW|PSW|SW|Ns|NS|RT|ME|PT|OT|ST|CE|NP|Dr|DR|AUTH|RAD|REQ|REF|TECH|ATT"
)  # fmt: skip
RELATIVES: Final = (
    f"(?<![{_K}])(?:妻|夫|主人|父親?|母親?|兄|弟|姉|妹|孫娘?|嫁|婿|子|甥|姪)|"
    "奥様|奥さん|旦那|両親|[長次二三四五末]男|[長次二三四五]女|息子|娘|祖父|祖母|"
    "叔父|叔母|伯父|伯母|義父|義母|義兄|義姉|義弟|義妹|従兄弟?|従姉妹?|いとこ|内縁の妻|内縁の夫|パートナー|"
    "婚約者|保護者|家族|続柄|付き?添い?|同伴者?|同行者?|同居人?|キーパーソン|KP|世帯主|緊急連絡先|身元(?:保証人|引受人)|後見人|"
    "友人|知人|隣人|同僚|上司|部下|恩師|担任|旧姓|改姓|通称|別名|本名|ニックネーム"
)
_STAFF_BEGINS: Final = re.compile(
    "[一二三読診報告記作入確承依担指紹執検施撮校立当判説麻連受送対処外病オ登更転電代主照文署サ責術助研専医レフか産学嘱技放臨エ超看認准薬管栄保"
    "理言ソ社介相ケヘク秘事師科室長部副院教講宛通MPSNRDCATO]"
)
_RELATIVES_BEGIN: Final = re.compile(
    "[妻夫主父母兄弟姉妹孫嫁婿子甥姪奥旦両長次二三四五末息娘祖叔伯義従い内パ婚保家続付同キK世緊身後友知隣上部恩担旧改通別本ニ]"
)
_STRICT: Final = r"[ \t]*(?:[:=|>】\]》」]|[(][^()\n]{1,8}[)][ \t]*[:=]?)[ \t]*\n?[ \t]*"
_BESIDE: Final = re.compile(r"[ \t]*[,、/・&／→][ \t]*")
_PERSON_AND_BLANK: Final = re.compile("[医者師士長][ \t\n・]+$")
_NOBODY: Final = re.compile("(?:なし|無し|不明|同上|未定|記載なし|同席|来院|付|在|死|健在|既|発症|のみ)")
_BEHIND: Final = re.compile(
    r"$|(?:待合|付き?添|到着|同|来|も|健|没|死|他界|既往|罹患|県|在|遠)|[\s、。,.;:/|・()\[\]<>「」『』【】]|[がはをにへとのも]|より|から|まで|です|氏|\d|[-→⇒=~]|印|記|拝|代"
)
_LONGEST: Final = 8


def _people(strict: bool) -> Callable[[FoldedText, re.Match[str]], Iterable[Place]]:
    """Return the function that yields who stands behind a label, and beside the first.

    strict: whether nothing but a person can stand there, so that a word that nobody knows is one.
    """

    def places(folded: FoldedText, label: re.Match[str]) -> Iterator[Place]:
        alone = strict or _PERSON_AND_BLANK.search(label[0]) is not None
        yield from in_a_row(folded, label.end(), _BESIDE, lambda at: _person_end(folded, at, strict=alone))

    return places


def in_a_row(folded: FoldedText, at: int, beside: re.Pattern[str], end_of: Callable[[int], int]) -> Iterator[Place]:
    """Yield who stands at a position, and whoever stands beside the one before.

    beside: what stands between two.  end_of: where somebody ends who begins at a position; 0 if nobody does.
    """
    while stop := end_of(at):
        yield at, stop
        between = beside.match(folded.text, stop)
        if between is None:
            return
        at = between.end()


def _person_end(folded: FoldedText, at: int, *, strict: bool) -> int:
    """Return where the person ends that begins at a place; 0 if none does."""
    words = folded.words.within(at, at + _LONGEST + 4)
    if not words or words[0].start != at or _NOBODY.match(folded.text, at):
        return 0
    last = _last_word(folded, words, strict=strict)
    if last < 0:
        return 0
    end = words[last].end
    ends = _BEHIND.match(folded.text, end) or TITLE_AFTER.match(folded.text, end) or WORK.match(folded.text, end)
    whole = folded.view[at:end]
    return end if ends and not is_clinical(whole) else 0


def _last_word(folded: FoldedText, words: Sequence[Morpheme], *, strict: bool) -> int:
    """Return which of the words is the person's last; -1 if the first is nobody."""
    first = words[0]
    if not _is_first(folded, first, strict=strict):
        return -1
    last = 0
    for number, word in enumerate(words[1:], start=1):
        if word.kind is Kind.SIGN:
            continue
        if word.end - first.start > _LONGEST + 4 or not joined_by(folded, words[last], word):
            break
        touches = word.start == words[last].end
        if not (_is_more(folded, word) if touches else is_given_name(folded, word) or _is_part(folded, word)):
            break
        if not touches and last > 0:
            break
        last = number
    return last


def _is_first(folded: FoldedText, word: Morpheme, *, strict: bool) -> bool:
    view = folded.view[word.start : word.end]
    if len(view) == 1 and script(folded.text[word.start]) == "kanji":
        known = names()
        is_name = word.kind in (Kind.FAMILY, Kind.GIVEN, Kind.PERSON) or view in known.surnames or view in known.given
        return view not in SIDES and (is_name or strict)
    if strict:
        return may_stand_in_slot(folded, word)
    if is_family(folded, word) or word.kind in (Kind.GIVEN, Kind.PERSON):
        return not is_clinical(view)
    return word.kind is Kind.UNKNOWN and script(folded.text[word.start]) == "kanji" and len(view) > 1


def _is_more(folded: FoldedText, word: Morpheme) -> bool:
    """Say whether a word that touches the one before belongs to the same name."""
    if word.kind in (Kind.FAMILY, Kind.GIVEN, Kind.PERSON, Kind.PLACE):
        return True
    view = folded.view[word.start : word.end]
    kanji = script(folded.text[word.start]) == "kanji"
    return kanji and len(view) <= 2 and (word.kind is Kind.UNKNOWN or is_given_part(view)) and view not in _TITLES


def _is_part(folded: FoldedText, word: Morpheme) -> bool:
    view = folded.view[word.start : word.end]
    return is_given_part(view) and not (len(view) > 1 and word.kind is Kind.NOUN and view in names().given_words)


_TITLES: Final = frozenset({"様", "氏", "殿", "君", "先生", "医師", "印", "記", "筆", "拝", "代"})

_FOREIGN: Final = r"[ァ-ヺー]{2,10}(?:[ ・]{1,2}[ァ-ヺー]{2,10}){0,4}[ぁ-ん]{0,4}"


def _is_job_or_word(hit: Hit) -> bool:
    return is_job(hit.words.split(" ")[0]) or hit.view in clinical_words()


RULES: Final = (
    Rule(
        "name",
        re.compile(
            rf"(?:{RELATIVES})[ ]?[:の(「]?[ ]{{0,2}}(?P<v>{_FOREIGN})(?=[ )」、。,\n(]|さん|様|氏|が|と|も|に|は|"
            rf"へ|$)"),
        "弟 ⟦ラミル⟧ と転倒", "娘、ヘルパーと",
        begins=_RELATIVES_BEGIN,
        veto=_is_job_or_word,
    ),
    Rule(
        "name", re.compile(rf"(?:{_PATIENT}){_STRICT}"),
        "氏名:⟦椋⟧ 男", "氏名:不明、患者:腹痛あり",
        place=_people(strict=True),
    ),
    Rule(
        "physician", re.compile(rf"(?:{_STAFF}){_STRICT}"),
        "[読影者] ⟦椋⟧", "担当:外科、確認:単純",
        begins=_STAFF_BEGINS,
        place=_people(strict=True),
    ),
    Rule(
        "physician", re.compile(rf"(?:{_STAFF})(?:[ \t]{{1,3}}|\n|の|・)?"),
        "検診医 ⟦石⟧・角", "研修医同席、担当医変更",
        begins=_STAFF_BEGINS,
        place=_people(strict=False),
    ),
    Rule(
        "name", re.compile(rf"(?:{RELATIVES}){_STRICT}"),
        "長男:⟦佑磨⟧", "妻:健在、母:乳癌",
        begins=_RELATIVES_BEGIN,
        place=_people(strict=True),
    ),
    Rule(
        "name", re.compile(rf"(?:{RELATIVES})(?:さん|様|氏)?(?:[ \t]{{1,2}}|の|・|は|「|『|[(])?"),
        "妻⟦莉子⟧さん 来院", "妻の同意、母子センター、子宮、弟切",
        begins=_RELATIVES_BEGIN,
        place=_people(strict=False),
    ),
)  # fmt: skip
