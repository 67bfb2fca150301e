"""Reports by three other writers, who have not read the rules, and what the cleaner leaves of them.

``university``, ``regional`` and ``municipal`` are programs of their own, kept as they were written, outside our
lint and types.
"""
