"""The shape of an Instance's frames, from the Attributes that the store kept. Pure.

Source: PS3.3 C.7.6.3 (Image Pixel Module), C.7.6.24, C.7.6.25 (Float and Double Float Image Pixel Modules).
"""

import functools
from typing import Any

import msgspec
import numpy as np

from services.archive.attributes.stored import data_set_of
from shared.dicom.json_values import Json, integer, text
from shared.errors import Refused

KEYWORDS = {"7FE00010": "PixelData", "7FE00008": "FloatPixelData", "7FE00009": "DoubleFloatPixelData"}


class PixelShape(msgspec.Struct, frozen=True):
    """The Image Pixel Module of one frame. keyword, vr: of the element that holds it, such as PixelData."""

    rows: int
    columns: int
    samples: int = 1
    bits_allocated: int = 16
    bits_stored: int = 16
    signed: bool = False
    photometric: str = "MONOCHROME2"
    planar: int = 0
    keyword: str = "PixelData"
    vr: str = "OW"

    @property
    def frame_bits(self) -> int:
        """Return the size of one native frame in bits (PS3.5 8.1.1, 8.2)."""
        samples = 2 if self.photometric == "YBR_FULL_422" else self.samples
        return self.rows * self.columns * samples * self.bits_allocated

    @property
    def dtype(self) -> np.dtype[Any]:
        """Return the type of a sample of a decoded frame."""
        if self.keyword != "PixelData":
            return np.dtype({32: "<f4", 64: "<f8"}[self.bits_allocated])
        if self.bits_allocated == 1:
            return np.dtype("u1")
        return np.dtype(f"<{'i' if self.signed else 'u'}{self.bits_allocated // 8}")


@functools.lru_cache(maxsize=256)
@functools.lru_cache(maxsize=16)
def shape_of(metadata: bytes) -> PixelShape:
    """Return the shape of the frames of a record's metadata; raise Refused when the Instance holds no image.

    Asked for every frame of a list, and the metadata of an enhanced object are megabytes: read once for the last few.
    """
    return shape_in(data_set_of(metadata))


def shape_in(attributes: Json) -> PixelShape:
    """Return the shape of the frames of a Data Set; raise Refused when it holds no image."""
    rows, columns = integer(attributes, "00280010", 0), integer(attributes, "00280011", 0)
    allocated = integer(attributes, "00280100", 0)
    tag = next((tag for tag in KEYWORDS if tag in attributes), None)
    samples = integer(attributes, "00280002", 1) or 1
    if not (min(rows, columns, allocated, samples) > 0 and tag):
        raise Refused("not-an-image", "Rows, Columns, Bits Allocated and pixel data are needed (PS3.3 C.7.6.3)")
    return PixelShape(
        rows=rows,
        columns=columns,
        samples=samples,
        bits_allocated=allocated,
        bits_stored=min(integer(attributes, "00280101", allocated) or allocated, allocated),
        signed=integer(attributes, "00280103", 0) == 1,
        photometric=text(attributes, "00280004") or "MONOCHROME2",
        planar=integer(attributes, "00280006", 0),
        keyword=KEYWORDS[tag],
        vr=str(attributes[tag].get("vr", "OW")),
    )
