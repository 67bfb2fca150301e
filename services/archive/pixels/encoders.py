"""Encode the samples of one frame. Pure; runs in the process pool.

Source: PS3.5 8.2 and Annex A (codecs).
"""

import math
from collections.abc import Callable
from typing import Any

import imagecodecs
import msgspec
import numpy as np
from numpy.typing import NDArray
from pydicom.pixels.encoders.base import get_encoder
from pydicom.uid import UID

from services.archive.pixels import jpeg
from services.archive.pixels import transfer_syntaxes as uids
from services.archive.pixels.shape import PixelShape
from shared.errors import Refused

NEAR_ERROR = 2  # JPEG-LS NEAR: the largest difference of a sample
J2K_RATIO = 10.0
HTJ2K_STEP = 0.00005  # of quantization: 3 to 20 times smaller, samples off by some thousandths of the range at most
HTJ2K_LEVELS, HTJ2K_BASE = 5, 64
SMALL_SIDE = 32  # below it pylibjpeg-openjpeg cannot halve five times, and pyjpegls' buffer may be too small
JPEG_QUALITY = 92

Array = NDArray[Any]
Encoder = Callable[[Array, PixelShape], tuple[bytes, str]]


class Coded(msgspec.Struct, frozen=True):
    """A frame in the Transfer Syntax that was asked for, and what it changed of the Image Pixel Module."""

    data: bytes
    photometric: str
    planar: int


def encode(pixels: Array, target: str, shape: PixelShape) -> Coded:
    """Return samples in the Transfer Syntax ``target``; raise Refused when its codec does not take them."""
    pixels = np.ascontiguousarray(pixels)
    try:
        data, photometric = _ENCODERS[target](pixels, shape)
    except Exception as error:
        raise Refused("no-such-transcoding", f"to {target}") from error
    return Coded(data if len(data) % 2 == 0 else data + b"\0", photometric, 0)


def _by_pydicom(target: str, **more: Any) -> Encoder:
    def encode(pixels: Array, shape: PixelShape) -> tuple[bytes, str]:
        data = get_encoder(UID(target)).encode(pixels.tobytes(), **codec_options(shape), **more)
        return bytes(data), shape.photometric

    return encode


def _jpeg_lossless(pixels: Array, shape: PixelShape) -> tuple[bytes, str]:
    return jpeg.encode_lossless(pixels, shape.bits_stored), shape.photometric


def _jpeg_baseline(pixels: Array, shape: PixelShape) -> tuple[bytes, str]:
    data = jpeg.encode_baseline(pixels, JPEG_QUALITY, ybr=shape.photometric.startswith("YBR"))
    return data, "YBR_FULL_422" if shape.samples == 3 else shape.photometric


def _jpeg_2000_lossless(pixels: Array, shape: PixelShape) -> tuple[bytes, str]:
    if min(shape.rows, shape.columns) >= SMALL_SIDE:
        return _by_pydicom(uids.JPEG_2000_LOSSLESS)(pixels, shape)
    data = imagecodecs.jpeg2k_encode(pixels, 0, reversible=True, codecformat="j2k", mct=False)
    return bytes(data), shape.photometric


def _jpeg_ls(pixels: Array, shape: PixelShape) -> tuple[bytes, str]:
    if min(shape.rows, shape.columns) >= SMALL_SIDE or shape.signed:
        return _by_pydicom(uids.JPEG_LS)(pixels, shape)
    return bytes(imagecodecs.jpegls_encode(pixels)), shape.photometric


def _htj2k(*, reversible: bool) -> Encoder:
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


_ENCODERS: dict[str, Encoder] = {
    uids.RLE: _by_pydicom(uids.RLE),
    uids.JPEG_LS: _jpeg_ls,
    uids.JPEG_LS_NEAR: _by_pydicom(uids.JPEG_LS_NEAR, jls_error=NEAR_ERROR),
    uids.JPEG_2000_LOSSLESS: _jpeg_2000_lossless,
    uids.JPEG_2000: _by_pydicom(uids.JPEG_2000, j2k_cr=[J2K_RATIO]),
    uids.HTJ2K_LOSSLESS: _htj2k(reversible=True),
    uids.HTJ2K_LOSSLESS_RPCL: _htj2k(reversible=True),
    uids.HTJ2K: _htj2k(reversible=False),
    uids.JPEG_LOSSLESS: _jpeg_lossless,  # Selection Value 1 is one of those that Process 14 allows
    uids.JPEG_LOSSLESS_SV1: _jpeg_lossless,
    uids.JPEG_BASELINE: _jpeg_baseline,
}


def codec_options(shape: PixelShape) -> dict[str, Any]:
    """Return the shape in the words of pydicom's coders."""
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
