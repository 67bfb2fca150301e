"""Retrieving Studies, Series and Instances: PS3.18 10.4."""

import hashlib
import io
import zipfile

import msgspec
import numpy as np
import pydicom
import pytest

from services.archive.pixels.transfer_syntaxes import (
    EXPLICIT_LE,
    JPEG_2000,
    JPEG_2000_LOSSLESS,
    JPEG_LOSSLESS_SV1,
    JPEG_LS,
    RLE,
)
from services.archive.records import INSTANCES, InstanceState
from shared.web.content_digest import sha256_of
from tests.archive.retrieve.fixtures import Serving, data_of, parts_of, path_of, pydicom_files

AS_STORED = 'multipart/related; type="application/dicom"; transfer-syntax=*'


STORABLE = [path for path in pydicom_files() if path.name not in {"SC_rgb_jpeg.dcm", "MR_truncated.dcm"}]


@pytest.mark.filterwarnings("ignore")
async def test_every_instance_comes_back_bit_for_bit(serving: Serving) -> None:
    for path in STORABLE:
        (outcome,) = await serving.store.take([path.read_bytes()])
        if outcome.failure:  # of the same UID as another file, or without what an Instance needs
            continue
        found = f"studies/{outcome.study_instance_uid}/series/{outcome.series_instance_uid}"

        status, headers, body = await serving.get(f"{found}/instances/{outcome.sop_instance_uid}", AS_STORED)

        ((fields, data),) = parts_of(headers, body)
        assert (status, data) == (200, path.read_bytes()), path.name
        assert fields["Content-Location"].endswith(outcome.sop_instance_uid)


async def test_without_a_transfer_syntax_an_instance_comes_in_explicit_vr_little_endian(serving: Serving) -> None:
    (record,) = await serving.take(data_of("MR_small_jp2klossless.dcm"))

    _, headers, body = await serving.get(path_of(record), 'multipart/related; type="application/dicom"')

    ((fields, data),) = parts_of(headers, body)
    found = pydicom.dcmread(io.BytesIO(data))
    assert fields["Content-Type"] == "application/dicom; transfer-syntax=1.2.840.10008.1.2.1"
    assert found.file_meta.TransferSyntaxUID == EXPLICIT_LE
    original = pydicom.dcmread(io.BytesIO(data_of("MR_small_jp2klossless.dcm")))
    assert np.array_equal(found.pixel_array, original.pixel_array)
    assert found.PatientName == original.PatientName


async def test_what_is_only_there_lossily_stays_so_unless_something_else_is_named(serving: Serving) -> None:
    (record,) = await serving.take(data_of("SC_rgb_jpeg_dcmtk.dcm"))

    _, _, by_default = await serving.get(path_of(record), "application/dicom")
    _, _, named = await serving.get(path_of(record), "application/dicom; transfer-syntax=1.2.840.10008.1.2.1")

    assert by_default == data_of("SC_rgb_jpeg_dcmtk.dcm")
    assert pydicom.dcmread(io.BytesIO(named)).PhotometricInterpretation == "RGB"


@pytest.mark.parametrize("name", ["MR_small.dcm", "MR_small_implicit.dcm", "SC_rgb_rle_2frame.dcm"])
@pytest.mark.parametrize(
    "target",
    [
        RLE,
        JPEG_LS,
        JPEG_2000_LOSSLESS,
        JPEG_LOSSLESS_SV1,
        EXPLICIT_LE,
    ],
)
async def test_a_lossless_transcoding_keeps_every_sample(serving: Serving, name: str, target: str) -> None:
    (record,) = await serving.take(data_of(name))

    status, _, body = await serving.get(path_of(record), f"application/dicom; transfer-syntax={target}")

    assert status == 200
    found, original = pydicom.dcmread(io.BytesIO(body)), pydicom.dcmread(io.BytesIO(data_of(name)))
    assert found.file_meta.TransferSyntaxUID == target
    assert np.array_equal(found.pixel_array, original.pixel_array)


@pytest.mark.parametrize("name", ["MR_small_bigendian.dcm", "image_dfl.dcm", "rtplan.dcm"])
async def test_encodings_that_web_services_do_not_use_become_explicit_little_endian(
    serving: Serving, name: str
) -> None:
    (record,) = await serving.take(data_of(name))

    status, _, body = await serving.get(path_of(record), "application/dicom")

    found, original = pydicom.dcmread(io.BytesIO(body)), pydicom.dcmread(io.BytesIO(data_of(name)))
    assert (status, found.file_meta.TransferSyntaxUID) == (200, EXPLICIT_LE)
    if "PixelData" in original:
        assert np.array_equal(found.pixel_array, original.pixel_array)


async def test_a_lossy_transcoding_says_so_in_the_instance(serving: Serving) -> None:
    (record,) = await serving.take(data_of("MR_small.dcm"))

    _, _, body = await serving.get(path_of(record), f"application/dicom; transfer-syntax={JPEG_2000}")

    found = pydicom.dcmread(io.BytesIO(body))
    assert (found.LossyImageCompression, found.LossyImageCompressionMethod) == ("01", "ISO_15444_1")


