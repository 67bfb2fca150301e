"""Read from an Instance's metadata what rendering needs: shape, display state, annotation. Pure.

The metadata are those that the store prepared (DICOM JSON, PS3.18 Annex F), so that no header is parsed again. Values
that they refer to by BulkDataURI (palettes, LUTs, ICC Profiles) come beside them, by the same paths.

Source: PS3.3 C.7.6.3 (Image Pixel), C.11 (LUTs), C.7.6.16 (Multi-frame Functional Groups).
"""

from collections.abc import Mapping

import msgspec

from services.archive.attributes.stored import data_set_of
from services.archive.pixels.shape import PixelShape, shape_of
from services.archive.render.display import Annotation, DisplayState
from services.archive.render.lookup_tables import (
    ICC_PROFILE,
    MODALITY_LUT,
    OPTICAL_PATH,
    VOI_LUT,
    binary,
    lut,
    palette,
    window,
)
from shared.dicom.json_values import Json, integer, item, number, text, values

SHARED_GROUPS, PER_FRAME_GROUPS = "52009229", "52009230"
PIXEL_VALUE_TRANSFORMATION, FRAME_VOI_LUT = "00289145", "00289132"
PATIENT = ("00100010", "00100020", "00101010", "00100040")
TECHNIQUE = ("00080060", "00080020", "0008103E", "00180050", "00180060", "00180080", "00180081")


class ImageAttributes(msgspec.Struct, frozen=True):
    """The Attributes of one image Instance.

    attributes: its DICOM JSON.  bulk: path → bytes of LUTs and profiles.  aspect: height of a pixel by its width.
    representative: frame number from 1.
    """

    attributes: Json
    bulk: Mapping[str, bytes]
    shape: PixelShape
    frames: int
    aspect: float

    @property
    def representative(self) -> int:
        """Return the number, from 1, of the frame that stands for all: the one that is named, else the middle one."""
        named = integer(self.attributes, "00286010", 0)
        return named if 1 <= named <= self.frames else (self.frames + 1) // 2

    def display_state(self, frame: int) -> DisplayState:
        """Return how the frame (from 0) is to be displayed."""
        return _display_state(self, frame)

    def annotation(self, wanted: tuple[str, ...]) -> Annotation:
        """Return the texts that identify patient and technique, as far as the Instance has them (PS3.18 8.3.5.1.1)."""
        sides = (("patient", PATIENT), ("technique", TECHNIQUE))
        return Annotation(*(_texts(self.attributes, tags) if side in wanted else () for side, tags in sides))

    @property
    def icc_profile(self) -> bytes | None:
        """Return the ICC Profile of the Instance or of its first optical path (PS3.3 C.11.15)."""
        path = item(self.attributes, OPTICAL_PATH) or {}
        own = binary(self.attributes, ICC_PROFILE, self.bulk, "")
        return own or binary(path, ICC_PROFILE, self.bulk, f"{OPTICAL_PATH}/1/") or None


def read(metadata: bytes, frames: int, bulk: Mapping[str, bytes]) -> ImageAttributes:
    """Read the metadata of a record. frames: how many the store found."""
    attributes = data_set_of(metadata)
    return ImageAttributes(attributes, bulk, shape_of(metadata), frames, _aspect(attributes))


def _texts(attributes: Json, tags: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(value for tag in tags if (value := text(attributes, tag)))


def _aspect(attributes: Json) -> float:
    """PS3.3 C.7.6.3.1.7: Pixel Aspect Ratio (vertical, horizontal), else row spacing by column spacing."""
    shared = item(item(attributes, SHARED_GROUPS), "00289110")
    for source, tag in ((attributes, "00280034"), (attributes, "00280030"), (shared or {}, "00280030")):
        try:
            down, across = (float(part) for part in values(source, tag))
        except (TypeError, ValueError):
            continue
        if down > 0 and across > 0 and 0.02 < down / across < 50:
            return 1.0 if abs(down / across - 1) < 0.005 else down / across
    return 1.0


def _display_state(image: ImageAttributes, frame: int) -> DisplayState:
    attributes, shape = image.attributes, image.shape
    per_frame, shared = item(attributes, PER_FRAME_GROUPS, frame), item(attributes, SHARED_GROUPS)
    pixel = item(per_frame, PIXEL_VALUE_TRANSFORMATION) or item(shared, PIXEL_VALUE_TRANSFORMATION) or attributes
    voi = item(per_frame, FRAME_VOI_LUT) or item(shared, FRAME_VOI_LUT) or attributes
    own, intercept = window(voi), number(pixel, "00281052", 0)
    inverse = shape.photometric == "MONOCHROME1" or text(attributes, "20500020") == "INVERSE"  # PS3.3 C.8.11.3
    return DisplayState(
        slope=number(pixel, "00281053", 1) or 1.0,
        intercept=intercept,
        modality_lut=lut(attributes, MODALITY_LUT, image.bulk, signed=shape.signed),
        window=own,
        voi_lut=None if own else lut(attributes, VOI_LUT, image.bulk, signed=shape.signed or intercept < 0),
        inverse=inverse,
        palette=palette(attributes, image.bulk) if shape.photometric == "PALETTE COLOR" else None,
        bits_stored=shape.bits_stored,
        padding=_padding(image),
    )


def _padding(image: ImageAttributes) -> tuple[int, int] | None:
    attributes, shape = image.attributes, image.shape
    if "00280120" not in attributes or not shape.photometric.startswith("MONO"):
        return None
    ends = [integer(attributes, tag, 0) for tag in ("00280120", "00280121") if tag in attributes]
    if shape.signed:
        ends = [end - 65536 if end > 32767 else end for end in ends]
    return min(ends), max(ends)
