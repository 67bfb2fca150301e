"""A reader that has learned from written reports how identifiers stand in a text: one more kind of evidence."""
