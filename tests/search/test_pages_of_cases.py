"""Pages, orders and facets: each case once, and no count of what is out of reach."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.search.case import Case, Report, Series
from services.search.index.case_index import CaseIndex
from services.search.language.fields import FACETS
from services.search.language.query import ORDERS, page_token, parse_query
from shared.errors import Invalid
from shared.web.access.reach import EVERYTHING, NOTHING, Reach
from tests.examples import examples


@pytest.fixture
def index(tmp_path: Path) -> CaseIndex:
    return CaseIndex(tmp_path / "index")


def case(number: int, date: int = 20240101, site: str = "osaka", **more: object) -> Case:
    series = (Series(f"1.{number}.1", "CT", manufacturer="GE", thickness_mm=1.25, instances=number % 3 + 1),)
    return Case(id=f"1.{number}", study_date=date, site=site, only_site=site, series=series, **more)  # type: ignore[arg-type]


@settings(max_examples=examples(20), deadline=None)
@given(
    dates=st.lists(st.sampled_from([0, 20240101, 20240102]), max_size=9),
    limit=st.integers(1, 4),
    order=st.sampled_from(sorted(ORDERS)),
)
def test_the_pages_of_any_order_hold_each_case_once_and_in_order(
    tmp_path_factory: pytest.TempPathFactory, dates: list[int], limit: int, order: str
) -> None:
    index = CaseIndex(tmp_path_factory.mktemp("index"))
    index.update([case(at, date, age_years=at % 2) for at, date in enumerate(dates)], [], {})
    shown: list[Case] = []
    after = ""
    while True:
        hits = index.search(parse_query({"limit": str(limit), "order": order, "after": after}), EVERYTHING)
        shown += hits.cases
        assert hits.total == len(dates)
        if hits.last is None:
            break
        after = page_token(order, hits.last)

    assert sorted(each.id for each in shown) == sorted(f"1.{at}" for at in range(len(dates)))
    name, is_largest_first = ORDERS[order]
    keys = [{"date": each.study_date, "age": each.age_years, "images": each.instances}[name] for each in shown]
    assert keys == sorted(keys, reverse=is_largest_first)


def test_a_case_that_is_stored_meanwhile_moves_no_page(index: CaseIndex) -> None:
    index.update([case(at, 20240101 + at) for at in range(4)], [], {})
    first = index.search(parse_query({"limit": "2"}), EVERYTHING)
    index.update([case(9, 20241231)], [], {})

    second = index.search(parse_query({"limit": "2", "after": page_token("newest", first.last or 0)}), EVERYTHING)

    assert [each.id for each in (*first.cases, *second.cases)] == ["1.3", "1.2", "1.1", "1.0"]
    assert second.total == 5


@pytest.mark.parametrize("after", ["x", "AAAA", page_token("oldest", 5), page_token("newest", -1)])
def test_a_place_that_no_answer_gave_is_refused(after: str) -> None:
    with pytest.raises(Invalid, match="after"):
        parse_query({"after": after})


def test_facets_count_all_cases_of_the_query_and_none_out_of_reach(index: CaseIndex) -> None:
    made = [case(0), case(1, site="kyushu", sex="F"), case(2, reports=(Report("r", findings="結節"),), age_years=64)]
    index.update(made, [], {})
    query = parse_query({"facets": "all", "limit": "1"})

    of_all = index.search(query, EVERYTHING).facets
    of_osaka = index.search(query, Reach(sites=frozenset({"osaka"}))).facets
    of_none = index.search(query, NOTHING).facets

    assert set(of_all) == set(FACETS)
    assert dict(of_all["site"].values) == {"osaka": 2, "kyushu": 1}
    assert dict(of_all["link"].values) == {"images-only": 2, "linked": 1}
    assert dict(of_all["thickness"].values) == {"1.25": 3}
    assert dict(of_all["age"].values) == {"60": 1}
    assert dict(of_osaka["site"].values) == {"osaka": 2}
    assert dict(of_osaka["sex"].values) == {}
    assert all(not facet.values for facet in of_none.values())


def test_a_facets_value_is_a_filter_that_finds_as_many(index: CaseIndex) -> None:
    made = [case(0), case(1, modalities=("CT", "MR")), case(2, modalities=("MR",))]
    index.update(made, [], {})
    facet = index.search(parse_query({"facets": "modality"}), EVERYTHING).facets["modality"]

    found = {value: index.search(parse_query({"modality": value}), EVERYTHING).total for value, _ in facet.values}

    assert found == dict(facet.values) == {"CT": 1, "MR": 2}


def test_an_answer_without_cases_says_what_each_term_finds(index: CaseIndex) -> None:
    index.update([case(0, reports=(Report("r", findings="結節"),))], [], {})

    tallies = index.tallies(parse_query({"q": "結節 AND -骨折 modality:CT"}), EVERYTHING)

    assert tallies == {"結節": 1, "骨折": 0, "modality:CT": 0}


def test_a_word_that_is_nowhere_within_reach_is_answered_with_words_like_it(index: CaseIndex) -> None:
    index.update([case(0, reports=(Report("r", findings="A nodule is seen, 結節"),))], [], {})
    query = parse_query({"q": "nodlue 結節"})

    assert index.likely(query, EVERYTHING) == {"nodlue": ["nodule"]}
    assert index.likely(query, Reach(sites=frozenset({"kyushu"}))) == {}
