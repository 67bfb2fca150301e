"""Retrieving frames, metadata, bulk data and pictures, and what else the retrieve side answers: PS3.18 8, 9, 10.4."""

import asyncio
import dataclasses
import gzip
import io
import zlib
from collections.abc import AsyncIterator

import msgspec
import numpy as np
import orjson
import pydicom
import pytest
import pytest_asyncio
from dicomweb_client import DICOMwebClient
from lxml import etree
from PIL import Image
from pydicom.pixels.processing import apply_color_lut, apply_modality_lut

from services.archive.pixels import codecs
from services.archive.pixels.shape import shape_of
from services.archive.pixels.transfer_syntaxes import JPEG_2000, JPEG_2000_LOSSLESS, JPEG_LOSSLESS_SV1, JPEG_LS, RLE
from services.archive.records import InstanceRecord
from tests.archive.conftest import Archive
from tests.archive.retrieve.fixtures import INSTALLED, Serving, parts_of, path_of, serving_all

STORED = 'multipart/related; type="application/octet-stream"; transfer-syntax=*'
VIEWER = "https://viewer.example"


@pytest_asyncio.fixture
async def serving(archive: Archive) -> AsyncIterator[Serving]:
    settings = msgspec.structs.replace(archive.deps.settings, cors_origins=(VIEWER,))
    async with serving_all(dataclasses.replace(archive.deps, settings=settings), archive.store) as found:
        yield found


async def taken(serving: Serving, name: str) -> tuple[InstanceRecord, pydicom.FileDataset]:
    data = (INSTALLED / name).read_bytes()
    (record,) = await serving.take(data)
    return record, pydicom.dcmread(io.BytesIO(data))


@pytest.mark.parametrize("name", ["CT_small.dcm", "SC_rgb_rle_2frame.dcm", "MR_small_jp2klossless.dcm", "rtdose.dcm"])
async def test_frames_in_octets_are_the_decoded_samples(serving: Serving, name: str) -> None:
    record, original = await taken(serving, name)
    count = int(original.get("NumberOfFrames", 1))
    wanted = [count, 1] if count > 1 else [1]

    listed = ",".join(map(str, wanted))
    _, headers, body = await serving.get(f"{path_of(record)}/frames/{listed}", "multipart/related")

    samples = original.pixel_array.reshape((count, *original.pixel_array.shape[-3 if count == 1 else 1 :]))
    expected = [samples.reshape(count, -1)[number - 1].tobytes() for number in wanted]
    assert [data for _, data in parts_of(headers, body)] == expected


async def test_a_viewer_gets_frames_as_they_are_stored_and_is_told_their_transfer_syntax(serving: Serving) -> None:
    record, original = await taken(serving, "MR_small_jp2klossless.dcm")

    _, headers, body = await serving.get(f"{path_of(record)}/frames/1", STORED)

    ((fields, data),) = parts_of(headers, body)
    assert fields["Content-Type"] == f"application/octet-stream; transfer-syntax={JPEG_2000_LOSSLESS}"
    assert data in original.PixelData


@pytest.mark.parametrize(
    ("accept", "syntax"),
    [
        ("image/jls", JPEG_LS),
        ("image/jp2", JPEG_2000_LOSSLESS),
        ("image/jpeg", JPEG_LOSSLESS_SV1),
        ("image/dicom-rle", RLE),
        (
            f'multipart/related; type="image/jp2"; transfer-syntax={JPEG_2000}',
            JPEG_2000,
        ),
    ],
)
async def test_frames_come_compressed_as_asked(serving: Serving, accept: str, syntax: str) -> None:
    record, original = await taken(serving, "MR_small.dcm")

    status, headers, body = await serving.get(f"{path_of(record)}/frames/1", accept)

    data = body if "multipart" not in accept else parts_of(headers, body)[0][1]
    samples, _ = codecs.decode(data, syntax, shape_of(record.metadata))
    assert status == 200
    assert np.abs(samples.astype(int) - original.pixel_array).max() <= (200 if syntax == JPEG_2000 else 0)


