"""Confirmed diagnoses at the centre: recorded, changed, withdrawn, read twice, listed, exported; who awaits one.

The rules are in ``services/linker/diagnoses``, the codes in ``shared/terms``.
"""
