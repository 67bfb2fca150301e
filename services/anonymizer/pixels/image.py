"""Pixels as a person or a detector sees them, and masking them. This is the slow path: here pydicom decodes.

Source: grayscale pipeline, PS3.3 C.7.6.3.1.2, C.11.1, C.11.2; ultrasound regions, C.8.5.5.
"""

import io
import mmap
from collections.abc import Callable, Sequence
from typing import Any, BinaryIO, Final, NamedTuple, TypeVar, cast

import numpy as np
import pydicom
from PIL import Image
from pydicom.dataset import Dataset
from pydicom.pixels.processing import apply_color_lut, apply_modality_lut, apply_voi_lut, convert_color_space
from pydicom.pixels.utils import iter_pixels
from pydicom.uid import ExplicitVRLittleEndian

from services.anonymizer.pixels import cost, text_detector
from services.anonymizer.pixels.text_detector import Box
from shared.dicom import jpeg_decoder
from shared.dicom.elements import FileBytes
from shared.errors import Invalid, JmidError

jpeg_decoder.register()

Array = np.ndarray[Any, Any]
T = TypeVar("T")
_BELOW, _ABOVE = 70, 210  # of 255: what the window's ends become; with more below, noise in air looks like text
_DECODED_TO_RGB: Final = ("YBR_RCT", "YBR_ICT")
"""A JPEG 2000 decoder undoes the component transform itself (PS3.3 C.7.6.3.1.2; ITU-T T.800 Annex G)."""


def displayed(data: FileBytes) -> Array:
    """Return all frames as displayed: (frame, row, column) of uint8; colour as its brightest channel."""
    return _decoded(data, lambda dataset: _frames(dataset, dim=False)[0])


def for_detector(data: FileBytes) -> list[Array]:
    """Return all frames as displayed, but that what the display window leaves out can be told from its surroundings.

    Colour three times, as its brightest channel, its darkest, and their difference: red on white is white in the first,
    blue on black is black in the second, and a text in colour stands out from grey anatomy in the third alone.
    """
    return _decoded(data, lambda dataset: _frames(dataset, dim=True))


class Sample(NamedTuple):
    """Frames of an image ``for_detector``: (frame, row, column) of uint8. is_all: whether it has no others.

    Of an image in colour they are all here three times.
    """

    frames: Array
    is_all: bool


def sampled(data: FileBytes) -> Sample:
    """Return frames from the first to the last, at equal distances; of native pixel data only these are read.

    They are as ``for_detector`` returns them.
    """

    def sample(dataset: Dataset, source: Any) -> Sample:
        count = int(dataset.get("NumberOfFrames") or 1)
        indices = sorted({round(each) for each in np.linspace(0, count - 1, text_detector.FRAMES)})
        frames = np.stack(list(iter_pixels(source, indices=indices, raw=True)))
        return Sample(np.concatenate(_as_displayed(frames, dataset, dim=True)), len(indices) == count)

    if isinstance(data, bytes):
        return _decoded(data, lambda dataset: sample(dataset, dataset))
    header = _header(data)
    if header.file_meta.TransferSyntaxUID.is_encapsulated:
        return _decoded(data, lambda dataset: sample(dataset, dataset))
    return _guarded(lambda: sample(header, data))


def _header(data: mmap.mmap) -> Dataset:
    """Return all before the pixel data, checked, of a file that is mapped; it stands at its begin again."""

    def read() -> Dataset:
        data.seek(0)
        dataset = pydicom.dcmread(cast("BinaryIO", data), stop_before_pixels=True)
        data.seek(0)
        return dataset

    return _guarded(read)