async def test_metadata_come_as_one_gzip_stream_or_plain(serving: Serving) -> None:
    record, original = await taken(serving, "CT_small.dcm")
    series = path_of(record).rpartition("/instances")[0]

    _, headers, packed = await serving.get(f"{series}/metadata", **{"Accept-Encoding": "gzip"})
    _, plain_headers, plain = await serving.get(f"{series}/metadata", **{"Accept-Encoding": "identity"})

    assert headers["Content-Encoding"] == "gzip"
    assert "Content-Encoding" not in plain_headers
    machine = zlib.decompressobj(31)
    assert machine.decompress(packed) == plain == gzip.decompress(packed)
    assert machine.eof
    (found,) = orjson.loads(plain)
    assert found["00080018"]["Value"] == [str(original.SOPInstanceUID)]
    assert found["7FE00010"]["BulkDataURI"].endswith(f"{record.sop_instance_uid}/bulkdata/7FE00010")


async def test_metadata_come_as_xml_too(serving: Serving) -> None:
    record, _ = await taken(serving, "CT_small.dcm")

    _, headers, body = await serving.get(
        f"{path_of(record)}/metadata", 'multipart/related; type="application/dicom+xml"'
    )

    ((_, document),) = parts_of(headers, body)
    found = etree.fromstring(document)
    assert found.find("*[@keyword='Modality']/*").text == "CT"


async def test_bulk_data_of_the_metadata_can_be_fetched_whole_and_in_ranges(serving: Serving) -> None:
    record, original = await taken(serving, "CT_small.dcm")
    path = f"{path_of(record)}/bulkdata/7FE00010"

    _, whole_headers, whole = await serving.get(path, "application/octet-stream")
    status, headers, some = await serving.get(path, "application/octet-stream", Range="bytes=10-19")
    _, _, last = await serving.get(path, "application/octet-stream", Range="bytes=-7")
    beyond, _, _ = await serving.get(path, "application/octet-stream", Range="bytes=99999999-")

    assert whole == original.PixelData
    assert (status, some, last, beyond) == (206, whole[10:20], whole[-7:], 416)
    assert headers["Content-Range"] == f"bytes 10-19/{len(whole)}"
    assert headers["ETag"] == whole_headers["ETag"]


async def test_compressed_pixel_data_are_decoded_for_octets(serving: Serving) -> None:
    record, original = await taken(serving, "SC_rgb_rle_2frame.dcm")

    _, headers, body = await serving.get(
        f"{path_of(record)}/pixeldata", 'multipart/related; type="application/octet-stream"'
    )

    ((_, data),) = parts_of(headers, body)
    assert data == original.pixel_array.tobytes()


async def test_a_rendered_image_is_what_the_standard_pipeline_gives(serving: Serving) -> None:
    record, original = await taken(serving, "MR_small.dcm")

    _, headers, body = await serving.get(f"{path_of(record)}/rendered", "image/png")

    found = np.asarray(Image.open(io.BytesIO(body))).astype(float)
    center, width = float(original.WindowCenter), float(original.WindowWidth)
    expected = np.clip((original.pixel_array - (center - 0.5)) / (width - 1) + 0.5, 0, 1) * 255
    assert headers["Content-Type"] == "image/png"
    assert np.abs(found - expected).max() <= 0.5


@pytest.mark.parametrize("function", ["linear", "linear-exact", "sigmoid"])
async def test_a_window_of_the_request_overrules_that_of_the_instance(serving: Serving, function: str) -> None:
    record, original = await taken(serving, "CT_small.dcm")

    _, _, body = await serving.get(f"{path_of(record)}/rendered?window=40,400,{function}", "image/png")

    values = apply_modality_lut(original.pixel_array, original).astype(float)
    expected = {
        "linear": np.clip((values - 39.5) / 399 + 0.5, 0, 1),
        "linear-exact": np.clip((values - 40) / 400 + 0.5, 0, 1),
        "sigmoid": 1 / (1 + np.exp(-4 * (values - 40) / 400)),
    }[function]
    assert np.abs(np.asarray(Image.open(io.BytesIO(body))) - expected * 255).max() <= 0.5


