"""Burned-in text: who may pass, what is masked, and how a person decides."""

import importlib.util
import io
from collections.abc import AsyncIterator
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pydicom
import pytest
from pydicom.data import get_testdata_file
from pydicom.uid import UID, JPEGLSLossless, RLELossless

from services.anonymizer.deps import AnonymizerDeps
from services.anonymizer.dicom.patient_identifiers import TopLevelAttributes
from services.anonymizer.instances.burned_in import FOUND
from services.anonymizer.instances.deidentify import Review, deidentify
from services.anonymizer.instances.handler import deidentify_instances
from services.anonymizer.pixels import image, text_detector
from services.anonymizer.pixels.rules import rule_for
from services.anonymizer.policy import Policy
from services.anonymizer.quarantine.images import review_routes
from services.anonymizer.records import DECISIONS, QUARANTINE
from shared.errors import Refused
from shared.events import InstancesDeidentified, InstancesReceived
from tests.anonymizer.instances.planted import ct
from tests.anonymizer.instances.test_handler import deps, of_type, received
from tests.anonymizer.quarantine.site import Site, open_site

__all__ = ["deps"]
US = "1.2.840.10008.5.1.4.1.1.6.1"
BOX = (2, 1, 9, 4)


def ultrasound(syntax: str = "", **values: Any) -> bytes:
    dataset = pydicom.dcmread(io.BytesIO(ct("utf-8").data))
    dataset.SOPClassUID = dataset.file_meta.MediaStorageSOPClassUID = UID(US)
    dataset.Modality = "US"
    dataset.PixelData = np.random.default_rng(1).integers(1, 4000, 256, dtype="<u2").tobytes()
    for keyword, value in values.items():
        setattr(dataset, keyword, value)
    if syntax:
        dataset.compress(syntax)
    buffer = io.BytesIO()
    pydicom.dcmwrite(buffer, dataset)
    return buffer.getvalue()


def pixels(data: bytes) -> "np.ndarray[Any, Any]":
    found: np.ndarray[Any, Any] = pydicom.dcmread(io.BytesIO(data)).pixel_array
    return found


@pytest.mark.parametrize(
    ("attributes", "outcome"),
    [
        ({0x00080016: "1.2.840.10008.5.1.4.1.1.2"}, "pass"),
        ({0x00080016: "1.2.840.10008.5.1.4.1.1.2", 0x00280301: "YES"}, "look"),
        ({0x00080016: "1.2.840.10008.5.1.4.1.1.2", 0x00080008: "DERIVED\\SECONDARY\\SCREEN SAVE"}, "look"),
        ({0x00080016: "1.2.840.10008.5.1.4.1.1.2", 0x0008103E: "Dose Report"}, "look"),
        ({0x00080016: "1.2.840.10008.5.1.4.1.1.2", 0x00280004: "RGB"}, "look"),
        ({0x00080016: "1.2.840.10008.5.1.4.1.1.7", 0x00280301: "NO"}, "pass"),
        ({0x00080016: "1.2.840.10008.5.1.4.1.1.7"}, "look"),
        ({0x00080016: US}, "look"),
        ({0x00080016: "1.2.840.10008.5.1.4.1.1.66.4"}, "pass"),  # a segmentation, whose UID begins like ultrasound's
        ({0x00080016: "1.2.840.10008.5.1.4.1.1.77.1.6"}, "look"),  # a whole slide: its label is one of its images
        ({0x00080016: "1.2.840.10008.5.1.4.1.1.128"}, "pass"),  # PET, whose UID begins like CR's
    ],
)
def test_rules_tell_which_images_may_carry_text(attributes: dict[int, str], outcome: str) -> None:
    values = {tag: value.encode() for tag, value in attributes.items()} | {0x00280010: b"\0\2"}

    rule = rule_for(TopLevelAttributes(values))

    assert rule is not None
    assert rule.then == outcome


def test_an_image_that_may_carry_text_waits_for_a_person(jmid: Policy) -> None:
    with pytest.raises(Refused) as caught:
        deidentify(ultrasound(), jmid)

    assert caught.value.reason == "burned-in-text-possible"


