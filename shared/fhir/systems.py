"""The URIs by which FHIR names code systems, identifier systems and J-MID's own tags. Pure.

Source: FHIR R4 4.3.0 (terminology URIs); PS3.3 C.12 and FHIR R4 ImagingStudy (``urn:dicom:uid``).
"""

from typing import Final

LOINC: Final = "http://loinc.org"
DCM: Final = "http://dicom.nema.org/resources/ontology/DCM"
SNOMED: Final = "http://snomed.info/sct"
RADLEX: Final = ("http://radlex.org", "http://www.radlex.org")
ICD_10: Final = "http://hl7.org/fhir/sid/icd-10"
JP_DOCUMENT_CODES: Final = "http://jpfhir.jp/fhir/core/CodeSystem/JP_DocumentCodes_CS"
JP_OBSERVATION_CATEGORY: Final = "http://jpfhir.jp/fhir/core/CodeSystem/JP_SimpleObservationCategory_CS"
IDENTIFIER_TYPE: Final = "http://terminology.hl7.org/CodeSystem/v2-0203"
DICOM_UID: Final = "urn:dicom:uid"
"""Identifier system of a UID; its value is the UID after ``urn:oid:``."""
OID: Final = "urn:oid:"
URI: Final = "urn:ietf:rfc:3986"

REPORT: Final = "urn:jmid:report"
"""Identifier system of a report's pseudonym."""
PATIENT: Final = "urn:jmid:patient:"
"""Begins the identifier system of a patient's pseudonym; the version of the keys follows."""
SITE: Final = "urn:jmid:site:"
"""Begins meta.source; the site's short name follows."""
PROFILE: Final = "urn:jmid:profile"
REVIEW: Final = "urn:jmid:review"
TEXT: Final = "urn:jmid:text"  # how texts were cleaned, where it was with less than the standard install
LINK: Final = "urn:jmid:link"


def patient_system(key_version: str) -> str:
    """Return the identifier system of pseudonyms that keys of this version made."""
    return f"{PATIENT}{key_version}"
