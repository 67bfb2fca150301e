"""Carry out one plan: send while its faults happen, then wait until all is as if nothing had been."""

import threading
import time
import urllib.request
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import orjson
import pymongo

from services.ingest.receipts.day_ledger import LEDGER_DAYS
from tests.chaos.plan import ENDED, Fault
from tests.chaos.world import World
from tests.flow import senders
from tests.flow.ports import ROLES, every_byte
from tests.flow.replicas import COPIES
from tests.flow.system import until
from tests.flow.test_kill import keep_sending

SIZE, REPORTS = 14, 3
"""Instances of the Study, and reports, that each of two senders sends during a plan: 5,600 and 1,200 in 200 plans."""
AFTER_S = 240.0
PLACES = {"gateway": "ingest/0", "centre": "archive/0"}
"""A process of each."""
OF_FAULTS = ("OSError", "TimeoutError", "ConnectionRefusedError", "ConnectionResetError", "BrokenPipeError")
"""What Python raises itself when a disk is full or a peer away."""


@dataclass
class Load:
    """Studies and reports as a hospital sends them; counts what was accepted in all plans so far."""

    world: World
    sources: Sequence[Path]
    folder: Path
    instances: int = 0
    reports: int = 0
    sent: senders.Sent = field(default_factory=senders.Sent)
    _people: int = 0
    _failures: list[BaseException] = field(default_factory=list)

    def start(self) -> Callable[[], None]:
        """Send in the background, each lane to its own replica; return what waits for the end."""
        lanes = [threading.Thread(target=self._send, args=(lane, self._people + lane)) for lane in range(COPIES)]
        self._people += COPIES
        for lane in lanes:
            lane.start()

        def wait() -> None:
            for lane in lanes:
                lane.join(AFTER_S)
                assert not lane.is_alive(), "something was not accepted in time"
            assert self._failures == [], self._failures
            self.instances += COPIES * SIZE
            self.reports += COPIES * REPORTS

        return wait

    def _send(self, lane: int, number: int) -> None:
        try:
            who = senders.person(number)
            files = senders.study(self.sources[:SIZE], who, self.folder / str(number), self.sent)
            for start in range(0, SIZE, 2):
                keep_sending(files[start : start + 2], self.world.system.dimse_ports[lane])
            for report in range(REPORTS):
                self._post(senders.fhir_report(who, REPORTS * number + report, "20240531", "所見。結節なし。", "MR"))
        except BaseException as error:
            self._failures.append(error)

    def _post(self, body: bytes) -> None:
        def accepted() -> bool:
            try:
                return self.world.system.post("ingest", "/ingest/reports", body, "application/fhir+json")[0] == 202
            except OSError:
                return False

        until(accepted, "the report to be accepted", AFTER_S)


def run_plan(world: World, load: Load, faults: Sequence[Fault]) -> None:
    """Carry out the faults while the load is sent; AssertionError says what did not come to hold."""
    before, began = world.pids(), time.monotonic()
    wait = load.start()
    failures: list[BaseException] = []
    threads = [threading.Thread(target=_carry_out, args=(world, fault, began, failures)) for fault in faults]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(AFTER_S)
    assert failures == [], failures
    wait()
    _check(world, load)
    killed = {fault.target for fault in faults if fault.kind in ENDED}
    after = world.pids()
    assert {name for name in after if after[name] != before[name]} == killed, "a process was started by hand"


def check_proofs(world: World, load: Load) -> None:
    """Look at what all plans left: the ledger adds up, both audit trails are whole, the centre knows nobody."""
    _forget_counts(world)
    _until(lambda: _ledger(world, load))
    for place, process in PLACES.items():
        proven = world.jmid(process, "audit", "verify", "--role", place)
        assert proven.returncode == 0, f"the audit trail of the {place}: {proven.stdout[-2000:]}"
    _check_bytes(world, load)
    _check_logs(world)


def _check_logs(world: World) -> None:
    """Look for errors that no fault explains: a loop that a wrong line ends is started again, and says so."""
    lines = [line for log in sorted(world.system.home.glob("*.log")) for line in log.read_bytes().splitlines()]
    said = [each for line in lines if (each := _said(line))]
    wrong = {(each["decision"], each["error"], each.get("origin")) for each in said if _is_wrong(each.get("error"))}
    assert not wrong, f"errors that no fault explains: {sorted(map(str, wrong))}"


def _said(line: bytes) -> dict[str, Any]:
    """Return what a process said; nothing for other lines, and for those that a full disk cut."""
    try:
        return dict(orjson.loads(line)) if line.startswith(b'{"decision"') else {}
    except orjson.JSONDecodeError:
        return {}


def _is_wrong(error: str | None) -> bool:
    return error is not None and error.startswith("builtins.") and error.removeprefix("builtins.") not in OF_FAULTS


