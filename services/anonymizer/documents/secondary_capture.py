"""An Encapsulated PDF as a Multi-frame True Color Secondary Capture: a frame for each page.

The header stays as it came, for the profile to act on, but for what describes the document. Its SOP Instance UID stays
too, so that what refers to the document finds its pages.

Source: PS3.3 A.45.1 (Encapsulated PDF IOD), A.8.5 (Multi-frame True Color Secondary Capture Image IOD), C.8.6.3
(SC Multi-frame Image), C.8.6.4 (SC Multi-frame Vector), C.24.2 (Encapsulated Document).
"""

import io
from typing import Final

import pydicom
from PIL import Image
from pydicom.dataset import Dataset
from pydicom.uid import UID, ExplicitVRLittleEndian

from services.anonymizer.documents import pdf
from shared.dicom.elements import FileBytes
from shared.errors import Invalid

TRUE_COLOR: Final = UID("1.2.840.10008.5.1.4.1.1.7.4")
_DOCUMENT, _LENGTH, _PAGE_NUMBERS = 0x00420011, 0x00420015, 0x00182001
_OF_DOCUMENTS: Final = (0x0040A043, 0x0040A493, 0x0040A390)  # beside group 0042: title as a code, verification, HL7


def document_of(data: FileBytes) -> bytes:
    """Return the PDF of an Instance; Invalid if it has none."""
    return _document(_read(data))


def of_pages(data: FileBytes) -> bytes:
    """Return the file of an Encapsulated PDF as one of its pages' pictures. Raises as ``pdf.check``."""
    dataset = _read(data)
    pictures = pdf.pages(_document(dataset))
    for tag in [tag for tag in dataset.keys() if tag.group == 0x0042 or tag in _OF_DOCUMENTS]:  # noqa: SIM118 - of tags
        del dataset[tag]
    count, rows, columns, _ = pictures.shape
    dataset.SOPClassUID = dataset.file_meta.MediaStorageSOPClassUID = TRUE_COLOR
    dataset.ImageType = ["DERIVED", "SECONDARY"]
    dataset.BurnedInAnnotation = "YES"
    dataset.NumberOfFrames, dataset.FrameIncrementPointer = count, _PAGE_NUMBERS
    dataset.PageNumberVector = list(range(1, count + 1))
    dataset.PatientOrientation, dataset.Laterality = dataset.get("PatientOrientation"), dataset.get("Laterality")
    dataset.Rows, dataset.Columns, dataset.SamplesPerPixel = rows, columns, 3
    dataset.PhotometricInterpretation, dataset.PlanarConfiguration = "RGB", 0
    dataset.BitsAllocated, dataset.BitsStored, dataset.HighBit, dataset.PixelRepresentation = 8, 8, 7, 0
    dataset.add_new("PixelData", "OB", pictures.tobytes() + b"\0" * (pictures.size & 1))
    return _written(dataset)


def page_png(data: FileBytes, number: int) -> bytes:
    """Return the picture of one page, from 0; Invalid if there is none of that number."""
    buffer = io.BytesIO()
    Image.fromarray(pdf.page(document_of(data), number)).save(buffer, "PNG")
    return buffer.getvalue()


def _document(dataset: Dataset) -> bytes:
    value: bytes = dataset[_DOCUMENT].value if _DOCUMENT in dataset else b""
    if not value:
        raise Invalid("document-not-readable", "Encapsulated Document (0042,0011) is missing or empty (PS3.3 C.24.2)")
    return value


def _read(data: FileBytes) -> Dataset:
    try:
        return pydicom.dcmread(io.BytesIO(data))
    except Exception as error:  # pydicom raises whatever a broken Data Set makes of it
        raise Invalid("document-not-readable", "the Data Set around the document cannot be read") from error


def _written(dataset: Dataset) -> bytes:
    dataset.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    buffer = io.BytesIO()
    try:
        pydicom.dcmwrite(buffer, dataset, implicit_vr=False, little_endian=True, enforce_file_format=True)
    except Exception as error:
        raise Invalid("document-not-readable", "the Data Set around the document cannot be written anew") from error
    return buffer.getvalue()
