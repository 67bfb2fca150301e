# ruff: noqa: E501 - tables of patterns stay readable unbroken
"""Find what the header says: names in any form, IDs, institution, address, phone."""

import re
from collections.abc import Iterator
from typing import NamedTuple

from services.anonymizer.text.folding.folded_text import PATIENT_BEFORE, TITLE_AFTER, Reading, script
from services.anonymizer.text.folding.lexicon import clinical_words, names, terms_with
from services.anonymizer.text.folding.spans import Span
from services.anonymizer.text.names.forms import NameForm
from services.anonymizer.text.names.identifiers import Identifiers
from services.anonymizer.text.names.surnames import may_be_name

_PARTICLE = re.compile(
    "[ \t]*(?:さん|さま|様|ちゃん|くん|君|殿|氏|先生|は|が|の|を|に|と|も|へ|で|から|より|です|である|による|について|、|。)"
)
_UNIT = re.compile(
    r"\s*(?:mm|cm|mGy|Gy|mSv|HU|ml|mL|cc|kg|mg|g(?![A-Za-z0-9])|%|ms|msec|sec|kV|mA|枚|回|個|歳|才|年|月|日|時|分|秒|例|度|mmHg|bpm|SUV|U/|x\d|×)",
    re.IGNORECASE,
)
_EPONYM_WORDS = "病(?![院棟室歴状変巣名理期気床態的後前])|症候群|分類|徴候|現象|母斑|筋ジストロフィー|培地|動脈炎|甲状腺炎|スコア|サイン|小体|法(?!人)|式(?!典)|型|反応|手技|吻合"
EPONYM_JA = re.compile(f"(?:・[^\\s・]{{1,8}})*氏?(?:{_EPONYM_WORDS})")
EPONYM_FOREIGN = re.compile(  # things that Japanese names are not given to: 佐藤骨折 is a patient with a fracture
    f"(?:・[^\\s・]{{1,8}})*(?:{_EPONYM_WORDS}|リンパ腫|肉腫|骨折|カテーテル|結節|症(?!状|例)|靱帯|憩室|ヘルニア|細胞|嚢胞|腫瘍)"
)
EPONYM_EN = re.compile(
    r"(?:'s|s)?[\s-]*(?:disease|syndrome|lymphoma|sign|catheter|fracture|classification|score|node|ligament|duct|line|tumou?r|"
    r"cyst|hernia|angle|space|canal|ganglion|thyroiditis|arteritis|sarcoma|contracture|deformity|lesion|triangle|point|law|"
    r"method|index|criteria|grade|stage|palsy|chorea|dystrophy|encephalopathy|aneurysm|diverticulum|pouch|procedure|"
    r"operation|reaction|phenomenon|maneuver|manoeuvre|malformation|anomaly|body|bodies|cell|cells|units?)(?![A-Za-z0-9])",
    re.IGNORECASE,
)


_PREFECTURES = frozenset(
    "青森 岩手 宮城 秋田 山形 福島 茨城 栃木 群馬 埼玉 千葉 新潟 富山 石川 福井 山梨 長野 岐阜 静岡 愛知 三重 滋賀 兵庫 奈良 鳥取 島根 岡山 広島 "
    "山口 徳島 香川 愛媛 高知 福岡 佐賀 長崎 熊本 大分 宮崎 沖縄".split()
)
_UNMISTAKABLE = 8  # signs; so long an ID stands nowhere by chance, even inside a longer word or number
_ID_BEFORE = re.compile(r"(?:ID|番号|No|NO|MRN|#)[.:=\s]*$")


_SENTENCE_END = re.compile(r"[A-Za-z]{2}[.][ \n]")
_INITIALS = re.compile(r",? ?(?:[A-Z]\.){1,3}(?![a-z])")
_KANA_TAIL = re.compile("(?:[ァ-ヺー]{2,5}(?![ァ-ヺー])|[ぁ-ゖ]{2,5}?(?=さん|さま|様|ちゃん|くん|殿|氏|[^ぁ-ゖ]|$))")
_TAIL = re.compile("[ \\t\\n]{0,3}(?P<v>[一-鿿々ヶ]+?)(?=[様殿氏君]|医師|先生|[^一-鿿々ヶ]|$)")


class Found(NamedTuple):
    """spans: what is to go.  doubts: why a person should look, as words without any value."""

    spans: list[Span]
    doubts: set[str]


