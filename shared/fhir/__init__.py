"""What all services know of FHIR R4: systems, codes, statuses, access to JSON, and the de-identified DiagnosticReport.

Form between places; docs/architecture.md, "The de-identified DiagnosticReport". Pure.
"""
