"""Compressed pixel data leave with the image alone: no comments, nothing behind a frame, no surplus fragment."""

import io
import struct
from collections.abc import Callable
from typing import Any

import imagecodecs
import numpy as np
import pydicom
import pytest
from pydicom.encaps import encapsulate_extended, generate_fragments, parse_basic_offsets
from pydicom.pixels.encoders.base import get_encoder
from pydicom.uid import (
    HTJ2K,
    MPEG4HP41,
    ExplicitVRLittleEndian,
    JPEG2000Lossless,
    JPEGBaseline8Bit,
    JPEGLosslessSV1,
    JPEGLSLossless,
    RLELossless,
)

from services.anonymizer.instances import series_template
from services.anonymizer.instances.deidentify import deidentify
from services.anonymizer.pixels import jpeg_2000_segments, jpeg_segments
from services.anonymizer.policy import Policy
from shared.dicom import jpeg_decoder
from shared.errors import Refused
from tests.anonymizer.pixels.images import NAME, cleaned, image, written

jpeg_decoder.register()
GREY = np.arange(1024, dtype=np.uint16).reshape(32, 32) // 4
BYTES = GREY.astype(np.uint8)
COLOURS = np.stack([BYTES, BYTES.T, 255 - BYTES], axis=-1)


def rle(pixels: "np.ndarray[Any, Any]") -> bytes:
    frames = image(pixels)
    return bytes(get_encoder(RLELossless).encode(pixels.tobytes(), **_shape(frames)))


def _shape(dataset: pydicom.Dataset) -> dict[str, Any]:
    return {
        "rows": dataset.Rows, "columns": dataset.Columns, "samples_per_pixel": 1, "number_of_frames": 1,
        "bits_allocated": dataset.BitsAllocated, "bits_stored": dataset.BitsAllocated, "pixel_representation": 0,
        "photometric_interpretation": "MONOCHROME2", "encoding_plugin": "pydicom",
    }  # fmt: skip


ENCODERS: dict[str, Callable[..., Any]] = {
    JPEGBaseline8Bit: lambda pixels: imagecodecs.jpeg8_encode(pixels, level=90),
    JPEGLosslessSV1: lambda pixels: imagecodecs.jpeg8_encode(pixels, lossless=True),
    JPEGLSLossless: imagecodecs.jpegls_encode,
    JPEG2000Lossless: lambda pixels: imagecodecs.jpeg2k_encode(pixels, level=0, codecformat="j2k"),
    HTJ2K: lambda pixels: imagecodecs.htj2k_encode(pixels, reversible=True),
    RLELossless: rle,
}


@pytest.fixture(autouse=True)
def strangers() -> None:
    series_template.forget()


def segment(marker: int, value: bytes) -> bytes:
    return struct.pack(">BBH", 0xFF, marker, len(value) + 2) + value


def commented(syntax: str, frame: bytes) -> bytes:
    """Return the frame with a comment and application data right behind its start."""
    if syntax == RLELossless:
        return frame
    if syntax in (JPEG2000Lossless, HTJ2K):
        siz = 4 + int.from_bytes(frame[4:6])
        return frame[:siz] + segment(0x64, b"\0\1" + NAME) + frame[siz:]
    return frame[:2] + segment(0xFE, NAME) + segment(0xE1, b"Exif\0\0" + NAME) + segment(0xED, NAME) + frame[2:]


def pixels_of(data: bytes) -> "np.ndarray[Any, Any]":
    pixels: np.ndarray[Any, Any] = pydicom.dcmread(io.BytesIO(data)).pixel_array
    return pixels


@pytest.mark.parametrize("syntax", ENCODERS, ids=lambda uid: uid.name)
def test_a_frame_with_nothing_else_stays_as_it_is_and_one_with_more_loses_it(jmid: Policy, syntax: str) -> None:
    frame = ENCODERS[syntax](BYTES)
    clean, dirty = (
        written(image(BYTES), syntax, [frame]),
        written(image(BYTES), syntax, [commented(syntax, frame) + NAME]),
    )

    plain, output = deidentify(deidentify(clean, jmid).data, jmid), deidentify(dirty, jmid)

    assert "clear-pixel-data" not in plain.counts
    assert output.counts["clear-pixel-data"] == 1
    assert NAME not in output.data
    assert np.array_equal(pixels_of(output.data), pixels_of(clean))


@pytest.mark.parametrize("syntax", ENCODERS, ids=lambda uid: uid.name)
@pytest.mark.parametrize("surplus", [0, 1])
def test_frames_are_found_and_their_offsets_written_anew(jmid: Policy, syntax: str, surplus: int) -> None:
    stack = np.stack([BYTES, BYTES.T, BYTES[::-1]])
    frames = [ENCODERS[syntax](np.ascontiguousarray(each)) for each in stack]
    clean = written(image(stack), syntax, frames)
    dirty = written(image(stack), syntax, [frames[0], frames[1] + NAME, frames[2], *[NAME] * surplus])

    output, dataset = cleaned(dirty, jmid)

    assert NAME not in output.data
    assert np.array_equal(dataset.pixel_array, pixels_of(clean))
    sizes = [len(fragment) + 8 for fragment in generate_fragments(dataset.PixelData)][1:]
    assert parse_basic_offsets(dataset.PixelData) == [0, sizes[0], sizes[0] + sizes[1]]


def test_a_surplus_fragment_behind_one_frame_goes(jmid: Policy) -> None:
    frame = ENCODERS[JPEGBaseline8Bit](BYTES)

    output, dataset = cleaned(written(image(BYTES), JPEGBaseline8Bit, [frame, NAME]), jmid)

    assert NAME not in output.data
    assert np.array_equal(dataset.pixel_array, pixels_of(written(image(BYTES), JPEGBaseline8Bit, [frame])))