def find_identifiers(reading: Reading, identifiers: Identifiers) -> Found:
    """Return where the header's values stand in the text."""
    found = Found([], set())
    guessed = frozenset(form.text for form in identifiers.names if form.part == "guessed-given")
    for form in identifiers.names:
        for at, start, end in reading.occurrences(form.text) if form.part != "guessed-given" else ():
            if form.part == "guess":
                _judge_guess(reading, form, guessed, (at, start, end), found)
            else:
                _judge_name(reading, form, at, start, end, found)
    for category, values in (
        ("patient_id", identifiers.patient_ids),
        ("accession", identifiers.order_ids),
        ("phone", identifiers.phones),
    ):
        found.spans.extend(Span(s, e, category) for value in values for s, e in _numbers(reading, value))
    for category, values in (("institution", identifiers.institutions), ("address", identifiers.addresses)):
        found.spans.extend(Span(s, e, category) for value in values for s, e in _places(reading, value))
    for uid in identifiers.uids:
        found.spans.extend(Span(m.start(), m.end(), "uid") for m in re.finditer(re.escape(uid), reading.text))
    return found


def _judge_name(reading: Reading, form: NameForm, at: int, start: int, end: int, found: Found) -> None:
    rules = {"kanji": _kanji, "latin": _latin}
    verdict = rules.get(script(form.text[0]), _kana)(reading, form, at, start, end)
    if verdict == "mask":
        found.spans.append(Span(_with_family(reading, form, start), _with_given(reading, form, end), form.category))
    elif verdict:
        found.doubts.add(verdict)


def _judge_guess(
    reading: Reading, form: NameForm, guessed: frozenset[str], place: tuple[int, int, int], found: Found
) -> None:
    """Judge a surname in kanji that the header has only by its sound: it needs a title, a fitting given name, or room.

    What stands behind it in one run of kanji goes with it: the dictionary does not have every given name.
    """
    at, start, end = place
    tail = _TAIL.match(reading.view, end)
    rest = tail["v"] if tail else ""
    given = next((rest[:size] for size in (3, 2, 1) if len(rest) >= size and rest[:size] in guessed), "")
    if given and tail:
        if len(form.text) > 1 or script(reading.before(start)) != "kanji":
            found.spans.append(Span(start, tail.start("v") + len(given), form.category))
    elif script(reading.before(start)) == "kanji" and not reading.has_title(start, end):
        return
    elif len(form.text) == 1:
        if form.text in clinical_words():
            return
        if TITLE_AFTER.match(reading.text, end):
            found.spans.append(Span(start, end, form.category))
        elif tail and len(rest) <= 3 and TITLE_AFTER.match(reading.text, tail.end("v")):
            found.spans.append(Span(start, tail.end("v"), form.category))
    elif _eponym(reading, form.text, at, end) and not reading.has_title(start, end):
        found.doubts.add("eponym")
    elif reading.has_title(start, end) or (form.text not in names().words and form.text not in clinical_words()):
        joined = tail is not None and tail.start("v") == end
        if not joined or TITLE_AFTER.match(reading.text, end):
            found.spans.append(Span(start, end, form.category))
        elif len(rest) <= 3 and may_be_name(rest) and form.text not in clinical_words():
            found.spans.append(Span(start, end + len(rest), form.category))


def _kanji(reading: Reading, form: NameForm, at: int, start: int, end: int) -> str:
    if form.part == "full" and len(form.text) > 2:
        return "mask"
    if len(form.text) == 1:
        return "mask" if _single(reading, form, start, end) else ""
    if reading.has_title(start, end):
        return "mask"
    if _eponym(reading, form.text, at, end):
        return "eponym"
    before, after = script(reading.before(start)), script(reading.after(end))
    if after == "kanji" and form.text in _PREFECTURES and reading.after(end) == "県":
        return "eponym"  # 石川県出身: a prefecture alone stays, whatever the patient's name
    if form.text in clinical_words():
        return "name-is-a-word"
    if form.part == "given" and before == "kanji" and after == "kanji":
        return "given-name-inside-words"
    return "mask" if " " not in reading.text[start:end] or form.part == "full" else ""


def _single(reading: Reading, form: NameForm, start: int, end: int) -> bool:
    """Judge a name of one kanji, which is also a part of many words: 森さん, 患者森は, (林), but not 森林 or 患者健側."""
    before = script(reading.before(start))
    titled = TITLE_AFTER.match(reading.text, end) is not None
    if before == "kanji":
        return titled and PATIENT_BEFORE.search(reading.text, max(0, start - 4), start) is not None
    if titled:
        return True
    ends = script(reading.after(end)) == "other" or _PARTICLE.match(reading.text, end) is not None
    return before == "other" and ends and form.part == "family"


def _kana(reading: Reading, form: NameForm, at: int, start: int, end: int) -> str:
    size = len(form.text)
    if form.part == "full" and size >= 4 and not terms_with(form.text):
        return "mask"
    own = script(reading.text[start])
    clear_before = script(reading.before(start)) != own
    after = script(reading.after(end))
    if clear_before and reading.has_title(start, end):
        return "mask"
    if _eponym(reading, form.text, at, end):
        return "eponym"
    if not clear_before or form.text in clinical_words():
        return ""
    clear_after = after != own or (own == "hiragana" and bool(_PARTICLE.match(reading.text, end)))
    if size >= 3:
        return "mask" if clear_after or (form.part == "family" and _KANA_TAIL.match(reading.text, end)) else ""
    return "mask" if after == "other" and script(reading.before(start)) == "other" else ""


