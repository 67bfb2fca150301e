"""Receipts count what is kept, whoever writes at the same moment and whatever a kill leaves behind, on both stores."""

import asyncio
import hashlib
import time
import uuid
from collections.abc import AsyncIterator, Sequence
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Any

import msgspec
import pytest
import pytest_asyncio

from services.ingest.deps import IngestDeps
from services.ingest.receipts import counting, handlers, ledger, records
from services.ingest.receipts.counting import count_some, repair
from services.ingest.receipts.ledger import recount
from services.ingest.receipts.outbox import is_published_in_time, oldest_unpublished_s, release_some
from services.ingest.receipts.receiving import Content, new_receipt, receive, reject
from services.ingest.receipts.records import Arrival, Receipt, Uncounted
from services.ingest.settings import IngestSettings
from shared.blobs.local import open_local
from shared.bus.journal import open_journal
from shared.documents import Documents
from shared.documents.mongo import open_mongo
from shared.documents.sqlite import open_sqlite
from shared.errors import Invalid
from shared.events import Delivered, InputDeidentified, InputRefused
from shared.set_aside import SET_ASIDE
from tests.ingest.conftest import here


@pytest_asyncio.fixture(params=["sqlite", pytest.param("mongo", marks=pytest.mark.servers)])
async def documents(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Documents]:
    opening: AbstractAsyncContextManager[Documents]
    if request.param == "sqlite":
        opening = open_sqlite(tmp_path / "documents.sqlite")
    else:
        opening = open_mongo(request.getfixturevalue("mongodb").uri, f"test_{uuid.uuid4().hex}", driver="motor")
    async with opening as opened:
        await opened.declare(SET_ASIDE, *records.COLLECTIONS)
        yield opened


@pytest_asyncio.fixture
async def deps(documents: Documents, tmp_path: Path) -> AsyncIterator[IngestDeps]:
    async with open_local(tmp_path / "blobs") as blobs, open_journal(tmp_path / "bus.sqlite") as bus:
        yield IngestDeps(IngestSettings(), documents, blobs, bus, "a", tmp_path, tmp_path, here)


def contents(count: int) -> list[Content]:
    return [Content(f"content {number}".encode()) for number in range(count)]


async def told(deps: IngestDeps, receipt: Receipt) -> Receipt:
    found = await deps.documents.get(records.RECEIPTS, receipt.id)
    assert found is not None
    return found


async def blobs_of(deps: IngestDeps) -> list[str]:
    return [each.blob for each in (await deps.documents.find(records.ARRIVALS, limit=1000)).documents]


async def test_the_same_content_sent_at_once_is_received_once(deps: IngestDeps) -> None:
    receipts = [new_receipt(deps, "stow", "instances") for _ in range(6)]

    await asyncio.gather(*(receive(deps, receipt, contents(8)) for receipt in receipts))

    kept = [await told(deps, receipt) for receipt in receipts]
    assert sum(each.received for each in kept) == 8
    assert sum(each.duplicates for each in kept) == 5 * 8
    owners = {each.receipt_id for each in (await deps.documents.find(records.ARRIVALS)).documents}
    assert {each.id for each in kept if each.received} == owners


async def test_answers_that_come_at_once_are_all_counted(deps: IngestDeps) -> None:
    receipt = new_receipt(deps, "stow", "instances")
    await receive(deps, receipt, contents(40))
    blobs = await blobs_of(deps)
    about: dict[str, Any] = {"correlation_id": receipt.id, "site": "a", "receipt_id": receipt.id}
    good = [InputDeidentified.first(blob, **about, blobs=(blob,)) for blob in blobs[:30]]
    bad = [InputRefused.first(blob, **about, reasons={blob: "burned-in"}) for blob in blobs[30:]]

    await asyncio.gather(
        *(handlers.input_deidentified(event, deps) for event in good),
        *(handlers.input_refused(event, deps) for event in bad),
        receive(deps, receipt, [Content(b"one more")]),
    )

    kept = await told(deps, receipt)
    assert (kept.received, kept.deidentified, kept.refused, kept.reasons) == (41, 30, 10, {"burned-in": 10})


async def test_what_was_refused_is_taken_over_when_it_is_sent_again(deps: IngestDeps) -> None:
    first, second = (new_receipt(deps, "stow", "instances") for _ in range(2))
    await receive(deps, first, contents(1))
    (blob,) = await blobs_of(deps)
    about: dict[str, Any] = {"correlation_id": first.id, "site": "a", "receipt_id": first.id}
    await handlers.input_refused(InputRefused.first("1", **about, reasons={blob: "burned-in"}), deps)

    await receive(deps, second, contents(1))

    arrival = await deps.documents.get(records.ARRIVALS, blob)
    assert arrival is not None
    assert (arrival.receipt_id, arrival.state, arrival.published) == (second.id, "received", "no")
    assert (await told(deps, second)).received == 1


