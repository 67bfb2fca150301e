"""Text on any slice at an end or in the middle of a Series holds it, however the slices arrive."""

from asyncio import gather
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from hashlib import sha256
from io import BytesIO
from typing import Any, cast

import pydicom
import pytest

from services.anonymizer.deps import AnonymizerDeps
from services.anonymizer.instances.handler import deidentify_instances
from services.anonymizer.pixels.series_ends import SeriesLooks, Slice, chosen
from services.anonymizer.pixels.series_slices import with_text
from services.anonymizer.pseudonyms.vault_entries import Written
from services.anonymizer.records import QUARANTINE, SERIES_LOOKS
from shared.blobs import Blobs
from shared.events import InstancesDeidentified
from tests.anonymizer.instances.test_handler import deps, of_type, received
from tests.anonymizer.pixels.test_burned_in import ct_with

__all__ = ["deps"]
NAME = "SATO KEN 1953"


@pytest.fixture
def searching(deps: AnonymizerDeps) -> AnonymizerDeps:
    return replace(deps, policy=deps.policy._replace(search_pixels=True))


def slices(*with_text: int, count: int = 9) -> list[bytes]:
    return [ct_with(NAME if number in with_text else "", number=number) for number in range(1, count + 1)]


async def held(deps: AnonymizerDeps) -> dict[str, str]:
    page = await deps.documents.find(QUARANTINE, limit=100)
    return {row.blob: row.reason for row in page.documents}


@pytest.mark.parametrize("place", [1, 5, 9])
async def test_text_on_the_first_the_middle_or_the_last_slice_is_held_and_a_replay_holds_it_again(
    searching: AnonymizerDeps, place: int
) -> None:
    event = await received(searching, *slices(place))

    first = await deidentify_instances(event, searching)
    second = await deidentify_instances(event, searching)

    assert await held(searching) == {event.blobs[place - 1]: "burned-in-text-found"}
    assert first == second


async def test_when_text_is_seen_every_slice_of_the_series_is_looked_at_from_then_on(searching: AnonymizerDeps) -> None:
    files = slices(1, 2, 12, count=20)
    earlier, later = await received(searching, *files[:10]), await received(searching, *files[10:])

    await deidentify_instances(earlier, searching)
    await deidentify_instances(later, searching)

    assert set(await held(searching)) == {earlier.blobs[0], earlier.blobs[1], later.blobs[1]}


@pytest.mark.parametrize("order", [(0, 1, 2, 3), (3, 2, 1, 0), (1, 3, 0, 2)])
@pytest.mark.parametrize("place", [1, 2, 3, 4])
async def test_text_on_any_one_slice_is_held_where_slices_arrive_one_by_one_at_two_processes(
    searching: AnonymizerDeps, order: tuple[int, ...], place: int
) -> None:
    processes = [replace(searching, written=Written()) for _ in range(2)]
    files = slices(place, count=4)

    for turn, number in enumerate(order):
        process = processes[turn % 2]
        await deidentify_instances(await received(process, files[number]), process)

    assert await held(searching) == {sha256(files[place - 1]).hexdigest(): "burned-in-text-found"}


@pytest.mark.parametrize("place", [1, 18])
async def test_text_at_an_end_is_held_where_two_processes_take_a_series_at_once(
    searching: AnonymizerDeps, place: int
) -> None:
    processes = [replace(searching, written=Written()) for _ in range(2)]
    files = slices(place, count=18)
    shares = [await received(searching, *files[turn::2]) for turn in range(2)]

    told = await gather(*map(deidentify_instances, shares, processes))

    assert await held(searching) == {sha256(files[place - 1]).hexdigest(): "burned-in-text-found"}
    left = [each for events in told for event in of_type(events, InstancesDeidentified) for each in event.instances]
    outputs = [pydicom.dcmread(BytesIO(await searching.deidentified.get(each.blob))) for each in left]
    assert len(outputs) == 17
    for output in outputs:  # what a look at other slices says is not said of this one
        assert "113101" not in [each.CodeValue for each in output.DeidentificationMethodCodeSequence]
        assert "BurnedInAnnotation" not in output


