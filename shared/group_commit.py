"""Calls of an SQLite connection that wait together share one transaction, and so one fsync."""

import asyncio
import os
import sqlite3
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

Function = Callable[[sqlite3.Connection], Any]
Call = tuple[Function, asyncio.Future[Any]]
Outcome = tuple[asyncio.Future[Any], Any, Exception | None]

GROUP = 256
"""At most this many calls share a transaction, so that none waits long."""
BUSY_S = 30.0
"""How long another process may hold the write lock before we give up."""


def in_one_transaction(
    connection: sqlite3.Connection,
    calls: Sequence[Call],
    *,
    before_commit: Function | None = None,
    callers_own: tuple[type[sqlite3.Error], ...] = (),
) -> list[Outcome]:
    """Run the calls in one transaction and commit it; a call that raises undoes what it did, and only that.

    callers_own: errors of SQLite that fail one call only; any other one is raised, and nothing is committed.
    """
    connection.execute("BEGIN IMMEDIATE")
    outcomes = [(future, *_in_savepoint(connection, function, callers_own)) for function, future in calls]
    if before_commit:
        before_commit(connection)
    connection.execute("COMMIT")
    return outcomes


def resolve(outcomes: Sequence[Outcome]) -> None:
    """Give each future its result or its error; called in the event loop."""
    for future, result, error in outcomes:
        if future.done():  # its caller was cancelled
            continue
        if error is None:
            future.set_result(result)
        else:
            future.set_exception(error)


def sync_folder(path: Path) -> None:
    """Make the names of the file and its log durable: fsync the folder that holds them."""
    descriptor = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _in_savepoint(
    connection: sqlite3.Connection, function: Function, callers_own: tuple[type[sqlite3.Error], ...]
) -> tuple[Any, Exception | None]:
    connection.execute("SAVEPOINT call")
    try:
        result, error = function(connection), None
    except Exception as raised:  # the caller's own: it must not end the thread that all share
        if isinstance(raised, sqlite3.Error) and not isinstance(raised, callers_own):
            raise  # it may have undone the whole transaction
        result, error = None, raised
        connection.execute("ROLLBACK TO call")
    connection.execute("RELEASE call")
    return result, error
