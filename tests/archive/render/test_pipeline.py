"""The rendering pipeline against pydicom's reference functions: PS3.3 C.11, PS3.4 N.2, PS3.18 8.3.5."""

import contextlib
import io
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from pydicom.dataset import Dataset
from pydicom.pixels.processing import apply_modality_lut, apply_voi_lut

from services.archive.attributes.gzip_members import member
from services.archive.pixels.codecs import decode
from services.archive.pixels.shape import PixelShape, shape_of
from services.archive.render import image_attributes, output, pipeline
from services.archive.render.display import Annotation, DisplayState, Window
from services.archive.render.palette import expanded
from services.archive.render.parameters import Viewport, parse
from shared.errors import Invalid, Refused


def metadata(**attributes: Any) -> bytes:
    """Return the metadata member of a small image Instance with these Attributes."""
    data = Dataset()
    defaults: dict[str, Any] = {"Rows": 4, "Columns": 4, "BitsAllocated": 16, "BitsStored": 16, "SamplesPerPixel": 1}
    defaults |= {"PhotometricInterpretation": "MONOCHROME2", "PixelRepresentation": 0, "PixelData": bytes(32)}
    for keyword, value in (defaults | attributes).items():
        setattr(data, keyword, value)
    data["PixelData"].VR = "OW"
    return member(data.to_json().encode())


def state_of(frame: int = 0, **attributes: Any) -> DisplayState:
    return image_attributes.read(metadata(**attributes), int(attributes.get("NumberOfFrames", 1)), {}).display_state(
        frame
    )


def lut_item(first: int, bits: int, entries: list[int]) -> Dataset:
    item = Dataset()
    item.add_new("LUTDescriptor", "US", [len(entries), first, bits])
    item.add_new("LUTData", "US", entries)
    return item


samples = st.lists(st.integers(-(1 << 15), (1 << 15) - 1), min_size=16, max_size=16)


@given(
    samples,
    st.floats(-3000, 3000),
    st.floats(1, 5000),
    st.sampled_from(["LINEAR", "LINEAR_EXACT", "SIGMOID"]),
    st.sampled_from([(1.0, 0.0), (1.0, -1024.0), (0.5, 10.0)]),
)
def test_a_window_gives_what_pydicom_gives(
    values: list[int], center: float, width: float, function: str, rescale: tuple[float, float]
) -> None:
    stored = np.array(values, "<i2").reshape(4, 4)
    data = Dataset()
    data.BitsStored, data.PixelRepresentation, data.PhotometricInterpretation = 16, 1, "MONOCHROME2"
    data.RescaleSlope, data.RescaleIntercept = rescale
    data.WindowCenter, data.WindowWidth, data.VOILUTFunction = center, width, function

    found = pipeline.grayscale(stored, DisplayState(*rescale, window=Window(center, width, function)))

    low, high = (edge * rescale[0] + rescale[1] for edge in (-32768, 32767))
    with np.errstate(over="ignore"):
        expected = apply_voi_lut(apply_modality_lut(stored, data).astype(float), data)
    assert np.abs(found - (expected - low) / (high - low) * 255).max() <= 0.51


def test_monochrome1_and_presentation_lut_shape_turn_dark_and_bright() -> None:
    stored = np.arange(16, dtype="<u2").reshape(4, 4)

    plain = pipeline.grayscale(stored, state_of())
    first = pipeline.grayscale(stored, state_of(PhotometricInterpretation="MONOCHROME1"))
    shaped = pipeline.grayscale(stored, state_of(PresentationLUTShape="INVERSE"))

    assert np.array_equal(first, 255 - plain)
    assert np.array_equal(shaped, first)


def test_a_voi_lut_is_used_where_there_is_no_window() -> None:
    stored = np.arange(16, dtype="<u2").reshape(4, 4)

    found = pipeline.grayscale(stored, state_of(VOILUTSequence=[lut_item(4, 8, [0, 50, 100, 255])]))

    assert found.ravel().tolist() == [0, 0, 0, 0, 0, 50, 100] + [255] * 9


def test_a_modality_lut_comes_before_the_window() -> None:
    stored = np.arange(16, dtype="<u2").reshape(4, 4)
    lut = lut_item(0, 16, list(range(0, 1600, 100)))

    found = pipeline.grayscale(stored, state_of(ModalityLUTSequence=[lut], WindowCenter=750, WindowWidth=1501))

    assert found.ravel().tolist() == pytest.approx(np.clip(np.arange(0, 1600, 100) / 1500, 0, 1) * 255, abs=1)


def test_each_frame_of_an_enhanced_object_has_its_own_window_and_rescale() -> None:
    groups = []
    for center, intercept in ((10, 0), (100, -50)):
        item, voi, pixel = Dataset(), Dataset(), Dataset()
        voi.WindowCenter, voi.WindowWidth = center, 20
        pixel.RescaleIntercept, pixel.RescaleSlope, pixel.RescaleType = intercept, 2, "HU"
        item.FrameVOILUTSequence, item.PixelValueTransformationSequence = [voi], [pixel]
        groups.append(item)

    second = state_of(1, NumberOfFrames=2, PerFrameFunctionalGroupsSequence=groups)

    assert second.window == Window(100, 20)
    assert (second.slope, second.intercept) == (2, -50)


