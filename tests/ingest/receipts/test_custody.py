"""Each content is in one stage: received = stored + refused + waiting + deleted, whatever comes when."""

import asyncio
import dataclasses
import datetime as dt
import hashlib
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
import pytest
import pytest_asyncio
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from services.ingest.deps import IngestDeps
from services.ingest.receipts import handlers, records
from services.ingest.receipts.custody import (
    DELETED,
    DIFFERENT,
    REFUSED,
    STORED,
    WAITING,
    DayLedger,
    Judged,
    Stage,
    Tally,
    is_due,
    judged,
    proven,
)
from services.ingest.receipts.day_ledger import LEDGER_DAYS, count_day, count_due, counted_day, custody_checked, status
from services.ingest.receipts.ledger_routes import shown
from services.ingest.receipts.proof import Missing, missing_of_day, prove_day
from services.ingest.receipts.receiving import Content, new_receipt, receive, reject
from services.ingest.receipts.reconcile import send_missing_again
from services.ingest.receipts.records import ARRIVALS, RECEIPTS, RESENDS, Arrival, ArrivalState, Outcome
from services.ingest.settings import IngestSettings
from shared import clock
from shared.blobs.local import open_local
from shared.bus.journal import open_journal
from shared.documents.sqlite import open_sqlite
from shared.errors import Invalid
from shared.events import CustodyChecked, Delivered, InputDeidentified, InputRefused
from shared.service import Role
from shared.set_aside import SET_ASIDE
from shared.site.times import SiteTime
from tests.examples import examples
from tests.ingest.conftest import Doors, here


@asynccontextmanager
async def opened(folder: Path) -> AsyncIterator[IngestDeps]:
    folder.mkdir(parents=True, exist_ok=True)
    async with (
        open_sqlite(folder / "documents.sqlite") as documents,
        open_local(folder / "blobs") as blobs,
        open_journal(folder / "bus.sqlite") as bus,
    ):
        await documents.declare(SET_ASIDE, LEDGER_DAYS, *records.COLLECTIONS)
        yield IngestDeps(IngestSettings(), documents, blobs, bus, "a", folder, folder, here)


@pytest_asyncio.fixture
async def deps(tmp_path: Path) -> AsyncIterator[IngestDeps]:
    async with opened(tmp_path) as each:
        yield each


def blob_of(number: int) -> str:
    return hashlib.sha256(content(number).data).hexdigest()


def content(number: int) -> Content:
    return Content(f"content {number}".encode())


def about(receipt_id: str) -> dict[str, Any]:
    return {"correlation_id": receipt_id, "site": "a", "receipt_id": receipt_id}


class Hospital:
    """Sends contents, and has everybody answer about them by the receipt that has them."""

    def __init__(self, deps: IngestDeps) -> None:
        self.deps = deps
        self._asked = 0

    async def send(self, numbers: Sequence[int]) -> str:
        receipt = new_receipt(self.deps, "stow", "instances")
        await receive(self.deps, receipt, [content(number) for number in numbers])
        return receipt.id

    async def _receipt_of(self, number: int) -> str | None:
        arrival = await self.deps.documents.get(ARRIVALS, blob_of(number))
        return arrival.receipt_id if arrival else None

    async def answer(self, what: str, number: int) -> None:
        """Let something be said of one content, whether or not it is known yet."""
        self._asked += 1
        key, receipt_id, name = str(self._asked), await self._receipt_of(number) or "unknown", f"1.2.{number}"
        own, blob = about(receipt_id), blob_of(number)
        if what == "deidentified":
            known_as, sha256 = {blob: name}, {blob: "0" * 64}
            event = InputDeidentified.first(key, **own, blobs=(blob,), known_as=known_as, sha256=sha256, profile="p")
            await handlers.input_deidentified(event, self.deps)
        elif what == "refused":
            await handlers.input_refused(InputRefused.first(key, **own, reasons={blob: "burned-in"}), self.deps)
        elif what == "confirmed":
            await handlers.delivered(Delivered.first(key, **own, confirmed=(name,)), self.deps)
        elif what == "not-taken":
            await handlers.delivered(Delivered.first(key, **own, failed={name: "C000"}), self.deps)
        else:
            await custody_checked(CustodyChecked.first(key, **own, holdings={name: what}), self.deps)


