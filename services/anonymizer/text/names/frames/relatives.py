"""Rules for given names, also such as are words, behind a word for a relative, and names before an age. Pure."""

import re
from collections.abc import Iterator
from typing import Final

from services.anonymizer.text.folding.folded_text import FoldedText
from services.anonymizer.text.folding.lexicon import clinical_terms, clinical_words, names
from services.anonymizer.text.folding.scripts import ANY_KANJI as _K
from services.anonymizer.text.names.frames.person import Evidence, evidence, is_work, person_end
from services.anonymizer.text.names.given import SIDES, is_given_part
from services.anonymizer.text.names.kanji_names import FUNCTION_WORDS
from services.anonymizer.text.names.surnames import surname_end
from services.anonymizer.text.rules import Hit, Place, Rule

_RELATIVES: Final = (
    rf"(?:(?<![{_K}])(?:(?:長男|次男|三男|息子)の[嫁妻]|(?:長女|次女|娘)の[婿夫])|"
    rf"(?<![{_K}祖義叔伯])[妻夫母父兄弟姉妹嫁婿孫姪甥]|奥様|"
    r"[長次二三四五末][男女]|息子|娘|祖[父母]|[叔伯][父母]|義[父母兄姉弟妹]|内[縁妻]の?[妻夫]?|パートナー|婚約者|"
    r"保護者|きょうだい|付添|同席者?|"
    r"本人|友人|知人|同僚|上司|隣人|旧姓|改姓|KP|ＫＰ|キーパーソン|身元引受人?)"
)
_RELATIVES_BEGIN: Final = re.compile(
    "[長次三息娘妻夫母父兄弟姉妹嫁婿孫姪甥奥二四五末祖叔伯義内パ婚保き付同本友知上隣旧改KＫキ身]"
)
_GAP: Final = r"(?:さん|様)?の?[ ]{0,2}[:=(「『・、]?[ ]{0,2}"
_ENDS: Final = re.compile(
    r"[ ]?(?:様|さま|さん|氏|殿|ちゃん|くん|君|「|」|』|[)、。,/;:\n]|$|へ|が|と|も|は|に|より|から|による?|によれ|"
    r"付添|同席|同伴|来|在|[(]|\d)|[ ]"
)
_NAME: Final = re.compile(rf"[{_K}]{{1,6}}(?:[ ]{{1,2}}[{_K}]{{1,3}}(?![{_K}]))?|[ぁ-ん]{{2,4}}")
_STATES: Final = frozenset("死没健在同不来無有癌病胃肺腸肝腎脳心血糖高低也中付既両")


def _whole(folded: FoldedText, label: re.Match[str]) -> Iterator[Place]:
    """Yield a given name, or a whole name, that stands there and ends like a word."""
    at = label.end()
    match = _NAME.match(folded.text, at)
    for stop in _ends(match) if match else ():
        if _ENDS.match(folded.text, stop) and _is_somebody(folded.view[at:stop]):
            yield at, stop
            return


def _ends(match: re.Match[str]) -> Iterator[int]:
    yield match.end()
    if (blank := match[0].find(" ")) > 0:
        yield match.start() + blank
    if "ぁ" <= match[0][-1] <= "ん":  # a particle may be the last sign of a run of hiragana
        yield from (match.start() + size for size in range(len(match[0]) - 1, 1, -1))


def _is_somebody(view: str) -> bool:
    bare = view.replace(" ", "")
    if bare in clinical_terms() or bare in SIDES or is_work(bare) or any(sign in _STATES for sign in bare[:1]):
        return False
    if is_given_part(bare) or bare in names().given:
        return len(bare) > 1 or bare in names().given
    family = surname_end(bare)
    given = bare[family:]
    return bool(family and given) and (given in names().given or is_given_part(given))


def _before_age(folded: FoldedText, match: re.Match[str]) -> Iterator[Place]:
    start, end = match.span("v")
    if person_end(folded, start, Evidence.LISTED) == end and evidence(folded, start, start + 1) is not None:
        yield start, end


def _is_clinical(hit: Hit) -> bool:
    return any(word in clinical_words() for word in hit.words.lower().split())


def _is_nobody(hit: Hit) -> bool:
    return not _is_somebody(hit.view)


_FOREIGN: Final = (
    r"(?:[ァ-ヺー]{1,10}(?:[ ]?[・=][ ]?|[ ]{1,2})[ァ-ヺー]{1,10}(?:(?:[ ]?[・=][ ]?|[ ]{1,2})[ァ-ヺー]{1,10}){0,4}|"
    r"[A-Z][A-Za-z'-]{1,15}(?:,?[ ]{1,2}[A-Z][A-Za-z'.-]{0,15}){1,4})(?![ァ-ヺーA-Za-z])"
)


def _is_no_patient(hit: Hit) -> bool:
    words = re.findall(r"[a-z]+|[ァ-ヺー]+", hit.view.lower())
    return any(word in clinical_words() for word in words) and len(words) < 3


def _titled(folded: FoldedText, match: re.Match[str]) -> Iterator[Place]:
    """Yield a whole name before a title if its given name is listed, however rare the surname is."""
    start, end = match.span("v")
    given = folded.view[slice(*match.span("g"))]
    family = folded.view[slice(*match.span("f"))]
    listed = given in names().given or given in names().given_by_reading
    known = listed or evidence(folded, *match.span("f")) is Evidence.LISTED
    if (
        known
        and given not in FUNCTION_WORDS
        and not is_work(family)
        and family not in clinical_terms()
        and family[-1] not in "者族医師"
    ):
        yield start, end


