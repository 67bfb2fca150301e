"""See a text as rules do: one width and form, the way back to the original, word lists, spans.

The lowest room of text: it knows no rule.
"""
