"""Ends the process when its grace after a stop signal is over, whatever it is at.

What was promised is durable before it is promised, so an end at any moment loses nothing; one that comes too late is a
SIGKILL by whoever waits, and a rollout that stands still until then.
"""

import asyncio
import os
import signal
import threading
from collections.abc import Callable

from shared.logs import decided

EXIT_CODE = 1


def end_process() -> None:
    """End the process now, and say so in the log."""
    decided("stop-forced", level="error")
    os._exit(EXIT_CODE)


class Grace:
    """The time between a stop signal and the end. end: what ends the process; it runs in a thread of its own."""

    def __init__(self, grace_s: float, end: Callable[[], None] = end_process) -> None:
        self._timer = threading.Timer(grace_s, end)
        self._timer.daemon = True
        self._began = False

    def stop_signal(self) -> asyncio.Event:
        """Return an event that SIGINT or SIGTERM sets; the grace begins with the first of them."""
        stopped = asyncio.Event()

        def stop() -> None:
            self.begin()
            stopped.set()

        for each in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().add_signal_handler(each, stop)
        return stopped

    def begin(self) -> None:
        """Let the time run, also while the interpreter waits for its threads; a second call changes nothing."""
        if not self._began:
            self._began = True
            self._timer.start()
