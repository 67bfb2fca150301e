"""The whole system as its users meet it: processes of the real command, what goes in and what comes out."""

import json
import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, TypeVar

from tests.servers.process import free_ports

T = TypeVar("T")
JMID = Path(sys.executable).with_name("jmid")
START_S = 60.0
ARRIVE_S = 120.0


def until(question: Callable[[], T | None], what: str, timeout_s: float = ARRIVE_S) -> T:
    """Ask until there is an answer; fail with what was waited for."""
    deadline = time.monotonic() + timeout_s
    while time.monotonic() < deadline:
        answer = question()
        if answer:
            return answer
        time.sleep(0.1)
    raise AssertionError(f"timed out waiting for {what}")


@dataclass
class Process:
    """One process of the command, with its log in a file."""

    arguments: list[str]
    port: int
    environ: Mapping[str, str]
    log: Path
    running: "subprocess.Popen[bytes] | None" = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        with self.log.open("ab") as log:
            command = [str(JMID), *self.arguments, "--port", str(self.port)]
            self.running = subprocess.Popen(
                command, env=dict(self.environ), stdout=log, stderr=log, start_new_session=True
            )

    def wait_ready(self) -> None:
        until(self._ready, f"{self.arguments} to be ready; see {self.log.read_text()[-3000:]}", START_S)

    def kill9(self) -> None:
        """Kill the process alone: its workers must end by themselves."""
        assert self.running is not None
        self.running.kill()
        self.running.wait(10)

    def stop(self) -> int:
        """Ask it to drain, and return its exit code."""
        if self.running is None or self.running.poll() is not None:
            return -1
        self.running.terminate()
        try:
            return self.running.wait(60)
        except subprocess.TimeoutExpired:
            os.killpg(self.running.pid, signal.SIGKILL)
            raise

    def _ready(self) -> bool:
        assert self.running is None or self.running.poll() is None, self.log.read_text()[-3000:]
        try:
            with urllib.request.urlopen(f"{self.url}/-/ready", timeout=5) as answer:
                return bool(answer.status == 200)
        except (urllib.error.URLError, OSError):
            return False


@dataclass
class System:
    """A home, its ports, and the processes that run on it."""

    home: Path
    environ: dict[str, str]
    processes: dict[str, Process] = field(default_factory=dict)
    dimse_port: int = 0
    headers: dict[str, str] = field(default_factory=dict)

    def close(self) -> None:
        for process in self.processes.values():
            process.stop()

    def url(self, service: str) -> str:
        return (self.processes.get(service) or self.processes["up"]).url

    def get(self, service: str, path: str) -> Any:
        """Return the JSON answer, None for an empty one."""
        request = urllib.request.Request(
            self.url(service) + path, headers={"Accept": "application/dicom+json, */*;q=0.1", **self.headers}
        )
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:
                body = answer.read()
                return json.loads(body) if body else None
        except urllib.error.HTTPError as error:
            raise AssertionError(f"{path} answered {error.code}: {error.read()[:500]!r}") from error

    def post(self, service: str, path: str, body: bytes, content_type: str) -> tuple[int, Any]:
        request = urllib.request.Request(self.url(service) + path, body, {"Content-Type": content_type, **self.headers})
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:
                return answer.status, json.loads(answer.read() or b"null")
        except urllib.error.HTTPError as error:
            return error.code, error.read()

    def cases(self, **query: str) -> list[dict[str, Any]]:
        text = urllib.parse.urlencode({"limit": 200, **query})
        return list(self.get("search", f"/api/cases?{text}")["cases"])

    def instances(self) -> int:
        """Count the Instances that the archive holds, by QIDO-RS."""
        studies = self.get("archive", "/dicom-web/studies?includefield=00201208&limit=1000") or []
        return sum(int(study["00201208"]["Value"][0]) for study in studies)

    def sop_instance_uids(self) -> list[str]:
        """Return the UID of every Instance that the archive finds, Study by Study."""
        studies = [each["0020000D"]["Value"][0] for each in self.get("archive", "/dicom-web/studies?limit=1000")]
        paths = [f"/dicom-web/studies/{study}/instances?limit=1000" for study in studies]
        return [each["00080018"]["Value"][0] for path in paths for each in self.get("archive", path)]


