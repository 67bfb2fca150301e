"""The query language: what is typed, how it is understood, and that the index finds exactly that."""

import re
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.search.case import Case, Report, Series
from services.search.follow.stated import with_findings
from services.search.index.case_index import CaseIndex
from services.search.index.document import document_of
from services.search.language.folding import fold, fold_text
from services.search.language.grammar import read
from services.search.language.query import CaseQuery, parse_query, parse_text
from services.search.language.tree import holds
from services.search.language.variants import VARIANTS
from shared.errors import Invalid
from shared.web.access.reach import EVERYTHING
from tests.examples import examples

CASE = with_findings(
    Case(
        id="1.2.840.1",
        study_instance_uid="1.2.840.1",
        study_date=20240531,
        age_years=64,
        sex="F",
        site="osaka",
        patient_id="ab12cd34ef",
        accession_number="acc-000123",
        modalities=("CT",),
        body_parts=("CHEST",),
        description="胸部CT",
        series=(
            Series(
                "1.2.840.1.1",
                "CT",
                manufacturer="Canon Medical Systems, Corp.",
                model="Aquilion ONE",
                kernel="FC13",
                thickness_mm=1.25,
                kvp=120.0,
                instances=300,
                contrast=True,
            ),
        ),
        reports=(
            Report(
                "r1",
                findings="右肺上葉に12mm大の結節を認める。頸部リンパ節の腫大なし。肺ガンの疑い。ＣＴ検査 No mass.",
                impression="肺癌",
            ),
        ),
    )
)


DOCS = Path(__file__).parents[2] / "docs" / "search.md"
EXAMPLES = re.findall(r"^\| `(.+?)` \|.*\| (yes|no) \|$", DOCS.read_text(), re.MULTILINE)


@pytest.mark.parametrize(
    ("asked", "is_found"),
    [
        *((asked, answer == "yes") for asked, answer in EXAMPLES),
        ("結節", True),
        ("結節 腫大", True),
        ("結節 AND 骨折", False),
        ("結節 OR 骨折", True),
        ("骨折 OR 梗塞 結節", False),
        ("結節 OR 骨折 AND 梗塞", True),
        ("結節 -骨折", True),
        ("結節 NOT 腫大", False),
        ("結節 －腫大", False),
        ("(骨折 OR 結節) AND (mass OR 梗塞)", True),
        ("NOT (骨折 OR 結節)", False),
        ('"no mass"', True),
        ('"mass no"', False),
        ("「右肺上葉」", True),
        ("12mm", True),
        ("12 mm", True),
        ("１２　㎜", True),
        ("2mm", False),
        ("12m", False),
        ("mas", False),
        ("mas*", True),
        ("*ss", True),
        ("m*s", True),
        ("n*s", False),
        ("結*", True),
        ("頚部", True),
        ("頸部", True),
        ("肺がん", True),
        ("ct検査", True),
        ("所見:結節", True),
        ("所見:肺癌", True),
        ('所見:"肺癌"', False),
        ("impression:肺癌", True),
        ("modality:ct", True),
        ("modality:MR,CT", True),
        ("modality:(MR OR CT)", True),
        ("modality:C*", True),
        ("-modality:CT", False),
        ("age:60-70", True),
        ("age:>64", False),
        ("年齢:>=64歳", True),
        ("thickness:<=1.25mm", True),
        ("thickness:0.125cm", True),
        ("kvp:100..120", True),
        ("date:2024", True),
        ("date:2024-05", True),
        ("date:2024-06..", False),
        ("date:2023-12..2024-05-31", True),
        ("maker:canon", True),
        ("model:one", True),
        ("contrast:yes", True),
        ("has_report:いいえ", False),
        ("patient:ab12cd34ef", True),
        ("ab12cd34ef", True),
        ("acc-000123", True),
        ("uid:1.2.840.1.1", True),
        ("1.2.840.1.1", True),
        ("1.2.840.1.2", False),
        ("link:linked", True),
        ("images:>=300", True),
    ],
)
def test_a_query_finds_what_it_says_in_the_index_and_in_the_plain_reference(
    tmp_path: Path, asked: str, is_found: bool
) -> None:
    index = CaseIndex(tmp_path / "index")
    index.update([CASE], [], {})
    query = parse_query({"q": asked})

    assert query.text.notes == ()
    assert holds(query.text.tree, document_of(CASE)) is is_found
    assert index.search(query, EVERYTHING).total == int(is_found)


