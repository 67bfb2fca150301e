"""Structured reports keep their numbers, codes and references, and lose who they are about."""

import io
from collections.abc import Iterator
from typing import Any

import pydicom
import pytest
from pydicom.dataset import Dataset, FileDataset, FileMetaDataset
from pydicom.sequence import Sequence
from pydicom.uid import ExplicitVRBigEndian, ExplicitVRLittleEndian, ImplicitVRLittleEndian

from services.anonymizer.cli.verify import verify
from services.anonymizer.instances.deidentify import deidentify
from services.anonymizer.policy import Policy

DOSE_SR = "1.2.840.10008.5.1.4.1.1.88.67"
EVENT_UID = "1.2.392.555.7.1"


def coded(value: str, scheme: str, meaning: str) -> Dataset:
    item = Dataset()
    item.CodeValue, item.CodingSchemeDesignator, item.CodeMeaning = value, scheme, meaning
    return item


def content(value_type: str, code: str, meaning: str, scheme: str = "DCM", **values: Any) -> Dataset:
    item = Dataset()
    item.RelationshipType, item.ValueType = "CONTAINS", value_type
    item.ConceptNameCodeSequence = Sequence([coded(code, scheme, meaning)])
    for keyword, value in values.items():
        setattr(item, keyword, value)
    return item


def number(code: str, meaning: str, value: str, unit: str) -> Dataset:
    measured = Dataset()
    measured.MeasurementUnitsCodeSequence = Sequence([coded(unit, "UCUM", unit)])
    measured.NumericValue = value
    return content("NUM", code, meaning, MeasuredValueSequence=Sequence([measured]))


def dose_report(*, undefined_length: bool = False, syntax: pydicom.uid.UID = ExplicitVRLittleEndian) -> bytes:
    dataset = Dataset()
    dataset.SpecificCharacterSet = "ISO_IR 192"
    dataset.SOPClassUID, dataset.SOPInstanceUID = DOSE_SR, "1.2.392.555.1"
    dataset.StudyInstanceUID, dataset.SeriesInstanceUID = "1.2.392.555.2", "1.2.392.555.3"
    dataset.Modality, dataset.StudyDate = "SR", "20240312"
    dataset.PatientName, dataset.PatientID = "Saionji^Chihiro=西園寺^千尋", "7730142"
    reference = Dataset()
    reference.ReferencedSOPClassUID = "1.2.840.10008.5.1.4.1.1.2"
    reference.ReferencedSOPInstanceUID = "1.2.392.555.9"
    event = content("CONTAINER", "113819", "CT Acquisition", ContinuityOfContent="SEPARATE")
    event.ContentSequence = Sequence(
        [
            content("UIDREF", "113769", "Irradiation Event UID", UID=EVENT_UID),
            number("113830", "Mean CTDIvol", "12.34", "mGy"),
            number("113838", "DLP", "456.7", "mGy.cm"),
            content("TEXT", "125203", "Acquisition Protocol", TextValue="Thorax 西園寺千尋"),
            content("IMAGE", "113795", "Acquired Image", ReferencedSOPSequence=Sequence([reference])),
        ]
    )
    dataset.ValueType = "CONTAINER"
    dataset.ConceptNameCodeSequence = Sequence([coded("113701", "DCM", "X-Ray Radiation Dose Report")])
    dataset.ContentSequence = Sequence(
        [
            content("PNAME", "113870", "Person Name", PersonName="Yamashiro^Taro"),
            content("TEXT", "113873", "Organization Name", TextValue="Minato General"),
            content("TEXT", "121106", "Comment", TextValue="ID 7730142 の再撮影"),
            content("TEXT", "113880", "Device Serial Number", TextValue="SN-55512"),
            content("DATE", "121031", "Subject Birth Date", Date="19530417"),
            content("DATETIME", "113809", "Start of X-Ray Irradiation", DateTime="20240312101112"),
            event,
        ]
    )
    if undefined_length:
        for element in dataset.iterall():
            if element.VR == "SQ":
                element.is_undefined_length = True
                for item in element.value:
                    item.is_undefined_length_sequence_item = True
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID, meta.MediaStorageSOPInstanceUID = dataset.SOPClassUID, dataset.SOPInstanceUID
    meta.TransferSyntaxUID = syntax
    buffer = io.BytesIO()
    pydicom.dcmwrite(buffer, FileDataset("", dataset, file_meta=meta, preamble=b"\0" * 128), enforce_file_format=True)
    return buffer.getvalue()


def walked(dataset: Dataset) -> Iterator[tuple[str, Dataset]]:
    """Yield concept meaning and item of every content item."""
    for item in dataset.get("ContentSequence", []):
        yield str(item.ConceptNameCodeSequence[0].CodeMeaning), item
        yield from walked(item)


@pytest.fixture(params=[False, True], ids=["defined", "undefined length"])
def undefined_length(request: pytest.FixtureRequest) -> bool:
    return bool(request.param)


@pytest.fixture(params=[ExplicitVRLittleEndian, ImplicitVRLittleEndian, ExplicitVRBigEndian], ids=lambda s: s.name)
def report(request: pytest.FixtureRequest, undefined_length: bool) -> bytes:
    return dose_report(undefined_length=undefined_length, syntax=request.param)


def test_a_dose_report_keeps_its_doses_and_codes(report: bytes, jmid: Policy) -> None:
    output = pydicom.dcmread(io.BytesIO(deidentify(report, jmid).data))

    items = dict(walked(output))
    doses = {name: float(items[name].MeasuredValueSequence[0].NumericValue) for name in ("Mean CTDIvol", "DLP")}
    assert doses == {"Mean CTDIvol": 12.34, "DLP": 456.7}
    assert items["DLP"].MeasuredValueSequence[0].MeasurementUnitsCodeSequence[0].CodeValue == "mGy.cm"
    assert items["Start of X-Ray Irradiation"].DateTime == "20240312101112"


def test_a_dose_report_loses_persons_places_and_birth_date(report: bytes, policy: Policy) -> None:
    output = deidentify(report, policy).data

    gone = [
        "Saionji",
        "西園寺",
        "千尋",
        "7730142",
        "Yamashiro",
        "Minato",
        "SN-55512",
        "19530417",
        EVENT_UID,
        "1.2.392.555",
    ]
    assert verify(output, gone) == []
    names = [name for name, _ in walked(pydicom.dcmread(io.BytesIO(output)))]
    assert "Subject Birth Date" not in names
    assert "Organization Name" not in names


def test_references_of_a_report_lead_to_the_same_new_uids(report: bytes, jmid: Policy) -> None:
    output = pydicom.dcmread(io.BytesIO(deidentify(report, jmid).data))
    again = pydicom.dcmread(io.BytesIO(deidentify(dose_report(syntax=ImplicitVRLittleEndian), jmid).data))

    items, others = dict(walked(output)), dict(walked(again))
    reference = items["Acquired Image"].ReferencedSOPSequence[0]
    assert reference.ReferencedSOPInstanceUID.startswith("2.25.")
    assert reference.ReferencedSOPClassUID == "1.2.840.10008.5.1.4.1.1.2"
    assert items["Irradiation Event UID"].UID == others["Irradiation Event UID"].UID


def test_dates_in_content_move_with_the_patients_others(report: bytes, research: Policy) -> None:
    output = pydicom.dcmread(io.BytesIO(deidentify(report, research).data))

    start = dict(walked(output))["Start of X-Ray Irradiation"].DateTime
    assert start == f"{output.StudyDate}101112"
    assert output.StudyDate != "20240312"
