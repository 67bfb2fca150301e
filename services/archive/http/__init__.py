"""HTTP as PS3.18 section 8 uses it: negotiation, conditions, CORS, multipart answers, resources of a path.

It knows no DICOM value.
"""