@pytest.mark.parametrize("place", [1, 9])
async def test_text_at_an_end_is_held_where_slices_wait_for_a_look_one_by_one(
    searching: AnonymizerDeps, place: int
) -> None:
    files, looks = slices(place), 0
    events = [await received(searching, data) for data in files]

    async def counted(function: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Any:
        nonlocal looks
        looks += function is with_text
        return function(*args, **kwargs)

    counting = replace(searching, cpu=counted)
    await gather(*(deidentify_instances(event, counting) for event in events))

    assert await held(searching) == {sha256(files[place - 1]).hexdigest(): "burned-in-text-found"}
    assert looks < len(files)


@pytest.mark.parametrize("place", [1, 2, 3])
async def test_text_on_any_slice_of_a_derived_series_is_held(searching: AnonymizerDeps, place: int) -> None:
    kind = "DERIVED\\PRIMARY\\ADC"
    files = [ct_with(NAME if number == place else "", kind, number) for number in (1, 2, 3)]
    event = await received(searching, *files)

    await deidentify_instances(event, searching)

    assert await held(searching) == {event.blobs[place - 1]: "burned-in-text-found"}


async def test_the_last_of_many_slices_without_numbers_is_looked_at_in_every_batch(searching: AnonymizerDeps) -> None:
    files = [ct_with("", number=0, uid=f"1.2.3.{each}") for each in range(16)]
    files = sorted(files, key=lambda data: sha256(data).hexdigest())
    earlier, later = await received(searching, *files[:8]), await received(searching, *files[8:])
    looks: list[str] = []

    async def watched(function: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Any:
        if function is with_text:
            looks.extend(key for key, _ in args[0])
        return function(*args, **kwargs)

    for event in (earlier, later):
        await deidentify_instances(event, replace(searching, cpu=watched))

    assert len(looks) == 5
    assert {later.blobs[0], later.blobs[-1]} <= set(looks)


async def test_a_series_without_text_goes_out_as_if_nobody_had_looked(searching: AnonymizerDeps) -> None:
    event = await received(searching, *slices())

    looked_at = await deidentify_instances(event, searching)
    unseen = await deidentify_instances(
        event, replace(searching, policy=searching.policy._replace(search_pixels=False))
    )

    assert looked_at == unseen
    [row] = (await searching.documents.find(SERIES_LOOKS, limit=9)).documents
    assert (row.low, row.high, row.has_text) == (1, 9, False)
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
    event = await received(elsewhere, *slices(9))

    await deidentify_instances(event, elsewhere)

    assert list(await held(elsewhere)) == [event.blobs[8]]


def of(*numbers: int) -> list[Slice]:
    return [Slice(f"blob-{number}", "series", number) for number in numbers]


@pytest.mark.parametrize(
    ("numbers", "known", "expected"),
    [
        (range(1, 10), None, [1, 5, 9]),
        ((3, 1, 2, 5, 4), None, [1, 2, 3, 4, 5]),
        ((7,), None, [7]),
        (range(201, 301), (1, 200), [300]),
        (range(50, 150), (1, 200), []),
        (range(1, 201), (1, 200), [1, 200]),
        (range(202), (1, 200), [0, 201]),
        ((201,), (1, 200), [201]),
        ((100,), (1, 200), [100]),
    ],
)
def test_the_ends_and_the_middle_are_chosen_outside_of_what_was_looked_at(
    numbers: "range | tuple[int, ...]", known: tuple[int, int] | None, expected: list[int]
) -> None:
    looks = SeriesLooks(series="series", low=known[0], high=known[1]) if known else None

    assert [each.number for each in chosen(of(*numbers), looks)] == expected


@pytest.mark.parametrize(
    ("numbers", "known", "expected"),
    [
        ((2, 3, 4), (1, 1), [4]),
        ((3, 1, 2), (2, 2), [1, 3]),
        ((7,), None, [7]),
        ((7,), (1, 5), [7]),
        ((3,), (1, 5), []),
    ],
)
def test_a_few_that_arrived_with_others_are_part_of_a_larger_batch(
    numbers: tuple[int, ...], known: tuple[int, int] | None, expected: list[int]
) -> None:
    looks = SeriesLooks(series="series", low=known[0], high=known[1]) if known else None

    assert [each.number for each in chosen(of(*numbers), looks, beside=7)] == expected
