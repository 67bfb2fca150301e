"""kill -9 of the gateway's linker at random moments: nothing is lost, and the end is as without."""

import asyncio
import random
import sys
from asyncio.subprocess import DEVNULL, PIPE
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from services.linker.gateway.records import DELIVERIES
from services.linker.links.records import LINKS
from services.linker.service import GATEWAY
from shared.blobs.local import open_local
from shared.bus import Queue
from shared.bus.journal import open_journal
from shared.documents.sqlite import open_sqlite
from shared.events import CaseChanged, Delivered, Event, ReportLinked
from shared.web import bearer
from tests.linker.samples import document, instances, report, uid
from tests.linker.system import Archive, keep, until
from tests.servers.web import served

STUDIES, BATCHES, SIZE = 10, 3, 10
KILLS = 5
CREDENTIAL = "credential-of-the-tests"


def flow() -> tuple[list[Event], list[dict[str, Any]]]:
    """Return Studies of 30 Instances in three batches and a report each, shuffled, some twice."""
    events: list[Event] = []
    texts = []
    for n in range(1, STUDIES + 1):
        text = document(f"R{n}", text=f"Report {n}.")
        texts.append(text)
        accession = f"A{n}"
        for b in range(BATCHES):
            batch = instances(uid(n), SIZE, first=1 + b * SIZE, receipt=f"images-{n}", accession_number=accession)
            events.append(batch)
        events.append(report(text, receipt=f"report-{n}", accession_number=accession))
    shuffler = random.Random(7)
    shuffler.shuffle(events)
    return [*events, *events[:7]], texts


async def killed_now_and_then(home: Path, centre: str, over: asyncio.Event, moments: random.Random) -> int:
    """Run the linker; kill it at random moments until it is over; return how often."""
    kills = 0
    while not over.is_set():
        command = (sys.executable, "-m", "tests.linker.victim", "gateway", str(home), centre)
        process = await asyncio.create_subprocess_exec(*command, stdout=DEVNULL, stderr=DEVNULL)
        try:
            wait = moments.uniform(0.9, 1.6) if kills < 6 else 60
            await asyncio.wait_for(over.wait(), wait)
        except TimeoutError:
            kills += 1
        finally:
            process.kill()
            await process.wait()
    return kills


@pytest.mark.slow
async def test_a_linker_killed_at_random_moments_loses_nothing(tmp_path: Path) -> None:
    archive, over = Archive(), asyncio.Event()
    archive.delay_s = 0.1
    events, texts = flow()
    everything = {f"{uid(n)}.1.{i}" for n in range(1, STUDIES + 1) for i in range(1, BATCHES * SIZE + 1)}
    async with served(archive.application()) as centre, open_journal(tmp_path / "bus.sqlite") as bus:
        await bus.declare(Queue("linker", GATEWAY.takes), Queue("told", (Delivered, ReportLinked)))
        async with open_local(tmp_path / "deidentified") as blobs:
            await keep(blobs, *events, documents=texts)
        await bus.publish(*events)

        killer = asyncio.create_task(killed_now_and_then(tmp_path, centre, over, random.Random(3)))
        told: list[Event] = []

        async def take(delivery: Any) -> tuple[Event, ...]:
            told.append(delivery.event)
            return ()

        witness = asyncio.create_task(bus.consume("told", take))

        def all_told() -> bool:
            images = {e.receipt_id for e in told if isinstance(e, Delivered) and e.instances == BATCHES * SIZE}
            reports = {e.receipt_id for e in told if isinstance(e, Delivered) and e.reports == 1}
            linked = {e.report_id for e in told if isinstance(e, ReportLinked)}
            return len(images) == len(reports) == len(linked) == STUDIES

        await until(all_told, 60)
        over.set()
        kills = await killer
        witness.cancel()

    assert kills >= 2
    assert set(archive.stored) == everything
    last = {each["id"]: each for each in archive.reports}
    assert {name: str(uid(int(name[1:]))) in str(each) for name, each in last.items()} == {
        f"R{n}": True for n in range(1, STUDIES + 1)
    }
    async with open_sqlite(tmp_path / "documents.sqlite") as documents:
        await documents.declare(LINKS, DELIVERIES)
        found = (await documents.find(DELIVERIES, limit=1000)).documents
        links = (await documents.find(LINKS, limit=1000)).documents
    assert len(found) == STUDIES * (BATCHES + 1)
    assert {link.state for link in links} == {"linked"}
    assert all(len(each.confirmed) == SIZE for each in found if each.kind == "instances")


async def post_until_taken(session: aiohttp.ClientSession, where: list[str], body: dict[str, Any]) -> None:
    """Post a report until the centre answers, as a gateway does."""
    while True:
        try:
            headers = {"Content-Type": "application/fhir+json", **bearer.header(CREDENTIAL)}
            async with session.post(f"{where[0]}/api/reports", json=body, headers=headers) as answer:
                assert answer.status in (200, 201), await answer.text()
                return
        except (aiohttp.ClientError, IndexError):
            await asyncio.sleep(0.02)


async def changes_when_it_answers(session: aiohttp.ClientSession, where: list[str]) -> list[dict[str, Any]]:
    """Return the centre's change feed; it may be killed while we ask."""
    while True:
        try:
            async with session.get(f"{where[0]}/api/reports/changes?limit=1000") as answer:
                found: list[dict[str, Any]] = (await answer.json())["changes"]
                return found
        except (aiohttp.ClientError, IndexError):
            await asyncio.sleep(0.02)


async def restarted(home: Path, where: list[str], over: asyncio.Event, kills: list[float]) -> None:
    """Run the centre's linker; kill it at random moments until it is over. kills: after how many seconds each."""
    moments = random.Random(5)
    while not over.is_set():
        command = (sys.executable, "-m", "tests.linker.victim", "centre", str(home), "http://127.0.0.1:9")
        process = await asyncio.create_subprocess_exec(*command, stdout=PIPE, stderr=DEVNULL)
        try:
            assert process.stdout is not None
            where[:] = [(await process.stdout.readline()).decode().strip()]
            wait = moments.uniform(0.02, 0.15) if len(kills) < KILLS else 60
            await asyncio.wait_for(over.wait(), wait)
        except TimeoutError:
            kills.append(wait)
        finally:
            process.kill()
            await process.wait()


@pytest.mark.slow
async def test_every_report_that_the_killed_centre_answered_for_is_kept_and_told_of(tmp_path: Path) -> None:
    over = asyncio.Event()
    where: list[str] = []
    told: set[str] = set()
    names: set[str] = set()
    kills: list[float] = []
    async with open_journal(tmp_path / "bus.sqlite") as bus, aiohttp.ClientSession() as session:
        await bus.declare(Queue("told", (CaseChanged,)))

        async def take(delivery: Any) -> tuple[Event, ...]:
            told.update(delivery.event.report_ids)
            return ()

        witness = asyncio.create_task(bus.consume("told", take))
        killer = asyncio.create_task(restarted(tmp_path, where, over, kills))
        while len(kills) < KILLS:
            name = f"R{len(names)}"
            await post_until_taken(session, where, document(name))
            names.add(name)
        await until(lambda: told == names, 30)

        changes = await changes_when_it_answers(session, where)
        over.set()
        await killer
        witness.cancel()

    assert sorted(change["id"] for change in changes) == sorted(names)