@pytest.mark.parametrize(
    ("query", "size"),
    [
        ("viewport=64,32", (32, 32)),
        ("viewport=256,256", (256, 256)),
        ("viewport=50,50,0,0,128,64", (50, 25)),
        ("viewport=50,50,10,20,-30,30", (50, 50)),
        ("viewport=512,512,,,,", (512, 512)),
    ],
)
async def test_the_viewport_is_filled_without_distortion(serving: Serving, query: str, size: tuple[int, int]) -> None:
    record, _ = await taken(serving, "CT_small.dcm")

    _, _, body = await serving.get(f"{path_of(record)}/rendered?{query}", "image/jpeg")

    assert Image.open(io.BytesIO(body)).size == size


async def test_a_negative_region_flips_the_picture(serving: Serving) -> None:
    record, _ = await taken(serving, "CT_small.dcm")

    _, _, plain = await serving.get(f"{path_of(record)}/rendered?viewport=128,128,0,0,128,128", "image/png")
    _, _, flipped = await serving.get(f"{path_of(record)}/rendered?viewport=128,128,0,0,-128,128", "image/png")

    assert np.array_equal(
        np.asarray(Image.open(io.BytesIO(flipped))), np.asarray(Image.open(io.BytesIO(plain)))[:, ::-1]
    )


async def test_colour_palettes_and_gif_animation_are_rendered(serving: Serving) -> None:
    palette, _ = await taken(serving, "examples_palette.dcm")
    two, _ = await taken(serving, "SC_rgb_rle_2frame.dcm")

    _, _, coloured = await serving.get(f"{path_of(palette)}/rendered", "image/png")
    _, _, moving = await serving.get(f"{path_of(two)}/rendered", "image/gif")

    original = pydicom.dcmread(INSTALLED / "examples_palette.dcm")
    expected = apply_color_lut(original.pixel_array, original)
    shift = 8 if expected.dtype.itemsize == 2 else 0
    assert np.array_equal(np.asarray(Image.open(io.BytesIO(coloured))), (expected >> shift).astype("u1"))
    assert getattr(Image.open(io.BytesIO(moving)), "n_frames", 1) == 2


async def test_annotation_is_burned_in_when_it_is_asked_for(serving: Serving) -> None:
    record, _ = await taken(serving, "CT_small.dcm")

    _, _, plain = await serving.get(f"{path_of(record)}/rendered", "image/png")
    _, _, noted = await serving.get(f"{path_of(record)}/rendered?annotation=patient,technique", "image/png")

    assert plain != noted


async def test_a_study_renders_to_one_part_a_frame_and_has_a_thumbnail(serving: Serving) -> None:
    record, _ = await taken(serving, "SC_rgb_rle_2frame.dcm")
    study = f"studies/{record.study_instance_uid}"

    _, headers, body = await serving.get(f"{study}/rendered", 'multipart/related; type="image/jpeg"')
    status, _, small = await serving.get(f"{study}/thumbnail")

    assert [fields["Content-Type"] for fields, _ in parts_of(headers, body)] == ["image/jpeg"] * 2
    assert (status, max(Image.open(io.BytesIO(small)).size)) == (200, 128)


async def test_what_has_no_image_cannot_be_rendered(serving: Serving) -> None:
    record, _ = await taken(serving, "rtplan.dcm")

    assert (await serving.get(f"{path_of(record)}/rendered"))[0] == 406


@pytest.mark.parametrize(
    ("said", "sent"), [("application/pdf", "application/pdf"), ("text/html", "application/octet-stream")]
)
@pytest.mark.parametrize("size", [101, 5001])
async def test_an_encapsulated_document_is_rendered_as_itself(
    serving: Serving, said: str, sent: str, size: int
) -> None:
    document = b"%PDF-1.7 " + bytes(size - 9)
    (record,) = await serving.take(encapsulated(document, said))

    status, headers, body = await serving.get(f"{path_of(record)}/rendered", "*/*")

    assert (status, headers["Content-Type"], body) == (200, sent, document)


async def test_an_xml_document_runs_nothing_where_it_is_opened(serving: Serving) -> None:
    script = b'<x xmlns:h="http://www.w3.org/1999/xhtml"><h:script>alert(1)</h:script></x>'
    (record,) = await serving.take(encapsulated(script, "text/xml"))

    status, headers, body = await serving.get(f"{path_of(record)}/rendered", "*/*")

    assert (status, headers["Content-Type"], body) == (200, "text/xml", script)
    assert headers["Content-Security-Policy"] == "sandbox; default-src 'none'"
    assert headers["X-Content-Type-Options"] == "nosniff"


