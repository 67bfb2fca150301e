"""Gives what was sent under older keys the pseudonyms of the current ones: Instances, reports and folders of both.

It walks de-identified data only.
"""
