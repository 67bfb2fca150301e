"""Which Instances are let in at all, decided by their class."""

from services.anonymizer.dicom.patient_identifiers import TopLevelAttributes
from services.anonymizer.profile import tables
from shared.errors import Invalid, Refused

SOP_CLASS, SOP_INSTANCE, STUDY, SERIES = 0x00080016, 0x00080018, 0x0020000D, 0x0020000E

PDF = "1.2.840.10008.5.1.4.1.1.104.1"
# What cannot be cleaned by rule. Source of the UIDs: PS3.6 Annex A.
REFUSED = {
    "1.2.840.10008.1.3.10": ("media-directory", "a DICOMDIR describes media and refers to what is sent by itself"),
    "1.2.840.10008.5.1.4.1.1.66": ("raw-data", "Raw Data holds what only its maker can read"),
    PDF: ("encapsulated-document", "an encapsulated PDF leaves only after a person saw its pages"),
    "1.2.840.10008.5.1.4.1.1.104.2": ("encapsulated-document", "an encapsulated CDA is sent as a report instead"),
    "1.2.840.10008.5.1.4.1.1.104.3": ("encapsulated-document", "an encapsulated STL model may show a face"),
    "1.2.840.10008.5.1.4.1.1.104.4": ("encapsulated-document", "an encapsulated OBJ model may show a face"),
    "1.2.840.10008.5.1.4.1.1.104.5": ("encapsulated-document", "an encapsulated MTL file belongs to a model"),
    "1.2.840.10008.5.1.4.1.1.9.4.1": ("voice", "a voice identifies who speaks"),
    "1.2.840.10008.5.1.4.1.1.9.4.2": ("voice", "a voice identifies who speaks"),
    "1.2.840.10008.5.1.4.1.1.77.1.1.1": ("video", "a video shows persons"),
    "1.2.840.10008.5.1.4.1.1.77.1.2.1": ("video", "a video shows persons"),
    "1.2.840.10008.5.1.4.1.1.77.1.4": ("photograph", "a photograph shows a person"),
    "1.2.840.10008.5.1.4.1.1.77.1.4.1": ("video", "a video shows persons"),
}


def check(attributes: TopLevelAttributes, *, is_document_taken: bool = False) -> None:
    """Raise Invalid if the Instance does not say what it is, Refused if its class cannot be de-identified.

    is_document_taken: an encapsulated PDF is let in, for its pages to be looked at.
    """
    sop_class = attributes.text(SOP_CLASS)
    if not sop_class:
        raise Invalid("no-sop-class", "SOP Class UID (0008,0016) is missing or empty (PS3.3 C.12.1)")
    if sop_class in REFUSED and not (is_document_taken and sop_class == PDF):
        raise Refused(*REFUSED[sop_class])
    for tag, name in ((SOP_INSTANCE, "SOP"), (STUDY, "Study"), (SERIES, "Series")):
        if not attributes.text(tag):
            raise Invalid(f"no-{name.lower()}-instance-uid", f"{name} Instance UID is missing or empty (PS3.3 C.12.1)")
    if not tables.is_known_sop_class(sop_class):
        raise Refused("unknown-sop-class", "the SOP Class is private, retired or not of a Composite IOD (PS3.4 B.5)")
