"""The archive: the DICOMweb origin server; it knows nothing but DICOM.

Its rooms import only downwards (pyproject.toml, import-linter).
"""
