"""CSV files in a watched folder: one row → one canonical report, or one merge of patients.

``records`` takes a file apart, ``reader`` reads rows by a site's mapping (both pure), ``folder`` watches and
moves the files.
"""
