"""Rules for people with a title: 先生, 医師, Dr., 様, さん.

A dictionary of surnames decides; an unknown word before a title is marked only where the title admits nothing else
(医師, 先生, Dr.), and always flags the text for a person. Pure.
"""

import re
from collections.abc import Iterator
from typing import Final

from services.anonymizer.text.folding.fold import fold_name
from services.anonymizer.text.folding.folded_text import FoldedText
from services.anonymizer.text.folding.lexicon import clinical_words, names
from services.anonymizer.text.folding.scripts import KANJI as _K
from services.anonymizer.text.folding.scripts import script
from services.anonymizer.text.names.surnames import may_be_name, name_start, surname_end, surname_suffix
from services.anonymizer.text.rules import Hit, Place, Rule

_TITLE: Final = re.compile(
    "医師|先生|Dr|DR|ドクター|技師|看護師|准教授|教授|講師|助教|副院長|院長|医長|師長|部長|研修医|女史"
)
_RUN_BEFORE_TITLE: Final = re.compile(
    rf"(?:[{_K}]{{1,12}}(?:[ ][{_K}]{{1,4}})?|[{_K}]{{1,4}}[ぁ-ん]{{2,4}}|[ァ-ヺー・]{{2,12}}|[ぁ-ん]{{2,5}})(?=[ ]?$)"
)
_WEAK_TITLE: Final = re.compile("さん|さま|様|氏(?![名病法])|殿|君|くん|ちゃん")
_RUN_BEFORE_WEAK: Final = re.compile(rf"(?:[{_K}]{{1,8}}(?:[ ]?[{_K}]{{1,3}})?|[{_K}]{{1,4}}[ぁ-ん]{{2,3}})(?=[ ]?$)")
_KANA_BEFORE: Final = re.compile(r"(?:(?<=[のは、。\s])|(?<![ぁ-んァ-ヺ]))(?:[ぁ-ん]{3,5}|[ァ-ヺー]{3,6})(?=[ ]?$)")
_NOT_KANA_NAMES: Final = frozenset(
    "オジイ オバア オカア オトウ オニイ オネエ オジョウ オヨメ オクサマ "
    "ムスコ ムスメ カンジャ ミナサマ ゴカゾク".split()
)
_LONGEST_FAMILY: Final = 4
_BEGINS_A_NAME: Final = frozenset("\n \t:、。(「→・/")  # before it, so that all of it is cut
_GIVEN_TITLES: Final = ("くん", "ちゃん", "君")  # which stand behind a given name too
_FAMILY_WORDS: Final = re.compile(
    "(?:患者|奥|旦那|息子|娘|父|母|祖父|祖母|兄|姉|弟|妹|家族|子供|子|皆|業者|看護師|医者|先生|赤|親|嫁|主人|孫|叔父|叔母|"
    "伯父|伯母|相手|隣|本人|お客|付添|彼|同|両|華|摂|多|同|異|模|仕|一|王|神|貴|各|両親|職員|技師|ご|御|ヘルパー|保護者)$"
)
_EN_ROLES: Final = frozenset(
    {"physician", "practitioner", "manager", "radiologist", "surgeon", "doctor", "nurse", "resident", "staff"}
)
_EN_TITLE: Final = re.compile(
    r"(?<![A-Za-z0-9])(?:(?:Drs?|Mr|Mrs|Ms|Miss|Prof(?:essor)?|Doctor|Nurse)(?![A-Za-z0-9])\.?[ ]|(?:Dr|Mr|Mrs|Ms|"
    r"Prof)\.)"
    r"(?P<v>(?:[A-Z]\.[ ]?){0,2}[A-Z][A-Za-z'-]{1,200}(?:[ ](?:[A-Z][A-Za-z'-]{1,200}|[A-Z]\.?)){0,2})(?![a-z])"
    r"|(?P<w>[A-Z][A-Za-z'-]{1,200}(?:[ ](?:[A-Z][A-Za-z'-]{1,200}|[A-Z]\.?)){1,2}),?[ ]"
    r"(?:M\.?D\.?|Ph\.?D\.?|FRCR|MBBS|DO|R\.?N\.?|RT\(?R?\)?)(?![A-Za-z])"
    rf"|(?<![A-Za-z0-9])(?:Dr|DR|dr)\.?[ ]?(?P<x>[{_K}]{{1,4}}(?:[ ][{_K}]{{1,3}})?|[ァ-ヺー]{{2,8}})"
)
_LAY_TITLES: Final = ("Mr", "Ms", "Miss")


def _before_title(folded: FoldedText, title: re.Match[str]) -> Iterator[Place]:
    """Yield the name before a title of staff, by the dictionary or because nothing else can stand there."""
    run = _RUN_BEFORE_TITLE.search(folded.text, max(0, title.start() - 18), title.start())
    start = name_start(folded, *run.span()) if run else None
    if run and start is not None and not _is_label(folded, start, run.end(), title.start()):
        yield start, run.end()
    yield from _kana_before(folded, title.start())


def _is_label(folded: FoldedText, start: int, end: int, title: int) -> bool:
    """Say whether a blank parts common words from the title, which is then the label of who follows: 検診車 技師."""
    return (
        end < title
        and surname_end(folded.view[start:end].replace(" ", "")) == 0
        and folded.words.are_common(start, end)
    )


