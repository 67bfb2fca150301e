# ruff: noqa: E501 - tables of patterns stay readable unbroken
"""Find people whom the header does not name: by label, by title, by signature line.

A dictionary of surnames decides; an unknown word before a title is masked only where the title admits nothing else
(医師, 先生, Dr.), and always flags the text for a person.
"""

import re

from services.anonymizer.text.folding.fold import fold_name
from services.anonymizer.text.folding.folded_text import Reading
from services.anonymizer.text.folding.lexicon import clinical_words, names
from services.anonymizer.text.folding.spans import Span
from services.anonymizer.text.names.forms import NameForm
from services.anonymizer.text.names.known import Found
from services.anonymizer.text.names.surnames import is_name, may_be_name, name_start, surname_end, surname_suffix

_K = "一-鿿々ヶ"
_PATIENT_LABEL = (
    "患者氏名|患者名|患者様氏名|患者様名|受診者氏名|受診者名|受診者|被検者名?|氏名|お名前|御名前|名前|フリガナ|ふりがな|カナ氏名|"
    r"[Pp]atient(?:'s)?\s?[Nn]ame|PATIENT(?:'S)?\s?NAME|(?<![A-Za-z0-9])Pt\.?\s?[Nn]ame|(?<![A-Za-z0-9])[Nn]ame(?![A-Za-z0-9])|(?<![A-Za-z0-9])NAME(?![A-Za-z0-9])|(?<![A-Za-z0-9])Patient(?![A-Za-z0-9])|(?<![A-Za-z0-9])PATIENT(?![A-Za-z0-9])"
)
_PHYSICIAN_LABEL = (
    "読影医師?|読影者|一次読影医?|二次読影医?|診断医|報告医|報告者|記載者|記載医|作成者|作成医|入力者|確認者|確認医|承認者|承認医|依頼医師?|依頼者|主治医|担当医師?|担当者|指導医|"
    "紹介医師?|紹介者|執刀医|術者|助手|検査者|施行医|施行者|撮影者|撮影技師|担当技師|技師|文責|署名|サイン|校閲者?|立会医?|当直医|代行入力|記録者|説明者|麻酔医|"
    r"[Rr]eported\sby|[Rr]ead\sby|[Dd]ictated\sby|[Ss]igned\sby|[Ee]lectronically\s[Ss]igned(?:\sby)?|[Aa]pproved\sby|[Vv]erified\sby|[Rr]eviewed\sby|[Tt]ranscribed\sby|"
    r"[Rr]eferr(?:ing|ed\sby)(?:\s?(?:[Pp]hysician|[Dd]octor|[Dd]r))?|[Rr]equest(?:ing|ed\sby)\s?(?:[Pp]hysician|[Dd]octor|[Dd]r)?|[Oo]rdering\s(?:[Pp]hysician|[Dd]octor)|"
    r"[Aa]ttending(?:\s[Pp]hysician)?|[Rr]adiologists?|[Rr]eader|[Pp]hysician|[Tt]echnologist|[Ss]urgeon|[Rr]esident|[Cc]onsultant|RAD|CHK|[Rr]eporter|[Cc]hecker|[Aa]uthor|[Vv]erifier|[Tt]ech"
)
_WEAK_LABEL = "読影|報告|確認|承認|担当|撮影|記載|作成|入力|検像|執刀|麻酔|指導|主治|説明|同席|立会|看護師|医師|依頼|紹介|連絡|Ns|Dr|NS|DR"
_NOBODY = "なし|無し|不明|同上|未定|記載なし|放射線科|none|n/a|unknown|same"
_DEGREES = r"(?!M\.?D(?![A-Za-z0-9])|Ph\.?D(?![A-Za-z0-9])|R\.?N(?![A-Za-z0-9])|D\.?O(?![A-Za-z0-9])|FRCR|MBBS)"
_VALUE = (
    rf"(?P<v>[{_K}ヴァ-ヺー]{{1,6}}(?:[ 　・]{{1,2}}[{_K}ぁ-んァ-ヺー]{{1,6}})?|[ぁ-ん]{{2,6}}[ ]?[ぁ-ん]{{2,6}}|"
    rf"{_DEGREES}[A-Z][A-Za-z'.-]*(?:,?[ ]{_DEGREES}(?:[A-Z][A-Za-z'-]*|[A-Z]\.?|van|von|de|der|la|del|bin|al|el)(?![A-Za-z0-9])\.?){{0,3}})"
)
_SEPARATOR = re.compile(r"[:=\t】》>\]]|[ ]{2}")
_ENDS = re.compile(r"[ \t]*(?:$|[\n,;/()\[、。・])")
_LABEL = re.compile(rf"(?:(?P<name>{_PATIENT_LABEL})|(?P<physician>{_PHYSICIAN_LABEL})|(?P<weak>{_WEAK_LABEL}))[ \t]*$")
_LABELLED = re.compile(rf"[:=\t 】》>\]]+(?:(?:Drs?|Mr|Mrs|Ms|Prof)\.?[ ])?{_VALUE}")
_KANJI_GAP = re.compile(rf"[{_K}] [{_K}ぁ-んァ-ヺ]")
_TITLE = re.compile("医師|先生|Dr|DR|ドクター|技師|看護師|准教授|教授|講師|助教|副院長|院長|医長|師長|部長|研修医|女史")
_RUN_BEFORE_TITLE = re.compile(
    rf"(?:[{_K}]{{1,12}}(?:[ ][{_K}]{{1,4}})?|[{_K}]{{1,4}}[ぁ-ん]{{2,4}}|[ァ-ヺー・]{{2,12}}|[ぁ-ん]{{2,5}})(?=[ ]?$)"
)
_WEAK_TITLE = re.compile("さん|さま|様|氏(?![名病法])|殿|君|くん|ちゃん")
_RUN_BEFORE_WEAK = re.compile(rf"(?:[{_K}]{{1,8}}(?:[ ]?[{_K}]{{1,3}})?|[{_K}]{{1,4}}[ぁ-ん]{{2,3}})(?=[ ]?$)")
_KANA_BEFORE = re.compile(r"(?:(?<=[のは、。\s])|(?<![ぁ-んァ-ヺ]))(?:[ぁ-ん]{3,5}|[ァ-ヺー]{3,6})(?=[ ]?$)")
_NOT_KANA_NAMES = frozenset(
    "オジイ オバア オカア オトウ オニイ オネエ オジョウ オヨメ オクサマ ムスコ ムスメ カンジャ ミナサマ ゴカゾク".split()
)
_EN_ROLE = re.compile(
    r"(?<![A-Za-z0-9])(?:[Nn]urse|[Pp]hysician|[Dd]octor|[Ss]urgeon|[Rr]esident|[Tt]echnologist|[Rr]adiologist|[Ss]on|[Dd]aughter|[Ww]ife|[Hh]usband|[Mm]other|[Ff]ather|[Ss]ister|[Bb]rother|[Pp]artner),?"
    r"[ ](?P<v>[A-Z][a-z'-]+[ ](?:[A-Z](?:\.|[a-z]+)[ ])?[A-Z][A-Za-z'-]+)"
)
_EN_ROLE_SIGNS = (
    "urse ",
    "ysician ",
    "octor ",
    "urgeon ",
    "esident ",
    "ologist ",
    "on ",
    "aughter ",
    "ife ",
    "usband ",
    "ther ",
    "ister ",
    "artner ",
    ", ",
)
_EN_ROLES = frozenset(
    {"physician", "practitioner", "manager", "radiologist", "surgeon", "doctor", "nurse", "resident", "staff"}
)
_SIGNED_SIGNS = (" by", " BY", " with")
_TITLE_SIGNS = (
    "Dr",
    "DR",
    "dr",
    "Mr",
    "Ms",
    "Miss",
    "Prof",
    "Doctor",
    "Nurse",
    "MD",
    "M.D",
    "Ph",
    "FRCR",
    "MBBS",
    "DO",
    "RN",
    "R.N",
    "RT",
)
_SPACED = re.compile(
    rf"(?:{_PHYSICIAN_LABEL}|読影|医師|看護師|先生|教授|患者)[ ]+(?P<v>[{_K}]{{1,6}})(?![{_K}])(?:[ ](?P<w>[{_K}ぁ-んァ-ヺー]{{1,4}})(?![{_K}ぁ-んァ-ヺー]))?"
)
_SIGNED = re.compile(
    r"(?:[Ss]igned|[Rr]eported|[Rr]ead|[Dd]ictated|[Aa]pproved|[Vv]erified|[Rr]eviewed|[Tt]ranscribed|[Pp]erformed|[Ii]nterpreted|[Rr]eferred|[Rr]equested|[Oo]rdered|SIGNED|REPORTED|DICTATED)"
    rf"(?:[ ][Ee]lectronically)?[ ](?:by|BY|with)[ :]+(?:Drs?\.?[ ])?(?P<v>[A-Z][A-Za-z'-]+(?:,?[ ]{_DEGREES}(?:[A-Z][A-Za-z'-]+|[A-Z]\.)){{0,3}})(?![a-z])"
)
_SPACED_LATIN = re.compile(
    r"(?:読影医?|報告者|確認者|依頼医|主治医|担当医|技師|医師|看護師|術者|文責|署名)[ ]*(?P<v>[A-Z][a-z]{2,}(?:[ ](?:[A-Z]\.?(?![A-Za-z])|[A-Z][a-z]+))?|[A-Z]\.[ ]?[A-Z][a-z]{2,})"
)
_DEPARTMENT_FIRST = re.compile(f"[{_K}ァ-ヴー]{{1,10}}(?:科|部|室|センター|病棟|外来|病院)[ ]+(?=[{_K}])")
_SIGNED_LINE = re.compile(rf"^[ \t]*(?P<v>[{_K}]{{2,5}}?)[ ]?(?:記|拝)[ \t]*$", re.MULTILINE)
_LINE_END = re.compile(
    rf"(?:^|(?<=[ \t。:)]))(?P<v>[{_K}]{{1,4}}[ ][{_K}ぁ-んァ-ヺー]{{1,4}})(?<![様殿氏])[ \t]*$", re.MULTILINE
)
_SPACED_NAME = re.compile(rf"(?<![{_K}])(?P<v>[{_K}]{{2,4}}[ ][{_K}]{{2,3}}?)(?=[様殿氏]|(?![{_K}]))")
_BESIDE = re.compile(rf"[ \t]*[,、/・&][ \t]*(?:(?:Drs?|Mr|Mrs|Ms|Prof)\.?[ ])?{_VALUE}")
LEFT = "unknown-word-before-title"  # said by the last pass only: an earlier one may not have seen it masked yet
_FAMILY_WORDS = re.compile(
    "(?:患者|奥|旦那|息子|娘|父|母|祖父|祖母|兄|姉|弟|妹|家族|子供|子|皆|業者|看護師|医者|先生|赤|親|嫁|主人|孫|叔父|叔母|伯父|伯母|相手|隣|本人|お客|付添|彼|同|両|華|摂|多|同|異|模|仕|一|王|神|貴|各|両親|職員|技師|"
    "ご|御|ヘルパー|保護者)$"
)
_EN_TITLE = re.compile(
    r"(?<![A-Za-z0-9])(?:(?:Drs?|Mr|Mrs|Ms|Miss|Prof(?:essor)?|Doctor|Nurse)(?![A-Za-z0-9])\.?[ ]|(?:Dr|Mr|Mrs|Ms|Prof)\.)(?P<v>(?:[A-Z]\.[ ]?){0,2}[A-Z][A-Za-z'-]+(?:[ ](?:[A-Z][A-Za-z'-]+|[A-Z]\.?)){0,2})(?![a-z])"
    r"|(?P<w>[A-Z][A-Za-z'-]+(?:[ ](?:[A-Z][A-Za-z'-]+|[A-Z]\.?)){1,2}),?[ ](?:M\.?D\.?|Ph\.?D\.?|FRCR|MBBS|DO|R\.?N\.?|RT\(?R?\)?)(?![A-Za-z])"
    rf"|(?<![A-Za-z0-9])(?:Dr|DR|dr)\.?[ ]?(?P<x>[{_K}]{{1,4}}(?:[ ][{_K}]{{1,3}})?|[ァ-ヺー]{{2,8}})"
)
_LINE = re.compile(
    rf"^[ \t]*[(]?(?P<v>[{_K}]{{1,5}}[ ]{{0,2}}[{_K}ぁ-んァ-ヺー]{{1,4}})(?:[ ]?[/・,、][ ]?(?P<w>[{_K}]{{1,5}}[ ]{{0,2}}[{_K}ぁ-んァ-ヺー]{{0,4}}))?[)]?[ \t]*$",
    re.MULTILINE,
)
_BRACKETS = re.compile(rf"[(\[](?P<v>[{_K}]{{2,4}}(?:[ ][{_K}]{{1,3}})?)(?:[/・,、](?P<w>[{_K}]{{2,4}}))?[)\]]")