async def test_a_rejection_is_counted_whatever_else_is_written(deps: IngestDeps) -> None:
    receipt = new_receipt(deps, "stow", "instances")
    broken = [f"broken {number}".encode() for number in range(5)]

    await asyncio.gather(*(reject(deps, receipt, data, Invalid("not-dicom", "no")) for data in broken))

    kept = await told(deps, receipt)
    assert (kept.rejected, kept.reasons, kept.state) == (5, {"not-dicom": 5}, "rejected")


@pytest.mark.parametrize("lost", ["the receipt", "its last writing"])
async def test_a_kill_between_arrivals_and_receipt_is_healed(deps: IngestDeps, lost: str) -> None:
    receipt = new_receipt(deps, "stow", "instances")
    await receive(deps, receipt, contents(3))
    torn = msgspec.structs.replace(await told(deps, receipt), received=1)
    if lost == "the receipt":
        await deps.documents.delete(records.RECEIPTS, receipt.id)
    else:
        await deps.documents.put(records.RECEIPTS, torn)
    arrivals: list[Arrival] = (await deps.documents.find(records.ARRIVALS)).documents

    await repair(deps, arrivals)

    assert (await told(deps, receipt)).received == 3


class Costs:
    """Counts what a store is asked for: the records that are counted or read, one by one."""

    def __init__(self, documents: Documents, monkeypatch: pytest.MonkeyPatch) -> None:
        self.records = 0
        count, find = documents.count, documents.find_page

        async def counted(*where: Any) -> int:
            counted = await count(*where)
            self.records += counted
            return counted

        async def found(*asked: Any) -> Any:
            page = await find(*asked)
            self.records += len(page.documents)
            return page

        monkeypatch.setattr(documents, "count", counted)
        monkeypatch.setattr(documents, "find_page", found)


async def cost_of(deps: IngestDeps, costs: Costs, name: str, size: int, batch: int = 4) -> Receipt:
    """Take a receipt of so many contents, and one rejected for each batch, all the way to delivered."""
    costs.records = 0
    receipt = new_receipt(deps, "stow", "instances")
    datas = [f"{name} {number}".encode() for number in range(size)]
    for start in range(0, size, batch):
        await receive(deps, receipt, [Content(data) for data in datas[start : start + batch]])
        await reject(deps, receipt, f"bad {name} {start}".encode(), Invalid("not-dicom"))
    about: dict[str, Any] = {"correlation_id": receipt.id, "site": "a", "receipt_id": receipt.id}
    for start in range(0, size, batch):
        own_blobs = tuple(hashlib.sha256(data).hexdigest() for data in datas[start : start + batch])
        await repair(deps, list((await deps.documents.get_many(records.ARRIVALS, own_blobs)).values()))
        known_as = {blob: f"1.2.{blob[:8]}" for blob in own_blobs}
        done = InputDeidentified.first(own_blobs[0], **about, blobs=own_blobs, known_as=known_as)
        await handlers.input_deidentified(done, deps)
        held = Delivered.first(own_blobs[0], **about, instances=0, reports=0, confirmed=tuple(known_as.values()))
        await handlers.delivered(held, deps)
    await count_some(deps, time.time() + 3600)
    return await told(deps, receipt)


