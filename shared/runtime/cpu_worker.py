"""One worker process of the pool: its limits, and how it is asked, answered for, and ended."""

import enum
import multiprocessing
import os
import pickle
import resource
import signal
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing import connection
from multiprocessing.connection import Connection
from multiprocessing.reduction import ForkingPickler
from multiprocessing.util import Finalize

from shared.errors import JmidError, TooCostly, WorkerDied

END_S = 5.0
"""How long a worker that is told to end may take before it is killed."""


class Why(enum.StrEnum):
    """Why a worker was ended and replaced; a label of the metric."""

    TIME = "time"
    MEMORY = "memory"
    DIED = "died"


@dataclass(frozen=True)
class Raised:
    """What the function raised."""

    error: Exception


@dataclass(frozen=True)
class Ended:
    """That the worker cannot go on."""

    why: Why

    def error(self) -> JmidError:
        """Return what whoever asked for the work is told."""
        match self.why:
            case Why.TIME:
                return TooCostly("too-slow", "it took longer than JMID_HOST_WORK_S allows")
            case Why.MEMORY:
                return TooCostly("too-much-memory", "it needed more than JMID_HOST_WORKER_MEMORY_BYTES")
            case Why.DIED:
                return WorkerDied("a worker process died")


def packed(call: Callable[[], object]) -> bytes:
    """Return a call as a worker takes it."""
    return bytes(ForkingPickler.dumps(call))


class Worker:
    """A worker process as its parent has it. Used by one thread at a time."""

    def __init__(self, memory_bytes: int) -> None:
        context = multiprocessing.get_context("forkserver")
        self._own, theirs = context.Pipe()
        with theirs:
            self._process = context.Process(target=_serve, args=(theirs, memory_bytes), daemon=True)
            self._process.start()
        self._at_exit = Finalize(self, self._process.kill, exitpriority=1)  # before multiprocessing waits for children

    def answer(self, request: bytes, limit_s: float) -> object:
        """Return what the call returned, Raised, or Ended if the worker is of no more use."""
        try:
            self._own.send_bytes(request)
            if not self._own.poll(limit_s):
                return Ended(Why.TIME)
            return pickle.loads(self._own.recv_bytes())  # noqa: S301 - our own child wrote it
        except (EOFError, OSError):
            return Ended(Why.DIED)

    def end(self) -> None:
        """Let the process end by itself; kill it if it does not."""
        self._own.close()
        self._process.join(END_S)
        self.kill()

    def kill(self) -> None:
        """End the process at once, whatever it does."""
        self._at_exit()
        self._process.join()
        self._process.close()
        self._own.close()


def _serve(asked: Connection, memory_bytes: int) -> None:
    _live_with_parent()
    if memory_bytes:
        # RLIMIT_DATA, not RLIMIT_AS: what libraries and dictionaries map from files is shared and costs nothing.
        resource.setrlimit(resource.RLIMIT_DATA, (memory_bytes, memory_bytes))
    while True:
        try:
            request = asked.recv_bytes()
        except EOFError:
            return
        with suppress(BrokenPipeError):
            asked.send_bytes(_answer(request))


def _answer(request: bytes) -> bytes:
    try:
        call = pickle.loads(request)  # noqa: S301 - our own parent wrote it
        return bytes(ForkingPickler.dumps(call()))
    except MemoryError:
        return pickle.dumps(Ended(Why.MEMORY))
    except Exception as error:
        return _raised(error)


def _raised(error: Exception) -> bytes:
    """Return the error as its parent can read it; some libraries' errors cannot be made again from their arguments."""
    try:
        data = pickle.dumps(Raised(error))
        pickle.loads(data)  # noqa: S301 - written one line above
    except Exception:
        return pickle.dumps(Raised(RuntimeError(f"{type(error).__module__}.{type(error).__name__} in a worker")))
    return data


def _live_with_parent() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the whole group; the parent drains, then ends us
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    parent = multiprocessing.parent_process()
    if parent is not None:
        threading.Thread(target=_exit_after, args=(parent.sentinel,), daemon=True).start()


def _exit_after(sentinel: int) -> None:
    connection.wait([sentinel])
    os._exit(1)