_ALONE = (_LINE, _BRACKETS, _SIGNED_LINE)


def find_people(reading: Reading) -> Found:
    """Return where people stand whom the header does not name."""
    found = Found([], set())
    _by_label(reading, found)
    _by_title(reading, found)
    _by_line(reading, found)
    return found


def _by_line(reading: Reading, found: Found) -> None:
    """Find signatures: a name alone in its line, at its end, in brackets, or behind a role and a space."""
    if reading.has(*_SIGNED_SIGNS):
        for match in _SIGNED.finditer(reading.text):
            if match["v"].split()[0].lower() not in clinical_words() or " " in match["v"]:
                found.spans.append(Span(*match.span("v"), "physician"))
    gap = _KANJI_GAP.search(reading.text) is not None
    for pattern in (*_ALONE, _LINE_END, _SPACED_NAME) if gap else _ALONE:
        for match in pattern.finditer(reading.text):
            for group in pattern.groupindex:
                if match[group] and is_name(reading.view[slice(*match.span(group))]):
                    found.spans.append(Span(match.start(group), match.end(group), "physician"))
    for match in _SPACED.finditer(reading.text) if gap else ():
        _behind_role(reading, match, found)
    for match in _SPACED_LATIN.finditer(reading.text):
        if match["v"].split()[0].lower() not in clinical_words():
            found.spans.append(Span(match.start("v"), match.end("v"), "physician"))