def _forget_counts(world: World) -> None:
    """Have the days counted anew at once: today is counted every few minutes only."""
    with pymongo.MongoClient[dict[str, Any]](world.ports.mongo_uri) as client:
        client[ROLES["gateway"]][LEDGER_DAYS.name].delete_many({})


def _ledger(world: World, load: Load) -> bool | str:
    days = world.system.get("ingest", "/ingest/ledger")["days"]
    received, stored = (sum(day[name]["contents"] for day in days) for name in ("received", "stored"))
    if not all(day["adds_up"] for day in days):
        return f"a day does not add up: {days}"
    said = _same(received, load.instances + load.reports, "received in the ledger")
    return _same(stored, received, "stored in the ledger") if said is True else said


def _check_bytes(world: World, load: Load) -> None:
    """Search every byte that the centre keeps for what must not have left the gateway.

    Of the UIDs one in ten is searched for: they are replaced by one and the same rule, and there are many.
    """
    uids = sorted(value for value in load.sent.identified if value.startswith("1."))
    values = [*sorted(load.sent.identified.difference(uids)), *uids[::10]]
    homes = [each for name in ("archive", "linker", "search") for each in world.system.home.glob(f"{name}-?")]
    found = every_byte(homes[0], world.ports, values, *homes[1:])
    assert found == [], f"identified values at the centre, in {sorted({where for where, _ in found})[:8]}"


def _carry_out(world: World, fault: Fault, began: float, failures: list[BaseException]) -> None:
    try:
        time.sleep(max(0.0, began + fault.at_s - time.monotonic()))
        world.carry_out(fault)
    except BaseException as error:
        failures.append(error)


def _check(world: World, load: Load) -> None:
    """Wait until everything is at the centre once, and nothing waits, is dead, set aside or not ready."""
    system = world.system
    _until(lambda: not world.dead() or f"ended by themselves: {world.dead()}")
    _until(lambda: _none(name for name, each in system.processes.items() if not _is_ready(each.url)))
    _until(lambda: _same(system.instances(), load.instances, "Instances in the archive"))
    _until(lambda: _same(len(_reports(world)), load.reports, "reports in cases"))
    _until(lambda: _same(len(set(_reports(world))), load.reports, "different reports in cases"))
    _until(lambda: _same(sum(int(c["instances"]) for c in system.cases()), load.instances, "Instances in cases"))
    _until(lambda: _none(_unfinished_receipts(world)))
    _until(lambda: _none(_waiting(world)))
    uids = _sop_instance_uids(world)
    assert len(uids) == len(set(uids)) == load.instances, "an Instance is there twice"


def _until(question: Callable[[], bool | str]) -> None:
    """Ask until the answer is True; a text says what does not hold yet."""
    said: bool | str = ""

    def holds() -> bool:
        nonlocal said
        try:
            said = question()
        except (OSError, AssertionError) as error:  # 503 while an index is built, or a service is away
            said = repr(error)[:300]
        return said is True

    try:
        until(holds, "", AFTER_S)
    except AssertionError:
        raise AssertionError(f"after {AFTER_S:.0f} s: {said}") from None


def _same(found: int, wanted: int, what: str) -> bool | str:
    return found == wanted or f"{found} of {wanted} {what}"


def _none(items: Any) -> bool | str:
    left = list(items)
    return not left or f"still: {left[:8]}"


def _is_ready(url: str) -> bool:
    try:
        with urllib.request.urlopen(f"{url}/-/ready", timeout=10) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False


def _reports(world: World) -> list[str]:
    return [report for case in world.system.cases() for report in case["report_ids"]]


def _unfinished_receipts(world: World) -> list[tuple[str, str]]:
    receipts = world.system.get("ingest", "/ingest/receipts?limit=500")["receipts"]
    return [(each["kind"], each["state"]) for each in receipts if each["state"] not in ("delivered", "duplicate")]


def _waiting(world: World) -> list[tuple[str, str, int]]:
    """Return the figures of every process that should be none."""
    names = ("queue ready", "queue unacked", "queue delayed", "queue dead", "set aside", "cases_set_aside", "failed")
    found = []
    for process, each in world.system.processes.items():
        with urllib.request.urlopen(f"{each.url}/-/status", timeout=20) as answer:
            figures = orjson.loads(answer.read())
        for service, own in figures.items():
            assert "set aside" in own, f"{process} cannot read its figures"
            found += [(service, name, own[name]) for name in names if own.get(name)]
    return found


def _sop_instance_uids(world: World) -> list[str]:
    found = []
    for study in world.system.get("archive", "/dicom-web/studies?limit=1000"):
        uid = study["0020000D"]["Value"][0]
        for each in world.system.get("archive", f"/dicom-web/studies/{uid}/instances?limit=1000"):
            found.append(each["00080018"]["Value"][0])
    return found