@pytest.mark.parametrize("syntax", ["", RLELossless, JPEGLSLossless])
def test_a_masked_box_is_black_and_everything_else_is_as_it_was(syntax: str, jmid: Policy) -> None:
    data = ultrasound(syntax)

    output = deidentify(data, jmid, Review((BOX,))).data

    left, top, right, bottom = BOX
    before, after = pixels(data), pixels(output)
    assert not after[top:bottom, left:right].any()
    after[top:bottom, left:right] = before[top:bottom, left:right]
    assert np.array_equal(before, after)
    assert pydicom.dcmread(io.BytesIO(output)).BurnedInAnnotation == "NO"


def test_a_box_is_masked_in_every_frame_of_a_compressed_colour_cine(jmid: Policy) -> None:
    path = get_testdata_file("examples_ybr_color.dcm")  # ultrasound, 30 frames, RLE, RGB or YBR
    data = Path(str(path)).read_bytes()

    output = deidentify(data, jmid, Review(((10, 10, 60, 30),))).data

    after = pydicom.dcmread(io.BytesIO(output))
    assert after.NumberOfFrames == 30
    colours = {tuple(value) for value in after.pixel_array[:, 10:30, 10:60].reshape(-1, 3)}
    assert len(colours) == 1


def test_a_masked_compressed_image_is_the_instance_that_its_file_and_the_record_name(jmid: Policy) -> None:
    source = ultrasound(RLELossless)

    first, again = (deidentify(source, jmid, Review((BOX,))) for _ in range(2))

    dataset = pydicom.dcmread(io.BytesIO(first.data))
    assert dataset.SOPInstanceUID == dataset.file_meta.MediaStorageSOPInstanceUID == first.sop_instance_uid
    assert first.data == again.data


@pytest.mark.parametrize("name", ["examples_jpeg2k.dcm", "GDCMJ2K_TextGBR.dcm"])  # YBR_RCT: ultrasound, screen
def test_the_component_transform_of_jpeg_2000_is_undone_once(name: str) -> None:
    data = Path(str(get_testdata_file(name))).read_bytes()
    plain = pydicom.dcmread(io.BytesIO(image.decompressed(data)))

    [shown] = image.displayed(data)

    assert plain.PhotometricInterpretation == "RGB"
    assert np.array_equal(shown, plain.pixel_array.max(axis=-1))
    masked = pydicom.dcmread(io.BytesIO(image.masked(data, [text_detector.Box(10, 10, 60, 30)])))
    assert not masked.pixel_array[10:30, 10:60].any()


def test_accepted_pixels_stay_bit_identical(jmid: Policy) -> None:
    data = ultrasound(RLELossless)

    output = deidentify(data, jmid, Review()).data

    assert pydicom.dcmread(io.BytesIO(output)).PixelData == pydicom.dcmread(io.BytesIO(data)).PixelData
    assert "113101" in codes_of(output)


def test_clean_pixel_data_is_not_claimed_of_pixels_that_nobody_looked_at(policy: Policy) -> None:
    assert "113101" not in codes_of(deidentify(ct("default").data, policy).data)


def codes_of(data: bytes) -> list[str]:
    return [each.CodeValue for each in pydicom.dcmread(io.BytesIO(data)).DeidentificationMethodCodeSequence]


def test_all_outside_the_ultrasound_regions_is_proposed(jmid: Policy) -> None:
    region = pydicom.Dataset()
    region.RegionLocationMinX0, region.RegionLocationMinY0 = 0, 4
    region.RegionLocationMaxX1, region.RegionLocationMaxY1 = 15, 15

    boxes = image.outside_regions(ultrasound(SequenceOfUltrasoundRegions=[region]))

    assert boxes == [(0, 0, 16, 4)]


@pytest.mark.skipif(not importlib.util.find_spec("rapidocr_onnxruntime"), reason="the text detector is not installed")
def test_the_detector_finds_a_japanese_name() -> None:
    from PIL import Image, ImageDraw

    image = Image.new("L", (400, 300))
    ImageDraw.Draw(image).text((40, 50), "SATO^KEN 00123456", fill=255, font_size=18)

    [box] = text_detector.text_boxes(np.asarray(image)[np.newaxis])[:1]

    assert box.left <= 42
    assert box.top <= 54
    assert box.right >= 180