def encapsulated(document: bytes, media_type: str) -> bytes:
    data = pydicom.Dataset()
    data.SOPClassUID, data.SOPInstanceUID = "1.2.840.10008.5.1.4.1.1.104.1", "2.25.7"
    data.StudyInstanceUID, data.SeriesInstanceUID, data.Modality = "2.25.5", "2.25.6", "DOC"
    data.MIMETypeOfEncapsulatedDocument, data.EncapsulatedDocumentLength = media_type, len(document)
    data.EncapsulatedDocument = document + bytes(len(document) % 2)
    data.file_meta = pydicom.dataset.FileMetaDataset()
    data.file_meta.TransferSyntaxUID = pydicom.uid.ExplicitVRLittleEndian
    out = io.BytesIO()
    pydicom.dcmwrite(out, data, enforce_file_format=True)
    return out.getvalue()


async def test_older_clients_are_answered_by_wado_uri(serving: Serving) -> None:
    record, _ = await taken(serving, "CT_small.dcm")
    asked = (
        f"wado?requestType=WADO&studyUID={record.study_instance_uid}&seriesUID={record.series_instance_uid}"
        f"&objectUID={record.sop_instance_uid}"
    )

    _, headers, picture = await serving.get(f"{asked}&rows=64&columns=64&windowCenter=40&windowWidth=400")
    _, _, file = await serving.get(f"{asked}&contentType=application/dicom")
    missing, _, _ = await serving.get("wado?requestType=WADO")

    assert headers["Content-Type"] == "image/jpeg"
    assert Image.open(io.BytesIO(picture)).size == (64, 64)
    assert file == (INSTALLED / "CT_small.dcm").read_bytes()
    assert missing == 400


async def test_the_service_says_what_it_can_do(serving: Serving) -> None:
    async with serving.client.options(f"{serving.url}/") as answer:
        document = etree.fromstring(await answer.read())

    paths = {each.get("path") for each in document.iter("{*}resource")}
    assert "studies/{study}/series/{series}/instances/{instance}/frames/{frames}/rendered" in paths


@pytest.mark.parametrize("path", ["studies", "{path}/metadata", "{path}/frames/1", "{path}", "studies/1.2.3"])
async def test_browsers_of_configured_origins_may_call_and_others_not(serving: Serving, path: str) -> None:
    record, _ = await taken(serving, "CT_small.dcm")
    filled = path.format(path=path_of(record))

    _, allowed, _ = await serving.get(filled, Origin=VIEWER)
    _, refused, _ = await serving.get(filled, Origin="https://other.example")
    async with serving.client.options(
        f"{serving.url}/{filled}", headers={"Origin": VIEWER, "Access-Control-Request-Method": "GET"}
    ) as preflight:
        assert (preflight.status, preflight.headers["Access-Control-Allow-Origin"]) == (204, VIEWER)

    assert allowed["Access-Control-Allow-Origin"] == VIEWER
    assert "Access-Control-Allow-Origin" not in refused


async def test_dicomweb_client_retrieves_everything(serving: Serving) -> None:
    record, original = await taken(serving, "CT_small.dcm")
    study, series, instance = record.study_instance_uid, record.series_instance_uid, record.sop_instance_uid
    client = DICOMwebClient(serving.url)

    found = await asyncio.to_thread(client.retrieve_instance, study, series, instance)
    (frame,) = await asyncio.to_thread(client.retrieve_instance_frames, study, series, instance, [1])
    metadata = await asyncio.to_thread(client.retrieve_series_metadata, study, series)
    picture = await asyncio.to_thread(
        client.retrieve_instance_rendered, study, series, instance, media_types=("image/png",)
    )
    all_of_it = await asyncio.to_thread(client.retrieve_study, study)

    assert np.array_equal(found.pixel_array, original.pixel_array)
    assert frame == original.PixelData
    assert metadata[0]["00080018"]["Value"] == [instance]
    assert Image.open(io.BytesIO(picture)).size == (128, 128)
    assert len(all_of_it) == 1
