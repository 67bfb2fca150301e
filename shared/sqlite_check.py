"""Finds damage in an SQLite file and its write-ahead log, before and beside those who use it. All of it blocks.

The log is read here because SQLite itself stops at the first frame that is not right and goes on as if nothing had been
behind it: transactions that were confirmed would be gone without a word. The database file is never opened but through
SQLite: to close another descriptor of it would drop SQLite's locks (SQLite, "How To Corrupt", section 2.2).

A log that lost its end looks whole to itself: the index beside it (``-shm``) says how many frames were confirmed.

Source: SQLite, "Database File Format", section 4 (the write-ahead log); "WAL-mode File Format", section 2.1 (the header
of the index); PRAGMA quick_check and integrity_check.
"""

import enum
import functools
import sqlite3
import struct
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import msgspec
import numpy as np

MADE = ".made"
"""Ending of a file beside a database that was opened once: without it, an empty place is a first start."""
_MAGIC = {0x377F0682: "<", 0x377F0683: ">"}
_HEADER, _FRAME = struct.Struct(">8I"), struct.Struct(">6I")
_INDEX_HEADER, _COPIED = struct.Struct("=3I2BHII2I8s2I"), struct.Struct("=I")
_STEPS = 100_000
"""Virtual machine instructions between two looks at the clock."""


class Fault(enum.StrEnum):
    """What is wrong with a database."""

    LOST = "lost"
    PAGES = "damaged pages"
    LOG = "damaged log"
    LOG_END = "broken end of the log"
    UNFINISHED = "not checked to its end"


class Found(msgspec.Struct, frozen=True):
    """One finding. detail: for a person."""

    fault: Fault
    detail: str

    @property
    def is_damage(self) -> bool:
        """Whether something that was confirmed is, or may be, gone."""
        return self.fault in (Fault.LOST, Fault.PAGES, Fault.LOG)


def check(path: Path, *, seconds: float = float("inf"), thorough: bool = False) -> list[Found]:
    """Return what is wrong with a database; a file that never was is nothing wrong.

    seconds: how long its pages may be looked at.  thorough: compare indexes with tables too.
    """
    size = path.stat().st_size if path.exists() else 0
    if not size:
        was_made = path.with_name(path.name + MADE).exists()
        return [Found(Fault.LOST, "the file is empty or gone, though it was in use")] if was_made else []
    log = log_fault(path.with_name(path.name + "-wal"))
    if log is not None and log.is_damage:
        return [log]  # SQLite would cut the log at its damage by opening it
    pages = _page_fault(path, seconds, "integrity_check" if thorough else "quick_check")
    return [each for each in (log, pages) if each is not None]


def note_made(path: Path) -> None:
    """Remember that the database is in use from now on."""
    path.with_name(path.name + MADE).touch(mode=0o600, exist_ok=True)


def log_fault(path: Path) -> Found | None:
    """Return what is wrong with a write-ahead log. A log that others write meanwhile is read until it stands still."""
    fault = _log_fault(path)
    while fault is not None:
        time.sleep(0.05)
        again = _log_fault(path)
        if again == fault:
            break
        fault = again
    return fault


class _Confirmed(msgspec.Struct, frozen=True):
    """What the index says: frames of the log that hold confirmed commits, under these salts (as the log has them)."""

    frames: int
    salts: bytes


def _confirmed(path: Path) -> _Confirmed | None:
    """Read the index; None if it says nothing, or if the database has all that the log held."""
    try:
        data = path.read_bytes()[: 2 * _INDEX_HEADER.size + _COPIED.size]
    except OSError:
        return None
    size = _INDEX_HEADER.size
    if len(data) < 2 * size + _COPIED.size or data[:size] != data[size : 2 * size]:
        return None  # it was being written
    _, _, _, is_made, _, _, frames, _, _, _, salts, *sums = _INDEX_HEADER.unpack_from(data)
    native = "<" if sys.byteorder == "little" else ">"
    if not is_made or tuple(sums) != _checksum(data[:40], (0, 0), native):
        return None
    (copied,) = _COPIED.unpack_from(data, 2 * size)
    return _Confirmed(frames, salts) if frames > copied else None