@pytest.mark.parametrize("quarter_turns", [1, 2, 3])
def test_text_that_does_not_stand_upright_is_read(quarter_turns: int) -> None:
    upright = image.displayed(ct_with("SATO KEN 1953"))[0]

    turned = np.ascontiguousarray(np.rot90(upright, quarter_turns))

    assert text_detector.legible_boxes(turned[np.newaxis])


def test_a_faint_text_is_found_whatever_was_looked_at_before() -> None:
    from PIL import Image, ImageDraw

    image = Image.new("L", (200, 150))
    ImageDraw.Draw(image).text((40, 50), "SATO^KEN 001", fill=30, font_size=9)
    noise = np.random.default_rng(3).integers(0, 30, (150, 200))
    picture = (np.asarray(image) + noise).astype(np.uint8)[np.newaxis]

    text_detector.legible_boxes(picture)

    assert len(text_detector.text_boxes(picture)) == 2  # at its size and at twice that


@pytest.mark.parametrize("level", [0, 85, 170, 255])
def test_a_picture_of_one_value_has_no_find_and_costs_no_look(level: int, monkeypatch: pytest.MonkeyPatch) -> None:
    one_value = np.full((1, 64, 64), level, np.uint8)
    engine = text_detector._engine()
    seen = engine(np.stack([one_value[0]] * 3, axis=-1), use_det=True, use_cls=False, use_rec=False, box_thresh=0.3)

    monkeypatch.setattr(text_detector, "_engine", lambda: pytest.fail)

    assert seen[0] is None
    assert text_detector.legible_boxes(one_value) == []
    assert text_detector.text_boxes(one_value) == []
    assert text_detector.lines(one_value[0]) == []


def test_frames_that_repeat_are_looked_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    told = image.displayed(ct_with("SATO KEN 1953"))[0]
    engine, looks = text_detector._engine(), []

    def counted(*args: Any, **kwargs: Any) -> Any:
        looks.append(args)
        return engine(*args, **kwargs)

    for name in ("text_cls", "text_rec", "get_crop_img_list"):
        setattr(counted, name, getattr(engine, name))
    monkeypatch.setattr(text_detector, "_engine", lambda: counted)

    assert text_detector.legible_boxes(np.stack([told] * 9))
    assert len(looks) == 1


def test_what_its_size_tells_of_is_not_read(monkeypatch: pytest.MonkeyPatch) -> None:
    line, organ = (((20, 20), (90, 20), (90, 32), (20, 32)), ((0, 0), (200, 0), (200, 180), (0, 180)))

    def seen(*_args: Any, **_kwargs: Any) -> tuple[Any, float]:
        return [line, organ], 0.0

    monkeypatch.setattr(text_detector, "_engine", lambda: seen)  # nothing reads

    picture = np.arange(256 * 256).reshape(256, 256).astype(np.uint8)
    assert text_detector.legible_boxes(picture[np.newaxis]) == [(16, 16, 95, 37)]


