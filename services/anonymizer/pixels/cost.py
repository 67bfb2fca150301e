"""Says before anything is decoded whether an image may be looked at. Pure.

Source: PS3.3 C.7.6.3 (Image Pixel), C.7.6.6 (Multi-frame); PS3.5 A.4 (fragments).
"""

from itertools import islice
from typing import Final

from pydicom.dataset import Dataset
from pydicom.encaps import generate_fragments

from shared.dicom import codestream
from shared.errors import Refused

MAX_DECODED_BYTES: Final = 4 << 30
"""Of all frames together. Long ultrasound cine loops have over 1 GB; below this a worker's own limit decides."""


def check(dataset: Dataset) -> None:
    """Raise Refused for an image that would take more memory than a worker may give it."""
    samples = int(dataset.Rows) * int(dataset.Columns) * int(dataset.get("SamplesPerPixel") or 1)
    sample_bytes = (int(dataset.BitsAllocated) + 7) // 8
    frames = int(dataset.get("NumberOfFrames") or 1)
    codestream.check(b"", samples, sample_bytes)
    if samples * sample_bytes * frames > MAX_DECODED_BYTES:
        raise Refused("image-too-large", f"all its frames decoded have more than {MAX_DECODED_BYTES >> 20} MiB")
    if dataset.file_meta.TransferSyntaxUID.is_encapsulated:
        for fragment in islice(generate_fragments(dataset.PixelData), 1, None):  # behind the Basic Offset Table
            codestream.check(fragment, samples, sample_bytes)
