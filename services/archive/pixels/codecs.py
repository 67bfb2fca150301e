"""Turn one frame from the Transfer Syntax it is stored in into the one that is asked for.

Pure; runs in the process pool: takes bytes and a small PixelShape, never a Data Set. Lossless syntaxes give the same
samples bit for bit. What JPEG (lossy) holds as YCbCr becomes RGB when it is decoded, as PS3.5 8.2.1 lets a decoder do;
everything else keeps its colour space.

Source: PS3.5 8.2 and Annex A (encapsulation, codecs); PS3.3 C.7.6.3 (Image Pixel Module).
"""

import struct
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray
from pydicom.encaps import encapsulate
from pydicom.pixels.decoders.base import get_decoder
from pydicom.uid import UID

from services.archive.pixels import jpeg
from services.archive.pixels.encoders import Coded, codec_options, encode
from services.archive.pixels.shape import PixelShape
from services.archive.pixels.transfer_syntaxes import (
    DECODED,
    EXPLICIT_BE,
    EXPLICIT_LE,
    JPEG_BASELINE,
    JPEG_EXTENDED,
    LITTLE_ENDIAN,
    LOSSLESS_TARGETS,
    LOSSY_TARGETS,
    NATIVE,
    RLE,
)
from shared.dicom import codestream, jpeg_decoder
from shared.errors import Refused

jpeg_decoder.register()

Array = NDArray[Any]


def can_decode(source: str) -> bool:
    """Say whether frames of this Transfer Syntax can be decoded."""
    return source in DECODED


def can_transcode(source: str, target: str, shape: PixelShape) -> bool:
    """Say whether frames of this shape can be brought from one Transfer Syntax to the other."""
    if source == target or (source in LITTLE_ENDIAN and target == EXPLICIT_LE):
        return True
    if source not in DECODED or target not in LOSSLESS_TARGETS | LOSSY_TARGETS:
        return False
    if shape.keyword != "PixelData" or shape.bits_allocated not in (8, 16):
        return target == EXPLICIT_LE or (target == RLE and shape.bits_allocated == 32)
    if target == JPEG_BASELINE:
        return jpeg.fits_baseline(shape.bits_allocated, shape.signed, shape.photometric)
    return True


def transcode(data: bytes, source: str, target: str, shape: PixelShape) -> Coded:
    """Return the frame in the Transfer Syntax ``target``.

    Raises Refused when that cannot be, or when the stored frame cannot be decoded.
    """
    if source == target or (source in LITTLE_ENDIAN and target == EXPLICIT_LE):
        return Coded(data, shape.photometric, shape.planar)
    if not can_transcode(source, target, shape):
        raise Refused("no-such-transcoding", f"from {source} to {target}")
    if source == EXPLICIT_BE and target == EXPLICIT_LE:
        return Coded(swapped(data, shape), shape.photometric, shape.planar)
    pixels, photometric = decode(data, source, shape)
    if target == EXPLICIT_LE:
        return Coded(np.ascontiguousarray(pixels).tobytes(), photometric, 0)
    return encode(pixels, target, msgspec.structs.replace(shape, photometric=photometric, planar=0))


def decode(data: bytes, source: str, shape: PixelShape) -> tuple[Array, str]:
    """Return the samples, (rows, columns[, samples]) in the shape's dtype, and their Photometric Interpretation.

    Raises Refused for a frame that cannot be decoded, or only at more cost than one frame may have.
    """
    codestream.check(data, shape.rows * shape.columns * shape.samples, (shape.bits_allocated + 7) // 8)
    if source in LITTLE_ENDIAN and (plain := _plain(data, shape)) is not None:
        return plain, shape.photometric
    syntax = EXPLICIT_LE if source in LITTLE_ENDIAN else source
    wrapped = data if syntax in NATIVE else encapsulate([data], has_bot=False)
    try:
        pixels, facts = get_decoder(UID(syntax)).as_array(
            wrapped, index=0, raw=source not in (JPEG_BASELINE, JPEG_EXTENDED), **codec_options(shape)
        )
    except Exception as error:  # codecs raise all kinds; the border names one
        raise Refused("undecodable-frame", f"Transfer Syntax {source}") from error
    return pixels.astype(shape.dtype, copy=False), str(facts["photometric_interpretation"])


def _plain(data: bytes, shape: PixelShape) -> Array | None:
    """Return a view of native samples where the bytes are the samples, else None."""
    if shape.bits_allocated == 1 or shape.photometric == "YBR_FULL_422" or len(data) * 8 < shape.frame_bits:
        return None
    pixels = np.frombuffer(data, shape.dtype, shape.rows * shape.columns * shape.samples)
    unused = shape.bits_allocated - shape.bits_stored
    if unused and shape.keyword == "PixelData":  # bits above the stored ones need not be a sign (PS3.5 8.1.1)
        pixels = (pixels << unused) >> unused
    if shape.samples == 1:
        return pixels.reshape(shape.rows, shape.columns)
    if shape.planar == 0:
        return pixels.reshape(shape.rows, shape.columns, shape.samples)
    return pixels.reshape(shape.samples, shape.rows, shape.columns).transpose(1, 2, 0)


def swapped(data: bytes, shape: PixelShape) -> bytes:
    """Return big endian samples as little endian ones: words of two bytes, or of the sample's size (PS3.5 7.3)."""
    size = max(2, shape.bits_allocated // 8) if shape.vr == "OW" else shape.bits_allocated // 8
    return np.frombuffer(data, f">u{size}").astype(f"<u{size}").tobytes() if len(data) % size == 0 else data


def frame_of_bits(data: bytes, first_bit: int, bits: int) -> bytes:
    """Return ``bits`` bits from ``first_bit`` on, lowest bit first, moved to the start of a byte (PS3.5 8.1.1)."""
    start, shift = divmod(first_bit, 8)
    whole = int.from_bytes(data[start : start + (shift + bits + 7) // 8], "little") >> shift
    return (whole & ((1 << bits) - 1)).to_bytes((bits + 7) // 8, "little")


def encapsulated_item(frame: bytes) -> bytes:
    """Return one frame as the one fragment of its Item (PS3.5 A.4)."""
    return struct.pack("<HHL", 0xFFFE, 0xE000, len(frame)) + frame
