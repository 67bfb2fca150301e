"""Images whose pixel data hold more than the image."""

import io
from typing import Any

import numpy as np
import pydicom
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.encaps import encapsulate
from pydicom.uid import UID, ExplicitVRBigEndian, ExplicitVRLittleEndian, generate_uid

from services.anonymizer.instances.deidentify import Cleaned, deidentify
from services.anonymizer.policy import Policy

NAME = b"KUROSAKI^MITSUKI"
CT = "1.2.840.10008.5.1.4.1.1.2"


def image(pixels: "np.ndarray[Any, Any]", stored: int | None = None, **attributes: Any) -> Dataset:
    """Return an image of (row, column) or (frame, row, column), or with colours last. stored: Bits Stored."""
    colours = 3 if pixels.ndim > 2 and pixels.shape[-1] == 3 else 1
    shape = pixels.shape[: pixels.ndim - (colours == 3)]
    dataset = Dataset()
    dataset.SOPClassUID, dataset.SOPInstanceUID, dataset.BurnedInAnnotation = CT, generate_uid(), "NO"
    dataset.StudyInstanceUID, dataset.SeriesInstanceUID = "1.2.3", "1.2.4"
    dataset.PatientName, dataset.PatientID, dataset.Modality = "Kurosaki^Mitsuki", "00734512", "CT"
    dataset.ImageType = ["ORIGINAL", "PRIMARY", "AXIAL"]
    dataset.SamplesPerPixel, dataset.PhotometricInterpretation = colours, "RGB" if colours == 3 else "MONOCHROME2"
    if colours == 3:
        dataset.PlanarConfiguration = 0
    if len(shape) == 3:
        dataset.NumberOfFrames = shape[0]
    dataset.Rows, dataset.Columns = shape[-2:]
    dataset.BitsAllocated = pixels.dtype.itemsize * 8
    dataset.BitsStored = stored or dataset.BitsAllocated
    dataset.HighBit = dataset.BitsStored - 1
    dataset.PixelRepresentation = int(pixels.dtype.kind == "i")
    dataset.PixelData = pixels.tobytes()
    for keyword, value in attributes.items():
        setattr(dataset, keyword, value)
    return dataset


def written(dataset: Dataset, syntax: str = ExplicitVRLittleEndian, frames: list[bytes] | None = None) -> bytes:
    """Return the file. frames: compressed; encapsulated with a Basic Offset Table."""
    if frames is not None:
        dataset.PixelData = encapsulate(frames)
        dataset["PixelData"].is_undefined_length = True
        dataset["PixelData"].VR = "OB"
    else:
        dataset["PixelData"].VR = "OW"
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = UID(syntax)
    buffer = io.BytesIO()
    little = syntax != ExplicitVRBigEndian
    pydicom.dcmwrite(buffer, dataset, implicit_vr=False, little_endian=little, enforce_file_format=True)
    return buffer.getvalue()


def cleaned(data: bytes, policy: Policy) -> tuple[Cleaned, Dataset]:
    """Return the de-identified Instance and what pydicom reads in it."""
    output = deidentify(data, policy)
    return output, pydicom.dcmread(io.BytesIO(output.data))
