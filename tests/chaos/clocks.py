"""Wall clocks of single processes that jump; steady clocks go on as they are, as when an operator sets a clock."""

import os
import time
from collections.abc import Mapping
from pathlib import Path

JUMPS_H = (-30, -2, 3, 30)
_START = """
import os, time
_real, _file, _size = time.time, os.environ["JMID_TEST_CLOCK"], os.stat
time.time = lambda: _real() + 3600 * (_size(_file).st_size - 100)
"""


class Clocks:
    """folder: holds a file for each process, whose size says how far its clock is off: 100 bytes and one an hour."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        (folder / "start").mkdir(parents=True)
        (folder / "start" / "sitecustomize.py").write_text(_START)

    def environ(self, process: str) -> Mapping[str, str]:
        """Return what a process needs in its environment so that its clock can be set."""
        self._set(process, 0)
        path = os.pathsep.join(filter(None, (str(self._folder / "start"), os.environ.get("PYTHONPATH"))))
        return {"PYTHONPATH": path, "JMID_TEST_CLOCK": str(self._file(process))}

    def jump(self, process: str, for_s: float) -> None:
        """Put the clock of a process forward or back by hours, and right again after the time."""
        self._set(process, JUMPS_H[round(for_s * 10) % len(JUMPS_H)])
        time.sleep(for_s)
        self._set(process, 0)

    def _set(self, process: str, hours: int) -> None:
        file = self._file(process)
        file.touch()
        os.truncate(file, 100 + hours)

    def _file(self, process: str) -> Path:
        return self._folder / f"{process.replace('/', '-')}.clock"
