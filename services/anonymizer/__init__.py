"""The anonymizer: the only service that reads identified bytes and the keys.

Its rooms, from the service down to the profile's tables, import only downwards (pyproject.toml, import-linter).
"""
