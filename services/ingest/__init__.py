"""Takes what a site sends and understands only identity and integrity; answers only when the bytes are safe.

README.md beside this file: what it owns, its flow, its rooms.
"""
