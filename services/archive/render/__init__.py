"""Rendered images (PS3.18 8.3.5, PS3.3 C.11, PS3.4 N.2) and the URI Service; drawing runs in worker processes.

Presentation States are read here.
"""
