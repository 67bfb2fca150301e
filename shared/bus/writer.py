"""One SQLite connection in one thread; calls that wait together share one transaction, and so one fsync."""

import asyncio
import errno
import queue
import sqlite3
import threading
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from shared.errors import DamagedStore, JmidError, StorageFull, Unavailable
from shared.group_commit import BUSY_S, GROUP, Call, in_one_transaction, resolve, sync_folder
from shared.sqlite import into_wal, is_damage

R = TypeVar("R")

LOOK_S = 0.03
"""How often an idle thread looks whether another process has committed: one read of shared memory."""


class Writer:
    """Runs functions of the connection, each atomic, durable when awaited (WAL, synchronous=FULL)."""

    def __init__(self, path: Path, schema: str, changed: Callable[[], None]) -> None:
        """changed: called in the event loop after another connection has committed."""
        self._path, self._schema, self._changed = path, schema, changed
        self._loop = asyncio.get_running_loop()
        self._calls: queue.SimpleQueue[Call | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._work, name=f"writer {path.name}", daemon=True)
        self._closed = False
        self._version = 0
        self.damage: JmidError | None = None  # the first that was met

    async def open(self) -> None:
        """Open the file, make its tables, and start the thread."""
        self._thread.start()
        await self.run(lambda connection: None)

    async def run(self, function: Callable[[sqlite3.Connection], R]) -> R:
        """Run it in a transaction; return when that is durable. What it raises undoes what it did, and only that."""
        if self._closed:
            raise Unavailable("the journal is closed")
        future: asyncio.Future[R] = self._loop.create_future()
        self._calls.put((function, future))
        return await future

    async def close(self) -> None:
        """Finish what was asked for, then close the file."""
        if not self._closed:
            self._closed = True
            self._calls.put(None)
            await asyncio.to_thread(self._thread.join)

    def _work(self) -> None:
        connection: sqlite3.Connection | None = None
        closing = False
        while not closing:
            calls, closing = self._next()
            try:
                connection = connection or _open(self._path, self._schema)
                outcomes = in_one_transaction(connection, calls) if calls else []
                self._look(connection)
            except (sqlite3.Error, OSError) as error:
                if connection:  # nothing is known of its transaction, so the next call opens the file again
                    connection.close()
                if is_damage(error):
                    self.damage = self.damage or translated(error)
                connection, outcomes = None, [(future, None, translated(error)) for _, future in calls]
            if outcomes:
                self._loop.call_soon_threadsafe(resolve, outcomes)
        if connection:
            connection.close()

    def _next(self) -> tuple[list[Call], bool]:
        """Return the calls that wait, after a short wait for the first; True if the last has come."""
        calls: list[Call] = []
        try:
            call = self._calls.get(timeout=LOOK_S)
            while call is not None:
                calls.append(call)
                if len(calls) == GROUP:
                    return calls, False
                call = self._calls.get_nowait()
        except queue.Empty:
            return calls, False
        return calls, True

    def _look(self, connection: sqlite3.Connection) -> None:
        version = connection.execute("PRAGMA data_version").fetchone()[0]
        if version != self._version:
            self._version = version
            self._loop.call_soon_threadsafe(self._changed)


def translated(error: Exception) -> JmidError:
    """Return ours for an error of SQLite or of the file system: the name of its code, as its text can quote values."""
    name = getattr(error, "sqlite_errorname", None) or errno.errorcode.get(getattr(error, "errno", 0), "")
    if is_damage(error):
        return DamagedStore(f"{name}; run jmid check")
    return StorageFull(name) if name in ("SQLITE_FULL", "ENOSPC") else Unavailable(name or type(error).__name__)


def _open(path: Path, schema: str) -> sqlite3.Connection:
    connection = sqlite3.connect(path, timeout=BUSY_S, isolation_level=None)
    into_wal(connection, BUSY_S)
    connection.execute("PRAGMA synchronous=FULL")
    connection.execute("PRAGMA journal_size_limit=67108864")
    connection.executescript(schema)
    sync_folder(path)
    return connection
