"""Frames in and out of every Transfer Syntax, compared with pydicom."""

import warnings
from pathlib import Path

import numpy as np
import pydicom
import pytest

from services.archive.pixels import codecs, frames
from services.archive.pixels.codecs import transcode
from services.archive.pixels.shape import PixelShape, shape_of
from services.archive.pixels.transfer_syntaxes import (
    EXPLICIT_LE,
    HTJ2K_LOSSLESS_RPCL,
    JPEG_BASELINE,
    JPEG_LOSSLESS_SV1,
    LOSSLESS_TARGETS,
    LOSSY_TARGETS,
)
from services.archive.records import InstanceRecord
from services.archive.store.prepare import Failure, prepare
from shared.dicom import file_format
from shared.errors import Refused
from tests.archive.retrieve.fixtures import images

BEYOND = {
    "SC_rgb_jpeg.dcm",  # the walk refuses its VRs
    "SC_rgb_small_odd_big_endian.dcm",  # swapped pairs over an odd frame
    "JPEG2000-embedded-sequence-delimiter.dcm",  # pydicom decodes neither
    "MR_truncated.dcm",
}


@pytest.mark.parametrize("path", [p for p in images() if p.name not in BEYOND], ids=lambda path: path.name)
@pytest.mark.filterwarnings("ignore")
def test_a_decoded_frame_equals_what_pydicom_decodes(path: Path) -> None:
    data = path.read_bytes()
    ready = prepare(data, root="", at=0.0)
    if isinstance(ready, Failure):
        pytest.skip(ready.detail)  # a test image without the UIDs of an Instance
    record = ready.record
    shape = shape_of(record.metadata)

    decoded = [
        codecs.decode(_frame(data, record, number), record.transfer_syntax_uid, shape)[0]
        for number in range(1, min(3, frames.pixels_of(record).number_of_frames) + 1)
    ]

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        reference = pydicom.dcmread(path)
        reference.pixel_array_options(
            raw=shape.photometric.startswith("YBR") and not frames.pixels_of(record).encapsulated
        )
        expected = reference.pixel_array
    assert np.array_equal(np.stack(decoded), (expected if _many(record) else expected[None])[:3])


def _many(record: InstanceRecord) -> bool:
    return frames.pixels_of(record).number_of_frames > 1


def _frame(data: bytes, record: InstanceRecord, number: int) -> bytes:
    content = file_format.split(data).data
    joined = b"".join(bytes(content[start:end]) for start, end in frames.spans(record, number))
    if frames.pixels_of(record).encapsulated:
        return joined
    bits = frames.frame_shape(record).frame_bits
    return codecs.frame_of_bits(joined, bits * (number - 1) % 8, bits)


SHAPES = [
    ((64, 65), "u1", 8, False),
    ((64, 40), "<u2", 16, False),
    ((70, 33), "<i2", 16, True),
    ((64, 47), "<i2", 12, True),
    ((64, 64), "<u2", 12, False),
    ((40, 41, 3), "u1", 8, False),
    ((5, 3), "<u2", 12, False),
    ((9, 40, 3), "u1", 8, False),
]


@pytest.mark.parametrize("target", sorted(LOSSLESS_TARGETS))
@pytest.mark.parametrize(("size", "dtype", "stored", "signed"), SHAPES)
def test_a_lossless_transcoding_and_back_changes_no_bit(
    size: tuple[int, ...], dtype: str, stored: int, signed: bool, target: str
) -> None:
    low, high = (-(1 << stored - 1), 1 << stored - 1) if signed else (0, 1 << stored)
    samples = np.random.default_rng(7).integers(low, high, size).astype(dtype)
    shape = _shape(size, dtype, stored, signed)

    coded = transcode(samples.tobytes(), EXPLICIT_LE, target, shape)
    back = transcode(coded.data, target, EXPLICIT_LE, shape)

    assert back.data == samples.tobytes()


def _shape(size: tuple[int, ...], dtype: str, stored: int, signed: bool) -> PixelShape:
    colours = size[2] if len(size) > 2 else 1
    return PixelShape(
        rows=size[0],
        columns=size[1],
        samples=colours,
        bits_allocated=np.dtype(dtype).itemsize * 8,
        bits_stored=stored,
        signed=signed,
        photometric="RGB" if colours == 3 else "MONOCHROME2",
    )


@pytest.mark.parametrize("size", [(64, 64), (2100, 70)])
def test_htj2k_rpcl_has_what_streaming_needs(size: tuple[int, int]) -> None:
    samples = np.random.default_rng(1).integers(0, 4096, size).astype("<u2")

    coded = transcode(
        samples.tobytes(),
        EXPLICIT_LE,
        HTJ2K_LOSSLESS_RPCL,
        _shape(size, "<u2", 12, False),
    )

    style = coded.data.index(b"\xff\x52")  # COD (ISO 15444-1 A.6.1)
    progression, levels = coded.data[style + 5], coded.data[style + 9]
    assert progression == 2  # RPCL
    assert max(size) / 2**levels <= 64
    assert coded.data.index(b"\xff\x55") < coded.data.index(b"\xff\x90")  # TLM before the first tile-part
    assert b"\xff\x50" in coded.data[:style]  # CAP: Part 15


@pytest.mark.parametrize("extreme", [0, 0x7FFF, 0x8000, 0xFFFF])
def test_jpeg_lossless_holds_the_largest_steps(extreme: int) -> None:
    samples = np.zeros((16, 16), "<u2")
    samples[::2, ::2] = extreme
    shape = _shape(samples.shape, "<u2", 16, False)

    coded = transcode(samples.tobytes(), EXPLICIT_LE, JPEG_LOSSLESS_SV1, shape)

    assert np.array_equal(codecs.decode(coded.data, JPEG_LOSSLESS_SV1, shape)[0], samples)


@pytest.mark.parametrize("target", sorted(LOSSY_TARGETS))
def test_a_lossy_transcoding_stays_close(target: str) -> None:
    samples = np.add.outer(np.arange(64), np.arange(64)).astype("u1")
    shape = _shape(samples.shape, "u1", 8, False)

    coded = transcode(samples.tobytes(), EXPLICIT_LE, target, shape)

    back = codecs.decode(coded.data, target, shape)[0].astype(int)
    assert np.abs(back - samples).max() <= 6


def test_sixteen_bits_are_not_squeezed_into_jpeg_baseline() -> None:
    shape = _shape((8, 8), "<u2", 16, False)

    with pytest.raises(Refused, match="no-such-transcoding"):
        transcode(bytes(128), EXPLICIT_LE, JPEG_BASELINE, shape)


def test_a_frame_of_bits_begins_at_the_start_of_a_byte() -> None:
    bits = np.random.default_rng(3).integers(0, 2, 3 * 15).astype("u1")
    packed = np.packbits(bits, bitorder="little").tobytes()

    second = codecs.frame_of_bits(packed, 15, 15)

    assert np.array_equal(np.unpackbits(np.frombuffer(second, "u1"), bitorder="little")[:15], bits[15:30])
