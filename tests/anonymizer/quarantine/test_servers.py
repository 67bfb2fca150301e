"""The queue, the rules and the log on MongoDB's protocol, with two processes of the anonymizer."""

from dataclasses import replace
from pathlib import Path

import pytest

from services.anonymizer.audit import search
from services.anonymizer.audit.search import Wanted
from services.anonymizer.deps import AnonymizerDeps
from services.anonymizer.instances.handler import deidentify_instances
from services.anonymizer.pseudonyms.vault_entries import Written
from services.anonymizer.quarantine import queue
from services.anonymizer.quarantine.decisions import carry_out
from services.anonymizer.quarantine.device_decisions import decide_for_device
from services.anonymizer.quarantine.queue import Filter
from services.anonymizer.records import AUDIT, COLLECTIONS, QUARANTINE, Choice, Decision
from shared.bus import Queue
from shared.bus.journal import open_journal
from shared.documents.mongo import open_mongo
from shared.errors import Conflict
from shared.events import InstancesReceived
from tests.anonymizer.instances.test_handler import deps, received
from tests.anonymizer.quarantine.test_images import picture
from tests.servers.mongodb import MongoDB

__all__ = ["deps"]
pytestmark = pytest.mark.servers
AT = "2026-04-01T09:00:00.000+00:00"


async def test_a_rule_made_by_one_process_is_in_force_in_the_other_and_a_decision_is_made_once(
    deps: AnonymizerDeps, mongodb: MongoDB, mongo_database: str, tmp_path: Path
) -> None:
    async with open_mongo(mongodb.uri, mongo_database) as documents, open_journal(tmp_path / "bus") as bus:
        await documents.declare(*COLLECTIONS)
        await bus.declare(Queue("anonymizer", (InstancesReceived,)))
        one, other = (replace(deps, documents=documents, written=Written()) for _ in range(2))
        event = await received(one, picture(1), picture(2, Manufacturer="Other"), b"no DICOM")
        await deidentify_instances(event, one)
        item, second = [await documents.get(QUARANTINE, blob) for blob in event.blobs[:2]]
        assert item is not None
        assert second is not None
        by_reason = {each.reason: each.count for each in await queue.reasons(documents, item.state)}
        behind = await queue.beside(documents, Filter(), min(item, second, key=lambda each: each.blob), forward=True)

        mask = Decision(blob=item.blob, decision=Choice.MASK, boxes=((0, 0, 8, 2),), by="Officer", at=AT)
        rule = await decide_for_device(one, bus, item, mask, {})
        later = await received(other, picture(3))
        await deidentify_instances(later, other)
        rejection = Decision(blob=second.blob, decision=Choice.REJECT, by="Officer", at=AT)
        await carry_out(one, bus, second, rejection, seen=0)
        with pytest.raises(Conflict):
            await carry_out(other, bus, second, rejection, seen=0)

        audit = await documents.get(AUDIT, later.blobs[0])
        entries = [each async for each in search.found(documents, Wanted(since="2026-04-01"))]
        assert by_reason == {"burned-in-text-possible": 2, "not-dicom": 1}
        assert behind is not None
        assert audit is not None
        assert audit.device_rule == rule.label
        assert [each.kind for each in entries] == ["rule", "decision"]
