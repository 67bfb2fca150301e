"""Report channels: HL7 v2, CDA, DICOM SR and CSV become a CanonicalReport, which becomes one FHIR R4 Bundle.

What arrives as FHIR stays FHIR (docs/decisions/0037); a folder or module for each format, none of which knows another.
"""
