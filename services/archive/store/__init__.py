"""The Store Transaction (PS3.18 10.5): bodies taken apart, Instances prepared and written, changes published.

Bytes are safe before a record names them.
"""
