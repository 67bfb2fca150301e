"""Structured logs: one JSON line per decision, on stderr.

The keyword parameters of ``decided`` are the allow-list: there is no other way to write a field, so no patient's value
has a field to be written in. Texts of foreign exceptions are never logged, only their class.
"""

import logging
import sys
import threading
from datetime import UTC, datetime
from logging.handlers import RotatingFileHandler
from pathlib import Path
from typing import Literal

import orjson

_LOGGER = logging.getLogger("jmid")
Level = Literal["info", "warning", "error"]


def configure(file: Path | None = None) -> None:
    """Send our lines to stderr or a file, and of foreign loggers only warnings' origin, never their text.

    A file is rotated at 50 MB, five are kept.
    """
    logging.raiseExceptions = False  # else logging prints the arguments of a line that it cannot format or write
    ours = _handler(file)
    ours.setFormatter(logging.Formatter("%(message)s"))
    _LOGGER.handlers[:] = [ours]
    _LOGGER.propagate = False
    _LOGGER.setLevel(logging.INFO)
    foreign = _handler(file)
    foreign.setFormatter(_OriginOnly())
    foreign.addFilter(_Seldom())
    root = logging.getLogger()
    root.handlers[:] = [foreign]
    root.setLevel(logging.WARNING)
    threading.excepthook = _thread_died


def _handler(file: Path | None) -> logging.Handler:
    if file is None:
        return logging.StreamHandler(sys.stderr)
    file.parent.mkdir(parents=True, exist_ok=True)
    return RotatingFileHandler(file, maxBytes=50 << 20, backupCount=5, encoding="utf-8")


def decided(
    decision: str,
    *,
    level: Level = "info",
    service: str | None = None,
    role: str | None = None,
    topic: str | None = None,
    event_id: str | None = None,
    correlation_id: str | None = None,
    receipt_id: str | None = None,
    reason: str | None = None,
    error: str | None = None,
    count: int | None = None,
    size_bytes: int | None = None,
    duration_s: float | None = None,
    attempt: int | None = None,
    status: int | None = None,
    address: str | None = None,
    setting: str | None = None,
    lease: str | None = None,
    fence: int | None = None,
    origin: str | None = None,
    route: str | None = None,
    peer: str | None = None,
) -> None:
    """Log one decision.

    error: the class of an exception, never its text unless it is a JmidError's reason.
    origin: file and line of our own code, from ``shared.supervision.origin``.
    route: the pattern of a path, never the path.
    peer: the name that a list of the site gives a caller, never what a caller says of itself.
    """
    fields = {name: value for name, value in locals().items() if value is not None}
    fields["time"] = datetime.now(UTC).isoformat(timespec="milliseconds")
    _LOGGER.log(getattr(logging, level.upper()), orjson.dumps(fields).decode())


def _thread_died(died: threading.ExceptHookArgs) -> None:
    """Log a foreign thread's end without its traceback, which may quote what it handled."""
    kind = died.exc_type
    decided("thread-died", level="error", error=f"{kind.__module__}.{kind.__name__}")


class _Seldom(logging.Filter):
    """Lets a place that complains of every byte of nonsense do so once a second."""

    def __init__(self) -> None:
        super().__init__()
        self._last: dict[tuple[str, int], float] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        """Say whether this place has been silent for a second."""
        place = (record.pathname, record.lineno)
        if record.created - self._last.get(place, 0.0) < 1.0:
            return False
        self._last[place] = record.created
        return True


class _OriginOnly(logging.Formatter):
    """Foreign log lines may quote what they handle, so only where they come from is kept."""

    def format(self, record: logging.LogRecord) -> str:
        kind = record.exc_info[0].__name__ if record.exc_info and record.exc_info[0] else None
        line = {
            "decision": "foreign-log",
            "level": record.levelname.lower(),
            "logger": record.name,
            "origin": f"{record.module}:{record.lineno}",
            "error": kind,
            "time": datetime.now(UTC).isoformat(timespec="milliseconds"),
        }
        return orjson.dumps({name: value for name, value in line.items() if value is not None}).decode()