def test_padding_is_black_and_does_not_widen_the_range() -> None:
    stored = np.array([[-2000, 0], [50, 100]], "<i2")

    found = pipeline.grayscale(stored, state_of(PixelRepresentation=1, PixelPaddingValue=-2000))

    assert found.tolist() == [[0, 0], [128, 255]]


def test_floats_and_long_integers_are_rendered_too() -> None:
    for kind in ("<f4", "<f8", "<i4", "<u4"):
        found = pipeline.grayscale(np.array([[0, 1], [2, 4]], kind), DisplayState())
        assert found.tolist() == [[0, 64], [128, 255]]


def test_not_a_number_is_black() -> None:
    found = pipeline.grayscale(np.array([[np.nan, 1.0], [2.0, 3.0]], "<f4"), DisplayState(window=Window(2, 3)))

    assert found[0, 0] == 0


def test_pixels_that_are_not_square_are_shown_in_their_shape() -> None:
    found = image_attributes.read(metadata(PixelSpacing=[2.0, 1.0]), 1, {})

    image = output.placed(Image.new("L", (40, 40)), Viewport(100, 100), found.aspect)

    assert (found.aspect, image.size) == (2.0, (50, 100))


def test_a_region_outside_the_image_is_refused() -> None:
    with pytest.raises(Refused, match="region-outside-image"):
        output.placed(Image.new("L", (10, 10)), Viewport(5, 5, 20, 20, 5, 5))


def test_segments_of_a_palette_are_expanded() -> None:
    words = [0, 2, 10, 20, 1, 3, 50, 2, 2, 0, 0]  # discrete 10 20; linear to 50 in 3; the first two again

    found = np.frombuffer(expanded(np.array(words, "<u2").tobytes(), 16, 100), np.uint16)

    assert found.tolist() == [10, 20, 30, 40, 50, 10, 20, 30, 40, 50]


@pytest.mark.parametrize("words", [[3, 1, 1], [0, 9, 1], [1, 2], [2, 1, 0, 0, 2, 1, 0, 0]])
def test_a_broken_palette_is_refused(words: list[int]) -> None:
    with pytest.raises(Refused, match="bad-segmented-palette"):
        expanded(np.array(words, "<u2").tobytes(), 16, 10)


@pytest.mark.parametrize(
    "query",
    [
        {"window": "40"},
        {"window": "a,b"},
        {"window": "40,0"},
        {"window": "40,400,cubic"},
        {"window": "nan,400"},
        {"window": "40,inf"},
        {"viewport": "1,2,3"},
        {"viewport": "-1,5"},
        {"viewport": "x,y"},
        {"viewport": "10,10,-1,0,5,5"},
        {"viewport": "99999,5"},
        {"quality": "0"},
        {"quality": "101"},
        {"quality": "ten"},
    ],
)
def test_rendering_parameters_that_make_no_sense_are_refused(query: dict[str, str]) -> None:
    with pytest.raises(Invalid):
        parse(query)


@given(st.dictionaries(st.sampled_from(["window", "viewport", "quality", "annotation", "iccprofile"]), st.text()))
def test_no_rendering_parameter_breaks_the_reader(query: dict[str, str]) -> None:
    with contextlib.suppress(Invalid):
        parse(query)


def test_annotation_tells_the_patient_left_and_the_technique_right() -> None:
    found = image_attributes.read(metadata(PatientName="A^B", PatientID="123", Modality="CT", KVP=120), 1, {})

    assert found.annotation(("patient",)) == Annotation(("A^B", "123"), ())
    assert found.annotation(("technique",)) == Annotation((), ("CT", "120.0"))


def test_a_shape_without_rows_is_no_image() -> None:
    data = Dataset()
    data.Modality = "SR"

    with pytest.raises(Refused, match="not-an-image"):
        shape_of(member(data.to_json().encode()))


def test_sixteen_bit_colour_is_shown_by_its_upper_bits() -> None:
    pixels = np.full((2, 2, 3), 0xAB00, "<u2")

    found = pipeline.colour(pixels, "RGB", DisplayState(bits_stored=16))

    assert found.tolist() == np.full((2, 2, 3), 0xAB).tolist()


def test_a_jpeg_of_higher_quality_is_larger() -> None:
    noise = Image.fromarray(np.random.default_rng(1).integers(0, 255, (64, 64)).astype("u1"))

    small, large = (output.encoded([noise], "image/jpeg", quality) for quality in (10, 95))

    assert len(small) < len(large)
    assert Image.open(io.BytesIO(small)).format == "JPEG"


def test_one_bit_frames_have_one_sample_a_bit() -> None:
    bits = np.random.default_rng(2).integers(0, 2, (5, 5)).astype("u1")
    shape = PixelShape(5, 5, bits_allocated=1, bits_stored=1)

    found, _ = decode(np.packbits(bits, bitorder="little").tobytes(), "1.2.840.10008.1.2.1", shape)

    assert np.array_equal(found, bits)
