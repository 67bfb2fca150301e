"""STOW-RS in, QIDO-RS out."""

import io
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pydicom
import pytest
from pydicom.uid import generate_uid

from services.archive.housekeeping.eviction import evict
from services.archive.records import CONFLICTS, INSTANCES, STUDIES
from services.archive.store import change_ledger, counts
from shared.lease import Lease
from tests.archive.conftest import Archive

BOUNDARY = "b0undary"
KIND = f'multipart/related; type="application/dicom"; boundary={BOUNDARY}'


def body(parts: Sequence[bytes]) -> bytes:
    head = f"--{BOUNDARY}\r\nContent-Type: application/dicom\r\n\r\n".encode()
    return b"".join(head + part + b"\r\n" for part in parts) + f"--{BOUNDARY}--\r\n".encode()


async def stow(archive: Archive, parts: Sequence[bytes], study: str = "") -> tuple[int, Any]:
    path = "/dicom-web/studies" + (f"/{study}" if study else "")
    async with archive.client.post(path, data=body(parts), headers={"Content-Type": KIND}) as answer:
        text = await answer.read()
        return answer.status, await answer.json(content_type=None) if text.startswith(b"{") else text


async def qido(archive: Archive, path: str) -> Any:
    async with archive.client.get(f"/dicom-web{path}") as answer:
        assert answer.status == 200, await answer.text()
        return await answer.json(content_type=None)


@pytest.fixture
def ct(shared_data: Path) -> list[bytes]:
    folder = shared_data / "dicom" / "ct-philips"
    return [path.read_bytes() for path in sorted(folder.iterdir()) if path.name.startswith("I")]


@pytest.fixture
def mr(shared_data: Path) -> list[bytes]:
    return [p.read_bytes() for p in sorted((shared_data / "dicom/dcmqi/paramaps/701-ADCb500").glob("*.dcm"))]


def changed(data: bytes, **values: Any) -> bytes:
    dataset = pydicom.dcmread(io.BytesIO(data))
    for keyword, value in values.items():
        setattr(dataset, keyword, value)
    dataset.file_meta.MediaStorageSOPInstanceUID = dataset.SOPInstanceUID
    target = io.BytesIO()
    dataset.save_as(target)
    return target.getvalue()


async def test_a_series_is_stored_and_found_with_its_counts(archive: Archive, ct: list[bytes]) -> None:
    status, answer = await stow(archive, ct)

    reference = pydicom.dcmread(io.BytesIO(ct[0]))
    study = reference.StudyInstanceUID
    assert status == 200
    assert len(answer["00081199"]["Value"]) == 28
    assert "00081198" not in answer
    studies = await qido(archive, "/studies")
    assert len(studies) == 1
    assert studies[0]["0020000D"]["Value"] == [study]
    assert studies[0]["00201208"]["Value"] == [28]
    assert studies[0]["00080061"]["Value"] == ["CT"]
    series = await qido(archive, f"/studies/{study}/series")
    assert [s["00201209"]["Value"] for s in series] == [[28]]
    instances = await qido(archive, f"/studies/{study}/series/{reference.SeriesInstanceUID}/instances")
    assert len(instances) == 28
    assert {i["00080018"]["Value"][0] for i in instances} == {
        str(pydicom.dcmread(io.BytesIO(data)).SOPInstanceUID) for data in ct
    }


async def test_the_same_bytes_again_are_a_success_and_other_bytes_are_refused_and_kept(
    archive: Archive, ct: list[bytes]
) -> None:
    await stow(archive, ct[:1])

    again, _ = await stow(archive, ct[:1])
    status, answer = await stow(archive, [changed(ct[0], StudyDescription="other")])

    assert again == 200
    assert status == 409
    assert answer["00081198"]["Value"][0]["00081197"]["Value"] == [0x0111]
    assert await archive.deps.documents.count(INSTANCES) == 1
    kept = (await archive.deps.documents.find(CONFLICTS)).documents
    assert [await archive.deps.blobs.size(each.blob) for each in kept] == [kept[0].size_bytes]


