"""Publish what a service has written down to be published: woken by a write of this process, else at an interval."""

import asyncio
from collections.abc import Awaitable, Callable

from shared.errors import Transient
from shared.lease import LeaseLost
from shared.logs import decided


async def publish_forever(
    publish: Callable[[], Awaitable[object]],
    wake_up: asyncio.Event,
    *,
    service: str,
    idle_s: float,
    gather_s: float = 0,
) -> None:
    """Publish until cancelled; raise LeaseLost. What fails because a port is away is tried again.

    publish: publishes all that waits.  idle_s: how soon what another process wrote is seen.
    gather_s: how long after a wake-up more is let come, since events that are published together share a commit.
    """
    while True:
        wake_up.clear()
        try:
            await publish()
        except LeaseLost:
            raise
        except Transient as error:
            decided("publish-waits", level="warning", service=service, error=type(error).__name__)
        try:
            async with asyncio.timeout(idle_s):
                await wake_up.wait()
        except TimeoutError:
            continue
        await asyncio.sleep(gather_s)
