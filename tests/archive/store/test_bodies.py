"""Store requests of every shape: large parts, JSON and XML with bulk data, raw sockets, broken files."""

import asyncio
import hashlib
import io
import tracemalloc
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec
import orjson
import pydicom
import pytest
from dicomweb_client import DICOMwebClient
from pydicom.uid import ExplicitVRLittleEndian, generate_uid
from yarl import URL

from services.archive.records import INSTANCES
from services.archive.store.routes import StowRoutes
from services.archive.store.store import Store
from shared.dicom.native_xml import native_model
from shared.web.content_digest import content_digest
from tests.archive.conftest import Archive
from tests.archive.store.test_basics import BOUNDARY, KIND, body, changed, stow

PYDICOM_FILES = Path(pydicom.__file__).parent / "data" / "test_files"


@pytest.fixture
def ct(shared_data: Path) -> bytes:
    return (shared_data / "dicom/ct-philips/I10").read_bytes()


def with_settings(archive: Archive, **values: Any) -> None:
    """Change settings of a running archive."""
    object.__setattr__(archive.deps, "settings", msgspec.structs.replace(archive.deps.settings, **values))


async def stored_bytes(archive: Archive, uid: str) -> bytes:
    record = await archive.deps.documents.get(INSTANCES, uid)
    assert record is not None
    return await archive.deps.blobs.get(record.blob)


def uid_of(data: bytes) -> str:
    return str(pydicom.dcmread(io.BytesIO(data), stop_before_pixels=True).get("SOPInstanceUID"))


async def test_a_part_too_large_for_memory_is_stored_whole(archive: Archive, ct: bytes) -> None:
    with_settings(archive, small_part_bytes=10_000)
    other = changed(ct, SOPInstanceUID=generate_uid())

    status, _ = await stow(archive, [ct, other])

    assert status == 200
    assert await stored_bytes(archive, uid_of(ct)) == ct
    assert await stored_bytes(archive, uid_of(other)) == other
    assert list(archive.deps.scratch.glob("tmp*")) == []


async def test_other_bytes_of_a_large_part_are_refused_and_kept(archive: Archive, ct: bytes) -> None:
    with_settings(archive, small_part_bytes=10_000)
    await stow(archive, [ct])

    status, answer = await stow(archive, [changed(ct, StudyDescription="other")])

    assert (status, answer["00081198"]["Value"][0]["00081197"]["Value"]) == (409, [0x0111])
    assert len([key async for key in archive.deps.blobs.keys("conflicts/")]) == 1


async def test_what_is_larger_than_the_limit_is_refused(archive: Archive, ct: bytes) -> None:
    with_settings(archive, max_part_bytes=100_000)

    alone, _ = await stow(archive, [ct])
    status, answer = await stow(archive, [ct, small(ct)])

    assert alone == 413
    assert status == 202
    assert answer["00081198"]["Value"][0]["00081197"]["Value"] == [0xC001]
    assert await archive.deps.documents.count(INSTANCES) == 1


def small(data: bytes) -> bytes:
    return changed(data, SOPInstanceUID=generate_uid(), Rows=8, Columns=8, PixelData=b"\0" * 128)


async def test_a_series_of_another_study_is_refused(archive: Archive, ct: bytes) -> None:
    await stow(archive, [ct])

    status, answer = await stow(archive, [changed(ct, SOPInstanceUID=generate_uid(), StudyInstanceUID=generate_uid())])

    assert (status, answer["00081198"]["Value"][0]["00081197"]["Value"]) == (409, [0xA900])


async def test_memory_does_not_grow_with_the_body(archive: Archive, ct: bytes) -> None:
    with_settings(archive, batch_bytes=1 << 20)
    head = f"--{BOUNDARY}\r\nContent-Type: application/dicom\r\n\r\n".encode()

    async def sent(count: int) -> Any:
        for _ in range(count):
            yield head + ct + b"\r\n"
        yield f"--{BOUNDARY}--\r\n".encode()

    async def peak(count: int) -> int:
        tracemalloc.start()
        async with archive.client.post("/dicom-web/studies", data=sent(count), headers={"Content-Type": KIND}) as got:
            assert got.status == 200
        most = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return most

    await peak(2)
    few, many = await peak(15), await peak(60)

    assert many < few + 4 * len(ct)


