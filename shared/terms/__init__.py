"""Terminologies: our own open list, loaders of what a site has, and the read-only store that codes are checked against.

No service's data: linker checks codes with it, search completes and matches text.
"""