def _behind_role(reading: Reading, match: re.Match[str], found: Found) -> None:
    """Find 技師 高木 健二, and 読影 田中一郎 with something else behind."""
    beside = _BESIDE.match(reading.text, match.end("v"))
    while beside and is_name(reading.view[slice(*beside.span("v"))], words=True):
        found.spans.append(Span(beside.start("v"), beside.end("v"), "physician"))
        beside = _BESIDE.match(reading.text, beside.end())
    start, end = match.span("v")
    if match["w"] and is_name(reading.view[start : match.end("w")], words=True):
        found.spans.append(Span(start, match.end("w"), "physician"))
    elif is_name(reading.view[start:end], words=True):
        found.spans.append(Span(start, end, "physician"))


def _by_label(reading: Reading, found: Found) -> None:
    for separator in _SEPARATOR.finditer(reading.text):
        label = _LABEL.search(reading.text, max(0, separator.start() - 28), separator.start())
        person = _LABELLED.match(reading.text, separator.start()) if label else None
        kind = label.lastgroup or "" if label else ""
        while person and _label_value_is_name(reading, person, kind, found):
            start = person.start("v") + _department_end(person["v"])
            found.spans.append(Span(start, person.end("v"), "name" if kind == "name" else "physician"))
            person = _BESIDE.match(reading.text, person.end())