async def test_a_long_receipt_costs_what_its_contents_do(deps: IngestDeps, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(counting, "AT_ONCE", 10)
    costs = Costs(deps.documents, monkeypatch)

    short = await cost_of(deps, costs, "short", 40)
    of_short = costs.records
    long = await cost_of(deps, costs, "long", 160)
    of_long = costs.records

    for receipt, size in ((short, 40), (long, 160)):
        told = (receipt.received, receipt.deidentified, receipt.delivered_instances, receipt.rejected)
        assert told == (size, size, size, size // 4)
        assert receipt.state == "partly-delivered"
    assert of_long < 5 * of_short  # four times the contents; the square would be sixteen times


async def test_a_note_that_comes_while_a_receipt_is_counted_is_counted_next(
    deps: IngestDeps, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(counting, "AT_ONCE", 0)
    receipt = new_receipt(deps, "stow", "instances")
    await receive(deps, receipt, contents(3))
    noted = list[int]()

    async def interrupted(*args: Any) -> Receipt:
        counted = await recount(*args)
        if not noted:
            noted.append(1)
            await counting.note_changed(deps, await told(deps, receipt), 0)
            await deps.documents.put(records.UNCOUNTED, Uncounted(receipt.id, 9, 3, 0.0))
        return counted

    monkeypatch.setattr(counting, "recount", interrupted)
    await counting.note_changed(deps, await told(deps, receipt), 3)

    (row,) = await deps.documents.find_all(records.UNCOUNTED)
    assert row.contents == 6
    assert await count_some(deps, time.time()) == 1
    assert (await deps.documents.find_all(records.UNCOUNTED))[0].contents == 0


async def test_counting_again_changes_nothing(deps: IngestDeps) -> None:
    receipt = new_receipt(deps, "stow", "instances")
    await receive(deps, receipt, [*contents(3), *contents(2)])
    before = await deps.documents.get_versioned(records.RECEIPTS, receipt.id)

    await recount(deps, receipt)

    assert await deps.documents.get_versioned(records.RECEIPTS, receipt.id) == before


async def test_an_arrival_that_waits_too_long_to_be_published_is_named(deps: IngestDeps) -> None:
    before = await is_published_in_time(deps)
    await receive(deps, new_receipt(deps, "stow", "instances"), contents(1))
    (arrival,) = (await deps.documents.find(records.ARRIVALS)).documents

    await deps.documents.put(records.ARRIVALS, msgspec.structs.replace(arrival, at=arrival.at - 3600))

    assert (before, await oldest_unpublished_s(deps) // 60) == ("ok", 60)
    assert (await is_published_in_time(deps)).startswith("an arrival waits for 36")


async def test_the_last_content_of_a_receipt_costs_what_the_first_does(
    deps: IngestDeps, monkeypatch: pytest.MonkeyPatch
) -> None:
    def count(*_: object) -> int:
        raise AssertionError("what came before is counted once more")

    receipt = new_receipt(deps, "dimse", "instances")
    monkeypatch.setattr(deps.documents, "count", count)

    for content in contents(5):
        await receive(deps, receipt, [content])

    assert (await told(deps, receipt)).received == 5


async def test_a_receipt_names_some_of_the_receipts_that_it_repeats(
    deps: IngestDeps, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ledger, "MOST_NAMED", 2)
    for content in contents(4):
        await receive(deps, new_receipt(deps, "dimse", "instances"), [content])
    again = new_receipt(deps, "dimse", "instances")

    await receive(deps, again, contents(4))

    kept = await told(deps, again)
    assert (kept.duplicates, len(kept.duplicate_of)) == (4, 2)


async def deidentified(deps: IngestDeps, receipt: Receipt) -> dict[str, str]:
    """Let the anonymizer say of every content of a receipt what it became; return names by blob."""
    mine = [each for each in (await deps.documents.find(records.ARRIVALS)).documents if each.receipt_id == receipt.id]
    names = {each.blob: f"2.25.{number}" for number, each in enumerate(mine)}
    about: dict[str, Any] = {"correlation_id": receipt.id, "site": "a", "receipt_id": receipt.id}
    await handlers.input_deidentified(InputDeidentified.first("1", **about, blobs=tuple(names), known_as=names), deps)
    return names


def answer(receipt: Receipt, confirmed: Sequence[str], **failed: str) -> Delivered:
    about: dict[str, Any] = {"correlation_id": receipt.id, "site": "a", "receipt_id": receipt.id}
    lost = {f"2.25.{name.removeprefix('n')}": reason for name, reason in failed.items()}
    return Delivered.first("|".join(confirmed), **about, instances=304, confirmed=tuple(confirmed), failed=lost)


async def test_a_receipt_never_counts_more_than_it_holds(deps: IngestDeps) -> None:
    receipt = new_receipt(deps, "stow", "instances")
    await receive(deps, receipt, contents(3))
    names = await deidentified(deps, receipt)
    successors = [f"2.25.9{number}" for number in range(5)]

    for _ in range(2):
        await handlers.delivered(answer(receipt, [*successors, *list(names.values())[:2]]), deps)
    part = await told(deps, receipt)
    await handlers.delivered(answer(receipt, list(names.values())), deps)

    assert (part.delivered_instances, part.state) == (2, "deidentified")
    whole = await told(deps, receipt)
    assert (whole.delivered_instances, whole.received, whole.state) == (3, 3, "delivered")


async def test_what_the_centre_says_before_the_anonymizer_is_not_lost(deps: IngestDeps) -> None:
    receipt = new_receipt(deps, "stow", "instances")
    await receive(deps, receipt, contents(2))

    await handlers.delivered(answer(receipt, ["2.25.0"], n1="A900"), deps)
    before = await told(deps, receipt)
    await deidentified(deps, receipt)

    after = await told(deps, receipt)
    assert (before.delivered_instances, before.undelivered, before.state) == (0, 0, "received")
    assert (after.delivered_instances, after.undelivered, after.reasons) == (1, 1, {"A900": 1})
    assert after.state == "partly-delivered"
    assert await deps.documents.count(records.EARLY_OUTCOMES) == 0


async def test_a_receipt_with_a_part_in_quarantine_is_not_delivered(deps: IngestDeps) -> None:
    receipt = new_receipt(deps, "stow", "instances")
    await receive(deps, receipt, contents(2))
    names = await deidentified(deps, receipt)
    refused, good = names
    about: dict[str, Any] = {"correlation_id": receipt.id, "site": "a", "receipt_id": receipt.id}

    await handlers.input_refused(InputRefused.first("2", **about, reasons={refused: "burned-in"}), deps)
    await handlers.delivered(answer(receipt, [names[good]]), deps)

    assert (await told(deps, receipt)).state == "partly-delivered"


async def test_an_event_of_the_code_before_counts_and_never_above_what_was_received(deps: IngestDeps) -> None:
    receipt = new_receipt(deps, "stow", "instances")
    await receive(deps, receipt, contents(3))
    blobs = await blobs_of(deps)
    about: dict[str, Any] = {"correlation_id": receipt.id, "site": "a", "receipt_id": receipt.id}
    await handlers.input_deidentified(InputDeidentified.first("1", **about, blobs=tuple(blobs)), deps)

    await handlers.delivered(Delivered.first("1", **about, instances=304), deps)

    assert ((await told(deps, receipt)).delivered_instances, (await told(deps, receipt)).state) == (3, "delivered")


async def test_what_is_sent_again_is_published_again_with_its_bytes_kept(deps: IngestDeps) -> None:
    first, second = (new_receipt(deps, "stow", "instances") for _ in range(2))
    await receive(deps, first, contents(2))
    await deidentified(deps, first)
    await release_some(deps, 9e12)
    gone = [await deps.blobs.size(blob) for blob in await blobs_of(deps)]

    for _ in range(2):
        await receive(deps, second, contents(2))
    released = await release_some(deps, time.time() - 3600)

    rows = (await deps.documents.find(records.RESENDS)).documents
    assert gone == [None, None]
    assert [(each.receipt_id, each.published) for each in rows] == [(second.id, "no")] * 2
    assert released == 0
    assert None not in [await deps.blobs.size(blob) for blob in await blobs_of(deps)]
    kept = await told(deps, second)
    assert (kept.duplicates, kept.duplicates_open, kept.state) == (2, 2, "received")


async def test_a_second_sending_that_goes_through_frees_a_first_one_that_is_stuck(deps: IngestDeps) -> None:
    first, second = (new_receipt(deps, "stow", "instances") for _ in range(2))
    await receive(deps, first, contents(2))  # and its event is a dead letter
    await receive(deps, second, contents(2))
    names = {blob: f"2.25.{number}" for number, blob in enumerate(await blobs_of(deps))}
    about: dict[str, Any] = {"correlation_id": second.id, "site": "a", "receipt_id": second.id}

    await handlers.input_deidentified(InputDeidentified.first("1", **about, blobs=tuple(names), known_as=names), deps)
    between = await told(deps, first)
    await handlers.delivered(answer(second, list(names.values())), deps)

    assert (between.state, between.deidentified) == ("deidentified", 2)
    assert [(await told(deps, each)).state for each in (first, second)] == ["delivered", "duplicate"]
    assert await release_some(deps, 9e12) == 2


async def test_a_second_sending_that_the_centre_takes_mends_the_first_receipt(deps: IngestDeps) -> None:
    first, second = (new_receipt(deps, "stow", "instances") for _ in range(2))
    await receive(deps, first, contents(1))
    (name,) = (await deidentified(deps, first)).values()
    await handlers.delivered(answer(first, [], n0="0110"), deps)
    before = await told(deps, first)
    await receive(deps, second, contents(1))
    blobs = await blobs_of(deps)
    about: dict[str, Any] = {"correlation_id": second.id, "site": "a", "receipt_id": second.id}

    await handlers.input_deidentified(
        InputDeidentified.first("1", **about, blobs=tuple(blobs), known_as={blobs[0]: name}), deps
    )
    await handlers.delivered(answer(second, [name]), deps)

    assert (before.state, before.reasons) == ("undelivered", {"0110": 1})
    after = await told(deps, first)
    assert (after.state, after.undelivered, after.reasons) == ("delivered", 0, {})