HOLDINGS = ("held", "evicted", "withdrawn", "deleted", "absent", "other")
ANSWERS = ("deidentified", "refused", "confirmed", "not-taken", *HOLDINGS)
PLANS = st.lists(
    st.one_of(
        st.tuples(st.just("send"), st.lists(st.integers(0, 4), min_size=1, max_size=3, unique=True)),
        st.tuples(st.just("reject"), st.integers(0, 4)),
        st.tuples(st.sampled_from(ANSWERS), st.integers(0, 4)),
    ),
    min_size=1,
    max_size=14,
)


async def carried_out(folder: Path, plan: Sequence[tuple[str, Any]]) -> tuple[DayLedger, set[int], int]:
    """Carry out a plan; return the ledger of today, what was sent, and how many were rejected."""
    async with opened(folder) as deps:
        hospital, sent, rejected = Hospital(deps), set[int](), set[int]()
        for what, subject in plan:
            if what == "send":
                sent |= set(subject)
                await hospital.send(subject)
            elif what == "reject":
                receipt = msgspec.structs.replace(new_receipt(deps, "stow", "instances"), id="broken")
                await reject(deps, receipt, f"broken {subject}".encode(), Invalid("not-dicom", "no"))
                rejected.add(subject)
            else:
                await hospital.answer(what, subject)
        return await count_day(deps, SiteTime().day_of(clock.now())), sent, len(rejected)


