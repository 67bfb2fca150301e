"""FHIR R4 reports in JSON and XML: DiagnosticReports, and documents whose Composition holds the text.

A reader for each form; ``document`` is what the receiver calls.
"""
