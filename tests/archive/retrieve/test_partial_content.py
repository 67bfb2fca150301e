"""A resource of which only a part is here is 206: its client does not take it for the whole (PS3.18 Table 10.4.3-1)."""

import asyncio
import io
import zipfile
from collections.abc import AsyncIterator

import aiohttp
import msgspec
import pydicom
import pytest
import pytest_asyncio
from dicomweb_client import DICOMwebClient

from services.archive import stored_bytes
from services.archive.records import INSTANCES, InstanceRecord, InstanceState
from tests.archive.conftest import Archive
from tests.archive.retrieve.fixtures import Serving, data_of, parts_of, path_of, serving_all
from tests.archive.retrieve.test_faults import another

RELATED = 'multipart/related; type="application/dicom"; transfer-syntax=*'
OCTETS = "multipart/related; type=application/octet-stream"
FAULTS = ("flipped", "cut", "gone")
NOT_HERE = pytest.mark.parametrize("state", [InstanceState.EVICTED, InstanceState.DAMAGED])


@pytest_asyncio.fixture
async def serving(archive: Archive) -> AsyncIterator[Serving]:
    async with serving_all(archive.deps, archive.store) as found:
        yield found


async def set_state(serving: Serving, record: InstanceRecord, state: InstanceState) -> None:
    await serving.deps.documents.put(INSTANCES, msgspec.structs.replace(record, state=state))


async def two(serving: Serving) -> tuple[InstanceRecord, InstanceRecord]:
    """Store two Instances of one Series; return them in the order of reading."""
    records = await serving.take(data_of("CT_small.dcm"), another(data_of("CT_small.dcm")))
    first, last = sorted(records, key=lambda record: record.sop_instance_uid)
    return first, last


@NOT_HERE
@pytest.mark.parametrize(
    ("way", "accept", "partial"),
    [
        ("", RELATED, 206),
        ("", "application/zip", 206),
        ("", OCTETS, 206),
        ("/bulkdata", OCTETS, 206),
        ("/pixeldata", OCTETS, 206),
        ("/rendered", "image/png", 206),
        ("/rendered", "multipart/related; type=image/png", 206),
        ("/thumbnail", "image/png", 200),
        ("/metadata", "application/dicom+json", 200),
    ],
)
async def test_what_lacks_an_instance_is_206_at_both_levels_and_a_head_says_so_too(
    serving: Serving, state: InstanceState, way: str, accept: str, partial: int
) -> None:
    first, last = await two(serving)
    series = path_of(first).partition("/instances/")[0]
    levels = (f"studies/{first.study_instance_uid}{way}", f"{series}{way}")
    whole = [(await serving.get(path, accept.replace("image/png", "*/*")))[0] for path in levels]

    await set_state(serving, last, state)

    assert whole == [200, 200]
    assert [(await serving.get(path, accept))[0] for path in levels] == [partial, partial]
    async with serving.client.head(f"{serving.url}/{levels[0]}", headers={"Accept": accept}) as head:
        assert head.status == partial


@NOT_HERE
async def test_the_part_is_what_is_here_and_has_a_validator_of_its_own(serving: Serving, state: InstanceState) -> None:
    first, last = await two(serving)
    study = f"studies/{first.study_instance_uid}"
    _, whole, _ = await serving.get(study, RELATED)

    await set_state(serving, last, state)
    status, headers, body = await serving.get(study, RELATED)
    _, _, archive = await serving.get(study, "application/zip")
    unchanged, _, _ = await serving.get(study, RELATED, **{"If-None-Match": whole["ETag"]})

    ((_, content),) = parts_of(headers, body)
    assert (status, unchanged) == (206, 206)
    assert content == await serving.deps.blobs.get(first.blob)
    assert headers["ETag"] != whole["ETag"]
    with zipfile.ZipFile(io.BytesIO(archive)) as files:
        assert [name.rpartition("/")[2] for name in files.namelist()] == [f"{first.sop_instance_uid}.dcm"]


async def test_bulk_data_are_whole_if_what_is_not_here_has_none(serving: Serving) -> None:
    image, report = await serving.take(data_of("CT_small.dcm"), of_study_of_ct())
    study = f"studies/{image.study_instance_uid}"

    await set_state(serving, report, InstanceState.EVICTED)
    of_all, _, _ = await serving.get(study, RELATED)
    of_image = [(await serving.get(f"{study}{way}", OCTETS))[0] for way in ("/pixeldata", "")]
    await set_state(serving, report, InstanceState.STORED)
    await set_state(serving, image, InstanceState.EVICTED)
    of_report = [(await serving.get(f"{study}{way}", OCTETS))[0] for way in ("/pixeldata", "/bulkdata")]

    assert report.bulk == {}
    assert of_all == 206
    assert of_image == [200, 200]
    assert of_report == [410, 410]


def of_study_of_ct() -> bytes:
    """Return a report without bulk values, of the Study of CT_small."""
    image = pydicom.dcmread(io.BytesIO(data_of("CT_small.dcm")))
    report = pydicom.dcmread(io.BytesIO(data_of("reportsi.dcm")))
    report.StudyInstanceUID, report.PatientID, report.PatientName = (
        image.StudyInstanceUID,
        image.PatientID,
        image.PatientName,
    )
    file = io.BytesIO()
    report.save_as(file)
    return file.getvalue()


async def test_dicomweb_client_gets_what_is_here(serving: Serving) -> None:
    first, last = await two(serving)
    await set_state(serving, last, InstanceState.EVICTED)
    client = DICOMwebClient(serving.url)

    study = await asyncio.to_thread(client.retrieve_study, first.study_instance_uid)
    series = await asyncio.to_thread(
        lambda: list(client.iter_series(first.study_instance_uid, first.series_instance_uid))
    )

    assert [each.SOPInstanceUID for each in (*study, *series)] == [first.sop_instance_uid] * 2


@pytest.mark.parametrize(
    ("accept", "fault", "small"),
    [
        *((accept, fault, small) for accept in (RELATED, "application/zip") for fault in FAULTS for small in (0, 1)),
        *((OCTETS, fault, 1) for fault in FAULTS),
        (OCTETS, "gone", 0),  # parts of large Instances that are read right rest on the scrub
    ],
)
async def test_damage_that_is_found_under_way_ends_the_body_and_the_next_answer_is_206(
    serving: Serving, accept: str, fault: str, small: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not small:
        monkeypatch.setattr(stored_bytes, "SMALL_BYTES", 1000)
    first, last = await two(serving)
    study = f"studies/{first.study_instance_uid}"
    path = serving.deps.blobs.local_path(last.blob)
    assert path is not None
    data = path.read_bytes()
    if fault == "gone":
        path.unlink()
    else:
        path.write_bytes(data[:-50] if fault == "cut" else data[:-100] + bytes([data[-100] ^ 1]) + data[-99:])

    with pytest.raises(aiohttp.ClientError):
        await serving.get(study, accept)

    assert (await serving.get(study, accept))[0] == 206
