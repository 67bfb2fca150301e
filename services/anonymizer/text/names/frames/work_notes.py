"""Rules for people in notes on who did what: 静注 東、父に説明, 穿刺、指導, relatives by given name alone. Pure."""

import re
from typing import Final

from services.anonymizer.text.folding.lexicon import clinical_words, is_clinical, names
from services.anonymizer.text.folding.scripts import ANY_KANJI as _K
from services.anonymizer.text.names.frames.closed_fields import DATE
from services.anonymizer.text.names.frames.person import is_work
from services.anonymizer.text.names.kanji_names import FUNCTION_WORDS
from services.anonymizer.text.names.unfamiliar import is_common_sign
from services.anonymizer.text.rules import Hit, Rule

_WORDS_OF_LATIN: Final = (
    r"[A-Z][A-Za-z'-]{1,15}(?:,?[ ][A-Z][A-Za-z'-]{1,15}){1,4}|[ァ-ヺー]{2,10}(?:[ ・][ァ-ヺー]{2,10}){1,4}"
)
_RELATIVE: Final = (
    "(?:祖[父母]|義[父母兄姉弟妹]|[叔伯][父母]|(?<![一-鿿])[父母夫妻兄姉弟妹姪甥嫁]|"
    "[長次三][男女]|後見人|内縁の[夫妻]|同居人)"
)
_STATES: Final = frozenset(
    "健在 死亡 他界 同居 別居 同席 同伴 在住 存命 不在 なし 無し あり 有り 病死 高齢 不明 疎遠 独居 施設 入院 再 要 未 "
    "画像 目視 本人 術中 複数 双方 電話 事前 同日 前回 可 不可 良好 中止 終了 なし より から".split()
)


def _is_no_doer(hit: Hit) -> bool:
    """Say whether a word of the clinic, of its work or a common one stands there."""
    view = hit.view
    if hit.words in _STATES or is_common_sign(view) or is_work(view):
        return True
    listed = view in names().surnames
    whole = len(hit.folded.words.within(hit.start, hit.end)) == 1  # 骨川 is two
    common = len(view) > 1 and whole and hit.folded.words.are_common(hit.start, hit.end)
    return not listed and (common or is_clinical(view))


def _is_no_given(hit: Hit) -> bool:
    """Say whether what stands behind a relative is no given name by any list: 父 健在, 母 肺癌."""
    view = hit.view
    if hit.words in _STATES or view in clinical_words() or view in FUNCTION_WORDS or is_work(view):
        return True
    return view not in names().given and view not in names().given_by_reading


def _is_clinical_latin(hit: Hit) -> bool:
    words = re.findall(r"[a-z]+|[ァ-ヺー]+", hit.view.lower())
    return any(word in clinical_words() for word in words)


RULES: Final = (
    Rule(
        "physician",
        re.compile(
            rf"(?:鎮静|調製|静注|検像|問診|聴取|造影剤投与|ルート(?:確保)?|穿刺者?|補助)"
                rf"[ ]?[:]?[ ]?(?P<v>[{_K}]{{1,4}}|"
            r"[ァ-ヺー]{2,8})(?=[。.、,(]|[ ]*$)",
            re.MULTILINE,
        ),
        "調製榊(薬剤師)、静注⟦骨川⟧。",
        "静注終了、鎮静不可、問診済。",
        signs=("鎮静", "調製", "静注", "検像", "問診", "聴取", "投与", "ルート", "穿刺", "補助"),
        veto=_is_no_doer,
    ),
    Rule(
        "physician",
        re.compile(rf"が(?:穿刺|施行|執刀|挿入|操作|記載|入力)[、,][ ]?(?P<v>[{_K}]{{1,4}})(?=(?:が)?(?:指導|"
            rf"介助|監督|助手|確認))"),
        "榊が穿刺、⟦骨川⟧指導。",
        "医師が穿刺、画像確認。",
        signs=("穿刺", "施行", "執刀", "挿入", "操作", "記載", "入力"),
        veto=_is_no_doer,
    ),
    Rule(
        "physician",
        re.compile(rf"{DATE}[ ]?(?P<v>[{_K}]{{1,4}})(?=(?:先生)?読影(?:の|と|で|より))"),
        "R3.3.30⟦轟⟧読影の所見と同様",
        "R3.3.30再読影の所見、2020/1/1当院読影の",
        signs=("読影",),
        veto=lambda hit: _is_no_doer(hit) or hit.words in ("当院", "他院", "前医", "外注", "遠隔"),
    ),
    Rule(
        "physician",
        re.compile(rf"[(](?P<v>[{_K}]{{1,4}})(?=確認[)])"),
        "間違いなし(⟦影⟧確認)。",
        "間違いなし(再確認)、(目視確認)、(病理確認)",
        signs=("確認)",),
        veto=lambda hit: _is_no_doer(hit) or (len(hit.view) > 1 and hit.view not in names().surnames),
    ),
    Rule(
        "physician",
        re.compile(r"^[ \t]*(?P<v>[A-Z][a-z]{1,14}(?:[ ][A-Z][a-z]{1,14})?)(?=,?[ ](?:MD|M\.D\.|DO|PhD)"
            r"(?![A-Za-z]))", re.MULTILINE),
        "extension views.\n⟦Tatsumi⟧ MD / cc: file",
        "CT MD scale",
        signs=("MD", "M.D.", "DO", "PhD"),
    ),
    Rule(
        "physician",
        re.compile(r"(?<![A-Za-z])Drs?\.?[ ](?P<v>[A-Z][a-z]{1,14})(?=[ ](?:by|at|on|from|via)[ ])"),
        "discussed with Dr. ⟦Go⟧ by phone",
        "Dr. at desk",
        signs=("Dr",),
    ),
    Rule(
        "physician",
        re.compile(rf"(?:様|先生|さん)[ ]?[、,][ ]?(?P<v>{_WORDS_OF_LATIN}|[A-Z]{{3,15}}|[ァ-ヺー]{{3,8}})"
            rf"(?=です[。.、,]?[ ]*(?:$|\n))"),
        "榊様、⟦GURUNG⟧です。\n",
        "先生、CTです。\n",
        signs=("です",),
        veto=_is_clinical_latin,
    ),
    Rule(
        "name",
        re.compile(
            rf"(?:ロ[ーｰ-]マ字|Roman|技能実習生|実習生|留学生|研修生|通訳)[ :]{{0,2}}(?P<v>{_WORDS_OF_LATIN}|"
                rf"[A-Z]{{2,15}}[_^][A-Z]{{2,15}})"
            r"(?![A-Za-z])"
        ),
        "ローマ字 ⟦HORI_MEGUMI⟧、漢字",
        "留学生 CT、技能実習生",
        signs=("マ字", "Roman", "実習生", "留学生", "研修生", "通訳"),
        veto=_is_clinical_latin,
    ),
    Rule(
        "name",
        re.compile(rf"{_RELATIVE}[ ]?[ ・:(][ ]?(?P<v>[{_K}]{{1,3}}|[ぁ-ん]{{2,4}}|[ァ-ヺー]{{2,5}})"
            r"(?=によると|より聴|付き?添|同伴|同席|[)]|[ ]*$|[ ]{1,2}事業所)", re.MULTILINE),
        "義母 ⟦のぞみ⟧付き添い",
        "父 健在\n母:肺癌\n妻(同居)",
        signs=("父", "母", "夫", "妻", "兄", "姉", "弟", "妹", "姪", "甥", "嫁", "男", "女", "人"),
        veto=_is_no_given,
    ),
)  # fmt: skip
