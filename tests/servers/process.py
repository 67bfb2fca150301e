"""A server in a process group of its own, in a folder of its own, that does not outlive the tests."""

import contextlib
import os
import random
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Self

START_S = 60
STOP_S = 20
FIRST_PORT, LAST_PORT, WORKERS = 15000, 32000, 16
VENV = Path(sys.prefix) / "bin"
_GUARD = 'while read -r line; do groups=$line; done; for group in $groups; do kill -9 "-$group"; done 2>/dev/null'


class NotStartedError(Exception):
    """The server did not become ready; the text ends with the end of its log."""


class Server(ABC):
    """Starts at ``start``, keeps its ports and data through ``restart`` and ``kill9``, and is gone after ``stop``.

    As a context manager it runs inside, and is gone after.
    """

    name: str
    stop_s: float = STOP_S
    """How long it may take to end in an orderly way, before it is killed."""

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix=f"jmid-test-{self.name}-"))
        self._log = self.folder / "output.log"
        self._process: subprocess.Popen[bytes] | None = None

    @abstractmethod
    def command(self) -> tuple[Sequence[str | Path], Mapping[str, str]]:
        """Return the command line and what its environment has besides ours."""

    @abstractmethod
    def is_ready(self) -> bool:
        """Return whether it answers its own protocol now."""

    def __enter__(self) -> Self:
        try:
            self.start()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def start(self) -> None:
        """Start it and wait until it is ready."""
        arguments, environ = self.command()
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                [str(argument) for argument in arguments],
                env={**os.environ, **environ},
                cwd=self.folder,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        guard(self._process.pid)
        self._wait_until_ready()

    def kill9(self) -> None:
        """Kill it as a power cut would, as far as a process can."""
        self._signal(signal.SIGKILL)

    def shut_down(self) -> None:
        """End it in an orderly way; its data stays."""
        self._signal(signal.SIGTERM)

    def restart(self) -> None:
        """Shut it down and start it again, with the same address and data."""
        self.shut_down()
        self.start()

    def stop(self) -> None:
        """End it for good, with its data, so there is nothing to wait for."""
        self.kill9()
        shutil.rmtree(self.folder, ignore_errors=True)

    @property
    def running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def _signal(self, number: signal.Signals) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        with contextlib.suppress(ProcessLookupError):
            (os.killpg if number == signal.SIGKILL else os.kill)(process.pid, number)
        try:
            process.wait(self.stop_s)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait(STOP_S)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)  # what it left behind

    def _wait_until_ready(self) -> None:
        deadline = time.monotonic() + START_S
        while not self.is_ready():
            if not self.running or time.monotonic() > deadline:
                tail = self._log.read_text(errors="replace")[-2000:]
                raise NotStartedError(f"{self.name} did not become ready; its log ends with:\n{tail}")
            time.sleep(0.1)


_given: set[int] = set()


def free_ports(count: int) -> list[int]:
    """Return ports of the loopback address that nobody listens on now, and that were not returned before.

    Each worker of pytest-xdist has a range of its own, below those that the system gives to outgoing connections: what
    was free here is still free when the server that it is for binds to it.
    """
    worker = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0")[2:]) % WORKERS
    candidates = random.sample(range(FIRST_PORT + worker, LAST_PORT, WORKERS), 400)
    found: list[int] = []
    for port in (each for each in candidates if each not in _given):
        with contextlib.suppress(OSError), socket.socket() as each:
            each.bind(("127.0.0.1", port))
            found.append(port)
        if len(found) == count:
            _given.update(found)
            return found
    raise OSError("no free ports")


_guarded: list[int] = []
_guard_process: subprocess.Popen[bytes] | None = None


def guard(group: int) -> None:
    """Have the process group killed when this process ends, however it ends: the guard then reads an end of file."""
    global _guard_process
    if _guard_process is None:
        _guard_process = subprocess.Popen(["sh", "-c", _GUARD], stdin=subprocess.PIPE, start_new_session=True)
    _guarded.append(group)
    assert _guard_process.stdin is not None
    _guard_process.stdin.write(f"{' '.join(map(str, _guarded))}\n".encode())
    _guard_process.stdin.flush()
