"""Rules for people behind a label: 氏名：, 読影医：, Reported by. Pure."""

import re
from collections.abc import Iterator
from typing import Final

from services.anonymizer.text.folding.fold import fold_name
from services.anonymizer.text.folding.folded_text import FoldedText
from services.anonymizer.text.folding.lexicon import clinical_words, names
from services.anonymizer.text.folding.scripts import KANJI as _K
from services.anonymizer.text.folding.scripts import script
from services.anonymizer.text.names.latin import is_romaji_family
from services.anonymizer.text.names.surnames import is_name, may_be_name
from services.anonymizer.text.rules import Hit, Place, Rule

_A = r"(?<![A-Za-z0-9])"
_Z = r"(?![A-Za-z0-9])"
_PATIENT_LABEL = (
    "患者氏名|患者名|患者様氏名|患者様名|受診者氏名|受診者名|受診者|被検者名?|氏名|お名前|御名前|名前|フリガナ|ふりがな|"
    r"カナ氏名|[Pp]atient(?:'s)?\s?[Nn]ame|PATIENT(?:'S)?\s?NAME|"
    rf"{_A}Pt\.?\s?[Nn]ame|{_A}[Nn]ame{_Z}|{_A}NAME{_Z}|{_A}Patient{_Z}|{_A}PATIENT{_Z}"
)
PHYSICIAN_LABEL: Final = (
    "読影医師?|読影者|一次読影医?|二次読影医?|診断医|報告医|報告者|記載者|記載医|作成者|作成医|入力者|確認者|確認医|承認者|"
    "承認医|依頼医師?|依頼者|主治医|担当医師?|担当者|指導医|紹介医師?|紹介者|執刀医|術者|助手|検査者|施行医|施行者|撮影者|"
    "撮影技師|担当技師|技師|文責|署名|サイン|校閲者?|立会医?|当直医|代行入力|記録者|説明者|麻酔医|"
    r"(?<![A-Za-z])(?:[Ss]igned|SIGNED|[Dd]ictated|DICTATED|[Rr]ead|[Aa]pproved|[Vv]erified|[Rr]ef(?:erring)?\.?|[Rr]eq\.?|[Tt]yped|[Pp]rinted\sby|"
    r"[Pp]repared\sby|[Cc]hecked(?:\sby)?|[Cc]onfirmed(?:\sby)?|REPORTED\sBY|READ\sBY|SIGNED\sBY|Rad|Attn|Cc|CC|cc)|"
    r"[Rr]eported\sby|[Rr]ead\sby|[Dd]ictated\sby|[Ss]igned\sby|[Ee]lectronically\s[Ss]igned(?:\sby)?|[Aa]pproved\sby|"
    r"[Vv]erified\sby|[Rr]eviewed\sby|[Tt]ranscribed\sby|"
    r"[Rr]eferr(?:ing|ed\sby)(?:\s?(?:[Pp]hysician|[Dd]octor|[Dd]r))?|"
    r"[Rr]equest(?:ing|ed\sby)\s?(?:[Pp]hysician|[Dd]octor|[Dd]r)?|[Oo]rdering\s(?:[Pp]hysician|[Dd]octor)|"
    r"[Aa]ttending(?:\s[Pp]hysician)?|[Rr]adiologists?|[Rr]eader|[Pp]hysician|[Tt]echnologist|[Ss]urgeon|[Rr]esident|"
    r"[Cc]onsultant|RAD|CHK|[Rr]eporter|[Cc]hecker|[Aa]uthor|[Vv]erifier|[Tt]ech"
)
_WEAK_LABEL = (
    "読影|報告|確認|承認|担当|撮影|記載|作成|入力|検像|執刀|麻酔|指導|主治|説明|同席|立会|看護師|医師|依頼|紹介|連絡|Ns|Dr|"
    "NS|DR"
)
DEGREES: Final = rf"(?!M\.?D{_Z}|Ph\.?D{_Z}|R\.?N{_Z}|D\.?O{_Z}|FRCR|MBBS)"
_VALUE = (
    rf"(?P<v>[{_K}ヴァ-ヺー]{{1,6}}(?:[ 　・]{{1,2}}[{_K}ぁ-んァ-ヺー]{{1,6}})?|[ぁ-ん]{{2,6}}[ ]?[ぁ-ん]{{2,6}}|"
    rf"{DEGREES}[A-Z][A-Za-z'.-]{{0,200}}"
    rf"(?:,?[ ]{DEGREES}(?:[A-Z][A-Za-z'-]{{0,200}}|[A-Z]\.?|van|von|de|der|la|del|bin|al|el){_Z}\.?){{0,3}})"
)
_SEPARATOR: Final = re.compile(r"[:=\t】》>\]]|[ ]{2}")
_PATIENT: Final = re.compile(rf"(?:{_PATIENT_LABEL})[ \t]*$")
_PHYSICIAN: Final = re.compile(rf"(?:(?P<physician>{PHYSICIAN_LABEL})|(?P<weak>{_WEAK_LABEL}))[ \t]*$")
_LONGEST_LABEL: Final = 28
_LABELLED: Final = re.compile(rf"[:=\t 】》>\]]{{1,200}}(?:(?:Drs?|Mr|Mrs|Ms|Prof)\.?[ ])?{_VALUE}")
BESIDE: Final = re.compile(rf"[ \t]*[,、/・&][ \t]*(?:(?:Drs?|Mr|Mrs|Ms|Prof)\.?[ ])?{_VALUE}")
_ENDS: Final = re.compile(r"[ \t]*(?:$|[\n,;/()\[、。・])")
_FIELD_END: Final = re.compile(r"[ \t]*(?:$|\n)|[ ]{2}|[ ][^\s:]{2,6}:")
_NOBODY: Final = re.compile("なし|無し|不明|同上|未定|記載なし|放射線科|none|n/a|unknown|same")
_DEPARTMENT_FIRST: Final = re.compile(f"[{_K}ァ-ヴー]{{1,10}}(?:科|部|室|センター|病棟|外来|病院)[ ]+(?=[{_K}])")


