"""JPEG for pydicom by libjpeg-turbo (imagecodecs): baseline, extended of 8 and 12 bits, and lossless.

``register`` makes it the decoder of the four JPEG Transfer Syntaxes for every use of pydicom's ``pixel_array`` and
decoders in this process. pydicom asks for the components as they are coded; it converts colours itself.

Source: PS3.5 8.2.1, A.4.1, A.4.2; ITU-T T.81.
"""

from functools import cache
from typing import Any, Final

import imagecodecs
import numpy as np
from pydicom.pixels.decoders.base import DecodeRunner, get_decoder
from pydicom.uid import JPEGTransferSyntaxes

LABEL: Final = "jmid-imagecodecs"
DECODER_DEPENDENCIES = dict.fromkeys(JPEGTransferSyntaxes, ("imagecodecs",))
_AS_CODED = {1: (None, None), 3: ("YCBCR", "YCBCR"), 4: ("CMYK", "CMYK")}
"""Colour space in and out, by the number of components: the same, so that libjpeg transforms nothing."""


@cache
def register() -> None:
    """Put this decoder in the place of all others of the JPEG Transfer Syntaxes."""
    for uid in JPEGTransferSyntaxes:
        decoder = get_decoder(uid)
        for label in decoder.available_plugins:
            decoder.remove_plugin(label)
        decoder.add_plugin(LABEL, (__name__, "_decode_frame"))


def is_available(uid: str) -> bool:
    """Say whether this Transfer Syntax can be decoded; pydicom asks."""
    return uid in JPEGTransferSyntaxes


def _decode_frame(src: bytes, runner: DecodeRunner) -> bytes:
    """Return one frame's samples, 8 or 16 bits each as the precision of the codestream asks (pydicom's interface)."""
    colours: tuple[Any, Any] = _AS_CODED.get(runner.samples_per_pixel, (None, None))
    samples = imagecodecs.jpeg8_decode(src, colorspace=colours[0], outcolorspace=colours[1])
    runner.set_option("bits_allocated", samples.dtype.itemsize * 8)
    if runner.samples_per_pixel > 1:
        runner.set_option("planar_configuration", 0)
    return np.ascontiguousarray(samples).tobytes()