@pytest.mark.parametrize("kind", ["application/dicom+json", "application/dicom+xml"])
@pytest.mark.parametrize("name", ["CT_small.dcm", "JPEG2000.dcm", "rtdose.dcm"])
async def test_metadata_with_bulk_data_become_the_instance(archive: Archive, kind: str, name: str) -> None:
    data_set = pydicom.dcmread(PYDICOM_FILES / name)
    data_set.SOPClassUID = data_set.SOPClassUID or pydicom.uid.CTImageStorage
    pixels, syntax = data_set.PixelData, data_set.file_meta.TransferSyntaxUID
    metadata = data_set.to_json_dict(bulk_data_threshold=64, bulk_data_element_handler=lambda e: f"bulk/{e.tag:08X}")
    parts = bulk_parts(data_set, metadata, str(syntax))
    document = orjson.dumps([metadata]) if kind.endswith("json") else native_model(metadata)
    whole = mixed([({"Content-Type": kind}, document), *parts])
    headers = {"Content-Type": f'multipart/related; type="{kind}"; boundary={BOUNDARY}', "Accept": kind}

    async with archive.client.post("/dicom-web/studies", data=whole, headers=headers) as answer:
        assert answer.status == 200, await answer.text()
        assert answer.content_type == kind

    stored = pydicom.dcmread(io.BytesIO(await stored_bytes(archive, str(data_set.SOPInstanceUID))))
    assert stored.file_meta.TransferSyntaxUID == (syntax if syntax.is_compressed else ExplicitVRLittleEndian)
    assert stored.get("PatientName") == data_set.get("PatientName")
    assert stored.PixelData.strip(b"\0") == pixels.strip(b"\0") or (stored.pixel_array == data_set.pixel_array).all()


def bulk_parts(data_set: Any, metadata: Any, syntax: str) -> list[tuple[dict[str, str], bytes]]:
    """Return bulk data; makes PixelData a reference in the metadata."""
    found = []
    for tag, value in metadata.items():
        if "BulkDataURI" in value and tag != "7FE00010":
            headers = {"Content-Type": "application/octet-stream", "Content-Location": value["BulkDataURI"]}
            raw = data_set[int(tag, 16)].value
            found.append((headers, raw if isinstance(raw, bytes) else bytes(raw)))
    metadata["7FE00010"] = {"vr": metadata["7FE00010"]["vr"], "BulkDataURI": "bulk/pixels"}
    kind = f"application/octet-stream; transfer-syntax={syntax}"
    frames = [data_set.PixelData]
    if data_set.file_meta.TransferSyntaxUID.is_compressed:
        frames = list(pydicom.encaps.generate_frames(data_set.PixelData, number_of_frames=1))
    return [*found, *(({"Content-Type": kind, "Content-Location": "bulk/pixels"}, frame) for frame in frames)]


def mixed(parts: Sequence[tuple[dict[str, str], bytes]]) -> bytes:
    written = b""
    for headers, content in parts:
        lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        written += f"--{BOUNDARY}\r\n{lines}\r\n".encode() + content + b"\r\n"
    return written + f"--{BOUNDARY}--\r\n".encode()


@pytest.mark.parametrize(
    ("metadata", "status"),
    [
        (b"no JSON", 400),
        (b"[1]", 400),
        (b"[]", 400),
        (b'[{"00080018": 7}]', 409),
        (b'[{"00080018": {"vr": "UI", "Value": ["1.2.3"]}}]', 409),
        (b'[{"7FE00010": {"vr": "OW", "BulkDataURI": "nowhere"}}]', 409),
        (b'[{"zzzz": {"vr": "OW"}}]', 409),
        (b'[{"00280010": {"vr": "US", "Value": ["x"]}}]', 409),
    ],
)
async def test_bad_metadata_are_refused(archive: Archive, metadata: bytes, status: int) -> None:
    kind = "application/dicom+json"
    headers = {"Content-Type": f'multipart/related; type="{kind}"; boundary={BOUNDARY}'}
    whole = mixed([({"Content-Type": kind}, metadata)])

    async with archive.client.post("/dicom-web/studies", data=whole, headers=headers) as answer:
        assert answer.status == status, await answer.text()


async def test_an_external_entity_is_not_read(archive: Archive) -> None:
    kind = "application/dicom+xml"
    document = (
        b'<!DOCTYPE a [<!ENTITY e SYSTEM "file:///etc/passwd">]><NativeDicomModel>'
        b'<DicomAttribute tag="00100010" vr="LO"><Value number="1">&e;</Value></DicomAttribute></NativeDicomModel>'
    )
    headers = {"Content-Type": f'multipart/related; type="{kind}"; boundary={BOUNDARY}'}

    async with archive.client.post(
        "/dicom-web/studies", data=mixed([({"Content-Type": kind}, document)]), headers=headers
    ) as answer:
        assert answer.status in (400, 409)
        assert "root:" not in await answer.text()


