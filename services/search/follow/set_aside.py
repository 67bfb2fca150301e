"""Cases that could not be built: set aside with a reason, counted, and tried again at a growing interval.

A small file beside the index, and as disposable as the index is. What waits is timed by the monotonic clock, so a
clock that jumps delays nothing; after a start all of them are tried at once.
"""

import time
from collections.abc import Callable
from pathlib import Path

import msgspec

from shared.supervision import origin

FIRST_S, MOST_S = 30.0, 3600.0
_FILE = "set_aside.json"


class SetAsideCase(msgspec.Struct, frozen=True):
    """Why a case is not in the index as it is now. error: a class.  origin: file and line of our own code."""

    error: str
    origin: str
    tries: int = 1

    @property
    def wait_s(self) -> float:
        """Return the wait before it is tried again."""
        return min(FIRST_S * 2.0 ** min(self.tries - 1, 20), MOST_S)


class SetAside:
    """The set-aside cases of one index. ``note`` writes a file: it runs in a thread."""

    def __init__(self, folder: Path, clock: Callable[[], float] = time.monotonic) -> None:
        self._path = folder / _FILE
        self._clock = clock
        self.cases = _read(self._path)
        self._due_at = dict.fromkeys(self.cases, 0.0)

    def due(self) -> set[str]:
        """Return the ids of the cases that are to be tried again now."""
        now = self._clock()
        return {case_id for case_id, at in self._due_at.items() if at <= now}

    def try_now(self, case_ids: set[str]) -> None:
        """Make these due now, as far as they are set aside."""
        self._due_at |= dict.fromkeys(case_ids & self.cases.keys(), 0.0)

    def count(self) -> int:
        """Count the cases."""
        return len(self.cases)

    def note(self, failed: dict[str, Exception], built: set[str]) -> None:
        """Set the failed ones aside, once more if they were; forget those that are built now."""
        if not failed and not built & self.cases.keys():
            return
        for case_id, error in failed.items():
            tries = self.cases[case_id].tries + 1 if case_id in self.cases else 1
            entry = SetAsideCase(type(error).__name__, origin(error), tries)
            self.cases[case_id] = entry
            self._due_at[case_id] = self._clock() + entry.wait_s
        for case_id in built & self.cases.keys():
            del self.cases[case_id], self._due_at[case_id]
        new = self._path.with_suffix(".new")
        new.write_bytes(msgspec.json.encode(self.cases))
        new.replace(self._path)


def _read(path: Path) -> dict[str, SetAsideCase]:
    try:
        return msgspec.json.decode(path.read_bytes(), type=dict[str, SetAsideCase])
    except (FileNotFoundError, msgspec.DecodeError):
        return {}
