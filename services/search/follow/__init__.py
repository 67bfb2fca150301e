"""Keeps the index in step with the change feeds of archive and linker.

A case that cannot be built is set aside.
"""