async def test_part_of_a_batch_may_fail(archive: Archive, ct: list[bytes]) -> None:
    status, answer = await stow(archive, [ct[0], b"not DICOM", changed(ct[1], StudyInstanceUID="1.02.3"), ct[2][:5000]])

    assert status == 202
    assert len(answer["00081199"]["Value"]) == 1
    reasons = [item["00081197"]["Value"][0] for item in answer["00081198"]["Value"]]
    assert reasons == [0xC000, 0xA900, 0xC000]
    assert await archive.deps.documents.count(INSTANCES) == 1


async def test_a_study_url_takes_only_its_own_study(archive: Archive, ct: list[bytes]) -> None:
    status, _ = await stow(archive, ct[:1], generate_uid())

    assert status == 409
    assert await archive.deps.documents.count(STUDIES) == 0


@pytest.mark.parametrize(
    ("kind", "data", "status"),
    [
        ("application/json", b"{}", 415),
        ('multipart/related; type="application/dicom"', b"", 400),
        (KIND, b"", 400),
        (KIND, f"--{BOUNDARY}--\r\n".encode(), 400),
        (KIND, f"--{BOUNDARY}\r\nContent-Type: text/plain\r\n\r\nhello\r\n--{BOUNDARY}--\r\n".encode(), 415),
    ],
)
async def test_a_wrong_request_gets_its_status(archive: Archive, kind: str, data: bytes, status: int) -> None:
    async with archive.client.post("/dicom-web/studies", data=data, headers={"Content-Type": kind}) as answer:
        assert answer.status == status


async def test_of_a_truncated_body_the_unfinished_part_is_not_stored(archive: Archive, ct: list[bytes]) -> None:
    whole = body(ct[:2])

    async with archive.client.post("/dicom-web/studies", data=whole[:-2000], headers={"Content-Type": KIND}) as answer:
        assert answer.status == 202

    assert await archive.deps.documents.count(INSTANCES) == 1


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("PatientID={id}", 1),
        ("00100020={id}", 1),
        ("PatientID={id}x", 0),
        ("PatientID=*", 2),
        ("PatientName={name}*", 1),
        ("StudyDate={date}", 1),
        ("StudyDate={date}-{date}", 1),
        ("StudyDate=-19000101", 0),
        ("ModalitiesInStudy=MR", 1),
        ("ModalitiesInStudy=CT&PatientID={id}", 1),
        ("ModalitiesInStudy=MR&PatientID={id}", 0),
        ("Modality=CT", 1),
        ("StudyInstanceUID={uid},1.2.3", 1),
        ("StudyInstanceUID=1.2.3%5C{uid}", 1),
        ("limit=1", 1),
        ("offset=1", 1),
        ("offset=2", 0),
        ("Manufacturer=Philips", 1),
        ("fuzzymatching=true&PatientName={word}", 1),
    ],
)
async def test_studies_are_matched(archive: Archive, ct: list[bytes], mr: list[bytes], query: str, found: int) -> None:
    first = changed(
        ct[0], PatientID="P-1", PatientName="Yamada^Taro=山田^太郎=やまだ^たろう", StudyDate="20240531",
        SpecificCharacterSet="ISO_IR 192",
    )  # fmt: skip
    await stow(archive, [first, changed(mr[0], PatientID="P-2", PatientName="Suzuki^Hanako", StudyDate="20230101")])
    uid = pydicom.dcmread(io.BytesIO(first)).StudyInstanceUID
    asked = query.format(id="P-1", name="yamada^t", date="20240531", uid=uid, word="ﾔﾏﾀﾞ")

    studies = await qido(archive, f"/studies?{asked}")

    assert len(studies) == found


