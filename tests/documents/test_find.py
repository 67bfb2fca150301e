"""What every document store finds, compared with a plain reference, and page after page."""

import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
import pytest_asyncio
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from shared.documents import (
    Condition,
    Documents,
    Eq,
    In,
    Order,
    Prefix,
    Put,
    Range,
    Wildcard,
    sqlite_query,
    sqlite_rows,
)
from shared.documents.sqlite import open_sqlite
from shared.errors import Invalid
from tests.documents.records import FED, Item, State
from tests.documents.reference import found
from tests.examples import examples
from tests.servers.mongodb import MongoDB

TEXTS = [
    "", "a", "ab", "abc", "A", "aB", "a*", "a?c", "a[b]c", "[", "]", "^a", "a-c", "\\", "a\\b", "a.c", ".", "$",
    "(a|b)", "{1}", "a+", " a", "a ", "a\nb", "a\n", "_", "%", "'", '"', "é", "e\u0301", "症例", "症", "ｶﾅ", "カナ",
    "\U0001f600", "\uffff", "\ud7ff", "\ue000", "zz", "/", "#x", "&&", "~",
]  # fmt: skip
MODALITIES = ["CT", "MR", "SR", "C*", "[X]", ""]


def _items() -> list[Item]:
    chosen = random.Random(7)
    return [
        Item(
            uid=f"{chosen.choice(TEXTS)}{number}",
            patient=chosen.choice(TEXTS),
            number=chosen.choice([-5, 0, 1, 2, 3, 2**40, -(2**53)]),
            dose=chosen.choice([None, 0.0, -1.5, 0.1, 3.0, 1e300]),
            name=chosen.choice([None, *TEXTS]),
            good=chosen.random() < 0.5,
            state=chosen.choice(list(State)),
            modalities=tuple(chosen.sample(MODALITIES, chosen.randrange(4))),
        )
        for number in range(150)
    ]


ALL = _items()
_texts = st.one_of(st.sampled_from(TEXTS), st.text(st.sampled_from("aAbBc.[]*?^\\$ \n症ｶé-"), max_size=4))
_patterns = st.text(st.sampled_from("*?abcA[]^\\.$\n症é-"), max_size=5)
TINY = 1e-128
"""SecantusDB 0.7.0b3 (sortkey.py: _encode_number) keeps the decimal exponent of an index key in one byte, -128 to 127.
Numbers nearer to zero have the key of those at 1e128 and beyond, so a range that they bound has the wrong end. That
server runs in tests only, and no measure of a patient is so small. `test_a_number_next_to_zero_bounds_a_range` passes
on SQLite and must pass on a real mongod (JMID_TEST_MONGODB)."""
_floats = st.floats(-10, 10).filter(lambda number: number == 0 or abs(number) >= TINY)
_numbers = st.one_of(st.integers(-10, 10), _floats, st.sampled_from([2**40, -(2**53), 1e300, 0.1]))


def _on(
    fields: list[str], values: st.SearchStrategy[str] | st.SearchStrategy[int | float]
) -> st.SearchStrategy[Condition]:
    field = st.sampled_from(fields)
    return st.one_of(
        st.builds(Eq, field, values),
        st.builds(In, field, st.lists(values, max_size=4).map(tuple)),
        st.builds(Range, field, st.none() | values, st.none() | values),
    )


_text_fields = ["patient", "name", "uid", "state", "modalities"]
_conditions = st.one_of(
    _on(_text_fields, _texts),
    _on(["modalities"], st.sampled_from(MODALITIES)),
    _on(["number", "dose", "good"], _numbers),
    st.builds(Prefix, st.sampled_from(_text_fields), _texts),
    st.builds(Wildcard, st.sampled_from(_text_fields), _patterns),
)
_orders = st.lists(
    st.builds(Order, st.sampled_from(["patient", "number", "dose", "name", "good", "state", "uid"]), st.booleans()),
    max_size=3,
    unique_by=lambda order: order.field,
)


@pytest_asyncio.fixture
async def filled(documents: Documents) -> AsyncIterator[Documents]:
    await documents.declare(FED)
    await documents.write(*[Put(FED, item) for item in (*ALL, Item("gone", "a"))])
    await documents.delete(FED, "gone")
    yield documents


