"""What is written down is published: at once after a write, again after an outage, until the lease is lost."""

import asyncio

import pytest

from shared.errors import Unavailable
from shared.lease import LeaseLost
from shared.outbox import publish_forever


async def test_it_publishes_at_the_start_and_at_every_wake_up_and_ends_with_the_lease() -> None:
    wake_up, published = asyncio.Event(), 0

    async def publish() -> None:
        nonlocal published
        published += 1
        if published == 3:
            raise LeaseLost("test")
        wake_up.set()  # as a write that comes while it publishes

    with pytest.raises(LeaseLost):
        await publish_forever(publish, wake_up, service="test", idle_s=60)

    assert published == 3


async def test_it_tries_again_at_the_interval_while_a_port_is_away() -> None:
    tries = 0

    async def publish() -> None:
        nonlocal tries
        tries += 1
        if tries == 3:
            raise LeaseLost("test")
        raise Unavailable("the bus is away")

    with pytest.raises(LeaseLost):
        await publish_forever(publish, asyncio.Event(), service="test", idle_s=0.01)

    assert tries == 3