def _department_end(value: str) -> int:
    """Return where the name begins in 放射線科 渡辺真理子."""
    match = _DEPARTMENT_FIRST.match(value)
    return match.end() if match and fold_name(match[0]).strip() not in names().surnames else 0  # 阿部 is a surname


def _label_value_is_name(reading: Reading, person: re.Match[str], kind: str, found: Found) -> bool:
    """A value of 氏名 is a name; behind 読影医 what stands alone is; behind 読影 only what the dictionary knows."""
    view = reading.view[slice(*person.span("v"))]
    view = view[_department_end(view) :]
    if re.match(_NOBODY, view) or view in clinical_words():
        return False
    if view.isascii():
        return view.split()[0] not in clinical_words() and reading.after(person.end()) != ":"
    if kind == "name" or is_name(view, words=True):
        return may_be_name(view)
    alone = kind == "physician" and _ENDS.match(reading.text, person.end()) is not None
    if alone and 2 <= len(view) <= 9 and may_be_name(view):
        found.doubts.add("unknown-name-behind-label")
        return True
    return False


def _by_title(reading: Reading, found: Found) -> None:
    text = reading.text
    for title in _TITLE.finditer(text):
        if run := _RUN_BEFORE_TITLE.search(text, max(0, title.start() - 18), title.start()):
            _before_strong(reading, *run.span(), found)
        _kana_before(reading, title.start(), "physician", found)
    for title in _WEAK_TITLE.finditer(text):
        if run := _RUN_BEFORE_WEAK.search(text, max(0, title.start() - 13), title.start()):
            _before_weak(reading, *run.span(), title[0], found)
        _kana_before(reading, title.start(), "name", found)
    if reading.has(*_TITLE_SIGNS):
        _english_titles(reading, found)
    for role in _EN_ROLE.finditer(text) if reading.has(*_EN_ROLE_SIGNS) else ():
        if not any(word in clinical_words() or word in _EN_ROLES for word in role["v"].lower().split()):
            found.spans.append(Span(role.start("v"), role.end("v"), "physician"))


