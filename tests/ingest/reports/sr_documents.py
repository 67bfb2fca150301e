"""Structured report documents as a report server writes them: TID 2000, with somebody named in every kind of item."""

import io
from typing import Any

from pydicom import DataElement
from pydicom.datadict import tag_for_keyword
from pydicom.dataset import Dataset, FileDataset, FileMetaDataset
from pydicom.uid import UID, ExplicitVRLittleEndian, generate_uid

BASIC, ENHANCED, COMPREHENSIVE = (f"1.2.840.10008.5.1.4.1.1.88.{number}" for number in (11, 22, 33))
CT = "1.2.840.10008.5.1.4.1.1.2"
NAMED = (
    "山本", "花子", "ヤマモト", "ハナコ", "YAMAMOTO", "HANAKO", "0001234567", "19700503", "A2404010017", "佐々木",
    "由美", "中村", "大輔", "高木", "健二", "さくら中央病院", "03-5555-0123",
)  # fmt: skip


def code(value: str, scheme: str, meaning: str) -> list[Dataset]:
    """Return a code sequence of one Item."""
    item = Dataset()
    item.CodeValue, item.CodingSchemeDesignator, item.CodeMeaning = value, scheme, meaning
    return [item]


def item(relation: str, kind: str, name: tuple[str, str, str] | None, *children: Dataset, **values: Any) -> Dataset:
    """Return a content item. values: Attributes by keyword."""
    found = Dataset()
    found.RelationshipType, found.ValueType = relation, kind
    if name:
        found.ConceptNameCodeSequence = code(*name)
    for keyword, value in values.items():
        setattr(found, keyword, value)
    if children:
        found.ContentSequence = list(children)
    return found


def text(name: tuple[str, str, str], value: str, *children: Dataset) -> Dataset:
    """Return a TEXT item."""
    return item("CONTAINS", "TEXT", name, *children, TextValue=value)


def section(name: tuple[str, str, str], *children: Dataset) -> Dataset:
    """Return a section."""
    return item("CONTAINS", "CONTAINER", name, *children, ContinuityOfContent="SEPARATE")


def number(name: tuple[str, str, str], value: str, unit: str) -> Dataset:
    """Return a NUM item."""
    measured = Dataset()
    measured.NumericValue, measured.MeasurementUnitsCodeSequence = value, code(unit, "UCUM", unit)
    return item("CONTAINS", "NUM", name, MeasuredValueSequence=[measured])


def reference() -> Dataset:
    """Return a reference to an image."""
    found = Dataset()
    found.ReferencedSOPClassUID, found.ReferencedSOPInstanceUID = CT, generate_uid()
    return found


FINDINGS, FINDING = ("121070", "DCM", "Findings"), ("121071", "DCM", "Finding")
IMPRESSIONS, IMPRESSION = ("121072", "DCM", "Impressions"), ("121073", "DCM", "Impression")
HISTORY, REASON = ("121060", "DCM", "History"), ("121059", "DCM", "Reason")


def content() -> list[Dataset]:
    """Return a report that has an item of every value type."""
    observer = item("HAS OBS CONTEXT", "PNAME", ("121008", "DCM", "Person Observer Name"), PersonName="佐々木^由美")
    place = item("HAS OBS CONTEXT", "TEXT", ("121009", "DCM", "Organization"), TextValue="さくら中央病院")
    number_of_patient = item("HAS OBS CONTEXT", "TEXT", ("121030", "DCM", "Subject ID"), TextValue="0001234567")
    language = item(
        "HAS CONCEPT MOD", "CODE", ("121049", "DCM", "Language"), ConceptCodeSequence=code("ja", "RFC5646", "日本語")
    )
    picture = item("CONTAINS", "IMAGE", None, ReferencedSOPSequence=[reference()])
    outline = item(
        "INFERRED FROM", "SCOORD", ("111030", "DCM", "Image Region"),
        item("SELECTED FROM", "IMAGE", None, ReferencedSOPSequence=[reference()]),
        GraphicType="POINT", GraphicData=[1.0, 2.0],
    )  # fmt: skip
    place_of_finding = item(
        "CONTAINS", "CODE", ("363698007", "SCT", "Finding Site"), ConceptCodeSequence=code("39607008", "SCT", "Lung")
    )
    return [
        language, observer, place, number_of_patient,
        section(HISTORY, text(REASON, "山本花子様。咳嗽の精査。依頼医:中村大輔")),
        section(
            FINDINGS,
            text(FINDING, "右肺S6に12mmの充実性結節を認める。佐々木医師の前回読影と比較。", outline),
            number(("103339001", "SCT", "Long axis"), "12.5", "mm"),
            place_of_finding,
            picture,
            item("CONTAINS", "PNAME", ("121094", "DCM", "Performer"), PersonName="高木^健二"),
            item("CONTAINS", "DATETIME", ("111060", "DCM", "Study Date"), DateTime="20240401102300"),
            item("CONTAINS", "UIDREF", ("112040", "DCM", "Tracking"), UID=generate_uid()),
        ),
        section(IMPRESSIONS, text(IMPRESSION, "肺癌の疑い。橋本病の既往。ヤマモト ハナコ様へ03-5555-0123で連絡済。")),
        section(("X1", "99HOSP", "連絡事項"), text(("X2", "99HOSP", "備考"), "次回は3か月後。")),
    ]  # fmt: skip