def _patients(folded: FoldedText, separator: re.Match[str]) -> Iterator[Place]:
    """Yield who stands behind a label of the patient: whatever can be a name."""
    if _label(_PATIENT, folded, separator):
        for person, view in _values(folded, separator):
            if not (view.isascii() or may_be_name(view)):
                return
            yield _place(person)


def _staff(folded: FoldedText, separator: re.Match[str]) -> Iterator[Place]:
    """Yield who stands behind a label of staff: 読影医 what stands alone too, 読影 only what the dictionary knows."""
    label = _label(_PHYSICIAN, folded, separator)
    for person, view in _values(folded, separator) if label else ():
        if view.isascii() and label and label["weak"] and " " not in view and not is_romaji_family(view.strip(".'-")):
            return  # 説明:NSIP pattern
        known = view.isascii() or is_name(view, words=True)
        alone = label and label["physician"] and _ENDS.match(folded.text, person.end()) and 2 <= len(view) <= 9
        if not ((known or alone) and (view.isascii() or may_be_name(view))):
            return
        yield _place(person)


def _label(pattern: re.Pattern[str], folded: FoldedText, separator: re.Match[str]) -> re.Match[str] | None:
    return pattern.search(folded.text, max(0, separator.start() - _LONGEST_LABEL), separator.start())


def _values(folded: FoldedText, separator: re.Match[str]) -> Iterator[tuple[re.Match[str], str]]:
    """Yield the value behind a label and those beside it that can be people, each with its view."""
    person = _LABELLED.match(folded.text, separator.start())
    while person:
        view = folded.view[slice(*person.span("v"))]
        view = view[_department_end(view) :]
        if _NOBODY.match(view) or view in clinical_words():
            return
        if view.isascii() and (view.split()[0] in clinical_words() or _goes_on(folded, person.end())):
            return
        yield person, view
        person = BESIDE.match(folded.text, person.end())


def _goes_on(folded: FoldedText, end: int) -> bool:
    """Say whether a word in Latin letters is a label itself, or only the beginning of one: DATスキャン."""
    behind = folded.after(end)
    return behind == ":" or script(behind) in ("kanji", "katakana")


def _place(person: re.Match[str]) -> Place:
    return person.start("v") + _department_end(person["v"]), person.end("v")


def _department_end(value: str) -> int:
    """Return where the name begins in 放射線科 渡辺真理子."""
    match = _DEPARTMENT_FIRST.match(value)
    return match.end() if match and fold_name(match[0]).strip() not in names().surnames else 0  # 阿部 is a surname


def _unlisted(hit: Hit) -> str:
    label = _label(_PHYSICIAN, hit.folded, hit.match)
    if label and label["physician"] and _FIELD_END.match(hit.folded.text, hit.end):
        return ""  # the whole field is cut, so that nothing of the name is left
    family, _, given = hit.view.partition(" ")
    known = hit.view.isascii() or is_name(hit.view, words=True) or (family in names().surnames and len(given) == 1)
    return "" if known else "unknown-name-behind-label"


RULES: Final = (
    Rule(
        "name", _SEPARATOR,
        "患者氏名:⟦山田 花子⟧", "氏名:なし、名前:CT",
        signs=(
            "氏名", "患者名", "患者様名", "受診者", "被検者", "名前", "フリガナ", "ふりがな",
            "ame", "AME", "atient", "ATIENT",
        ),
        place=_patients,
    ),
    Rule(
        "physician", _SEPARATOR,
        "作成:放射線科 ⟦渡辺真理子⟧", "読影:上部消化管、確認:造影早期相、担当:外科",
        place=_staff, reason=_unlisted,
    ),
)  # fmt: skip