async def test_a_client_that_goes_away_leaves_what_was_whole(archive: Archive, ct: bytes) -> None:
    address = archive.client._base_url
    assert address is not None
    reader, writer = await asyncio.open_connection(address.host, address.port)
    whole = body([ct, changed(ct, SOPInstanceUID=generate_uid())])
    head = (
        f"POST /dicom-web/studies HTTP/1.1\r\nHost: x\r\nContent-Type: {KIND}\r\nContent-Length: {len(whole)}\r\n\r\n"
    )

    writer.write(head.encode() + whole[: len(ct) + 2000])
    await writer.drain()
    writer.write_eof()
    await asyncio.wait_for(reader.read(), 10)
    writer.close()

    assert await archive.deps.documents.count(INSTANCES) <= 1


@pytest.mark.slow
async def test_a_batch_of_two_thousand_is_one_request(archive: Archive, ct: bytes) -> None:
    template = small(ct)
    old = uid_of(template).encode()
    parts = [template.replace(old, old[:-5] + b"%05d" % number) for number in range(2000)]

    status, answer = await stow(archive, parts)

    assert status == 200
    assert len(answer["00081199"]["Value"]) == 2000
    assert await archive.deps.documents.count(INSTANCES) == 2000


async def test_every_shared_file_comes_in_bit_for_bit(archive: Archive, shared_data: Path) -> None:
    everything = [path.read_bytes() for path in (shared_data / "dicom").rglob("*") if path.is_file()]
    found = {uid_of(data): data for data in everything if data[128:132] == b"DICM"}
    files = {uid: data for uid, data in found.items() if uid != "None"}  # a DICOMDIR has none

    status, answer = await stow(archive, list(files.values()))

    assert status == 200, answer.get("00081198")
    for uid, data in files.items():
        assert await stored_bytes(archive, uid) == data


async def test_broken_files_leave_nothing(archive: Archive, ct: bytes) -> None:
    broken = [b"", b"DICM", ct[:200], ct[:4000], ct[132:300], b"\0" * 5000, ct[:1000] + b"\xff" * 500, ct[:-1]]

    status, answer = await stow(archive, broken)

    assert status == 409
    assert len(answer["00081198"]["Value"]) == len(broken)
    assert await archive.deps.documents.count(INSTANCES) == 0
    assert [key async for key in archive.deps.blobs.keys("")] == []


async def test_dicomweb_client_stores_and_searches(archive: Archive, ct: bytes) -> None:
    assert archive.client._base_url is not None
    client = DICOMwebClient(str(archive.client._base_url.join(URL("/dicom-web"))))
    data_set = pydicom.dcmread(io.BytesIO(ct))

    answer = await asyncio.to_thread(client.store_instances, [data_set])
    studies = await asyncio.to_thread(client.search_for_studies, search_filters={"PatientID": data_set.PatientID})

    assert len(answer.ReferencedSOPSequence) == 1
    assert studies[0]["0020000D"]["Value"] == [data_set.StudyInstanceUID]


async def test_two_requests_with_the_same_instance_store_it_once(archive: Archive, ct: bytes) -> None:
    other = StowRoutes(archive.deps, Store(archive.deps))
    assert other.routes()

    answers = await asyncio.gather(*(stow(archive, [ct, small(ct)]) for _ in range(4)))

    assert {status for status, _ in answers} == {200}
    assert await archive.deps.documents.count(INSTANCES) == 5


async def test_metadata_over_the_bound_are_refused_while_they_arrive(
    archive: Archive, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("services.archive.store.body.MOST_METADATA_BYTES", 1000)
    whole = b"--b\r\nContent-Type: application/dicom+json\r\n\r\n" + b" " * 5000 + b"\r\n--b--\r\n"
    kind = {"Content-Type": 'multipart/related; type="application/dicom+json"; boundary=b'}

    async with archive.client.post("/dicom-web/studies", data=whole, headers=kind) as answer:
        assert answer.status == 413


async def test_an_instance_whose_bytes_are_not_those_of_its_digest_fails_alone(archive: Archive, ct: bytes) -> None:
    good, flipped = ct, bytearray(changed(ct, SOPInstanceUID=generate_uid()))
    digests = [content_digest(hashlib.sha256(each).hexdigest()) for each in (good, bytes(flipped))]
    flipped[-1] ^= 1
    parts = [
        f"--{BOUNDARY}\r\nContent-Type: application/dicom\r\nContent-Digest: {digest}\r\n\r\n".encode() + data + b"\r\n"
        for digest, data in zip(digests, (good, bytes(flipped)), strict=True)
    ]

    async with archive.client.post(
        "/dicom-web/studies", data=b"".join(parts) + body([]), headers={"Content-Type": KIND}
    ) as r:
        status, answer = r.status, orjson.loads(await r.read())

    (failed,) = answer["00081198"]["Value"]
    assert (status, failed["00081197"]["Value"]) == (202, [0x0110])
    assert failed["00081155"]["Value"] == [uid_of(bytes(flipped))]
    assert await stored_bytes(archive, uid_of(good)) == good
    assert await archive.deps.documents.get(INSTANCES, uid_of(bytes(flipped))) is None
