"""De-identification profiles: the tables of PS3.15 as data, a profile's own rules, and what both decide per Attribute.

Nothing here reads an Instance.
"""
