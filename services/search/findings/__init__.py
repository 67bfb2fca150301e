"""Findings that a report states: term, certainty, side, size, comparison, each with its place in the text.

Suggestions for a reader, never facts.  Pure.
"""
