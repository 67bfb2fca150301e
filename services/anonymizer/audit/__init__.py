"""What was done, by whom and when: de-identifications, decisions, rules and readings of the vault, as one log.

It shows pseudonyms and no patient's value.
"""