def _before_strong(reading: Reading, start: int, end: int, found: Found) -> None:
    at = name_start(reading, start, end)
    if at is not None:
        if surname_end(reading.view[at:end].replace(" ", "")) == 0:
            found.doubts.add("unknown-name-before-title")
        found.spans.append(Span(at, end, "physician"))


def _before_weak(reading: Reading, start: int, end: int, title: str, found: Found) -> None:
    at = surname_suffix(reading.view[start:end])
    if at is not None:
        found.spans.append(Span(start + at, end, "name"))
    elif title in ("くん", "ちゃん", "君") and _is_given(reading.view[start:end]):
        found.spans.append(Span(start, end, "name"))
    elif title in ("さん", "氏", "殿", "くん", "ちゃん") and not _FAMILY_WORDS.search(reading.text[start:end]):
        found.doubts.add(LEFT)


def _is_given(view: str) -> bool:
    return len(view) > 1 and view in names().given and view not in clinical_words()


def _kana_before(reading: Reading, at: int, category: str, found: Found) -> None:
    """Find a surname in kana before a title, by its reading: まつもと先生, すずきさん."""
    run = _KANA_BEFORE.search(reading.text, max(0, at - 7), at)
    if run:
        kana = reading.view[run.start() : run.end()]
        if kana in names().by_reading and kana not in _NOT_KANA_NAMES and kana not in clinical_words():
            found.spans.append(Span(run.start(), run.end(), category))


def _english_titles(reading: Reading, found: Found) -> None:
    for match in _EN_TITLE.finditer(reading.text):
        group = next(name for name in ("v", "w", "x") if match[name])
        if match[group].split()[0].lower() not in ("name", "no", "id") and (
            surname_end(fold_name(match[group])) > 1 or may_be_name(fold_name(match[group]).split()[0])
        ):
            category = "name" if match[0].startswith(("Mr", "Ms", "Miss")) else "physician"
            found.spans.append(Span(*match.span(group), category))


def forms_of(reading: Reading, people: list[Span]) -> tuple[NameForm, ...]:
    """Return the surnames of people found once, so that they are found wherever else they stand."""
    forms: dict[str, NameForm] = {}
    for span in people:
        for word in reading.view[span.start : span.end].replace(",", " ").split():
            name = word[: surname_end(word)] if not word.isascii() else word.strip(".'-")
            plain = len(name) > 1 and name not in names().words and name not in clinical_words()
            if plain and (len(name) > 3 or not name.isascii()):
                forms[name] = NameForm(name, "family", span.category)
    return tuple(forms.values())
