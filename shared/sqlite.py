"""What every SQLite file of ours needs at its opening."""

import sqlite3
import time
from typing import Final

PAUSE_S = 0.02
_DAMAGE: Final = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)


def is_damage(error: BaseException) -> bool:
    """Say whether an error of SQLite says that the file itself is damaged."""
    code = getattr(error, "sqlite_errorcode", None)
    return code is not None and code & 0xFF in _DAMAGE


def into_wal(connection: sqlite3.Connection, timeout_s: float) -> None:
    """Switch to WAL; processes that make one file together may be told BUSY at once, whatever the busy timeout.

    Blocks the calling thread; raises sqlite3.OperationalError when the time is over.
    Source: SQLite, "Write-Ahead Logging", section 9 (when a query may return SQLITE_BUSY in WAL mode).
    """
    deadline = time.monotonic() + timeout_s
    while True:
        try:
            connection.execute("PRAGMA journal_mode=WAL")
            connection.execute("PRAGMA secure_delete=ON")  # what is deleted is written over, for a patient who opts out
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or time.monotonic() > deadline:
                raise
            time.sleep(PAUSE_S)
        else:
            return
