"""CSV files in a watched folder: one row → one canonical report.

``reader`` reads rows by a site's mapping (pure), ``folder`` watches and moves the files.
"""
