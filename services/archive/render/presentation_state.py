"""Read and apply a Grayscale Softcopy Presentation State. Pure.

Source: PS3.3 A.33.1 (IOD), C.11.8 (Softcopy VOI LUT), C.11.6 (Softcopy Presentation LUT), C.10.4 (Displayed Area),
C.10.5 (Graphic Annotation), C.10.6 (Spatial Transformation); PS3.4 N.2.
"""

from collections.abc import Iterator, Mapping

import msgspec
from PIL import Image

from services.archive.render.display import DisplayState, Lut, Window
from services.archive.render.graphics import Graphic, Note, annotated
from services.archive.render.lookup_tables import MODALITY_LUT, VOI_LUT, lut, window
from shared.dicom.json_values import Json, integer, items, number, text, values

GRAYSCALE_STATE = "1.2.840.10008.5.1.4.1.1.11.1"
REFERENCED_SERIES, REFERENCED_IMAGES = "00081115", "00081140"
SOP_INSTANCE, SERIES_INSTANCE, FRAME_NUMBERS = "00081155", "0020000E", "00081160"
VOI, GRAPHICS, AREAS = "00283110", "00700001", "0070005A"
MAX_SIDE = 16384


class Reference(msgspec.Struct, frozen=True):
    """An image that the state is for. frames: numbers from 1; empty means all."""

    series_instance_uid: str
    sop_instance_uid: str
    frames: tuple[int, ...] = ()


class PresentationState(msgspec.Struct, frozen=True):
    """What is to be done to one image.

    area: left, top, right, bottom of what is displayed, in pixels from 0.  rotation: degrees clockwise; then flip.
    """

    slope: float | None = None
    intercept: float = 0.0
    modality_lut: Lut | None = None
    window: Window | None = None
    voi_lut: Lut | None = None
    inverse: bool = False
    rotation: int = 0
    flip: bool = False
    area: tuple[int, int, int, int] | None = None
    graphics: tuple[Graphic, ...] = ()
    notes: tuple[Note, ...] = ()

    def changed(self, own: DisplayState) -> DisplayState:
        """Return the image's own display state as this one changes it: its LUTs stand instead of the image's."""
        changes: dict[str, object] = {"inverse": self.inverse}
        if self.slope is not None or self.modality_lut is not None:
            slope = 1.0 if self.slope is None else self.slope
            changes |= {"slope": slope, "intercept": self.intercept, "modality_lut": self.modality_lut}
        if self.window is not None or self.voi_lut is not None:
            changes |= {"window": self.window, "voi_lut": self.voi_lut}
        return msgspec.structs.replace(own, **changes)

    def present(self, image: Image.Image) -> Image.Image:
        """Return the rendered image with annotations, cut to the displayed area, rotated and flipped."""
        image = annotated(image, self.graphics, self.notes)
        if self.area is not None and self.area != (0, 0, *image.size):
            image = image.crop(self.area)  # what lies outside the image is black
        if self.rotation:
            image = image.rotate(-self.rotation, expand=True)
        return image.transpose(Image.Transpose.FLIP_LEFT_RIGHT) if self.flip else image


def references(state: Json) -> list[Reference]:
    """Return the images that the state is for, in its order."""
    referenced = []
    for series in items(state, REFERENCED_SERIES):
        for image in items(series, REFERENCED_IMAGES):
            numbers = tuple(map(int, values(image, FRAME_NUMBERS)))
            referenced.append(Reference(text(series, SERIES_INSTANCE), text(image, SOP_INSTANCE), numbers))
    return referenced


def state_for(state: Json, sop_instance_uid: str, frame: int, bulk: Mapping[str, bytes]) -> PresentationState:
    """Return what the state wants for one frame (from 1) of one image."""
    voi = next(_applicable(state, VOI, sop_instance_uid, frame), {})
    area = next(_applicable(state, AREAS, sop_instance_uid, frame), None)
    layers = list(_applicable(state, GRAPHICS, sop_instance_uid, frame))
    own_window = window(voi)
    return PresentationState(
        slope=number(state, "00281053", 1.0) if "00281053" in state else None,
        intercept=number(state, "00281052", 0.0),
        modality_lut=lut(state, MODALITY_LUT, bulk, signed=False),
        window=own_window,
        voi_lut=None if own_window else lut(voi, VOI_LUT, bulk, signed=False),
        inverse=text(state, "20500020") == "INVERSE",
        rotation=integer(state, "00700042", 0) % 360 // 90 * 90,
        flip=text(state, "00700041") == "Y",
        area=_area(area) if area else None,
        graphics=tuple(graphic for layer in layers for graphic in _graphics(layer)),
        notes=tuple(note for layer in layers for note in _notes(layer)),
    )


def _applicable(state: Json, sequence: str, sop_instance_uid: str, frame: int) -> Iterator[Json]:
    """Yield the Items that are for this frame: those without references are for all (C.11.8, C.10.4, C.10.5)."""
    for item in items(state, sequence):
        images = items(item, REFERENCED_IMAGES)
        for image in images:
            numbers = values(image, FRAME_NUMBERS)
            if text(image, SOP_INSTANCE) == sop_instance_uid and (not numbers or frame in map(int, numbers)):
                yield item
                break
        if not images:
            yield item


def _area(item: Json) -> tuple[int, int, int, int] | None:
    """Corners are pixels from 1, in the image's own rows and columns, whatever the rotation (C.10.4)."""
    corners = [int(value) for tag in ("00700052", "00700053") for value in values(item, tag)]
    if len(corners) != 4:
        return None
    left, right = sorted((corners[0], corners[2]))
    top, bottom = sorted((corners[1], corners[3]))
    fits = max(right - left, bottom - top) < MAX_SIDE and max(map(abs, corners)) < MAX_SIDE
    return (left - 1, top - 1, right, bottom) if fits else None


def _graphics(layer: Json) -> Iterator[Graphic]:
    for item in items(layer, "00700009"):
        data = [float(value) for value in values(item, "00700022")]
        if text(item, "00700005") == "PIXEL" and len(data) >= 2:
            points = tuple((x - 0.5, y - 0.5) for x, y in zip(data[::2], data[1::2], strict=False))
            yield Graphic(text(item, "00700023"), points, text(item, "00700024") == "Y")


def _notes(layer: Json) -> Iterator[Note]:
    for item in items(layer, "00700008"):
        box = text(item, "00700003") == "PIXEL"
        anchor = text(item, "00700004") == "PIXEL"
        place = values(item, "00700010") if box else values(item, "00700014") if anchor else []
        if len(place) >= 2:
            yield Note(text(item, "00700006"), float(place[0]) - 0.5, float(place[1]) - 0.5)
