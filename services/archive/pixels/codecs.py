"""Turn one frame from the Transfer Syntax it is stored in into the one that is asked for.

Runs in the process pool: takes bytes and a small PixelShape, never a Data Set. Lossless syntaxes give the same samples
bit for bit. What JPEG (lossy) holds as YCbCr becomes RGB when it is decoded, as PS3.5 8.2.1 lets a decoder do;
everything else keeps its colour space.

Source: PS3.5 8.2 and Annex A (encapsulation, codecs); PS3.3 C.7.6.3 (Image Pixel Module).
"""

import math
import struct
from collections.abc import Callable
from typing import Any

import imagecodecs
import msgspec
import numpy as np
from numpy.typing import NDArray
from pydicom.encaps import encapsulate
from pydicom.pixels.decoders.base import get_decoder
from pydicom.pixels.encoders.base import get_encoder
from pydicom.uid import UID

from services.archive.pixels import jpeg
from shared.dicom import jpeg_decoder
from shared.errors import Refused

jpeg_decoder.register()

IMPLICIT_LE = "1.2.840.10008.1.2"
EXPLICIT_LE = "1.2.840.10008.1.2.1"
DEFLATED_LE = "1.2.840.10008.1.2.1.99"
EXPLICIT_BE = "1.2.840.10008.1.2.2"
RLE = "1.2.840.10008.1.2.5"
JPEG_BASELINE = "1.2.840.10008.1.2.4.50"
JPEG_EXTENDED = "1.2.840.10008.1.2.4.51"
JPEG_LOSSLESS = "1.2.840.10008.1.2.4.57"
JPEG_LOSSLESS_SV1 = "1.2.840.10008.1.2.4.70"
JPEG_LS = "1.2.840.10008.1.2.4.80"
JPEG_LS_NEAR = "1.2.840.10008.1.2.4.81"
JPEG_2000_LOSSLESS = "1.2.840.10008.1.2.4.90"
JPEG_2000 = "1.2.840.10008.1.2.4.91"
HTJ2K_LOSSLESS = "1.2.840.10008.1.2.4.201"
HTJ2K_LOSSLESS_RPCL = "1.2.840.10008.1.2.4.202"
HTJ2K = "1.2.840.10008.1.2.4.203"

LITTLE_ENDIAN = frozenset({IMPLICIT_LE, EXPLICIT_LE, DEFLATED_LE})
"""Their frames at rest are the bytes that Explicit VR Little Endian has."""
NATIVE = LITTLE_ENDIAN | {EXPLICIT_BE}
LOSSY = frozenset({JPEG_BASELINE, JPEG_EXTENDED, JPEG_LS_NEAR, JPEG_2000, HTJ2K})
LOSSLESS_TARGETS = frozenset(
    {EXPLICIT_LE, RLE, JPEG_LOSSLESS, JPEG_LOSSLESS_SV1, JPEG_LS, JPEG_2000_LOSSLESS}
    | {HTJ2K_LOSSLESS, HTJ2K_LOSSLESS_RPCL}
)
LOSSY_TARGETS = frozenset({JPEG_BASELINE, JPEG_LS_NEAR, JPEG_2000, HTJ2K})
DECODED = (
    NATIVE
    | LOSSY
    | {RLE, JPEG_LOSSLESS, JPEG_LOSSLESS_SV1, JPEG_LS, JPEG_2000_LOSSLESS}
    | {
        HTJ2K_LOSSLESS,
        HTJ2K_LOSSLESS_RPCL,
    }
)
NEAR_ERROR = 2  # JPEG-LS NEAR: the largest difference of a sample
J2K_RATIO = 10.0
HTJ2K_STEP = 0.00005  # of quantization: 3 to 20 times smaller, samples off by some thousandths of the range at most
HTJ2K_LEVELS, HTJ2K_BASE = 5, 64
SMALL_SIDE = 32  # below it pylibjpeg-openjpeg cannot halve five times, and pyjpegls' buffer may be too small
JPEG_QUALITY = 92

Array = NDArray[Any]


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


class Coded(msgspec.Struct, frozen=True):
    """A frame in the Transfer Syntax that was asked for, and what it changed of the Image Pixel Module."""

    data: bytes
    photometric: str
    planar: int


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
    return _encode(pixels, target, msgspec.structs.replace(shape, photometric=photometric, planar=0))


