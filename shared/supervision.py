"""How long to wait before something that ended is started again, and where in our own code an error came from. Pure."""

import traceback
from pathlib import Path

import msgspec

_ROOT = Path(__file__).parents[1]
_OURS = frozenset({"services", "shared"})


class Backoff(msgspec.Struct):
    """The growing wait between restarts of one long-lived task.

    first_s, most_s: the wait after the first end, and the longest. A task that ran for longer than most_s before it
    ended starts again from first_s.
    """

    first_s: float = 0.5
    most_s: float = 60.0
    restarts: int = 0
    _wait_s: float = 0.0

    def after(self, ran_s: float) -> float:
        """Return the seconds to wait before the next start, after the task ran for so long."""
        grown = self.first_s if not self._wait_s or ran_s > self.most_s else self._wait_s * 2
        self._wait_s = min(grown, self.most_s)
        self.restarts += 1
        return self._wait_s


def origin(error: BaseException) -> str:
    """Return file and line of the innermost frame of our own code, such as ``shared/bus/worker.py:75``; else ''.

    Neither the text of the error nor any value of a frame is read.
    """
    for frame in reversed(traceback.extract_tb(error.__traceback__)):
        path = Path(frame.filename)
        if path.is_relative_to(_ROOT) and path.relative_to(_ROOT).parts[0] in _OURS:
            return f"{path.relative_to(_ROOT)}:{frame.lineno}"
    return ""
