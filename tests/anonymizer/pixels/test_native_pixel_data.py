"""Native pixel data leave with the image alone: nothing in unused bits, nothing behind it (PS3.5 8.1.1)."""

from pathlib import Path
from typing import Any

import numpy as np
import pydicom
import pytest
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence
from pydicom.uid import ExplicitVRBigEndian, ExplicitVRLittleEndian

from services.anonymizer.instances import series_template
from services.anonymizer.instances.deidentify import deidentify
from services.anonymizer.instances.large_file import deidentify_file
from services.anonymizer.pixels.series_slices import mapped
from services.anonymizer.policy import Policy
from shared.errors import Refused
from tests.anonymizer.pixels.images import NAME, cleaned, image, written

SAMPLES = np.arange(1024, dtype="<u2").reshape(32, 32) * 3
SIGNED = (np.arange(1024, dtype="<i2").reshape(32, 32) - 512) * 3
OVERLAY = np.unpackbits(np.frombuffer(NAME * 8, np.uint8)).reshape(32, 32).astype("<u2")


@pytest.fixture(autouse=True)
def strangers() -> None:
    series_template.forget()


def values(dataset: Dataset, dtype: str = "<u2") -> "np.ndarray[Any, Any]":
    return np.frombuffer(dataset.PixelData, dtype).reshape(32, 32)


def test_an_overlay_in_the_unused_bits_goes_and_the_samples_stay(jmid: Policy) -> None:
    files = [written(image(SAMPLES | OVERLAY << 12, 12)) for _ in range(3)]

    for data in files:  # the second and the third by the template of their Series
        output, dataset = cleaned(data, jmid)

        assert np.array_equal(values(dataset), SAMPLES)
        assert output.counts["clear-pixel-data"] == 1


def test_an_overlay_in_the_unused_bits_goes_in_big_endian_too(jmid: Policy) -> None:
    _, dataset = cleaned(written(image((SAMPLES | OVERLAY << 15).astype(">u2"), 12), ExplicitVRBigEndian), jmid)

    assert np.array_equal(values(dataset, ">u2"), SAMPLES)


def test_an_overlay_in_low_bits_goes(jmid: Policy) -> None:
    _, dataset = cleaned(written(image(SAMPLES << 4 | OVERLAY, 12, HighBit=15)), jmid)

    assert np.array_equal(values(dataset), SAMPLES << 4)


def test_signed_samples_keep_their_sign(jmid: Policy) -> None:
    hidden = (SIGNED.view("<u2") & 0x7FFF | OVERLAY << 15).view("<i2")

    _, dataset = cleaned(written(image(hidden, 12)), jmid)

    assert np.array_equal(values(dataset, "<i2"), SIGNED)


@pytest.mark.parametrize("samples", [SIGNED, (SIGNED.view("<u2") & 0x0FFF).view("<i2")], ids=["extended", "not"])
def test_signed_samples_with_nothing_else_stay_as_they_are(jmid: Policy, samples: "np.ndarray[Any, Any]") -> None:
    output, dataset = cleaned(written(image(samples, 12)), jmid)

    assert dataset.PixelData == samples.tobytes()
    assert "clear-pixel-data" not in output.counts


def test_a_padding_value_with_more_bits_stays(jmid: Policy) -> None:
    padded = SAMPLES.copy()
    padded[0] = 63536

    _, dataset = cleaned(written(image(padded, 12, PixelPaddingValue=63536)), jmid)

    assert np.array_equal(values(dataset), padded)


@pytest.mark.parametrize("behind", [NAME, NAME * 1000, bytes(6)], ids=["a name", "more than the image", "zeros"])
@pytest.mark.parametrize("syntax", [ExplicitVRLittleEndian, ExplicitVRBigEndian])
def test_what_stands_behind_the_image_goes(jmid: Policy, behind: bytes, syntax: str) -> None:
    dataset = image(SAMPLES)
    dataset.PixelData += behind

    assert cleaned(written(dataset, syntax), jmid)[1].PixelData == SAMPLES.tobytes()


def test_the_padding_of_an_odd_image_is_zero(jmid: Policy) -> None:
    dataset = image(np.arange(9, dtype="u1").reshape(3, 3))
    dataset.PixelData += b"K"

    assert cleaned(written(dataset), jmid)[1].PixelData == bytes(range(9)) + b"\0"


def test_the_padding_of_an_odd_image_in_swapped_words_is_zero(jmid: Policy) -> None:
    dataset = image(np.arange(9, dtype="u1").reshape(3, 3))
    dataset.PixelData = b"\1\0\3\2\5\4\7\6K\x08" + NAME

    assert cleaned(written(dataset, ExplicitVRBigEndian), jmid)[1].PixelData == b"\1\0\3\2\5\4\7\6\0\x08"


def test_the_last_bits_of_a_bitmap_are_zero(jmid: Policy) -> None:
    dataset = image(np.zeros((3, 5), "u1"), BitsAllocated=1, BitsStored=1, HighBit=0, NumberOfFrames=3)
    dataset.PixelData = b"\xff" * 6 + NAME

    assert cleaned(written(dataset), jmid)[1].PixelData == b"\xff" * 5 + b"\x1f"


def test_subsampled_colours_have_two_samples_for_each_pixel(jmid: Policy) -> None:
    dataset = image(np.zeros((4, 4, 3), "u1"), PhotometricInterpretation="YBR_FULL_422")
    dataset.PixelData = bytes(range(32)) + NAME[:8]

    assert cleaned(written(dataset), jmid)[1].PixelData == bytes(range(32))


def test_colours_that_are_not_subsampled_as_they_say_are_refused(jmid: Policy) -> None:
    dataset = image(np.zeros((4, 4, 3), "u1"), PhotometricInterpretation="YBR_FULL_422")

    with pytest.raises(Refused, match="image-size-unclear"):
        deidentify(written(dataset), jmid)


def test_what_stands_behind_floats_goes(jmid: Policy) -> None:
    dataset = image(np.zeros((2, 2), "u4"))
    del dataset.PixelData
    dataset.FloatPixelData = np.ones((2, 2), "<f4").tobytes() + NAME
    dataset.PixelData = b""
    data = written(dataset)

    output = deidentify(data, jmid).data

    assert NAME not in output
    assert np.ones((2, 2), "<f4").tobytes() in output


@pytest.mark.parametrize("missing", ["Rows", "BitsAllocated"])
def test_an_image_that_does_not_say_how_large_it_is_is_refused(jmid: Policy, missing: str) -> None:
    dataset = image(SAMPLES)
    delattr(dataset, missing)

    with pytest.raises(Refused, match="image-size-unclear"):
        deidentify(written(dataset), jmid)


def test_pixel_data_within_an_item_go(jmid: Policy) -> None:
    item = Dataset()
    item.PixelData = NAME
    item["PixelData"].VR = "OW"
    dataset = image(SAMPLES, SourceImageSequence=Sequence([item]))

    output = deidentify(written(dataset), jmid).data

    assert NAME not in output


def test_a_file_that_is_mapped_is_cleared_as_one_in_memory(jmid: Policy, tmp_path: Path) -> None:
    tall = np.tile(SAMPLES | OVERLAY << 12, (70, 40))  # more than one chunk
    source, target = tmp_path / "in", tmp_path / "out"
    source.write_bytes(written(image(tall, 12)))

    deidentify_file(mapped(source), target, jmid, None)

    assert target.read_bytes() == deidentify(source.read_bytes(), jmid).data
    assert np.array_equal(pydicom.dcmread(target).pixel_array, tall & 0xFFF)
