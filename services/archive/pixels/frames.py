"""Read frames by the offsets that the store worked out: only a frame's own bytes are read, whatever the object's size.

Source: PS3.5 8.1.1 and 8.2 (native), A.4 (encapsulated).
"""

import zlib
from collections.abc import Sequence

from services.archive import stored_bytes
from services.archive.deps import ArchiveDeps
from services.archive.pixels.codecs import frame_of_bits
from services.archive.pixels.shape import PixelShape, shape_of
from services.archive.records import InstanceRecord, Pixels
from shared.dicom import file_format
from shared.errors import Invalid, NotFound, Refused

Span = tuple[int, int]


def pixels_of(record: InstanceRecord) -> Pixels:
    """Return where the pixel data are; raise NotFound if there are none."""
    if record.pixels is None:
        raise NotFound("no-pixel-data", "the Instance has no pixel data")
    return record.pixels


def numbers(text: str, count: int) -> list[int]:
    """Read a list of frame numbers, from 1 (PS3.18 10.4.1.1.6)."""
    parts = text.split(",")
    if not all(part.isascii() and part.isdecimal() and len(part) < 10 for part in parts):
        raise Invalid("bad-frame-list", "frame numbers from 1, separated by commas (PS3.18 10.4.1.1.6)")
    asked = [int(part) for part in parts]
    if not all(1 <= number <= count for number in asked):
        raise NotFound("no-such-frame", f"the Instance has {count} frames")
    return asked


def spans(record: InstanceRecord, number: int) -> tuple[Span, ...]:
    """Return where the frame's bytes lie in the file (or in the inflated Data Set)."""
    pixels = pixels_of(record)
    if not 1 <= number <= pixels.number_of_frames:
        raise NotFound("no-such-frame", f"the Instance has {pixels.number_of_frames} frames")
    if pixels.encapsulated:
        if number > len(pixels.frames):
            raise Refused("unknown-frame-offsets", "fragments do not tell where frames begin (PS3.5 A.4)")
        return pixels.frames[number - 1]
    bits = shape_of(record.metadata).frame_bits
    first = bits * (number - 1)
    start, end = pixels.start + first // 8, pixels.start + (first + bits + 7) // 8
    if end > pixels.end:
        raise Refused("truncated-pixel-data", "the pixel data end before the frame does")
    return ((start, end),)


def size(record: InstanceRecord, number: int) -> int:
    """Return the size of the stored frame in bytes."""
    if not pixels_of(record).encapsulated:
        return (shape_of(record.metadata).frame_bits + 7) // 8
    return sum(end - start for start, end in spans(record, number))


async def frame(deps: ArchiveDeps, record: InstanceRecord, number: int) -> bytes:
    """Return the bytes of one frame as they are stored, fragments joined."""
    places = spans(record, number)
    parts = await ranges(deps, record, places)
    joined = parts[0] if len(parts) == 1 else b"".join(parts)
    if pixels_of(record).encapsulated:
        return joined
    bits = shape_of(record.metadata).frame_bits
    shift = bits * (number - 1) % 8
    return frame_of_bits(joined, shift, bits) if shift or bits % 8 else joined


async def ranges(deps: ArchiveDeps, record: InstanceRecord, places: Sequence[Span]) -> list[bytes]:
    """Return the bytes at these places; of a deflated Instance, of its inflated Data Set."""
    if record.deflated:
        return await deps.cpu(inflated, await stored_bytes.whole(deps, record), tuple(places))
    return [await stored_bytes.part(deps, record, start, end) for start, end in places]


def frame_shape(record: InstanceRecord) -> PixelShape:
    """Return the shape of the Instance's frames."""
    return shape_of(record.metadata)


def inflated(data: bytes, places: tuple[Span, ...]) -> list[bytes]:
    """Return parts of the Data Set of a deflated Part 10 file; runs in the process pool."""
    try:
        content = file_format.split(data).data
    except zlib.error as error:
        raise Refused("bad-deflate", "PS3.5 A.5") from error
    return [bytes(content[start:end]) for start, end in places]
