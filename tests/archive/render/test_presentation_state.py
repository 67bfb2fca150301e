"""Presentation States: PS3.3 A.33.1, C.10.4 to C.10.6, C.11.8."""

import io
from collections.abc import AsyncIterator
from typing import Any

import msgspec
import numpy as np
import pydicom
import pytest_asyncio
from PIL import Image
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian

from services.archive.records import INSTANCES, InstanceState
from services.archive.render.display import DisplayState, Window
from services.archive.render.graphics import Graphic, Note
from services.archive.render.presentation_state import GRAYSCALE_STATE, PresentationState, references, state_for
from tests.archive.conftest import Archive
from tests.archive.retrieve.fixtures import INSTALLED, Serving, parts_of, path_of, serving_all


@pytest_asyncio.fixture
async def serving(archive: Archive) -> AsyncIterator[Serving]:
    async with serving_all(archive.deps, archive.store) as found:
        yield found


def item(**attributes: Any) -> Dataset:
    found = Dataset()
    for keyword, value in attributes.items():
        setattr(found, keyword, value)
    return found


def state_of(image: Dataset, **attributes: Any) -> Dataset:
    """Return a Presentation State for the image, with these Attributes."""
    return item(
        SOPClassUID=GRAYSCALE_STATE,
        SOPInstanceUID="2.25.1",
        StudyInstanceUID=image.StudyInstanceUID,
        SeriesInstanceUID="2.25.2",
        Modality="PR",
        PresentationLUTShape="IDENTITY",
        ReferencedSeriesSequence=[
            item(SeriesInstanceUID=image.SeriesInstanceUID, ReferencedImageSequence=[_reference(image)])
        ],
        **attributes,
    )


def _reference(image: Dataset) -> Dataset:
    return item(ReferencedSOPClassUID=image.SOPClassUID, ReferencedSOPInstanceUID=image.SOPInstanceUID)


def part10(data: Dataset) -> bytes:
    data.file_meta = FileMetaDataset()
    data.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    out = io.BytesIO()
    pydicom.dcmwrite(out, data, enforce_file_format=True)
    return out.getvalue()


async def test_a_presentation_state_renders_the_image_that_it_refers_to(serving: Serving) -> None:
    image = pydicom.dcmread(INSTALLED / "CT_small.dcm")
    area = item(DisplayedAreaTopLeftHandCorner=[1, 1], DisplayedAreaBottomRightHandCorner=[128, 64])
    voi = item(WindowCenter=40, WindowWidth=400, ReferencedImageSequence=[_reference(image)])
    state = state_of(
        image,
        SoftcopyVOILUTSequence=[voi],
        DisplayedAreaSelectionSequence=[area],
        ImageRotation=90,
        ImageHorizontalFlip="N",
    )
    record, _ = await serving.take(part10(state), (INSTALLED / "CT_small.dcm").read_bytes())

    status, _, body = await serving.get(f"{path_of(record)}/rendered", "image/png")

    values = image.pixel_array * float(image.RescaleSlope) + float(image.RescaleIntercept)
    shades = np.clip((values - 39.5) / 399 + 0.5, 0, 1) * 255
    assert status == 200
    assert np.abs(np.asarray(Image.open(io.BytesIO(body))) - np.rot90(shades[:64], -1)).max() <= 0.5


async def test_a_presentation_state_without_its_image_cannot_be_rendered(serving: Serving) -> None:
    (record,) = await serving.take(part10(state_of(pydicom.dcmread(INSTALLED / "CT_small.dcm"))))

    assert (await serving.get(f"{path_of(record)}/rendered", "image/png"))[0] == 406


async def test_a_presentation_state_of_which_an_image_is_not_here_is_partial(serving: Serving) -> None:
    image = pydicom.dcmread(INSTALLED / "CT_small.dcm")
    other = pydicom.dcmread(INSTALLED / "CT_small.dcm")
    other.SOPInstanceUID = other.file_meta.MediaStorageSOPInstanceUID = pydicom.uid.UID("2.25.3")
    state = state_of(image)
    state.ReferencedSeriesSequence[0].ReferencedImageSequence.append(_reference(other))
    record, _, absent = await serving.take(
        part10(state), (INSTALLED / "CT_small.dcm").read_bytes(), part10(_without_meta(other))
    )
    whole, _, _ = await serving.get(f"{path_of(record)}/rendered", "multipart/related; type=image/png")

    await serving.deps.documents.put(INSTANCES, msgspec.structs.replace(absent, state=InstanceState.EVICTED))
    status, headers, body = await serving.get(f"{path_of(record)}/rendered", "multipart/related; type=image/png")

    assert (whole, status) == (200, 206)
    assert len(parts_of(headers, body)) == 1


def _without_meta(data: Dataset) -> Dataset:
    found = Dataset()
    found.update(data)
    return found


def test_what_is_for_another_image_is_not_applied() -> None:
    image = item(StudyInstanceUID="1", SeriesInstanceUID="2", SOPInstanceUID="3", SOPClassUID="4")
    other = item(SOPInstanceUID="9", SOPClassUID="4")
    voi = [
        item(WindowCenter=1, WindowWidth=2, ReferencedImageSequence=[_reference(other)]),
        item(WindowCenter=5, WindowWidth=6, ReferencedImageSequence=[_reference(image)]),
    ]
    found = state_of(image, SoftcopyVOILUTSequence=voi).to_json_dict()

    assert [each.sop_instance_uid for each in references(found)] == ["3"]
    assert state_for(found, "3", 1, {}).window == Window(5, 6)
    assert state_for(found, "9", 1, {}).window == Window(1, 2)
    assert state_for(found, "8", 1, {}).window is None


def test_annotations_are_drawn_in_the_image() -> None:
    black = Image.new("L", (64, 64))
    graphics = (
        Graphic("POLYLINE", ((5, 5), (20, 5))),
        Graphic("CIRCLE", ((40, 40), (50, 40))),
        Graphic("ELLIPSE", ((10, 30), (30, 30), (20, 25), (20, 35))),
        Graphic("POINT", ((60, 5),)),
    )

    found = np.asarray(PresentationState(graphics=graphics, notes=(Note("A", 2, 50),)).present(black))

    assert found[5, 10] == found[40, 50] == found[30, 30] == found[5, 60] == 255
    assert found[48:].any()


def test_the_image_is_rotated_before_it_is_flipped() -> None:
    image = Image.fromarray(np.array([[1, 2], [3, 4]], "u1"))

    found = np.asarray(PresentationState(rotation=90, flip=True).present(image))

    assert found.tolist() == [[1, 3], [2, 4]]


def test_a_state_overrules_the_look_of_the_image() -> None:
    own = DisplayState(slope=2.0, window=Window(1, 2), inverse=True)

    assert PresentationState(window=Window(5, 6)).changed(own) == DisplayState(
        slope=2.0, window=Window(5, 6), inverse=False
    )
