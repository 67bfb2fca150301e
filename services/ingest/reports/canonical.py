"""The one typed form that HL7 v2, CDA, DICOM SR and CSV reports become before they are written as FHIR. Pure.

Source: FHIR R4 DiagnosticReport, Patient, ServiceRequest, ImagingStudy; docs/decisions/0037.
"""

import msgspec

from shared.fhir.statuses import ReportStatus


class Address(msgspec.Struct, frozen=True, kw_only=True):
    """An address in the parts of a FHIR Address; those that are not known are empty."""

    lines: tuple[str, ...] = ()
    city: str = ""
    state: str = ""
    postal_code: str = ""
    text: str = ""

    def __bool__(self) -> bool:
        return bool(self.lines or self.city or self.state or self.postal_code or self.text)


class Person(msgspec.Struct, frozen=True):
    """Somebody whom a report names. name: family name first, parts apart by one space.  number: of staff, or empty."""

    name: str = ""
    number: str = ""
    is_relative: bool = False


class Place(msgspec.Struct, frozen=True):
    """An institution, department, ward or address that a report names, with what reaches it."""

    name: str = ""
    addresses: tuple[Address, ...] = ()
    phones: tuple[str, ...] = ()


class Number(msgspec.Struct, frozen=True):
    """A number of the order, the visit or the document."""

    value: str


Mention = Person | Place | Number
"""They are written so that the anonymizer's text cleaner knows them; nothing of them goes further."""


class CanonicalPatient(msgspec.Struct, frozen=True, kw_only=True):
    """The patient. number: not empty.  issuer: who gave the number, as the sender writes it, or empty.

    name, kana: family name first, or empty.  birth_date: YYYY-MM-DD or empty.
    gender: of the value set administrative-gender, or empty.  other_*: what else the report says of the patient.
    """

    number: str
    issuer: str = ""
    name: str = ""
    kana: str = ""
    birth_date: str = ""
    gender: str = ""
    other_names: tuple[str, ...] = ()
    other_numbers: tuple[str, ...] = ()
    addresses: tuple[Address, ...] = ()
    phones: tuple[str, ...] = ()


class ReportTexts(msgspec.Struct, frozen=True, kw_only=True):
    """What a report says in texts. A text is empty where the sender says nothing.

    accession_number: of the order.  requester, radiologist: a person's name.  department, institution: a name.
    clinical_info, findings, impression: the sections.  text: what no section has, or the whole report.
    """

    accession_number: str = ""
    study_uid: str = ""
    modality: str = ""
    exam_date: str = ""
    procedure: str = ""
    issued: str = ""
    requester: str = ""
    radiologist: str = ""
    department: str = ""
    institution: str = ""
    clinical_info: str = ""
    findings: str = ""
    impression: str = ""
    text: str = ""


class CanonicalReport(ReportTexts, frozen=True, kw_only=True):
    """One version of one report, its texts checked.

    report_id: not empty, the same for every version of the report.
    study_uid: a valid UID (PS3.5 9.1) or empty.  modality: a DICOM code or empty.
    exam_date: YYYY-MM-DD or empty.  issued: a FHIR instant with its zone, or empty.
    requester, radiologist: family name first.
    mentions: people, places and numbers, each once, in the order in which the source names them.
    left_behind: media types of the attachments that were not carried.  unmapped: segments or sections not read.
    """

    report_id: str
    patient: CanonicalPatient
    status: ReportStatus
    mentions: tuple[Mention, ...] = ()
    left_behind: tuple[str, ...] = ()
    unmapped: int = 0
