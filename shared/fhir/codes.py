"""The codes by which a radiology report names its sections. Pure.

Source: LOINC 2.77; PS3.16 CID 7001, CID 7002 and PS3.20 9 (imaging report sections); HL7 table 0203.
"""

from typing import Final

FINDINGS: Final = "18782-3"  # Radiology Study observation
IMPRESSION: Final = "19005-8"  # Radiology Imaging study [Impression]
CLINICAL: Final = "55752-0"  # Clinical information
IMAGING_REPORT: Final = "18748-4"  # Diagnostic imaging study
RADIOLOGY: Final = "LP29684-5"  # LOINC part: Radiology
ACCESSION: Final = "ACSN"  # HL7 table 0203
PATIENT_NUMBERS: Final = ("MR", "PI")  # HL7 table 0203: of a hospital

PROCEDURE_FINDINGS: Final = "59776-5"
ASSESSMENT: Final = "51848-0"
CONCLUSIONS: Final = "55110-1"
HISTORY: Final = "11329-0"
REQUEST: Final = "55115-0"
REASON_FOR_STUDY: Final = "18785-6"
REASON_FOR_VISIT: Final = "29299-5"
PROCEDURE_DESCRIPTION: Final = "55111-9"
COMPARISON: Final = "18834-2"
ADDENDUM: Final = "55107-7"
COMPLICATIONS: Final = "55109-3"
RECOMMENDATION: Final = "18783-1"
SUMMARY: Final = "55112-7"
PHYSICAL_FINDINGS: Final = "29545-1"
