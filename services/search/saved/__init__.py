"""Saved queries of a person, and the cases that newly satisfy one.

Kept in documents of the centre, beside the index and not in it: the index is disposable, these are not.
"""
