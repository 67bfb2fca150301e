"""Every service runs twice, and one of each is killed under load: each Instance and report arrives exactly once."""

import asyncio
import random
import threading
import time
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from shared.bus import Bus, Delivery, Queue
from shared.bus.journal import open_journal
from shared.bus.rabbit import open_rabbit
from shared.events import CaseChanged, Event, InstancesStored, StudyChanged
from tests.flow import senders
from tests.flow.ports import Ports
from tests.flow.replicas import COPIES, Replicas, start_replicas
from tests.flow.system import SERVICES, until
from tests.flow.test_kill import keep_sending
from tests.servers.dcmtk import tool

pytestmark = [pytest.mark.slow, pytest.mark.timeout(400)]

STUDIES, SIZE, REPORTS = 10, 20, 30
INSTANCES = STUDIES * SIZE
SEED = 20240531
QUICK = {
    "JMID_RETRY_DELAYS_S": "0.5,1,2,2,2,2,2,2",
    "JMID_LEASE_TTL_S": "2",
    "JMID_LINKER_RETRY_MAX_S": "2",
    "JMID_LINKER_SWEEP_S": "0.5",
    "JMID_SEARCH_POLL_S": "1",
}
WITNESS = Queue("witness", (InstancesStored, StudyChanged, CaseChanged))


class Witness:
    """A consumer of the centre's bus beside the services."""

    def __init__(self, ports: Ports, home: Path) -> None:
        self._ports, self._home = ports, home
        asyncio.run(self._declare())

    async def _declare(self) -> None:
        async with self._bus() as bus:
            await bus.declare(WITNESS)

    @asynccontextmanager
    async def _bus(self) -> AsyncIterator[Bus]:
        if url := self._ports.environ.get("JMID_BUS"):
            async with open_rabbit(url, place="centre") as rabbit:
                yield rabbit
        else:
            place = self._home / "shared" / "centre"
            place.mkdir(parents=True, exist_ok=True)
            async with open_journal(place / "bus.sqlite") as journal:
                yield journal

    async def _heard(self) -> list[Event]:
        events: list[Event] = []

        async def hear(delivery: Delivery) -> list[Event]:
            events.append(delivery.event)
            return []

        async with self._bus() as bus:
            await bus.declare(WITNESS)
            consumer = asyncio.create_task(bus.consume(WITNESS.name, hear, prefetch=50))
            before = -1
            while before != len(events) or not events:
                before = len(events)
                await asyncio.sleep(1)
            consumer.cancel()
            await asyncio.wait([consumer])
        return events

    def heard(self) -> list[Event]:
        """Return everything that was published for the centre, as often as it was."""
        return asyncio.run(self._heard())


@pytest.fixture(params=["embedded", "servers"])
def system(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[Replicas, Witness]]:
    tool("storescu")  # skips here, before anything is started
    embedded = request.param == "embedded"
    ports = Ports.embedded() if embedded else Ports.servers(request)
    witness = Witness(ports, tmp_path / "home")
    running = start_replicas(tmp_path / "home", {**ports.environ, **QUICK}, homes=not embedded)
    yield running, witness
    running.close()


