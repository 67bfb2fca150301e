"""Rules for given names, also such as are words, behind a word for a relative, and names before an age. Pure."""

import re
from collections.abc import Iterator
from typing import Final

from services.anonymizer.text.folding.folded_text import FoldedText
from services.anonymizer.text.folding.lexicon import clinical_terms, clinical_words, names
from services.anonymizer.text.folding.scripts import ANY_KANJI as _K
from services.anonymizer.text.names.frames.person import Evidence, evidence, is_work, person_end
from services.anonymizer.text.names.given import SIDES, is_given_part
from services.anonymizer.text.names.surnames import surname_end
from services.anonymizer.text.rules import Hit, Place, Rule

_RELATIVES: Final = (
    rf"(?:(?<![{_K}])(?:(?:長男|次男|三男|息子)の[嫁妻]|(?:長女|次女|娘)の[婿夫])|"
    rf"(?<![{_K}祖義叔伯])[妻夫母父兄弟姉妹嫁婿孫姪甥]|奥様|"
    r"[長次二三四五末][男女]|息子|娘|祖[父母]|[叔伯][父母]|義[父母兄姉弟妹]|内[縁妻]の?[妻夫]?|パートナー|婚約者|"
    r"保護者|きょうだい|付添|同席者?|"
    r"本人|友人|知人|同僚|上司|隣人|旧姓|改姓|KP|ＫＰ|キーパーソン|身元引受人?)"
)
_GAP: Final = r"(?:さん|様)?の?[ ]{0,2}[:=(「『・、]?[ ]{0,2}"
_ENDS: Final = re.compile(
    r"[ ]?(?:様|さま|さん|氏|殿|ちゃん|くん|君|「|」|』|[)、。,/;:\n]|$|へ|が|と|も|は|に|より|から|による?|によれ|"
    r"付添|同席|同伴|来|在|[(]|\d)|[ ]"
)
_STATES: Final = frozenset("死没健在同不来無有癌病胃肺腸肝腎脳心血糖高低也中付既両")


def _whole(folded: FoldedText, label: re.Match[str]) -> Iterator[Place]:
    """Yield a given name, or a whole name, that stands there and ends like a word."""
    at = label.end()
    match = re.compile(rf"[{_K}]{{1,6}}(?:[ ]{{1,2}}[{_K}]{{1,3}}(?![{_K}]))?|[ぁ-ん]{{2,4}}").match(folded.text, at)
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


RULES: Final = (
    Rule(
        "name",
        re.compile(rf"{_RELATIVES}{_GAP}(?P<v>[A-Z][A-Za-z'-]{{1,15}}(?:,?[ ][A-Z][A-Za-z'-]{{1,15}}){{0,4}})(?=[ ]?("
            rf"?:さん|様|氏|が|と|へ|に|は|も|[、。,(）)]|$))"),
        "友人 ⟦LE VAN DUNG⟧ が", "本人 CT が",
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
