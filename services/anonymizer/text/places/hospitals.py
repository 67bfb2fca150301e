"""Rules for hospitals, practices and corporations by their full names, with the departments beside them. Pure."""

import re
from collections.abc import Iterable, Iterator
from typing import Final

from services.anonymizer.text.folding.fold import fold_name
from services.anonymizer.text.folding.folded_text import FoldedText
from services.anonymizer.text.folding.lexicon import clinical_words, names
from services.anonymizer.text.folding.spans import Span
from services.anonymizer.text.places.hospital_names import name_start
from services.anonymizer.text.rules import Hit, Place, Rule

_TAIL = re.compile("(?:医学部|歯学部)?(?:附属|付属)?[一-鿿ァ-ヴー]{0,6}?(?:病院|医院|医療センター|クリニック)")
_PRACTICE_NAME = re.compile("(?:[一-鿿々]{2,4}|[ぁ-ん]{3,5})$")
_EN_GENERIC = re.compile(
    r"(?:(?:The|This|That|Our|An?|Outside|Referring|Local|Other|Same|University|General|Community|Private|Previous|At|In|"
    r"From|Emergency|Teaching|Children's|Day|Mental|Chest|Pain|Outpatient)\s)+"
    r"(?:Hospital|Clinic|Medical Cent(?:er|re)|University|Cancer Cent(?:er|re)|Health Cent(?:er|re)|Infirmary)$"
)
_EN_SCHEME = re.compile(
    r"\s(?:classification|class|criteria|score|scoring|model|grading|staging|system|protocol)(?![A-Za-z0-9])"
)
_DEPARTMENT = re.compile(
    r"[ \t]*の?[ \t]*(?P<v>(?:第[一二三四1-4])?[一-鿿々ァ-ヶー・]{1,12}?"
    r"(?:科学?|センター|外来|病棟|部門|放射線部|検査部|内視鏡部|救急部|治療部|診断部)(?:学?講座)?(?![一-鿿]))"
)


def departments_beside(folded: FoldedText, institutions: Iterable[Span]) -> Iterator[Span]:
    """Yield the departments right behind institutions."""
    for span in institutions:
        if match := _DEPARTMENT.match(folded.text, span.end):
            yield Span(*match.span("v"), "department")


def _named(folded: FoldedText, match: re.Match[str]) -> Iterator[Place]:
    """Yield a hospital with its proper name before and the rest of its name behind."""
    start = name_start(folded.text, match.start())
    if start is not None:
        tail = _TAIL.match(folded.text, match.end())
        yield start, tail.end() if tail else match.end()


def _surname_before(folded: FoldedText, match: re.Match[str]) -> Iterator[Place]:
    """Yield a practice that is called by a surname: 松本耳鼻咽喉科, かわさき整形外科, but not 総合内科."""
    name = _PRACTICE_NAME.search(folded.text, max(0, match.start() - 5), match.start())
    if name and _is_surname(name[0]):
        yield name.start(), match.end()


def _is_surname(text: str) -> bool:
    name = fold_name(text)
    if name in clinical_words() or name in names().words:
        return False
    return name in names().surnames or (text < "ァ" and name in names().by_reading)


def _is_generic_or_scheme(hit: Hit) -> bool:
    return bool(_EN_GENERIC.fullmatch(hit.words) or _EN_SCHEME.match(hit.folded.text, hit.end))


RULES: Final = (
    Rule(
        "institution",
        re.compile(
            "病院|医院|クリニック|診療所|医療センター|診療センター|メディカルセンター|循環器病?センター|がんセンター|"
            "母子センター|医科大学|大学(?!生|院)|療養所|保健所|保健センター|健診センター|検診センター|健康管理センター|"
            "画像診断センター|読影センター|テレラジオロジー|PETセンター|CTセンター|画像センター|ドクターネット(?:ワーク)?|メディカルネット(?:ワーク)?|健診プラザ|検診プラザ|健診クリニック|テレラド|訪問看護ステーション|ホスピタル|介護老人保健施設|特別養護老人ホーム|老人ホーム"
        ),
        "近くの⟦さくらクリニック⟧より紹介", "近くの総合病院より紹介",
        place=_named,
    ),
    Rule(
        "institution",
        re.compile(
            "(?:医療|社会福祉|社会医療|特定医療|学校|財団|社団|独立行政|宗教)法人(?:社団|財団)?[ ]?"
            "[一-鿿々ァ-ヴーぁ-ん]{1,10}?(?:会|団|機構|学園|協会)(?![一-鿿])"
        ),
        "⟦医療法人青空会⟧", "法人健診の会",
        signs=("法人",),
    ),
    Rule(
        "institution",
        re.compile(
            "(?:内科|外科|整形外科|脳神経外科|眼科|耳鼻咽喉科|耳鼻科|皮膚科|小児科|産婦人科|婦人科|泌尿器科|胃腸科|循環器科|"
            "歯科|心療内科)(?:医院|クリニック|病院|外科|内科)?"
        ),
        "⟦松本耳鼻咽喉科⟧へ", "総合内科へ",
        signs=("科",), place=_surname_before,
    ),
    Rule(
        "institution",
        re.compile(
            r"(?<![A-Za-z0-9])(?:[A-Z][A-Za-z'.-]+[ ](?:(?:of|the|and|for|de|St\.)[ ])?){1,6}"
            r"(?:Hospital|Clinic|Medical Cent(?:er|re)|Infirmary|University|Health Cent(?:er|re)|Cancer Cent(?:er|re)|"
            r"Hospice|Sanatorium)(?![a-z])"
            r"(?:[ ](?:of[ ])?[A-Z][A-Za-z]+)?(?:[ ](?:Hospital|Clinic|Medical Cent(?:er|re)))?"
        ),
        "seen at ⟦Lakeview General Hospital⟧.", "Outside Hospital; Mayo Clinic classification",
        signs=(
            "Hospital", "Clinic", "Medical Cent", "Infirmary", "University", "Health Cent", "Cancer Cent", "Hospice",
            "Sanatorium",
        ),
        veto=_is_generic_or_scheme,
    ),
)  # fmt: skip
