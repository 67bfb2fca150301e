"""Facts of DICOM: elements and file format, VRs, UIDs, JSON and Native Model, character sets, multipart, JPEG.

One place for each, for all services.
"""