@given(where=st.lists(_conditions, max_size=3), order=_orders, limit=st.integers(1, 60), offset=st.integers(0, 40))
@settings(max_examples=examples(100), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
async def test_find_is_what_the_reference_finds(
    filled: Documents, where: list[Condition], order: list[Order], limit: int, offset: int
) -> None:
    expected = found(ALL, where, order)

    page = await filled.find(FED, *where, order=order, limit=limit, offset=offset)

    assert page.documents == expected[offset : offset + limit]
    assert (page.next is not None) == (len(expected) > offset + limit)
    assert await filled.count(FED, *where) == len(expected)
    if page.next is not None:
        following = await filled.find(FED, *where, order=order, limit=limit, after=page.next)
        assert following.documents == expected[offset + limit : offset + 2 * limit]


@pytest.mark.parametrize("tiny", [3.57e-204, -3.57e-204, 5e-324])
async def test_a_number_next_to_zero_bounds_a_range(
    filled: Documents, request: pytest.FixtureRequest, tiny: float
) -> None:
    if "mongo" in request.node.name and isinstance(request.getfixturevalue("mongodb"), MongoDB):
        reason = "SecantusDB gives numbers nearer to zero than 1e-128 a wrong index key (see TINY)"
        request.applymarker(pytest.mark.xfail(strict=True, reason=reason))

    for where in ([Range("dose", tiny, None)], [Range("dose", None, tiny)], [Range("dose", -tiny, tiny)]):
        assert (await filled.find(FED, *where, limit=200)).documents == found(ALL, where, ())
        assert await filled.count(FED, *where) == len(found(ALL, where, ()))


async def test_wildcards_stand_for_any_characters_and_nothing_else_does(filled: Documents) -> None:
    more = ["a?", "a??", "*\n", "a\\*", "a[b]*", "[*", "*]", "症?", "?", "a*?c", "**", "*b*", "?*", "*é", "e?"]

    for pattern in [*TEXTS, *more]:
        for field in ("name", "modalities"):
            where = [Wildcard(field, pattern)]
            page = await filled.find(FED, *where, limit=200)
            assert page.documents == found(ALL, where, ())


ORDERS = [
    (),
    (Order("uid", True),),
    (Order("patient"),),
    (Order("patient", True),),
    (Order("dose"),),
    (Order("dose", True),),
    (Order("name", True), Order("number")),
    (Order("state"), Order("number"), Order("uid", True)),
]


async def test_pages_follow_each_other_without_gap_or_repetition(filled: Documents) -> None:
    for order in ORDERS:
        seen, after = list[Item](), None
        while True:
            page = await filled.find(FED, order=order, limit=17, after=after)
            seen += page.documents
            after = page.next
            if after is None:
                break

        assert seen == found(ALL, (), order)


async def test_pages_stay_in_step_while_records_come_and_go(filled: Documents) -> None:
    order = (Order("patient"),)
    first = await filled.find(FED, order=order, limit=50)
    behind, ahead = first.documents[10], found(ALL, (), order)[100]

    await filled.delete(FED, behind.uid)
    await filled.delete(FED, ahead.uid)
    await filled.put(FED, Item("0new", patient=first.documents[0].patient))
    rest = await filled.find(FED, order=order, limit=500, after=first.next)

    assert rest.documents == [item for item in found(ALL, (), order)[50:] if item != ahead]


async def test_every_yields_all_pages_in_order(filled: Documents) -> None:
    where, order = (Range("number", 0),), (Order("patient"),)

    yielded = [each async for each in filled.every(FED, *where, order=order, page_size=7)]

    assert yielded == found(ALL, where, order)
    assert len(yielded) > 7


@asynccontextmanager
async def filled_sqlite(folder: Path) -> AsyncIterator[Documents]:
    async with open_sqlite(folder / "documents.sqlite") as documents:
        await documents.declare(FED)
        await documents.write(*[Put(FED, item) for item in ALL])
        yield documents


@pytest.mark.parametrize("common", [1, 20, 1000])
async def test_sqlite_finds_the_same_however_common_a_value_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, common: int
) -> None:
    monkeypatch.setattr(sqlite_query, "COMMON", common)
    async with filled_sqlite(tmp_path) as documents:
        for asked in (Eq("modalities", "CT"), In("modalities", ("CT", "", "no")), Prefix("modalities", "C")):
            for where in ([asked], [asked, Eq("good", 1)], [asked, Eq("modalities", "MR")]):
                for order in ((), (Order("patient", True),), (Order("dose"),)):
                    page = await documents.find(FED, *where, order=order, limit=20, offset=3)
                    rest = await documents.find(FED, *where, order=order, limit=200, after=page.next)

                    expected = found(ALL, where, order)
                    assert page.documents == expected[3:23]
                    assert rest.documents == (expected[23:] if page.next else expected)
                    assert await documents.count(FED, *where) == len(expected)


@pytest.mark.parametrize("joins", [True, False])
async def test_sqlite_answers_the_same_where_it_cannot_join_rows(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, joins: bool
) -> None:
    monkeypatch.setattr(sqlite_rows, "JOINS", joins)
    async with filled_sqlite(tmp_path) as documents:
        await documents.delete(FED, ALL[3].uid)

        page = await documents.find(FED, order=[Order("patient")], limit=200)
        none = await documents.find(FED, Eq("patient", "nobody"))
        changes = await documents.changes(FED, limit=200)

        assert page.documents == found([item for item in ALL if item != ALL[3]], (), [Order("patient")])
        assert none.documents == []
        assert await documents.get_many(FED, [item.uid for item in ALL[:3]]) == {item.uid: item for item in ALL[:3]}
        assert [change.key for change in changes] == [item.uid for item in ALL if item != ALL[3]] + [ALL[3].uid]
        assert changes[-1].document is None


async def test_a_page_far_from_the_start_is_the_same_as_by_counting(filled: Documents) -> None:
    for descending in (False, True):
        order = (Order("patient", descending),)
        expected = found(ALL, (), order)
        for offset in (70, 74, 75, 76, 120, 141, 149, 150, 151, 400):
            page = await filled.find(FED, order=order, limit=10, offset=offset)

            assert page.documents == expected[offset : offset + 10]
            assert (page.next is not None) == (len(expected) > offset + 10)


async def test_a_token_that_is_not_ours_is_invalid(filled: Documents) -> None:
    for token in ("", "x", "!!!", "gA", "kwECAw", "症例"):
        with pytest.raises(Invalid, match="bad-page-token"):
            await filled.find(FED, order=[Order("patient")], after=token)


async def test_what_gives_no_order_or_no_comparison_is_refused(filled: Documents) -> None:
    for order in (Order("modalities"), Order("body")):
        with pytest.raises(ValueError):
            await filled.find(FED, order=[order])
    for condition in (
        Eq("number", "1"),
        Eq("patient", 1),
        Prefix("number", "1"),
        Wildcard("dose", "*"),
        Range("name", 1),
    ):
        with pytest.raises(ValueError):
            await filled.find(FED, condition)
        with pytest.raises(ValueError):
            await filled.count(FED, condition)