def png(data: FileBytes, frame: int) -> bytes:
    """Return one frame, from 0, as a PNG, in its colours; raise Invalid if there is none of that number."""

    def picture(dataset: Dataset) -> Array:
        pixels, in_colour = _coloured(_pixels(dataset), dataset)
        if not 0 <= frame < len(pixels):
            raise Invalid("no-such-frame", "the image has fewer frames")
        one = pixels[frame : frame + 1]
        shown: Array = _stretched(one)[0] if in_colour else _as_displayed(one, dataset, dim=False)[0][0]
        return shown

    buffer = io.BytesIO()
    Image.fromarray(_decoded(data, picture)).save(buffer, "PNG")
    return buffer.getvalue()


def masked(data: FileBytes, boxes: list[Box], by_frame: Sequence[tuple[int, Box]] = ()) -> bytes:
    """Return the file with the boxes black in every frame, in Explicit VR Little Endian and not compressed.

    by_frame: boxes of one frame, from 0; Invalid if there is none of that number.
    """

    def mask(dataset: Dataset) -> bytes:
        if dataset.file_meta.TransferSyntaxUID.is_encapsulated:
            dataset.decompress(generate_instance_uid=False)  # pydicom's is random; the Instance gets its own anyway
        else:
            dataset["PixelData"].VR = "OW" if dataset.BitsAllocated > 8 else "OB"
        _mask(dataset, boxes, by_frame)
        return _written(dataset)

    return _decoded(data, mask)


def decompressed(data: FileBytes) -> bytes:
    """Return the file in Explicit VR Little Endian and not compressed, its samples with all their bits."""

    def decompress(dataset: Dataset) -> bytes:
        stored, high_bit = dataset.BitsStored, dataset.get("HighBit")
        dataset.BitsStored, dataset.HighBit = dataset.BitsAllocated, dataset.BitsAllocated - 1  # or pydicom masks some
        dataset.decompress(generate_instance_uid=False)
        dataset.BitsStored, dataset.HighBit = stored, high_bit
        return _written(dataset)

    return _decoded(data, decompress)


def outside_regions(data: FileBytes) -> list[Box]:
    """Return boxes for all that lies outside the ultrasound regions (0018,6011); none if there are no regions."""

    def boxes(dataset: Dataset) -> list[Box]:
        regions = dataset.get("SequenceOfUltrasoundRegions") or []
        if not regions:
            return []
        left = min(int(region.RegionLocationMinX0) for region in regions)
        top = min(int(region.RegionLocationMinY0) for region in regions)
        right = max(int(region.RegionLocationMaxX1) for region in regions) + 1
        bottom = max(int(region.RegionLocationMaxY1) for region in regions) + 1
        rows, columns = int(dataset.Rows), int(dataset.Columns)
        around = [
            Box(0, 0, columns, top),
            Box(0, bottom, columns, rows),
            Box(0, top, left, bottom),
            Box(right, top, columns, bottom),
        ]
        return [box for box in around if box.left < box.right and box.top < box.bottom]

    return _decoded(data, boxes)


def _decoded(data: FileBytes, use: Callable[[Dataset], T]) -> T:
    def work() -> T:
        dataset = pydicom.dcmread(io.BytesIO(data))
        cost.check(dataset)
        return use(dataset)

    return _guarded(work)


def _guarded(work: Callable[[], T]) -> T:
    try:
        return work()
    except JmidError:
        raise
    except Exception as error:  # decoders raise whatever their C libraries make of broken pixels
        raise Invalid("pixels-not-readable", "the pixel data cannot be decoded (PS3.5 8)") from error


def _written(dataset: Dataset) -> bytes:
    dataset.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    buffer = io.BytesIO()
    pydicom.dcmwrite(buffer, dataset, implicit_vr=False, little_endian=True, enforce_file_format=True)
    return buffer.getvalue()


def _frames(dataset: Dataset, *, dim: bool) -> list[Array]:
    return _as_displayed(_pixels(dataset), dataset, dim=dim)


def _pixels(dataset: Dataset) -> Array:
    """Return all frames: (frame, row, column), or with samples behind."""
    pixels: Array = dataset.pixel_array
    return pixels[np.newaxis] if int(dataset.get("NumberOfFrames") or 1) == 1 else pixels


