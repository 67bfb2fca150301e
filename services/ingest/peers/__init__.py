"""Who may connect by DIMSE and MLLP: the list of peers, TLS, and how many associations each may have.

A peer that is not on the list is refused before a byte of a message is read.
"""
