"""What a codestream costs is read from its first bytes."""

import io

import imagecodecs
import numpy as np
import pytest
from PIL import Image

from shared.dicom import codestream
from shared.errors import Refused

GREY = np.arange(48 * 40, dtype=np.uint8).reshape(48, 40)
COLOUR = np.stack([GREY] * 3, axis=-1)


def jpeg() -> bytes:
    out = io.BytesIO()
    Image.fromarray(COLOUR).save(out, "JPEG")
    return out.getvalue()


CODED = {
    "jpeg": (jpeg(), 3),
    "jpeg lossless": (imagecodecs.jpeg8_encode(GREY, lossless=True, predictor=1), 1),
    "jpeg-ls": (imagecodecs.jpegls_encode(GREY), 1),
    "jpeg 2000": (imagecodecs.jpeg2k_encode(COLOUR, codecformat="j2k"), 3),
    "jpeg 2000 file": (imagecodecs.jpeg2k_encode(COLOUR, codecformat="jp2"), 3),
    "htj2k": (imagecodecs.htj2k_encode(GREY), 1),
}


@pytest.mark.parametrize("name", CODED)
def test_the_number_of_samples_is_read(name: str) -> None:
    data, components = CODED[name]

    assert codestream.samples_of(bytes(data)) == 48 * 40 * components
    codestream.check(bytes(data), 48 * 40 * components, 1)


@pytest.mark.parametrize("name", CODED)
def test_more_samples_than_the_data_set_says_are_refused(name: str) -> None:
    data, components = CODED[name]

    with pytest.raises(Refused, match="codestream-too-large"):
        codestream.check(bytes(data), 48 * 40 * components - 1, 1)


@pytest.mark.parametrize("name", CODED)
def test_a_codestream_that_ends_within_its_header_says_nothing(name: str) -> None:
    data = bytes(CODED[name][0])

    for size in range(40):
        codestream.samples_of(data[:size])
    assert codestream.samples_of(data[:16]) is None


def test_a_frame_that_is_larger_than_any_is_refused_before_it_is_decoded() -> None:
    with pytest.raises(Refused, match="frame-too-large"):
        codestream.check(b"", 65535 * 65535, 2)
