"""Instances, by STOW-RS and DIMSE C-STORE; an SR that is a report goes the way of reports too.

``instance_uids`` is all that is read of an Instance.
"""
