"""De-identification of Instances: from the event of a batch down to the action on one element (PS3.15 Annex E).

``deidentify`` is bytes in, bytes out.
"""
