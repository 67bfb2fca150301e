"""The upgrade drill, as docs/operations.md tells it: back up, migrate, start, while a PACS goes on sending.

What the earlier release kept is answered as before, what is sent meanwhile arrives, and the backup is a way back.
"""

import os
import subprocess
import threading
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from tests.flow import senders
from tests.flow.system import JMID, PIXELS_UNREAD, Process, System, until
from tests.servers.process import free_ports
from tests.versions.answers import STUDY, answers_of
from tests.versions.homes import LONG, NAMES, answers, unpacked
from tests.versions.test_homes import answered, assert_same

pytestmark = [pytest.mark.slow, pytest.mark.timeout(420)]
SENT, EACH = 4, 2


class Pacs:
    """Sends Studies one after the other, each until it is taken, as a PACS does while a gateway is away."""

    def __init__(self, sources: Sequence[Path], folder: Path) -> None:
        self.studies = [
            senders.study(sources[:EACH], senders.person(70 + number), folder / str(number), senders.Sent())
            for number in range(SENT)
        ]
        self.taken = threading.Semaphore(0)
        self.stopped = threading.Event()

    def send(self, url: str) -> None:
        for files in self.studies:
            while not self.stopped.is_set():
                try:
                    senders.by_stow(files, f"{url}/ingest/dicom-web")
                except Exception:  # whatever a client meets while nobody answers, or is killed
                    time.sleep(0.2)
                else:
                    self.taken.release()
                    break


def jmid(*arguments: str, environ: Mapping[str, str]) -> None:
    command = [str(JMID), *arguments]
    done = subprocess.run(command, env={**os.environ, **environ}, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stdout + done.stderr


def not_started(home: Path) -> System:
    """Return a system that listens at a known port once it is started."""
    port, dimse = free_ports(2)
    environ = {**os.environ, **LONG, **PIXELS_UNREAD, "JMID_LEASE_TTL_S": "2", "JMID_RETRY_DELAYS_S": "0.5,1,2,2,2,2"}
    arguments = ["up", "--home", str(home), "--dimse-port", str(dimse), "--insecure"]
    return System(home, environ, {"up": Process(arguments, port, environ, home.with_suffix(".log"))}, dimse)


def of_before(found: dict[str, Any], expected: dict[str, Any]) -> dict[str, Any]:
    """Leave out what came since."""
    known = {name: {each["id"] for each in expected[name]} for name in ("cases", "receipts")}
    studies = {each[STUDY]["Value"][0] for each in expected["studies"]}
    lists = {name: [each for each in found[name] if each["id"] in ids] for name, ids in known.items()}
    lists["studies"] = [each for each in found["studies"] if each[STUDY]["Value"][0] in studies]
    maps = {name: {key: found[name].get(key) for key in expected[name]} for name in found.keys() - lists.keys()}
    return {**lists, **maps}


@pytest.mark.parametrize("name", NAMES)
def test_an_upgrade_under_load_loses_nothing_and_the_backup_is_a_way_back(
    shared_data: Path, tmp_path: Path, name: str
) -> None:
    folder = unpacked(name, tmp_path / "before") / "embedded"
    home, expected = folder / "home", answers(folder)
    environ = {"JMID_BACKUP_KEY": str(tmp_path / "backup.key")}
    pacs = Pacs(sorted((shared_data / "dicom/dcmqi/paramaps/701-ADCb500").glob("*.dcm")), tmp_path / "in")
    system = not_started(home)
    process = system.processes["up"]
    sending = threading.Thread(target=pacs.send, args=[process.url])
    sending.start()
    try:
        jmid("backup", "--home", str(home), "--to", str(tmp_path / "backups"), "--new-key", environ=environ)
        jmid("migrate", "--home", str(home), environ=environ)
        process.start()
        assert pacs.taken.acquire(timeout=90)
        process.kill9()  # a first start that does not last
        process.start()
        process.wait_ready()
        sending.join(90)
        everything = sum(case["instances"] for case in expected["cases"]) + SENT * EACH
        until(lambda: sum(int(case["instances"]) for case in system.cases()) == everything, "all in cases")
        found = answers_of(process.url)
    finally:
        pacs.stopped.set()
        assert process.stop() == 0

    assert not sending.is_alive()
    assert_same(of_before(found, expected), expected)
    assert len(found["files"]) == len(expected["files"]) + SENT * EACH
    jmid("restore", "--from", str(tmp_path / "backups"), "--home", str(tmp_path / "back"), environ=environ)
    assert_same(answered(tmp_path / "back", LONG, expected), expected)
