"""The receiving endpoints as processes of their own, watched for growth while nonsense is sent to them."""

import http.client
import os
import socket
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psutil
import pytest
from hypothesis import HealthCheck, settings

from tests.flow.system import Process
from tests.servers.process import free_ports

ANSWER_S = 20.0
GROWTH_BYTES = 160 << 20
"""Caches are bounded: 64 MB of metadata answers, decoded values, SQLite's pages."""
GROWTH_FILES = 16

settings.register_profile(
    "fuzz",
    max_examples=int(os.environ.get("JMID_FUZZ_EXAMPLES", "120")),
    deadline=None,
    derandomize=os.environ.get("HYPOTHESIS_PROFILE") != "search",
    suppress_health_check=list(HealthCheck),
    print_blob=False,
    database=None,
)
FUZZ = settings.get_profile("fuzz")


@dataclass
class Door:
    """A running service. home: all of its state."""

    process: Process
    home: Path
    dimse_port: int = 0

    def ask(
        self, method: str, path: str, body: bytes | None = None, headers: dict[str, str] | None = None
    ) -> tuple[int, bytes]:
        """Make one request on a connection of its own; it must be answered in time."""
        connection = http.client.HTTPConnection("127.0.0.1", self.process.port, timeout=ANSWER_S)
        try:
            connection.putrequest(method, path, skip_accept_encoding=True)
            for name, value in {"Content-Length": str(len(body or b"")), **(headers or {})}.items():
                connection.putheader(name, value)
            connection.endheaders(body)
            answer = connection.getresponse()
            return answer.status, answer.read()
        finally:
            connection.close()

    def say(self, data: bytes) -> bytes:
        """Send bytes that need not be HTTP, end the sending side, and return what comes until the door closes."""
        with socket.create_connection(("127.0.0.1", self.process.port), timeout=ANSWER_S) as raw:
            raw.sendall(data)
            raw.shutdown(socket.SHUT_WR)
            found = bytearray()
            while chunk := raw.recv(65536):
                found += chunk
            return bytes(found)

    def size(self) -> tuple[int, int]:
        """Return bytes of memory and open files of its processes."""
        assert self.process.running is not None
        parent = psutil.Process(self.process.running.pid)
        family = [parent, *parent.children(recursive=True)]
        return sum(each.memory_info().rss for each in family), parent.num_fds()


def opened(folder: Path, service: str) -> Iterator[Door]:
    """Run a service; at the end it must be alive, must not have grown, and must stop cleanly."""
    port, dimse = free_ports(2)
    environ = {**os.environ, "JMID_INGEST_DIMSE_PORT": str(dimse), "JMID_ARCHIVE_SWEEP_S": "1"}
    environ["JMID_ARCHIVE_ACCEPT"] = "any"
    home = folder / "home"
    process = Process(["run", service, "--home", str(home)], port, environ, folder / f"{service}.log")
    process.start()
    process.wait_ready()
    door = Door(process, home, dimse)
    yield door
    assert process.stop() == 0, process.log.read_text()[-3000:]
    assert "Traceback" not in process.log.read_text()


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Door]:
    yield from opened(tmp_path_factory.mktemp("archive"), "archive")


@pytest.fixture(scope="module")
def ingest(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Door]:
    yield from opened(tmp_path_factory.mktemp("ingest"), "ingest")


def grown(door: Door, before: tuple[int, int]) -> list[str]:
    """Return what grew more than it may; files may take a moment to be closed."""
    end = time.monotonic() + 10
    while True:
        memory, files = door.size()
        found = [
            text
            for text, is_more in (
                (f"memory by {memory - before[0]} bytes", memory - before[0] > GROWTH_BYTES),
                (f"open files by {files - before[1]}", files - before[1] > GROWTH_FILES),
            )
            if is_more
        ]
        if not found or time.monotonic() > end:
            return found
        time.sleep(0.2)