def _log_fault(path: Path) -> Found | None:
    confirmed = _confirmed(path.with_name(path.name.removesuffix("-wal") + "-shm"))  # before the log, which only grows
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        data = b""
    if len(data) < _HEADER.size:
        return (
            Found(Fault.LOG, f"it is gone, with {confirmed.frames} frames that were confirmed") if confirmed else None
        )
    magic, _, page_size, _, *salts_and_sums = _HEADER.unpack_from(data)
    salts, sums = tuple(salts_and_sums[:2]), tuple(salts_and_sums[2:])
    order = _MAGIC.get(magic)
    if order is None or _checksum(data[:24], (0, 0), order) != sums:
        frames = len(data) > 1024  # of the smallest page
        return Found(Fault.LOG, "its header is not right, and frames follow it") if frames and any(data) else None
    whole, fault = _frame_fault(data, page_size, salts, sums, order)
    if fault is None and confirmed and confirmed.salts == data[16:24] and confirmed.frames > whole:
        return Found(Fault.LOG, f"it ends after frame {whole}, and {confirmed.frames} were confirmed")
    return fault


def _frame_fault(
    data: bytes, page_size: int, salts: tuple[int, ...], sums: tuple[int, ...], order: str
) -> tuple[int, Found | None]:
    """Look for the first frame that is not right, count the frames before it and the commits from there on.

    A log is reused from its beginning under new salts: frames of other salts are older, unless ours follow them. Every
    commit is synced before the next begins, so one commit behind a wrong frame may be one that a loss of power cut off;
    two cannot be.
    """
    broken, commits, before, number = -1, 0, sums, -1
    for number, (header, page) in enumerate(_frames(data, page_size)):
        _, size_after, salt1, salt2, sum1, sum2 = _FRAME.unpack(header)
        ours = (salt1, salt2) == salts
        right = ours and _checksum(header[:8] + page, before, order) == (sum1, sum2)
        if broken < 0 and not right:
            broken = number
        if broken >= 0 and ours and size_after:
            commits += 1
        before = (sum1, sum2)
    whole = broken if broken >= 0 else number + 1
    if not commits:
        return whole, None
    detail = f"from frame {broken + 1} on, {commits} commits of it cannot be read"
    return whole, Found(Fault.LOG if commits > 1 else Fault.LOG_END, detail)


def _frames(data: bytes, page_size: int) -> Iterator[tuple[bytes, bytes]]:
    step = _FRAME.size + page_size
    for start in range(_HEADER.size, len(data) - step + 1, step):
        yield data[start : start + _FRAME.size], data[start + _FRAME.size : start + step]


def _checksum(data: bytes, before: tuple[int, ...], order: str) -> tuple[int, int]:
    """Return the checksum of section 4.2: s0 += x + s1; s1 += y + s0, for each pair of words.

    A step is linear, so n steps are one product with the powers of its matrix ((1, 1), (1, 2)).
    """
    words = np.frombuffer(data, f"{order}u4").astype(np.uint32)
    first, second = words[0::2], words[0::2] + words[1::2]
    a, b, d = _powers(len(first))
    s0, s1 = np.uint32(before[0]), np.uint32(before[1])
    with np.errstate(over="ignore"):
        r0 = a[0] * s0 + b[0] * s1 + (a[1:] * first + b[1:] * second).sum(dtype=np.uint32)
        r1 = b[0] * s0 + d[0] * s1 + (b[1:] * first + d[1:] * second).sum(dtype=np.uint32)
    return int(r0), int(r1)


@functools.lru_cache(8)
def _powers(count: int) -> tuple["np.ndarray", "np.ndarray", "np.ndarray"]:
    """Return the entries of the matrix's powers from ``count`` down to 0, modulo 2**32."""
    powers = [(1, 0, 1)]
    for _ in range(count):
        a, b, d = powers[-1]
        powers.append(((a + b) % 2**32, (b + d) % 2**32, (b + 2 * d) % 2**32))
    table = np.array(powers[::-1], np.uint32)
    return table[:, 0], table[:, 1], table[:, 2]


def _page_fault(path: Path, seconds: float, pragma: str) -> Found | None:
    deadline = time.monotonic() + seconds
    connection = sqlite3.connect(path, timeout=30.0, isolation_level=None)
    try:
        connection.set_progress_handler(lambda: int(time.monotonic() > deadline), _STEPS)
        rows = [str(row[0]) for row in connection.execute(f"PRAGMA {pragma}(20)")]
    except sqlite3.OperationalError as error:
        if error.sqlite_errorcode == sqlite3.SQLITE_INTERRUPT:
            return Found(Fault.UNFINISHED, f"its pages were looked at for {seconds:g} s and nothing was found")
        return _not_readable(error)
    except sqlite3.DatabaseError as error:
        return _not_readable(error)
    finally:
        connection.close()
    return None if rows == ["ok"] else Found(Fault.PAGES, f"SQLite reports {len(rows)} faults or more")


def _not_readable(error: sqlite3.Error) -> Found:
    return Found(Fault.PAGES, f"SQLite cannot read it: {error.sqlite_errorname}")
