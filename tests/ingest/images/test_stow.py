"""Instances received by STOW-RS."""

import asyncio
import hashlib
from pathlib import Path
from typing import Any

import psutil
import pytest

from services.ingest.receipts.records import ARRIVALS, RECEIPTS, REJECTED
from shared.documents import Eq
from shared.events import InputDeidentified, InputRefused
from shared.service import Role
from tests.ingest.conftest import Doors, open_doors
from tests.ingest.reports.sr_documents import malformed

BOUNDARY = "b"
KIND = f'multipart/related; type="application/dicom"; boundary={BOUNDARY}'
PATH = "/ingest/dicom-web/studies"


def body(*parts: bytes) -> bytes:
    head = f"--{BOUNDARY}\r\nContent-Type: application/dicom\r\n\r\n".encode()
    return b"".join(head + part + b"\r\n" for part in parts) + f"--{BOUNDARY}--\r\n".encode()


async def send(doors: Doors, *parts: bytes) -> tuple[int, str, Any]:
    async with doors.client.post(PATH, data=body(*parts), headers={"Content-Type": KIND}) as answer:
        return answer.status, answer.headers.get("X-Receipt", ""), await answer.json(content_type=None)


async def receipt_of(doors: Doors, receipt_id: str) -> Any:
    async with doors.client.get(f"/ingest/receipts/{receipt_id}") as answer:
        return await answer.json()


async def test_bytes_are_kept_exactly_and_announced(doors: Doors, ct: list[Path]) -> None:
    sent = [path.read_bytes() for path in ct[:5]]

    status, receipt_id, answer = await send(doors, *sent)

    announced = await doors.blobs_published(5)
    store = doors.host.ports[Role.GATEWAY].blobs["identified"]
    assert status == 200
    assert len(answer["00081199"]["Value"]) == 5
    assert [await store.get(hashlib.sha256(data).hexdigest()) for data in sent] == sent
    assert sorted(announced) == sorted(hashlib.sha256(data).hexdigest() for data in sent)
    assert (await receipt_of(doors, receipt_id))["received"] == 5


async def test_the_same_content_is_a_duplicate_whatever_it_came_with(doors: Doors, ct: list[Path]) -> None:
    first, second = ct[0].read_bytes(), ct[1].read_bytes()
    _, original, _ = await send(doors, first)

    status, receipt_id, answer = await send(doors, first, second)

    receipt = await receipt_of(doors, receipt_id)
    assert status == 200
    assert len(answer["00081199"]["Value"]) == 2
    assert (receipt["received"], receipt["duplicates"], receipt["duplicate_of"]) == (1, 1, [original])
    assert await doors.documents.count(ARRIVALS) == 2


async def test_what_is_not_understood_is_kept_with_a_reason(doors: Doors, ct: list[Path]) -> None:
    whole = ct[0].read_bytes()

    status, receipt_id, answer = await send(doors, whole, whole[:3000], b"nonsense")

    rejected = (await doors.documents.find(REJECTED)).documents
    assert status == 202
    assert [item["00081197"]["Value"][0] for item in answer["00081198"]["Value"]] == [0xC000, 0xC000]
    assert sorted(each.reason for each in rejected) == ["not-dicom", "truncated"]
    assert sorted(each.size_bytes for each in rejected) == [8, 3000]
    assert (await receipt_of(doors, receipt_id))["rejected"] == 2


async def test_an_instance_that_is_too_large_is_a_failure_and_the_others_are_kept(
    tmp_path: Path, ct: list[Path]
) -> None:
    first, large, last = ct[0].read_bytes(), ct[1].read_bytes() + bytes(1 << 16), ct[2].read_bytes()
    environ = {"JMID_INGEST_MAX_INSTANCE_BYTES": str(len(large) - 1), "JMID_INGEST_SMALL_PART_BYTES": "1000"}
    async with open_doors(tmp_path, **environ) as doors:
        status, receipt_id, answer = await send(doors, first, large, last)
        rejected = await doors.documents.find(REJECTED, Eq("receipt_id", receipt_id))
        receipt = await doors.documents.get(RECEIPTS, receipt_id)

    assert status == 202
    assert [(each.reason, each.state, each.blob) for each in rejected.documents] == [("too-large", "not-kept", "")]
    assert receipt is not None
    assert (receipt.received, receipt.rejected) == (2, 1)
    assert len(answer["00081199"]["Value"]) == 2
    assert [item["00081197"]["Value"][0] for item in answer["00081198"]["Value"]] == [0xC001]


@pytest.mark.parametrize(
    ("kind", "data", "status"), [("application/json", b"{}", 415), (KIND, b"", 400), (KIND, b"--b--\r\n", 400)]
)
async def test_a_wrong_request_gets_its_status(doors: Doors, kind: str, data: bytes, status: int) -> None:
    async with doors.client.post(PATH, data=data, headers={"Content-Type": kind}) as answer:
        assert answer.status == status


async def test_a_receipt_follows_what_the_anonymizer_says(doors: Doors, ct: list[Path]) -> None:
    sent = [path.read_bytes() for path in ct[:3]]
    _, receipt_id, _ = await send(doors, *sent)
    blobs = [hashlib.sha256(data).hexdigest() for data in sent]
    await doors.blobs_published(3)
    common: Any = {"correlation_id": receipt_id, "site": "a", "receipt_id": receipt_id}
    good = InputDeidentified.first("x", **common, blobs=tuple(blobs[:2]))
    bad = InputRefused.first("y", **common, reasons={blobs[2]: "burned-in"})

    await doors.bus.publish(good, bad, good)

    async def settled() -> bool:
        return bool((await receipt_of(doors, receipt_id))["state"] == "partly-refused")

    await doors.until(settled)
    receipt = await receipt_of(doors, receipt_id)
    assert (receipt["deidentified"], receipt["refused"], receipt["reasons"]) == (2, 1, {"burned-in": 1})