def decode(data: bytes, source: str, shape: PixelShape) -> tuple[Array, str]:
    """Return the samples, (rows, columns[, samples]) in the shape's dtype, and their Photometric Interpretation."""
    if source in LITTLE_ENDIAN and (plain := _plain(data, shape)) is not None:
        return plain, shape.photometric
    syntax = EXPLICIT_LE if source in LITTLE_ENDIAN else source
    wrapped = data if syntax in NATIVE else encapsulate([data], has_bot=False)
    try:
        pixels, facts = get_decoder(UID(syntax)).as_array(
            wrapped, index=0, raw=source not in (JPEG_BASELINE, JPEG_EXTENDED), **_options(shape)
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


def _options(shape: PixelShape) -> dict[str, Any]:
    options: dict[str, Any] = {
        "rows": shape.rows,
        "columns": shape.columns,
        "number_of_frames": 1,
        "samples_per_pixel": shape.samples,
        "bits_allocated": shape.bits_allocated,
        "photometric_interpretation": shape.photometric,
        "pixel_keyword": shape.keyword,
        "pixel_vr": shape.vr,
    }
    if shape.keyword == "PixelData":
        options |= {"bits_stored": shape.bits_stored, "pixel_representation": int(shape.signed)}
    if shape.samples > 1:
        options["planar_configuration"] = shape.planar
    return options


def _encode(pixels: Array, target: str, shape: PixelShape) -> Coded:
    pixels = np.ascontiguousarray(pixels)
    try:
        data, photometric = _ENCODERS[target](pixels, shape)
    except Exception as error:
        raise Refused("no-such-transcoding", f"to {target}") from error
    return Coded(data if len(data) % 2 == 0 else data + b"\0", photometric, 0)


def _by_pydicom(target: str, **more: Any) -> Callable[[Array, PixelShape], tuple[bytes, str]]:
    def encode(pixels: Array, shape: PixelShape) -> tuple[bytes, str]:
        data = get_encoder(UID(target)).encode(pixels.tobytes(), **_options(shape), **more)
        return bytes(data), shape.photometric

    return encode


def _jpeg_lossless(pixels: Array, shape: PixelShape) -> tuple[bytes, str]:
    return jpeg.encode_lossless(pixels, shape.bits_stored), shape.photometric


def _jpeg_baseline(pixels: Array, shape: PixelShape) -> tuple[bytes, str]:
    data = jpeg.encode_baseline(pixels, JPEG_QUALITY, ybr=shape.photometric.startswith("YBR"))
    return data, "YBR_FULL_422" if shape.samples == 3 else shape.photometric


def _jpeg_2000_lossless(pixels: Array, shape: PixelShape) -> tuple[bytes, str]:
    if min(shape.rows, shape.columns) >= SMALL_SIDE:
        return _by_pydicom(JPEG_2000_LOSSLESS)(pixels, shape)
    data = imagecodecs.jpeg2k_encode(pixels, 0, reversible=True, codecformat="j2k", mct=False)
    return bytes(data), shape.photometric


def _jpeg_ls(pixels: Array, shape: PixelShape) -> tuple[bytes, str]:
    if min(shape.rows, shape.columns) >= SMALL_SIDE or shape.signed:
        return _by_pydicom(JPEG_LS)(pixels, shape)
    return bytes(imagecodecs.jpegls_encode(pixels)), shape.photometric


def _htj2k(*, reversible: bool) -> Callable[[Array, PixelShape], tuple[bytes, str]]:
    """Progression RPCL, TLM markers and a base resolution of at most 64, as PS3.5 10.18 asks of RPCL."""

    def encode(pixels: Array, shape: PixelShape) -> tuple[bytes, str]:
        halvings = math.ceil(math.log2(max(shape.rows, shape.columns) / HTJ2K_BASE))
        data = imagecodecs.htj2k_encode(
            pixels,
            level=None if reversible else HTJ2K_STEP,
            rgb=False,  # no component transformation: the colour space stays (PS3.5 8.2.4)
            resolutions=max(HTJ2K_LEVELS, halvings),
            reversible=reversible,
            tlm=True,
        )
        return bytes(data), shape.photometric

    return encode


_ENCODERS: dict[str, Callable[[Array, PixelShape], tuple[bytes, str]]] = {
    RLE: _by_pydicom(RLE),
    JPEG_LS: _jpeg_ls,
    JPEG_LS_NEAR: _by_pydicom(JPEG_LS_NEAR, jls_error=NEAR_ERROR),
    JPEG_2000_LOSSLESS: _jpeg_2000_lossless,
    JPEG_2000: _by_pydicom(JPEG_2000, j2k_cr=[J2K_RATIO]),
    HTJ2K_LOSSLESS: _htj2k(reversible=True),
    HTJ2K_LOSSLESS_RPCL: _htj2k(reversible=True),
    HTJ2K: _htj2k(reversible=False),
    JPEG_LOSSLESS: _jpeg_lossless,  # Selection Value 1 is one of those that Process 14 allows
    JPEG_LOSSLESS_SV1: _jpeg_lossless,
    JPEG_BASELINE: _jpeg_baseline,
}


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
