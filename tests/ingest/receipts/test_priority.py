"""What a person asked for says so to the services behind ingest."""

from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import cast

import pytest

from services.ingest.receipts.outbox import publish_some
from services.ingest.receipts.receiving import new_receipt, receive
from shared.bus import Bus
from shared.events import Event, InstancesReceived
from shared.lease import LEASES, leases_of
from tests.ingest.receipts.test_custody import content, opened


@dataclass
class Recorder:
    """A bus that notes what is published."""

    events: list[Event] = field(default_factory=list)

    async def publish(self, *events: Event) -> None:
        self.events += events


@pytest.mark.parametrize(("asked", "is_first"), [({}, False), ({"priority": True}, True), ({"manual": True}, True)])
async def test_an_event_says_whether_a_person_asked_for_its_contents(
    tmp_path: Path, asked: dict[str, bool], is_first: bool
) -> None:
    async with opened(tmp_path) as deps:
        bus = Recorder()
        own = replace(deps, bus=cast("Bus", bus))
        await deps.documents.declare(LEASES)
        await receive(own, new_receipt(own, "pull", "instances", "", **asked), [content(1)])
        async with leases_of(deps.documents, {}).held("ingest-outbox") as lease:
            await publish_some(own, lease)

    assert [isinstance(each, InstancesReceived) and each.priority for each in bus.events] == [is_first]