async def test_a_study_and_a_series_come_as_one_multipart_of_known_length(serving: Serving) -> None:
    files = [data_of(name) for name in ("MR_small.dcm", "MR_small_RLE.dcm")]
    files[1] = files[1].replace(
        b"1.3.6.1.4.1.5962.1.1.4.1.1.20040826185059.5457", b"1.3.6.1.4.1.5962.1.1.4.1.1.20040826185059.5458"
    )
    records = await serving.take(*files)

    for path in (f"studies/{records[0].study_instance_uid}", path_of(records[0]).rpartition("/instances")[0]):
        status, headers, body = await serving.get(path, AS_STORED)

        assert status == 200
        assert int(headers["Content-Length"]) == len(body)
        assert sorted(data for _, data in parts_of(headers, body)) == sorted(files)


async def test_a_study_comes_as_a_zip_archive(serving: Serving) -> None:
    (record,) = await serving.take(data_of("CT_small.dcm"))

    status, headers, body = await serving.get(f"studies/{record.study_instance_uid}", "application/zip")

    archive = zipfile.ZipFile(io.BytesIO(body))
    (name,) = archive.namelist()
    assert (status, headers["Content-Type"]) == (200, "application/zip")
    assert name == f"{record.series_instance_uid}/{record.sop_instance_uid}.dcm"
    assert archive.read(name) == data_of("CT_small.dcm")


async def test_what_a_client_has_is_not_sent_again(serving: Serving) -> None:
    (record,) = await serving.take(data_of("CT_small.dcm"))
    _, headers, _ = await serving.get(path_of(record), AS_STORED)

    status, _, body = await serving.get(path_of(record), AS_STORED, **{"If-None-Match": headers["ETag"]})
    other, _, _ = await serving.get(path_of(record), "application/dicom", **{"If-None-Match": headers["ETag"]})

    assert (status, body, other) == (304, b"", 200)


async def test_head_tells_the_length_without_the_body(serving: Serving) -> None:
    (record,) = await serving.take(data_of("CT_small.dcm"))

    async with serving.client.head(
        f"{serving.url}/{path_of(record)}", headers={"Accept": "application/dicom"}
    ) as answer:
        assert answer.headers["Content-Length"] == str(record.size_bytes)
        assert await answer.read() == b""


async def test_head_says_whether_the_bytes_are_held_and_their_digest(serving: Serving) -> None:
    records = await serving.take(*(data_of(name) for name in ("CT_small.dcm", "MR_small.dcm", "rtplan.dcm")))
    await serving.deps.blobs.delete(records[1].blob)
    await serving.deps.blobs.put(records[2].blob, b"cut short")

    answers = []
    for record in records:
        accept = {"Accept": "application/dicom; transfer-syntax=*"}
        async with serving.client.head(f"{serving.url}/{path_of(record)}", headers=accept) as answer:
            answers.append((answer.status, sha256_of(answer.headers.get("Repr-Digest", ""))))

    assert answers == [(200, hashlib.sha256(data_of("CT_small.dcm")).hexdigest()), (404, ""), (404, "")]


@pytest.mark.parametrize(
    ("path", "accept", "status"),
    [
        ("studies/1.2.3", AS_STORED, 404),
        ("studies/1.2.3/series/1.2.4", AS_STORED, 404),
        ("{series}/instances/1.2.5", AS_STORED, 404),
        ("studies/1.2/{instance}", AS_STORED, 404),
        ("{path}", "text/html", 406),
        ("{path}", "application/dicom; transfer-syntax=1.2.840.10008.1.2.4.50", 406),
        ("{path}", "application/dicom; transfer-syntax=1.2.3.4", 406),
        ("{path}/frames/0", "*/*", 404),
        ("{path}/frames/2", "*/*", 404),
        ("{path}/frames/x", "*/*", 400),
        ("{path}/rendered?window=nonsense", "*/*", 400),
        ("{path}/rendered?viewport=0,0", "*/*", 400),
        ("{path}/rendered", "video/mp4", 406),
        ("{path}/bulkdata/00091010", "*/*", 404),
    ],
)
async def test_wrong_requests_get_the_right_status(serving: Serving, path: str, accept: str, status: int) -> None:
    (record,) = await serving.take(data_of("CT_small.dcm"))
    known = path_of(record)
    series, _, own = known.rpartition("/instances/")
    filled = path.format(path=known, series=series, instance=f"series/{record.series_instance_uid}/instances/{own}")

    assert (await serving.get(filled, accept))[0] == status


async def test_evicted_instances_are_gone_and_the_answer_says_how_they_come_back(serving: Serving) -> None:
    (record,) = await serving.take(data_of("CT_small.dcm"))
    await _evict(serving, record.sop_instance_uid)

    status, headers, body = await serving.get(path_of(record), AS_STORED)
    metadata, _, _ = await serving.get(path_of(record) + "/metadata")

    assert (status, metadata) == (410, 200)
    assert headers["Cache-Control"] == "no-store"  # a browser keeps a 410 for ever, and would not see a recall
    assert b"/api/recalls" in body
    assert b"by" in body  # which that resource asks for


async def _evict(serving: Serving, sop_instance_uid: str) -> None:
    record = await serving.deps.documents.get(INSTANCES, sop_instance_uid)
    assert record is not None
    await serving.deps.documents.put(INSTANCES, msgspec.structs.replace(record, state=InstanceState.EVICTED))
    await serving.deps.blobs.delete(record.blob)
