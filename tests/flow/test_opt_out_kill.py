"""An opt-out while the centre is away, and kill -9 of whoever works on it at each step: it comes to its end."""

import io
import subprocess
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pydicom
import pytest

from tests.archive.store.test_basics import KIND, body
from tests.derived_objects.objects import measurement_report, segmentation
from tests.flow import senders
from tests.flow.ports import Ports
from tests.flow.system import JMID, System, start_services, until
from tests.flow.test_opt_out import FINDINGS, of

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]
QUICK = {
    "JMID_RETRY_DELAYS_S": "0.5,1,2,2,2,2,2,2",
    "JMID_LEASE_TTL_S": "2",
    "JMID_LINKER_RETRY_FIRST_S": "0.2",
    "JMID_LINKER_RETRY_MAX_S": "1",
    "JMID_LINKER_SWEEP_S": "0.2",
}
REFUSED = {"opted-out": 1}
SETTLED = ("delivered", "refused", "undelivered", "partly-delivered")


@pytest.fixture(params=["embedded", "servers"])
def system(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[System]:
    ports = Ports.embedded() if request.param == "embedded" else Ports.servers(request)
    running = start_services(tmp_path / "home", {**ports.environ, **QUICK})
    yield running
    running.close()


def study_with_objects(ct: Sequence[bytes]) -> list[bytes]:
    """Return three small slices of person 1, a segmentation of them and a measurement report (PS3.16 TID 1500)."""
    images = []
    for data in ct:
        image = pydicom.dcmread(io.BytesIO(data))
        image.decode()
        image.SpecificCharacterSet = "ISO_IR 192"
        image.PixelData = image.pixel_array[:128, :128].tobytes()
        image.Rows = image.Columns = 128
        images.append(image)
    files = [io.BytesIO() for _ in images]
    for image, file in zip(images, files, strict=True):
        image.save_as(file)
    segmented = segmentation(images)
    report = measurement_report(images, pydicom.dcmread(io.BytesIO(segmented)), 523.6)
    return [*(file.getvalue() for file in files), segmented, report]


def sent(system: System, files: Sequence[bytes]) -> dict[str, Any]:
    """Send by STOW-RS, and return the receipt when all of it is settled."""
    before = {each["id"] for each in receipts(system)}
    status, _ = system.post("ingest", "/ingest/dicom-web/studies", body(files), KIND)
    assert status == 200

    def settled() -> dict[str, Any] | None:
        new = [each for each in receipts(system) if each["id"] not in before]
        return new[0] if new and new[0]["state"] in SETTLED else None

    return until(settled, "the receipt to be settled")


def receipts(system: System) -> list[dict[str, Any]]:
    return list(system.get("ingest", "/ingest/receipts")["receipts"])


def jmid(system: System, *arguments: str, given: str = "") -> str:
    command = [str(JMID), *arguments, "--home", str(system.home)]
    done = subprocess.run(command, env=system.environ, input=given, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def is_in_state(system: System, state: str) -> None:
    def there() -> bool:
        return bool(system.get("anonymizer", "/api/gateway/opt-outs")["opt_outs"][0]["state"] == state)

    until(there, f"the opt-out to be {state}")


def again(system: System, *names: str) -> None:
    """Kill these processes with -9 where they run, and start them."""
    for name in names:  # one after the other: a small machine starts two at once only slowly
        process = system.processes[name]
        if process.running is not None and process.running.poll() is None:
            process.kill9()
        process.start()
        process.wait_ready()


def test_an_opt_out_follows_when_the_centre_is_back_and_goes_on_where_each_process_was_killed(
    system: System, ct: list[bytes]
) -> None:
    first = sent(system, study_with_objects(ct))
    other = sent(system, [of(2, ct[0])])
    report = senders.fhir_report(senders.person(1), 1, "20240531", FINDINGS)
    assert system.post("ingest", "/ingest/reports", report, "application/fhir+json")[0] == 202
    until(lambda: sum(len(each["report_ids"]) for each in system.cases()) == 1, "the report at the centre")
    assert (first["delivered_instances"], other["delivered_instances"]) == (5, 1), (first, other)

    for name in ("archive", "linker"):
        system.processes[name].kill9()
    given = senders.person(1).patient_id + "\n"
    key = jmid(system, "opt-out", "add", "--by", "officer", "--reason", "申し出", given=given).split()[0]
    is_in_state(system, "withdrawing")
    again(system, "anonymizer", "gateway-linker")  # in the middle: the centre is still away
    again(system, "linker")  # and now only the archive is
    until(lambda: system.get("linker", "/api/withdrawals")["withdrawals"], "the withdrawal at the centre")
    again(system, "linker", "archive")
    is_in_state(system, "done")
    proof = jmid(system, "opt-out", "proof", key, "--text")

    assert system.instances() == 1
    assert "5 | centre: instances" in proof or "centre: instances | 5" in proof
    assert sent(system, [of(1, ct[1])])["reasons"] == REFUSED
