"""Reports by two other writers, who have not read the rules, and what the cleaner leaves of them.

``university`` and ``regional`` are programs of their own, kept as they were written, outside our lint and types.
"""