@pytest.mark.parametrize("asks", ["trust_detector", "search_pixels"])
def test_without_a_detector_nothing_that_it_should_see_passes(
    asks: str, jmid: Policy, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(text_detector, "_engine", lambda: None)
    asking = jmid._replace(trust_detector=asks == "trust_detector", search_pixels=asks == "search_pixels")
    data = ultrasound() if asks == "trust_detector" else ct_with("", "DERIVED\\PRIMARY")

    with pytest.raises(Refused) as refused:
        deidentify(data, asking)

    assert refused.value.reason == text_detector.UNSEEN


def test_a_person_decides_and_masks_without_a_detector(jmid: Policy, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(text_detector, "_engine", lambda: None)

    output = deidentify(ultrasound(), jmid, Review((BOX,))).data

    assert "113101" in codes_of(output)


def ct_with(text: str, kind: str = "ORIGINAL\\PRIMARY\\AXIAL", number: int = 1, uid: str = "") -> bytes:
    """Return a real CT slice, with a text drawn into it."""
    from PIL import Image, ImageDraw

    dataset = pydicom.dcmread(str(get_testdata_file("CT_small.dcm")))
    dataset.ImageType, dataset.InstanceNumber = kind, number
    dataset.SOPInstanceUID = dataset.file_meta.MediaStorageSOPInstanceUID = UID(uid or f"1.2.3.{number}")
    pixels = dataset.pixel_array.copy()
    drawn = Image.new("L", pixels.shape[::-1])
    ImageDraw.Draw(drawn).text((8, 4), text, fill=255, font_size=13)
    pixels[np.asarray(drawn) > 127] = pixels.max()
    dataset.PixelData = pixels.tobytes()
    buffer = io.BytesIO()
    dataset.save_as(buffer)
    return buffer.getvalue()


@pytest.mark.parametrize("kind", ["ORIGINAL\\PRIMARY\\LOCALIZER", "DERIVED\\PRIMARY\\MPR", "ORIGINAL\\PRIMARY\\AXIAL"])
def test_what_is_derived_or_a_localizer_is_looked_at_each_and_a_slice_of_a_suspect_series(
    kind: str, jmid: Policy
) -> None:
    is_slice = "AXIAL" in kind
    searching = jmid._replace(search_pixels=True, search_slices=is_slice)
    told, plain = ct_with("SATO KEN 1953", kind), ct_with("", kind)

    with pytest.raises(Refused) as refused:
        deidentify(told, searching)
    cleaned = deidentify(plain, searching).data
    masked = deidentify(told, searching._replace(trust_detector=True)).data

    assert refused.value.reason == FOUND
    assert pydicom.dcmread(io.BytesIO(cleaned)).PixelData == pydicom.dcmread(io.BytesIO(plain)).PixelData
    assert ("113101" in codes_of(cleaned)) != is_slice
    pixels = pydicom.dcmread(io.BytesIO(masked)).pixel_array
    assert pixels[6:16, 10:90].max() == pixels.min()
    assert {"113101"} <= set(codes_of(masked))
    assert "113101" not in codes_of(deidentify(told, jmid).data)


@pytest.mark.parametrize("place", [0, 10, 20])
def test_text_on_the_first_the_middle_or_the_last_frame_alone_is_seen(place: int, jmid: Policy) -> None:
    dataset = pydicom.dcmread(io.BytesIO(ct_with("")))
    frames = [pixels(ct_with("SATO KEN 1953" if frame == place else "")) for frame in range(21)]
    dataset.NumberOfFrames, dataset.PixelData = len(frames), np.stack(frames).tobytes()
    buffer = io.BytesIO()
    dataset.save_as(buffer)

    with pytest.raises(Refused, match=FOUND):
        deidentify(buffer.getvalue(), jmid._replace(search_pixels=True, search_slices=True))


@pytest.mark.parametrize("center", [-3000, 6000], ids=["all above the window", "all below"])
@pytest.mark.parametrize("trusts", [False, True])
def test_text_that_the_display_window_leaves_out_is_seen(center: int, trusts: bool, jmid: Policy) -> None:
    dataset = pydicom.dcmread(io.BytesIO(ct_with("SATO KEN 1953", "DERIVED\\PRIMARY\\MPR")))
    dataset.WindowCenter, dataset.WindowWidth = center, 400
    if trusts:
        dataset.SOPClassUID = dataset.file_meta.MediaStorageSOPClassUID = UID("1.2.840.10008.5.1.4.1.1.7")
    buffer = io.BytesIO()
    dataset.save_as(buffer)
    data = buffer.getvalue()
    searching = jmid._replace(search_pixels=True, trust_detector=trusts)

    assert np.unique(image.displayed(data)).size == 1
    if trusts:
        masked = pixels(deidentify(data, searching).data)
        assert len(np.unique(masked[6:16, 10:90])) == 1
    else:
        with pytest.raises(Refused, match=FOUND):
            deidentify(data, searching)


def test_a_device_s_word_is_not_believed_of_a_kind_that_can_carry_text(jmid: Policy) -> None:
    told = pydicom.dcmread(io.BytesIO(ct_with("SATO KEN 1953")))
    told.SOPClassUID = told.file_meta.MediaStorageSOPClassUID = UID("1.2.840.10008.5.1.4.1.1.7")
    told.BurnedInAnnotation = "NO"
    buffer = io.BytesIO()
    told.save_as(buffer)

    with pytest.raises(Refused, match=FOUND):
        deidentify(buffer.getvalue(), jmid._replace(search_pixels=True))


@pytest.mark.filterwarnings("ignore")
def test_real_slices_are_not_taken_for_text(shared_data: Path) -> None:
    slices = sorted((shared_data / "dicom" / "ct-philips").glob("I*0"))[::5]

    assert len(slices) > 3
    assert [path.name for path in slices if text_detector.legible_boxes(image.displayed(path.read_bytes()))] == []


@pytest.mark.parametrize(
    ("size", "text", "score", "legible"),
    [
        ((70, 15), "山田 太郎", 0.9, True),
        ((300, 310), "25", 0.8, False),
        ((15, 70), "山田 太郎", 0.9, True),
        ((15, 70), "口", 0.2, True),
        ((70, 15), "口", 0.2, True),
        ((70, 15), "", 0.0, True),
        ((23, 6), "", 0.0, False),
        ((75, 23), "", 0.0, False),
        ((46, 40), "C", 0.7, False),
    ],
)
def test_what_is_read_or_has_a_line_s_shape_is_text(
    size: tuple[int, int], text: str, score: float, legible: bool
) -> None:
    margin = 2 * text_detector.MARGIN
    box = text_detector.Box(0, 0, size[0] + margin, size[1] + margin)

    assert text_detector.is_legible(box, text, score) == legible


@pytest.fixture
async def site(deps: AnonymizerDeps, tmp_path: Path) -> AsyncIterator[Site]:
    async with open_site(tmp_path, InstancesReceived, partial(review_routes, deps)) as opened:
        yield opened


async def test_a_person_sees_the_picture_masks_it_and_it_passes(deps: AnonymizerDeps, site: Site) -> None:
    event = await received(deps, ultrasound())
    await deidentify_instances(event, deps)
    blob = event.blobs[0]

    async with (
        site.session.get(f"{site.url}/{blob}") as page,
        site.session.get(f"{site.url}/{blob}/frames/0.png") as png,
    ):
        assert (page.status, png.status, png.content_type) == (200, 200, "image/png")
    form = {"decision": "mask", "boxes": "2,1,9,4", "by": "Reviewer"}
    async with site.session.post(f"{site.url}/{blob}", data=form, allow_redirects=False) as answer:
        assert answer.status == 303
    events = await deidentify_instances(event, deps)

    [told] = of_type(events, InstancesDeidentified)
    row = await deps.documents.get(QUARANTINE, blob)
    assert (await site.bus.depth("anonymizer")).ready == 1
    assert not pixels(await deps.deidentified.get(told.instances[0].blob))[1:4, 2:9].any()
    assert row is not None
    assert row.state == "released"


async def test_a_rejected_image_stays_refused(deps: AnonymizerDeps, site: Site) -> None:
    event = await received(deps, ultrasound())
    await deidentify_instances(event, deps)
    blob = event.blobs[0]

    form = {"decision": "reject", "by": "Reviewer"}
    async with site.session.post(f"{site.url}/{blob}", data=form, allow_redirects=False) as answer:
        assert answer.status == 303
    events = await deidentify_instances(event, deps)

    row = await deps.documents.get(QUARANTINE, blob)
    assert of_type(events, InstancesDeidentified) == []
    assert row is not None
    assert row.state == "rejected"


@pytest.mark.parametrize(
    "form",
    [
        {"decision": "accept"},
        {"decision": "mask", "boxes": "9,9,2,2", "by": "Reviewer"},
        {"decision": "let it go", "by": "Reviewer"},
    ],
)
async def test_a_decision_without_its_parts_is_none(form: dict[str, str], deps: AnonymizerDeps, site: Site) -> None:
    event = await received(deps, ultrasound())
    await deidentify_instances(event, deps)

    async with site.session.post(f"{site.url}/{event.blobs[0]}", data=form) as answer:
        assert answer.status == 400

    assert await deps.documents.get(DECISIONS, event.blobs[0]) is None


async def test_another_site_cannot_decide(deps: AnonymizerDeps, site: Site) -> None:
    event = await received(deps, ultrasound())
    await deidentify_instances(event, deps)

    form, headers = {"decision": "accept", "by": "x"}, {"Sec-Fetch-Site": "cross-site"}
    async with site.session.post(f"{site.url}/{event.blobs[0]}", data=form, headers=headers) as answer:
        assert answer.status == 403
