"""The restore drill: a home that is in use is backed up again and again, lost, restored, and everything is compared.

Everything that was acknowledged before a backup began is in the home that is restored from it, with the digest that it
had; what came later is sent again, and then both agree in full.
"""

import hashlib
import os
import subprocess
import threading
import urllib.request
from pathlib import Path

import pytest

from tests.flow import senders
from tests.flow.system import JMID, PIXELS_UNREAD, System, start_up, until

pytestmark = [pytest.mark.slow, pytest.mark.timeout(420)]
STUDIES, EACH = 9, 2
QUICK = {**PIXELS_UNREAD, "JMID_RETRY_DELAYS_S": "0.5,1,2,2,2,2,2,2", "JMID_LEASE_TTL_S": "2"}


class Sender:
    """Sends Studies and reports, one after the other, from a thread, and counts what was acknowledged."""

    def __init__(self, sources: list[Path], folder: Path) -> None:
        self.studies = [
            senders.study(sources[:EACH], senders.person(number), folder / str(number), senders.Sent())
            for number in range(STUDIES)
        ]
        self.reports = [
            senders.fhir_report(senders.person(number), number, "20240531", f"所見{number}番。結節を認めない。", "MR")
            for number in range(STUDIES)
        ]
        self.acknowledged = threading.Semaphore(0)

    def send(self, system: System) -> None:
        for files, report in zip(self.studies, self.reports, strict=True):
            senders.by_stow(files, f"{system.url('ingest')}/ingest/dicom-web")
            assert system.post("ingest", "/ingest/reports", report, "application/fhir+json")[0] == 202
            self.acknowledged.release()


class Operator:
    """Calls jmid with a backup key; every call must succeed."""

    def __init__(self, folder: Path) -> None:
        self.key, self.to = folder / "backup.key", str(folder / "backups")
        self.environ = {**os.environ, "JMID_BACKUP_KEY": str(self.key)}

    def backup(self, home: Path) -> None:
        self.jmid("backup", "--to", self.to, "--home", str(home), *([] if self.key.exists() else ["--new-key"]))

    def restore(self, *options: str) -> None:
        self.jmid("restore", "--from", self.to, *options)

    def jmid(self, *arguments: str) -> None:
        done = subprocess.run([str(JMID), *arguments], env=self.environ, capture_output=True, text=True, timeout=120)
        assert done.returncode == 0, done.stdout + done.stderr


def digests(system: System) -> dict[str, str]:
    """Return the SHA-256 of every Instance that the archive holds, as it answers with it."""
    found = {}
    for study in [each["0020000D"]["Value"][0] for each in system.get("archive", "/dicom-web/studies") or []]:
        for each in system.get("archive", f"/dicom-web/studies/{study}/instances"):
            series, uid = each["0020000E"]["Value"][0], each["00080018"]["Value"][0]
            path = f"/dicom-web/studies/{study}/series/{series}/instances/{uid}"
            accept = {"Accept": "application/dicom; transfer-syntax=*"}
            with urllib.request.urlopen(urllib.request.Request(system.url("archive") + path, headers=accept)) as answer:
                found[uid] = hashlib.sha256(answer.read()).hexdigest()
    return found


def arrived(system: System, studies: int) -> None:
    until(lambda: system.instances() >= studies * EACH, f"{studies} Studies in the archive")
    until(lambda: sum(len(case["report_ids"]) for case in system.cases()) >= studies, f"{studies} reports in cases")


def test_a_home_that_is_backed_up_under_load_and_lost_is_restored_with_every_digest(
    shared_data: Path, tmp_path: Path
) -> None:
    operator = Operator(tmp_path)
    sources = sorted((shared_data / "dicom/dcmqi/paramaps/701-ADCb500").glob("*.dcm"))
    sender = Sender(sources, tmp_path / "in")
    first = start_up(tmp_path / "home", QUICK, "--no-sample")
    thread = threading.Thread(target=sender.send, args=[first])
    thread.start()
    acknowledged = 0
    for more in (1, 2, 2):  # the third shows how much came before it, and misses what came after
        for _ in range(more):
            assert sender.acknowledged.acquire(timeout=60)
        acknowledged += more
        operator.backup(tmp_path / "home")
    thread.join(120)
    arrived(first, STUDIES)
    before = digests(first)
    first.processes["up"].kill9()

    operator.restore("--verify")
    operator.restore("--home", str(tmp_path / "other"))
    operator.jmid("check", "--home", str(tmp_path / "other"), "--bytes")
    second = start_up(tmp_path / "other", QUICK, "--no-sample")
    try:
        arrived(second, acknowledged)
        restored = digests(second)
        sender.send(second)  # the hospital sends again what came after the backup
        arrived(second, STUDIES)
        again = digests(second)
    finally:
        assert second.processes["up"].stop() == 0

    assert restored.items() <= before.items()
    assert len(restored) >= acknowledged * EACH
    assert again == before
