"""Give a whole Instance in another Transfer Syntax, frame by frame, so that memory holds one frame and the header.

Source: PS3.18 8.7.3 (default Transfer Syntaxes); PS3.5 A.4 (encapsulation); PS3.3 C.7.6.1.1.5 (lossy compression).
"""

import io
import struct
from collections.abc import AsyncIterator

import pydicom
from pydicom.uid import UID

from services.archive import stored_bytes
from services.archive.deps import ArchiveDeps
from services.archive.http.negotiate import ANY, Chosen
from services.archive.pixels import codecs, frames
from services.archive.pixels.encoders import Coded
from services.archive.pixels.shape import PixelShape
from services.archive.pixels.transfer_syntaxes import (
    DEFLATED_LE,
    EXPLICIT_BE,
    EXPLICIT_LE,
    HTJ2K,
    JPEG_2000,
    JPEG_BASELINE,
    JPEG_LS_NEAR,
    LITTLE_ENDIAN,
    LOSSY,
    NATIVE,
)
from services.archive.records import InstanceRecord
from shared.errors import Refused

TAGS = {"PixelData": 0x0010, "FloatPixelData": 0x0008, "DoubleFloatPixelData": 0x0009}
ITEM, DELIMITER = b"\xfe\xff\x00\xe0", b"\xfe\xff\xdd\xe0\0\0\0\0"
NO_LENGTH = 0xFFFFFFFF
METHODS = {  # PS3.3 C.7.6.1.1.5.1
    JPEG_BASELINE: "ISO_10918_1",
    JPEG_LS_NEAR: "ISO_14495_1",
    JPEG_2000: "ISO_15444_1",
    HTJ2K: "ISO_15444_15",
}


def target_of(record: InstanceRecord, chosen: Chosen) -> str | None:
    """Return the Transfer Syntax to bring the Instance into; None leaves it as it is stored.

    Without a name in the request what is only there lossily compressed, or cannot be decoded, stays as it is
    (PS3.18 8.7.3). Raises Refused when what was named cannot be made.
    """
    asked, stored = chosen.transfer_syntax, record.transfer_syntax_uid
    if asked in (ANY, stored):
        return None
    if record.pixels is None:
        return EXPLICIT_LE if stored in NATIVE - {EXPLICIT_LE} else None
    if not chosen.named and stored in LOSSY:
        return None
    shape = _shape(record)
    fits = asked != EXPLICIT_LE or shape is None or _native_size(shape, record) < NO_LENGTH
    if shape is not None and fits and codecs.can_transcode(stored, asked, shape):
        return asked
    if chosen.named:
        raise Refused("no-such-transcoding", f"from {stored} to {asked}")
    return None


async def transcoded(deps: ArchiveDeps, record: InstanceRecord, target: str) -> AsyncIterator[bytes]:
    """Yield a Part 10 file of the Instance in ``target``."""
    stored = record.transfer_syntax_uid
    if record.pixels is None or stored in (DEFLATED_LE, EXPLICIT_BE):
        data = await stored_bytes.whole(deps, record)
        data = await deps.cpu(_rewritten, data, EXPLICIT_LE) if stored != EXPLICIT_LE else data
        if target != EXPLICIT_LE and record.pixels is not None:
            raise Refused("no-such-transcoding", f"from {stored} to {target}")
        yield data
        return
    shape = frames.frame_shape(record)
    header = await stored_bytes.part(deps, record, 0, record.header_end)
    count = record.pixels.number_of_frames
    first = await _frame(deps, record, 1, target, shape)
    ratio = shape.frame_bits / 8 / max(1, len(first.data))
    yield await deps.cpu(_header, header, target, first.photometric, first.planar, ratio)
    encapsulated = target not in NATIVE
    size = len(first.data) * count
    yield _element(shape, encapsulated, size)
    for number in range(1, count + 1):
        coded = first if number == 1 else await _frame(deps, record, number, target, shape)
        yield codecs.encapsulated_item(coded.data) if encapsulated else coded.data
    if encapsulated:
        yield DELIMITER
    elif size % 2:
        yield b"\0"


async def _frame(deps: ArchiveDeps, record: InstanceRecord, number: int, target: str, shape: PixelShape) -> Coded:
    data = await frames.frame(deps, record, number)
    if record.transfer_syntax_uid in LITTLE_ENDIAN and target == EXPLICIT_LE:
        return Coded(data, shape.photometric, shape.planar)
    return await deps.cpu(codecs.transcode, data, record.transfer_syntax_uid, target, shape)


def _shape(record: InstanceRecord) -> PixelShape | None:
    try:
        return frames.frame_shape(record)
    except Refused:
        return None


def _native_size(shape: PixelShape, record: InstanceRecord) -> int:
    count = record.pixels.number_of_frames if record.pixels else 0
    return shape.rows * shape.columns * shape.samples * shape.bits_allocated * count // 8


def _element(shape: PixelShape, encapsulated: bool, size: int) -> bytes:
    """Return the header of the pixel data element (PS3.5 7.1.2, A.4; VR: A.2)."""
    if encapsulated:
        empty_table = ITEM + b"\0\0\0\0"
        return struct.pack("<HH2sHL", 0x7FE0, TAGS[shape.keyword], b"OB", 0, NO_LENGTH) + empty_table
    vr = {"FloatPixelData": b"OF", "DoubleFloatPixelData": b"OD"}.get(shape.keyword)
    vr = vr or (b"OW" if shape.bits_allocated > 8 or shape.vr == "OW" else b"OB")
    return struct.pack("<HH2sHL", 0x7FE0, TAGS[shape.keyword], vr, 0, size + size % 2)


def _header(header: bytes, target: str, photometric: str, planar: int, ratio: float) -> bytes:
    """Return the Part 10 file up to its pixel data, said to be in ``target``; runs in the process pool."""
    data = pydicom.dcmread(io.BytesIO(header), force=True)
    data.PhotometricInterpretation = photometric
    if data.get("SamplesPerPixel", 1) > 1:
        data.PlanarConfiguration = planar
    for keyword in ("ExtendedOffsetTable", "ExtendedOffsetTableLengths"):
        if keyword in data:
            delattr(data, keyword)
    if target in METHODS:
        data.LossyImageCompression = "01"
        data.LossyImageCompressionRatio = [*_listed(data.get("LossyImageCompressionRatio")), f"{ratio:.3f}"]
        data.LossyImageCompressionMethod = [*_listed(data.get("LossyImageCompressionMethod")), METHODS[target]]
    return _written(data, target)


def _rewritten(data: bytes, target: str) -> bytes:
    """Return a whole native or pixel-less file in Explicit VR Little Endian; runs in the process pool."""
    data_set = pydicom.dcmread(io.BytesIO(data), force=True)
    if data_set.original_encoding[1] is False and "PixelData" in data_set:
        words = data_set["PixelData"].VR == "OW"
        shape = PixelShape(1, 1, bits_allocated=int(data_set.BitsAllocated), vr="OW" if words else "OB")
        data_set.PixelData = codecs.swapped(data_set.PixelData, shape)
    return _written(data_set, target)


def _listed(value: object) -> list[object]:
    if value is None or value == "":
        return []
    return list(value) if isinstance(value, pydicom.multival.MultiValue) else [value]


def _written(data: pydicom.FileDataset, target: str) -> bytes:
    out = io.BytesIO()
    data.file_meta.TransferSyntaxUID = UID(target)
    pydicom.dcmwrite(out, data, enforce_file_format=True, implicit_vr=False, little_endian=True)
    return out.getvalue()