def _coloured(pixels: Array, dataset: Dataset) -> tuple[Array, bool]:
    """Return the frames in RGB, and whether they are; frames of grey as they came."""
    photometric = str(dataset.PhotometricInterpretation)
    if photometric == "PALETTE COLOR":
        return apply_color_lut(pixels, dataset)[..., :3], True
    if pixels.ndim == 4 and photometric.startswith("YBR") and photometric not in _DECODED_TO_RGB:
        return convert_color_space(pixels, photometric, "RGB", per_frame=True), True
    return pixels, pixels.ndim == 4


def _as_displayed(pixels: Array, dataset: Dataset, *, dim: bool) -> list[Array]:
    """Return the frames as uint8; of colour the brightest channel, and if they differ the darkest and the difference.

    dim: with what the window leaves out.
    """
    pixels, in_colour = _coloured(pixels, dataset)
    if in_colour:
        high, low = pixels.max(axis=-1), pixels.min(axis=-1)
        return [_stretched(each) for each in ([high] if np.array_equal(high, low) else [high, low, high - low])]
    values = apply_modality_lut(pixels, dataset)
    has_window = "WindowCenter" in dataset and "VOILUTSequence" not in dataset
    shown = _stretched(_with_outside(values, dataset) if dim and has_window else apply_voi_lut(values, dataset))
    return [255 - shown if str(dataset.PhotometricInterpretation) == "MONOCHROME1" else shown]


def _with_outside(values: Array, dataset: Dataset) -> Array:
    """Return 0 to 255: the window (PS3.3 C.11.2.1.2) over most of it, what is below and above over the rest."""
    center, width = (float(np.ravel(each)[0]) for each in (dataset.WindowCenter, dataset.WindowWidth))
    low, high = center - width / 2, center + width / 2
    ends = min(float(values.min()), low - 1), max(float(values.max()), high + 1)
    return np.interp(values, (ends[0], low, high, ends[1]), (0, _BELOW, _ABOVE, 255))


def _stretched(values: Array) -> Array:
    """Return the values as uint8 over their whole range: text is at an end of it."""
    low, high = float(values.min()), float(values.max())
    if values.dtype == np.uint8:
        return values
    stretched: Array = ((values.astype(np.float32) - low) * (255.0 / max(high - low, 1e-6))).astype(np.uint8)
    return stretched


def _mask(dataset: Dataset, boxes: list[Box], by_frame: Sequence[tuple[int, Box]]) -> None:
    pixels: Array = dataset.pixel_array.copy()
    frames = int(dataset.get("NumberOfFrames") or 1)
    if any(frame >= frames for frame, _ in by_frame):
        raise Invalid("no-such-frame", "the image has fewer frames")
    colour = int(dataset.SamplesPerPixel) > 1
    photometric = str(dataset.PhotometricInterpretation)
    black = _black(photometric, pixels, int(dataset.BitsStored), signed=bool(dataset.PixelRepresentation))
    each = pixels if frames > 1 else pixels[np.newaxis]
    every = ((frame, box) for frame in range(frames) for box in boxes)
    for frame, (left, top, right, bottom) in (*every, *by_frame):
        each[frame, top:bottom, left:right] = black
    if colour:
        dataset.PlanarConfiguration = 0
        if photometric.startswith("YBR"):
            dataset.PhotometricInterpretation = "YBR_FULL"
    raw = pixels.astype(pixels.dtype.newbyteorder("<")).tobytes()
    dataset.PixelData = raw + b"\0" * (len(raw) & 1)


def _black(photometric: str, pixels: Array, bits: int, *, signed: bool) -> Any:
    if photometric.startswith("YBR"):
        return np.array([0, 128, 128], dtype=pixels.dtype)  # PS3.3 C.7.6.3.1.2
    if photometric == "MONOCHROME1":
        return (1 << (bits - 1)) - 1 if signed else (1 << bits) - 1
    if photometric == "MONOCHROME2" and signed:
        return int(pixels.min())
    return 0