def _latin(reading: Reading, form: NameForm, at: int, start: int, end: int) -> str:
    if reading.before(start).isascii() and reading.before(start).isalpha():
        return ""
    if reading.after(end).isascii() and reading.after(end).isalpha():
        return ""
    written = reading.text[start:end]
    if _SENTENCE_END.search(written):  # Mr. Young. Long segment: two sentences and not a name
        return ""
    if form.part == "full" and (len(form.text) > 4 or written[0].isupper()) and (" " in written or len(form.text) > 4):
        return "mask"
    if reading.has_title(start, end) and written[0].isupper():
        return "mask"
    if EPONYM_EN.match(reading.text, end) or _eponym(reading, form.text, at, end):
        return "eponym"
    if form.text in clinical_words() or len(form.text) < 3:
        return "name-is-a-word" if written[0].isupper() else ""
    if len(form.text) == 3 and not written[0].isupper():
        return ""
    return "mask"


def _eponym(reading: Reading, name: str, at: int, end: int) -> bool:
    """Say whether the name is part of a clinical term here, by the lexicon or by the word that follows."""
    for term, offset in terms_with(name):
        if reading.compact.startswith(term, at - offset) and at >= offset:
            return True
    words = EPONYM_JA if script(name[0]) == "kanji" else EPONYM_FOREIGN
    return words.match(reading.text, end) is not None


def _with_given(reading: Reading, form: NameForm, end: int) -> int:
    """Return the end of the span, with a given name that the header does not know but that stands right behind."""
    if form.text.isascii() and (initials := _INITIALS.match(reading.text, end)):
        return initials.end()
    if form.part != "family":
        return end
    if script(form.text[0]) == "katakana" and script(reading.after(end)) == script(reading.text[end - 1]):
        tail = _KANA_TAIL.match(reading.text, end)
        return tail.end() if tail and not _PARTICLE.match(reading.text, end) else end
    return end + _given_follows(reading, end)


def _with_family(reading: Reading, form: NameForm, start: int) -> int:
    """Return the start of the span, with another's surname right before a given name that is the header's too."""
    if form.part == "given" and script(form.text[0]) == "kanji":
        for size in (3, 2):
            family = reading.view[max(0, start - size) : start]
            if len(family) == size and family in names().surnames and family not in clinical_words():
                return start - size
    return start


def _given_follows(reading: Reading, end: int) -> int:
    gap = 1 if reading.after(end) == " " else 0
    for size in (3, 2):
        piece = reading.view[end + gap : end + gap + size]
        if len(piece) == size and piece in names().given and piece not in clinical_words():
            behind = end + gap + size
            if script(reading.after(behind)) != "kanji" or reading.has_title(behind, behind):
                return gap + size
    return 0


def _numbers(reading: Reading, value: str) -> Iterator[tuple[int, int]]:
    """Yield where an ID stands: whole, with any separators and leading zeros, and not as a measurement."""
    if len(value) < 4:
        return
    for _, first, end in reading.occurrences(value):
        start = first
        while value[0].isdigit() and reading.before(start) == "0":
            start -= 1
        touches = _touches(reading.before(start), value[0]) or _touches(reading.after(end), value[-1])
        if touches and len(value) < _UNMISTAKABLE:
            continue
        inner = reading.text[start:end]
        loose = value.isdigit() and (" " in inner or "\n" in inner or "." in inner or "," in inner or "/" in inner)
        decimal = reading.before(start) in ".,/" and script(reading.before(start - 1)) == "digit"
        if (
            (loose and len(value) < 7 and not _ID_BEFORE.search(reading.text, max(0, start - 12), start))
            or decimal
            or re.match(r"[.]\d", reading.text[end : end + 2])
        ):
            continue
        if value.isdigit() and len(value) < 6 and _UNIT.match(reading.text, end):
            continue
        yield start, end


def _touches(neighbour: str, sign: str) -> bool:
    if sign.isdecimal():
        return neighbour.isdecimal()
    return neighbour.isascii() and neighbour.isalnum()


def _places(reading: Reading, value: str) -> Iterator[tuple[int, int]]:
    if len(value) < (6 if value.isascii() else 3):
        return
    for _, start, end in reading.occurrences(value):
        if value[0].isascii() and reading.before(start).isascii() and reading.before(start).isalnum():
            continue
        if value[-1].isascii() and reading.after(end).isascii() and reading.after(end).isalpha():
            continue
        yield start, end
