"""What the text detector masks by itself: text of any colour; and what passes is looked at again, larger and masked."""

import io
from typing import Any

import numpy as np
import pydicom
import pytest
from PIL import Image, ImageDraw
from pydicom.uid import SecondaryCaptureImageStorage

from services.anonymizer.instances.burned_in import LEFT
from services.anonymizer.instances.deidentify import deidentify
from services.anonymizer.pixels import image, text_detector
from services.anonymizer.pixels.text_detector import Box
from services.anonymizer.policy import Policy
from shared.errors import Refused
from tests.anonymizer.pixels.test_burned_in import codes_of, pixels, ultrasound

pytestmark = pytest.mark.skipif(not text_detector.available(), reason="the text detector is not installed")
NAME, AT = "SATO HANAKO", (20, 30)


def capture(*frames: Image.Image, **values: Any) -> bytes:
    """Return a Secondary Capture in colour."""
    array = np.stack([np.asarray(frame) for frame in frames])
    attributes: dict[str, Any] = {
        "SOPClassUID": SecondaryCaptureImageStorage, "Rows": array.shape[1], "Columns": array.shape[2],
        "NumberOfFrames": len(frames), "SamplesPerPixel": 3, "PhotometricInterpretation": "RGB",
        "PlanarConfiguration": 0, "BitsAllocated": 8, "BitsStored": 8, "HighBit": 7, "PixelData": array.tobytes(),
    }  # fmt: skip
    return ultrasound(**attributes | values)


def sheet(text: str = NAME, ink: str = "black", paper: str = "white", size: int = 18) -> Image.Image:
    drawn = Image.new("RGB", (240, 96), paper)
    ImageDraw.Draw(drawn).text(AT, text, ink, font_size=size)
    return drawn


@pytest.fixture
def trusting(jmid: Policy) -> Policy:
    return jmid._replace(trust_detector=True, search_pixels=True)


@pytest.mark.parametrize(
    ("ink", "paper"), [("red", "white"), ("blue", "white"), ("yellow", "white"), ("blue", "black"), ("green", "red")]
)
def test_a_text_of_any_colour_is_masked(ink: str, paper: str, trusting: Policy) -> None:
    output = deidentify(capture(sheet(ink=ink, paper=paper)), trusting).data

    assert "113101" in codes_of(output)
    assert not pixels(output)[32:46, 22:130].any()


def test_a_person_sees_a_picture_in_its_colours() -> None:
    shown = Image.open(io.BytesIO(image.png(capture(sheet(), sheet(ink="red")), 1)))

    assert (shown.mode, shown.size) == ("RGB", (240, 96))
    assert np.array_equal(np.asarray(shown), np.asarray(sheet(ink="red")))


def test_what_the_second_look_sees_waits_for_a_person(trusting: Policy, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(text_detector, "text_boxes", lambda _: [])  # the first look misses it

    with pytest.raises(Refused) as refused:
        deidentify(capture(sheet()), trusting)

    assert refused.value.reason == LEFT


def test_a_mask_is_no_text(trusting: Policy) -> None:
    frames = image.for_detector(deidentify(capture(sheet()), trusting).data)

    assert [text_detector.left_in(each, [Box(*AT, 140, 50)]) for each in frames] == [[]] * len(frames)


def test_of_many_frames_the_second_look_sees_others_than_the_first(
    trusting: Policy, monkeypatch: pytest.MonkeyPatch
) -> None:
    count = 4 * text_detector.FRAMES
    between = {frame: sheet() for frame in range(2, count, 4)}  # of four frames the first look sees the first
    plain = sheet("")
    monkeypatch.setattr(text_detector, "text_boxes", lambda frames: [])

    with pytest.raises(Refused, match=LEFT):
        deidentify(capture(*(between.get(frame, plain) for frame in range(count))), trusting)


def test_an_image_without_text_passes_as_it_came(trusting: Policy) -> None:
    data = capture(sheet(""))

    output = deidentify(data, trusting).data

    assert pydicom.dcmread(io.BytesIO(output)).PixelData == pydicom.dcmread(io.BytesIO(data)).PixelData
    assert "113101" in codes_of(output)


def test_small_text_on_a_large_picture_is_seen() -> None:
    drawn = Image.new("L", (4100, 240), 30)
    ImageDraw.Draw(drawn).text((3000, 100), "SATO 70918263", 220, font_size=14)

    boxes = text_detector.text_boxes(np.asarray(drawn)[np.newaxis])

    assert any(left <= 3000 and right >= 3090 and top < 110 < bottom for left, top, right, bottom in boxes)


@pytest.mark.parametrize("shape", [(1, 65535), (65535, 1), (3, 3)])
def test_a_picture_of_any_shape_can_be_looked_at(shape: tuple[int, int]) -> None:
    noise = np.random.default_rng(1).integers(0, 255, (1, *shape)).astype(np.uint8)

    assert isinstance(text_detector.text_boxes(noise), list)
