"""The Search Transaction (PS3.18 10.6): parameters, a plan by the index, matching of what the index cannot say.

``matching`` is the reference that every index condition must agree with.
"""
