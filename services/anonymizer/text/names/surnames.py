"""Judge by the dictionary whether a run of kanji is somebody's name, past words for roles and departments. Pure."""

import re

from services.anonymizer.text.folding.folded_text import FoldedText
from services.anonymizer.text.folding.lexicon import clinical_words, is_clinical, names
from services.anonymizer.text.names.given import is_given_part

_ROLE = re.compile(
    "^(?:.*(?:科|病棟|外来|センター|病院|医院|担当|主治|指導|当直|執刀|読影|診断|依頼|紹介|専門|専攻|部の|部門|大学|室|放射線部|検査部|病理部|"
    "の|元|先|前|同|当|他院|近医|氏名|患者|および|並|後期|初期|上級|若手|非常勤|常勤|教室|講座|主任|副|名誉|特任|客員|准|診療|看護|臨床|検査|放射線|救急|麻酔|循環器|消化器|呼吸器))"
)
_NOT_NAMES = re.compile(
    "^(?:放射線|診療|診療放射線|臨床検査|検査|臨床工学|画像|担当|主治|依頼|紹介|読影|病理|内科|外科|専門|研修|指導|当直|执刀|執刀|かかりつけ|前|他|同|各|両|当|本|女|男|産業|学校|看護|准|副|名誉|病棟|"
    "外来|救急|麻酔|診断|治療|担任|開業|勤務|常勤|非常勤|嘱託|上級|若手|後期|初期|複数|別|主任|総合|家庭|校|保健|助産|薬剤|理学療法|作業療法|言語|栄養|社会福祉|介護福祉|歯科|歯科衛生|獣|軍|院内|部|人|"
    "医|病院|教|准教|助|講|技|[一-鿿]*(?:科|部|室|課|班|病棟|外来|センター|専門|担当|専攻|療法|大学|病院|医院|所|者|員|会|線|器))$"
)


def name_start(folded: FoldedText, start: int, end: int) -> int | None:
    """Return where the name before a strong title begins; None if there is none."""
    run = folded.view[start:end]
    for size in range(len(run), 1, -1):
        tail = run[len(run) - size :].replace(" ", "")
        if len(tail) > 1 and tail in names().surnames and not (tail in names().words and _NOT_NAMES.match(tail)):
            return end - size
    at = surname_suffix(run)
    if at is not None:
        return start + at
    family = surname_end(run)
    if family > 1 and len(run) - family <= 3 and run not in clinical_words():
        return start
    return _unknown_start(run, start)


def _unknown_start(run: str, start: int) -> int | None:
    """Return where what is left behind role words begins, if it can be a name that the dictionary lacks."""
    role = _ROLE.match(run)
    at = role.end() if role else 0
    rest = run[at:].strip()
    if not rest or len(rest) > 6 or not may_be_name(rest) or not may_be_name(run):
        return None
    return None if re.match("[ァ-ヶ]", run) else start + at


def may_be_name(text: str) -> bool:
    """Say whether nothing speaks against it: no word for a role, a department or a clinical thing."""
    return not is_clinical(text) and not _NOT_NAMES.match(text)


def surname_suffix(run: str) -> int | None:
    """Return where a surname, with a given name or without, begins that ends the run; None if there is none."""
    for at in range(len(run)):
        tail = run[at:].replace(" ", "")
        end = surname_end(tail)
        if end and len(tail) > 1 and not (tail in names().words and at > 0):
            rest = tail[end:]
            if not rest or rest in names().given or (len(rest) <= 3 and " " in run[at:]):
                return at
    return None


def is_plain_surname(view: str) -> bool:
    """Say whether it is a surname of two signs or more that is no ordinary noun and no clinical word."""
    return len(view) > 1 and view in names().surnames and view not in names().words and view not in clinical_words()


def surname_end(name: str) -> int:
    """Return the length of the surname that a name begins with, 0 if it begins with none."""
    for size in (5, 4, 3, 2, 1):
        if size <= len(name) and name[:size] in names().surnames:
            return size
    return 0


def is_name(name: str, *, words: bool = False) -> bool:
    """Say whether it is nothing but a name: known surname, and a known given name or none.

    words: whether surnames that are also ordinary nouns count, as behind a label that admits nothing else.
    """
    bare = name.replace(" ", "")
    if is_clinical(bare):
        return False
    family, _, given = name.partition(" ")
    given = given.strip()
    if family in names().surnames and given and family not in clinical_words():
        return is_given_part(given) and (words or family not in names().words or given in names().given)
    return not given and any(_divides(bare, size, words) for size in (5, 4, 3, 2, 1))


def _divides(name: str, size: int, words: bool) -> bool:
    family, given = name[:size], name[size:]
    if len(family) < size or family not in names().surnames or family in clinical_words():
        return False
    if not given:
        return size > 1 and (words or family not in names().words)
    return given in names().given and given not in clinical_words() and (words or size > 1)
