"""Text search: what is found is exactly what stands there."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.search.case import Case, Report
from services.search.index.case_index import CaseIndex
from services.search.language.folding import fold, fold_text
from services.search.language.highlight import excerpt, segments
from services.search.language.query import CaseQuery, Text, parse_query, parse_text
from services.search.language.tree import TEXT, Contains
from shared.errors import Invalid
from shared.web.access.reach import EVERYTHING
from tests.examples import examples

FINDINGS = "右肺上葉に\n結節影を認める。ｶﾞﾝの疑い。ＣＴ検査 No mass is seen."
ALPHABET = "右肺結節影がガｶﾞ ctCTＣＴa1１\n。"


def case_of(text: str, case_id: str = "1.2.3") -> Case:
    return Case(id=case_id, study_date=20240102, reports=(Report("r", findings=text),))


@pytest.fixture
def index(tmp_path: Path) -> CaseIndex:
    return CaseIndex(tmp_path / "index")


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ("結節", True),
        ("葉に結", True),  # across a line break
        ("がん", True),  # half-width katakana, asked in hiragana
        ("CT検", True),  # full-width letters
        ("右", True),
        ("肺癌", False),
        ("結節 -がん", False),
        ("肺癌 OR ガン", True),
        ("結節 no", True),
        ('"mass is"', True),
        ("massis", False),
        ('"is mass"', False),
        ("", True),
    ],
)
def test_words_are_found_however_they_are_written(index: CaseIndex, asked: str, found: bool) -> None:
    index.update([case_of(FINDINGS)], [], {})

    hits = index.search(parse_query({"q": asked}), EVERYTHING)

    assert hits.total == int(found)


@settings(max_examples=examples(40), deadline=None)
@given(texts=st.lists(st.text(ALPHABET, max_size=12), min_size=1, max_size=5), asked=st.text(ALPHABET, max_size=4))
def test_the_index_finds_exactly_the_cases_whose_folded_text_holds_the_folded_term(
    tmp_path_factory: pytest.TempPathFactory, texts: list[str], asked: str
) -> None:
    index = CaseIndex(tmp_path_factory.mktemp("index"))
    index.update([case_of(text, f"1.{i}") for i, text in enumerate(texts)], [], {})
    term = fold_text(asked)
    expected = {f"1.{i}" for i, text in enumerate(texts) if term and term in fold_text(text)}

    hits = index.search(CaseQuery(text=Text(Contains(TEXT, (term,), asked)) if term else Text(), limit=200), EVERYTHING)

    assert {case.id for case in hits.cases} == (expected if term else {f"1.{i}" for i in range(len(texts))})


@given(text=st.text(max_size=60), term=st.text(min_size=1, max_size=3))
def test_marking_never_changes_the_text(text: str, term: str) -> None:
    pieces = segments(text, [t] if (t := fold_text(term)) else [])

    assert "".join(piece.text for piece in pieces) == text


def test_a_hit_is_marked_where_it_stands_in_the_original() -> None:
    pieces = [s.text for window in excerpt(FINDINGS, parse_text("がん ct検").terms()) for s in window if s.hit]

    assert pieces == ["ｶﾞﾝ", "ＣＴ検"]


@given(text=st.text(max_size=40))
def test_every_folded_character_has_an_origin(text: str) -> None:
    folded = fold(text)

    assert len(folded.text) == len(folded.origins)
    assert all(0 <= start < end <= len(text) for start, end in folded.origins)


@pytest.mark.parametrize(
    ("name", "value"),
    [("date_from", "yesterday"), ("age_to", "-1"), ("limit", "201"), ("has_images", "maybe"), ("colour", "red")],
)
def test_a_wrong_parameter_is_named(name: str, value: str) -> None:
    with pytest.raises(Invalid, match=name):
        parse_query({name: value})
