"""``jmid deid``, ``jmid keys`` and ``jmid profile``: the service's own code on files, and an independent verifier.

Nothing else imports it.
"""
