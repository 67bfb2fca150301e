"""Text on any slice at an end or in the middle of a Series holds it, however the slices arrive."""

from collections.abc import AsyncIterator
from dataclasses import replace
from typing import cast

import pytest

from services.anonymizer.deps import AnonymizerDeps
from services.anonymizer.instances.handler import deidentify_instances
from services.anonymizer.pixels.series_ends import SeriesLooks, Slice, chosen
from services.anonymizer.records import QUARANTINE, SERIES_LOOKS
from shared.blobs import Blobs
from tests.anonymizer.instances.test_handler import deps, received
from tests.anonymizer.pixels.test_burned_in import ct_with

__all__ = ["deps"]
NAME = "SATO KEN 1953"


@pytest.fixture
def searching(deps: AnonymizerDeps) -> AnonymizerDeps:
    return replace(deps, policy=deps.policy._replace(search_pixels=True))


def slices(*with_text: int, count: int = 5) -> list[bytes]:
    return [ct_with(NAME if number in with_text else "", number=number) for number in range(1, count + 1)]


async def held(deps: AnonymizerDeps) -> dict[str, str]:
    page = await deps.documents.find(QUARANTINE, limit=100)
    return {row.blob: row.reason for row in page.documents}


@pytest.mark.parametrize("place", [1, 3, 5])
async def test_text_on_the_first_the_middle_or_the_last_slice_is_held_and_a_replay_holds_it_again(
    searching: AnonymizerDeps, place: int
) -> None:
    event = await received(searching, *slices(place))

    first = await deidentify_instances(event, searching)
    second = await deidentify_instances(event, searching)

    assert await held(searching) == {event.blobs[place - 1]: "burned-in-text-found"}
    assert first == second


async def test_when_text_is_seen_every_slice_of_the_series_is_looked_at_from_then_on(searching: AnonymizerDeps) -> None:
    files = slices(1, 2, 6, count=7)
    earlier, later = await received(searching, *files[:5]), await received(searching, *files[5:])

    await deidentify_instances(earlier, searching)
    await deidentify_instances(later, searching)

    assert set(await held(searching)) == {earlier.blobs[0], earlier.blobs[1], later.blobs[0]}


@pytest.mark.parametrize("order", [(0, 1, 2, 3), (3, 2, 1, 0), (1, 3, 0, 2)])
async def test_slices_that_arrive_one_by_one_are_looked_at_where_the_series_grows(
    searching: AnonymizerDeps, order: tuple[int, ...]
) -> None:
    files = slices(4, count=4)

    for number in order:
        await deidentify_instances(await received(searching, files[number]), searching)

    assert len(await held(searching)) == 1


async def test_a_series_without_text_goes_out_as_if_nobody_had_looked(searching: AnonymizerDeps) -> None:
    event = await received(searching, *slices())

    looked_at = await deidentify_instances(event, searching)
    unseen = await deidentify_instances(
        event, replace(searching, policy=searching.policy._replace(search_pixels=False))
    )

    assert looked_at == unseen
    [row] = (await searching.documents.find(SERIES_LOOKS, limit=9)).documents
    assert (row.low, row.high, row.has_text) == (1, 5, False)
    assert row.series.startswith("2.25.")


async def test_what_cannot_be_decoded_is_held_and_the_others_pass(searching: AnonymizerDeps) -> None:
    files = slices()
    event = await received(searching, files[0][:-40000], *files[1:])

    await deidentify_instances(event, searching)

    assert list(await held(searching)) == [event.blobs[0]]


class Elsewhere:
    """A store whose blobs are no files here."""

    def __init__(self, blobs: Blobs) -> None:
        self._blobs = blobs

    def __getattr__(self, name: str) -> object:
        return (lambda key: None) if name == "local_path" else getattr(self._blobs, name)


@pytest.fixture
async def elsewhere(searching: AnonymizerDeps) -> AsyncIterator[AnonymizerDeps]:
    yield replace(searching, identified=cast("Blobs", Elsewhere(searching.identified)))


async def test_slices_in_a_store_elsewhere_are_looked_at_too(elsewhere: AnonymizerDeps) -> None:
    event = await received(elsewhere, *slices(5))

    await deidentify_instances(event, elsewhere)

    assert list(await held(elsewhere)) == [event.blobs[4]]


def of(*numbers: int) -> list[Slice]:
    return [Slice(f"blob-{number}", "series", number) for number in numbers]


@pytest.mark.parametrize(
    ("numbers", "known", "expected"),
    [
        ((3, 1, 2, 5, 4), None, [1, 3, 5]),
        ((7,), None, [7]),
        (range(201, 301), (1, 200), [300]),
        (range(50, 150), (1, 200), []),
        (range(1, 201), (1, 200), []),
        (range(202), (1, 200), [0, 201]),
        ((201,), (1, 200), []),
        ((260,), (1, 200), [260]),
    ],
)
def test_the_ends_and_the_middle_are_chosen_outside_of_what_was_looked_at(
    numbers: "range | tuple[int, ...]", known: tuple[int, int] | None, expected: list[int]
) -> None:
    looks = SeriesLooks(series="series", low=known[0], high=known[1]) if known else None

    assert [each.number for each in chosen(of(*numbers), looks)] == expected


def test_a_series_that_arrives_slice_by_slice_costs_few_looks() -> None:
    looks: SeriesLooks | None = None
    count = 0

    for number in range(1, 301):
        if chosen(of(number), looks):
            count += 1
            looks = SeriesLooks(series="series", low=1, high=number)

    assert count < 30