PIXELS_UNREAD = {"JMID_ANONYMIZER_SEARCH_PIXELS": "false"}
"""For tests of faults: looking for text costs 0.1 s and more an image, and has tests of its own."""


def addresses_of(at: Mapping[str, str]) -> dict[str, str]:
    """Return the settings by which services find each other. at: service → where it is served."""
    return {
        "JMID_ARCHIVE_GATEWAY_TOKEN": "credential-of-the-tests",
        "JMID_LINKER_GATEWAY_TOKEN": "credential-of-the-tests",
        "JMID_LINKER_CENTRE_TOKEN": "credential-of-the-tests",
        "JMID_ACCESS_SHARED_GATEWAY_TOKEN": "true",
        "JMID_LINKER_CENTRE_DICOMWEB_URL": f"{at['archive']}/dicom-web",
        "JMID_LINKER_CENTRE_REPORTS_URL": f"{at['linker']}/api/reports",
        "JMID_LINKER_CENTRE_RECALLS_URL": f"{at['linker']}/api/recalls",
        "JMID_LINKER_ARCHIVE_URL": f"{at['archive']}/dicom-web",
        "JMID_ARCHIVE_LINKER_URL": at["linker"],
        "JMID_SEARCH_ARCHIVE_URL": f"{at['archive']}/dicom-web",
        "JMID_SEARCH_LINKER_URL": at["linker"],
    }


READER: Final = ("--role", "radiologist", "--role", "site-sender")


def token_of(home: Path, *arguments: str) -> str:
    """Return what ``jmid token`` prints for a running home."""
    command = [str(JMID), "token", "--home", str(home), *(arguments or READER)]
    return subprocess.run(command, check=True, capture_output=True, text=True, timeout=60).stdout.strip()


def start_up(home: Path, environ: Mapping[str, str] | None = None, *options: str, is_asked: bool = False) -> System:
    """Start gateway and centre in one process tree. is_asked: who calls has to say who they are, as by default."""
    port, dimse = free_ports(2)
    unasked = () if is_asked else ("--insecure",)
    system = System(home, {**os.environ, **(environ or {})}, dimse_port=dimse)
    arguments = ["up", "--home", str(home), "--dimse-port", str(dimse), *unasked, *options]
    system.processes["up"] = Process(arguments, port, system.environ, home.with_suffix(".log"))
    system.processes["up"].start()
    system.processes["up"].wait_ready()
    if is_asked:
        system.headers = {"Authorization": f"Bearer {token_of(home)}"}
    return system


SERVICES: dict[str, list[str]] = {
    "ingest": ["ingest"],
    "anonymizer": ["anonymizer"],
    "gateway-linker": ["linker", "--role", "gateway"],
    "linker": ["linker", "--role", "centre"],
    "archive": ["archive"],
    "search": ["search"],
}


def start_services(home: Path, environ: Mapping[str, str] | None = None) -> System:
    """Start each service as a process of its own on one home."""
    *ports, dimse = free_ports(len(SERVICES) + 1)
    at = {name: f"http://127.0.0.1:{port}" for name, port in zip(SERVICES, ports, strict=True)}
    addresses = {
        "JMID_INGEST_DIMSE_PORT": str(dimse),
        **PIXELS_UNREAD,
        **addresses_of(at),
    }
    system = System(home, {**os.environ, **addresses, **(environ or {})}, dimse_port=dimse)
    home.mkdir(parents=True, exist_ok=True)
    for (name, arguments), port in zip(SERVICES.items(), ports, strict=True):
        command = ["run", *arguments, "--home", str(home)]
        system.processes[name] = Process(command, port, system.environ, home / f"{name}.log")
        system.processes[name].start()
    for process in system.processes.values():
        process.wait_ready()
    return system