async def test_a_refused_content_that_comes_again_is_tried_again(doors: Doors, ct: list[Path]) -> None:
    data = ct[0].read_bytes()
    blob = hashlib.sha256(data).hexdigest()
    _, receipt_id, _ = await send(doors, data)
    await doors.blobs_published(1)
    common: Any = {"correlation_id": receipt_id, "site": "a", "receipt_id": receipt_id}
    await doors.bus.publish(InputRefused.first("y", **common, reasons={blob: "burned-in"}))

    async def refused() -> bool:
        return bool((await receipt_of(doors, receipt_id))["state"] == "refused")

    await doors.until(refused)
    await send(doors, data)

    async def again() -> bool:
        return len(doors.published) == 2

    await doors.until(again)


async def test_arrivals_that_were_not_published_are_published_after_a_restart(tmp_path: Path, ct: list[Path]) -> None:
    async with open_doors(tmp_path, JMID_INGEST_PUBLISH_S="30") as doors:
        await send(doors, ct[0].read_bytes())
        await send(doors, ct[1].read_bytes())
        unpublished = [a for a in (await doors.documents.find(ARRIVALS)).documents if a.published == "no"]

    async with open_doors(tmp_path) as doors:
        blobs = await doors.blobs_published(len(unpublished))

    assert unpublished
    assert {a.blob for a in unpublished} <= set(blobs)


async def test_an_instance_too_large_for_memory_is_kept_exactly(tmp_path: Path, ct: list[Path]) -> None:
    data = ct[0].read_bytes()
    async with open_doors(tmp_path, JMID_INGEST_SMALL_PART_BYTES="10000") as doors:
        status, _, _ = await send(doors, data, data[:200_000])

        kept = await doors.host.ports[Role.GATEWAY].blobs["identified"].get(hashlib.sha256(data).hexdigest())
        rejected = (await doors.documents.find(REJECTED)).documents

    assert status == 202
    assert kept == data
    assert [(each.reason, each.size_bytes) for each in rejected] == [("truncated", 200_000)]


@pytest.mark.slow
async def test_memory_does_not_grow_with_the_body(doors: Doors, ct: list[Path]) -> None:
    data = ct[0].read_bytes()
    marker = data.find(b"\xe0\x7f\x10\x00") + 100
    await send(doors, data)
    before = psutil.Process().memory_info().rss
    peak = 0

    async def parts() -> Any:
        nonlocal peak
        head = f"--{BOUNDARY}\r\nContent-Type: application/dicom\r\n\r\n".encode()
        for number in range(600):  # 320 MB
            changed = data[:marker] + number.to_bytes(8, "little") + data[marker + 8 :]
            yield head + changed + b"\r\n"
            peak = max(peak, psutil.Process().memory_info().rss)
        yield f"--{BOUNDARY}--\r\n".encode()

    async with doors.client.post(PATH, data=parts(), headers={"Content-Type": KIND}) as answer:
        status = answer.status
        await answer.read()

    assert status == 200
    assert await doors.documents.count(ARRIVALS) == 601
    assert peak - before < 200 << 20
    await asyncio.sleep(0)


async def test_an_instance_of_another_study_than_the_urls_is_kept_with_a_reason(doors: Doors, ct: list[Path]) -> None:
    head = f"--{BOUNDARY}\r\nContent-Type: application/dicom\r\n\r\n".encode()
    body = head + ct[0].read_bytes() + f"\r\n--{BOUNDARY}--\r\n".encode()

    async with doors.client.post(f"{PATH}/1.2.3", data=body, headers={"Content-Type": KIND}) as answer:
        document = await answer.json(content_type=None)
        receipt_id = answer.headers["X-Receipt"]
    async with doors.client.get(f"/ingest/receipts/{receipt_id}") as found:
        receipt = await found.json()

    assert answer.status == 409
    assert document["00081198"]["Value"][0]["00081150"]["Value"] == ["1.2.840.10008.5.1.4.1.1.2"]
    assert [each["reason"] for each in receipt["rejected_items"]] == ["study-mismatch"]


async def test_a_structured_report_that_no_reader_foresaw_is_still_an_instance(doors: Doors) -> None:
    malformed_reports = malformed()

    status, _, answer = await send(doors, *malformed_reports)

    rejected = (await doors.documents.find(REJECTED)).documents
    assert status == 200
    assert len(answer["00081199"]["Value"]) == len(malformed_reports)
    assert {row.reason for row in rejected} == {"not-handled"}
    assert len(rejected) == len(malformed_reports)
    assert len(await doors.blobs_published(len(malformed_reports))) == len(malformed_reports)


@pytest.mark.parametrize(("query", "is_first"), [("?priority=true", True), ("", False), ("?priority=1", False)])
async def test_a_request_can_ask_to_go_before_the_bulk_and_is_not_manual_for_that(
    doors: Doors, ct: list[Path], query: str, is_first: bool
) -> None:
    headers = {"Content-Type": KIND}
    async with doors.client.post(PATH + query, data=body(ct[0].read_bytes()), headers=headers) as answer:
        receipt_id = answer.headers["X-Receipt"]

    receipt = await doors.host.ports[Role.GATEWAY].documents.get(RECEIPTS, receipt_id)
    assert receipt is not None
    assert (receipt.priority, receipt.manual) == (is_first, False)
