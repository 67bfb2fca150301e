"""What the README prints for a first hour works as printed, where everybody is asked who they are."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pydicom.data
import pytest

from tests.flow.system import JMID, System, start_up, until

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]
README = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")
REPORT = {
    "resourceType": "DiagnosticReport",
    "status": "final",
    "code": {"text": "CT"},
    "subject": {"identifier": {"value": "00412233"}},
    "identifier": [{"system": "urn:test", "value": "R-1"}],
    "conclusion": "著変なし。",
}


def printed(language: str, word: str) -> str:
    """Return the block of the README with a word in it."""
    (block,) = [each for each in re.findall(rf"```{language}\n(.*?)```", README, re.DOTALL) if word in each]
    return str(block)


@pytest.fixture
def system(tmp_path: Path) -> Iterator[System]:
    running = start_up(tmp_path / "home", None, "--no-sample", is_asked=True)
    yield running
    running.close()


def run(system: System, folder: Path, command: list[str]) -> str:
    """Run a printed block at the ports of the test; return what it says."""
    text = command.pop().replace("127.0.0.1:8080", f"127.0.0.1:{system.processes['up'].port}")
    environ = {**os.environ, "JMID_HOME": str(system.home)}
    done = subprocess.run(
        [*command, text.replace(".venv/bin/jmid", str(JMID))],
        cwd=folder, env=environ, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_what_curl_and_python_are_told_to_send_arrives(system: System, tmp_path: Path) -> None:
    (tmp_path / "report.json").write_text(json.dumps(REPORT), encoding="utf-8")
    (tmp_path / "slice.dcm").write_bytes(Path(str(pydicom.data.get_testdata_file("CT_small.dcm"))).read_bytes())

    shell = run(
        system, tmp_path, ["bash", "-e", "-c", printed("sh", "/ingest/receipts").replace("curl ", "curl -fsS ")]
    )
    run(system, tmp_path, [sys.executable, "-c", printed("python", "DICOMwebClient")])

    assert '"receipts"' in shell
    until(lambda: len(system.get("ingest", "/ingest/receipts")["receipts"]) == 2, "both receipts")


def test_nobody_without_a_token_is_answered(system: System) -> None:
    system.headers = {}

    status, _ = system.post("ingest", "/ingest/reports", json.dumps(REPORT).encode(), "application/fhir+json")

    assert status == 401
    with pytest.raises(AssertionError, match="answered 401"):
        system.get("search", "/api/cases")
