"""Search: cases from images and reports, the portal and its API.

Flat: README.md says which module does what.
"""
