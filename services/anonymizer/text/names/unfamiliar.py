"""Rules for what is left and may be somebody's, since no list of clinical or common words has it: it flags the text.

Weaker than what cuts: one kind of evidence, or none but that nobody knows the word. Pure.
"""

import re
from collections.abc import Iterator
from typing import Final

from services.anonymizer.text.folding.folded_text import FoldedText
from services.anonymizer.text.folding.lexicon import clinical_words, is_clinical, names, terms_with
from services.anonymizer.text.folding.morphemes import Kind, Morpheme
from services.anonymizer.text.folding.scripts import script
from services.anonymizer.text.names.analysed import WORK
from services.anonymizer.text.names.eponyms import EPONYM_EN, EPONYM_FOREIGN, EPONYM_JA
from services.anonymizer.text.names.frames.person import is_work
from services.anonymizer.text.names.latin import is_romaji_family
from services.anonymizer.text.names.titles import TITLE_AFTER
from services.anonymizer.text.rules import Hit, Place, Rule

_TEXT: Final = re.compile(r"\A")
_FRAME_SIGNS: Final = frozenset('\n\t|,;:/()[]{}<>「」『』【】=★○●■◆→⇒@・、。│┃∥"^')
SINGLE_WORDS: Final = frozenset(
    "肝肺腎脳骨胃腸心胸腹頭頸眼耳鼻歯舌胆膵脾脊髄血尿便痰乳陰陽良高低軽重強弱正異像癌腫瘤瘍痛熱術後様氏殿者医師士長員"
    "名科部室課印付宛記版期型回群級度相層葉枚個例無有否可済未要急至主副男"
    "女他同再初前左右上下中内外大小新旧年月日時分秒件頁点線膜管筋腱靱節核計各約全約横縦厚径幅巾長短深浅甲乙丙東西南北"
    "火水木金土一二三四五六七八九十百千本人父母兄弟姉妹妻夫子娘孫嫁尿糖注図表値比率以両側橋島"
)


def _is_clinical(folded: FoldedText, word: Morpheme) -> bool:
    view = folded.view[word.start : word.end]
    if is_clinical(view):
        return True
    return any(folded.view.startswith(term, word.start - at) for term, at in terms_with(view) if at <= word.start)


def people(folded: FoldedText, _: re.Match[str]) -> Iterator[Place]:
    """Yield words that the analyser reads as a name of a person and that no word for a disease follows."""
    for word in folded.words.words:
        if word.kind not in (Kind.FAMILY, Kind.GIVEN) or script(folded.text[word.start]) != "kanji":
            continue
        if _stands_alone(folded, word) and not _is_clinical(folded, word):
            yield word.start, word.end


def is_common_sign(view: str) -> bool:
    """Say whether one kanji is a word that reports are full of."""
    return view in SINGLE_WORDS


def _stands_alone(folded: FoldedText, word: Morpheme) -> bool:
    """Say whether no kanji and no hyphen touches it, unless a title or a word for work: 竹節状, Vogt-小柳."""
    if EPONYM_JA.match(folded.text, word.end) or "-" in (folded.before(word.start), folded.after(word.end)):
        return False
    touched = script(folded.before(word.start)) == "kanji" or script(folded.after(word.end)) in ("kanji", "katakana")
    return (
        not touched
        or TITLE_AFTER.match(folded.text, word.end) is not None
        or WORK.match(folded.text, word.end) is not None
    )


def _unknown(folded: FoldedText, _: re.Match[str]) -> Iterator[Place]:
    """Yield words in kanji that nobody has, and places, alone between signs."""
    for word in folded.words.words:
        sign = folded.text[word.start]
        if word.kind not in (Kind.UNKNOWN, Kind.PLACE) or not "一" <= sign <= "鿿" or word.end - word.start > 5:
            continue
        is_framed = folded.before(word.start) in _FRAME_SIGNS and folded.after(word.end) in _FRAME_SIGNS
        if is_framed and not _is_clinical(folded, word) and not EPONYM_JA.match(folded.text, word.end):
            yield word.start, word.end


def _single(folded: FoldedText, match: re.Match[str]) -> Iterator[Place]:
    start, end = match.span("v")
    if folded.view[start:end] not in SINGLE_WORDS:
        yield start, end


def _is_known(hit: Hit) -> bool:
    """Say whether words in capitals are clinical, or an eponym."""
    words = re.findall("[a-z]+", hit.words.lower())
    known = any(word in clinical_words() for word in words) or re.search(" (?:I{1,3}|IV|V|X)$", hit.words) is not None
    return (
        known
        or EPONYM_EN.match(hit.folded.text, hit.end) is not None
        or not all(len(word) == 1 or is_romaji_family(word) for word in words)
    )


def _is_eponym_in_kana(hit: Hit) -> bool:
    words = re.split("[ ・]", hit.view)
    return (
        any(word in clinical_words() for word in words)
        or EPONYM_FOREIGN.match(hit.folded.text, hit.end) is not None
        or not any(word in names().by_reading or word in names().given_by_reading for word in words)
    )


def is_said(view: str) -> bool:
    """Say whether it is a clinical word or one of the hospital's work."""
    return is_clinical(view) or is_work(view) or bool(terms_with(view))


def _is_said(hit: Hit) -> bool:
    return is_said(hit.view)


RESIDUAL: Final = (
    # Who signs at the end of a report and is called like a thing
    Rule(
        "name-like-words", re.compile(r"\n[ \t]*(?P<v>[一-鿿々]{2,3})\s*\Z"),
        "所見を疑う。\n⟦堤内⟧", "所見。\n以上",
        veto=_is_said,
    ),
    Rule(
        "surname-in-text", _TEXT, "その⟦滝口⟧ら三名", "高安動脈炎、橋本病",
        place=people,
    ),
    Rule(
        "name-like-words", _TEXT, "所見は:⟦勘解由小路⟧、", "(頭部)",
        place=_unknown,
    ),
    Rule(
        "name-like-words",
        re.compile(r"(?:^|(?<=[\t|;/()\[「『【=★○●■◆→⇒@│┃∥\"^]))[ ]?(?P<v>[一-鿿])[ ]?(?=$|[\t|"
            r";/()\]」』】=→⇒@│┃∥\"^])", re.MULTILINE),
        "→⟦鎌⟧」", "(右)、/肝/",
        place=_single,
    ),
    Rule(
        "name-like-words",
        re.compile(r"(?<![A-Za-z0-9'-])(?:[A-Z][a-z]{2,12}|[A-Z]{3,12})[ ](?:[A-Z][a-z]{2,12}|[A-Z]{3,12}|"
            r"(?!W [A-Z])[A-Z]\.?)(?![A-Za-z0-9'-])"),  # HIDA W CCK: with
        "⟦Kuroda M⟧ reported", "Baker Cyst, Chest Film, HIDA W CCK",
        veto=_is_known,
    ),
    Rule(
        "name-like-words",
        re.compile(r"(?<![ァ-ヺー])[ァ-ヺー]{2,8}(?:[ ・][ァ-ヺー]{2,8}){1,4}(?![ァ-ヺー])"),
        "⟦クドウ スニタ⟧来院", "フォークト・コヤナギ病",
        veto=_is_eponym_in_kana,
    ),
)  # fmt: skip
