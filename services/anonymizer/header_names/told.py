"""Which names of staff, institutions, departments and wards one header tells. Pure.

Source: PS3.6 (Referring Physician's Name and the other Attributes of staff), PS3.3 C.7.5.1, C.3.2, C.7.2.2.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Final, NamedTuple

from services.anonymizer.text import site_list
from services.anonymizer.text.folding import morphemes
from services.anonymizer.text.folding.folded_text import FoldedText
from services.anonymizer.text.folding.lexicon import is_clinical, terms_with
from services.anonymizer.text.names.latin import is_romaji_family
from services.anonymizer.text.names.surnames import is_name

_STAFF: Final = (
    "ReferringPhysicianName", "ConsultingPhysicianName", "PhysiciansOfRecord", "PerformingPhysicianName",
    "NameOfPhysiciansReadingStudy", "OperatorsName", "RequestingPhysician", "ScheduledPerformingPhysicianName",
    "VerifyingObserverName",
)  # fmt: skip
_PLACES: Final = {
    "InstitutionName": "institution", "InstitutionalDepartmentName": "department", "RequestingService": "department",
    "CurrentPatientLocation": "ward",
}  # fmt: skip
_NOBODY: Final = re.compile(
    r"(?i:doctor|physician|operator|unknown|anonym\w*|none|null|user|test|admin\w*|staff|tech\w*|dummy|name|n/a)"
    r"|(?:不明|なし|未定|担当|当直|放射線|技師|医師|外来|匿名)"
)
_COMMONEST: Final = re.compile(r"[A-Z]{1,4}|[A-Z]{2,4}\d?")  # ER, RAD, ICU: what every hospital has
_GENERIC: Final = re.compile(
    "(?:放射線|画像|診断|治療|診療|臨床|検査|内|外|消化器|呼吸器|循環器|血液|腎臓|神経|脳|整形|形成|小児|産|婦人|"
    "産婦人|皮膚|泌尿器|眼|耳鼻|"
    "咽喉|頭頸部|歯|口腔|麻酔|精神|心療|救急|救命|総合|一般|中央|地域|医療|連携|健診|検診|健康|管理|看護|薬剤|栄養|"
    "リハビリ(?:テーション)?|"
    "内視鏡|病理|核医学|超音波|透析|手術|集中|緩和|ケア|がん|乳腺|甲状腺|外傷|感染|糖尿病|代謝|内分泌|膠原病|"
    "リウマチ|アレルギー|腫瘍|移植|心臓|"
    "血管|肝|胆|膵|胃|腸|肛門|大学|附属|付属|市立|県立|国立|公立|私立|第[一二三1-3]|[東西南北新本]|\\d{1,2}階?)*"
    "(?:科|部|室|課|係|外来|病棟|センター|部門|学|講座|病院|医院|クリニック|診療所|科学)*"
)
_GENERIC_WORDS: Final = frozenset(
    "radiology radiological imaging diagnostic diagnostics department dept of and the hospital clinic medical medicine "
    "center centre university college school general emergency surgery internal oncology cardiology neurology unit wa"
    "rd "
    "room nuclear ultrasound therapy health care outpatient inpatient main central ct mr mri us".split()
)
_PLACE: Final = re.compile(
    "(?:科|部|室|課|係|外来|階|センター|部門|学|講座|院|クリニック|所)$|[棟館]|[Ww]ard|[Uu]nit|[Cc]ent"
)
_LONGEST, _SHORTEST_PLACE = 64, 3


class ToldName(NamedTuple):
    """A name. kind: as in the file of the site's list."""

    kind: str
    name: str


def names_told(header: Mapping[str, Sequence[str]]) -> tuple[ToldName, ...]:
    """Return the names that can be on a site's list. header: DICOM keyword → values; the patient's are none of them."""
    patients = {_bare(value) for value in header.get("PatientName", ())}
    told = dict.fromkeys((*_staff(header, patients), *_places(header)))
    return tuple(each for each in told if not site_list.parse(f"{each.kind}: {each.name}").faults)


def _staff(header: Mapping[str, Sequence[str]], patients: set[str]) -> Iterator[ToldName]:
    for keyword in _STAFF:
        for value in header.get(keyword, ()):
            name = _of_one_line(value)
            is_person = not re.search(r"\d", name) and any(sign.isalpha() for sign in name)
            is_patient = _bare(value) in patients
            if is_person and len(name) <= _LONGEST and not (_NOBODY.search(name) or is_patient or _is_words(name)):
                yield ToldName("staff", name)


def _places(header: Mapping[str, Sequence[str]]) -> Iterator[ToldName]:
    for keyword, kind in _PLACES.items():
        for value in header.get(keyword, ()):
            name = _of_one_line(value)
            is_short_or_long = not _SHORTEST_PLACE <= len(name) <= _LONGEST
            if not (is_short_or_long or _is_common(name) or _NOBODY.fullmatch(name) or _is_finding(kind, name)):
                yield ToldName(kind, name)


def _of_one_line(value: str) -> str:
    """Return a value without the signs that part names on a line of the site's list."""
    return " ".join(re.sub("[,、，:：]", " ", value).split())


def _is_common(name: str) -> bool:
    """Say whether every hospital has it: 放射線科, ICU, Radiology Department; a name is made of more."""
    if _COMMONEST.fullmatch(name) or _GENERIC.fullmatch(name):
        return True
    return name.isascii() and all(word.lower() in _GENERIC_WORDS for word in re.findall("[A-Za-z]+", name))


def _is_words(name: str) -> bool:
    """Say whether what stands for a person is common words that nobody is called, as 腫瘍, 右肺 or BRAIN.

    Who types a finding into the field of a physician does so more than once, and each text would lose it.
    """
    folded = _folded(name)
    if not folded.words.are_common(0, len(folded.text)):
        return False
    return not is_name(folded.view, words=True) and not any(map(is_romaji_family, folded.view.split()))


def _is_finding(kind: str, name: str) -> bool:
    """Say whether what stands for a place is clinical, or a department or ward of common words without a word for it.

    手外科 and さくら病棟 are places; 前立腺, 頭部CT and 回復期 are not, even where they were typed into their field.
    """
    folded = _folded(name)
    if is_clinical(folded.view) or terms_with(folded.view):
        return True
    is_named = kind == "institution" or _PLACE.search(folded.text) or not re.search("[A-Za-z一-鿿]", folded.text)
    return not is_named and folded.words.are_common(0, len(folded.text))


def _folded(name: str) -> FoldedText:
    return FoldedText(name, analyse=morphemes.available())


def _bare(value: str) -> str:
    return re.sub(r"[\s^=]+", "", value).lower()
