"""Reports by six other writers, who have not read the rules, and what the cleaner leaves of them.

Each is a program of its own, kept as it was written, outside our lint and types. The learned reader learns from them:
a new writer is measured before it joins.
"""
