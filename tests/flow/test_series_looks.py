"""Two processes of the anonymizer take the slices of one Series; text on its last slice alone does not leave."""

import io
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pydicom
import pytest

from tests.anonymizer.pixels.test_burned_in import ct_with
from tests.flow.system import JMID, Process, System, until
from tests.servers.process import free_ports

pytestmark = [pytest.mark.slow, pytest.mark.timeout(180)]
COUNT, ANONYMIZERS = 6, ("anonymizer", "anonymizer-2")


@pytest.fixture
def gateway(tmp_path: Path) -> Iterator[System]:
    """One embedded home with a receiver and two anonymizers, whose text detector looks."""
    home, ports = tmp_path / "home", free_ports(4)
    home.mkdir()
    subprocess.run([str(JMID), "keys", "new", str(home / "keys")], check=True, capture_output=True, timeout=60)
    own = {
        "JMID_INGEST_DIMSE_PORT": str(ports[3]),
        "JMID_ANONYMIZER_KEYS": str(home / "keys"),
        "JMID_ANONYMIZER_PIXEL_TEXT": "review",
        "JMID_HOST_WORKERS": "1",
    }
    system = System(home, {**os.environ, **own})
    for name, port in zip(("ingest", *ANONYMIZERS), ports[:3], strict=True):
        command = ["run", name.removesuffix("-2"), "--home", str(home)]
        system.processes[name] = Process(command, port, system.environ, tmp_path / f"{name}.log")
        system.processes[name].start()
    for process in system.processes.values():
        process.wait_ready()
    yield system
    system.close()


def test_text_on_the_last_slice_alone_is_held_where_two_processes_take_the_slices_one_by_one(gateway: System) -> None:
    files = [ct_with("SATO KEN 1953" if number == COUNT else "", number=number) for number in range(1, COUNT + 1)]

    for file in files:
        body = b"--slice\r\nContent-Type: application/dicom\r\n\r\n" + file + b"\r\n--slice--\r\n"
        status, _ = gateway.post(
            "ingest", "/ingest/dicom-web/studies", body, 'multipart/related; type="application/dicom"; boundary=slice'
        )
        assert status == 200
    left = until(lambda: _left(gateway.home, COUNT - 1), "all slices but the last to leave")
    held = until(lambda: gateway.get(ANONYMIZERS[1], "/api/gateway/quarantine")["items"], "the last slice to be held")

    assert [each["reason"] for each in held] == ["burned-in-text-found"]
    assert sorted(int(each.InstanceNumber) for each in left) == list(range(1, COUNT))
    for each in left:  # what a look at a slice says is not stated of its Series
        assert "113101" not in [code.CodeValue for code in each.DeidentificationMethodCodeSequence]
        assert "BurnedInAnnotation" not in each


def _left(home: Path, count: int) -> list[Any]:
    """Return the Instances of the de-identified store, once there are so many."""
    files = [path for path in home.rglob("*") if "deidentified" in path.parts and path.parent.name != "drafts"]
    images = [path for path in files if path.is_file() and pydicom.misc.is_dicom(path)]
    found = [pydicom.dcmread(io.BytesIO(path.read_bytes())) for path in images]
    return found if len(found) >= count else []
