"""Burned-in text: which images may carry it, where it is, and masking it (PS3.15 E.3.1).

Here pixels are decoded; everywhere else they are one slice of the input.
"""