def document(
    items: list[Dataset] | None = None,
    *,
    sop_class: str = ENHANCED,
    title: tuple[str, str, str] | None = None,
    **more: Any,
) -> FileDataset:
    """Return an SR document with its header. more: Attributes by keyword; None takes one away."""
    meta = FileMetaDataset()
    uid = generate_uid()
    meta.MediaStorageSOPClassUID, meta.MediaStorageSOPInstanceUID = UID(sop_class), uid
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    found = FileDataset("", {}, file_meta=meta, preamble=b"\0" * 128)
    found.SpecificCharacterSet = ["", "ISO 2022 IR 87"]
    found.SOPClassUID, found.SOPInstanceUID = UID(sop_class), uid
    found.StudyInstanceUID, found.SeriesInstanceUID = generate_uid(), generate_uid()
    found.StudyDate, found.ContentDate, found.ContentTime = "20240401", "20240401", "173000"
    found.Modality, found.SeriesNumber, found.InstanceNumber = "SR", 1, 1
    found.AccessionNumber, found.StudyID = "A2404010017", "S1"
    found.PatientName = "YAMAMOTO^HANAKO=山本^花子=ヤマモト^ハナコ"
    found.PatientID, found.PatientBirthDate, found.PatientSex = "0001234567", "19700503", "F"
    found.ReferringPhysicianName, found.InstitutionName = "中村^大輔", "さくら中央病院"
    found.CompletionFlag, found.VerificationFlag = "COMPLETE", "VERIFIED"
    observer = Dataset()
    observer.VerifyingObserverName, observer.VerifyingOrganization = "佐々木^由美", "さくら中央病院"
    observer.VerificationDateTime = "20240401174500"
    found.VerifyingObserverSequence = [observer]
    found.CurrentRequestedProcedureEvidenceSequence = [evidence(found.StudyInstanceUID, reference())]
    found.ValueType, found.ContinuityOfContent = "CONTAINER", "SEPARATE"
    found.ConceptNameCodeSequence = code(*(title or ("18747-6", "LN", "CT Report")))
    found.ContentSequence = content() if items is None else items
    for keyword, value in more.items():
        if value is None:
            delattr(found, keyword)
        else:
            setattr(found, keyword, value)
    return found


def evidence(study_uid: str, *references: Dataset) -> Dataset:
    """Return a Study of an evidence or predecessor Sequence."""
    series, study = Dataset(), Dataset()
    series.SeriesInstanceUID, series.ReferencedSOPSequence = generate_uid(), list(references)
    study.StudyInstanceUID, study.ReferencedSeriesSequence = study_uid, [series]
    return study


def after(earlier: Dataset) -> list[Dataset]:
    """Return a Predecessor Documents Sequence that names one document."""
    found = Dataset()
    found.ReferencedSOPClassUID, found.ReferencedSOPInstanceUID = earlier.SOPClassUID, earlier.SOPInstanceUID
    return [evidence(earlier.StudyInstanceUID, found)]


def written(dataset: FileDataset) -> bytes:
    """Return the document as a file."""
    buffer = io.BytesIO()
    dataset.save_as(buffer, enforce_file_format=True)
    return buffer.getvalue()


def malformed() -> list[bytes]:
    """Return documents whose Sequences are values of another VR, as a broken writer or a flipped byte makes them."""
    found: list[bytes] = []
    for keyword in ("ConceptNameCodeSequence", "PredecessorDocumentsSequence"):
        for vr, value in (("SL", [1, 2]), ("UT", "a text")):
            broken = document()
            broken[keyword] = DataElement(tag_for_keyword(keyword) or 0, vr, value)
            found.append(written(broken))
    return found