def test_two_of_each_service_do_what_one_does(
    system: tuple[Replicas, Witness], shared_data: Path, tmp_path: Path
) -> None:
    running, witness = system
    load = Load(running, shared_data, tmp_path)
    load.send(range(STUDIES // 2))

    _everything_arrives(running, load)
    heard = witness.heard()

    heard = list({event.id: event for event in heard}.values())  # two writes that met may publish one event twice
    assert _stored(heard) == Counter(dict.fromkeys(running.sop_instance_uids(), 1))

    killer = threading.Thread(target=_kill_one_of_each, args=(running, 0))
    killer.start()
    load.send(range(STUDIES // 2, STUDIES))
    killer.join(120)
    for process in running.processes.values():
        process.wait_ready()

    _everything_arrives(running, load)
    again = witness.heard()

    known = {event.id for event in heard}
    assert not [event for event in again if event.id in known], "a change was published again long after"
    once = list({event.id: event for event in again}.values())  # a kill before the broker's answer was written down
    assert _stored([*heard, *once]) == Counter(dict.fromkeys(running.sop_instance_uids(), 1))
    assert len(again) - len(once) <= 200, "more came again than one page of the ledger holds"


class Load:
    """Studies and reports as a hospital sends them, each to the next replica."""

    def __init__(self, system: Replicas, shared_data: Path, folder: Path) -> None:
        sources = sorted((shared_data / "dicom/dcmqi/paramaps/701-ADCb500").glob("*.dcm"))[:SIZE]
        self._system, self.instances, self.reports = system, 0, 0
        self._studies = [
            senders.study(sources, senders.person(n), folder / str(n), senders.Sent()) for n in range(STUDIES)
        ]

    def send(self, numbers: range) -> None:
        """Send Studies, two at a time, and three reports of each, until each is accepted."""
        failures: list[BaseException] = []

        def some(lane: int) -> None:
            try:
                for number in numbers[lane::COPIES]:
                    keep_sending(self._studies[number], self._system.dimse_ports[lane])
                    for report in range(3 * number, 3 * number + 3):
                        self._post(report, number)
            except BaseException as error:
                failures.append(error)

        lanes = [threading.Thread(target=some, args=(lane,)) for lane in range(COPIES)]
        for lane in lanes:
            lane.start()
        for lane in lanes:
            lane.join(200)
        assert failures == []
        self.instances += len(numbers) * SIZE
        self.reports += 3 * len(numbers)

    def _post(self, report: int, person: int) -> None:
        body = senders.fhir_report(
            senders.person(person), report, "20240531", f"所見{report}番。結節を認めない。", "MR"
        )

        def accepted() -> bool:
            try:
                return self._system.post("ingest", "/ingest/reports", body, "application/fhir+json")[0] == 202
            except OSError:
                return False

        until(accepted, "the report to be accepted")


def _kill_one_of_each(system: Replicas, number: int) -> None:
    chance = random.Random(SEED)
    names = list(SERVICES)
    chance.shuffle(names)
    for name in names:
        process = system.processes[f"{name}/{number}"]
        time.sleep(chance.uniform(0.1, 0.6))
        process.kill9()
        time.sleep(chance.uniform(0.0, 0.5))
        process.start()


def _everything_arrives(system: Replicas, load: Load) -> None:
    until(lambda: system.instances() == load.instances, f"{load.instances} Instances in the archive")
    until(lambda: _each_report_once(system, load.reports), f"{load.reports} reports in cases, each in one")
    until(lambda: sum(int(case["instances"]) for case in system.cases()) == load.instances, "the Instances in cases")
    receipts = until(lambda: _settled(system, load), "every receipt to say delivered")
    images = [receipt for receipt in receipts if receipt["kind"] == "instances"]
    assert [(each["delivered_instances"], each["received"]) for each in images] == [
        (e["received"],) * 2 for e in images
    ]
    uids = system.sop_instance_uids()
    assert len(uids) == len(set(uids)) == load.instances
    assert len(set(_report_ids(system))) == load.reports


def _each_report_once(system: Replicas, count: int) -> bool:
    """Say whether so many reports are in cases, each in one: until its Study is known, a report is a case by itself."""
    reports = _report_ids(system)
    return len(reports) == len(set(reports)) == count


def _settled(system: Replicas, load: Load) -> list[dict[str, Any]]:
    receipts: list[dict[str, Any]] = system.get("ingest", "/ingest/receipts?limit=500")["receipts"]
    for kind, name, total in (
        ("instances", "delivered_instances", load.instances),
        ("report", "delivered_reports", load.reports),
    ):
        if sum(int(receipt[name]) for receipt in receipts if receipt["kind"] == kind) < total:
            return []
    return receipts if {receipt["state"] for receipt in receipts} <= {"delivered", "duplicate"} else []


def _report_ids(system: Replicas) -> list[str]:
    return [report for case in system.cases() for report in case["report_ids"]]


def _stored(events: list[Event]) -> Counter[str]:
    return Counter(uid for event in events if isinstance(event, InstancesStored) for uid in event.sop_instance_uids)
