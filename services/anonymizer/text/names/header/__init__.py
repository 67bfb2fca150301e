"""What the header of a report or Study says of people and places, and where that stands in a text.

Every form that a name can be written in, and whether a form means the person where it stands.
"""