def test_offsets_that_point_nowhere_go(jmid: Policy) -> None:
    data = written(image(BYTES), JPEGLSLossless, [ENCODERS[JPEGLSLossless](BYTES)])
    table = data.index(b"\xfe\xff\x00\xe0\x04\0\0\0") + 8

    _output, dataset = cleaned(data[:table] + NAME[:4] + data[table + 4 :], jmid)

    assert parse_basic_offsets(dataset.PixelData) == [0]
    assert np.array_equal(dataset.pixel_array, BYTES)


def test_an_extended_offset_table_follows_its_frames(jmid: Policy) -> None:
    stack = np.stack([BYTES, BYTES.T])
    frames = [commented(JPEGLSLossless, ENCODERS[JPEGLSLossless](np.ascontiguousarray(each))) for each in stack]
    pixels, offsets, lengths = encapsulate_extended(frames)
    dataset = image(stack, ExtendedOffsetTable=offsets, ExtendedOffsetTableLengths=lengths)
    dataset.PixelData = pixels
    dataset["PixelData"].VR, dataset["PixelData"].is_undefined_length = "OB", True
    dataset.file_meta = pydicom.dataset.FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = JPEGLSLossless
    buffer = io.BytesIO()
    pydicom.dcmwrite(buffer, dataset, implicit_vr=False, little_endian=True, enforce_file_format=True)

    _, after = cleaned(buffer.getvalue(), jmid)

    fragments = list(generate_fragments(after.PixelData))
    assert fragments[0] == b""
    assert struct.unpack("<2Q", after.ExtendedOffsetTable) == (0, len(fragments[1]) + 8)
    assert struct.unpack("<2Q", after.ExtendedOffsetTableLengths) == (len(fragments[1]), len(fragments[2]))
    assert np.array_equal(after.pixel_array, stack)


@pytest.mark.parametrize("syntax", [RLELossless, JPEGLosslessSV1, JPEG2000Lossless], ids=lambda uid: uid.name)
def test_an_overlay_in_unused_bits_goes_and_the_image_leaves_uncompressed(jmid: Policy, syntax: str) -> None:
    hidden = (GREY | (GREY % 7 == 0).astype(np.uint16) << 13).astype("<u2")
    data = written(image(hidden, 12), syntax, [ENCODERS[syntax](hidden)])

    _, dataset = cleaned(data, jmid)

    assert dataset.file_meta.TransferSyntaxUID == ExplicitVRLittleEndian
    assert np.array_equal(np.frombuffer(dataset.PixelData, "<u2"), GREY.ravel())


@pytest.mark.parametrize("syntax", [RLELossless, JPEGLosslessSV1, JPEG2000Lossless], ids=lambda uid: uid.name)
def test_a_codestream_of_more_bits_with_nothing_in_them_stays(jmid: Policy, syntax: str) -> None:
    grey = GREY.astype("<u2")
    data = written(image(grey, 12), syntax, [ENCODERS[syntax](grey)])

    _output, dataset = cleaned(data, jmid)

    assert dataset.file_meta.TransferSyntaxUID == syntax
    assert np.array_equal(dataset.pixel_array, grey)


@pytest.mark.parametrize(
    ("syntax", "frame", "reason"),
    [
        (MPEG4HP41, b"\0\0\1\xb3" + NAME, "pixel-data-not-checked"),
        (JPEGBaseline8Bit, NAME, "codestream-not-readable"),
        (JPEGBaseline8Bit, ENCODERS[JPEGBaseline8Bit](BYTES)[:200], "codestream-not-readable"),
        (JPEG2000Lossless, NAME, "codestream-not-readable"),
        (RLELossless, NAME * 8, "codestream-not-readable"),
        (JPEGBaseline8Bit, ENCODERS[JPEGBaseline8Bit](np.tile(BYTES, (2, 1))), "codestream-too-large"),
    ],
)
def test_what_cannot_be_told_is_refused(jmid: Policy, syntax: str, frame: bytes, reason: str) -> None:
    with pytest.raises(Refused, match=reason):
        deidentify(written(image(BYTES), syntax, [frame]), jmid)


def test_what_a_decoder_takes_colours_from_stays_with_nothing_else_in_it() -> None:
    adobe = segment(0xEE, b"Adobe\0\x65KUMI\1" + NAME)
    jfif = segment(0xE0, b"JFIF\0\1\2\1KMKM\0\0" + NAME)
    frame = imagecodecs.jpeg8_encode(COLOURS, level=90)
    bare = b"".join(jpeg_segments.cleared(memoryview(frame)).parts)

    kept = b"".join(jpeg_segments.cleared(memoryview(bare[:2] + jfif + adobe + bare[2:])).parts)

    assert kept[2:20] == b"\xff\xe0\0\x10JFIF\0\1\1\0\0\1\0\1\0\0"
    assert kept[20:36] == b"\xff\xee\0\x0eAdobe\0\x64\0\0\0\0\1"


def test_a_comment_in_a_tile_part_goes_and_its_length_follows() -> None:
    frame = ENCODERS[JPEG2000Lossless](BYTES)
    at = frame.index(b"\xff\x90\0\x0a")
    comment = segment(0x64, b"\0\1" + NAME)
    length = struct.unpack_from(">I", frame, at + 6)[0]
    longer = frame[: at + 6] + struct.pack(">I", length + len(comment)) + frame[at + 10 : at + 12] + comment
    clean = b"".join(jpeg_2000_segments.cleared(memoryview(frame)).parts)

    assert b"".join(jpeg_2000_segments.cleared(memoryview(longer + frame[at + 12 :])).parts) == clean
    assert np.array_equal(imagecodecs.jpeg2k_decode(clean), BYTES)
