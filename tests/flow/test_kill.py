"""kill -9 of each service at random moments while 500 instances and 50 reports flow: all there, once."""

import contextlib
import random
import subprocess
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.flow import senders
from tests.flow.ports import Ports
from tests.flow.system import System, start_services, until
from tests.servers.dcmtk import tool

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]

INSTANCES, REPORTS, STUDIES = 500, 50, 25
KILLS = 12
SEED = 20240531


@pytest.fixture(params=["embedded", "servers"])
def system(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[System]:
    ports = Ports.embedded() if request.param == "embedded" else Ports.servers(request)
    quick = {
        "JMID_RETRY_DELAYS_S": "0.5,1,2,2,2,2,2,2",
        "JMID_LEASE_TTL_S": "2",
        "JMID_LINKER_RETRY_MAX_S": "2",
        "JMID_LINKER_SWEEP_S": "2",
    }
    running = start_services(tmp_path / "home", {**ports.environ, **quick})
    yield running
    running.close()


def small_studies(shared_data: Path, folder: Path, sent: senders.Sent) -> list[list[Path]]:
    """Write 25 Studies of 20 small MR Instances; every one differs in its pixels."""
    sources = sorted((shared_data / "dicom/dcmqi/paramaps/701-ADCb500").glob("*.dcm"))
    studies = []
    for number in range(STUDIES):
        files = senders.study(sources[: INSTANCES // STUDIES], senders.person(number), folder / str(number), sent)
        studies.append(files)
    return studies


def keep_sending(files: list[Path], port: int) -> None:
    """Send until everything is accepted, as a PACS does: what failed is sent again."""
    for _ in range(60):
        command = [tool("storescu"), "-aec", "JMID", "-R", "127.0.0.1", str(port), *map(str, files)]
        with contextlib.suppress(subprocess.TimeoutExpired):
            if subprocess.run(command, capture_output=True, timeout=60).returncode == 0:
                return
        time.sleep(0.5)
    raise AssertionError("ingest did not come back")


def keep_posting(system: System, body: bytes) -> None:
    for _ in range(60):
        with contextlib.suppress(OSError):
            if system.post("ingest", "/ingest/reports", body, "application/fhir+json")[0] == 202:
                return
        time.sleep(0.5)
    raise AssertionError("the report endpoint did not come back")


def test_nothing_is_lost_and_nothing_happens_twice(system: System, shared_data: Path, tmp_path: Path) -> None:
    tool("storescu")  # skips here, not in the sending thread
    chance, sent = random.Random(SEED), senders.Sent()
    studies = small_studies(shared_data, tmp_path / "in", sent)
    reports = [
        senders.fhir_report(senders.person(n), n, "20240531", f"所見{n}番。結節を認めない。", "MR")
        for n in range(REPORTS)
    ]
    failures: list[BaseException] = []

    def send() -> None:
        try:
            for number, files in enumerate(studies):
                keep_sending(files, system.dimse_port)
                for report in reports[2 * number : 2 * number + 2]:
                    keep_posting(system, report)
        except BaseException as error:
            failures.append(error)

    sender = threading.Thread(target=send)
    sender.start()
    names = list(system.processes) * (KILLS // len(system.processes))
    chance.shuffle(names)
    for name in names:
        time.sleep(chance.uniform(0.2, 1.2))
        system.processes[name].kill9()
        time.sleep(chance.uniform(0.0, 0.6))
        system.processes[name].start()
    sender.join(400)
    for process in system.processes.values():
        process.wait_ready()

    assert failures == []
    assert not sender.is_alive()
    until(lambda: system.instances() == INSTANCES, "500 instances in the archive", 240)
    until(lambda: sum(len(case["report_ids"]) for case in system.cases()) == REPORTS, "50 reports in cases", 240)
    until(lambda: sum(int(case["instances"]) for case in system.cases()) == INSTANCES, "500 instances in cases", 60)
    uids = system.sop_instance_uids()
    assert len(uids) == len(set(uids)) == INSTANCES
    cases = system.cases()
    assert sum(bool(case["has_images"]) for case in cases) == STUDIES
    ids = [report for case in cases for report in case["report_ids"]]
    assert len(set(ids)) == REPORTS
    receipts = until(lambda: _settled(system), "every receipt to say delivered")
    assert sum(int(receipt["received"]) for receipt in receipts if receipt["kind"] == "instances") == INSTANCES


def _settled(system: System) -> list[dict[str, Any]]:
    receipts: list[dict[str, Any]] = system.get("ingest", "/ingest/receipts?limit=500")["receipts"]
    states = {receipt["state"] for receipt in receipts}
    return receipts if states <= {"delivered", "duplicate"} else []
