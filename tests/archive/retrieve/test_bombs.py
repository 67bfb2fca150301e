"""Small files that say they are large: they are stored, and whoever asks for their frames is answered at once."""

import io
from collections.abc import AsyncIterator

import imagecodecs
import numpy as np
import pydicom
import pytest
from pydicom.dataset import FileDataset, FileMetaDataset
from pydicom.encaps import encapsulate
from pydicom.uid import (
    CTImageStorage,
    DeflatedExplicitVRLittleEndian,
    ExplicitVRLittleEndian,
    JPEG2000Lossless,
    JPEGLSLossless,
    RLELossless,
    generate_uid,
)

from services.archive.pixels.frames import pixels_of
from tests.archive.conftest import Archive
from tests.archive.retrieve.fixtures import Serving, path_of, serving_all

MANY = 2_147_483_647
SIDE = 64
GREY = np.zeros((SIDE, SIDE), np.uint8)
JPEG_2000 = bytes(imagecodecs.jpeg2k_encode(GREY, codecformat="j2k"))
JPEG_LS = bytes(imagecodecs.jpegls_encode(GREY))


def of_side(data: bytes, at: int, side: int, size: int) -> bytes:
    """Return a codestream whose header says another height and width. at: where they stand."""
    return data[:at] + side.to_bytes(size) * 2 + data[at + 2 * size :]


BOMB_2000 = of_side(JPEG_2000, 8, 65535, 4)
BOMB_LS = of_side(JPEG_LS, JPEG_LS.index(b"\xff\xf7") + 5, 65535, 2)


def instance(syntax: str, pixels: bytes, *, side: int = SIDE, frames: int = 1) -> bytes:
    meta = FileMetaDataset()
    meta.TransferSyntaxUID = pydicom.uid.UID(syntax)
    meta.MediaStorageSOPClassUID = CTImageStorage
    data = FileDataset("", {}, file_meta=meta, preamble=bytes(128))
    data.SOPClassUID = CTImageStorage
    for keyword in ("SOPInstanceUID", "StudyInstanceUID", "SeriesInstanceUID"):
        setattr(data, keyword, generate_uid())
    meta.MediaStorageSOPInstanceUID = data.SOPInstanceUID
    data.Rows = data.Columns = side
    data.BitsAllocated = data.BitsStored = 8
    data.HighBit, data.PixelRepresentation, data.SamplesPerPixel = 7, 0, 1
    data.PhotometricInterpretation = "MONOCHROME2"
    data.NumberOfFrames = frames
    data.PixelData = encapsulate([pixels]) if meta.TransferSyntaxUID.is_encapsulated else pixels
    data["PixelData"].VR = "OB"
    out = io.BytesIO()
    data.save_as(out, enforce_file_format=True)
    return out.getvalue()


@pytest.fixture
async def serving(archive: Archive) -> AsyncIterator[Serving]:
    async with serving_all(archive.deps, archive.store) as found:
        yield found


@pytest.mark.parametrize(
    ("syntax", "pixels"),
    [(ExplicitVRLittleEndian, bytes(SIDE * SIDE)), (RLELossless, b"\1\0\0\0\x40" + bytes(59) + b"\x81\0" * 32)],
    ids=["native", "encapsulated"],
)
async def test_there_are_no_more_frames_than_bytes_for_them(serving: Serving, syntax: str, pixels: bytes) -> None:
    (record,) = await serving.take(instance(syntax, pixels, frames=MANY))

    assert pixels_of(record).number_of_frames == 1
    assert (await serving.get(f"{path_of(record)}/rendered", "image/jpeg"))[0] == 200
    assert (await serving.get(f"{path_of(record)}/rendered", "image/gif"))[0] == 200
    assert (await serving.get(f"{path_of(record)}/frames/2"))[0] == 404


@pytest.mark.parametrize(
    ("syntax", "pixels", "side"),
    [
        (JPEG2000Lossless, BOMB_2000, SIDE),
        (JPEG2000Lossless, BOMB_2000, 65535),
        (JPEGLSLossless, BOMB_LS, SIDE),
        (RLELossless, b"\1\0\0\0\x40" + bytes(59) + b"\x81\0" * 32, 65535),
    ],
)
async def test_a_frame_that_would_cost_too_much_is_not_decoded(
    serving: Serving, syntax: str, pixels: bytes, side: int
) -> None:
    (record,) = await serving.take(instance(syntax, pixels, side=side))

    status, _, body = await serving.get(f"{path_of(record)}/rendered", "image/jpeg")

    assert status == 406
    assert b"codestream-too-large" in body or b"frame-too-large" in body
    assert (await serving.get(path_of(record), "multipart/related; type=application/dicom; transfer-syntax=*"))[
        0
    ] == 200


async def test_millions_of_frames_are_asked_for_by_number(serving: Serving) -> None:
    (record,) = await serving.take(instance(ExplicitVRLittleEndian, bytes(20_000), side=1, frames=MANY))

    every, _, body = await serving.get(f"{path_of(record)}/rendered", "image/jpeg")
    one, _, _ = await serving.get(f"{path_of(record)}/frames/19999/rendered", "image/jpeg")

    assert pixels_of(record).number_of_frames == 20_000
    assert (every, b"too-many-frames" in body, one) == (406, True, 200)


async def test_a_deflated_instance_is_prepared_in_a_worker_and_stored(serving: Serving) -> None:
    (record,) = await serving.take(instance(DeflatedExplicitVRLittleEndian, bytes(SIDE * SIDE)))

    assert record.deflated
    assert (await serving.get(f"{path_of(record)}/rendered", "image/jpeg"))[0] == 200
