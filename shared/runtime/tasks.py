"""Long-lived tasks: each has an owner that sees its end, starts it again with a growing wait, and counts.

A task that returns is a fault like one that raises: nothing that a service does is ever finished.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from shared.errors import JmidError
from shared.logs import decided
from shared.metrics import TASK_RESTARTS, TASKS_WAITING
from shared.service import Service
from shared.supervision import Backoff, origin

FIRST_S, MOST_S = 1.0, 60.0
FAULTY_AFTER = 2
"""How many ends in a row make a process not ready: one can be a broker that restarts."""


@dataclass
class Task:
    """One long-lived task of a service.

    name: of the function that it runs.  waiting: it ended and is to be started again.  in_row: ends without a run of
    more than MOST_S in between.
    """

    service: Service
    name: str
    waiting: bool = False
    in_row: int = 0

    @property
    def is_faulty(self) -> bool:
        """Say whether it does not run and did not the last time either."""
        return self.waiting and self.in_row >= FAULTY_AFTER


async def run_forever(task: Task, run: Callable[[], Awaitable[None]]) -> None:
    """Run until cancelled; whenever it ends, say so, wait and start it again."""
    backoff = Backoff(FIRST_S, MOST_S)
    labels = (task.service.role.value, task.service.name, task.name)
    TASK_RESTARTS.labels(*labels)  # shown as 0
    while True:
        started = time.monotonic()
        task.waiting = False
        TASKS_WAITING.labels(*labels).set(0)
        try:
            await run()
            if _is_cancelled():
                return  # a consumer drains when it is cancelled, and then returns
            _say(task, "task-ended", None)
        except Exception as error:  # the runtime is the one place that may catch everything
            _say(task, "task-restarted", error)
        ran_s = time.monotonic() - started
        task.waiting = True
        task.in_row = task.in_row + 1 if ran_s < MOST_S else 1
        TASKS_WAITING.labels(*labels).set(1)
        TASK_RESTARTS.labels(*labels).inc()
        await asyncio.sleep(backoff.after(ran_s))


def _is_cancelled() -> bool:
    current = asyncio.current_task()
    return current is not None and current.cancelling() > 0


def _say(task: Task, decision: str, error: Exception | None) -> None:
    decided(
        decision,
        level="error",
        service=task.service.name,
        role=task.service.role,
        topic=task.name,
        error=None if error is None else class_name(error),
        origin=(origin(error) or None) if error is not None else None,
        count=task.in_row + 1,
    )


def class_name(error: Exception) -> str:
    """Return the class of an error, with its module if it is not ours."""
    kind = type(error)
    return kind.__name__ if isinstance(error, JmidError) else f"{kind.__module__}.{kind.__name__}"
