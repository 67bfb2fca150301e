"""The confirmed diagnosis 確定診断: its records, what a request may say, agreement of readers, FHIR and table.

Codes are checked and records written by the centre (``centre/diagnosing``).
"""
