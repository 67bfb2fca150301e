"""What a site rejected after it had left is deleted at the centre and taken no more, by the note of a gateway."""

from typing import Any

import aiohttp
import pytest

from services.anonymizer.instances.withdrawal import rejection_note
from services.anonymizer.records import Audit
from services.archive.records import DELETIONS, INSTANCES, WITHDRAWN
from shared.events import InstanceRef, LinkKeys
from tests.archive.conftest import Archive
from tests.archive.store.test_acceptance import CT, GATEWAY, centre, deidentified, reasons, store

__all__ = ["centre"]
STUDY, PATIENT = "2.25.77", "0123456789abcdef0123456789abcdef"
REJECTED = 0xC010


def note(*numbers: int, patient: str = PATIENT) -> bytes:
    """Return the note that rejects the Instances of these numbers."""
    audits = [
        Audit(
            blob=f"{number}",
            receipt_id="r",
            profile="jmid/2",
            keys_version="k1",
            counts={},
            digest="",
            at="2026-04-01T09:00:00+00:00",
            instance=InstanceRef("", 0, CT, f"2.25.{number}", "1.3.6.1.4.1.5962.1.3.1.1.20040119072730.12322"),
            keys=LinkKeys(patient_id=patient, study_instance_uid=STUDY),
        )
        for number in numbers
    ]
    return rejection_note(audits, "2026-04-02T09:00:00+00:00")[1]


async def held(archive: Archive) -> set[str]:
    found = await archive.deps.documents.find(INSTANCES, limit=100)
    return {each.sop_instance_uid for each in found.documents if each.sop_class_uid == CT}


async def test_what_a_note_names_is_deleted_recorded_and_refused_from_then_on(
    centre: aiohttp.ClientSession, archive: Archive
) -> None:
    await store(centre, deidentified(1), deidentified(2), **GATEWAY)

    for _ in range(2):  # a gateway may not hear the answer
        assert (await store(centre, note(1), **GATEWAY))[0] == 200
    status, answer = await store(centre, deidentified(1), deidentified(3), **GATEWAY)

    assert await held(archive) == {"2.25.2", "2.25.3"}
    assert (status, reasons(answer)) == (202, [REJECTED])
    [deleted] = (await archive.deps.documents.find(DELETIONS, limit=10)).documents
    assert (deleted.uids["instance"], deleted.reason.partition(" (")[0]) == (
        "2.25.1",
        "rejected by its site after release",
    )
    blobs = [key async for key in archive.deps.blobs.keys("") if "/2.25.1." in key]
    assert blobs == []


async def test_a_note_that_comes_first_or_with_what_it_names_holds_too(
    centre: aiohttp.ClientSession, archive: Archive
) -> None:
    await store(centre, note(1), **GATEWAY)

    status, answer = await store(centre, deidentified(1), **GATEWAY)
    together = await store(centre, deidentified(2), note(2), deidentified(3), **GATEWAY)

    assert (status, reasons(answer), together[0]) == (409, [REJECTED], 200)
    assert await held(archive) == {"2.25.3"}


@pytest.mark.parametrize(
    ("data", "headers"), [(note(1, patient="another"), GATEWAY), (note(1), {}), (note(1), {"Origin": "page"})]
)
async def test_nobody_else_withdraws_anything(
    centre: aiohttp.ClientSession, archive: Archive, data: bytes, headers: dict[str, Any]
) -> None:
    await store(centre, deidentified(1), **GATEWAY)
    page = f"http://{centre._base_url.host}:{centre._base_url.port}"  # type: ignore[union-attr]

    await store(centre, data, **({"Origin": page} if "Origin" in headers else headers))

    assert await held(archive) == {"2.25.1"}
    assert await archive.deps.documents.count(WITHDRAWN) == 0
