"""Reports: an identified FHIR R4 Bundle becomes a de-identified DiagnosticReport, built from an allow-list.

``read`` takes it apart, ``deidentify`` builds the new one, ``review`` applies what a person decides, ``handler`` acts.
"""
