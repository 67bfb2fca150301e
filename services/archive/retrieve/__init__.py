"""The Retrieve Transaction (PS3.18 10.4): Instances, metadata, bulk data and frames, as stored where possible.

Rendered forms are in ``render``.
"""
