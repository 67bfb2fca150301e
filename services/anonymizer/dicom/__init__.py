"""What the anonymizer reads and writes of Part 10 files beyond shared/dicom: who an Instance is about, and our own
File Meta Information.
"""
