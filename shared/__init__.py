"""What three services or more need: ports, events, errors, settings, and facts of the standards.

It imports no service.
"""
