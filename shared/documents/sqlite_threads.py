"""SQLite connections in threads: one that writes, with a shared fsync, and a few that read."""

import asyncio
import queue
import sqlite3
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import TypeVar

from shared.errors import DamagedStore, JmidError, StorageFull, Unavailable
from shared.group_commit import (
    BUSY_S,
    GROUP,
    Call,
    Function,
    Outcome,
    in_one_transaction,
    resolve,
    sync_folder,
)
from shared.sqlite import into_wal, is_damage

R = TypeVar("R")

READERS = 3
_CALLERS_OWN = (sqlite3.ProgrammingError, sqlite3.InterfaceError)  # a value SQLite cannot hold: nothing happened


def connect(path: Path, *, timeout_s: float = BUSY_S, read_only: bool = False) -> sqlite3.Connection:
    """Open the file as every connection to it is opened."""
    connection = sqlite3.connect(path, timeout=timeout_s, isolation_level=None, cached_statements=512)
    into_wal(connection, timeout_s)
    connection.execute("PRAGMA synchronous=FULL")  # each commit is fsynced
    connection.execute("PRAGMA cache_size=-32768")
    connection.execute("PRAGMA mmap_size=1073741824")  # a reader's own cache is dropped at each commit of another
    connection.execute("PRAGMA wal_autocheckpoint=4000")
    connection.execute("PRAGMA journal_size_limit=67108864")
    connection.execute("PRAGMA temp_store=MEMORY")
    connection.execute(f"PRAGMA query_only={int(read_only)}")
    return connection


def translated(error: Exception) -> JmidError:
    """Return ours for an error of SQLite or the file system: only its code, because its text can quote values."""
    name = getattr(error, "sqlite_errorname", None) or type(error).__name__
    if is_damage(error):
        return DamagedStore(f"documents: {name}; run jmid check")
    return StorageFull(f"documents: {name}") if name == "SQLITE_FULL" else Unavailable(f"documents: {name}")


class _Threads:
    """Threads of their own connections that take calls from one queue."""

    def __init__(self, path: Path, count: int, name: str) -> None:
        self._path = path
        self._loop = asyncio.get_running_loop()
        self._calls: queue.SimpleQueue[Call | None] = queue.SimpleQueue()
        self._closed = False
        self.damage: JmidError | None = None  # the first that was met: /-/ready says so until the file is restored
        self._threads = [
            threading.Thread(target=self._work, name=f"{name} {path.name} {number}", daemon=True)
            for number in range(count)
        ]
        for thread in self._threads:
            thread.start()

    async def run(self, function: Callable[[sqlite3.Connection], R]) -> R:
        """Run the function with a connection in a thread."""
        if self._closed:
            raise Unavailable("documents: closed")
        future: asyncio.Future[R] = self._loop.create_future()
        self._calls.put((function, future))
        return await future

    @property
    def closed(self) -> bool:
        """Whether no more calls are taken."""
        return self._closed

    async def close(self) -> None:
        """Finish what was asked for, then close the connections."""
        if not self._closed:
            self._closed = True
            for _ in self._threads:
                self._calls.put(None)
            for thread in self._threads:
                await asyncio.to_thread(thread.join)

    def _work(self) -> None:
        raise NotImplementedError

    def _noted(self, error: Exception) -> JmidError:
        ours = translated(error)
        if isinstance(ours, DamagedStore):
            self.damage = self.damage or ours
        return ours

    def _resolve(self, outcomes: list[Outcome]) -> None:
        if outcomes:
            self._loop.call_soon_threadsafe(resolve, outcomes)


class Readers(_Threads):
    """Run functions that read."""

    def __init__(self, path: Path) -> None:
        super().__init__(path, READERS, "reader")

    def _work(self) -> None:
        connection: sqlite3.Connection | None = None
        while (call := self._calls.get()) is not None:
            function, future = call
            try:
                connection = connection or connect(self._path, read_only=True)
                self._resolve([(future, function(connection), None)])
            except sqlite3.Error as error:
                self._resolve([(future, None, self._noted(error))])
            except Exception as error:  # the caller's own: it must not end a thread that all share
                self._resolve([(future, None, error)])
        if connection:
            connection.close()


class Writer(_Threads):
    """Run functions that write: each atomic, durable when awaited; calls that wait together share one fsync."""

    def __init__(self, path: Path, before_commit: Function, undone: Callable[[], None]) -> None:
        self._before_commit, self._undone = before_commit, undone
        super().__init__(path, 1, "writer")

    def _work(self) -> None:
        connection: sqlite3.Connection | None = None
        closing = False
        while not closing:
            calls, closing = self._next()
            if not calls:
                continue
            try:
                connection = connection or _create(self._path)
                self._resolve(
                    in_one_transaction(connection, calls, before_commit=self._before_commit, callers_own=_CALLERS_OWN)
                )
            except Exception as error:  # whatever it is, the callers must hear of it, and the thread must live
                if connection:  # nothing is known of its transaction, so the next call opens the file again
                    connection.close()
                connection = None
                self._undone()
                self._resolve([(future, None, self._noted(error)) for _, future in calls])
        if connection:
            with suppress(sqlite3.Error):  # another process reads, or the disk is full: the log stays for the next one
                connection.execute("PRAGMA busy_timeout=1000")
                connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            connection.close()

    def _next(self) -> tuple[list[Call], bool]:
        """Return the calls that wait, at least one; True if the last has come."""
        calls: list[Call] = []
        call = self._calls.get()
        while call is not None:
            calls.append(call)
            if len(calls) == GROUP or self._calls.empty():
                return calls, False
            call = self._calls.get()
        return calls, True


def _create(path: Path) -> sqlite3.Connection:
    connection = connect(path)
    sync_folder(path)
    return connection