def _alone(folded: FoldedText, match: re.Match[str]) -> Iterator[Place]:
    """Yield who stands alone before a title and is no word for a person."""
    start, end = match.span("v")
    unheard = evidence(folded, start, end) >= Evidence.UNKNOWN or not folded.words.are_common(start, end)
    unheard = unheard and not is_work(folded.view[start:end])
    if unheard and folded.view[start:end] not in _FAMILY:
        yield start, end


_FAMILY: Final = frozenset("奥 嫁 孫 父 母 兄 姉 弟 妹 娘 姫 皆 客 神 仏 主 王 患者 家族 両親 奥方 他 各".split())
RULES: Final = (
    Rule(
        "name",
        re.compile(
            r"(?:患者(?:氏?名)?|氏名|受診者|名義|ディスク患者名|通称名?|登録名|パスポート名?|在留カード(?:上|名)?|"
            r"保険証|カナ検索は?|本人|内容)[ ]{0,2}"
            rf"(?:[:=/│|][ ]{{0,3}}|[ ]{{1,3}})(?P<v>{_FOREIGN})"
            rf"(?:[ ]{{0,2}}(?:様|殿|さん)?[ ]{{0,2}}[(](?P<w>{_FOREIGN}|[ぁ-ん]{{2,6}}[ ][ぁ-ん]{{2,6}})[)])?"
        ),
        "患者 ⟦オリベイラ ルーカス⟧(OLIVEIRA LUCAS)", "患者 CT、氏名:CHEST CT",
        signs=(
            "患者", "氏名", "受診者", "名義", "通称", "登録名", "パスポート", "在留", "保険証", "検索", "本人", "内容",
        ),
        veto=_is_no_patient,
    ),
    Rule(
        "name",
        re.compile(
            rf"(?<![{_K}])(?P<v>(?P<f>[{_K}]{{1,4}})(?:[ ]{{1,2}}(?P<g>[{_K}]{{1,3}}|[ぁ-ん]{{2,4}}|[ァ-ヺー]{{2,4}})))"
            r"(?=[ ]?(?:様|殿|さん|氏(?![名病法])|[(]\d{1,3}[ ]?(?:歳|才|y)|は[SHTR昭平大令]\W?[ ]?\d))"
        ),
        "先日は⟦境 裕子⟧殿", "患者 単純さん",
        signs=("様", "殿", "さん", "氏", "(", "は"), place=_titled,
    ),
    Rule(
        "name",
        re.compile(rf"(?<![{_K}])(?P<v>(?P<f>[{_K}]{{1,4}})(?P<g>[ぁ-ん]{{2,4}}))(?=[ ]?(?:様|殿|"
            rf"さん)[ (の、はがに\n])"),
        "先日は⟦神成きぬ⟧様(", "患者ほか様(",
        signs=("様", "殿", "さん"), place=_titled,
    ),
    Rule(
        "physician",
        re.compile(rf"(?:^|(?<=[\s、。:・★(「]))(?P<v>[{_K}]{{1,3}})(?=(?:様[(（]|殿(?:[(（]|ご)|氏(?:は|が|の|に|"
            rf"へ)))", re.MULTILINE),
        "・⟦頴川⟧殿ご紹介", "奥様(同席)、患者様(本人)",
        signs=("様", "殿", "氏"), place=_alone,
    ),
    Rule(
        "name",
        re.compile(rf"{_RELATIVES}{_GAP}(?P<v>[A-Z][A-Za-z'-]{{1,15}}(?:,?[ ][A-Z][A-Za-z'-]{{1,15}}){{0,4}})(?=[ ]?("
            rf"?:さん|様|氏|が|と|へ|に|は|も|[、。,(）)]|$))"),
        "友人 ⟦LE VAN DUNG⟧ が", "本人 CT が",
        begins=_RELATIVES_BEGIN,
        veto=_is_clinical,
    ),
    Rule(
        "name",
        re.compile(rf"(?:^|(?<=[\s、,:;/・(]))(?P<v>[{_K}]{{1,5}}|[ぁ-ん]{{2,4}}|"
            rf"[ァ-ヺー]{{2,6}})(?=[ ]?[(]{_RELATIVES}[)])", re.MULTILINE),
        "聴取者:⟦さくら⟧(次女)", "聴取(妻)",
        veto=_is_nobody,
    ),
    Rule(
        "name", re.compile(rf"{_RELATIVES}{_GAP}(?=[{_K}ぁ-ん])"),
        "妹 ⟦ゆかり⟧様が待機", "妻は健在、母乳、妹 乳癌、長女が同席",
        begins=_RELATIVES_BEGIN,
        place=_whole,
    ),
    Rule(
        "name",
        re.compile(
            rf"(?:^|(?<=[\s、,:;/・(「]))(?P<v>[{_K}]{{1,5}}(?:[ ]{{1,2}}(?:[{_K}]{{1,3}}|[ぁ-ん]{{2,4}}))?)[ ]?[(]?"
            r"(?=\d{1,3}[ ]?(?:歳|才|y/?\.?o|[MF男女](?![A-Za-z])))", re.MULTILINE),
        "本人 ⟦一色 美咲⟧(54y/o)へ", "結節 54歳",
        signs=("歳", "才", "y", "M", "F", "男", "女"), place=_before_age,
    ),
)  # fmt: skip