@given(plan=PLANS)
@settings(max_examples=examples(60), deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_the_equation_holds_for_any_events_in_any_order(
    tmp_path_factory: pytest.TempPathFactory, plan: list[tuple[str, Any]]
) -> None:
    ledger, sent, rejected = asyncio.run(carried_out(tmp_path_factory.mktemp("plan"), plan))

    assert ledger.received.contents == len(sent) + rejected
    parts = [ledger.of(each).contents for each in (STORED, REFUSED, WAITING, DELETED, DIFFERENT)]
    assert ledger.received.contents == sum(parts)
    assert len(ledger.differences) == parts[-1]
    assert ledger.adds_up is (parts[-1] == 0)
    if not {"absent", "other"} & {what for what, _ in plan}:
        assert ledger.adds_up


async def test_a_day_goes_from_waiting_to_stored_and_says_what_the_centre_lost_and_got_back(deps: IngestDeps) -> None:
    hospital, today = Hospital(deps), SiteTime().day_of(clock.now())
    receipt_id = await hospital.send([1, 2, 3])
    received = await counted_day(deps, today)
    for number in (1, 2, 3):
        await hospital.answer("deidentified", number)
        await hospital.answer("confirmed", number)
    stored = await counted_day(deps, today)
    await hospital.answer("evicted", 1)
    await hospital.answer("absent", 2)
    stale = await deps.documents.get(LEDGER_DAYS, today)
    await count_due(deps, clock.now())
    lost = await deps.documents.get(LEDGER_DAYS, today)
    assert lost is not None
    figures = await status(deps)
    await hospital.answer("held", 2)
    await count_due(deps, clock.now())
    back = await deps.documents.get(LEDGER_DAYS, today)

    size = 9 * 3
    assert (received.received, received.of(WAITING)) == (Tally(3, size), Tally(3, size))
    assert received.adds_up and not received.is_settled
    assert stored.of(STORED) == Tally(3, size) and stored.is_settled
    assert stale is not None and stale.counted_at == 0.0
    assert lost.stages == {Stage.STORED: Tally(1, 9), Stage.EVICTED: Tally(1, 9), Stage.MISSING: Tally(1, 9)}
    assert [(each.receipt_id, each.blob) for each in lost.differences] == [(receipt_id, blob_of(2))]
    assert (figures["ledger days that do not add up"], figures["ledger differences"]) == (1, 1)
    assert back is not None and back.adds_up


@pytest.mark.parametrize(
    ("zone", "day"), [("Asia/Kolkata", "2026-11-29"), ("UTC", "2026-11-28"), ("Australia/Lord_Howe", "2026-11-29")]
)
async def test_a_content_belongs_to_the_day_of_its_receipt_at_the_site(deps: IngestDeps, zone: str, day: str) -> None:
    at_site = dataclasses.replace(deps, site_time=SiteTime(ZoneInfo(zone)))
    at = dt.datetime(2026, 11, 28, 18, 30, tzinfo=dt.UTC).timestamp()
    receipt_id = await Hospital(deps).send([1])
    receipt = await deps.documents.get(records.RECEIPTS, receipt_id)
    assert receipt is not None
    await deps.documents.put(records.RECEIPTS, msgspec.structs.replace(receipt, at=at))

    await count_due(at_site, at + 60.0)

    counted = (await deps.documents.find(LEDGER_DAYS)).documents
    assert [(each.day, each.received.contents) for each in counted] == [(day, 1)]


async def test_what_the_administrator_of_the_centre_deleted_has_a_count_of_its_own(deps: IngestDeps) -> None:
    hospital, today = Hospital(deps), SiteTime().day_of(clock.now())
    await hospital.send([1, 2, 3])
    for number, holding in ((1, "held"), (2, "deleted"), (3, "withdrawn")):
        await hospital.answer("deidentified", number)
        await hospital.answer("confirmed", number)
        await hospital.answer(holding, number)

    ledger = await counted_day(deps, today)
    page = shown(ledger)

    assert ledger.stages == dict.fromkeys((Stage.STORED, Stage.DELETED_AT_CENTRE, Stage.DELETED), Tally(1, 9))
    assert (page["stored"]["contents"], page["deleted"]["contents"], page["adds_up"]) == (1, 2, True)
    assert (await status(deps))["ledger deleted at the centre"] == 1


async def test_a_day_is_proven_from_bytes_deliveries_and_what_the_centre_says(deps: IngestDeps) -> None:
    hospital, today = Hospital(deps), SiteTime().day_of(clock.now())
    await hospital.send([1, 2, 3, 4, 5])
    for number in (1, 2, 3):
        await hospital.answer("deidentified", number)
        await hospital.answer("confirmed", number) if number == 1 else None
    await deps.blobs.delete(blob_of(5))

    async def evidence(_: Sequence[str]) -> tuple[Mapping[str, str], Mapping[str, str]]:
        return {"1.2.1": "held"}, {"1.2.2": "pending"}

    ledger = await prove_day(deps, today, evidence)

    assert ledger.received.contents == 5
    assert (ledger.of(STORED).contents, ledger.of(WAITING).contents) == (1, 2)
    assert {(each.blob, each.what) for each in ledger.differences} == {
        (blob_of(3), "no-delivery"),
        (blob_of(5), "bytes-not-here"),
    }
    assert await deps.documents.get(LEDGER_DAYS, today) is None


async def test_what_the_centre_misses_of_a_day_is_what_it_confirmed_and_did_not_let_go(deps: IngestDeps) -> None:
    hospital, today = Hospital(deps), SiteTime().day_of(clock.now())
    receipt_id = await hospital.send([1, 2, 3, 4, 5])
    for number in (1, 2, 3, 4):
        await hospital.answer("deidentified", number)
        await hospital.answer("confirmed", number)
    held = {"1.2.1": "absent", "1.2.2": "deleted", "1.2.3": "evicted", "1.2.4": "other"}

    async def evidence(_: Sequence[str]) -> tuple[Mapping[str, str], Mapping[str, str]]:
        return held, {}

    missing = await missing_of_day(deps, today, evidence)
    other_day = await missing_of_day(deps, "2020-01-01", evidence)

    assert missing == Missing({"1.2.1"}, {receipt_id})
    assert other_day == Missing()


async def test_identified_bytes_go_again_once_and_before_the_bulk(deps: IngestDeps) -> None:
    hospital = Hospital(deps)
    await hospital.send([1, 2])
    for number in (1, 2):
        await hospital.answer("deidentified", number)
        await hospital.answer("confirmed", number)
    await deps.blobs.delete(blob_of(2))

    first = await send_missing_again(deps, {"1.2.1", "1.2.2"})
    second = await send_missing_again(deps, {"1.2.1", "1.2.2"})

    (row,) = (await deps.documents.find(RESENDS)).documents
    receipt = await deps.documents.get(RECEIPTS, row.receipt_id)
    assert first.lost == second.lost == {"1.2.2"}
    assert (first.again, row.blob) == (1, blob_of(1))
    assert receipt is not None and receipt.priority


ONE = Arrival(blob="b", receipt_id="r", kind="instances", endpoint="stow", known_as="1.2", at=0.0)
DONE = msgspec.structs.replace(ONE, state=ArrivalState.RELEASED, outcome=Outcome.DELIVERED)


@pytest.mark.parametrize(
    ("arrival", "holdings", "stage"),
    [
        (ONE, {}, Stage.RECEIVED),
        (DONE, {"1.2": "held"}, Stage.STORED),
        (DONE, {"1.2": "evicted"}, Stage.EVICTED),
        (DONE, {"1.2": "withdrawn"}, Stage.DELETED),
        (DONE, {"1.2": "deleted"}, Stage.DELETED_AT_CENTRE),
        (msgspec.structs.replace(DONE, holding="deleted"), {}, Stage.MISSING),
        (msgspec.structs.replace(DONE, holding="deleted"), {"1.2": "held"}, Stage.STORED),
        (DONE, {"1.2": "absent"}, Stage.MISSING),
        (DONE, {"1.2": "other"}, Stage.OTHER),
        (DONE, {"1.2": "a word of tomorrow"}, Stage.OTHER),
        (DONE, {}, Stage.MISSING),
        (msgspec.structs.replace(DONE, known_as="merge/1"), {}, Stage.STORED),
        (msgspec.structs.replace(DONE, outcome=Outcome.OPEN), {"1.2": "held"}, Stage.STORED),
        (msgspec.structs.replace(DONE, outcome=Outcome.FAILED), {}, Stage.NOT_TAKEN),
        (msgspec.structs.replace(ONE, state=ArrivalState.REFUSED), {}, Stage.HELD),
    ],
)
def test_the_evidence_says_where_a_content_is(arrival: Arrival, holdings: dict[str, str], stage: Stage) -> None:
    assert proven(arrival, holdings, {}, has_bytes=True).stage is stage


def test_what_was_confirmed_and_not_asked_for_since_is_stored() -> None:
    assert judged(DONE) == Judged(Stage.STORED)


def test_days_are_counted_often_while_new_and_seldom_when_settled() -> None:
    settled = DayLedger(day="2026-11-27", site="a", counted_at=1000.0)
    waits = msgspec.structs.replace(settled, received=Tally(1, 1), stages={"received": Tally(1, 1)})

    def due_after(day: DayLedger | None, today: str, *ages: float) -> list[bool]:
        return [is_due(day, today, 1000.0 + age) for age in ages]

    assert due_after(None, "2026-11-28", 0.0) == [True]
    assert due_after(settled, "2026-11-27", 299.0, 300.0) == [False, True]
    assert due_after(settled, "2026-11-28", 3600.0, 86_400.0, -1.0) == [False, True, True]
    assert due_after(waits, "2026-11-28", 3599.0, 3600.0) == [False, True]


async def test_the_ledger_and_the_custody_of_a_receipt_are_shown(doors: Doors) -> None:
    body = b"--x\r\nContent-Type: application/dicom\r\n\r\nnothing of DICOM\r\n--x--\r\n"
    kind = 'multipart/related; type="application/dicom"; boundary=x'
    async with doors.client.post("/ingest/dicom-web/studies", data=body, headers={"Content-Type": kind}):
        pass
    today = SiteTime().day_of(clock.now())

    identified = doors.host.ports[Role.GATEWAY].blobs["identified"]
    folder = doors.csv_folder
    own = IngestDeps(IngestSettings(), doors.documents, identified, doors.bus, "a", folder, folder, here)
    await counted_day(own, today)
    day = await (await doors.client.get(f"/ingest/ledger/{today}")).json()
    page = await (await doors.client.get("/gateway/ledger", headers={"Accept-Language": "ja"})).text()

    assert (day["received"]["contents"], day["refused"]["contents"], day["adds_up"]) == (1, 1, True)
    assert "台帳" in page and today in page
    assert (await doors.client.get("/ingest/ledger/1999-01-01")).status == 404
    assert (await doors.client.get("/ingest/receipts/none/custody")).status == 404