def _before_weak_title(folded: FoldedText, title: re.Match[str]) -> Iterator[Place]:
    """Yield the surname, with a given name or without, before a title that other words have too."""
    if run := _RUN_BEFORE_WEAK.search(folded.text, max(0, title.start() - 13), title.start()):
        start = _weakly_titled(folded, run, title[0])
        if start is not None and not _is_word_like(folded, start, title):
            yield start, run.end()
    yield from _kana_before(folded, title.start())


def _is_word_like(folded: FoldedText, start: int, title: re.Match[str]) -> bool:
    """Say whether 様 belongs to the word behind, and what stands before are common words: 腺腫様甲状腺腫."""
    goes_on = title[0] == "様" and script(folded.after(title.end())) == "kanji"
    return goes_on and folded.words.are_common(start, title.start())


def _weakly_titled(folded: FoldedText, run: re.Match[str], title: str) -> int | None:
    view = folded.view[slice(*run.span())]
    at = surname_suffix(view)
    if at is not None:
        return run.start() + at
    is_given = len(view) > 1 and view in names().given and view not in clinical_words()
    return run.start() if title in _GIVEN_TITLES and is_given else None


def _unknown_before_weak_title(folded: FoldedText, title: re.Match[str]) -> Iterator[Place]:
    """Yield what stands before a weak title and is neither a known name nor a word for a relative."""
    run = _RUN_BEFORE_WEAK.search(folded.text, max(0, title.start() - 13), title.start())
    if run and _weakly_titled(folded, run, title[0]) is None and not _FAMILY_WORDS.search(run[0]):
        yield run.span()


def _kana_before(folded: FoldedText, at: int) -> Iterator[Place]:
    """Yield a surname in kana before a title, by its reading: まつもと先生, すずきさん."""
    if run := _KANA_BEFORE.search(folded.text, max(0, at - 7), at):
        kana = folded.view[run.start() : run.end()]
        if kana in names().by_reading and kana not in _NOT_KANA_NAMES and kana not in clinical_words():
            yield run.span()


def _unlisted(hit: Hit) -> str:
    by_sound = script(hit.words[0]) in ("hiragana", "katakana") and hit.view in names().by_reading
    is_whole = len(hit.view) <= _LONGEST_FAMILY and hit.folded.before(hit.start) in _BEGINS_A_NAME
    return "" if by_sound or is_whole or surname_end(hit.view.replace(" ", "")) else "unknown-name-before-title"


def _is_no_name(hit: Hit) -> bool:
    first, name = hit.words.split()[0].lower(), fold_name(hit.words)
    return first in ("name", "no", "id") or not (surname_end(name) > 1 or may_be_name(name.split()[0]))


def _is_no_lay_person(hit: Hit) -> bool:
    return not hit.match[0].startswith(_LAY_TITLES) or _is_no_name(hit)


def _is_no_staff(hit: Hit) -> bool:
    return hit.match[0].startswith(_LAY_TITLES) or _is_no_name(hit)


def _has_clinical_word(hit: Hit) -> bool:
    return any(word in clinical_words() or word in _EN_ROLES for word in hit.words.lower().split())


RULES: Final = (
    Rule(
        "physician", _TITLE,
        "⟦髙橋⟧医師", "担当医師と放射線技師が相談",
        place=_before_title, reason=_unlisted,
    ),
    Rule(
        "name", _WEAK_TITLE,
        "右肺に⟦佐藤⟧さんの結節", "患者様、奥様、すりガラス様",
        place=_before_weak_title,
    ),
    Rule(
        "name", _EN_TITLE,
        "seen: Mrs. ⟦Emily Carver⟧ today", "Dr. Carver and Ms. No",
        signs=_LAY_TITLES, veto=_is_no_lay_person,
    ),
    Rule(
        "physician", _EN_TITLE,
        "seen by Dr. ⟦Emily Carver⟧ today", "Mr. Carver; Dr. Name",
        signs=(
            "Dr", "DR", "dr", "Mr", "Ms", "Miss", "Prof", "Doctor", "Nurse", "MD", "M.D", "Ph", "FRCR", "MBBS", "DO",
            "RN", "R.N", "RT",
        ),
        veto=_is_no_staff,
    ),
    Rule(
        "physician",
        re.compile(
            r"(?<![A-Za-z0-9])(?:[Nn]urse|[Pp]hysician|[Dd]octor|[Ss]urgeon|[Rr]esident|[Tt]echnologist|[Rr]adiologist|"
            r"[Ss]on|[Dd]aughter|[Ww]ife|[Hh]usband|[Mm]other|[Ff]ather|[Ss]ister|[Bb]rother|[Pp]artner),?[ ]"
            r"(?P<v>[A-Z][a-z'-]{1,200}[ ](?:[A-Z](?:\.|[a-z]{1,200})[ ])?[A-Z][A-Za-z'-]{1,200})"
        ),
        "told her daughter ⟦Betty Ross⟧ today", "the nurse Staff Manager called",
        signs=(
            "urse ", "ysician ", "octor ", "urgeon ", "esident ", "ologist ", "on ", "aughter ", "ife ", "usband ",
            "ther ", "ister ", "artner ", ", ",
        ),
        veto=_has_clinical_word,
    ),
)  # fmt: skip
RESIDUAL: Final = (
    Rule(
        "unknown-word-before-title", re.compile("さん|氏(?![名病法])|殿|くん|ちゃん"),
        "⟦頴鷲⟧さんより", "患者さん、息子さん、佐藤さん",
        place=_unknown_before_weak_title,
    ),
)  # fmt: skip
