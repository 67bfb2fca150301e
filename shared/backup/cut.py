"""Copies databases that are in use, all as they were at one instant.

For a moment the writers of every database are held off while a read transaction is begun in each; then they go on, and
what is copied is what these transactions see. A home that is restored from such a cut is a home whose processes were
killed at that instant: nothing is lost then (docs/decisions/0120), because no message was acknowledged whose effects
are not in the same cut. Copied one after the other, of documents and bus one would be ahead, and work be lost.

Source: SQLite, "Write-Ahead Logging", 2.2 (a reader's end mark); "Online Backup API".
"""

import sqlite3
from collections.abc import Mapping, Sequence
from contextlib import ExitStack, closing
from pathlib import Path

from shared import sqlite_check
from shared.errors import Damaged

BUSY_S = 60.0


def check(databases: Sequence[Path]) -> None:
    """Raise Damaged for a database that is lost, or whose log is damaged: to open it would cut the log off."""
    for path in databases:
        _refuse_damage(path, sqlite_check.check(path, seconds=0.001))


def copy(databases: Mapping[Path, Path]) -> None:
    """Copy databases that exist, source → target; raise Damaged if a copy is."""
    with ExitStack() as readers:
        sources = _begun(list(databases), readers)
        for source, target in zip(sources, databases.values(), strict=True):
            with closing(sqlite3.connect(target)) as connection:
                source.backup(connection)
    for target in databases.values():
        _refuse_damage(target, sqlite_check.check(target))


def _begun(paths: Sequence[Path], readers: ExitStack) -> list[sqlite3.Connection]:
    """Return connections whose read transactions all see the same instant."""
    with ExitStack() as writers:
        for path in paths:
            writers.enter_context(closing(_connected(path))).execute("BEGIN IMMEDIATE")
        sources = [readers.enter_context(closing(_connected(path))) for path in paths]
        for source in sources:
            source.execute("BEGIN")
            source.execute("SELECT count(*) FROM sqlite_master").fetchone()  # the transaction begins with a read
        return sources


def _connected(path: Path) -> sqlite3.Connection:
    return sqlite3.connect(path, timeout=BUSY_S, isolation_level=None)


def _refuse_damage(path: Path, findings: Sequence[sqlite_check.Found]) -> None:
    for finding in findings:
        if finding.is_damage:
            raise Damaged("damaged-database", f"{path}: {finding.fault}: {finding.detail}; see: jmid check")
