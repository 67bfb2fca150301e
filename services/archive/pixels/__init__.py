"""Transfer Syntaxes: frames where they lie, decoded, and in the syntax that was asked for (PS3.5 8.2, Annex A).

Bytes and a small shape in, bytes out: no Data Set.
"""
