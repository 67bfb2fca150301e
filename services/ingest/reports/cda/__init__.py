"""HL7 CDA R2: one document → one canonical report. Pure.

``header`` reads what it is about and whom it names, ``document`` the sections.
"""
