"""DICOM SR: one document → one canonical report, if it is a report at all. Pure.

``header`` reads what it is about and whom it names, ``report`` the content tree.
"""
