"""Judge whether a form of the header's name means the person where it stands, by its script. Pure."""

import re
from enum import StrEnum
from typing import Final

from services.anonymizer.text.folding.folded_text import FoldedText
from services.anonymizer.text.folding.lexicon import clinical_words, terms_with
from services.anonymizer.text.folding.scripts import script
from services.anonymizer.text.names.eponyms import EPONYM_EN, is_eponym
from services.anonymizer.text.names.header.adjacent import KANA_TAIL, PARTICLE
from services.anonymizer.text.names.header.forms import NameForm
from services.anonymizer.text.names.titles import PATIENT_BEFORE, TITLE_AFTER, has_title

_PREFECTURES: Final = frozenset(
    "青森 岩手 宮城 秋田 山形 福島 茨城 栃木 群馬 埼玉 千葉 新潟 富山 石川 福井 山梨 長野 岐阜 静岡 愛知 三重 滋賀 "
    "兵庫 奈良 "
    "鳥取 島根 岡山 広島 山口 徳島 香川 愛媛 高知 福岡 佐賀 長崎 熊本 大分 宮崎 沖縄".split()
)
_SENTENCE_END: Final = re.compile(r"[A-Za-z]{2}[.][ \n]")


class Verdict(StrEnum):
    """It is marked, it is left, or it is left and the text flagged for this reason."""

    MARK = "mark"
    LEAVE = ""
    EPONYM = "eponym"
    WORD = "name-is-a-word"
    INSIDE = "given-name-inside-words"


def judge(folded: FoldedText, form: NameForm, at: int, start: int, end: int) -> Verdict:
    """Judge one occurrence. at: its position in ``folded.compact``."""
    match script(form.text[0]):
        case "kanji" | "hangul":
            return _kanji(folded, form, at, start, end)
        case "latin":
            return _latin(folded, form, at, start, end)
        case _:
            return _kana(folded, form, at, start, end)


def _kanji(folded: FoldedText, form: NameForm, at: int, start: int, end: int) -> Verdict:
    if form.part == "full" and len(form.text) > 2:
        return Verdict.MARK
    if len(form.text) == 1:
        return Verdict.MARK if _is_single_kanji(folded, form, start, end) else Verdict.LEAVE
    if has_title(folded, start, end) and not _is_term_behind_title(folded, form.text, at, end):
        return Verdict.MARK
    if is_eponym(folded, form.text, at, end):
        return Verdict.EPONYM
    if form.text in _PREFECTURES and folded.after(end) == "県":
        return Verdict.EPONYM  # 石川県出身: a prefecture alone stays, whatever the patient's name
    if form.text in clinical_words():
        return Verdict.WORD
    own = script(form.text[0])
    if form.part == "given" and script(folded.before(start)) == own == script(folded.after(end)):
        return Verdict.INSIDE
    return Verdict.MARK if " " not in folded.text[start:end] or form.part == "full" else Verdict.LEAVE


def _is_term_behind_title(folded: FoldedText, name: str, at: int, end: int) -> bool:
    """Say whether a clinical term of the lexicon begins here, with a title only in front: 川崎先生 川崎病."""
    if TITLE_AFTER.match(folded.text, end):
        return False
    return any(offset == 0 and folded.compact.startswith(term, at) for term, offset in terms_with(name))


def _is_single_kanji(folded: FoldedText, form: NameForm, start: int, end: int) -> bool:
    """Judge a name of one kanji, also a part of many words: 森さん, 患者森は, (林), but not 森林 or 患者健側."""
    before = script(folded.before(start))
    titled = TITLE_AFTER.match(folded.text, end) is not None
    if before == script(form.text):
        return titled and PATIENT_BEFORE.search(folded.text, max(0, start - 4), start) is not None
    if titled:
        return True
    ends = script(folded.after(end)) == "other" or PARTICLE.match(folded.text, end) is not None
    return before == "other" and ends and form.part == "family"


def _kana(folded: FoldedText, form: NameForm, at: int, start: int, end: int) -> Verdict:
    if form.part == "full" and len(form.text) >= 4 and not terms_with(form.text):
        return Verdict.MARK
    own, before, after = (script(sign) for sign in (folded.text[start], folded.before(start), folded.after(end)))
    if before != own and has_title(folded, start, end):
        return Verdict.MARK
    if is_eponym(folded, form.text, at, end):
        return Verdict.EPONYM
    if before == own or form.text in clinical_words():
        return Verdict.LEAVE
    if len(form.text) < 3:
        return Verdict.MARK if before == after == "other" else Verdict.LEAVE
    ends = after != own or (own == "hiragana" and bool(PARTICLE.match(folded.text, end)))
    followed = form.part == "family" and KANA_TAIL.match(folded.text, end)
    return Verdict.MARK if ends or followed else Verdict.LEAVE


def _latin(folded: FoldedText, form: NameForm, at: int, start: int, end: int) -> Verdict:
    written = folded.text[start:end]
    inside = _is_letter(folded.before(start)) or _is_letter(folded.after(end))
    if inside or _SENTENCE_END.search(written):  # Mr. Young. Long segment: two sentences and not a name
        return Verdict.LEAVE
    if form.part == "full" and (len(form.text) > 4 or (written[0].isupper() and " " in written)):
        return Verdict.MARK
    if has_title(folded, start, end) and written[0].isupper():
        return Verdict.MARK
    if EPONYM_EN.match(folded.text, end) or is_eponym(folded, form.text, at, end):
        return Verdict.EPONYM
    if form.text in clinical_words() or len(form.text) < 3:
        return Verdict.WORD if written[0].isupper() else Verdict.LEAVE
    return Verdict.LEAVE if len(form.text) == 3 and not written[0].isupper() else Verdict.MARK


def _is_letter(sign: str) -> bool:
    return sign.isascii() and sign.isalpha()