@pytest.mark.parametrize(
    "query", ["Nonsense=1", "StudyDate=yesterday", "limit=-1", "StudyInstanceUID=abc", "fuzzymatching=2"]
)
async def test_nonsense_is_a_bad_request(archive: Archive, query: str) -> None:
    async with archive.client.get(f"/dicom-web/studies?{query}") as answer:
        assert answer.status == 400


async def test_included_attributes_come_with_the_answer(archive: Archive, ct: list[bytes]) -> None:
    await stow(archive, ct[:2])

    plain, more = (
        await qido(archive, "/instances"),
        await qido(archive, "/instances?includefield=SliceLocation,00180050"),
    )
    everything = await qido(archive, "/instances?includefield=all&limit=1")

    assert "00201041" not in plain[0]
    assert {"00201041", "00180050", "00100020", "00080060"} <= more[0].keys()
    assert len(everything[0]) > 80


async def test_the_cap_is_announced(archive: Archive, ct: list[bytes], mr: list[bytes]) -> None:
    await stow(archive, [*ct, *mr, *(changed(mr[0], SOPInstanceUID=generate_uid()) for _ in range(10))])

    async with archive.client.get("/dicom-web/instances") as answer:
        instances, warning = await answer.json(content_type=None), answer.headers.get("Warning", "")

    assert len(instances) == 50
    assert warning.startswith("299 ")


async def test_a_store_is_told_and_listed_in_the_change_feed(
    archive: Archive, ct: list[bytes], mr: list[bytes], lease: Lease
) -> None:
    await stow(archive, ct[:3])
    await stow(archive, mr[:1])

    while await change_ledger.publish_pending(archive.deps, lease):
        pass

    depth = await archive.deps.bus.depth("observer")
    feed = await qido(archive, "/changefeed?after=0")
    later = await qido(archive, f"/changefeed?after={feed[0]['Sequence']}")
    assert depth.ready == 4
    assert [entry["Instances"] for entry in feed] == [3, 1]
    assert later == feed[1:]


async def test_deletion_needs_the_administrator_and_a_reason(archive: Archive, ct: list[bytes]) -> None:
    await stow(archive, ct[:2])
    uid = pydicom.dcmread(io.BytesIO(ct[0])).StudyInstanceUID
    path = f"/dicom-web/studies/{uid}"

    statuses = []
    shown: list[dict[str, str]] = [
        {},
        *(
            {"Authorization": wrong, "X-Reason": "test"}
            for wrong in ("secret", "Basic secret", "Bearer ", "Bearer \udcff")
        ),
        {"Authorization": "Bearer secret"},
        {"Authorization": "bearer secret", "X-Reason": "test"},
    ]
    for headers in shown:
        async with archive.client.delete(path, headers=headers) as answer:
            statuses.append(answer.status)

    assert statuses == [401, 401, 401, 401, 401, 400, 204]
    assert await qido(archive, "/studies") == []
    assert [key async for key in archive.deps.blobs.keys("")] == []


async def test_counts_are_mended_after_a_store_that_was_cut_short(archive: Archive, ct: list[bytes]) -> None:
    await stow(archive, ct[:3])
    uid = str(pydicom.dcmread(io.BytesIO(ct[0])).StudyInstanceUID)
    await archive.deps.documents.delete(STUDIES, uid)

    await counts.recount(archive.deps, uid)

    studies = await qido(archive, "/studies")
    assert studies[0]["00201208"]["Value"] == [3]


async def test_an_evicted_study_is_still_found_and_comes_back_by_storing_it_again(
    archive: Archive, ct: list[bytes], lease: Lease
) -> None:
    await stow(archive, ct[:2])
    study = (await archive.deps.documents.find(STUDIES)).documents[0]

    await evict(archive.deps, lease, study.study_instance_uid)
    gone = await qido(archive, "/studies")
    await stow(archive, ct[:2])
    back = await qido(archive, "/studies")

    assert gone[0]["00080056"]["Value"] == ["NEARLINE"]
    assert back[0]["00080056"]["Value"] == ["ONLINE"]
    assert len([key async for key in archive.deps.blobs.keys("")]) == 2
