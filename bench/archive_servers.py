"""The servers that bench.archive compares: ours, and Orthanc with its DICOMweb plugin, each on a free port."""

import json
import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from http import HTTPStatus
from pathlib import Path
from types import TracebackType
from typing import Self

import psutil

PLUGIN = Path("/usr/share/orthanc/plugins/libOrthancDicomWeb.so")
START_S = 30.0
VIEWER_S = 120.0


class Server:
    """A DICOMweb server in a process of its own. root: the path of its DICOMweb service."""

    name = ""
    probe = "/studies"

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir(parents=True)
        self.port = free_port()
        self.root = "/dicom-web"
        self._process: subprocess.Popen[bytes] | None = None

    def command(self) -> list[str]:
        """Return what starts it."""
        raise NotImplementedError

    def __enter__(self) -> Self:
        log = (self.folder / "log").open("wb")
        self._process = subprocess.Popen(self.command(), stdout=log, stderr=log, cwd=self.folder)
        end = time.monotonic() + START_S
        while True:
            try:
                urllib.request.urlopen(f"http://127.0.0.1:{self.port}{self.root}{self.probe}", timeout=2).read()
                return self
            except OSError:
                if time.monotonic() > end or self._process.poll() is not None:
                    raise
                time.sleep(0.1)

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        if self._process:
            self._process.terminate()
            self._process.wait(20)

    def family(self) -> list[psutil.Process]:
        """Return its process and the children of it."""
        assert self._process is not None
        parent = psutil.Process(self._process.pid)
        return [parent, *parent.children(recursive=True)]

    def cpu_s(self) -> float:
        """Return the CPU seconds that it has used."""
        return float(sum(sum(each.cpu_times()[:2]) for each in self.family()))

    def rss(self) -> int:
        """Return the bytes of memory that it holds now."""
        return int(sum(each.memory_info().rss for each in self.family()))


class Ours(Server):
    """``jmid run archive`` on the embedded ports, fsync on."""

    name = "ours"

    def __enter__(self) -> Self:
        """Start it, and wait until the viewer that it prepares beside its work, from npm, no longer takes a core."""
        super().__enter__()
        end = time.monotonic() + VIEWER_S
        while time.monotonic() < end:
            try:
                urllib.request.urlopen(f"http://127.0.0.1:{self.port}/viewer/", timeout=2).read()
            except urllib.error.HTTPError as error:
                if error.code != HTTPStatus.SERVICE_UNAVAILABLE:
                    break  # it is not offered here
            else:
                break
            time.sleep(0.5)
        return self

    def command(self) -> list[str]:
        jmid = Path(sys.executable).with_name("jmid")
        home = str(self.folder / "home")
        return [str(jmid), "run", "archive", "--home", home, "--port", str(self.port), "--insecure"]


class Orthanc(Server):
    """Orthanc with SQLite and its DICOMweb plugin, as packaged."""

    name = "orthanc"

    def command(self) -> list[str]:
        database = str(self.folder / "db")
        settings = {
            "StorageDirectory": database,
            "IndexDirectory": database,
            "HttpPort": self.port,
            "DicomServerEnabled": False,
            "AuthenticationEnabled": False,
            "Plugins": [str(PLUGIN)],
            "LimitFindResults": 0,
            "LimitFindInstances": 0,
            "DicomWeb": {"Enable": True, "Root": "/dicom-web/", "StudiesMetadata": "Full", "SeriesMetadata": "Full"},
        }
        (self.folder / "orthanc.json").write_text(json.dumps(settings))
        return [shutil.which("Orthanc") or "Orthanc", str(self.folder / "orthanc.json")]


class Nginx(Server):
    """nginx with one static file under the DICOMweb root: what this machine moves at best."""

    name = "nginx"

    def __init__(self, folder: Path, path: str, content: bytes) -> None:
        super().__init__(folder)
        self.probe = path
        file = folder / f"{self.root}{path}".lstrip("/")
        file.parent.mkdir(parents=True)
        file.write_bytes(content)

    def command(self) -> list[str]:
        """Return what starts it: one worker, as ours is one process."""
        settings = (
            f"daemon off; worker_processes 1; pid {self.folder}/pid; error_log stderr; events {{ }}\n"
            f"http {{ access_log off; sendfile on; keepalive_requests 100000; server {{ listen 127.0.0.1:{self.port};"
            f" root {self.folder}; }} }}\n"
        )
        (self.folder / "nginx.conf").write_text(settings)
        return [shutil.which("nginx") or "nginx", "-c", str(self.folder / "nginx.conf")]


def available(alone: bool = False) -> list[type[Server]]:
    """Return the servers that this machine has; ours only if alone."""
    return [Ours, Orthanc] if shutil.which("Orthanc") and PLUGIN.exists() and not alone else [Ours]


def free_port() -> int:
    """Return a port that nobody listens on."""
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        return int(held.getsockname()[1])


def cores() -> int:
    """Return how many cores this process may use."""
    return len(os.sched_getaffinity(0))
