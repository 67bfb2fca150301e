"""Small PDFs, written by hand, and Instances that hold them."""

import io
from collections.abc import Sequence
from typing import Any

from PIL import Image
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import EncapsulatedPDFStorage, ExplicitVRLittleEndian

NAME, PATIENT_ID = "KURUMIZAWA TSUBASA", "70918263"
SCRIPT, ATTACHED, TITLE = "app.alert('KURUMIZAWA')", "attached KURUMIZAWA", "Report of KURUMIZAWA"


def pdf(*pages: Sequence[str], size: tuple[int, int] = (300, 200), rotate: int = 0) -> bytes:
    """Return a PDF of pages of lines in Helvetica, with a script, an attachment and a title of its own."""
    objects = [
        f"<< /Type /Catalog /Pages 2 0 R /OpenAction << /S /JavaScript /JS ({SCRIPT}) >>"
        " /Names << /EmbeddedFiles << /Names [(a.txt) 4 0 R] >> >> >>",
        "",
        "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
        "<< /Type /Filespec /F (a.txt) /EF << /F 5 0 R >> >>",
        f"<< /Type /EmbeddedFile /Length {len(ATTACHED)} >>\nstream\n{ATTACHED}\nendstream",
        f"<< /Title ({TITLE}) >>",
    ]
    kids = []
    for lines in pages:
        drawn = "".join(f"BT /F1 12 Tf 20 {size[1] - 30 - 20 * n} Td ({line}) Tj ET\n" for n, line in enumerate(lines))
        objects.append(
            f"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 {size[0]} {size[1]}] /Rotate {rotate}"
            f" /Resources << /Font << /F1 3 0 R >> >> /Contents {len(objects) + 2} 0 R >>"
        )
        kids.append(f"{len(objects)} 0 R")
        objects.append(f"<< /Length {len(drawn)} >>\nstream\n{drawn}endstream")
    objects[1] = f"<< /Type /Pages /Kids [{' '.join(kids)}] /Count {len(kids)} >>"
    out, offsets = io.BytesIO(), []
    out.write(b"%PDF-1.7\n")
    for number, each in enumerate(objects, 1):
        offsets.append(out.tell())
        out.write(f"{number} 0 obj\n{each}\nendobj\n".encode())
    start = out.tell()
    table = "".join(f"{offset:010d} 00000 n \n" for offset in offsets)
    out.write(f"xref\n0 {len(objects) + 1}\n0000000000 65535 f \n{table}".encode())
    out.write(f"trailer << /Size {len(objects) + 1} /Root 1 0 R /Info 6 0 R >>\nstartxref\n{start}\n%%EOF\n".encode())
    return out.getvalue()


def scanned(picture: Image.Image) -> bytes:
    """Return a PDF whose page is a picture, at 150 dots an inch: it has no text layer."""
    out = io.BytesIO()
    picture.save(out, "PDF", resolution=150.0)
    return out.getvalue()


def instance(document: bytes, **values: Any) -> bytes:
    """Return an Encapsulated PDF (PS3.3 A.45.1)."""
    dataset = Dataset()
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    named = {
        "SOPClassUID": EncapsulatedPDFStorage, "SOPInstanceUID": "1.2.3.1", "StudyInstanceUID": "1.2.3",
        "SeriesInstanceUID": "1.2.3.4", "PatientName": NAME.replace(" ", "^"), "PatientID": PATIENT_ID,
        "PatientBirthDate": "19700102", "PatientSex": "F", "StudyDate": "20260401", "StudyTime": "101010",
        "AccessionNumber": "", "ReferringPhysicianName": "", "StudyID": "", "Modality": "DOC", "SeriesNumber": 1,
        "InstanceNumber": 1, "ConversionType": "WSD", "ContentDate": "20260401", "ContentTime": "101010",
        "AcquisitionDateTime": "", "BurnedInAnnotation": "YES", "Manufacturer": "",
        "DocumentTitle": TITLE, "ConceptNameCodeSequence": [], "MIMETypeOfEncapsulatedDocument": "application/pdf",
        "EncapsulatedDocumentLength": len(document), "EncapsulatedDocument": document + b"\0" * (len(document) & 1),
    }  # fmt: skip
    for keyword, value in {**named, **values}.items():
        setattr(dataset, keyword, value)
    out = io.BytesIO()
    dataset.save_as(out, enforce_file_format=True, implicit_vr=False, little_endian=True)
    return out.getvalue()
