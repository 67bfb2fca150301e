"""What the text detector costs per Instance, by kind of image. Its pictures are one CT slice, at the kind's size."""

import io
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Final, NamedTuple

import numpy as np
import pydicom
from PIL import Image
from pydicom.uid import UID
from rich.table import Table

from services.anonymizer.instances import series_template
from services.anonymizer.instances.deidentify import Review, deidentify
from services.anonymizer.policy import Policy
from services.anonymizer.pseudonyms import keys

_STORAGE: Final = "1.2.840.10008.5.1.4.1.1."


class Kind(NamedTuple):
    """sop_class: what follows the root of the Storage SOP Classes.  samples: 3 is RGB.  is_expected: text, by rule."""

    name: str
    sop_class: str
    image_type: str
    rows: int
    columns: int
    samples: int = 1
    frames: int = 1
    is_expected: bool = True


KINDS: Final = (
    Kind("CT slice", "2", r"ORIGINAL\PRIMARY\AXIAL", 512, 512, is_expected=False),
    Kind("CT, DERIVED", "2", r"DERIVED\PRIMARY\MPR", 512, 512, is_expected=False),
    Kind("MR, DERIVED", "4", r"DERIVED\PRIMARY\ADC", 256, 256, is_expected=False),
    Kind("US", "6.1", r"ORIGINAL\PRIMARY", 600, 800, 3),
    Kind("US, 60 frames", "3.1", r"ORIGINAL\PRIMARY", 600, 800, 3, 60),
    Kind("SC", "7", r"DERIVED\SECONDARY", 1024, 1280, 3),
    Kind("CR, DX", "1.1", r"ORIGINAL\PRIMARY", 2500, 2048),
    Kind("MG", "1.2", r"ORIGINAL\PRIMARY", 4096, 3328),
)


def table(source: bytes, rounds: int) -> Table:
    """Return what one Instance of each kind costs. source: a CT slice.

    Searched: where no rule expects text, or Burned In Annotation is NO.  Masked: where text is expected, and the site
    trusts the detector; by default a person looks, and the detector does not.
    """
    rows = Table("kind", "pixels", "without, ms", "searched, ms", "masked, ms")
    with tempfile.TemporaryDirectory() as folder:
        policy = Policy("jmid", keys.create(Path(folder) / "keys", "bench"), "bench")
        looking = policy._replace(search_pixels=True, search_slices=True, trust_detector=True)
        for kind in KINDS:
            data, stated_clean = image_of(source, kind, ""), image_of(source, kind, "NO")
            plain = milliseconds(partial(deidentify, data, policy, Review()), rounds)
            searched = milliseconds(partial(deidentify, stated_clean, looking), rounds)
            masked = milliseconds(partial(deidentify, data, looking), rounds) if kind.is_expected else None
            size = f"{kind.columns} x {kind.rows}"
            rows.add_row(kind.name, size, f"{plain:.1f}", f"{searched:.0f}", "" if masked is None else f"{masked:.0f}")
    return rows


def image_of(source: bytes, kind: Kind, burned_in: str) -> bytes:
    """Return an Instance of a kind whose picture is that of the source. burned_in: Burned In Annotation."""
    dataset = pydicom.dcmread(io.BytesIO(source))
    pixels = dataset.pixel_array
    low, high = int(pixels.min()), int(pixels.max())
    levels = ((pixels.astype(np.float32) - low) * (255 / max(1, high - low))).astype(np.uint8)
    size = (kind.columns, kind.rows)
    shown = np.asarray(Image.fromarray(levels).resize(size, Image.Resampling.BICUBIC))
    dataset.SOPClassUID = dataset.file_meta.MediaStorageSOPClassUID = UID(_STORAGE + kind.sop_class)
    dataset.ImageType, dataset.Rows, dataset.Columns = kind.image_type, kind.rows, kind.columns
    dataset.BitsAllocated, dataset.BitsStored, dataset.HighBit, dataset.PixelRepresentation = 8, 8, 7, 0
    dataset.SamplesPerPixel = kind.samples
    if kind.samples > 1:
        shown = np.stack([shown] * kind.samples, axis=-1)
        dataset.PhotometricInterpretation, dataset.PlanarConfiguration = "RGB", 0
    if kind.frames > 1:
        dataset.NumberOfFrames = kind.frames
        shown = np.stack([np.roll(shown, frame, axis=0) for frame in range(kind.frames)])  # no frame repeats another
    for keyword in ("WindowCenter", "WindowWidth", "RescaleIntercept", "RescaleSlope"):
        if keyword in dataset:
            del dataset[keyword]
    dataset.BurnedInAnnotation = burned_in
    dataset.PixelData = shown.tobytes()
    dataset["PixelData"].VR = "OB"
    buffer = io.BytesIO()
    dataset.save_as(buffer)
    return buffer.getvalue()


def milliseconds(work: Callable[[], object], rounds: int) -> float:
    """Return the least CPU milliseconds of several rounds, after one that is not counted."""
    work()
    taken = []
    for _ in range(rounds):
        series_template.forget()
        began = time.process_time()
        work()
        taken.append(time.process_time() - began)
    return min(taken) * 1000