WORDS = [
    "結節",
    "がん",
    "癌",
    "12 mm",
    "2mm",
    "mass",
    "m*s",
    "*節",
    "右*影",
    '"no mass"',
    "modality:CT",
    "age:>40",
    "T2(FLAIR)",
]
WORDS += ["T2(FLAIR)", "acc-000123"]
TEXTS = ["結節 12mm", "肺がん no mass", "右肺の影", "2 mm massive", "癌なし", "T2 (flair)", ""]
QUERIES = st.recursive(
    st.sampled_from(WORDS),
    lambda inner: st.one_of(
        st.tuples(inner, st.sampled_from([" ", " OR ", " AND "]), inner).map("".join),
        inner.map(lambda text: f"({text})"),
        inner.map(lambda text: f"-({text})"),
    ),
    max_leaves=8,
)


@settings(max_examples=examples(60), deadline=None)
@given(
    asked=QUERIES,
    cases=st.lists(st.tuples(st.sampled_from(TEXTS), st.sampled_from([-1, 40, 41]), st.sampled_from(["CT", "MR"]))),
)
def test_the_index_finds_exactly_what_the_plain_reference_finds(
    tmp_path_factory: pytest.TempPathFactory, asked: str, cases: list[tuple[str, int, str]]
) -> None:
    made = [
        Case(id=f"1.{at}", age_years=age, modalities=(modality,), reports=(Report(f"r{at}", findings=text),))
        for at, (text, age, modality) in enumerate(cases)
    ]
    index = CaseIndex(tmp_path_factory.mktemp("index"))
    index.update(made, [], {})
    text = parse_text(asked)

    found = index.search(CaseQuery(text=text, limit=200), EVERYTHING)

    assert {case.id for case in found.cases} == {c.id for c in made if holds(text.tree, document_of(c))}


@settings(max_examples=examples(200), deadline=None)
@given(asked=QUERIES)
def test_what_was_understood_is_read_as_the_same(asked: str) -> None:
    text = parse_text(asked)

    assert parse_text(text.understood()).understood() == text.understood()


@settings(max_examples=examples(300), deadline=None)
@given(asked=st.text('結節a1 ()"-:*OR ANDNOT「」（）：age', max_size=40))
def test_nothing_that_is_typed_is_a_crash(asked: str) -> None:
    read(asked)


@pytest.mark.parametrize(
    ("asked", "understood", "position", "word"),
    [
        ("(結節 OR 骨折", "結節 OR 骨折", 1, "bracket"),
        ("結節) 骨折", "結節 AND 骨折", 3, "bracket"),
        ("結節 ()", "結節", 4, "nothing"),
        ('"no mass', '"no mass"', 1, "quote"),
        ("結節 OR", "結節", 4, "OR"),
        ("AND 結節", "結節", 1, "AND"),
        ("結節 NOT", "結節", 4, "NOT"),
        ("ratio:3 結節", "ratio:3 AND 結節", 1, "ratio"),
        ("* 結節", "結節", 1, "*"),
    ],
)
def test_what_is_odd_is_said_with_its_position_and_the_rest_is_answered(
    asked: str, understood: str, position: int, word: str
) -> None:
    text = parse_text(asked)

    assert text.understood() == understood
    assert [(note.position, note.is_wrong) for note in text.notes] == [(position, False)]
    assert word in text.notes[0].text


@pytest.mark.parametrize(
    ("asked", "word"),
    [
        ("age:old", "age"),
        ("date:yesterday", "date"),
        ("modality:", "modality"),
        ("contrast:maybe", "contrast"),
        ("thickness:5kg", "thickness"),
        ("(" * 41 + "a", "brackets"),
        ("a" * 2001, "2001"),
    ],
)
def test_what_cannot_be_answered_is_refused_with_the_reason(asked: str, word: str) -> None:
    with pytest.raises(Invalid, match=word):
        parse_query({"q": asked})


def test_a_query_in_quotes_or_without_synonyms_is_not_widened() -> None:
    widened, quoted = parse_text("肺癌").terms(), parse_text('"肺癌"').terms()
    bare = parse_text("肺癌", synonyms=False).terms()

    assert widened == ("肺癌", "肺ガン")
    assert bare == quoted == ("肺癌",)


@settings(max_examples=examples(500), deadline=None)
@given(text=st.text(max_size=40))
def test_a_text_is_folded_alike_with_and_without_places(text: str) -> None:
    assert fold(text).text == fold_text(text)


def test_no_form_of_a_kanji_is_folded_to_one_that_is_folded_itself() -> None:
    assert not VARIANTS.keys() & set(VARIANTS.values())


def test_the_page_of_the_language_has_its_examples() -> None:
    assert len(EXAMPLES) > 30
